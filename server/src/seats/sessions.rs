//! Sign-in, sign-out, and whose request it is.

use std::sync::Arc;

use app::model::{Claimed, ClassPhase, SessionEnd, SignInError, TimeMs};
use tokio::sync::watch;

use super::patch::SeatPatch;
use super::record::{SESSION_IDLE_MS, SESSION_MOST_MS, Seat, SessionRecord, session_hash};
use super::{Code, Opens, Person, SeatNumber, Seats};
use crate::budget::Spent;
use crate::error::{Error, Result, chain};

/// The expiry of a session in use is moved at most so often.
const TOUCH_MS: i64 = 10 * 60 * 1000;

/// A move that failed is not tried again at once: each open stream would, every two seconds.
const TOUCH_AGAIN_MS: i64 = 60 * 1000;

/// A session is over after this time, used or not.
pub const SESSION_MOST_S: i64 = SESSION_MOST_MS / 1000;

/// A session, as the request's cookie opened it.
#[derive(Clone, Debug)]
pub struct Session {
    pub seat: SeatNumber,
    pub person: Person,
    /// The attendee's name, if known.
    pub name: Option<String>,
    /// Hash of the session's id: names it without opening it.
    pub hash: String,
}

impl Session {
    pub(super) fn new(seat: &Seat, hash: String) -> Self {
        Self {
            seat: seat.number,
            person: seat.person.clone(),
            name: seat.name.clone(),
            hash,
        }
    }
}

/// A session that was opened just now. It has no `Debug`.
pub struct Opened {
    pub session: Session,
    /// The cookie's value, which is told nobody else.
    pub cookie: String,
    /// The seat was taken with the class's code, and has this code of its own now.
    pub claimed: Option<Claimed>,
}

/// A sign-in that was refused.
#[derive(Debug)]
pub struct Refused {
    /// What the sign-in page says.
    pub error: SignInError,
    /// Worth a line in the log; one of a flood is not.
    pub is_news: bool,
}

impl Refused {
    fn new(error: SignInError) -> Self {
        Self {
            error,
            is_news: true,
        }
    }
}

/// No session.
#[derive(Debug)]
pub enum NoSession {
    /// No cookie, or one that never was ours.
    Anonymous,
    /// It was one.
    Ended(SessionEnd),
    /// The cluster does not tell.
    Unavailable(Error),
    /// More come in that this process does not know than are looked up.
    TooMany,
}

/// The id of a new session. It has no `Debug`.
pub(super) struct SessionId {
    id: String,
}

impl SessionId {
    pub(super) fn random() -> Result<Self> {
        let mut id = [0; 16];
        getrandom::fill(&mut id).map_err(Error::Random)?;
        let id = format!("{:032x}", u128::from_be_bytes(id));
        Ok(Self { id })
    }

    pub(super) fn hash(&self) -> String {
        session_hash(&self.id)
    }

    pub(super) fn cookie(&self, seat: SeatNumber) -> String {
        format!("{seat}.{}", self.id)
    }
}

impl Seats {
    /// Opens a session with a seat's code, or with the class's and a name.
    ///
    /// # Errors
    /// What the sign-in page says. An unknown seat and a wrong code answer alike.
    pub async fn sign_in(&self, code: &str, name: &str, now: TimeMs) -> Result<Opened, Refused> {
        if !self.ready() {
            // Whether the class is closed is not known yet.
            return Err(Refused::new(SignInError::ClusterUnreachable));
        }
        let Ok(code) = code.parse::<Code>() else {
            self.count_wrong_code(now)?;
            return Err(Refused::new(SignInError::UnknownCode));
        };
        let mut opened = self.open(&code, name, now, Look::AtWhatIsKnown).await;
        if matches!(opened, Err(Refusal::WrongCode)) {
            self.count_wrong_code(now)?;
            // It may be newer than what is known here: another replica may have renewed it a moment ago.
            opened = self.open(&code, name, now, Look::Anew).await;
        }
        opened.map_err(|refusal| match refusal {
            Refusal::Told(error) => Refused::new(error),
            Refusal::WrongCode => Refused::new(SignInError::UnknownCode),
            Refusal::Failed(error) => {
                tracing::error!(error = chain(&error), "a code could not be checked");
                Refused::new(SignInError::ClusterUnreachable)
            }
        })
    }

    fn count_wrong_code(&self, now: TimeMs) -> Result<(), Refused> {
        let counted = self.inner.wrong_codes.take(now);
        counted.map_err(|Spent { wait_s, is_first }| Refused {
            error: SignInError::TooManyWrongCodes { wait_s },
            is_news: is_first,
        })
    }

    async fn open(
        &self,
        code: &Code,
        name: &str,
        now: TimeMs,
        look: Look,
    ) -> Result<Opened, Refusal> {
        let (number, is_class) = match code.opens() {
            Opens::Seat(number) => (number, false),
            Opens::FreeSeat => (SeatNumber::INSTRUCTOR, true),
        };
        if look == Look::Anew
            && let Some(seat) = self.inner.store.get(number).await?
        {
            self.inner.known.learn(seat);
        }
        if is_class {
            self.claim(code, name, now).await
        } else {
            self.open_seat(code, number, now).await
        }
    }

    /// A session on the seat with this code.
    async fn open_seat(
        &self,
        code: &Code,
        number: SeatNumber,
        now: TimeMs,
    ) -> Result<Opened, Refusal> {
        let key = self.inner.store.key().await?;
        let seat = self.inner.known.get(number);
        let seat = seat.filter(|seat| seat.opens(key, code));
        let seat = seat.ok_or(Refusal::WrongCode)?;
        self.admits(&seat)?;
        let id = SessionId::random()?;
        let record = seat.new_session(now).ok_or(Refusal::WrongCode)?;
        let patch = SeatPatch::default()
            .without(seat.superseded(now))
            .session(&id.hash(), &record);
        Ok(self.open_session(number, patch, &id).await?)
    }

    /// Opens the session that `patch` writes into a seat.
    pub(super) async fn open_session(
        &self,
        number: SeatNumber,
        patch: SeatPatch,
        id: &SessionId,
    ) -> Result<Opened, Error> {
        let seat = self.inner.store.patch(number, patch).await?;
        let session = Session::new(&seat, id.hash());
        self.inner.known.learn(seat);
        Ok(Opened {
            session,
            cookie: id.cookie(number),
            claimed: None,
        })
    }

    /// After the class only the instructor gets in.
    pub(super) fn admits(&self, seat: &Seat) -> Result<(), SessionEnd> {
        let closed = self.class_phase() == ClassPhase::Closed;
        match seat.person {
            Person::Attendee { .. } if closed => Err(SessionEnd::ClassClosed),
            Person::Attendee { .. } | Person::Instructor => Ok(()),
        }
    }

    /// The session that a cookie's value opens.
    ///
    /// One that this process does not know yet (a sign-in on another replica a moment ago) costs one GET.
    ///
    /// # Errors
    /// There is none, or the cluster does not tell.
    pub async fn session(&self, cookie: Option<&str>, now: TimeMs) -> Result<Session, NoSession> {
        let (seat, id) = cookie
            .and_then(|cookie| cookie.split_once('.'))
            .ok_or(NoSession::Anonymous)?;
        let number: SeatNumber = seat.parse().map_err(|_| NoSession::Anonymous)?;
        if id.len() != 32 || !id.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(NoSession::Anonymous);
        }
        if !self.ready() {
            // Whether the class is closed is not known yet.
            return Err(NoSession::Unavailable(Error::SeatsUnknown));
        }
        let hash = session_hash(id);
        if let Some(seat) = self.inner.known.get(number) {
            match seat.session(&hash, now) {
                Ok(record) => return self.admit(&seat, hash, record, now),
                // It may be newer than what is known.
                Err(SessionEnd::SignedOut | SessionEnd::NewCode | SessionEnd::Revoked) => {}
                Err(end) => return Err(NoSession::Ended(end)),
            }
        }
        if let Err(spent) = self.inner.unknown_sessions.take(now) {
            if spent.is_first {
                tracing::warn!("more unknown cookies come in than are looked up");
            }
            return Err(NoSession::TooMany);
        }
        let asked = self.inner.store.get(number).await;
        let seat = asked.map_err(NoSession::Unavailable)?;
        // A cookie of a seat that never was and one of a seat that is gone are told alike.
        let seat = seat.ok_or(NoSession::Ended(SessionEnd::SignedOut))?;
        let session = match seat.session(&hash, now) {
            Ok(record) => self.admit(&seat, hash, record, now),
            Err(end) => Err(NoSession::Ended(end)),
        };
        self.inner.known.learn(seat);
        session
    }

    fn admit(
        &self,
        seat: &Seat,
        hash: String,
        record: &SessionRecord,
        now: TimeMs,
    ) -> Result<Session, NoSession> {
        if self.admits(seat).is_err() {
            return Err(NoSession::Ended(SessionEnd::ClassClosed));
        }
        if record.expires.0 - now.0 < SESSION_IDLE_MS - TOUCH_MS {
            self.touch(seat.number, hash.clone(), now);
        }
        Ok(Session::new(seat, hash))
    }

    /// Whether a session still holds, by what this process knows: for answers that last.
    ///
    /// # Errors
    /// Why it is over.
    pub fn still(&self, session: &Session, now: TimeMs) -> Result<(), SessionEnd> {
        let seat = self.inner.known.get(session.seat);
        // It was there: its instructor removed it.
        let seat = seat.ok_or(SessionEnd::Revoked)?;
        let record = seat.session(&session.hash, now)?;
        match self.admit(&seat, session.hash.clone(), record, now) {
            Err(NoSession::Ended(end)) => Err(end),
            _ => Ok(()),
        }
    }

    /// Tells when anything about the session's seat or the class changes.
    pub fn follow(&self, session: &Session) -> SeatChanges {
        SeatChanges {
            seat: self.inner.known.follow(session.seat),
            instructor: self.inner.known.follow(SeatNumber::INSTRUCTOR),
        }
    }

    /// Moves the expiry of a session in use, beside the request that used it.
    fn touch(&self, number: SeatNumber, hash: String, now: TimeMs) {
        let Some(seat) = self.inner.known.get(number) else {
            return;
        };
        {
            let mut touched = self.inner.touched.lock();
            touched.retain(|_, at| now.0 - at.0 < TOUCH_AGAIN_MS);
            if touched.contains_key(&hash) {
                return;
            }
            touched.insert(hash.clone(), now);
        }
        let seats = self.clone();
        self.inner.tasks.spawn(async move {
            let Ok(record) = seat.session(&hash, now) else {
                return;
            };
            let record = SessionRecord {
                expires: now.plus_ms(SESSION_IDLE_MS),
                ..record.clone()
            };
            // A session signed out meanwhile must not come back.
            let patch = SeatPatch::default()
                .session(&hash, &record)
                .only_if(&seat);
            match seats.inner.store.patch(number, patch).await {
                Ok(seat) => seats.inner.known.learn(seat),
                Err(error) if error.is_conflict() => {}
                Err(error) => {
                    tracing::warn!(seat = %number, error = chain(&error), "a session's expiry was not moved");
                }
            }
        });
    }

    /// Ends a session on every replica.
    ///
    /// # Errors
    /// The cluster did not take it; the session still holds.
    pub async fn sign_out(&self, session: &Session) -> Result<()> {
        let patch = SeatPatch::default().without([&session.hash]);
        let seat = self.inner.store.patch(session.seat, patch).await?;
        self.inner.known.learn(seat);
        Ok(())
    }
}

/// Changes of one seat and of the class, none of which is missed between two calls.
pub struct SeatChanges {
    seat: Option<watch::Receiver<Arc<Seat>>>,
    instructor: Option<watch::Receiver<Arc<Seat>>>,
}

impl SeatChanges {
    /// Returns once something may have changed.
    pub async fn changed(&mut self) {
        tokio::select! {
            () = changed(&mut self.seat) => {}
            () = changed(&mut self.instructor) => {}
        }
    }
}

/// A seat that is removed is a change once; one that is not there never changes.
async fn changed(seat: &mut Option<watch::Receiver<Arc<Seat>>>) {
    let Some(followed) = seat else {
        return std::future::pending().await;
    };
    if followed.changed().await.is_err() {
        *seat = None;
    }
}

/// Where a code is looked up.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Look {
    /// In what this process knows: it costs no call.
    AtWhatIsKnown,
    /// In the cluster.
    Anew,
}

/// Why a sign-in opens nothing.
pub(super) enum Refusal {
    /// Counted against the budget.
    WrongCode,
    Told(SignInError),
    Failed(Error),
}

impl From<SessionEnd> for Refusal {
    fn from(end: SessionEnd) -> Self {
        Self::Told(SignInError::Ended { end })
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}
