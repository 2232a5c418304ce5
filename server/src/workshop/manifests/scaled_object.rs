//! The ScaledObject, from which KEDA makes the HPA.

use kube::api::{ApiResource, DynamicObject};
use serde_json::json;

use super::{APP, Settings, labelled};

/// The API of ScaledObjects, which k8s-openapi has no type for.
pub fn scaled_object_resource() -> ApiResource {
    ApiResource {
        group: "keda.sh".to_owned(),
        version: "v1alpha1".to_owned(),
        api_version: "keda.sh/v1alpha1".to_owned(),
        kind: "ScaledObject".to_owned(),
        plural: "scaledobjects".to_owned(),
    }
}

/// The ScaledObject for the Deployment `target`, from which KEDA makes the HPA.
pub fn scaled_object(settings: &Settings, target: &str) -> DynamicObject {
    let data = json!({
        "spec": {
            "scaleTargetRef": { "name": target },
            "minReplicaCount": settings.min_replicas,
            "maxReplicaCount": settings.max_replicas,
            // Both as in the handout. They have no effect with a CPU trigger and a minimum of 1:
            // https://keda.sh/docs/2.20/reference/scaledobject-spec/
            "pollingInterval": 5,
            "cooldownPeriod": 60,
            "advanced": {
                "horizontalPodAutoscalerConfig": {
                    "behavior": {
                        "scaleDown": { "stabilizationWindowSeconds": settings.window_s },
                    },
                },
            },
            // `metricType` here, since `metadata.type` was removed in KEDA 2.18; the value is a string.
            // https://keda.sh/docs/2.20/scalers/cpu/
            "triggers": [{
                "type": "cpu",
                "metricType": "Utilization",
                "metadata": { "value": settings.target_percent.to_string() },
            }],
        },
    });
    let object = DynamicObject::new(APP, &scaled_object_resource()).data(data);
    labelled(object, &[])
}
