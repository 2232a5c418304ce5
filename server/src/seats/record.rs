//! A seat as its Secret in the panel's namespace holds it. Pure: bytes in, values out.

use std::collections::BTreeMap;

use app::model::{ClassPhase, SessionEnd, TimeMs};
use k8s_openapi::api::core::v1::Secret;
use kube::ResourceExt;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::code::{Code, SeatNumber};
use super::identity::Identity;
use super::key::CodeKey;
use crate::error::{Error, Result};
use crate::names::SEAT_LABEL;

/// Keys of a seat's Secret. [`CODE`] is empty while the seat is revoked, and not there before it got its first.
pub(super) const CODE: &str = "code";
pub(super) const ROLE: &str = "role";
pub(super) const NAMESPACE: &str = "namespace";
pub(super) const NAME: &str = "name";
/// Names the sessions that hold: another round ends all that were begun in the one before. No clock is asked, as those of
/// replicas and of the instructor's machine differ.
pub(super) const ROUND: &str = "round";
/// Hash of who took the seat by single sign-on.
pub(super) const IDENTITY: &str = "identity";
/// There from the first sign-in on: the seat is somebody's, also when nobody is signed in.
pub(super) const USED: &str = "used";
pub(super) const SESSION_PREFIX: &str = "session.";
/// The class's, in the instructor's Secret alone.
pub(super) const CLASS_PHASE: &str = "class-phase";
pub(super) const CLASS_CODE: &str = "class-code";

/// Values of [`ROLE`].
pub(super) const ATTENDEE: &str = "attendee";
pub(super) const INSTRUCTOR: &str = "instructor";

/// A session unused for so long is over.
pub(super) const SESSION_IDLE_MS: i64 = 12 * 60 * 60 * 1000;
/// A session is over after this time, used or not: the longest class is a week.
pub(super) const SESSION_MOST_MS: i64 = 7 * 24 * 60 * 60 * 1000;
/// Sessions of one seat; the oldest gives way.
pub(super) const SESSIONS: usize = 20;

/// Who sits on a seat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Person {
    Attendee { namespace: String },
    Instructor,
}

/// One seat.
#[derive(Clone, Debug)]
pub struct Seat {
    pub number: SeatNumber,
    pub person: Person,
    /// The attendee's name, if known.
    pub name: Option<String>,
    /// The Secret's version, to tell the newer of two; 0 if it tells none.
    pub(super) version: u64,
    /// HMAC of the code; `None` while the seat is revoked.
    code: Option<Vec<u8>>,
    /// It never had a code.
    awaits_code: bool,
    round: String,
    used: bool,
    identity: Option<Identity>,
    sessions: BTreeMap<String, SessionRecord>,
    /// What the instructor's seat holds of the class.
    pub(super) class: ClassRecord,
}

/// One session as it is stored. The key of the Secret holds the hash of its id, never the id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct SessionRecord {
    pub issued: TimeMs,
    pub expires: TimeMs,
    /// Of the code that opened it: another code ends it.
    pub code: String,
    /// The seat's when it was opened: another one ends it.
    #[serde(default)]
    pub round: String,
}

/// The class as a whole.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct ClassRecord {
    pub phase: ClassPhase,
    /// HMAC of the code with which free seats are taken, if it was allowed.
    code: Option<Vec<u8>>,
}

impl ClassRecord {
    /// Whether `code` opens a free seat.
    pub(super) fn opens(&self, key: &CodeKey, code: &Code) -> bool {
        let hash = self.code.as_ref();
        hash.is_some_and(|hash| key.verify(code, hash))
    }
}

impl Seat {
    /// Reads a seat's Secret. Sessions that cannot be read are left out.
    ///
    /// # Errors
    /// The Secret is none of a seat.
    pub(super) fn read(secret: &Secret) -> Result<Self> {
        let unreadable = |what| Error::ReadSecret {
            name: secret.name_any(),
            what,
        };
        let data = secret.data.as_ref().ok_or_else(|| unreadable("no data"))?;
        let text = |key: &str| std::str::from_utf8(&data.get(key)?.0).ok();
        let number = secret
            .labels()
            .get(SEAT_LABEL)
            .and_then(|label| label.parse().ok())
            .ok_or_else(|| unreadable("no seat number in its label"))?;
        let person = match (text(ROLE), text(NAMESPACE)) {
            (Some(INSTRUCTOR), _) => Person::Instructor,
            (Some(ATTENDEE), Some(namespace)) => Person::Attendee {
                namespace: namespace.to_owned(),
            },
            _ => return Err(unreadable("no role or no namespace")),
        };
        let sessions = data.iter().filter_map(|(key, value)| {
            let hash = key.strip_prefix(SESSION_PREFIX)?;
            let record = serde_json::from_slice(&value.0).ok()?;
            Some((hash.to_owned(), record))
        });
        let bytes = |key: &str| data.get(key).map(|value| value.0.clone());
        let phase = match data.get(CLASS_PHASE) {
            // What cannot be read must not let anybody in.
            Some(phase) => serde_json::from_slice(&phase.0).unwrap_or(ClassPhase::Closed),
            None => ClassPhase::Running,
        };
        let version = secret.resource_version();
        Ok(Self {
            number,
            person,
            name: text(NAME).map(str::to_owned),
            version: version
                .and_then(|version| version.parse().ok())
                .unwrap_or(0),
            code: bytes(CODE).filter(|code| !code.is_empty()),
            awaits_code: !data.contains_key(CODE),
            round: text(ROUND).unwrap_or_default().to_owned(),
            used: data.contains_key(USED),
            identity: text(IDENTITY).map(Identity::stored),
            sessions: sessions.collect(),
            class: ClassRecord {
                phase,
                code: bytes(CLASS_CODE),
            },
        })
    }

    /// Whether `code` opens this seat.
    pub(super) fn opens(&self, key: &CodeKey, code: &Code) -> bool {
        let hash = self.code.as_ref();
        hash.is_some_and(|hash| key.verify(code, hash))
    }

    /// It has no code: nobody signs in until it gets one.
    pub fn is_revoked(&self) -> bool {
        self.code.is_none()
    }

    /// An administrator made it and nobody gave it a code yet; a revoked seat had one.
    pub fn awaits_code(&self) -> bool {
        self.awaits_code
    }

    /// Nobody's yet: an attendee's seat without a name in which nobody is or was signed in.
    pub fn is_free(&self) -> bool {
        matches!(self.person, Person::Attendee { .. })
            && self.name.is_none()
            && !self.used
            && self.identity.is_none()
            && self.sessions.is_empty()
            && !self.is_revoked()
    }

    /// Taken by this person's single sign-on.
    pub(super) fn is_of(&self, identity: &Identity) -> bool {
        self.identity.as_ref() == Some(identity)
    }

    /// How many sessions hold now.
    pub fn sessions(&self, now: TimeMs) -> usize {
        let hashes = self.sessions.keys();
        hashes
            .filter(|hash| self.session(hash, now).is_ok())
            .count()
    }

    /// The session whose id has this hash.
    ///
    /// # Errors
    /// Why it is over. One that never was is signed out.
    pub(super) fn session(&self, hash: &str, now: TimeMs) -> Result<&SessionRecord, SessionEnd> {
        // Before all else: who is signed out for another reason, too, must know that signing in again is no way.
        if self.is_revoked() {
            return Err(SessionEnd::Revoked);
        }
        let record = self.sessions.get(hash).ok_or(SessionEnd::SignedOut)?;
        if Some(&record.code) != self.fingerprint().as_ref() {
            Err(SessionEnd::NewCode)
        } else if record.round != self.round {
            Err(SessionEnd::SignedOutByInstructor)
        } else if record.expires <= now || record.issued.plus_ms(SESSION_MOST_MS) <= now {
            Err(SessionEnd::Expired)
        } else {
            Ok(record)
        }
    }

    /// A session that begins now; `None` while the seat is revoked.
    pub(super) fn new_session(&self, now: TimeMs) -> Option<SessionRecord> {
        let code = self.code.as_deref()?;
        Some(self.first_session(code, now))
    }

    /// A session that begins now, with a code of this HMAC that the seat is about to get.
    pub(super) fn first_session(&self, hmac: &[u8], now: TimeMs) -> SessionRecord {
        SessionRecord {
            issued: now,
            expires: now.plus_ms(SESSION_IDLE_MS),
            code: fingerprint(hmac),
            round: self.round.clone(),
        }
    }

    /// Hashes of the sessions that give way to a new one: all that are over, and the oldest beyond [`SESSIONS`].
    pub(super) fn superseded(&self, now: TimeMs) -> Vec<String> {
        let over = |hash: &str| self.session(hash, now).is_err();
        let (mut gone, mut alive): (Vec<_>, Vec<_>) =
            self.sessions.iter().partition(|(hash, _)| over(hash));
        alive.sort_by_key(|(_, record)| record.issued);
        let surplus = (alive.len() + 1).saturating_sub(SESSIONS);
        gone.extend(alive.drain(..surplus));
        gone.into_iter().map(|(hash, _)| hash.clone()).collect()
    }

    /// Names the present code without telling it.
    fn fingerprint(&self) -> Option<String> {
        self.code.as_deref().map(fingerprint)
    }
}

/// Names a code without telling it: 32 bits of its HMAC's SHA-256.
fn fingerprint(hmac: &[u8]) -> String {
    let mut digest = format!("{:x}", Sha256::digest(hmac));
    digest.truncate(8);
    digest
}

/// The hash by which a session's id is stored. The id has 128 random bits, so a plain hash does.
pub(super) fn session_hash(id: &str) -> String {
    format!("{:x}", Sha256::digest(id.as_bytes()))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::code::Opens;
    use super::super::patch::SeatPatch;
    use super::*;

    const NOW: TimeMs = TimeMs(1_800_000_000_000);

    fn mk_key() -> CodeKey {
        CodeKey::new(b"a key".to_vec())
    }

    fn mk_seat(code: &Code) -> Seat {
        let Opens::Seat(number) = code.opens() else {
            panic!("a seat's code");
        };
        Seat {
            number,
            person: Person::Attendee {
                namespace: "workshop-user-7".to_owned(),
            },
            name: None,
            version: 1,
            code: Some(mk_key().hash(code)),
            awaits_code: false,
            round: String::new(),
            used: false,
            identity: None,
            sessions: BTreeMap::new(),
            class: ClassRecord::default(),
        }
    }

    fn mk_code(text: &str) -> Code {
        text.parse().unwrap()
    }

    /// The Secret after `patch`.
    fn mk_secret(patch: SeatPatch) -> Secret {
        let patch = patch
            .set(ROLE, ATTENDEE)
            .set(NAMESPACE, "workshop-user-7")
            .into_json();
        let mut object = json!({ "metadata": { "labels": { SEAT_LABEL: "07" } } });
        let data = patch["data"].as_object().unwrap().clone();
        let kept = data.into_iter().filter(|(_, value)| !value.is_null());
        object["data"] = Value::Object(kept.collect());
        serde_json::from_value(object).unwrap()
    }

    #[test]
    fn only_the_right_code_opens_a_seat() {
        let mut seat = mk_seat(&mk_code("07-KQ2M-9DXA"));
        assert!(seat.opens(&mk_key(), &mk_code("07kq2m9dxa")));
        assert!(!seat.opens(&mk_key(), &mk_code("07-KQ2M-9DXB")));
        assert!(!seat.opens(&mk_key(), &mk_code("08-KQ2M-9DXA")));
        assert!(!seat.opens(&mk_key(), &mk_code("C-KQ2M-9DXA")));
        assert!(!seat.opens(&CodeKey::new(b"another".to_vec()), &mk_code("07-KQ2M-9DXA")));
        seat.code = None;
        assert!(!seat.opens(&mk_key(), &mk_code("07kq2m9dxa")));
    }

    #[test]
    fn session_ends_by_time_code_instructor_and_revocation() {
        let mut seat = mk_seat(&mk_code("07-KQ2M-9DXA"));
        let record = seat.new_session(NOW).unwrap();
        seat.sessions.insert("a".to_owned(), record.clone());
        let last = NOW.plus_ms(SESSION_IDLE_MS - 1);
        assert_eq!(seat.session("a", last), Ok(&record));
        let over = last.plus_ms(1);
        assert_eq!(seat.session("a", over), Err(SessionEnd::Expired));
        let week = NOW.plus_ms(SESSION_MOST_MS);
        let used = SessionRecord {
            expires: week.plus_ms(SESSION_IDLE_MS),
            ..record
        };
        seat.sessions.insert("used".to_owned(), used.clone());
        assert_eq!(seat.session("used", week.plus_ms(-1)), Ok(&used));
        assert_eq!(seat.session("used", week), Err(SessionEnd::Expired));
        seat.sessions.remove("used");
        assert_eq!(seat.session("b", NOW), Err(SessionEnd::SignedOut));
        assert_eq!(seat.sessions(NOW), 1);

        seat.round = "2".to_owned();
        let end = Err(SessionEnd::SignedOutByInstructor);
        assert_eq!(seat.session("a", NOW), end);
        let again = seat.new_session(NOW).unwrap();
        seat.sessions.insert("again".to_owned(), again.clone());
        assert_eq!(seat.session("again", NOW), Ok(&again));

        seat.code = Some(mk_key().hash(&mk_code("07-0000-0000")));
        assert_eq!(seat.session("again", NOW), Err(SessionEnd::NewCode));
        seat.code = None;
        assert_eq!(seat.session("again", NOW), Err(SessionEnd::Revoked));
        assert_eq!(seat.new_session(NOW), None);
    }

    #[test]
    fn oldest_session_gives_way_to_the_twenty_first() {
        let mut seat = mk_seat(&mk_code("07-KQ2M-9DXA"));
        let record = |seat: &Seat, ms| seat.new_session(NOW.plus_ms(ms)).unwrap();
        for index in 0..19 {
            let record = record(&seat, index);
            seat.sessions.insert(format!("{index}"), record);
        }
        assert_eq!(seat.superseded(NOW), Vec::<String>::new());
        let oldest = record(&seat, -1);
        seat.sessions.insert("oldest".to_owned(), oldest);
        assert_eq!(seat.superseded(NOW), ["oldest"]);
        let over = record(&seat, -SESSION_IDLE_MS);
        seat.sessions.insert("over".to_owned(), over);
        assert_eq!(seat.superseded(NOW), ["over", "oldest"]);
    }

    #[test]
    fn what_is_written_is_read_back() {
        let code = mk_code("07-KQ2M-9DXA");
        let seat = mk_seat(&code);
        let record = seat.new_session(NOW).unwrap();
        let patch = SeatPatch::default()
            .code(&mk_key().hash(&code))
            .name(Some("Ana"))
            .session("a", &record)
            .without(["b"]);
        let read = Seat::read(&mk_secret(patch)).unwrap();
        assert_eq!(read.session("a", NOW), Ok(&record));
        assert_eq!(read.name.as_deref(), Some("Ana"));
        assert_eq!((read.number, read.person), (seat.number, seat.person));
        assert!(read.code.is_some());

        let patch = SeatPatch::default()
            .revoke()
            .round("2")
            .class_phase(ClassPhase::ReadOnly)
            .class_code(Some(&mk_key().hash(&mk_code("C-KQ2M-9DXA"))));
        let read = Seat::read(&mk_secret(patch)).unwrap();
        assert!(read.is_revoked());
        assert_eq!(read.round, "2");
        assert_eq!(read.class.phase, ClassPhase::ReadOnly);
        assert!(read.class.opens(&mk_key(), &mk_code("C-KQ2M-9DXA")));
        assert!(!read.class.opens(&mk_key(), &mk_code("C-KQ2M-9DXB")));
    }

    #[test]
    fn seat_is_free_until_it_has_a_name_a_session_or_no_code() {
        let mut seat = mk_seat(&mk_code("07-KQ2M-9DXA"));
        assert!(seat.is_free());
        seat.name = Some("Ana".to_owned());
        assert!(!seat.is_free());
        seat.name = None;
        let record = seat.new_session(NOW).unwrap();
        seat.sessions.insert("a".to_owned(), record);
        assert!(!seat.is_free());
        // Its owner signed out for lunch.
        seat.sessions.clear();
        seat.used = true;
        assert!(!seat.is_free());
        seat.used = false;
        seat.code = None;
        assert!(!seat.is_free());
    }
}
