//! The metrics of one autoscaler: what each asks for, which counts, and what it means when some give no value.
//!
//! Follows `computeReplicasForMetrics` and the `computeStatusFor…` functions of upstream's
//! `pkg/controller/podautoscaler/horizontal.go`. Called by [`crate::autoscaler`]; pure.

use crate::replica_calculator::{
    MetricCalculation, PodState, ResourceKind, Target, Tolerances, metric_replicas,
};
use crate::unavailable::Unavailable;

/// One entry of `spec.metrics` that the resource metrics API answers, with what it answered.
#[derive(Clone, Debug)]
pub struct Metric<'a> {
    /// `cpu` or `memory`.
    pub resource: &'a str,
    /// The container of a `ContainerResource` metric; `None` is the whole pod, a `Resource` metric.
    pub container: Option<&'a str>,
    /// `None` where the entry sets neither an average value nor a utilisation.
    pub target: Option<Target>,
    /// The pods that the target's selector matches, or what the metrics API answered instead of samples.
    pub pods: Result<&'a [PodState], Unavailable>,
}

/// A metric that gives no value. It is an event for each look, and the condition `ScalingActive` if it is the first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetricFailure {
    /// Reason of the event and of the condition.
    pub reason: &'static str,
    /// Message of the event; the condition's begins with "the HPA was unable to compute the replica count: ".
    pub error: String,
    /// The error with what it prevents, for `FailedComputeMetricsReplicas`.
    pub prevented: String,
}

/// What all metrics together ask for.
#[derive(Clone, Debug, PartialEq)]
pub struct Evaluation {
    /// One entry for each metric, in order; a metric without a value has none.
    pub calculations: Vec<Option<MetricCalculation>>,
    pub failures: Vec<MetricFailure>,
    pub outcome: Outcome,
}

/// Whether the metrics suffice.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// The highest count that a metric asks for, and upstream's name of that metric.
    Wanted { replicas: u32, metric: String },
    /// No metric has a value, or those that have one ask for less than there is: a missing one might ask for more.
    Insufficient,
}

impl Evaluation {
    /// Asks each metric. An `Err` is one that cannot be asked at all.
    #[must_use]
    pub fn of(
        metrics: &[Result<Metric<'_>, MetricFailure>],
        current: u32,
        tolerances: Tolerances,
        now: i64,
    ) -> Self {
        let (mut calculations, mut failures) = (Vec::new(), Vec::new());
        let mut highest: Option<(u32, String)> = None;
        for metric in metrics {
            let asked = metric
                .as_ref()
                .map_err(Clone::clone)
                .and_then(|metric| Ok((metric.ask(current, tolerances, now)?, metric.name())));
            match asked {
                Ok((calculation, name)) => {
                    calculations.push(Some(calculation));
                    // As upstream, a metric that asks for nothing gives way to any other.
                    if highest
                        .as_ref()
                        .is_none_or(|(most, _)| *most == 0 || calculation.replicas > *most)
                    {
                        highest = Some((calculation.replicas, name));
                    }
                }
                Err(failure) => {
                    calculations.push(None);
                    failures.push(failure);
                }
            }
        }
        let outcome = match highest {
            Some((replicas, metric)) if failures.is_empty() || replicas >= current => {
                Outcome::Wanted { replicas, metric }
            }
            _ => Outcome::Insufficient,
        };
        Self {
            calculations,
            failures,
            outcome,
        }
    }

    /// Message of the event `FailedComputeMetricsReplicas`; `None` without a failure.
    #[must_use]
    pub fn invalid_metrics(&self) -> Option<String> {
        let first = self.failures.first()?;
        Some(format!(
            "invalid metrics ({} invalid out of {}), first error is: {}",
            self.failures.len(),
            self.calculations.len(),
            first.prevented
        ))
    }
}

impl Metric<'_> {
    /// Upstream's name of the metric, as it stands in conditions and events.
    #[must_use]
    pub fn name(&self) -> String {
        let resource = self.resource;
        match (self.target, self.container) {
            (Some(Target::AverageValue(_)), _) => format!("{resource} resource"),
            (_, None) => format!("{resource} resource utilization (percentage of request)"),
            (_, Some(_)) => {
                format!("{resource} container resource utilization (percentage of request)")
            }
        }
    }

    fn ask(
        &self,
        current: u32,
        tolerances: Tolerances,
        now: i64,
    ) -> Result<MetricCalculation, MetricFailure> {
        let Some(target) = self.target else {
            return Err(self.failure(
                "invalid resource metric source: neither an average utilization target nor an average value (usage) target was set".to_owned(),
            ));
        };
        let kind = match self.resource {
            "cpu" => ResourceKind::Cpu,
            _ => ResourceKind::Other,
        };
        self.pods
            .as_ref()
            .map_err(Clone::clone)
            .and_then(|pods| metric_replicas(current, target, kind, pods, tolerances, now))
            .map_err(|unavailable| {
                let what = match target {
                    Target::Utilization(_) => "utilization",
                    Target::AverageValue(_) => "usage",
                };
                let resource = self.resource;
                let cause = unavailable.message(resource);
                self.failure(format!("failed to get {resource} {what}: {cause}"))
            })
    }

    fn failure(&self, error: String) -> MetricFailure {
        let (reason, prevented) = match self.container {
            None => (
                "FailedGetResourceMetric",
                format!(
                    "failed to get {} resource metric value: {error}",
                    self.resource
                ),
            ),
            // Upstream names the container here and not the resource.
            Some(container) => (
                "FailedGetContainerResourceMetric",
                format!("failed to get {container} container metric value: {error}"),
            ),
        };
        MetricFailure {
            reason,
            error,
            prevented,
        }
    }
}
