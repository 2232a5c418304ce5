//! Whether the API server answers, which version it has, and what time it is there. Written by the probe, read by all
//! who read the cluster.

use std::sync::Arc;

use app::model::TimeMs;
use parking_lot::Mutex;
use tokio::sync::{Notify, watch};

use super::changes::Changes;
use super::clock::ClockSync;

/// The API server as the probe finds it.
pub(super) struct Reach {
    changes: Arc<Changes>,
    clock: Arc<ClockSync>,
    known: Mutex<Known>,
    reachable: watch::Sender<bool>,
    doubt: Notify,
}

#[derive(Default)]
struct Known {
    unreachable_since: Option<TimeMs>,
    kubernetes: Option<String>,
}

impl Reach {
    pub(super) fn new(changes: Arc<Changes>, clock: Arc<ClockSync>) -> Self {
        Self {
            changes,
            clock,
            known: Mutex::default(),
            reachable: watch::Sender::new(true),
            doubt: Notify::new(),
        }
    }

    /// `v1.35.4`, once the API server told.
    pub(super) fn kubernetes(&self) -> Option<String> {
        self.known.lock().kubernetes.clone()
    }

    /// Since when the API server does not answer.
    pub(super) fn unreachable_since(&self) -> Option<TimeMs> {
        self.known.lock().unreachable_since
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

    /// A watch broke: the API server should be asked.
    pub(super) fn doubt(&self) {
        self.doubt.notify_one();
    }

    /// Waits until a watch broke, so that the probe need not wait for its time.
    pub(super) async fn doubted(&self) {
        self.doubt.notified().await;
    }
}
