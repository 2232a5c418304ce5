//! The HorizontalPodAutoscaler as its status tells it.

use serde::{Deserialize, Serialize};

use super::TimeMs;

/// `--horizontal-pod-autoscaler-sync-period` of kube-controller-manager, its default.
const SYNC_PERIOD_MS: i64 = 15_000;

/// `spec` and `status` of the HPA that scales the app.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AutoscalerState {
    pub name: String,
    pub created: TimeMs,
    /// A ScaledObject owns it.
    #[serde(default)]
    pub made_by_keda: bool,
    pub min_replicas: u32,
    pub max_replicas: u32,
    /// Target utilisation in percent of the request; `None` if the HPA has no CPU utilisation metric.
    pub target_percent: Option<u32>,
    /// `status.currentReplicas`: what the Deployment was asked for when the HPA last looked.
    pub current_replicas: Option<u32>,
    /// `status.desiredReplicas`: already limited by min, max and rate.
    pub desired_replicas: u32,
    /// Integer percent, truncated, as the HPA reports it; `None` while it has no value.
    pub utilization_percent: Option<u32>,
    pub conditions: Vec<Condition>,
    pub rules: ScalingRules,
    /// When the panel last saw the HPA's status change; the phase of the looks is learned from these.
    pub last_look: Option<TimeMs>,
    /// The next expected look, if the phase is known.
    pub next_look: Option<TimeMs>,
    /// Message of the newest `SuccessfulRescale` event, word for word.
    pub last_rescale_message: Option<String>,
}

impl AutoscalerState {
    /// The first expected look after `now`: a namespace in which nothing changes is told nothing, and the HPA looks on.
    pub fn look_after(&self, now: TimeMs) -> Option<TimeMs> {
        let next = self.next_look?;
        let past = (now.0 - next.0).div_euclid(SYNC_PERIOD_MS) + 1;
        Some(next.plus_ms(past * SYNC_PERIOD_MS))
    }
}

/// One condition of a Kubernetes object's status.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Condition {
    #[serde(rename = "type")]
    pub type_: String,
    /// `True`, `False` or `Unknown`.
    pub status: String,
    pub reason: String,
    pub message: String,
}

/// What the live `behavior` allows. Policies other than the usual ones are summed up here by the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScalingRules {
    /// `spec.behavior` is set; otherwise the older limit `max(2 × replicas, 4)` counts.
    pub behavior_set: bool,
    /// Scale-down stabilisation window in seconds.
    pub down_window_s: u32,
    /// Most pods added in 15 s (policy `Pods`), 4 by default.
    pub up_pods: u32,
    /// Most growth in 15 s in percent (policy `Percent`), 100 by default.
    pub up_percent: u32,
    /// The policies on the way up are of another shape than `Pods` and `Percent` in 15 s, the larger one counting.
    #[serde(default)]
    pub up_unusual: bool,
    /// The policies on the way down let all pods go at once, as by default.
    #[serde(default = "yes")]
    pub down_at_once: bool,
}

/// What holds for records of the time before a field.
fn yes() -> bool {
    true
}
