//! Troubles, each with what the words need to name cause, cure and the object that shows it; and notices, which are none.

use serde::{Deserialize, Serialize};

use super::{TimeMs, Unwatched};

/// One trouble. The words stand in `words/findings.rs`, what decides in the server's `workshop/diagnose`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Finding {
    /// The API server does not answer.
    ClusterUnreachable { since: TimeMs },
    /// The panel does not see the namespace.
    NotWatched { why: Unwatched },
    /// There are Deployments, and none is recognised as the app.
    NotRecognised { deployments: Vec<String> },

    /// An image cannot be pulled.
    ImagePull {
        pod: String,
        image: String,
        message: String,
    },
    /// A ConfigMap or Secret that a pod needs, or a key of it, is not there.
    ConfigMissing {
        pod: String,
        /// `ConfigMap` or `Secret`.
        object: String,
        /// Empty if the kubelet does not tell it.
        name: String,
        message: String,
    },
    /// A container is killed because it needs more memory than its limit.
    OutOfMemory {
        pod: String,
        container: String,
        /// As the pod's spec has it: `256Mi`.
        limit: Option<String>,
        restarts: u32,
    },
    /// A container ends again and again.
    CrashLoop {
        pod: String,
        restarts: u32,
        /// It is the kubelet that ends it, because this probe fails: `liveness` or `startup`.
        probe: Option<String>,
    },
    /// A ResourceQuota (or another admission check) refuses pods.
    PodsRefused {
        asked: u32,
        existing: u32,
        message: String,
    },
    /// No node has room.
    Unschedulable { pods: u32, message: String },
    /// Containers run, and their pods are not ready.
    NotReady {
        pods: u32,
        /// The one that waits longest.
        pod: String,
        since: TimeMs,
        /// It was never ready since its container started.
        never: bool,
        /// What the kubelet says of the probe.
        message: String,
    },

    /// The cluster has no ScaledObjects.
    KedaAbsent,
    /// KEDA has not touched a ScaledObject since it was created.
    KedaIgnores { name: String, since: TimeMs },
    /// A deleted ScaledObject stays, because nobody takes KEDA's finalizer off it.
    FinalizerHangs { name: String, since: TimeMs },
    /// A ScaledObject scales a Deployment that is not there.
    TargetMissing { name: String, target: String },
    /// KEDA does not accept the ScaledObject.
    ScaledObjectNotReady { name: String, message: String },
    /// An annotation pauses the ScaledObject.
    ScaledObjectPaused { name: String, annotation: String },
    /// More than one HPA scales the app.
    TwoAutoscalers { names: Vec<String>, target: String },
    /// The Deployment was set to 0, which turns the HPA off.
    ScaledToZero { name: String },
    /// Somebody other than the HPA took replicas away.
    SetBack {
        name: String,
        from: u32,
        to: u32,
        at: TimeMs,
        /// The field manager of the newest write.
        by: String,
    },

    /// The cluster has no metrics API.
    MetricsAbsent,
    /// metrics-server does not answer.
    MetricsUnavailable { since: TimeMs },
    /// metrics-server takes its samples too seldom: the newest one's window, in milliseconds.
    MetricsLate { pod: String, window_ms: i64 },
    /// A container has no CPU request, so there is nothing to take a percentage of.
    NoCpuRequest { container: String, pod: String },
    /// The HPA has had no CPU value for longer than a start explains.
    NoCpuValue { since: TimeMs, message: String },

    /// Locust ended before it sent anything.
    LoadCannotStart {
        job: String,
        /// In Locust's words, where its log told.
        error: Option<String>,
        /// A variable that Kubernetes sets for a Service is taken for one of Locust's options.
        service_link: bool,
    },
    /// Every request of the load fails.
    LoadAllFails {
        job: String,
        requests: u64,
        /// In Locust's words, which it tells at its end only.
        error: Option<String>,
    },
    /// The Job counts as failed although the load ran.
    LoadFailedAfterRun {
        job: String,
        reason: String,
        requests: u64,
        failures: u64,
    },
    /// A load pod without its Job.
    LoadOrphaned { pod: String },
    /// The load should be over.
    LoadPastTime { job: String, ends: TimeMs },
    /// One pod works, older ones beside it do nothing.
    OneHotPod {
        pod: String,
        percent: u32,
        idle: u32,
    },
}

impl Finding {
    /// It keeps the app from getting ready, and pressing Deploy again may help.
    pub fn hinders_deploy(&self) -> bool {
        matches!(
            self,
            Self::ImagePull { .. }
                | Self::ConfigMissing { .. }
                | Self::OutOfMemory { .. }
                | Self::CrashLoop { .. }
                | Self::PodsRefused { .. }
                | Self::Unschedulable { .. }
                | Self::NotReady { .. }
        )
    }
}

/// What is in the namespace besides the workshop. No trouble, but nobody shall wonder whether it was seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Notice {
    /// Deployments that are not the app.
    Deployments { names: Vec<String>, app: String },
    /// The app's HPA was not made by KEDA.
    AutoscalerWithoutKeda { name: String },
    /// An HPA that scales something else.
    Autoscaler { name: String, target: String },
    /// Jobs that do not run Locust.
    Jobs { names: Vec<String> },
    /// Pods that are neither the app's nor a load's, nor of one of the others.
    Pods { names: Vec<String> },
}
