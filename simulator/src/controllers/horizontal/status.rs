//! The status that one look leaves behind. Called by the HorizontalPodAutoscaler controller.

use autoscaling::replica_calculator::Calculation;
use autoscaling::{AbleToScale, Proposal};
use k8s_openapi::api::autoscaling::v2::{
    HorizontalPodAutoscaler, HorizontalPodAutoscalerCondition, HorizontalPodAutoscalerSpec,
    HorizontalPodAutoscalerStatus, MetricStatus, MetricValueStatus, ResourceMetricStatus,
};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;

use crate::clock::Clock;
use crate::controllers::queue::Key;
use crate::status::Result;
use crate::store::Store;

/// `averageUtilization` of the one metric, cpu of the whole pod.
pub(super) fn target_utilization(spec: &HorizontalPodAutoscalerSpec) -> Option<u32> {
    let [metric] = spec.metrics.as_deref()? else {
        return None;
    };
    let resource = metric.resource.as_ref()?;
    if metric.type_ != "Resource" || resource.name != "cpu" {
        return None;
    }
    u32::try_from(resource.target.average_utilization?).ok()
}

/// Collects the changes of one look and writes them together, as upstream does.
pub(super) struct StatusWriter {
    status: HorizontalPodAutoscalerStatus,
    clock: Clock,
}

impl StatusWriter {
    pub(super) fn new(hpa: &HorizontalPodAutoscaler, clock: Clock) -> Self {
        Self {
            status: hpa.status.clone().unwrap_or_default(),
            clock,
        }
    }

    /// `setCondition`: the time changes only with the status.
    pub(super) fn set(&mut self, kind: &str, status: bool, reason: &str, message: &str) {
        let status = if status { "True" } else { "False" };
        let now = self.clock.time();
        let conditions = self.status.conditions.get_or_insert_default();
        let index = conditions
            .iter()
            .position(|condition| condition.type_ == kind)
            .unwrap_or_else(|| {
                conditions.push(HorizontalPodAutoscalerCondition {
                    type_: kind.to_owned(),
                    ..HorizontalPodAutoscalerCondition::default()
                });
                conditions.len() - 1
            });
        let condition = &mut conditions[index];
        if condition.status != status {
            condition.last_transition_time = Some(now);
        }
        condition.status = status.to_owned();
        condition.reason = Some(reason.to_owned());
        condition.message = Some(message.to_owned());
    }

    pub(super) fn able_to_scale(&mut self, reason: AbleToScale) {
        self.set("AbleToScale", true, reason.reason(), &reason.message());
    }

    /// The conditions of a look that came to a result.
    pub(super) fn proposal(&mut self, proposal: &Proposal) {
        if proposal.calculation.is_some() {
            self.set(
                "ScalingActive",
                true,
                "ValidMetricFound",
                "the HPA was able to successfully calculate a replica count from cpu resource utilization (percentage of request)",
            );
        }
        self.able_to_scale(proposal.able_to_scale);
        if let Some((limited, status)) = proposal.scaling_limited {
            self.set(
                "ScalingLimited",
                status,
                limited.reason(),
                limited.message(),
            );
        }
    }

    pub(super) fn current(&mut self, current: i32) {
        self.status.current_replicas = Some(current);
    }

    /// `setStatus` after a look that came to a result.
    pub(super) fn scaled(
        &mut self,
        current: i32,
        desired: i32,
        calculation: Option<&Calculation>,
        rescaled: bool,
    ) {
        self.current(current);
        self.status.desired_replicas = desired;
        self.status.current_metrics = calculation.map(|calculation| {
            vec![MetricStatus {
                type_: "Resource".to_owned(),
                resource: Some(ResourceMetricStatus {
                    name: "cpu".to_owned(),
                    current: MetricValueStatus {
                        average_utilization: i32::try_from(calculation.utilization).ok(),
                        average_value: Some(Quantity(calculation.average.to_string())),
                        value: None,
                    },
                }),
                ..MetricStatus::default()
            }]
        });
        if rescaled {
            self.status.last_scale_time = Some(self.clock.time());
        }
    }

    /// After a look without a value: one empty entry, and the desired number stays.
    pub(super) fn metrics_failed(&mut self, current: i32) {
        self.current(current);
        self.status.current_metrics = Some(vec![MetricStatus::default()]);
    }

    pub(super) fn write(self, store: &Store, key: &Key) -> Result<()> {
        store.modify::<HorizontalPodAutoscaler>(&key.namespace, &key.name, |hpa| {
            hpa.status = Some(self.status.clone());
        })?;
        Ok(())
    }
}
