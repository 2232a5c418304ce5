//! A change of a seat, as its Secret takes it. Pure; sent by `store.rs`.

use app::model::ClassPhase;
use k8s_openapi::ByteString;
use serde_json::{Value, json};

use super::identity::Identity;
use super::record::{
    CLASS_CODE, CLASS_PHASE, CODE, IDENTITY, NAME, ROUND, SESSION_PREFIX, Seat, SessionRecord, USED,
};

/// A change of a seat's Secret: a merge patch of single keys, so that changes by others at the same time stay.
#[derive(Debug, Default)]
pub(super) struct SeatPatch {
    data: serde_json::Map<String, Value>,
    version: Option<String>,
}

impl SeatPatch {
    pub(super) fn set(mut self, key: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Self {
        self.data
            .insert(key.into(), json!(ByteString(bytes.into())));
        self
    }

    fn unset(mut self, key: impl Into<String>) -> Self {
        self.data.insert(key.into(), Value::Null);
        self
    }

    /// Writes a session; from then on the seat is somebody's.
    pub(super) fn session(self, hash: &str, record: &SessionRecord) -> Self {
        self.set(format!("{SESSION_PREFIX}{hash}"), json!(record).to_string())
            .set(USED, "true")
    }

    /// Removes sessions.
    pub(super) fn without<S: AsRef<str>>(self, hashes: impl IntoIterator<Item = S>) -> Self {
        let keys = hashes.into_iter();
        keys.fold(self, |patch, hash| {
            patch.unset(format!("{SESSION_PREFIX}{}", hash.as_ref()))
        })
    }

    /// Gives the seat another code; sessions of the old one are over.
    pub(super) fn code(self, hmac: &[u8]) -> Self {
        self.set(CODE, hmac)
    }

    /// Takes the seat's code away; its sessions are over.
    pub(super) fn revoke(self) -> Self {
        self.set(CODE, Vec::new())
    }

    /// Names the seat's owner, or nobody.
    pub(super) fn name(self, name: Option<&str>) -> Self {
        match name {
            Some(name) => self.set(NAME, name),
            None => self.unset(NAME),
        }
    }

    /// Binds the seat to a person of the identity provider.
    pub(super) fn identity(self, identity: &Identity) -> Self {
        self.set(IDENTITY, identity.as_str())
    }

    /// Ends all sessions, also those that no watch has told yet. `round` is one that never was.
    pub(super) fn round(self, round: &str) -> Self {
        self.set(ROUND, round)
    }

    /// Moves the class to another phase.
    pub(super) fn class_phase(self, phase: ClassPhase) -> Self {
        self.set(CLASS_PHASE, json!(phase).to_string())
    }

    /// Allows free seats to be taken with a code, or forbids it.
    pub(super) fn class_code(self, hmac: Option<&[u8]>) -> Self {
        match hmac {
            Some(hmac) => self.set(CLASS_CODE, hmac),
            None => self.unset(CLASS_CODE),
        }
    }

    /// Holds only if the seat is still as it was read; else the API server answers 409.
    pub(super) fn only_if(mut self, seat: &Seat) -> Self {
        self.version = Some(seat.version.to_string());
        self
    }

    /// The merge patch.
    pub(super) fn into_json(self) -> Value {
        let mut patch = json!({ "data": self.data });
        if let Some(version) = self.version {
            patch["metadata"] = json!({ "resourceVersion": version });
        }
        patch
    }
}
