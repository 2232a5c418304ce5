//! The sources that the panel reads: whether each lives, and when it was heard last. Counted by `cluster/health.rs` and by
//! the watch of the seats' Secrets.

use std::time::SystemTime;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Labels {
    kind: &'static str,
}

/// Sources by kind.
#[derive(Clone, Debug)]
pub struct Watches {
    live: Family<Labels, Gauge>,
    heard: Family<Labels, Gauge>,
    restarts: Family<Labels, Counter>,
}

impl Watches {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let watches = Self {
            live: Family::default(),
            heard: Family::default(),
            restarts: Family::default(),
        };
        registry.register(
            "watch_live",
            "Watches of the kind that run: 0 if it is lost, absent or forbidden; a namespaced panel has one for each seat",
            watches.live.clone(),
        );
        registry.register_with_unit(
            "watch_heard_timestamp",
            "When the newest list or event of the kind came",
            Unit::Seconds,
            watches.heard.clone(),
        );
        registry.register(
            "watch_restarts",
            "Watches that broke and were begun anew",
            watches.restarts.clone(),
        );
        watches
    }

    /// A watch is begun for the first time. Its figures are there from then on, so that the first restart is an increase.
    pub fn begun(&self, kind: &'static str) {
        let _ = self.restarts.get_or_create(&Labels { kind });
        let _ = self.live.get_or_create(&Labels { kind });
    }

    /// A watch that did not run runs, or the other way round.
    pub fn turned(&self, kind: &'static str, before: bool, now: bool) {
        let live = self.live.get_or_create(&Labels { kind });
        match (before, now) {
            (false, true) => live.inc(),
            (true, false) => live.dec(),
            (true, true) | (false, false) => 0,
        };
    }

    /// A list or an event came.
    pub fn heard(&self, kind: &'static str) {
        // Before 1970 the clock is wrong, and so is the figure.
        let now = SystemTime::UNIX_EPOCH
            .elapsed()
            .unwrap_or_default()
            .as_secs();
        let now = i64::try_from(now).unwrap_or_default();
        self.heard.get_or_create(&Labels { kind }).set(now);
    }

    /// A watch broke and is begun anew.
    pub fn restarted(&self, kind: &'static str) {
        self.restarts.get_or_create(&Labels { kind }).inc();
    }
}
