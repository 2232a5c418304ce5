//! The mistakes that a workshop makes, refused in upstream's words. Far from all of upstream's validation.
//! Upstream: `pkg/apis/{core,apps,batch,autoscaling}/validation/validation.go`.

use serde_json::{Value, json};

use crate::quantity::Quantity;
use crate::selector::Selector;
use crate::status::{Cause, Result, Status};
use crate::store::{Resource, text};

/// Upstream: `apimachinery/pkg/util/validation/validation.go`.
const SUBDOMAIN: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const LABEL: &str = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const LABEL_1035: &str = "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";

/// Checks a new object.
///
/// # Errors
/// 422 with all mistakes.
pub(super) fn create(resource: &Resource, object: &Value) -> Result<()> {
    let mut causes = Vec::new();
    name(resource, object, &mut causes);
    content(resource, object, &mut causes);
    finish(resource, object, &causes)
}

/// Checks a changed object.
///
/// # Errors
/// 422 with all mistakes.
pub(super) fn update(resource: &Resource, old: &Value, new: &Value) -> Result<()> {
    if old["spec"] == new["spec"] {
        return Ok(());
    }
    let mut causes = Vec::new();
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

fn name(resource: &Resource, object: &Value, causes: &mut Vec<Cause>) {
    let name = text(object, "name");
    let invalid = |detail: &str| Cause::invalid("metadata.name", &json!(name), detail);
    match resource.kind {
        // Names of roles are only segments of a path.
        "Role" | "ClusterRole" | "RoleBinding" | "ClusterRoleBinding" => {
            if name.contains(['/', '%']) {
                causes.push(invalid("may not contain '/' or '%'"));
            }
        }
        "Namespace" if !is_label(&name) => causes.push(invalid(LABEL)),
        "Service" if !is_label(&name) || name.starts_with(|c: char| c.is_ascii_digit()) => {
            causes.push(invalid(LABEL_1035));
        }
        "Namespace" | "Service" => {
            if name.len() > 63 {
                causes.push(invalid("must be no more than 63 characters"));
            }
        }
        _ => {
            if !name.split('.').all(is_label) {
                causes.push(invalid(SUBDOMAIN));
            }
            if name.len() > 253 {
                causes.push(invalid("must be no more than 253 bytes"));
            }
        }
    }
}

fn is_label(text: &str) -> bool {
    let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    !text.is_empty() && text.chars().all(inner) && !text.starts_with('-') && !text.ends_with('-')
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
        "ResourceQuota" => quota(spec, causes),
        "ScaledObject" => scaled_object(spec, causes),
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

fn quota(spec: &Value, causes: &mut Vec<Cause>) {
    for (name, value) in spec["hard"].as_object().into_iter().flatten() {
        let quantity = value.as_str().and_then(Quantity::parse);
        if quantity.is_some_and(|quantity| quantity < Quantity::default()) {
            causes.push(Cause::invalid(
                format!("spec.hard[{name}]"),
                value,
                "must be greater than or equal to 0",
            ));
        }
    }
}

/// What the schema of KEDA's CustomResourceDefinition demands.
fn scaled_object(spec: &Value, causes: &mut Vec<Cause>) {
    if !spec.is_object() {
        causes.push(Cause::required("spec", ""));
        return;
    }
    if !spec["scaleTargetRef"].is_object() {
        causes.push(Cause::required("spec.scaleTargetRef", ""));
    } else if !spec["scaleTargetRef"]["name"].is_string() {
        causes.push(Cause::required("spec.scaleTargetRef.name", ""));
    }
    if !spec["triggers"].is_array() {
        causes.push(Cause::required("spec.triggers", ""));
    }
    for (trigger, index) in spec["triggers"].as_array().into_iter().flatten().zip(0..) {
        let path = format!("spec.triggers[{index}]");
        for field in ["metadata", "type"] {
            if trigger[field].is_null() {
                causes.push(Cause::required(format!("{path}.{field}"), ""));
            }
        }
        for (name, value) in trigger["metadata"].as_object().into_iter().flatten() {
            if !value.is_string() {
                let kind = if value.is_number() {
                    "integer"
                } else {
                    "boolean"
                };
                causes.push(Cause {
                    reason: "FieldValueTypeInvalid",
                    field: format!("{path}.metadata.{name}"),
                    message: format!(
                        "Invalid value: \"{kind}\": {path}.metadata.{name} in body must be of type string: \"{kind}\""
                    ),
                });
            }
        }
    }
}

fn immutable(resource: &Resource, old: &Value, new: &Value, causes: &mut Vec<Cause>) {
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
