//! The HorizontalPodAutoscaler that a ScaledObject means. Called by KEDA's controller; pure.
//!
//! Upstream: kedacore/keda `controllers/keda/hpa.go` `newHPAForScaledObject`, `pkg/scalers/cpu_memory_scaler.go`.

use autoscaling::Behavior;
use k8s_openapi::api::autoscaling::v2::{
    ContainerResourceMetricSource, CrossVersionObjectReference, HorizontalPodAutoscaler,
    HorizontalPodAutoscalerBehavior, HorizontalPodAutoscalerSpec, MetricSpec, MetricTarget,
    ResourceMetricSource,
};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::{PAUSED_SCALE_IN, PAUSED_SCALE_OUT, annotation};
use crate::api::{ScaledObject, Trigger};
use crate::controllers::ownership::{Labels, controlled_by};

/// The version that the recordings were made with.
const KEDA_VERSION: &str = "2.20.2";
/// `defaultHPAMaxReplicas`.
const MAX_REPLICAS: i32 = 100;

/// `keda-hpa-` and the ScaledObject's name, or the name that it sets.
pub(super) fn name(object: &ScaledObject) -> String {
    let own = config(object).and_then(|config| config.name.clone());
    own.unwrap_or_else(|| format!("keda-hpa-{}", object.metadata.name.as_deref().unwrap_or("")))
}

/// `status.triggersTypes`.
pub(super) fn trigger_types(object: &ScaledObject) -> String {
    let types: Vec<&str> = object
        .spec
        .triggers
        .iter()
        .map(|trigger| trigger.type_.as_str())
        .collect();
    types.join(",")
}

/// `status.resourceMetricNames`.
pub(super) fn resource_metrics(object: &ScaledObject) -> Vec<String> {
    let types = object.spec.triggers.iter();
    types.map(|trigger| trigger.type_.clone()).collect()
}

/// The behaviour that is asked for, less the direction that an annotation pauses.
fn behavior(object: &ScaledObject) -> Option<HorizontalPodAutoscalerBehavior> {
    let paused = |name| annotation(object, name).is_some_and(|value| value != "false");
    let asked = config(object).and_then(|config| config.behavior.clone());
    let (scale_in, scale_out) = (paused(PAUSED_SCALE_IN), paused(PAUSED_SCALE_OUT));
    if !scale_in && !scale_out {
        return asked;
    }
    let mut behavior = asked.unwrap_or_default();
    let disabled = || Some("Disabled".to_owned());
    if scale_in {
        behavior.scale_down.get_or_insert_default().select_policy = disabled();
    }
    if scale_out {
        behavior.scale_up.get_or_insert_default().select_policy = disabled();
    }
    Some(behavior)
}

fn config(object: &ScaledObject) -> Option<&crate::api::HorizontalPodAutoscalerConfig> {
    object
        .spec
        .advanced
        .as_ref()?
        .horizontal_pod_autoscaler_config
        .as_ref()
}

/// The autoscaler as KEDA would write it; else what is wrong with the ScaledObject, in KEDA's words.
pub(super) fn desired(object: &ScaledObject) -> Result<HorizontalPodAutoscaler, String> {
    let metrics = object
        .spec
        .triggers
        .iter()
        .map(metric)
        .collect::<Result<Vec<_>, _>>()?;
    let name = name(object);
    let target = &object.spec.scale_target_ref;
    let mut labels = Labels::from([
        ("app.kubernetes.io/name".to_owned(), name.clone()),
        (
            "app.kubernetes.io/version".to_owned(),
            KEDA_VERSION.to_owned(),
        ),
        (
            "app.kubernetes.io/part-of".to_owned(),
            object.metadata.name.clone().unwrap_or_default(),
        ),
        (
            "app.kubernetes.io/managed-by".to_owned(),
            "keda-operator".to_owned(),
        ),
    ]);
    labels.extend(object.metadata.labels.clone().unwrap_or_default());
    Ok(HorizontalPodAutoscaler {
        metadata: ObjectMeta {
            name: Some(name),
            namespace: object.metadata.namespace.clone(),
            labels: Some(labels),
            annotations: object.metadata.annotations.clone(),
            owner_references: Some(vec![controlled_by(object)]),
            ..ObjectMeta::default()
        },
        spec: Some(HorizontalPodAutoscalerSpec {
            min_replicas: Some(object.spec.min_replica_count.unwrap_or(1).max(1)),
            max_replicas: object.spec.max_replica_count.unwrap_or(MAX_REPLICAS),
            metrics: Some(metrics),
            scale_target_ref: CrossVersionObjectReference {
                api_version: Some(
                    target
                        .api_version
                        .clone()
                        .unwrap_or_else(|| "apps/v1".to_owned()),
                ),
                kind: target
                    .kind
                    .clone()
                    .unwrap_or_else(|| "Deployment".to_owned()),
                name: target.name.clone(),
            },
            behavior: behavior(object).as_ref().map(with_defaults),
        }),
        status: None,
    })
}

/// Brings an autoscaler that somebody changed back to what it should be.
pub(super) fn merge(present: &mut HorizontalPodAutoscaler, wanted: &HorizontalPodAutoscaler) {
    present.spec.clone_from(&wanted.spec);
    present
        .metadata
        .labels
        .get_or_insert_default()
        .extend(wanted.metadata.labels.clone().unwrap_or_default());
    if let Some(annotations) = &wanted.metadata.annotations {
        present
            .metadata
            .annotations
            .get_or_insert_default()
            .extend(annotations.clone());
    }
}

/// As the API server fills them in; done here too, so that the comparison with what is stored finds no difference.
fn with_defaults(behavior: &HorizontalPodAutoscalerBehavior) -> HorizontalPodAutoscalerBehavior {
    let filled = serde_json::to_value(behavior)
        .and_then(serde_json::from_value::<Behavior>)
        .map(|behavior| behavior.with_defaults())
        .and_then(serde_json::to_value)
        .and_then(serde_json::from_value::<HorizontalPodAutoscalerBehavior>);
    let Ok(mut filled) = filled else {
        return behavior.clone();
    };
    for (filled, given) in [
        (&mut filled.scale_up, &behavior.scale_up),
        (&mut filled.scale_down, &behavior.scale_down),
    ] {
        if let (Some(filled), Some(given)) = (filled, given) {
            filled.tolerance.clone_from(&given.tolerance);
        }
    }
    filled
}

/// `pkg/scalers/cpu_memory_scaler.go`.
fn metric(trigger: &Trigger) -> Result<MetricSpec, String> {
    let name = trigger.type_.as_str();
    if !matches!(name, "cpu" | "memory") {
        return Err(format!("no scaler found for type: {name}"));
    }
    let wrong = |why: &str| format!("error parsing {name} metadata: {why}");
    if trigger.metadata.contains_key("type") {
        return Err(wrong(&wrong(&format!(
            "scaler {name} info: The 'type' setting is DEPRECATED and is removed in v2.18 - Use 'metricType' instead."
        ))));
    }
    let value = trigger
        .metadata
        .get("value")
        .ok_or_else(|| wrong("missing required parameter \"value\" in [triggerMetadata]"))?;
    let target = match trigger.metric_type.as_deref().unwrap_or("") {
        "Utilization" => MetricTarget {
            type_: "Utilization".to_owned(),
            average_utilization: Some(value.parse().map_err(|_| {
                wrong(&format!(
                    "strconv.ParseInt: parsing \"{value}\": invalid syntax"
                ))
            })?),
            ..MetricTarget::default()
        },
        "AverageValue" => MetricTarget {
            type_: "AverageValue".to_owned(),
            average_value: Some(Quantity(value.clone())),
            ..MetricTarget::default()
        },
        other => {
            return Err(wrong(&format!(
                "unknown metric type: {other}, allowed values are 'Utilization' or 'AverageValue'"
            )));
        }
    };
    Ok(match trigger.metadata.get("containerName") {
        Some(container) => MetricSpec {
            type_: "ContainerResource".to_owned(),
            container_resource: Some(ContainerResourceMetricSource {
                name: name.to_owned(),
                container: container.clone(),
                target,
            }),
            ..MetricSpec::default()
        },
        None => MetricSpec {
            type_: "Resource".to_owned(),
            resource: Some(ResourceMetricSource {
                name: name.to_owned(),
                target,
            }),
            ..MetricSpec::default()
        },
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn mk_scaled_object(spec: &serde_json::Value) -> ScaledObject {
        serde_json::from_value(json!({
            "metadata": {"name": "webapp", "namespace": "seat", "uid": "u",
                "labels": {"scaledobject.keda.sh/name": "webapp"}},
            "spec": spec,
        }))
        .unwrap()
    }

    #[test]
    fn autoscaler_is_the_recorded_one() {
        let hpa = desired(&mk_scaled_object(&json!({
            "scaleTargetRef": {"name": "webapp"},
            "minReplicaCount": 1,
            "maxReplicaCount": 10,
            "advanced": {"horizontalPodAutoscalerConfig":
                {"behavior": {"scaleDown": {"stabilizationWindowSeconds": 60}}}},
            "triggers": [{"type": "cpu", "metricType": "Utilization", "metadata": {"value": "60"}}],
        })))
        .unwrap();
        assert_eq!(
            serde_json::to_value(&hpa).unwrap()["spec"],
            json!({
                "scaleTargetRef": {"kind": "Deployment", "name": "webapp", "apiVersion": "apps/v1"},
                "minReplicas": 1,
                "maxReplicas": 10,
                "metrics": [{"type": "Resource", "resource": {"name": "cpu",
                    "target": {"type": "Utilization", "averageUtilization": 60}}}],
                "behavior": {
                    "scaleUp": {"stabilizationWindowSeconds": 0, "selectPolicy": "Max", "policies": [
                        {"type": "Pods", "value": 4, "periodSeconds": 15},
                        {"type": "Percent", "value": 100, "periodSeconds": 15}]},
                    "scaleDown": {"stabilizationWindowSeconds": 60, "selectPolicy": "Max", "policies": [
                        {"type": "Percent", "value": 100, "periodSeconds": 15}]},
                },
            })
        );
        assert_eq!(hpa.metadata.name.as_deref(), Some("keda-hpa-webapp"));
        assert_eq!(hpa.metadata.labels.unwrap().len(), 5);
    }

    #[test]
    fn behavior_stays_absent_when_it_is() {
        let hpa = desired(&mk_scaled_object(&json!({
            "scaleTargetRef": {"name": "webapp"},
            "triggers": [{"type": "cpu", "metricType": "Utilization", "metadata": {"value": "60"}}],
        })))
        .unwrap();
        let spec = hpa.spec.unwrap();
        assert_eq!(spec.behavior, None);
        assert_eq!((spec.min_replicas, spec.max_replicas), (Some(1), 100));
    }

    #[test]
    fn setting_of_old_versions_is_refused_in_their_words() {
        let problem = desired(&mk_scaled_object(&json!({
            "scaleTargetRef": {"name": "webapp"},
            "triggers": [{"type": "cpu", "metadata": {"type": "Utilization", "value": "60"}}],
        })))
        .unwrap_err();
        assert!(problem.contains("removed in v2.18"), "{problem}");
    }
}
