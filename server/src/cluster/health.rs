//! What is known of each source of one scope: each watched kind, the metrics API. Written by the tasks that read them,
//! read by the publisher. Each change is logged here, once.

use std::collections::BTreeMap;
use std::sync::Arc;

use app::model::{SourceState, Sources, TimeMs, Unwatched};
use parking_lot::Mutex;

use super::changes::Changes;
use super::reach::Reach;
use super::scope::Scope;
use crate::telemetry::Watches;

/// The namespaces' own kind: without it nothing of the workshop can be seen.
pub(super) const NAMESPACE: &str = "Namespace";
pub(super) const DEPLOYMENT: &str = "Deployment";
pub(super) const POD: &str = "Pod";
pub(super) const AUTOSCALER: &str = "HorizontalPodAutoscaler";
pub(super) const SCALED_OBJECT: &str = "ScaledObject";

/// The kind of metrics.k8s.io, which is polled.
const POD_METRICS: &str = "PodMetrics";

/// What the chart is drawn from. Every cluster has these, so one that cannot be read is forbidden; a picture without it
/// would be wrong, and one without the others is only poorer.
const ESSENTIAL: [&str; 4] = [NAMESPACE, DEPLOYMENT, POD, AUTOSCALER];

/// The state of all sources of one scope.
pub(super) struct Health {
    scope: Scope,
    changes: Arc<Changes>,
    reach: Arc<Reach>,
    /// When the reading began: a source that was not read yet counts as lost since then.
    began: TimeMs,
    known: Mutex<Known>,
    watches: Watches,
}

#[derive(Default)]
struct Known {
    /// `None` until it was listed or refused for the first time.
    kinds: BTreeMap<&'static str, Option<SourceState>>,
    /// `None` until it was polled for the first time.
    metrics: Option<SourceState>,
}

impl Health {
    pub(super) fn new(
        scope: Scope,
        changes: Arc<Changes>,
        reach: Arc<Reach>,
        watches: Watches,
    ) -> Self {
        Self {
            scope,
            changes,
            began: reach.now(),
            reach,
            known: Mutex::default(),
            watches,
        }
    }

    /// Whether the API server answers.
    pub(super) fn reach(&self) -> &Arc<Reach> {
        &self.reach
    }

    /// Every kind was listed or refused once, and the namespaces, if they are read here, are known.
    pub(super) fn ready(&self) -> bool {
        let known = self.known.lock();
        known.kinds.iter().all(|(kind, state)| match state {
            Some(SourceState::Lost { .. }) => *kind != NAMESPACE,
            Some(_) => true,
            None => false,
        })
    }

    /// The watches, the metrics and KEDA as the pages show them.
    pub(super) fn sources(&self) -> Sources {
        let known = self.known.lock();
        let unread = SourceState::Lost { since: self.began };
        let cluster = match self.reach.unreachable_since() {
            Some(since) => SourceState::Lost { since },
            None => known.cluster(&self.scope, self.began),
        };
        if matches!(cluster, SourceState::Unwatched { .. }) {
            // Whoever may not read pods is told 403 for the others, too: no sign that they are missing.
            return Sources::all(cluster);
        }
        let keda = known.kinds.get(SCALED_OBJECT).copied().flatten();
        Sources {
            cluster,
            metrics: known.metrics.unwrap_or(unread),
            keda: keda.unwrap_or(unread),
        }
    }

    /// A kind will be watched.
    pub(super) fn expect(&self, kind: &'static str) {
        self.known.lock().kinds.insert(kind, None);
        self.watches.begun(kind);
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
            let namespace = self.scope.namespace();
            tracing::info!(kind, namespace, "the watch is back");
        }
    }

    /// The API of a kind is not there, or the panel may not read it.
    pub(super) fn absent(&self, kind: &'static str, error: &(dyn std::error::Error + 'static)) {
        if self.set(kind, |_| SourceState::Absent) != Some(SourceState::Absent) {
            tracing::warn!(
                kind,
                namespace = self.scope.namespace(),
                error,
                "the kind cannot be watched: absent or forbidden"
            );
        }
    }

    /// The watch of a kind broke.
    pub(super) fn broken(&self, kind: &'static str, error: &(dyn std::error::Error + 'static)) {
        self.restarted(kind);
        let since = self.reach.now();
        let lost = |before| match before {
            Some(SourceState::Lost { since }) => SourceState::Lost { since },
            _ => SourceState::Lost { since },
        };
        if !matches!(self.set(kind, lost), Some(SourceState::Lost { .. })) {
            let namespace = self.scope.namespace();
            tracing::warn!(kind, namespace, error, "the watch broke");
        }
        self.reach.doubt();
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
        self.told(kind, before, state);
        if before != Some(state) {
            self.scope.mark(&self.changes);
        }
        before
    }

    fn told(&self, kind: &'static str, before: Option<SourceState>, now: SourceState) {
        let live = |state| state == SourceState::Live;
        self.watches
            .turned(kind, before.is_some_and(live), live(now));
    }

    /// The metrics API answered, or did not.
    pub(super) fn metrics(&self, state: SourceState) {
        let mut known = self.known.lock();
        let before = known.metrics.replace(state);
        drop(known);
        self.told(POD_METRICS, before, state);
        if state == SourceState::Live {
            self.heard(POD_METRICS);
        }
        if before == Some(state) {
            return;
        }
        self.scope.mark(&self.changes);
        let namespace = self.scope.namespace();
        match state {
            SourceState::Live if before.is_some() => {
                tracing::info!(namespace, "the metrics API is back");
            }
            SourceState::Absent => {
                tracing::warn!(namespace, "the metrics API is absent or forbidden");
            }
            SourceState::Live | SourceState::Lost { .. } | SourceState::Unwatched { .. } => {}
        }
    }

    /// Since when the metrics API does not answer.
    pub(super) fn metrics_lost_since(&self) -> Option<TimeMs> {
        match self.known.lock().metrics {
            Some(SourceState::Lost { since }) => Some(since),
            _ => None,
        }
    }
}

impl Drop for Health {
    /// A seat that is gone is watched no more.
    fn drop(&mut self) {
        let known = self.known.get_mut();
        let live = |state: Option<SourceState>| state == Some(SourceState::Live);
        for (kind, state) in &known.kinds {
            self.watches.turned(kind, live(*state), false);
        }
        self.watches.turned(POD_METRICS, live(known.metrics), false);
    }
}

impl Known {
    fn cluster(&self, scope: &Scope, began: TimeMs) -> SourceState {
        let forbidden = |kind: &&str| self.kinds.get(kind) == Some(&Some(SourceState::Absent));
        if ESSENTIAL.iter().any(forbidden) {
            let why = match scope {
                Scope::Cluster => Unwatched::NoClusterRole,
                Scope::Namespace(_) => Unwatched::NoRole,
            };
            return SourceState::Unwatched { why };
        }
        let lost = self.kinds.values().filter_map(|state| match state {
            Some(SourceState::Lost { since }) => Some(*since),
            Some(_) => None,
            None => Some(began),
        });
        lost.min()
            .map_or(SourceState::Live, |since| SourceState::Lost { since })
    }
}

#[cfg(test)]
mod tests {
    use super::super::clock::ClockSync;
    use super::*;

    fn mk_health(scope: Scope) -> Health {
        let changes = Arc::<Changes>::default();
        let clock = Arc::<ClockSync>::default();
        let reach = Arc::new(Reach::new(Arc::clone(&changes), clock));
        let watches = crate::telemetry::Telemetry::new("").watches;
        let health = Health::new(scope, changes, reach, watches);
        for kind in [DEPLOYMENT, POD, SCALED_OBJECT, "Event"] {
            health.expect(kind);
        }
        health
    }

    fn refuse(health: &Health, kind: &'static str) {
        health.absent(kind, &std::fmt::Error);
    }

    #[tokio::test]
    async fn missing_right_to_what_the_chart_needs_makes_all_unknown() {
        let health = mk_health(Scope::Namespace("seat".to_owned()));
        for kind in [DEPLOYMENT, SCALED_OBJECT, "Event"] {
            health.live(kind);
        }
        assert!(!health.ready());
        refuse(&health, POD);
        health.metrics(SourceState::Absent);
        assert!(health.ready(), "what is refused is known");
        let why = Unwatched::NoRole;
        assert_eq!(
            health.sources(),
            Sources::all(SourceState::Unwatched { why })
        );
        health.live(POD);
        assert_eq!(health.sources().cluster, SourceState::Live);
    }

    #[tokio::test]
    async fn missing_right_to_something_else_leaves_the_rest_alive() {
        let health = mk_health(Scope::Cluster);
        for kind in [DEPLOYMENT, POD] {
            health.live(kind);
        }
        refuse(&health, SCALED_OBJECT);
        refuse(&health, "Event");
        health.metrics(SourceState::Live);
        assert!(health.ready());
        let sources = health.sources();
        assert_eq!(sources.cluster, SourceState::Live);
        assert_eq!(sources.keda, SourceState::Absent);
        assert_eq!(sources.metrics, SourceState::Live);
    }

    #[tokio::test]
    async fn one_kind_that_is_lost_loses_its_scope() {
        let health = mk_health(Scope::Cluster);
        for kind in [DEPLOYMENT, POD, SCALED_OBJECT, "Event"] {
            health.live(kind);
        }
        health.broken("Event", &std::fmt::Error);
        let lost = health.sources().cluster;
        assert!(matches!(lost, SourceState::Lost { .. }), "{lost:?}");
        assert!(health.ready(), "what is known can still be shown");
    }
}
