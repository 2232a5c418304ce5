//! What the publisher last told, shared with the routes. Written by the publisher's task alone.

use std::collections::HashMap;
use std::sync::Arc;

use app::model::{History, Overview, Snapshot, SourceState, StreamEvent, TimeMs};
use parking_lot::RwLock;
use tokio::sync::watch;

use super::Feed;
use crate::cluster::Cluster;

/// What the publisher last told, shared with the routes. Written by the publisher's task alone.
pub struct Published {
    cluster: Arc<Cluster>,
    seats: RwLock<HashMap<String, Arc<Told>>>,
    overview: Arc<RwLock<Arc<Overview>>>,
    overview_feed: Arc<Feed>,
    told_all: watch::Sender<bool>,
}

/// What was told of one namespace.
pub(super) struct Told {
    pub(super) feed: Arc<Feed>,
    state: Arc<RwLock<State>>,
}

struct State {
    snapshot: Arc<Snapshot>,
    history: History,
}

impl Told {
    /// `boot` and `build` name this start and this build of the process.
    pub(super) fn new(boot: &str, build: &str, snapshot: Snapshot, history: History) -> Self {
        let state = Arc::new(RwLock::new(State {
            snapshot: Arc::new(snapshot),
            history,
        }));
        let (all, build) = (Arc::clone(&state), build.to_owned());
        let feed = Feed::new(boot.to_owned(), move || {
            let state = all.read();
            encode(&StreamEvent::History {
                build: build.clone(),
                snapshot: Box::new(Snapshot::clone(&state.snapshot)),
                history: state.history.clone(),
            })
        });
        Self {
            feed: Arc::new(feed),
            state,
        }
    }

    /// The snapshot that was told last.
    pub(super) fn snapshot(&self) -> Arc<Snapshot> {
        Arc::clone(&self.state.read().snapshot)
    }

    /// What was told.
    pub(super) fn history(&self) -> History {
        self.state.read().history.clone()
    }

    /// Tells all readers another past than before.
    pub(super) fn tell_anew(&self, build: &str, history: History) {
        let snapshot = self.snapshot();
        let (event, json) = encode(&StreamEvent::History {
            build: build.to_owned(),
            snapshot: Box::new(Snapshot::clone(&snapshot)),
            history: history.clone(),
        });
        self.feed
            .push(event, &json, || self.state.write().history = history);
    }

    /// Tells a change to all readers.
    pub(super) fn tell(&self, snapshot: Snapshot, appended: History, keep_from: TimeMs) {
        let change = StreamEvent::Change {
            snapshot: Box::new(snapshot),
            appended,
        };
        let (event, json) = encode(&change);
        let StreamEvent::Change { snapshot, appended } = change else {
            return;
        };
        self.feed.push(event, &json, || {
            let mut state = self.state.write();
            state.snapshot = Arc::new(*snapshot);
            state.history.append(appended, keep_from);
        });
    }
}

/// The SSE event's name and the JSON of its data.
fn encode(event: &StreamEvent) -> (&'static str, String) {
    // Maps with keys that are no strings are the only thing that JSON cannot hold here; the model has none.
    let json = serde_json::to_string(event).unwrap_or_default();
    (event.name(), json)
}

impl Published {
    pub(super) fn new(boot: &str, cluster: Arc<Cluster>) -> Self {
        let overview = Arc::<RwLock<Arc<Overview>>>::default();
        let all = Arc::clone(&overview);
        let overview_feed = Feed::new(boot.to_owned(), move || {
            let overview = Overview::clone(&all.read());
            encode(&StreamEvent::Overview { overview })
        });
        Self {
            cluster,
            seats: RwLock::default(),
            overview,
            overview_feed: Arc::new(overview_feed),
            told_all: watch::Sender::new(false),
        }
    }

    /// Every kind was listed once or is known to be absent, and every seat was told of.
    pub fn ready(&self) -> bool {
        *self.told_all.borrow()
    }

    /// Ends once [`Published::ready`] is true.
    pub async fn until_ready(&self) {
        // The sender lives as long as `self`.
        let _ = self.told_all.subscribe().wait_for(|ready| *ready).await;
    }

    /// The publisher has told of every seat for the first time.
    pub(super) fn becomes_ready(&self) {
        self.told_all.send_replace(true);
    }

    /// The cluster's time now: the panel's clock corrected by the API server's `Date` header.
    pub fn now(&self) -> TimeMs {
        self.cluster.clock().now()
    }

    /// Whether the watches are alive.
    pub fn cluster(&self) -> SourceState {
        self.cluster.state()
    }

    /// `v1.35.4`, once the API server told.
    pub fn kubernetes(&self) -> Option<String> {
        self.cluster.kubernetes()
    }

    /// The newest snapshot of a workshop namespace; `None` if it is none.
    pub fn snapshot(&self, namespace: &str) -> Option<Arc<Snapshot>> {
        Some(self.seats.read().get(namespace)?.snapshot())
    }

    /// What was observed of a workshop namespace.
    pub fn history(&self, namespace: &str) -> Option<History> {
        let seats = self.seats.read();
        let state = seats.get(namespace)?.state.read();
        Some(state.history.clone())
    }

    /// The frames of a workshop namespace.
    pub fn feed(&self, namespace: &str) -> Option<Arc<Feed>> {
        Some(Arc::clone(&self.seats.read().get(namespace)?.feed))
    }

    /// All seats.
    pub fn overview(&self) -> Arc<Overview> {
        Arc::clone(&self.overview.read())
    }

    /// The overview's frames.
    pub fn overview_feed(&self) -> Option<Arc<Feed>> {
        Some(Arc::clone(&self.overview_feed))
    }

    pub(super) fn told(&self, namespace: &str) -> Option<Arc<Told>> {
        self.seats.read().get(namespace).map(Arc::clone)
    }

    pub(super) fn add(&self, namespace: &str, told: Told) {
        let mut seats = self.seats.write();
        seats.insert(namespace.to_owned(), Arc::new(told));
    }

    pub(super) fn keep_only(&self, is_seat: impl Fn(&str) -> bool) {
        self.seats.write().retain(|namespace, _| is_seat(namespace));
    }

    pub(super) fn tell_overview(&self, overview: Overview) {
        let event = StreamEvent::Overview { overview };
        let (name, json) = encode(&event);
        let StreamEvent::Overview { overview } = event else {
            return;
        };
        self.overview_feed.push(name, &json, || {
            *self.overview.write() = Arc::new(overview);
        });
    }
}
