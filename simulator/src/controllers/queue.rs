//! A controller's work: keys without duplicates, each at its time. Follows client-go's `util/workqueue`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use tokio::time::{Duration, Instant};

use crate::store::Change;

/// An object's namespace and name; the namespace is empty for cluster-wide kinds.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Key {
    pub(super) namespace: String,
    pub(super) name: String,
}

impl Key {
    pub(super) fn new(namespace: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            namespace: namespace.into(),
            name: name.into(),
        }
    }

    pub(super) fn of(change: &Change) -> Self {
        Self::new(change.namespace(), change.name())
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.namespace, self.name)
    }
}

/// First and longest delay of a failed key
/// (`DefaultTypedControllerRateLimiter` in client-go `util/workqueue/default_rate_limiters.go`).
const BASE_DELAY: Duration = Duration::from_millis(5);
const MAX_DELAY: Duration = Duration::from_secs(1_000);

/// Keys in the order of their times.
#[derive(Debug, Default)]
pub(super) struct WorkQueue {
    order: BTreeSet<(Instant, Key)>,
    due: BTreeMap<Key, Instant>,
    failures: BTreeMap<Key, u32>,
}

impl WorkQueue {
    /// At once.
    pub(super) fn add(&mut self, key: Key) {
        self.add_at(key, Instant::now());
    }

    /// All of them at once.
    pub(super) fn add_all(&mut self, keys: impl IntoIterator<Item = Key>) {
        for key in keys {
            self.add(key);
        }
    }

    pub(super) fn add_after(&mut self, key: Key, delay: Duration) {
        self.add_at(key, Instant::now() + delay);
    }

    /// Not later than `time`: a key that waits for longer is moved forward, one that comes sooner stays.
    pub(super) fn add_at(&mut self, key: Key, time: Instant) {
        if let Some(due) = self.due.get(&key) {
            if *due <= time {
                return;
            }
            self.order.remove(&(*due, key.clone()));
        }
        self.due.insert(key.clone(), time);
        self.order.insert((time, key));
    }

    /// After a failure: 5 ms, doubled each time.
    pub(super) fn retry(&mut self, key: Key, now: Instant) {
        let failures = self.failures.entry(key.clone()).or_default();
        let delay = BASE_DELAY * 2_u32.saturating_pow((*failures).min(24));
        *failures += 1;
        self.add_at(key, now + delay.min(MAX_DELAY));
    }

    /// The key was worked on without a failure.
    pub(super) fn forget(&mut self, key: &Key) {
        self.failures.remove(key);
    }

    /// The key needs no work any more.
    pub(super) fn remove(&mut self, key: &Key) {
        if let Some(due) = self.due.remove(key) {
            self.order.remove(&(due, key.clone()));
        }
        self.failures.remove(key);
    }

    /// The first key whose time has come.
    pub(super) fn pop(&mut self, now: Instant) -> Option<Key> {
        if self.order.first()?.0 > now {
            return None;
        }
        let (_, key) = self.order.pop_first()?;
        self.due.remove(&key);
        Some(key)
    }

    /// When the next key is due.
    pub(super) fn next(&self) -> Option<Instant> {
        self.order.first().map(|(time, _)| *time)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn key_is_queued_once_at_its_earliest_time() {
        let mut queue = WorkQueue::default();
        let start = Instant::now();
        let key = || Key::new("seat", "webapp");
        queue.add_after(key(), Duration::from_secs(15));
        queue.add_after(key(), Duration::from_secs(5));
        queue.add_after(key(), Duration::from_secs(20));
        assert_eq!(queue.next(), Some(start + Duration::from_secs(5)));
        assert_eq!(queue.pop(start), None);
        assert_eq!(queue.pop(start + Duration::from_secs(5)), Some(key()));
        assert_eq!(queue.next(), None);
    }

    #[tokio::test(start_paused = true)]
    async fn failures_wait_twice_as_long_each_time_until_forgotten() {
        let mut queue = WorkQueue::default();
        let now = Instant::now();
        let key = || Key::new("seat", "webapp");
        let delay = |queue: &mut WorkQueue| {
            queue.retry(key(), now);
            let next = queue.next().unwrap() - now;
            queue.pop(now + next).unwrap();
            next.as_millis()
        };
        let delays: Vec<_> = (0..4).map(|_| delay(&mut queue)).collect();
        assert_eq!(delays, [5, 10, 20, 40]);
        queue.forget(&key());
        assert_eq!(delay(&mut queue), 5);
    }
}
