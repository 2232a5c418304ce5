//! The web app: its code and its Deployment.

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::ConfigMap;
use kube::api::DynamicObject;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::{APP, CODE, Settings, labelled, object, pod_spec, resources};
use crate::names::{PART_OF, PART_OF_LABEL};

const MAIN_PY: &str = include_str!("../main.py");

/// ConfigMap with the web app's code.
pub fn webapp_code() -> DynamicObject {
    let data = json!({ "data": { "main.py": MAIN_PY } });
    object::<ConfigMap>(CODE, data)
}

/// The web app. It has no `spec.replicas`: those are the autoscaler's, and every apply would set them back.
pub fn deployment(settings: &Settings) -> DynamicObject {
    let container = json!({
        "name": APP,
        "image": settings.app_image,
        "imagePullPolicy": "IfNotPresent",
        // The image starts one worker per core of the node, whatever the limit says.
        // https://github.com/tiangolo/uvicorn-gunicorn-docker/issues/43
        "env": [{ "name": "WEB_CONCURRENCY", "value": "1" }],
        "ports": [{ "containerPort": 80, "name": "http" }],
        "resources": resources(
            (settings.app_cpu_request_m, settings.app_cpu_limit_m),
            (settings.app_memory_request_mi, settings.app_memory_limit_mi),
        ),
        "startupProbe": {
            "httpGet": { "path": "/health", "port": 80 },
            "periodSeconds": 2,
            "timeoutSeconds": 5,
            "failureThreshold": 60,
        },
        // A saturated pod answers no HTTP probe in time. It would lose Ready, and the HPA would set it aside.
        "readinessProbe": { "tcpSocket": { "port": 80 }, "periodSeconds": 5 },
        "volumeMounts": [{ "name": "code", "mountPath": "/app/main.py", "subPath": "main.py" }],
    });
    let labels = json!({ "app": APP, PART_OF_LABEL: PART_OF });
    // A file mounted by subPath is never updated in a running pod; a changed file makes new pods.
    let annotations = json!({ "autoscaling-workshop/code": checksum(MAIN_PY) });
    let data = json!({
        "spec": {
            "selector": { "matchLabels": { "app": APP } },
            "template": {
                "metadata": { "labels": labels, "annotations": annotations },
                "spec": pod_spec(settings, &container, CODE, json!({})),
            },
        },
    });
    labelled(object::<Deployment>(APP, data), &[("app", APP)])
}

/// The first 12 hex digits of the text's SHA-256.
fn checksum(text: &str) -> String {
    let mut digest = format!("{:x}", Sha256::digest(text.as_bytes()));
    digest.truncate(12);
    digest
}
