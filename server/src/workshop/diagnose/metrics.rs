//! The HPA gets no CPU values, or gets them late.

use app::model::{Explanation, Finding, SourceState};

use super::Symptoms;
use super::patience::Patience;
use crate::workshop::autoscaler::condition;

/// metrics-server may miss one poll, as when it is restarted.
const METRICS_LOST_MS: i64 = 10_000;

/// A sample usually covers 10 to 20 s, and 30 s when a scrape was missed.
const LATE_WINDOW_MS: i64 = 45_000;

/// What the HPA says of a container without a request (`pkg/controller/podautoscaler/replica_calculator.go`).
const NO_REQUEST: &str = "missing request for cpu in container ";

impl Symptoms<'_> {
    /// One finding at most: the first is the cause of the others.
    pub(super) fn of_metrics(&self, stopped: bool, patience: &mut Patience) -> Option<Finding> {
        match self.sources.metrics {
            SourceState::Absent => return Some(Finding::MetricsAbsent),
            SourceState::Lost { since } => {
                return patience
                    .from(since.plus_ms(METRICS_LOST_MS))
                    .then_some(Finding::MetricsUnavailable { since });
            }
            SourceState::Live | SourceState::Unwatched { .. } => {}
        }
        if stopped {
            return None;
        }
        self.no_request()
            .or_else(|| self.no_value())
            .or_else(|| self.late())
    }

    /// Certain at the HPA's first look, so there is nothing to wait for.
    fn no_request(&self) -> Option<Finding> {
        let active =
            condition(self.autoscaler?, "ScalingActive").filter(|c| c.status == "False")?;
        let (_, rest) = active.message.split_once(NO_REQUEST)?;
        let mut words = rest.split_whitespace();
        let container = words.next()?.to_owned();
        // `missing request for cpu in container a of Pod b`
        let pod = words.nth(2).unwrap_or_default().to_owned();
        Some(Finding::NoCpuRequest { container, pod })
    }

    fn no_value(&self) -> Option<Finding> {
        match self.explanation {
            Explanation::NoCpuValue { since, message } => Some(Finding::NoCpuValue {
                since: *since,
                message: message.clone(),
            }),
            _ => None,
        }
    }

    /// By the sample's own window: its age tells of wrong clocks, too.
    fn late(&self) -> Option<Finding> {
        let sampled = self.app().filter_map(|pod| Some((pod, pod.cpu?)));
        let (pod, sample) = sampled.max_by_key(|(_, sample)| sample.time)?;
        (sample.window_ms >= LATE_WINDOW_MS).then(|| Finding::MetricsLate {
            pod: pod.name.clone(),
            window_ms: sample.window_ms,
        })
    }
}
