//! One pod of the workshop, as `kubectl get pods` and `kubectl top pods` would show it.

use serde::{Deserialize, Serialize};

use super::TimeMs;

/// What a pod is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PodRole {
    /// Serves the web app.
    App,
    /// Runs Locust.
    Load,
}

/// One pod.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PodState {
    pub name: String,
    pub role: PodRole,
    /// The word in kubectl's STATUS column: `Running`, `ContainerCreating`, `ImagePullBackOff`, `Terminating`, …
    pub status: String,
    /// Condition Ready is True.
    pub ready: bool,
    /// Has a deletion timestamp.
    pub terminating: bool,
    /// Restarts of all containers.
    pub restarts: u32,
    pub created: TimeMs,
    /// When the first container started, if one runs.
    pub started: Option<TimeMs>,
    pub node: Option<String>,
    /// Sum of the containers' CPU requests in milli-cores; `None` if a container has none.
    pub cpu_request_m: Option<i64>,
    /// Sum of the containers' CPU limits in milli-cores; `None` if a container has none.
    pub cpu_limit_m: Option<i64>,
    /// The newest sample of metrics-server; `None` is "no sample", never 0.
    pub cpu: Option<PodCpu>,
    /// Why it does not run, in the kubelet's or the scheduler's words.
    pub message: Option<String>,
    /// How a container ended before its last restart: `OOMKilled, exit code 137`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_end: Option<String>,
}

/// One sample of metrics.k8s.io for one pod.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct PodCpu {
    /// Milli-cores, rounded up as `Quantity.MilliValue` does.
    pub usage_m: i64,
    /// Working set in MiB.
    pub memory_mi: i64,
    /// The sample's own timestamp: the end of its window.
    pub time: TimeMs,
    /// Length of the window in milliseconds (about 15,000).
    pub window_ms: i64,
}
