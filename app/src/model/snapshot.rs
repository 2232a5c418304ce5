//! The state of one namespace now.

use serde::{Deserialize, Serialize};

use super::{AutoscalerState, Explanation, Finding, LoadState, Notice, PodRole, PodState, TimeMs};

/// One namespace as the cluster's objects tell it, made by `server/src/workshop/snapshot.rs`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    pub namespace: String,
    /// When it was made.
    pub time: TimeMs,
    pub phase: Phase,
    pub deployment: Option<DeploymentState>,
    pub service: Option<ServiceState>,
    pub scaled_object: Option<ScaledObjectState>,
    pub autoscaler: Option<AutoscalerState>,
    /// The app's and the load's pods, oldest first.
    pub pods: Vec<PodState>,
    /// The newest load, also for a while after it ended.
    pub load: Option<LoadState>,
    pub explanation: Explanation,
    /// Troubles, most important first.
    pub findings: Vec<Finding>,
    /// What is in the namespace besides the workshop.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notices: Vec<Notice>,
    pub sources: Sources,
}

impl Snapshot {
    /// The app's pods that can serve and are not on their way out.
    pub fn ready(&self) -> u32 {
        let ready = |p: &&PodState| p.role == PodRole::App && p.ready && !p.terminating;
        self.pods.iter().filter(ready).count() as u32
    }

    /// The app's pods that exist and are not on their way out.
    pub fn existing(&self) -> u32 {
        let exists = |p: &&PodState| p.role == PodRole::App && !p.terminating;
        self.pods.iter().filter(exists).count() as u32
    }

    /// Deployment `spec.replicas`, 0 without a Deployment.
    pub fn asked(&self) -> u32 {
        self.deployment.as_ref().map_or(0, |d| d.asked)
    }
}

/// Where a seat stands, the same words on the page and in the instructor's table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// The panel does not see the namespace.
    NotWatched,
    NotStarted,
    Deploying,
    WaitingForCpu,
    Ready,
    LoadOn,
    ScalingUp,
    AtMaximum,
    Settled,
    WaitingToScaleDown,
    BackToOne,
    Removing,
    CleanedUp,
}

/// Who made an object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    /// The first field manager, `kubectl` for `kubectl-client-side-apply` and the like.
    pub manager: String,
    /// The panel made it.
    pub own: bool,
}

/// The app's Deployment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeploymentState {
    pub name: String,
    pub owner: Owner,
    pub created: TimeMs,
    /// `spec.replicas`: what was asked for.
    pub asked: u32,
    pub terminating: bool,
    pub image: String,
    /// `n` is a setting of the load, but the request and limit are the app's: milli-cores of one pod.
    pub cpu_request_m: Option<i64>,
    pub cpu_limit_m: Option<i64>,
    /// The same of memory, in MiB.
    pub memory_request_mi: Option<i64>,
    pub memory_limit_mi: Option<i64>,
}

/// The app's Service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceState {
    pub name: String,
    pub owner: Owner,
    pub terminating: bool,
}

/// The ScaledObject that targets the app.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScaledObjectState {
    pub name: String,
    pub owner: Owner,
    pub terminating: bool,
    pub created: TimeMs,
    /// `status.hpaName`.
    pub hpa_name: Option<String>,
    /// Condition Ready; `None` while it is Unknown.
    pub ready: Option<bool>,
    /// Message of condition Ready when it is False.
    pub message: Option<String>,
    pub paused: bool,
    /// `spec.pollingInterval`, s; `None` where KEDA's own 30 s hold.
    pub polling_interval_s: Option<u32>,
    /// `spec.cooldownPeriod`, s; `None` where KEDA's own 300 s hold.
    pub cooldown_period_s: Option<u32>,
}

/// Where the figures come from, and whether they still come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sources {
    /// The watches on the API server.
    pub cluster: SourceState,
    /// metrics.k8s.io.
    pub metrics: SourceState,
    /// keda.sh: `Absent` when the API has no ScaledObjects.
    pub keda: SourceState,
}

impl Sources {
    /// All sources in the same state.
    pub fn all(state: SourceState) -> Self {
        Self {
            cluster: state,
            metrics: state,
            keda: state,
        }
    }
}

/// The state of one source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SourceState {
    Live,
    /// It answered before, and does not since then.
    Lost {
        since: TimeMs,
    },
    /// The API is not there (404), or the panel may not read it (403).
    Absent,
    /// The panel does not see the namespace at all: what is there is unknown.
    Unwatched {
        why: Unwatched,
    },
}

/// Why the panel does not see a namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unwatched {
    /// Its account may not read the cluster.
    NoClusterRole,
    /// Its account has no Role to read this namespace with.
    NoRole,
    /// It watches `most` seats one by one, and this is one more.
    TooMany { most: u32 },
}
