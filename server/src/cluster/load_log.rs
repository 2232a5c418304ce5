//! Follows the log of each running load's pod, once, as the attendee of its namespace.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use app::model::LoadSample;
use futures::{AsyncBufRead, AsyncBufReadExt};
use k8s_openapi::api::core::v1::Pod;
use kube::api::{Api, LogParams};
use parking_lot::Mutex;
use tokio::time::{sleep, timeout};
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

/// What the log of a namespace's load has told, with the samples since the last look.
#[derive(Clone, Debug)]
pub struct LoadReport {
    pub pod_uid: String,
    pub log: LocustLog,
    pub new_samples: Vec<LoadSample>,
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
                state: FollowState::Streaming,
                stop: stop.clone(),
            },
        );
        drop(followed);
        self.tasks
            .spawn(async move { stop.run_until_cancelled(follower.run()).await });
    }

    /// What the log of the namespace's load has told; takes the samples.
    pub fn take(&self, namespace: &str) -> Option<LoadReport> {
        let mut followed = self.followed.lock();
        let known = followed.get_mut(namespace)?;
        Some(LoadReport {
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
        let mut stream = std::pin::pin!(stream);
        while let Some(line) = next_line(&mut stream).await.map_err(Error::Read)? {
            let told = self.with(|known| {
                known.state = FollowState::Streaming;
                let before = (known.log.first_users, known.log.ending, known.log.figures);
                let sample = known.log.read(&line);
                if known.pending.len() < PENDING {
                    known.pending.extend(sample);
                }
                before != (known.log.first_users, known.log.ending, known.log.figures)
            });
            if told == Some(true) {
                self.changes.mark(&self.namespace);
            }
        }
        Ok(())
    }

    /// Works on the entry of this pod; `None` if another one has taken its place.
    fn with<T>(&self, work: impl FnOnce(&mut Followed) -> T) -> Option<T> {
        let mut followed = self.followed.lock();
        let known = followed.get_mut(&self.namespace)?;
        (known.pod_uid == self.pod_uid).then(|| work(known))
    }
}

/// The longest line that is kept. Locust's rows have 160 signs; whatever else an attendee's pod prints must not fill
/// the panel's memory.
const LONGEST_LINE: usize = 16 * 1024;

/// The next line without its end, cut to [`LONGEST_LINE`]; `None` at the end of the log.
async fn next_line(
    log: &mut (impl AsyncBufRead + Unpin),
) -> Result<Option<String>, std::io::Error> {
    let mut line = Vec::new();
    loop {
        let bytes = log.fill_buf().await?;
        if bytes.is_empty() {
            let is_over = line.is_empty();
            return Ok((!is_over).then(|| String::from_utf8_lossy(&line).into_owned()));
        }
        let end = bytes.iter().position(|byte| *byte == b'\n');
        let part = &bytes[..end.unwrap_or(bytes.len())];
        let room = LONGEST_LINE.saturating_sub(line.len());
        line.extend_from_slice(&part[..part.len().min(room)]);
        let used = part.len() + usize::from(end.is_some());
        log.consume_unpin(used);
        if end.is_some() {
            return Ok(Some(String::from_utf8_lossy(&line).into_owned()));
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::io::{AsyncReadExt, BufReader, Cursor, repeat};

    use super::*;

    #[tokio::test]
    async fn lines_are_read_one_by_one_and_the_last_needs_no_end() {
        let mut log = BufReader::with_capacity(4, Cursor::new("first\n\nthird \u{fc}"));
        let mut lines = Vec::new();
        while let Some(line) = next_line(&mut log).await.unwrap() {
            lines.push(line);
        }
        assert_eq!(lines, ["first", "", "third \u{fc}"]);
    }

    #[tokio::test]
    async fn endless_line_is_cut_and_the_next_one_is_whole() {
        let endless = repeat(b'x').take(1024 * 1024);
        let mut log = BufReader::new(endless.chain(Cursor::new("\nnext\n")));
        let cut = next_line(&mut log).await.unwrap().unwrap();
        assert_eq!(cut.len(), LONGEST_LINE);
        assert_eq!(next_line(&mut log).await.unwrap().as_deref(), Some("next"));
    }
}
