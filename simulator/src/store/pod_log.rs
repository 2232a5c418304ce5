//! The logs of containers. The kubelet appends lines with their time; the API server reads and follows them.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use jiff::Timestamp;
use parking_lot::RwLock;
use tokio::sync::watch;

/// Lines that a container's log keeps; a kubelet rotates by size (10 MiB), which is about as much.
const CAPACITY: usize = 65_536;

/// Which container of which pod. A pod's name alone would mix a pod with its successor of the same name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LogKey {
    /// `metadata.uid` of the pod.
    pub pod_uid: String,
    /// The container's name.
    pub container: String,
}

impl LogKey {
    /// The log of `container` in the pod with this UID.
    pub fn new(pod_uid: impl Into<String>, container: impl Into<String>) -> Self {
        Self {
            pod_uid: pod_uid.into(),
            container: container.into(),
        }
    }
}

/// One line without its line feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// When the container wrote it.
    pub time: Timestamp,
    /// What it wrote.
    pub text: Arc<str>,
}

/// What a follower is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Progress {
    /// Lines written so far.
    lines: u64,
    /// No more will come.
    closed: bool,
}

#[derive(Debug, Default)]
struct ContainerLog {
    lines: VecDeque<LogLine>,
    /// Lines that have left the front.
    dropped: u64,
    progress: watch::Sender<Progress>,
}

/// All containers' logs.
#[derive(Debug, Default)]
pub struct LogStore {
    logs: RwLock<BTreeMap<LogKey, ContainerLog>>,
}

impl LogStore {
    /// Begins a container's log, so that it can be followed before its first line.
    pub fn open(&self, key: LogKey) {
        self.logs.write().entry(key).or_default();
    }

    /// Appends a line; begins the log if need be. After [`Self::close`] nothing more is taken.
    pub fn append(&self, key: &LogKey, time: Timestamp, text: impl Into<Arc<str>>) {
        let mut logs = self.logs.write();
        if !logs.contains_key(key) {
            logs.insert(key.clone(), ContainerLog::default());
        }
        let Some(log) = logs.get_mut(key) else { return };
        if log.progress.borrow().closed {
            return;
        }
        log.lines.push_back(LogLine {
            time,
            text: text.into(),
        });
        if log.lines.len() > CAPACITY {
            log.lines.pop_front();
            log.dropped += 1;
        }
        log.progress.send_modify(|progress| progress.lines += 1);
    }

    /// The container has ended: followers get the end of the stream.
    pub fn close(&self, key: &LogKey) {
        if let Some(log) = self.logs.read().get(key) {
            log.progress.send_modify(|progress| progress.closed = true);
        }
    }

    /// The pod is gone, and its logs with it.
    pub fn remove_pod(&self, pod_uid: &str) {
        self.logs.write().retain(|key, log| {
            let keep = key.pod_uid != pod_uid;
            if !keep {
                log.progress.send_modify(|progress| progress.closed = true);
            }
            keep
        });
    }

    /// All lines that are kept; `None` when the container has no log.
    pub fn lines(&self, key: &LogKey) -> Option<Vec<LogLine>> {
        let logs = self.logs.read();
        Some(logs.get(key)?.lines.iter().cloned().collect())
    }

    /// Reads a log from its first kept line on; `None` when the container has no log.
    pub fn follow(&self, key: &LogKey) -> Option<Follower> {
        let logs = self.logs.read();
        let log = logs.get(key)?;
        Some(Follower {
            key: key.clone(),
            next: log.dropped,
            progress: log.progress.subscribe(),
        })
    }
}

/// A reader's place in a log.
#[derive(Debug)]
pub struct Follower {
    key: LogKey,
    /// Number of the next line, counted from the container's first.
    next: u64,
    progress: watch::Receiver<Progress>,
}

impl Follower {
    /// Waits for lines that were not read yet; `None` at the end of the log.
    pub async fn next(&mut self, logs: &LogStore) -> Option<Vec<LogLine>> {
        loop {
            let closed = self.progress.borrow_and_update().closed;
            let lines = self.read(logs);
            if !lines.is_empty() {
                return Some(lines);
            }
            if closed || self.progress.changed().await.is_err() {
                return None;
            }
        }
    }

    fn read(&mut self, logs: &LogStore) -> Vec<LogLine> {
        let logs = logs.logs.read();
        let Some(log) = logs.get(&self.key) else {
            return Vec::new();
        };
        let skip = usize::try_from(self.next.saturating_sub(log.dropped)).unwrap_or(usize::MAX);
        let lines: Vec<_> = log.lines.iter().skip(skip).cloned().collect();
        self.next = log.dropped + log.lines.len() as u64;
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn follower_reads_every_line_and_ends_with_the_container() {
        let logs = LogStore::default();
        let key = LogKey::new("uid", "locust");
        assert!(logs.follow(&key).is_none());
        logs.append(&key, Timestamp::UNIX_EPOCH, "one");
        let mut follower = logs.follow(&key).unwrap();
        assert_eq!(&*follower.next(&logs).await.unwrap()[0].text, "one");
        logs.append(&key, Timestamp::UNIX_EPOCH, "two");
        logs.close(&key);
        logs.append(&key, Timestamp::UNIX_EPOCH, "too late");
        assert_eq!(follower.next(&logs).await.unwrap().len(), 1);
        assert!(follower.next(&logs).await.is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn removed_pod_ends_its_followers() {
        let logs = LogStore::default();
        let key = LogKey::new("uid", "locust");
        logs.open(key.clone());
        let mut follower = logs.follow(&key).unwrap();
        logs.remove_pod("uid");
        assert!(follower.next(&logs).await.is_none());
        assert!(logs.lines(&key).is_none());
    }
}
