//! Reads records for the people they are of. Called by `web/`, which passes a session's own seat and namespace.

use std::sync::Arc;

use tokio::sync::Semaphore;

use super::store::Store;
use crate::error::Result;
use crate::workshop::Run;

/// Records are unpacked for so many people at the same time: ten of a seat may have some 10 MiB.
const AT_ONCE: usize = 4;

/// The longest UID of an object: a UUID has 36 signs.
const LONGEST_UID: usize = 64;

/// The records of one panel, to be read. Shared by all routes.
#[derive(Clone)]
pub struct Archive {
    store: Arc<Store>,
    turns: Arc<Semaphore>,
}

impl Archive {
    pub(super) fn new(store: Arc<Store>) -> Self {
        Self {
            store,
            turns: Arc::new(Semaphore::new(AT_ONCE)),
        }
    }

    /// The runs of a seat in its namespace, in no order. None where the panel may not keep any.
    ///
    /// # Errors
    /// The API server does not answer.
    pub async fn of_seat(&self, seat: &str, namespace: &str) -> Result<Vec<Run>> {
        let _turn = self.turns.acquire().await;
        let mut runs = self.store.of_seat(seat).await.or_else(none_if_forbidden)?;
        // A seat may have been made anew.
        runs.retain(|run| run.namespace == namespace);
        Ok(runs)
    }

    /// One run of a namespace; `None` if it has none of that UID.
    ///
    /// # Errors
    /// The API server does not answer.
    pub async fn one(&self, namespace: &str, uid: &str) -> Result<Option<Run>> {
        if !is_uid(uid) {
            return Ok(None);
        }
        let _turn = self.turns.acquire().await;
        let run = self.store.one(uid).await.or_else(none_if_forbidden)?;
        Ok(run.filter(|run| run.namespace == namespace && run.load.uid == uid))
    }
}

/// Without the right to ConfigMaps there are no records, which is said in the log already.
fn none_if_forbidden<T: Default>(error: crate::error::Error) -> Result<T> {
    match error.status() {
        Some(status) if status.code == 403 => Ok(T::default()),
        _ => Err(error),
    }
}

/// Part of a name in the API's addresses: nothing that could be another one.
fn is_uid(uid: &str) -> bool {
    !uid.is_empty()
        && uid.len() <= LONGEST_UID
        && uid
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_can_be_a_uid_is_asked_for() {
        assert!(is_uid("4b0e2c7e-5d0c-4f6e-9a35-0d1a2b3c4d5e"));
        for other in ["", "a/b", "..", "a b", "a%2f", "\u{fc}", &"a".repeat(65)] {
            assert!(!is_uid(other), "{other}");
        }
    }
}
