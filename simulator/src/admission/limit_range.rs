//! LimitRange: default requests and limits of containers, and the bounds of containers and pods.
//! Upstream: `plugin/pkg/admission/limitranger/admission.go`.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::quantity::Quantity;
use crate::status::{Cause, Result, Status};
use crate::store::resource::{LIMIT_RANGES, PODS};
use crate::store::{Objects, text};

/// Fills in a new pod's requests and limits, and checks them.
///
/// # Errors
/// 403 when a container or the pod is outside the bounds.
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
        .collect();
    let mut filled = Vec::new();
    for limit in limits.iter().filter(|limit| limit["type"] == "Container") {
        let containers = pod
            .pointer_mut("/spec/containers")
            .and_then(Value::as_array_mut);
        for container in containers.into_iter().flatten() {
            fill(container, "requests", &limit["defaultRequest"], &mut filled);
            fill(container, "limits", &limit["default"], &mut filled);
        }
    }
    if !filled.is_empty() {
        let note = format!("LimitRanger plugin set: {}", filled.join("; "));
        pod["metadata"]["annotations"]["kubernetes.io/limit-ranger"] = json!(note);
    }
    let mut errors = Vec::new();
    let containers = pod["spec"]["containers"].as_array();
    for limit in &limits {
        match limit["type"].as_str() {
            Some("Container") => {
                for container in containers.into_iter().flatten() {
                    check("Container", &container["resources"], limit, &mut errors);
                }
            }
            Some("Pod") => check("Pod", &sum(containers), limit, &mut errors),
            _ => {}
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

fn fill(container: &mut Value, list: &str, defaults: &Value, filled: &mut Vec<String>) {
    let mut set = Vec::new();
    for (name, value) in defaults.as_object().into_iter().flatten() {
        let present = &mut container["resources"][list][name];
        if present.is_null() {
            *present = json!(value);
            set.push(name.as_str());
        }
    }
    if !set.is_empty() {
        let what = list.trim_end_matches('s');
        let name = container["name"].as_str().unwrap_or("");
        filled.push(format!("{} {what} for container {name}", set.join(", ")));
    }
}

fn quantity(value: &Value) -> Option<Quantity> {
    Quantity::parse(value.as_str()?)
}

/// What all containers ask for and are limited to.
fn sum(containers: Option<&Vec<Value>>) -> Value {
    let mut resources = json!({});
    for list in ["requests", "limits"] {
        let mut sums: BTreeMap<&String, Quantity> = BTreeMap::new();
        for container in containers.into_iter().flatten() {
            let amounts = container["resources"][list].as_object();
            for (name, amount) in amounts.into_iter().flatten() {
                if let Some(amount) = quantity(amount) {
                    let sum = sums.entry(name).or_default();
                    *sum = sum.plus(amount);
                }
            }
        }
        for (name, sum) in sums {
            resources[list][name] = json!(sum.to_string());
        }
    }
    resources
}

fn check(what: &str, resources: &Value, limit: &Value, errors: &mut Vec<String>) {
    for (name, bound) in limit["min"].as_object().into_iter().flatten() {
        let bound_is = bound.as_str().unwrap_or("");
        match quantity(&resources["requests"][name]) {
            None => errors.push(format!(
                "minimum {name} usage per {what} is {bound_is}.  No request is specified"
            )),
            Some(is) if quantity(bound).is_some_and(|bound| is < bound) => errors.push(format!(
                "minimum {name} usage per {what} is {bound_is}, but request is {is}"
            )),
            Some(_) => {}
        }
    }
    for (name, bound) in limit["max"].as_object().into_iter().flatten() {
        let bound_is = bound.as_str().unwrap_or("");
        match quantity(&resources["limits"][name]) {
            None => errors.push(format!(
                "maximum {name} usage per {what} is {bound_is}.  No limit is specified"
            )),
            Some(is) if quantity(bound).is_some_and(|bound| is > bound) => errors.push(format!(
                "maximum {name} usage per {what} is {bound_is}, but limit is {is}"
            )),
            Some(_) => {}
        }
    }
    for (name, bound) in limit["maxLimitRequestRatio"]
        .as_object()
        .into_iter()
        .flatten()
    {
        let bound_is = bound.as_str().unwrap_or("");
        let of = |list: &str| quantity(&resources[list][name]);
        let (Some(most), Some(bound)) = (of("limits"), quantity(bound)) else {
            errors.push(format!(
                "{name} max limit to request ratio per {what} is {bound_is}, but no limit is specified or limit is 0"
            ));
            continue;
        };
        let Some(least) = of("requests") else {
            errors.push(format!(
                "{name} max limit to request ratio per {what} is {bound_is}, but no request is specified or request is 0"
            ));
            continue;
        };
        let ratio = ratio(most, least);
        if ratio > ratio_of(bound) {
            errors.push(format!(
                "{name} max limit to request ratio per {what} is {bound_is}, but provided ratio is {ratio:.6}"
            ));
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "upstream divides floats, too")]
fn ratio(limit: Quantity, request: Quantity) -> f64 {
    limit.milli() as f64 / request.milli() as f64
}

fn ratio_of(bound: Quantity) -> f64 {
    ratio(bound, Quantity::from_milli(1000))
}

/// The defaults that follow from a range's bounds.
/// Upstream: `pkg/apis/core/v1/defaults.go`, `SetDefaults_LimitRangeItem`.
pub(super) fn fill_range(spec: &mut Value) {
    let limits = spec.get_mut("limits").and_then(Value::as_array_mut);
    for limit in limits.into_iter().flatten() {
        if limit["type"] != "Container" {
            continue;
        }
        for (from, to) in [
            ("max", "default"),
            ("default", "defaultRequest"),
            ("min", "defaultRequest"),
        ] {
            let source = limit[from].as_object().cloned().unwrap_or_default();
            for (name, value) in source {
                let present = &mut limit[to][name];
                if present.is_null() {
                    *present = value;
                }
            }
        }
        if let Some(limit) = limit.as_object_mut() {
            // Looking at a field has made it.
            limit.retain(|_, value| !value.is_null());
        }
    }
}

/// A range must not contradict itself.
/// Upstream: `pkg/apis/core/validation/validation.go`, `ValidateLimitRange`.
pub(super) fn check_range(spec: &Value, causes: &mut Vec<Cause>) {
    for (limit, index) in spec["limits"].as_array().into_iter().flatten().zip(0..) {
        let mut names: Vec<&String> = Vec::new();
        for list in ["max", "min", "default", "defaultRequest"] {
            names.extend(
                limit[list]
                    .as_object()
                    .into_iter()
                    .flatten()
                    .map(|(name, _)| name),
            );
        }
        names.sort();
        names.dedup();
        for name in names {
            let of = |list: &str| quantity(&limit[list][name]);
            let mut greater = |list: &str, what: &str, than: &str, than_what: &str, shown: &str| {
                if let (Some(value), Some(bound)) = (of(list), of(than))
                    && value > bound
                {
                    causes.push(Cause::invalid(
                        format!("spec.limits[{index}].{list}[{name}]"),
                        &limit[shown][name],
                        &format!("{what} value {value} is greater than {than_what} value {bound}"),
                    ));
                }
            };
            greater("min", "min", "max", "max", "min");
            greater("min", "min", "defaultRequest", "default request", "min");
            greater(
                "defaultRequest",
                "default request",
                "max",
                "max",
                "defaultRequest",
            );
            greater(
                "defaultRequest",
                "default request",
                "default",
                "default limit",
                "defaultRequest",
            );
            // NB: upstream shows the maximum here.
            greater("default", "default", "max", "max", "max");
        }
    }
}
