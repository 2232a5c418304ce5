//! What `spec.metrics` asks, and what the metrics APIs answer. Called by the HorizontalPodAutoscaler controller.
//!
//! Upstream: `computeReplicasForMetric` in `pkg/controller/podautoscaler/horizontal.go` and `metrics/client.go`.
//! There is no adapter for custom or external metrics in the simulator, as on the cluster of the recordings; their
//! words below are that cluster's (Kubernetes 1.35.4).

use autoscaling::replica_calculator::{PodState, Target};
use autoscaling::unavailable::Unavailable;
use autoscaling::{CpuMillis, Metric, MetricFailure};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::autoscaling::v2::{MetricSpec, MetricTarget};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;

use super::MetricsApi;
use super::pods::Pods;
use crate::store::Store;

/// A metric of the resource metrics API, with the pods' requests and samples of it.
pub(super) struct Asked {
    resource: String,
    container: Option<String>,
    target: Option<Target>,
    pods: Result<Vec<PodState>, Unavailable>,
}

/// Reads what each metric needs; an `Err` is one that nothing answers.
pub(super) fn read(
    store: &Store,
    namespace: &str,
    deployment: &Deployment,
    specs: &[MetricSpec],
    metrics_api: MetricsApi,
) -> Vec<Result<Asked, MetricFailure>> {
    let pods = Pods::read(store, namespace, deployment);
    let ask = |resource: &str, container: Option<&str>, target: &MetricTarget| Asked {
        pods: match broken(metrics_api) {
            Some(answer) => Err(answer),
            None => pods.states(resource, container),
        },
        target: target_of(resource, target),
        resource: resource.to_owned(),
        container: container.map(str::to_owned),
    };
    specs
        .iter()
        .map(|spec| {
            if let Some(source) = &spec.resource {
                return Ok(ask(&source.name, None, &source.target));
            }
            if let Some(source) = &spec.container_resource {
                return Ok(ask(&source.name, Some(&source.container), &source.target));
            }
            Err(unanswered(spec, namespace))
        })
        .collect()
}

impl Asked {
    pub(super) fn metric(&self) -> Metric<'_> {
        Metric {
            resource: &self.resource,
            container: self.container.as_deref(),
            target: self.target,
            pods: self.pods.as_deref().map_err(Clone::clone),
        }
    }
}

/// An average value goes before a utilisation, as upstream.
fn target_of(resource: &str, target: &MetricTarget) -> Option<Target> {
    if let Some(value) = &target.average_value {
        return Some(Target::AverageValue(
            super::pods::milli_value(resource, &value.0).unwrap_or(CpuMillis(0)),
        ));
    }
    let percent = target.average_utilization?;
    Some(Target::Utilization(u32::try_from(percent).unwrap_or(0)))
}

/// What a broken metrics API answers, in client-go's words.
fn broken(metrics_api: MetricsApi) -> Option<Unavailable> {
    let answer = match metrics_api {
        MetricsApi::Serving => return None,
        MetricsApi::Absent => "the server could not find the requested resource",
        MetricsApi::Unavailable => "the server is currently unable to handle the request",
    };
    Some(Unavailable::MetricsApi(format!(
        "{answer} (get pods.metrics.k8s.io)"
    )))
}

const NO_CUSTOM_METRICS: &str = "unable to fetch metrics from custom metrics API: no custom metrics API (custom.metrics.k8s.io) registered";

/// Metrics of the APIs that nobody serves here.
fn unanswered(spec: &MetricSpec, namespace: &str) -> MetricFailure {
    if let Some(source) = &spec.pods {
        let error = format!(
            "unable to get metric {}: {NO_CUSTOM_METRICS}",
            source.metric.name
        );
        return MetricFailure {
            reason: "FailedGetPodsMetric",
            prevented: format!("failed to get pods metric value: {error}"),
            error,
        };
    }
    if let Some(source) = &spec.object {
        let object = &source.described_object;
        // Upstream fills its own format string in this order.
        let error = format!(
            "unable to get metric {}: {} on {namespace} {}/{NO_CUSTOM_METRICS}",
            source.metric.name, object.kind, object.name
        );
        let what = match source.target.type_.as_str() {
            "AverageValue" => format!("failed to get {} object metric: ", source.metric.name),
            _ => String::new(),
        };
        return MetricFailure {
            reason: "FailedGetObjectMetric",
            prevented: format!("failed to get object metric value: {what}{error}"),
            error,
        };
    }
    if let Some(source) = &spec.external {
        let name = &source.metric.name;
        let error = format!(
            "unable to get external metric {namespace}/{name}/{}: unable to fetch metrics from external metrics API: the server could not find the requested resource (get {name}.external.metrics.k8s.io)",
            go_selector(source.metric.selector.as_ref())
        );
        let what = match source.target.average_value {
            Some(_) => format!("failed to get {name} external metric"),
            None => format!("failed to get external metric {name}"),
        };
        return MetricFailure {
            reason: "FailedGetExternalMetric",
            prevented: format!("failed to get {name} external metric value: {what}: {error}"),
            error,
        };
    }
    let error = format!("unknown metric source type \"{}\"", spec.type_);
    MetricFailure {
        reason: "InvalidMetricSourceType",
        prevented: error.clone(),
        error,
    }
}

/// As Go prints a `*metav1.LabelSelector` with `%+v`.
fn go_selector(selector: Option<&LabelSelector>) -> String {
    let Some(selector) = selector else {
        return "nil".to_owned();
    };
    let labels = selector.match_labels.iter().flatten();
    let labels: String = labels
        .map(|(key, value)| format!("{key}: {value},"))
        .collect();
    format!(
        "&LabelSelector{{MatchLabels:map[string]string{{{labels}}},MatchExpressions:[]LabelSelectorRequirement{{}},}}"
    )
}
