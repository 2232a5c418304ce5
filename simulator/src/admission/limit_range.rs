//! LimitRange: default requests and limits of containers, and their bounds.
//! Upstream: `plugin/pkg/admission/limitranger/admission.go`.

use serde_json::{Value, json};

use crate::quantity::Quantity;
use crate::status::{Result, Status};
use crate::store::resource::{LIMIT_RANGES, PODS};
use crate::store::{Objects, text};

/// Fills in a new pod's requests and limits, and checks them.
///
/// # Errors
/// 403 when a container is outside the bounds.
pub(super) fn apply(objects: &Objects, pod: &mut Value) -> Result<()> {
    let namespace = text(pod, "namespace");
    let limits: Vec<Value> = objects
        .list(&LIMIT_RANGES, Some(&namespace))
        .flat_map(|range| {
            range["spec"]["limits"]
                .as_array()
                .cloned()
                .unwrap_or_default()
        })
        .filter(|limit| limit["type"] == "Container")
        .collect();
    let mut errors = Vec::new();
    let containers = pod
        .pointer_mut("/spec/containers")
        .and_then(Value::as_array_mut);
    for container in containers.into_iter().flatten() {
        for limit in &limits {
            fill(container, "limits", &limit["default"]);
            fill(container, "requests", &limit["defaultRequest"]);
            check(container, limit, &mut errors);
        }
    }
    if errors.is_empty() {
        return Ok(());
    }
    let detail = match errors.as_slice() {
        [one] => one.clone(),
        many => format!("[{}]", many.join(", ")),
    };
    Err(Status::forbidden(&PODS, &text(pod, "name"), &detail))
}

fn fill(container: &mut Value, list: &str, defaults: &Value) {
    for (name, value) in defaults.as_object().into_iter().flatten() {
        let present = &mut container["resources"][list][name];
        if present.is_null() {
            *present = json!(value);
        }
    }
}

fn check(container: &Value, limit: &Value, errors: &mut Vec<String>) {
    let quantity = |value: &Value| Quantity::parse(value.as_str()?);
    let resources = &container["resources"];
    for (name, bound) in limit["max"].as_object().into_iter().flatten() {
        let bound_is = bound.as_str().unwrap_or("");
        match quantity(&resources["limits"][name]) {
            None => errors.push(format!(
                "maximum {name} usage per Container is {bound_is}.  No limit is specified"
            )),
            Some(is) if quantity(bound).is_some_and(|bound| is > bound) => errors.push(format!(
                "maximum {name} usage per Container is {bound_is}, but limit is {is}"
            )),
            Some(_) => {}
        }
    }
    for (name, bound) in limit["min"].as_object().into_iter().flatten() {
        let bound_is = bound.as_str().unwrap_or("");
        match quantity(&resources["requests"][name]) {
            None => errors.push(format!(
                "minimum {name} usage per Container is {bound_is}.  No request is specified"
            )),
            Some(is) if quantity(bound).is_some_and(|bound| is < bound) => errors.push(format!(
                "minimum {name} usage per Container is {bound_is}, but request is {is}"
            )),
            Some(_) => {}
        }
    }
}
