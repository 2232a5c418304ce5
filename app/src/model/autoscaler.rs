//! The HorizontalPodAutoscaler as its status tells it.

use serde::{Deserialize, Serialize};

use super::TimeMs;

/// `spec` and `status` of the HPA that scales the app.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AutoscalerState {
    pub name: String,
    pub created: TimeMs,
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
    /// `status.lastScaleTime`.
    pub last_scale_time: Option<TimeMs>,
    pub conditions: Vec<Condition>,
    pub rules: ScalingRules,
    /// When the panel last saw the HPA's status change; the phase of the looks is learned from these.
    pub last_look: Option<TimeMs>,
    /// The next expected look, if the phase is known.
    pub next_look: Option<TimeMs>,
    /// Message of the newest `SuccessfulRescale` event, word for word.
    pub last_rescale_message: Option<String>,
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
}
