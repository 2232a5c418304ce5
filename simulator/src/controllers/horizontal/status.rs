//! The status that one look leaves behind. Called by the HorizontalPodAutoscaler controller.

use autoscaling::replica_calculator::{MetricCalculation, MilliValue};
use autoscaling::{AbleToScale, Outcome, Proposal};
use k8s_openapi::api::autoscaling::v2::{
    ContainerResourceMetricStatus, HorizontalPodAutoscaler, HorizontalPodAutoscalerCondition,
    HorizontalPodAutoscalerStatus, MetricSpec, MetricStatus, MetricValueStatus,
    ResourceMetricStatus,
};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;

use crate::clock::Clock;
use crate::controllers::queue::Key;
use crate::status::Result;
use crate::store::Store;

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
        if let Some(Outcome::Wanted { metric, .. }) = proposal
            .evaluation
            .as_ref()
            .map(|evaluation| &evaluation.outcome)
        {
            self.set(
                "ScalingActive",
                true,
                "ValidMetricFound",
                &format!(
                    "the HPA was able to successfully calculate a replica count from {metric}"
                ),
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

    /// `setCurrentReplicasAndMetricsInStatus`: the desired number stays.
    pub(super) fn current(&mut self, current: i32, metrics: Option<Vec<MetricStatus>>) {
        // Go leaves a zero out.
        self.status.current_replicas = (current != 0).then_some(current);
        self.status.current_metrics = metrics;
    }

    /// `setStatus` after a look that came to a result.
    pub(super) fn scaled(
        &mut self,
        current: i32,
        desired: i32,
        metrics: Option<Vec<MetricStatus>>,
        rescaled: bool,
    ) {
        self.current(current, metrics);
        self.status.desired_replicas = desired;
        if rescaled {
            self.status.last_scale_time = Some(self.clock.time());
        }
    }

    pub(super) fn write(self, store: &Store, key: &Key) -> Result<()> {
        store.modify::<HorizontalPodAutoscaler>(&key.namespace, &key.name, |hpa| {
            hpa.status = Some(self.status.clone());
        })?;
        Ok(())
    }
}

/// `status.currentMetrics`: an empty entry for each metric without a value.
pub(super) fn metrics(
    specs: &[MetricSpec],
    calculations: &[Option<MetricCalculation>],
) -> Vec<MetricStatus> {
    let entry = |(spec, calculation): (&MetricSpec, &Option<MetricCalculation>)| {
        let Some(calculation) = calculation else {
            return MetricStatus::default();
        };
        let current = |resource: &str| MetricValueStatus {
            average_utilization: calculation
                .utilization
                .map(|percent| i32::try_from(percent).unwrap_or(i32::MAX)),
            average_value: Some(quantity(resource, calculation.average)),
            value: None,
        };
        MetricStatus {
            type_: spec.type_.clone(),
            resource: spec.resource.as_ref().map(|source| ResourceMetricStatus {
                name: source.name.clone(),
                current: current(&source.name),
            }),
            container_resource: spec.container_resource.as_ref().map(|source| {
                ContainerResourceMetricStatus {
                    name: source.name.clone(),
                    container: source.container.clone(),
                    current: current(&source.name),
                }
            }),
            ..MetricStatus::default()
        }
    };
    specs.iter().zip(calculations).map(entry).collect()
}

/// A mean as 1.35.4 writes it: CPU in thousandths, memory in the largest binary unit that is exact, or in thousandths
/// of a byte where it is not a whole number of bytes.
fn quantity(resource: &str, amount: MilliValue) -> Quantity {
    if resource == "cpu" || amount.0 % 1000 != 0 {
        return Quantity(amount.to_string());
    }
    let mut bytes = amount.0 / 1000;
    let mut units = ["", "Ki", "Mi", "Gi", "Ti"].into_iter();
    let mut unit = units.next().unwrap_or_default();
    while bytes != 0 && bytes % 1024 == 0 {
        let Some(larger) = units.next() else { break };
        bytes /= 1024;
        unit = larger;
    }
    Quantity(format!("{bytes}{unit}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use autoscaling::CpuMillis;

    #[test]
    fn means_are_written_as_the_recorded_cluster_writes_them() {
        for (resource, millis, text) in [
            ("cpu", 2, "2m"),
            ("memory", 52_165_290_666, "52165290666m"),
            ("memory", 50_788 * 1024 * 1000, "50788Ki"),
            ("memory", 40 * 1024 * 1024 * 1000, "40Mi"),
            ("memory", 7_000, "7"),
        ] {
            assert_eq!(quantity(resource, CpuMillis(millis)).0, text);
        }
    }
}
