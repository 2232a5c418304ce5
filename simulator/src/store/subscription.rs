//! A controller's view of the log: every change, in order, once.

use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::watch;

use super::{Change, Store};

/// Reads all changes from the moment of its creation. The log keeps what it has not read.
#[derive(Debug)]
pub struct Subscription {
    store: Arc<Store>,
    cursor: Arc<Mutex<u64>>,
    newest: watch::Receiver<u64>,
}

impl Subscription {
    pub(super) fn new(store: Arc<Store>, cursor: Arc<Mutex<u64>>) -> Self {
        let newest = store.newest();
        Self {
            store,
            cursor,
            newest,
        }
    }

    /// Changes since the last call, perhaps none. Does not wait.
    pub fn drain(&mut self) -> Vec<Arc<Change>> {
        let version = *self.cursor.lock();
        // The log keeps everything after a subscription's cursor, so there is always an answer.
        let changes = self.store.changes_since(version).unwrap_or_default();
        if let Some(last) = changes.last() {
            *self.cursor.lock() = last.resource_version;
        }
        changes
    }

    /// Waits until there are changes, then gives all of them. Cancel safe: changes are only taken when returned.
    pub async fn next(&mut self) -> Vec<Arc<Change>> {
        loop {
            self.newest.borrow_and_update();
            let changes = self.drain();
            if !changes.is_empty() {
                return changes;
            }
            if self.newest.changed().await.is_err() {
                // The sender lives in the store that this holds, so it cannot be gone.
                return Vec::new();
            }
        }
    }
}
