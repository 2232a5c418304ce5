//! KEDA's admission webhook for ScaledObjects: refusals and warnings.
//! Upstream: kedacore/keda v2.20.2 `apis/keda/v1alpha1/scaledobject_webhook.go`.

use serde_json::{Value, json};

use crate::status::{Result, Status};
use crate::store::resource::{
    DEPLOYMENTS, HORIZONTAL_POD_AUTOSCALERS, LIMIT_RANGES, SCALED_OBJECTS,
};
use crate::store::{Resource, Store, text};

/// The name by which the API server calls the webhook.
const WEBHOOK: &str = "vscaledobject.kb.io";

const POLLING_INTERVAL_WARNING: &str = "PollingInterval is configured but is not relevant. PollingInterval is only relevant when minReplicaCount = 0 or idleReplicaCount = 0 or useCachedMetrics is enabled";
const COOLDOWN_PERIOD_WARNING: &str = "CooldownPeriod is configured but is not relevant. CooldownPeriod is only relevant when minReplicaCount = 0 or idleReplicaCount = 0";

/// Gives the warnings for a ScaledObject that is fine; nothing for other kinds.
///
/// # Errors
/// 403 as the API server wraps a webhook's refusal.
pub(super) fn admit(
    store: &Store,
    resource: &Resource,
    object: &Value,
    dry_run: bool,
) -> Result<Vec<String>> {
    if *resource != SCALED_OBJECTS || object["metadata"]["deletionTimestamp"].is_string() {
        return Ok(Vec::new());
    }
    let spec = &object["spec"];
    check_counts(spec)?;
    check_names(object)?;
    check_hpa_owner(store, object)?;
    check_scaled_objects(store, object)?;
    if !dry_run {
        check_cpu(store, object)?;
    }
    Ok(warnings(spec))
}

fn deny(message: &str) -> Status {
    Status::new(
        403,
        "Forbidden",
        format!("admission webhook {WEBHOOK:?} denied the request: {message}"),
    )
}

/// An error of the webhook's own reads keeps its code and details.
fn not_found(kind: &str, name: &str) -> Status {
    Status {
        details: json!({"name": name, "group": "apps", "kind": kind}),
        code: 404,
        reason: "NotFound",
        ..deny(&format!("{kind}.apps {name:?} not found"))
    }
}

fn triggers(spec: &Value) -> impl Iterator<Item = &Value> {
    spec["triggers"].as_array().into_iter().flatten()
}

fn is_cpu_or_memory(trigger: &Value) -> bool {
    matches!(trigger["type"].as_str(), Some("cpu" | "memory"))
}

/// Settings that mean nothing for this ScaledObject. Upstream: `verifyScaledObjects`.
fn warnings(spec: &Value) -> Vec<String> {
    let scales_to_zero =
        spec["minReplicaCount"].as_i64().unwrap_or(0) == 0 || spec["idleReplicaCount"] == 0;
    let uses_cache = triggers(spec).any(|trigger| trigger["useCachedMetrics"] == true);
    let mut warnings = Vec::new();
    if spec["pollingInterval"].is_number() && !scales_to_zero && !uses_cache {
        warnings.push(POLLING_INTERVAL_WARNING.to_owned());
    }
    if spec["cooldownPeriod"].is_number() && !scales_to_zero {
        warnings.push(COOLDOWN_PERIOD_WARNING.to_owned());
    }
    warnings
}

fn check_counts(spec: &Value) -> Result<()> {
    let min = spec["minReplicaCount"].as_i64().unwrap_or(0);
    if let Some(idle) = spec["idleReplicaCount"]
        .as_i64()
        .filter(|idle| *idle >= min)
    {
        return Err(deny(&format!(
            "IdleReplicaCount={idle} must be less than MinReplicaCount={min}"
        )));
    }
    // Upstream: `scaledobject_types.go`, `CheckFallbackValid`.
    if spec["fallback"].is_object() && triggers(spec).all(is_cpu_or_memory) {
        return Err(deny(
            "at least one trigger (that is not cpu or memory) has to have the `AverageValue` type for the fallback to be enabled",
        ));
    }
    Ok(())
}

fn check_names(object: &Value) -> Result<()> {
    let mut names = Vec::new();
    for trigger in triggers(&object["spec"]) {
        let Some(name) = trigger["name"].as_str().filter(|name| !name.is_empty()) else {
            continue;
        };
        if names.contains(&name) {
            return Err(deny(&format!(
                "triggerName {name:?} is defined multiple times in the ScaledObject, but it must be unique"
            )));
        }
        names.push(name);
    }
    Ok(())
}

/// Kind, API version and name of a target, with KEDA's defaults.
fn target(target: &Value) -> (String, String) {
    let version = target["apiVersion"].as_str().filter(|v| !v.is_empty());
    let kind = target["kind"].as_str().filter(|kind| !kind.is_empty());
    let workload = format!(
        "{}.{}",
        version.unwrap_or("apps/v1"),
        kind.unwrap_or("Deployment")
    );
    (workload, target["name"].as_str().unwrap_or("").to_owned())
}

fn hpa_name(object: &Value) -> String {
    let own = object["spec"]["advanced"]["horizontalPodAutoscalerConfig"]["name"].as_str();
    match own.filter(|name| !name.is_empty()) {
        Some(name) => name.to_owned(),
        None => format!("keda-hpa-{}", text(object, "name")),
    }
}

/// Another HPA on the same target would fight with KEDA's.
fn check_hpa_owner(store: &Store, object: &Value) -> Result<()> {
    let annotations = &object["metadata"]["annotations"];
    let takes_over = annotations["scaledobject.keda.sh/transfer-hpa-ownership"] == "true";
    let own = hpa_name(object);
    let wanted = target(&object["spec"]["scaleTargetRef"]);
    let namespace = text(object, "namespace");
    let (autoscalers, _) = store.list_values(&HORIZONTAL_POD_AUTOSCALERS, Some(&namespace));
    for hpa in autoscalers {
        let excluded =
            hpa["metadata"]["annotations"]["validations.keda.sh/hpa-ownership"] == "false";
        let name = text(&hpa, "name");
        let owners = hpa["metadata"]["ownerReferences"].as_array();
        let is_own = owners.into_iter().flatten().any(|owner| {
            owner["kind"] == "ScaledObject" && owner["name"] == object["metadata"]["name"]
        });
        if excluded || is_own || (takes_over && name == own) {
            continue;
        }
        if target(&hpa["spec"]["scaleTargetRef"]) == wanted {
            return Err(deny(&format!(
                "the workload '{}' of type '{}' is already managed by the hpa '{name}'",
                wanted.1, wanted.0
            )));
        }
    }
    Ok(())
}

fn check_scaled_objects(store: &Store, object: &Value) -> Result<()> {
    let wanted = target(&object["spec"]["scaleTargetRef"]);
    let namespace = text(object, "namespace");
    let (others, _) = store.list_values(&SCALED_OBJECTS, Some(&namespace));
    for other in others {
        let name = text(&other, "name");
        if name == text(object, "name") {
            continue;
        }
        if target(&other["spec"]["scaleTargetRef"]) == wanted {
            return Err(deny(&format!(
                "the workload '{}' of type '{}' is already managed by the ScaledObject '{name}'",
                wanted.1, wanted.0
            )));
        }
        if hpa_name(&other) == hpa_name(object) {
            return Err(deny(&format!(
                "the HPA '{}' is already managed by the ScaledObject '{name}'",
                hpa_name(object)
            )));
        }
    }
    Ok(())
}

/// A cpu or memory trigger needs requests to compare with, and cannot scale to zero.
fn check_cpu(store: &Store, object: &Value) -> Result<()> {
    let spec = &object["spec"];
    let namespace = text(object, "namespace");
    let (workload, name) = target(&spec["scaleTargetRef"]);
    if workload == "apps/v1.StatefulSet" && triggers(spec).any(is_cpu_or_memory) {
        // There are none here.
        return Err(not_found("StatefulSet", &name));
    }
    if workload != "apps/v1.Deployment" {
        return Ok(());
    }
    for trigger in triggers(spec).filter(|trigger| is_cpu_or_memory(trigger)) {
        let kind = trigger["type"].as_str().unwrap_or("");
        let Some(deployment) = store.get_value(&DEPLOYMENTS, &namespace, &name) else {
            return Err(not_found("Deployment", &name));
        };
        let only = trigger["metadata"]["containerName"].as_str();
        let containers = deployment["spec"]["template"]["spec"]["containers"].as_array();
        for container in containers.into_iter().flatten() {
            let name = container["name"].as_str().unwrap_or("");
            if only.is_some_and(|only| only != name) {
                continue;
            }
            let resources = &container["resources"];
            let has = |list: &str| resources[list][kind].is_string();
            if !has("requests") && !has("limits") && !has_default(store, &namespace, kind) {
                return Err(deny(&format!(
                    "the scaledobject has a {kind} trigger but the container {name} doesn't have the {kind} request defined"
                )));
            }
        }
        let min = spec["minReplicaCount"].as_i64().unwrap_or(0);
        if min == 0 && triggers(spec).all(is_cpu_or_memory) {
            return Err(deny(
                "scaledobject has only cpu/memory triggers AND minReplica is 0 (scale to zero doesn't work in this case)",
            ));
        }
    }
    Ok(())
}

fn has_default(store: &Store, namespace: &str, kind: &str) -> bool {
    let (ranges, _) = store.list_values(&LIMIT_RANGES, Some(namespace));
    ranges.iter().any(|range| {
        let limits = range["spec"]["limits"].as_array();
        limits.into_iter().flatten().any(|limit| {
            limit["type"] == "Container"
                && (limit["defaultRequest"][kind].is_string() || limit["default"][kind].is_string())
        })
    })
}
