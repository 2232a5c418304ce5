//! Troubles, each with what the words need to name cause and cure.

use serde::{Deserialize, Serialize};

use super::{TimeMs, Unwatched};

/// One trouble. The words stand in `words.rs`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Finding {
    /// The API server does not answer.
    ClusterUnreachable { since: TimeMs },
    /// The panel does not see the namespace.
    NotWatched { why: Unwatched },
    /// The cluster has no ScaledObjects.
    KedaAbsent,
    /// The cluster has no metrics API.
    MetricsAbsent,
    /// metrics-server does not answer.
    MetricsUnavailable { since: TimeMs },
    /// An image cannot be pulled.
    ImagePull {
        pod: String,
        image: String,
        message: String,
    },
    /// A container ends again and again.
    CrashLoop { pod: String, restarts: u32 },
    /// A ResourceQuota (or another admission check) refuses pods.
    PodsRefused {
        asked: u32,
        existing: u32,
        message: String,
    },
    /// No node has room.
    Unschedulable { pods: u32, message: String },
    /// KEDA does not accept the ScaledObject.
    ScaledObjectNotReady { name: String, message: String },
    /// The HPA has had no CPU value for longer than a start explains.
    NoCpuValue { since: TimeMs, message: String },
}
