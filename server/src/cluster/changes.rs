//! Which namespaces changed since the publisher looked last. Marked by watches, polls and followed logs.

use std::collections::HashSet;

use parking_lot::Mutex;
use tokio::sync::Notify;

/// A set of changed namespaces; its size is bounded by the number of namespaces, however fast changes come.
#[derive(Default)]
pub struct Changes {
    changed: Mutex<Changed>,
    notify: Notify,
}

/// What changed.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Changed {
    /// Something that concerns every namespace, such as a source that was lost.
    pub all: bool,
    pub namespaces: HashSet<String>,
}

impl Changes {
    /// Marks one namespace.
    pub fn mark(&self, namespace: &str) {
        let mut changed = self.changed.lock();
        if !changed.namespaces.contains(namespace) {
            changed.namespaces.insert(namespace.to_owned());
        }
        drop(changed);
        self.notify.notify_one();
    }

    /// Marks all namespaces.
    pub fn mark_all(&self) {
        self.changed.lock().all = true;
        self.notify.notify_one();
    }

    /// Waits until something is marked. For one waiter.
    pub async fn wait(&self) {
        self.notify.notified().await;
    }

    /// Takes all marks.
    pub fn take(&self) -> Changed {
        std::mem::take(&mut self.changed.lock())
    }
}
