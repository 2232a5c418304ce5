//! The kinds that `k8s-openapi` has not. For the simulator's own use and for tests; not a public KEDA client.

mod metrics;
mod scaled_object;

pub use metrics::{ContainerMetrics, NodeMetrics, PodMetrics};
pub use scaled_object::{
    Advanced, HorizontalPodAutoscalerConfig, ScaleTarget, ScaledObject, ScaledObjectCondition,
    ScaledObjectSpec, ScaledObjectStatus, Trigger,
};
