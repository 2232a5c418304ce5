//! What is known of each source: the API server, each watched kind, the metrics API. Written by the tasks that read
//! them, read by the publisher. Each change is logged here, once.

use std::collections::BTreeMap;
use std::sync::Arc;

use app::model::{SourceState, Sources, TimeMs};
use parking_lot::Mutex;
use tokio::sync::{Notify, watch};

use super::SCALED_OBJECT;
use super::changes::Changes;
use super::clock::ClockSync;
use crate::telemetry::Watches;

/// The namespaces' own kind: without it nothing of the workshop can be seen.
pub(super) const NAMESPACE: &str = "Namespace";

/// The kind of metrics.k8s.io, which is polled.
const POD_METRICS: &str = "PodMetrics";

/// The state of all sources.
pub struct Health {
    changes: Arc<Changes>,
    clock: Arc<ClockSync>,
    known: Mutex<Known>,
    reachable: watch::Sender<bool>,
    doubt: Notify,
    watches: Watches,
}

#[derive(Default)]
struct Known {
    /// `None` until it was listed or refused for the first time.
    kinds: BTreeMap<&'static str, Option<SourceState>>,
    /// `None` until it was polled for the first time.
    metrics: Option<SourceState>,
    unreachable_since: Option<TimeMs>,
    kubernetes: Option<String>,
    was_ready: bool,
}

impl Health {
    pub(super) fn new(changes: Arc<Changes>, clock: Arc<ClockSync>, watches: Watches) -> Self {
        Self {
            changes,
            clock,
            known: Mutex::default(),
            reachable: watch::Sender::new(true),
            doubt: Notify::new(),
            watches,
        }
    }

    /// Every kind was listed or refused once, and the namespaces are known. It stays true while the API server is away.
    pub fn ready(&self) -> bool {
        let mut known = self.known.lock();
        let seen = |state: &Option<SourceState>| state.is_some();
        if known.kinds.values().all(seen)
            && matches!(
                known.kinds.get(NAMESPACE),
                Some(Some(SourceState::Live | SourceState::Absent))
            )
        {
            known.was_ready = true;
        }
        known.was_ready
    }

    /// `v1.35.4`, once the API server told.
    pub fn kubernetes(&self) -> Option<String> {
        self.known.lock().kubernetes.clone()
    }

    /// The watches, the metrics and KEDA as the pages show them. A source that was not read yet counts as lost since
    /// `since`, the start.
    pub fn sources(&self, since: TimeMs) -> Sources {
        let known = self.known.lock();
        let unread = SourceState::Lost { since };
        Sources {
            cluster: known.cluster(unread),
            metrics: known.metrics.unwrap_or(unread),
            keda: known
                .kinds
                .get(SCALED_OBJECT)
                .copied()
                .flatten()
                .unwrap_or(unread),
        }
    }

    /// A kind will be watched.
    pub(super) fn expect(&self, kind: &'static str) {
        self.known.lock().kinds.insert(kind, None);
        self.watches.begun(kind);
        self.watches.live(kind, false);
    }

    /// A list or an event of a kind came.
    pub(super) fn heard(&self, kind: &'static str) {
        self.watches.heard(kind);
    }

    /// A watch is begun anew.
    pub(super) fn restarted(&self, kind: &'static str) {
        self.watches.restarted(kind);
    }

    /// A kind was listed completely, and its watch runs.
    pub(super) fn live(&self, kind: &'static str) {
        let before = self.set(kind, |_| SourceState::Live);
        if matches!(before, Some(SourceState::Lost { .. } | SourceState::Absent)) {
            tracing::info!(kind, "the watch is back");
        }
    }

    /// The API of a kind is not there, or the panel may not read it.
    pub(super) fn absent(&self, kind: &'static str, error: &(dyn std::error::Error + 'static)) {
        if self.set(kind, |_| SourceState::Absent) != Some(SourceState::Absent) {
            tracing::warn!(
                kind,
                error,
                "the kind cannot be watched: absent or forbidden"
            );
        }
    }

    /// The watch of a kind broke.
    pub(super) fn broken(&self, kind: &'static str, error: &(dyn std::error::Error + 'static)) {
        self.restarted(kind);
        let since = self.now();
        let lost = |before| match before {
            Some(SourceState::Lost { since }) => SourceState::Lost { since },
            _ => SourceState::Lost { since },
        };
        if !matches!(self.set(kind, lost), Some(SourceState::Lost { .. })) {
            tracing::warn!(kind, error, "the watch broke");
        }
        self.doubt.notify_one();
    }

    fn set(
        &self,
        kind: &'static str,
        state: impl FnOnce(Option<SourceState>) -> SourceState,
    ) -> Option<SourceState> {
        let mut known = self.known.lock();
        let slot = known.kinds.entry(kind).or_default();
        let before = *slot;
        let state = state(before);
        *slot = Some(state);
        drop(known);
        self.watches.live(kind, state == SourceState::Live);
        if before != Some(state) {
            self.changes.mark_all();
        }
        before
    }

    /// The metrics API answered, or did not.
    pub(super) fn metrics(&self, state: SourceState) {
        let mut known = self.known.lock();
        let before = known.metrics.replace(state);
        drop(known);
        self.watches.live(POD_METRICS, state == SourceState::Live);
        if state == SourceState::Live {
            self.heard(POD_METRICS);
        }
        if before == Some(state) {
            return;
        }
        self.changes.mark_all();
        match state {
            SourceState::Live if before.is_some() => tracing::info!("the metrics API is back"),
            SourceState::Live => {}
            SourceState::Absent => tracing::warn!("the metrics API is absent or forbidden"),
            SourceState::Lost { .. } => {}
        }
    }

    /// Since when the metrics API does not answer.
    pub(super) fn metrics_lost_since(&self) -> Option<TimeMs> {
        match self.known.lock().metrics {
            Some(SourceState::Lost { since }) => Some(since),
            _ => None,
        }
    }

    /// The cluster's time now.
    pub(super) fn now(&self) -> TimeMs {
        self.clock.clock().now()
    }

    /// The API server answered with this version.
    pub(super) fn reached(&self, kubernetes: Option<String>) {
        let mut known = self.known.lock();
        if kubernetes.is_some() {
            known.kubernetes = kubernetes;
        }
        let back = known.unreachable_since.take().is_some();
        drop(known);
        if back {
            tracing::info!("the API server answers again");
            self.reachable.send_replace(true);
            self.changes.mark_all();
        }
    }

    /// The API server did not answer.
    pub(super) fn unreached(&self, error: &(dyn std::error::Error + 'static)) {
        let mut known = self.known.lock();
        if known.unreachable_since.is_some() {
            return;
        }
        known.unreachable_since = Some(self.now());
        drop(known);
        tracing::warn!(error, "the API server does not answer");
        self.reachable.send_replace(false);
        self.changes.mark_all();
    }

    /// Tells when the API server was lost and came back.
    pub(super) fn reachable(&self) -> watch::Receiver<bool> {
        self.reachable.subscribe()
    }

    /// Waits until a watch broke, so that the probe need not wait for its time.
    pub(super) async fn doubted(&self) {
        self.doubt.notified().await;
    }
}

impl Known {
    fn cluster(&self, unread: SourceState) -> SourceState {
        if let Some(since) = self.unreachable_since {
            return SourceState::Lost { since };
        }
        if self.kinds.get(NAMESPACE) == Some(&Some(SourceState::Absent)) {
            return SourceState::Absent;
        }
        let lost = self.kinds.values().filter_map(|state| match state {
            Some(SourceState::Lost { since }) => Some(*since),
            Some(SourceState::Live | SourceState::Absent) => None,
            None => match unread {
                SourceState::Lost { since } => Some(since),
                SourceState::Live | SourceState::Absent => None,
            },
        });
        lost.min()
            .map_or(SourceState::Live, |since| SourceState::Lost { since })
    }
}
