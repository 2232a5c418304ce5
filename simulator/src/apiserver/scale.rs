//! The scale subresource of Deployments and ReplicaSets: autoscaling/v1 Scale. Pure.
//! Upstream: `pkg/registry/apps/deployment/storage/storage.go`, `scaleFromDeployment`.

use serde_json::{Value, json};

use crate::status::{Cause, Result, Status};
use crate::store::Resource;

/// The Scale of a workload.
pub(super) fn scale(object: &Value) -> Value {
    let labels = object["spec"]["selector"]["matchLabels"].as_object();
    let selector: Vec<_> = labels
        .into_iter()
        .flatten()
        .map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or("")))
        .collect();
    let meta = &object["metadata"];
    json!({
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": {
            "name": meta["name"],
            "namespace": meta["namespace"],
            "uid": meta["uid"],
            "resourceVersion": meta["resourceVersion"],
            "creationTimestamp": meta["creationTimestamp"],
        },
        "spec": {"replicas": object["spec"]["replicas"].as_i64().unwrap_or(0)},
        "status": {
            "replicas": object["status"]["replicas"].as_i64().unwrap_or(0),
            "selector": selector.join(","),
        },
    })
}

/// The workload with the replicas of a Scale.
///
/// # Errors
/// 422 for a negative number; 409 when the Scale was read from another version.
pub(super) fn write(resource: &Resource, object: &Value, scale: &Value) -> Result<Value> {
    let name = object["metadata"]["name"].as_str().unwrap_or("");
    let version = scale["metadata"]["resourceVersion"].as_str().unwrap_or("");
    if !version.is_empty() && object["metadata"]["resourceVersion"] != version {
        return Err(Status::stale(resource, name));
    }
    let replicas = scale["spec"]["replicas"].as_i64().unwrap_or(0);
    if replicas < 0 {
        let cause = Cause::invalid(
            "spec.replicas",
            &json!(replicas),
            "must be greater than or equal to 0",
        );
        let mut status = Status::invalid(resource, name, &[cause]);
        status.message = status.message.replacen(
            &format!("{}.{}", resource.kind, resource.group),
            "Scale.autoscaling",
            1,
        );
        return Err(status);
    }
    let mut new = object.clone();
    new["spec"]["replicas"] = json!(replicas);
    Ok(new)
}
