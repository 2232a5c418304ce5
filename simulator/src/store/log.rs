//! The log of changes, in the order of resourceVersion. Watches and controllers read it from where they are;
//! only the store writes it.

use std::collections::VecDeque;
use std::sync::{Arc, Weak};

use parking_lot::Mutex;
use serde_json::Value;

use super::Resource;

/// What happened to an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeType {
    /// It is new.
    Added,
    /// It differs from before.
    Modified,
    /// It is gone.
    Deleted,
}

/// One change of one object.
#[derive(Clone, Debug)]
pub struct Change {
    /// The version of the whole store after this change; also that of `object`.
    pub resource_version: u64,
    /// The object's kind.
    pub resource: &'static Resource,
    /// What happened.
    pub change_type: ChangeType,
    /// The object after the change; of a deleted one, its last state.
    pub object: Arc<Value>,
    /// The object before the change, unless it is new.
    pub old: Option<Arc<Value>>,
}

impl Change {
    /// `metadata.namespace`; empty for cluster-wide kinds.
    pub fn namespace(&self) -> &str {
        self.object["metadata"]["namespace"].as_str().unwrap_or("")
    }

    /// `metadata.name`.
    pub fn name(&self) -> &str {
        self.object["metadata"]["name"].as_str().unwrap_or("")
    }
}

/// Changes that every watch can rely on. A client that was away for longer lists again (410).
const CAPACITY: usize = 16_384;

/// The newest changes. Each has the version before plus one, so a version is an index.
#[derive(Debug)]
pub(super) struct Log {
    changes: VecDeque<Arc<Change>>,
    /// Version of the newest change.
    newest: u64,
    /// Where each subscription is; the log keeps what the slowest has not read.
    subscriptions: Vec<Weak<Mutex<u64>>>,
}

impl Log {
    pub(super) fn new(newest: u64) -> Self {
        Self {
            changes: VecDeque::new(),
            newest,
            subscriptions: Vec::new(),
        }
    }

    pub(super) fn newest(&self) -> u64 {
        self.newest
    }

    /// The oldest version from which all later changes are known.
    pub(super) fn oldest(&self) -> u64 {
        self.newest - self.changes.len() as u64
    }

    pub(super) fn push(&mut self, change: Change) {
        self.newest = change.resource_version;
        self.changes.push_back(Arc::new(change));
        if self.changes.len() > CAPACITY {
            self.trim();
        }
    }

    fn trim(&mut self) {
        self.subscriptions.retain(|s| s.strong_count() > 0);
        let slowest = self
            .subscriptions
            .iter()
            .filter_map(Weak::upgrade)
            .map(|cursor| *cursor.lock())
            .min()
            .unwrap_or(self.newest);
        while self.changes.len() > CAPACITY && self.oldest() < slowest {
            self.changes.pop_front();
        }
    }

    /// Changes after `version`, or `None` when some of them are no longer known.
    pub(super) fn since(&self, version: u64) -> Option<Vec<Arc<Change>>> {
        let skip = version.checked_sub(self.oldest())?;
        let skip = usize::try_from(skip).unwrap_or(usize::MAX);
        Some(self.changes.iter().skip(skip).cloned().collect())
    }

    pub(super) fn subscribe(&mut self) -> Arc<Mutex<u64>> {
        let cursor = Arc::new(Mutex::new(self.newest));
        self.subscriptions.push(Arc::downgrade(&cursor));
        cursor
    }
}

#[cfg(test)]
mod tests {
    use super::super::resource::PODS;
    use super::*;

    fn mk_change(resource_version: u64) -> Change {
        Change {
            resource_version,
            resource: &PODS,
            change_type: ChangeType::Added,
            object: Arc::default(),
            old: None,
        }
    }

    #[test]
    fn old_changes_are_dropped_and_their_versions_expire() {
        let mut log = Log::new(10);
        for version in 11..=(11 + CAPACITY as u64) {
            log.push(mk_change(version));
        }
        assert!(log.since(10).is_none());
        assert_eq!(log.since(11).unwrap().len(), CAPACITY);
        assert_eq!(log.since(log.newest()).unwrap().len(), 0);
    }

    #[test]
    fn log_keeps_what_a_subscription_has_not_read() {
        let mut log = Log::new(0);
        let cursor = log.subscribe();
        for version in 1..=(2 * CAPACITY as u64) {
            log.push(mk_change(version));
        }
        assert_eq!(log.since(0).unwrap().len(), 2 * CAPACITY);
        *cursor.lock() = log.newest();
        log.push(mk_change(log.newest() + 1));
        assert_eq!(log.since(log.oldest()).unwrap().len(), CAPACITY);
    }
}
