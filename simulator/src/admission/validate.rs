//! The mistakes that a workshop makes, refused in upstream's words. Far from all of upstream's validation.
//! Upstream: `pkg/apis/{core,apps,batch,autoscaling}/validation/validation.go`.

use serde_json::{Value, json};

use super::metadata::{self, LABEL, is_label};
use super::quota;
use crate::quantity::Quantity;
use crate::selector::Selector;
use crate::status::{Cause, Result, Status};
use crate::store::{Resource, text};

/// Checks a new object.
///
/// # Errors
/// 422 with all mistakes.
pub(super) fn create(resource: &Resource, object: &Value) -> Result<()> {
    let mut causes = Vec::new();
    metadata::check(resource, object, true, &mut causes);
    content(resource, object, &mut causes);
    finish(resource, object, &causes)
}

/// Checks a changed object.
///
/// # Errors
/// 422 with all mistakes.
pub(super) fn update(resource: &Resource, old: &Value, new: &Value) -> Result<()> {
    let mut causes = Vec::new();
    if old["metadata"] != new["metadata"] {
        metadata::check(resource, new, false, &mut causes);
    }
    // What the kinds here hold beside their spec.
    let is_same = |part: &str| old[part] == new[part];
    if ["spec", "data", "rules", "roleRef"]
        .into_iter()
        .all(is_same)
    {
        return finish(resource, new, &causes);
    }
    content(resource, new, &mut causes);
    immutable(resource, old, new, &mut causes);
    finish(resource, new, &causes)
}

fn finish(resource: &Resource, object: &Value, causes: &[Cause]) -> Result<()> {
    if causes.is_empty() {
        return Ok(());
    }
    Err(Status::invalid(resource, &text(object, "name"), causes))
}

fn content(resource: &Resource, object: &Value, causes: &mut Vec<Cause>) {
    let spec = &object["spec"];
    match resource.kind {
        "Pod" => pod_spec(spec, "spec", causes),
        "Deployment" | "ReplicaSet" => {
            not_negative(spec, "replicas", causes);
            selector(spec, causes);
            template(spec, &["Always"], causes);
        }
        "Job" => {
            for field in [
                "parallelism",
                "completions",
                "backoffLimit",
                "activeDeadlineSeconds",
            ] {
                not_negative(spec, field, causes);
            }
            template(spec, &["OnFailure", "Never"], causes);
        }
        "Service" => service(spec, causes),
        "HorizontalPodAutoscaler" => autoscaler(spec, causes),
        "ConfigMap" => config_map(object, causes),
        "ResourceQuota" => quota::check_spec(spec, causes),
        "LimitRange" => super::limit_range::check_range(spec, causes),
        "Role" | "ClusterRole" => rules(&object["rules"], causes),
        "RoleBinding" | "ClusterRoleBinding" => role_ref(&object["roleRef"], causes),
        _ => {}
    }
}

fn not_negative(spec: &Value, field: &str, causes: &mut Vec<Cause>) {
    if spec[field].as_i64().is_some_and(|number| number < 0) {
        causes.push(Cause::invalid(
            format!("spec.{field}"),
            &spec[field],
            "must be greater than or equal to 0",
        ));
    }
}

fn selector(spec: &Value, causes: &mut Vec<Cause>) {
    let labels = spec["selector"]["matchLabels"].as_object();
    let expressions = spec["selector"]["matchExpressions"].as_array();
    let is_empty =
        labels.is_none_or(serde_json::Map::is_empty) && expressions.is_none_or(Vec::is_empty);
    if is_empty {
        // NB: reading the body as its type makes an absent selector an empty one; absent is the usual mistake.
        causes.push(Cause::required("spec.selector", ""));
    }
    let Ok(selector) = serde_json::from_value(spec["selector"].clone()) else {
        return;
    };
    let own = json!({"metadata": spec["template"]["metadata"]});
    // An absent selector matches nothing, and upstream says so too.
    if is_empty || !Selector::from_label_selector(&selector).matches_object(&own) {
        causes.push(Cause::invalid(
            "spec.template.metadata.labels",
            &match &spec["template"]["metadata"]["labels"] {
                Value::Null => json!({}),
                labels => labels.clone(),
            },
            "`selector` does not match template `labels`",
        ));
    }
}

fn template(spec: &Value, restart_policies: &[&str], causes: &mut Vec<Cause>) {
    let pod = &spec["template"]["spec"];
    pod_spec(pod, "spec.template.spec", causes);
    let policy = pod["restartPolicy"].as_str().unwrap_or("");
    let is_for_jobs = !restart_policies.contains(&"Always");
    if is_for_jobs && policy == "Always" {
        // The default for pods is none for Jobs. Upstream: `pkg/apis/batch/validation/validation.go`.
        causes.push(Cause::required(
            "spec.template.spec.restartPolicy",
            "valid values: \"OnFailure\", \"Never\"",
        ));
    } else if !restart_policies.contains(&policy) {
        causes.push(Cause::not_supported(
            "spec.template.spec.restartPolicy",
            policy,
            restart_policies,
        ));
    }
}

fn pod_spec(spec: &Value, path: &str, causes: &mut Vec<Cause>) {
    let containers: Vec<_> = spec["containers"]
        .as_array()
        .into_iter()
        .flatten()
        .collect();
    if containers.is_empty() {
        causes.push(Cause::required(format!("{path}.containers"), ""));
    }
    let volumes: Vec<_> = spec["volumes"].as_array().into_iter().flatten().collect();
    let mut names = Vec::new();
    for (index, container) in containers.iter().enumerate() {
        let path = format!("{path}.containers[{index}]");
        let name = container["name"].as_str().unwrap_or("");
        if name.is_empty() {
            causes.push(Cause::required(format!("{path}.name"), ""));
        } else if !is_label(name) {
            causes.push(Cause::invalid(format!("{path}.name"), &json!(name), LABEL));
        } else if names.contains(&name) {
            causes.push(Cause::duplicate(format!("{path}.name"), &json!(name)));
        }
        names.push(name);
        if container["image"].as_str().unwrap_or("").trim().is_empty() {
            causes.push(Cause::required(format!("{path}.image"), ""));
        }
        resources(&container["resources"], &path, causes);
        for (mount, at) in container["volumeMounts"]
            .as_array()
            .into_iter()
            .flatten()
            .zip(0..)
        {
            let wanted = &mount["name"];
            if !volumes.iter().any(|volume| volume["name"] == *wanted) {
                causes.push(Cause {
                    reason: "FieldValueNotFound",
                    field: format!("{path}.volumeMounts[{at}].name"),
                    message: format!("Not found: {wanted}"),
                });
            }
        }
    }
}

fn resources(resources: &Value, path: &str, causes: &mut Vec<Cause>) {
    for (name, request) in resources["requests"].as_object().into_iter().flatten() {
        let quantity = |value: &Value| Quantity::parse(value.as_str()?);
        let limit = quantity(&resources["limits"][name]);
        if let (Some(request_is), Some(limit)) = (quantity(request), limit)
            && request_is > limit
        {
            causes.push(Cause::invalid(
                format!("{path}.resources.requests"),
                request,
                &format!("must be less than or equal to {name} limit of {limit}"),
            ));
        }
    }
}

fn service(spec: &Value, causes: &mut Vec<Cause>) {
    let ports: Vec<_> = spec["ports"].as_array().into_iter().flatten().collect();
    if ports.is_empty() && spec["type"] != "ExternalName" && spec["clusterIP"] != "None" {
        causes.push(Cause::required("spec.ports", ""));
    }
    for (index, port) in ports.iter().enumerate() {
        let number = port["port"].as_i64().unwrap_or(0);
        if !(1..=65_535).contains(&number) {
            causes.push(Cause::invalid(
                format!("spec.ports[{index}].port"),
                &json!(number),
                "must be between 1 and 65535, inclusive",
            ));
        }
        if ports.len() > 1 && port["name"].as_str().unwrap_or("").is_empty() {
            causes.push(Cause::required(format!("spec.ports[{index}].name"), ""));
        }
    }
}

fn autoscaler(spec: &Value, causes: &mut Vec<Cause>) {
    let min = spec["minReplicas"].as_i64().unwrap_or(1);
    let max = spec["maxReplicas"].as_i64().unwrap_or(0);
    if min < 1 {
        causes.push(Cause::invalid(
            "spec.minReplicas",
            &json!(min),
            "must be greater than or equal to 1",
        ));
    }
    if max < 1 {
        causes.push(Cause::invalid(
            "spec.maxReplicas",
            &json!(max),
            "must be greater than 0",
        ));
    }
    if max < min {
        causes.push(Cause::invalid(
            "spec.maxReplicas",
            &json!(max),
            "must be greater than or equal to `minReplicas`",
        ));
    }
}

/// All of a ConfigMap's values together. Upstream: `MaxSecretSize`.
const MAX_DATA: usize = 1024 * 1024;

fn config_map(object: &Value, causes: &mut Vec<Cause>) {
    let mut bytes = 0;
    for (key, value) in object["data"].as_object().into_iter().flatten() {
        bytes += value.as_str().map_or(0, str::len);
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
        if key.is_empty() || !key.chars().all(is_plain) {
            causes.push(Cause::invalid(
                format!("data[{key}]"),
                &json!(key),
                "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')",
            ));
        }
    }
    if bytes > MAX_DATA {
        causes.push(Cause::too_long("[]", MAX_DATA));
    }
}

/// Upstream: `pkg/apis/rbac/validation/validation.go`.
fn rules(rules: &Value, causes: &mut Vec<Cause>) {
    for (rule, index) in rules.as_array().into_iter().flatten().zip(0..) {
        let is_empty = |field: &str| rule[field].as_array().is_none_or(Vec::is_empty);
        let mut require = |field: &str, detail: &str| {
            causes.push(Cause::required(format!("rules[{index}].{field}"), detail));
        };
        if is_empty("verbs") {
            require("verbs", "verbs must contain at least one value");
        }
        if !is_empty("nonResourceURLs") {
            continue;
        }
        if is_empty("apiGroups") {
            require(
                "apiGroups",
                "resource rules must supply at least one api group",
            );
        }
        if is_empty("resources") {
            require(
                "resources",
                "resource rules must supply at least one resource",
            );
        }
    }
}

fn role_ref(reference: &Value, causes: &mut Vec<Cause>) {
    let kind = reference["kind"].as_str().unwrap_or("");
    if !matches!(kind, "Role" | "ClusterRole") {
        causes.push(Cause::not_supported(
            "roleRef.kind",
            kind,
            &["Role", "ClusterRole"],
        ));
    }
}

fn immutable(resource: &Resource, old: &Value, new: &Value, causes: &mut Vec<Cause>) {
    if old["roleRef"] != new["roleRef"] {
        let text = |field: &str| new["roleRef"][field].as_str().unwrap_or("").to_owned();
        // Go prints the internal type, whose fields have no names for the wire.
        causes.push(Cause::invalid(
            "roleRef",
            &json!({"APIGroup": text("apiGroup"), "Kind": text("kind"), "Name": text("name")}),
            "cannot change roleRef",
        ));
    }
    let fields: &[&str] = match resource.kind {
        "Deployment" | "ReplicaSet" => &["selector"],
        "Job" => &["completions", "selector", "template", "completionMode"],
        _ => return,
    };
    for field in fields {
        if old["spec"][field] != new["spec"][field] {
            causes.push(Cause::invalid(
                format!("spec.{field}"),
                &new["spec"][field],
                "field is immutable",
            ));
        }
    }
}
