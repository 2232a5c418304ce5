//! A seat as its Secret in the panel's namespace holds it. Pure: bytes in, values out.

use std::collections::BTreeMap;

use app::model::TimeMs;
use hmac::{Hmac, Mac};
use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use kube::ResourceExt;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::code::{Code, SeatNumber};
use crate::error::{Error, Result};
use crate::names::SEAT_LABEL;

/// Keys of a seat's Secret.
pub(super) const CODE: &str = "code";
pub(super) const ROLE: &str = "role";
pub(super) const NAMESPACE: &str = "namespace";
const SESSION_PREFIX: &str = "session.";

/// The Secret with the key under which codes are hashed, and the key's key.
pub(super) const KEY_SECRET: &str = "workshop-code-key";
pub(super) const KEY: &str = "key";

/// Values of [`ROLE`].
pub(super) const ATTENDEE: &str = "attendee";
pub(super) const INSTRUCTOR: &str = "instructor";

/// A session unused for so long is over.
pub(super) const SESSION_IDLE_MS: i64 = 12 * 60 * 60 * 1000;
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
pub(super) struct Seat {
    pub number: SeatNumber,
    pub person: Person,
    code: Vec<u8>,
    sessions: BTreeMap<String, SessionRecord>,
}

/// One session as it is stored. The key of the Secret holds the hash of its id, never the id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct SessionRecord {
    pub issued: TimeMs,
    pub expires: TimeMs,
    /// Of the code that opened it: another code ends it.
    pub code: String,
}

/// Why there is no session (any more).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    SignedOut,
    NewCode,
}

/// The key under which codes are hashed. It has no `Debug`.
#[derive(Clone)]
pub(super) struct CodeKey(Vec<u8>);

impl CodeKey {
    pub(super) fn new(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// HMAC-SHA-256 of the code's canonical spelling.
    ///
    /// No slow hash: the code has 40 random bits, and who reads the Secrets of the panel reads the key as well.
    pub(super) fn hash(&self, code: &Code) -> Vec<u8> {
        self.mac(code).finalize().into_bytes().to_vec()
    }

    /// Compares in constant time.
    pub(super) fn verify(&self, code: &Code, hash: &[u8]) -> bool {
        self.mac(code).verify_slice(hash).is_ok()
    }

    fn mac(&self, code: &Code) -> Hmac<Sha256> {
        #[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("a key of any length");
        mac.update(&code.canonical());
        mac
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
        let code = data.get(CODE).ok_or_else(|| unreadable("no code"))?;
        let sessions = data.iter().filter_map(|(key, value)| {
            let hash = key.strip_prefix(SESSION_PREFIX)?;
            let record = serde_json::from_slice(&value.0).ok()?;
            Some((hash.to_owned(), record))
        });
        Ok(Self {
            number,
            person,
            code: code.0.clone(),
            sessions: sessions.collect(),
        })
    }

    /// Whether `code` opens this seat.
    pub(super) fn opens(&self, key: &CodeKey, code: &Code) -> bool {
        key.verify(code, &self.code)
    }

    /// The session whose id has this hash.
    ///
    /// # Errors
    /// It is not (or no longer) there, expired, or was opened by another code.
    pub(super) fn session(&self, hash: &str, now: TimeMs) -> Result<&SessionRecord, Ended> {
        let record = self.sessions.get(hash).ok_or(Ended::SignedOut)?;
        if record.code != self.fingerprint() {
            Err(Ended::NewCode)
        } else if record.expires <= now {
            Err(Ended::SignedOut)
        } else {
            Ok(record)
        }
    }

    /// A session that begins now.
    pub(super) fn new_session(&self, now: TimeMs) -> SessionRecord {
        SessionRecord {
            issued: now,
            expires: now.plus_ms(SESSION_IDLE_MS),
            code: self.fingerprint(),
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

    /// Names the present code without telling it: 32 bits of its HMAC's SHA-256.
    fn fingerprint(&self) -> String {
        let mut digest = format!("{:x}", Sha256::digest(&self.code));
        digest.truncate(8);
        digest
    }
}

/// The hash by which a session's id is stored. The id has 128 random bits, so a plain hash does.
pub(super) fn session_hash(id: &str) -> String {
    format!("{:x}", Sha256::digest(id.as_bytes()))
}

/// The merge patch that writes `record` and removes others.
pub(super) fn session_patch<'a>(
    write: impl IntoIterator<Item = (&'a str, &'a SessionRecord)>,
    remove: impl IntoIterator<Item = &'a str>,
) -> serde_json::Value {
    let mut data = serde_json::Map::new();
    for hash in remove {
        data.insert(format!("{SESSION_PREFIX}{hash}"), serde_json::Value::Null);
    }
    for (hash, record) in write {
        let bytes = ByteString(serde_json::json!(record).to_string().into_bytes());
        data.insert(format!("{SESSION_PREFIX}{hash}"), serde_json::json!(bytes));
    }
    serde_json::json!({ "data": data })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: TimeMs = TimeMs(1_800_000_000_000);

    fn mk_key() -> CodeKey {
        CodeKey::new(b"a key".to_vec())
    }

    fn mk_seat(code: &Code) -> Seat {
        Seat {
            number: code.seat(),
            person: Person::Instructor,
            code: mk_key().hash(code),
            sessions: BTreeMap::new(),
        }
    }

    fn mk_code(text: &str) -> Code {
        text.parse().unwrap()
    }

    #[test]
    fn only_the_right_code_opens_a_seat() {
        let seat = mk_seat(&mk_code("07-KQ2M-9DXA"));
        assert!(seat.opens(&mk_key(), &mk_code("07kq2m9dxa")));
        assert!(!seat.opens(&mk_key(), &mk_code("07-KQ2M-9DXB")));
        assert!(!seat.opens(&mk_key(), &mk_code("08-KQ2M-9DXA")));
        assert!(!seat.opens(&CodeKey::new(b"another".to_vec()), &mk_code("07-KQ2M-9DXA")));
    }

    #[test]
    fn session_ends_by_time_and_by_a_new_code() {
        let mut seat = mk_seat(&mk_code("07-KQ2M-9DXA"));
        let record = seat.new_session(NOW);
        seat.sessions.insert("a".to_owned(), record.clone());
        assert_eq!(
            seat.session("a", NOW.plus_ms(SESSION_IDLE_MS - 1)),
            Ok(&record)
        );
        assert_eq!(
            seat.session("a", NOW.plus_ms(SESSION_IDLE_MS)),
            Err(Ended::SignedOut)
        );
        assert_eq!(seat.session("b", NOW), Err(Ended::SignedOut));
        seat.code = mk_key().hash(&mk_code("07-0000-0000"));
        assert_eq!(seat.session("a", NOW), Err(Ended::NewCode));
    }

    #[test]
    fn oldest_session_gives_way_to_the_twenty_first() {
        let mut seat = mk_seat(&mk_code("07-KQ2M-9DXA"));
        for index in 0..19 {
            let record = seat.new_session(NOW.plus_ms(index));
            seat.sessions.insert(format!("{index}"), record);
        }
        assert_eq!(seat.superseded(NOW), Vec::<String>::new());
        seat.sessions
            .insert("oldest".to_owned(), seat.new_session(NOW.plus_ms(-1)));
        assert_eq!(seat.superseded(NOW), ["oldest"]);
        seat.sessions.insert(
            "over".to_owned(),
            seat.new_session(NOW.plus_ms(-SESSION_IDLE_MS)),
        );
        assert_eq!(seat.superseded(NOW), ["over", "oldest"]);
    }

    #[test]
    fn written_session_is_read_back() {
        let code = mk_code("07-KQ2M-9DXA");
        let seat = mk_seat(&code);
        let record = seat.new_session(NOW);
        let mut object = session_patch([("a", &record)], ["b"]);
        assert_eq!(object["data"]["session.b"], serde_json::Value::Null);
        object["metadata"] = serde_json::json!({ "labels": { SEAT_LABEL: "07" } });
        object["data"][CODE] = serde_json::json!(ByteString(seat.code.clone()));
        object["data"][ROLE] = serde_json::json!(ByteString(INSTRUCTOR.into()));
        object["data"].as_object_mut().unwrap().remove("session.b");
        let read = Seat::read(&serde_json::from_value(object).unwrap()).unwrap();
        assert_eq!(read.session("a", NOW), Ok(&record));
        assert_eq!(read.person, Person::Instructor);
        assert_eq!(read.number, SeatNumber(7));
    }
}
