//! People whom an identity provider vouches for: each gets the place that a rule names. Who takes a free seat gets the
//! same one again, as the seat's Secret holds a hash of who took it. Called by `web/single_sign_on.rs`.

use app::model::{SessionEnd, TimeMs};
use sha2::{Digest, Sha256};

use super::patch::SeatPatch;
use super::record::Seat;
use super::sessions::{Opened, SessionId};
use super::{Code, Opens, Person, PersonName, SeatNumber, Seats};
use crate::error::Error;

/// One person at one identity provider: a hash, so that Secrets tell neither account nor address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity(String);

impl Identity {
    /// `issuer` and `subject` together name a person for good; nothing else in a token does.
    /// OpenID Connect Core 1.0, section 5.7.
    pub fn new(issuer: &str, subject: &str) -> Self {
        // No URL has a NUL, so no two pairs are spelt alike.
        Self(format!(
            "{:x}",
            Sha256::digest(format!("{issuer}\0{subject}"))
        ))
    }

    pub(super) fn stored(hash: &str) -> Self {
        Self(hash.to_owned())
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// This person's own order of the seats. Two browsers of one person that sign in at once, on whatever replicas, reach
    /// for the same seat, and only the first gets it: the other then finds whose it is. And a class that comes at once
    /// does not queue for the first seat.
    fn preference(&self, number: SeatNumber) -> [u8; 32] {
        Sha256::digest(format!("{}\0{number}", self.0)).into()
    }
}

/// Where a person belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Instructor,
    /// An attendee's, by its number.
    Seat(SeatNumber),
    /// The one that this person took before, or else one that is nobody's yet.
    FreeSeat,
}

/// A person with a place.
#[derive(Clone, Debug)]
pub struct Member {
    pub identity: Identity,
    /// For a seat that has no name.
    pub name: Option<PersonName>,
    pub place: Place,
}

/// Why a member gets no session.
#[derive(Debug)]
pub enum NotSeated {
    NoSuchSeat,
    NoFreeSeat,
    /// The seat is closed, or the class is.
    Ended(SessionEnd),
    Failed(Error),
}

impl From<SessionEnd> for NotSeated {
    fn from(end: SessionEnd) -> Self {
        Self::Ended(end)
    }
}

impl From<Error> for NotSeated {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl Seats {
    /// Opens a session at a member's place. Seats in `reserved` are given to nobody as free ones.
    ///
    /// # Errors
    /// There is no such place, it is closed, or the cluster does not answer.
    pub async fn seat(
        &self,
        member: &Member,
        reserved: &[SeatNumber],
        now: TimeMs,
    ) -> Result<Opened, NotSeated> {
        if !self.ready() {
            // Whether the class is closed is not known yet.
            return Err(Error::SeatsUnknown.into());
        }
        match member.place {
            Place::Instructor => self.enter(SeatNumber::INSTRUCTOR, member, now).await,
            Place::Seat(number) => self.enter(number, member, now).await,
            Place::FreeSeat => {
                if let Some(number) = self.seat_of(&member.identity) {
                    match self.enter(number, member, now).await {
                        // It was theirs before it was deleted, and is nobody's or somebody else's now.
                        Err(NotSeated::NoSuchSeat) => {}
                        done => return done,
                    }
                }
                self.take_free_seat(member, reserved, now).await
            }
        }
    }

    /// The seat that this person took.
    fn seat_of(&self, identity: &Identity) -> Option<SeatNumber> {
        let seats = self.inner.known.all();
        let own = seats.iter().filter(|seat| seat.is_of(identity));
        own.map(|seat| seat.number).min()
    }

    /// A session on a seat that is there.
    async fn enter(
        &self,
        number: SeatNumber,
        member: &Member,
        now: TimeMs,
    ) -> Result<Opened, NotSeated> {
        // As it is now: a session counts only with the seat's present code, which another replica may just have changed.
        let seat = self.inner.store.get(number).await?;
        let seat = seat.ok_or(NotSeated::NoSuchSeat)?;
        if member.place == Place::FreeSeat && !seat.is_of(&member.identity) {
            return Err(NotSeated::NoSuchSeat);
        }
        self.admits(&seat)?;
        let record = seat.new_session(now);
        let record = record.ok_or(NotSeated::Ended(SessionEnd::Revoked))?;
        let id = SessionId::random()?;
        let patch = SeatPatch::default()
            .without(seat.superseded(now))
            .session(&id.hash(), &record);
        let patch = name(patch, &seat, member);
        self.opened(number, patch, &id).await
    }

    /// The first free seat that nobody else takes meanwhile.
    async fn take_free_seat(
        &self,
        member: &Member,
        reserved: &[SeatNumber],
        now: TimeMs,
    ) -> Result<Opened, NotSeated> {
        let mut free = self.inner.known.all();
        free.retain(|seat| seat.is_free() && !reserved.contains(&seat.number));
        free.sort_by_cached_key(|seat| member.identity.preference(seat.number));
        for seat in free {
            self.admits(&seat)?;
            match self.bind(&seat, member, now).await {
                Err(NotSeated::Failed(error)) if error.is_conflict() => {}
                // It was removed.
                Err(NotSeated::NoSuchSeat) => continue,
                done => return done,
            }
            // Somebody was faster: perhaps this person, in another browser.
            let Some(seat) = self.inner.store.get(seat.number).await? else {
                continue;
            };
            let is_own = seat.is_of(&member.identity);
            let number = seat.number;
            self.inner.known.learn(seat);
            if is_own {
                return self.enter(number, member, now).await;
            }
        }
        Err(NotSeated::NoFreeSeat)
    }

    /// Makes a free seat this person's. It gets a code that nobody knows: a card that somebody holds of it opens it no more.
    async fn bind(&self, seat: &Seat, member: &Member, now: TimeMs) -> Result<Opened, NotSeated> {
        let code = Code::random(Opens::Seat(seat.number)).map_err(Error::Random)?;
        let hash = self.inner.store.key().await?.hash(&code);
        let id = SessionId::random()?;
        let patch = SeatPatch::default()
            .code(&hash)
            .identity(&member.identity)
            .session(&id.hash(), &seat.first_session(&hash, now))
            .only_if(seat);
        let patch = name(patch, seat, member);
        self.opened(seat.number, patch, &id).await
    }

    /// As [`Seats::open_session`]; a seat that was removed meanwhile is none.
    async fn opened(
        &self,
        number: SeatNumber,
        patch: SeatPatch,
        id: &SessionId,
    ) -> Result<Opened, NotSeated> {
        self.open_session(number, patch, id).await.map_err(|error| {
            if error.is_not_found() {
                NotSeated::NoSuchSeat
            } else {
                error.into()
            }
        })
    }
}

/// Names an attendee's seat that has no name.
fn name(patch: SeatPatch, seat: &Seat, member: &Member) -> SeatPatch {
    match (&seat.person, &seat.name, &member.name) {
        (Person::Attendee { .. }, None, Some(name)) => patch.name(Some(name.as_str())),
        _ => patch,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identity_is_of_issuer_and_subject_together() {
        let ada = Identity::new("https://id.example.org", "ada");
        assert_eq!(ada, Identity::new("https://id.example.org", "ada"));
        assert_ne!(ada, Identity::new("https://id.example.net", "ada"));
        assert_ne!(ada, Identity::new("https://id.example.org", "Ada"));
        assert_ne!(ada, Identity::new("https://id.example.or", "gada"));
        assert_eq!(ada, Identity::stored(ada.as_str()));
    }
}
