//! WATCH: the store's changes of one kind as JSON lines, from a version on, until the deadline or a cut.
//! Upstream: `apiserver/pkg/storage/cacher`, `…/endpoints/handlers/watch.go`.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;
use futures::Stream;
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::time::{Duration, Instant, sleep_until};

use super::list::{self, Filter};
use super::present::Presenter;
use crate::status::{Result, Status};
use crate::store::{Change, ChangeType, Resource, Store};

/// Between bookmarks of an idle watch. Upstream: `cacher.go`, `defaultBookmarkFrequency`.
const BOOKMARK_INTERVAL: Duration = Duration::from_secs(60);

/// A watch without `timeoutSeconds` lasts this long; upstream draws from one to two times `--min-request-timeout`.
pub(super) const DEFAULT_TIMEOUT: Duration = Duration::from_secs(1800);

/// What a watch needs to begin.
pub(super) struct Start {
    pub(super) resource: &'static Resource,
    pub(super) filter: Filter,
    pub(super) presenter: Presenter,
    /// `None` begins with the objects that are there.
    pub(super) version: Option<u64>,
    /// Whether a bookmark marks the end of those objects (`sendInitialEvents`, or no version at all).
    pub(super) marks_initial_end: bool,
    pub(super) bookmarks: bool,
    pub(super) timeout: Duration,
}

struct Watch {
    store: Arc<Store>,
    resource: &'static Resource,
    filter: Filter,
    presenter: Presenter,
    cursor: u64,
    newest: watch::Receiver<u64>,
    cuts: watch::Receiver<u64>,
    /// Lines that are ready to be sent.
    pending: VecDeque<Value>,
    bookmarks: bool,
    next_bookmark: Instant,
    deadline: Instant,
    ended: bool,
}

/// Starts a watch. Errors after the start come as an `ERROR` line, as upstream.
pub(super) fn watch(
    store: Arc<Store>,
    cuts: watch::Receiver<u64>,
    oldest: u64,
    start: Start,
) -> impl Stream<Item = Bytes> + Send + 'static {
    let now = Instant::now();
    let newest = store.newest();
    let mut watch = Watch {
        resource: start.resource,
        filter: start.filter,
        presenter: start.presenter,
        cursor: 0,
        newest,
        cuts,
        pending: VecDeque::new(),
        bookmarks: start.bookmarks,
        next_bookmark: now + BOOKMARK_INTERVAL,
        deadline: now + start.timeout,
        ended: false,
        store,
    };
    match start.version {
        Some(version) if version < oldest.max(watch.store.oldest_version()) => {
            watch.expire(version, oldest);
        }
        Some(version) => watch.cursor = version,
        None => watch.send_present(start.marks_initial_end),
    }
    futures::stream::unfold(watch, |mut watch| async move {
        let bytes = watch.next().await?;
        Some((bytes, watch))
    })
}

impl Watch {
    fn expire(&mut self, version: u64, oldest: u64) {
        let oldest = oldest.max(self.store.oldest_version());
        let status = Status::expired(format!("too old resource version: {version} ({oldest})"));
        self.pending
            .push_back(json!({"type": "ERROR", "object": status.to_json()}));
        self.ended = true;
    }

    fn send_present(&mut self, marks_end: bool) {
        let (objects, version) = self
            .store
            .list_values(self.resource, self.filter.namespace());
        self.cursor = version;
        for object in &objects {
            if self.filter.matches(object) {
                let event = self.event("ADDED", object);
                self.pending.push_back(event);
            }
        }
        if marks_end {
            let mut bookmark = self.bookmark();
            bookmark["object"]["metadata"]["annotations"] =
                json!({"k8s.io/initial-events-end": "true"});
            self.pending.push_back(bookmark);
        }
    }

    /// The next lines; `None` at the end.
    async fn next(&mut self) -> Option<Bytes> {
        loop {
            if !self.pending.is_empty() {
                return Some(self.take_lines());
            }
            // A cut comes before changes that happened after it.
            if self.ended || self.cuts.has_changed().unwrap_or(true) {
                return None;
            }
            self.newest.borrow_and_update();
            match self.store.changes_since(self.cursor) {
                Some(changes) => self.read(&changes),
                // A version of the future: its changes are still to come.
                None if self.cursor > self.store.resource_version() => {}
                None => self.expire(self.cursor, 0),
            }
            if self.ended || !self.pending.is_empty() {
                continue;
            }
            let wake = if self.bookmarks {
                self.deadline.min(self.next_bookmark)
            } else {
                self.deadline
            };
            tokio::select! {
                changed = self.newest.changed() => self.ended = changed.is_err(),
                _ = self.cuts.changed() => self.ended = true,
                () = sleep_until(wake) => self.time_passed(),
            }
        }
    }

    fn time_passed(&mut self) {
        let now = Instant::now();
        if self.bookmarks && now >= self.next_bookmark.min(self.deadline) {
            let bookmark = self.bookmark();
            self.pending.push_back(bookmark);
            self.next_bookmark = now + BOOKMARK_INTERVAL;
        }
        self.ended = now >= self.deadline;
    }

    fn read(&mut self, changes: &[Arc<Change>]) {
        for change in changes {
            self.cursor = change.resource_version;
            if change.resource != self.resource {
                continue;
            }
            // A change can move an object into or out of what the selectors select.
            let now =
                change.change_type != ChangeType::Deleted && self.filter.matches(&change.object);
            let before = change
                .old
                .as_ref()
                .is_some_and(|old| self.filter.matches(old));
            let event = match (before, now) {
                (false, false) => continue,
                (false, true) => self.event("ADDED", &change.object),
                (true, true) => self.event("MODIFIED", &change.object),
                (true, false) => self.deleted(change),
            };
            self.pending.push_back(event);
        }
    }

    /// The last state that was selected, with the version of the change.
    fn deleted(&mut self, change: &Change) -> Value {
        if change.change_type == ChangeType::Deleted {
            return self.event("DELETED", &change.object);
        }
        let mut object = change.old.as_deref().cloned().unwrap_or_default();
        object["metadata"]["resourceVersion"] = change.resource_version.to_string().into();
        self.event("DELETED", &object)
    }

    fn event(&mut self, event_type: &str, object: &Value) -> Value {
        json!({"type": event_type, "object": self.presenter.watched(object)})
    }

    fn bookmark(&mut self) -> Value {
        let object = json!({
            "kind": self.resource.kind,
            "apiVersion": self.resource.api_version(),
            "metadata": {"resourceVersion": self.cursor.to_string()},
        });
        self.event("BOOKMARK", &object)
    }

    fn take_lines(&mut self) -> Bytes {
        let mut lines = Vec::new();
        for line in self.pending.drain(..) {
            lines.extend_from_slice(line.to_string().as_bytes());
            lines.push(b'\n');
        }
        lines.into()
    }
}

/// The version to start from; `None` for "the objects that are there first".
///
/// # Errors
/// 500 when it is no number, as upstream.
pub(super) fn version(text: Option<&str>) -> Result<Option<u64>> {
    let version = list::number(text.unwrap_or("")).map_err(Status::unclassified)?;
    Ok(version.filter(|version| *version > 0))
}
