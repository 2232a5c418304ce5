//! The `HorizontalPodAutoscaler`'s arithmetic and a load model, as pure functions of values.
//!
//! The simulator's controllers, the "why" sentences and the prediction in the browser call it.
//! It knows no clock, no Kubernetes client and no runtime: times come in as milliseconds.
//!
//! | module | upstream |
//! |---|---|
//! | [`replica_calculator`] | `pkg/controller/podautoscaler/replica_calculator.go` |
//! | [`normalize`] | the `normalize…`, `stabilize…` and `convert…` functions of `horizontal.go` there |
//! | [`metric`] | `computeReplicasForMetrics` and the `computeStatusFor…` functions there |
//! | [`unavailable`] | the errors of both, and of `metrics/client.go` |
//! | [`autoscaler`] | `reconcileAutoscaler` of `horizontal.go`, without its reads and writes |
//! | [`behavior`] | `pkg/apis/autoscaling/v2/defaults.go` |
//! | [`load`] | none: closed-loop users against CPU-limited pods |

pub mod autoscaler;
pub mod behavior;
pub mod cpu;
pub mod load;
pub mod metric;
pub mod normalize;
pub mod replica_calculator;
pub mod unavailable;

pub use autoscaler::{
    AmbiguousSelector, Autoscaler, Limits, Observation, Proposal, RescaleReason, Verdict,
};
pub use behavior::{Behavior, ScalingPolicy, ScalingRules, SelectPolicy};
pub use cpu::CpuMillis;
pub use metric::{Evaluation, Metric, MetricFailure, Outcome};
pub use normalize::{AbleToScale, ScalingLimited, scale_up_limit};
pub use replica_calculator::{desired_replicas, within_tolerance};

/// How often the HPA controller looks at each autoscaler, in milliseconds.
///
/// `--horizontal-pod-autoscaler-sync-period`, 15 s
/// (`pkg/controller/podautoscaler/config/v1alpha1/defaults.go`).
pub const SYNC_PERIOD_MS: i64 = 15_000;

/// How long recommendations are remembered before a scale-down where `behavior` does not say, in seconds.
///
/// `--horizontal-pod-autoscaler-downscale-stabilization`, 5 min (same file).
pub const DOWNSCALE_STABILIZATION_S: u32 = 300;

/// A ratio of usage to target this close to 1 changes nothing.
///
/// `--horizontal-pod-autoscaler-tolerance`, 0.1 (same file).
pub const TOLERANCE: f64 = 0.1;
