//! Follows the log of each running load's pod, once, as the attendee of its namespace.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use app::model::{LoadLogTail, LoadSample};
use futures::{AsyncBufRead, AsyncBufReadExt};
use k8s_openapi::api::core::v1::Pod;
use kube::api::{Api, LogParams};
use parking_lot::Mutex;
use tokio::time::{Instant, sleep, timeout, timeout_at};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::changes::Changes;
use super::clients::Clients;
use crate::workshop::locust_log::LocustLog;

/// The answer to a log request must begin within this time. Locust prints at once.
const LIMIT: Duration = Duration::from_secs(10);

/// Pause after a broken stream: doubled up to the most.
const RETRY: Duration = Duration::from_secs(1);
const RETRY_MOST: Duration = Duration::from_secs(15);

/// Samples that wait for the publisher; it takes them within milliseconds.
const PENDING: usize = 2048;

/// Lines without figures are told at the latest after this time: a log that runs over must not be a frame a line.
const TELL_WITHIN: Duration = Duration::from_millis(500);

/// The followed logs, one a namespace: of the newest load's pod.
#[derive(Clone)]
pub struct LoadLogs {
    clients: Clients,
    changes: Arc<Changes>,
    followed: Arc<Mutex<HashMap<String, Followed>>>,
    tasks: TaskTracker,
    shutdown: CancellationToken,
}

struct Followed {
    pod_uid: String,
    log: LocustLog,
    pending: Vec<LoadSample>,
    /// Lines that wait for the publisher.
    new_lines: LoadLogTail,
    state: FollowState,
    stop: CancellationToken,
}

/// Where the following of a log stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum FollowState {
    /// Lines come, or may come.
    Streaming,
    /// The stream broke and is tried again.
    Broken,
    /// The kubelet had no log yet; the pod's next change starts it again.
    Waiting,
    /// The container ended and its log was read to the end.
    Ended,
}

/// What the log of a namespace's load has told, with the samples and lines since the last look.
#[derive(Clone, Debug)]
pub struct LoadReport {
    pub pod_uid: String,
    pub log: LocustLog,
    pub new_samples: Vec<LoadSample>,
    pub new_lines: LoadLogTail,
    /// The stream is open.
    pub streaming: bool,
}

/// Why a log is not followed.
#[derive(Debug, thiserror::Error)]
enum Error {
    #[error("failed to get the log")]
    Get(#[source] kube::Error),
    #[error("the log request was not answered within {} s", LIMIT.as_secs())]
    TimedOut,
    #[error("the log's stream broke")]
    Read(#[source] std::io::Error),
}

impl Error {
    /// `container "locust" in pod … is waiting to start: ContainerCreating` (400), or the pod is not there (404).
    fn not_there(&self) -> bool {
        matches!(self, Self::Get(kube::Error::Api(status)) if matches!(status.code, 400 | 404))
    }
}

impl LoadLogs {
    pub(super) fn new(
        clients: Clients,
        changes: Arc<Changes>,
        shutdown: CancellationToken,
    ) -> Self {
        Self {
            clients,
            changes,
            followed: Arc::default(),
            tasks: TaskTracker::new(),
            shutdown,
        }
    }

    /// Follows the log of this pod unless it is followed already. Another pod's log of the namespace is let go.
    pub fn follow(&self, namespace: &str, pod: &str, pod_uid: &str) {
        let mut followed = self.followed.lock();
        let known = followed.get(namespace);
        let log = match known {
            Some(known) if known.pod_uid == pod_uid => {
                if known.state != FollowState::Waiting {
                    return;
                }
                known.log.clone()
            }
            Some(other) => {
                other.stop.cancel();
                LocustLog::default()
            }
            None => LocustLog::default(),
        };
        let stop = self.shutdown.child_token();
        let follower = Follower {
            api: Api::namespaced(self.clients.attendee(namespace, None), namespace),
            namespace: namespace.to_owned(),
            pod: pod.to_owned(),
            pod_uid: pod_uid.to_owned(),
            changes: Arc::clone(&self.changes),
            followed: Arc::clone(&self.followed),
        };
        followed.insert(
            namespace.to_owned(),
            Followed {
                pod_uid: pod_uid.to_owned(),
                log,
                pending: Vec::new(),
                new_lines: LoadLogTail::of("", pod, pod_uid),
                state: FollowState::Streaming,
                stop: stop.clone(),
            },
        );
        drop(followed);
        self.tasks
            .spawn(async move { stop.run_until_cancelled(follower.run()).await });
    }

    /// What the log of the namespace's load has told; takes the samples and the lines.
    pub fn take(&self, namespace: &str) -> Option<LoadReport> {
        let mut followed = self.followed.lock();
        let known = followed.get_mut(namespace)?;
        let none = LoadLogTail::of("", &known.new_lines.pod, &known.pod_uid);
        Some(LoadReport {
            new_lines: std::mem::replace(&mut known.new_lines, none),
            pod_uid: known.pod_uid.clone(),
            log: known.log.clone(),
            new_samples: std::mem::take(&mut known.pending),
            streaming: known.state == FollowState::Streaming,
        })
    }

    /// Lets go of a namespace that is no seat any more.
    pub fn forget(&self, namespace: &str) {
        if let Some(known) = self.followed.lock().remove(namespace) {
            known.stop.cancel();
        }
    }

    /// Waits until all streams are closed; for after the shutdown.
    pub async fn closed(&self) {
        self.tasks.close();
        self.tasks.wait().await;
    }
}

impl Followed {
    /// Takes a line; returns whether there are other figures now.
    fn read(&mut self, line: &str) -> bool {
        self.state = FollowState::Streaming;
        let told = |log: &LocustLog| (log.first_users, log.ending, log.figures);
        let before = told(&self.log);
        let read = self.log.read(line);
        if self.pending.len() < PENDING {
            self.pending.extend(read.sample);
        }
        if let Some(line) = read.line {
            self.new_lines.push(line);
        }
        if self.log.ending.is_some() {
            self.new_lines.tables = self.log.tables(false);
        }
        before != told(&self.log)
    }
}

/// One followed log.
struct Follower {
    api: Api<Pod>,
    namespace: String,
    pod: String,
    pod_uid: String,
    changes: Arc<Changes>,
    followed: Arc<Mutex<HashMap<String, Followed>>>,
}

impl Follower {
    async fn run(self) {
        let mut retry = RETRY;
        loop {
            let before = self.with(|known| known.log.newest).flatten();
            let state = match self.stream().await {
                Ok(()) => FollowState::Ended,
                Err(error) if error.not_there() => FollowState::Waiting,
                Err(error) => {
                    let known = self.with(|known| known.state);
                    if known == Some(FollowState::Streaming) {
                        tracing::warn!(
                            namespace = self.namespace,
                            pod = self.pod,
                            error = &error as &dyn std::error::Error,
                            "the load's log cannot be followed"
                        );
                    }
                    FollowState::Broken
                }
            };
            let newest = self.with(|known| {
                known.state = state;
                if state == FollowState::Ended {
                    known.new_lines.tables = known.log.tables(true);
                }
                known.log.newest
            });
            self.changes.mark(&self.namespace);
            if state != FollowState::Broken {
                return;
            }
            retry = if newest.flatten() == before {
                (retry * 2).min(RETRY_MOST)
            } else {
                RETRY
            };
            sleep(retry).await;
        }
    }

    /// Reads the log until it ends.
    async fn stream(&self) -> Result<(), Error> {
        let params = LogParams {
            follow: true,
            timestamps: true,
            // Whole seconds: lines that were read before come again, and the log skips them.
            since_time: self
                .with(|known| {
                    known.log.resume();
                    known.log.newest
                })
                .flatten(),
            ..LogParams::default()
        };
        let stream = timeout(LIMIT, self.api.log_stream(&self.pod, &params))
            .await
            .map_err(|_elapsed| Error::TimedOut)?
            .map_err(Error::Get)?;
        let stream = std::pin::pin!(stream);
        let mut lines = Lines::new(stream);
        let mut untold: Option<Instant> = None;
        loop {
            let line = match untold {
                None => lines.next().await,
                Some(due) => match timeout_at(due, lines.next()).await {
                    Ok(line) => line,
                    Err(_elapsed) => {
                        self.changes.mark(&self.namespace);
                        untold = None;
                        continue;
                    }
                },
            };
            let Some(line) = line.map_err(Error::Read)? else {
                return Ok(());
            };
            let told = self.with(|known| known.read(&line)) == Some(true);
            // A log without a pause never lets the time run out.
            let due = *untold.get_or_insert_with(|| Instant::now() + TELL_WITHIN);
            if told || due <= Instant::now() {
                self.changes.mark(&self.namespace);
                untold = None;
            }
        }
    }

    /// Works on the entry of this pod; `None` if another one has taken its place.
    fn with<T>(&self, work: impl FnOnce(&mut Followed) -> T) -> Option<T> {
        let mut followed = self.followed.lock();
        let known = followed.get_mut(&self.namespace)?;
        (known.pod_uid == self.pod_uid).then(|| work(known))
    }
}

/// The longest line that is read. Locust's rows have 160 signs; whatever else an attendee's pod prints must not fill
/// the panel's memory.
const LONGEST_LINE: usize = 16 * 1024;

/// The lines of a log. A read that is given up loses nothing.
struct Lines<R> {
    log: R,
    /// What was read of the next line.
    begun: Vec<u8>,
}

impl<R: AsyncBufRead + Unpin> Lines<R> {
    fn new(log: R) -> Self {
        Self {
            log,
            begun: Vec::new(),
        }
    }

    /// The next line without its end, cut to [`LONGEST_LINE`]; `None` at the end of the log.
    async fn next(&mut self) -> Result<Option<String>, std::io::Error> {
        loop {
            let bytes = self.log.fill_buf().await?;
            if bytes.is_empty() {
                let is_over = self.begun.is_empty();
                return Ok((!is_over).then(|| self.whole()));
            }
            let end = bytes.iter().position(|byte| *byte == b'\n');
            let part = &bytes[..end.unwrap_or(bytes.len())];
            let room = LONGEST_LINE.saturating_sub(self.begun.len());
            self.begun.extend_from_slice(&part[..part.len().min(room)]);
            let used = part.len() + usize::from(end.is_some());
            self.log.consume_unpin(used);
            if end.is_some() {
                return Ok(Some(self.whole()));
            }
        }
    }

    fn whole(&mut self) -> String {
        let line = std::mem::take(&mut self.begun);
        String::from_utf8_lossy(&line).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use futures::TryStreamExt;
    use futures::io::{AsyncReadExt, BufReader, Cursor, repeat};

    use super::*;

    #[tokio::test]
    async fn lines_are_read_one_by_one_and_the_last_needs_no_end() {
        let log = BufReader::with_capacity(4, Cursor::new("first\n\nthird \u{fc}"));
        let (mut log, mut lines) = (Lines::new(log), Vec::new());
        while let Some(line) = log.next().await.unwrap() {
            lines.push(line);
        }
        assert_eq!(lines, ["first", "", "third \u{fc}"]);
    }

    #[tokio::test]
    async fn endless_line_is_cut_and_the_next_one_is_whole() {
        let endless = repeat(b'x').take(1024 * 1024);
        let mut log = Lines::new(BufReader::new(endless.chain(Cursor::new("\nnext\n"))));
        let cut = log.next().await.unwrap().unwrap();
        assert_eq!(cut.len(), LONGEST_LINE);
        assert_eq!(log.next().await.unwrap().as_deref(), Some("next"));
    }

    #[tokio::test(start_paused = true)]
    async fn line_whose_rest_comes_late_is_whole() {
        let (writes, reads) = futures::channel::mpsc::unbounded();
        let write = |bytes: &[u8]| writes.unbounded_send(Ok(bytes.to_vec())).unwrap();
        let mut log = Lines::new(reads.into_async_read());
        write(b"one li");
        assert!(timeout(TELL_WITHIN, log.next()).await.is_err());
        write(b"ne\n");
        assert_eq!(log.next().await.unwrap().as_deref(), Some("one line"));
    }

    #[tokio::test]
    async fn what_is_no_utf_8_is_replaced() {
        let mut log = Lines::new(BufReader::new(Cursor::new(b"a\xff\xfeb\n".to_vec())));
        let line = log.next().await.unwrap();
        assert_eq!(line.as_deref(), Some("a\u{fffd}\u{fffd}b"));
    }
}
