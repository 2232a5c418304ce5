//! ResourceQuota: what a namespace uses, and the refusal of what it may not. The use is counted from the objects
//! themselves, so it is never behind.
//! Upstream: `apiserver/pkg/admission/plugin/resourcequota/controller.go`, `pkg/quota/v1/evaluator/core`.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::quantity::Quantity;
use crate::status::{Cause, Result, Status};
use crate::store::resource::{ALL, PODS, RESOURCE_QUOTAS};
use crate::store::{Objects, Resource, text};

type Amounts = BTreeMap<String, Quantity>;

/// Checks a new or changed object against the namespace's quotas.
///
/// # Errors
/// 403 when a quota would be exceeded, or a container lacks an amount that a quota counts.
pub(super) fn check(
    objects: &Objects,
    resource: &Resource,
    old: Option<&Value>,
    new: &Value,
) -> Result<()> {
    if !resource.namespaced {
        return Ok(());
    }
    let namespace = text(new, "namespace");
    for quota in objects.list(&RESOURCE_QUOTAS, Some(&namespace)) {
        if *resource == PODS && !in_scope(quota, new) {
            continue;
        }
        let hard = hard(quota);
        let quota_name = text(quota, "name");
        let mut requested = cost(resource, new);
        requested.retain(|name, _| hard.contains_key(name));
        let before = old.map(|old| cost(resource, old)).unwrap_or_default();
        if *resource == PODS && old.is_none() {
            must_specify(new, &hard, &quota_name)?;
        }
        for (name, before) in &before {
            if let Some(amount) = requested.get_mut(name) {
                *amount = amount.minus(*before);
            }
        }
        requested.retain(|_, amount| *amount > Quantity::default());
        if requested.is_empty() {
            continue;
        }
        let used = used(objects, &namespace, quota, &hard);
        let amount = |name: &str| used.get(name).copied().unwrap_or_default();
        let exceeded: Vec<&String> = requested
            .iter()
            .filter(|(name, more)| amount(name).plus(**more) > hard[*name])
            .map(|(name, _)| name)
            .collect();
        if !exceeded.is_empty() {
            let print = |of: &dyn Fn(&str) -> Quantity| {
                let all: Vec<_> = exceeded.iter().map(|n| format!("{n}={}", of(n))).collect();
                all.join(",")
            };
            let detail = format!(
                "exceeded quota: {quota_name}, requested: {}, used: {}, limited: {}",
                print(&|name| requested[name]),
                print(&amount),
                print(&|name| hard[name]),
            );
            return Err(Status::forbidden(resource, &text(new, "name"), &detail));
        }
    }
    Ok(())
}

/// What a namespace uses of each resource that a quota limits; for `status.used`.
pub(crate) fn usage(objects: &Objects, namespace: &str, quota: &Value) -> Amounts {
    used(objects, namespace, quota, &hard(quota))
}

/// Which pods a quota can be confined to. Upstream: `pkg/quota/v1/evaluator/core/pods.go`, `podMatchesScopeFunc`.
const SCOPES: [&str; 4] = [
    "BestEffort",
    "NotBestEffort",
    "NotTerminating",
    "Terminating",
];

fn in_scope(quota: &Value, pod: &Value) -> bool {
    let scopes = quota["spec"]["scopes"].as_array();
    let best_effort = pod["status"]["qosClass"] == "BestEffort";
    let terminating = pod["spec"]["activeDeadlineSeconds"].is_number();
    scopes
        .into_iter()
        .flatten()
        .all(|scope| match scope.as_str() {
            Some("BestEffort") => best_effort,
            Some("NotBestEffort") => !best_effort,
            Some("Terminating") => terminating,
            Some("NotTerminating") => !terminating,
            _ => true,
        })
}

/// What a quota may limit by these names alone. Upstream: `pkg/apis/core/helper/helpers.go`.
const STANDARD: [&str; 13] = [
    "configmaps",
    "cpu",
    "ephemeral-storage",
    "memory",
    "persistentvolumeclaims",
    "pods",
    "replicationcontrollers",
    "resourcequotas",
    "secrets",
    "services",
    "services.loadbalancers",
    "services.nodeports",
    "storage",
];

/// Checks what a quota says. Upstream: `pkg/apis/core/validation/validation.go`, `ValidateResourceQuotaSpec`.
pub(super) fn check_spec(spec: &Value, causes: &mut Vec<Cause>) {
    for (name, value) in spec["hard"].as_object().into_iter().flatten() {
        let field = format!("spec.hard[{name}]");
        if !STANDARD.contains(&name.as_str()) {
            if !name.contains('.') && !name.contains('/') {
                let detail = "must be a standard resource type or fully qualified";
                causes.push(Cause::invalid(field.clone(), &json!(name), detail));
            }
            let is_known = name.contains('/')
                || name
                    .split_once('.')
                    .is_some_and(|(list, _)| matches!(list, "requests" | "limits"));
            if !is_known {
                let detail = "must be a standard resource for quota";
                causes.push(Cause::invalid(field.clone(), &json!(name), detail));
            }
        }
        let Some(amount) = value.as_str().and_then(Quantity::parse) else {
            continue;
        };
        if amount < Quantity::default() {
            let detail = "must be greater than or equal to 0";
            causes.push(Cause::invalid(field, value, detail));
        } else if is_count(name) && amount.milli() % 1000 != 0 {
            causes.push(Cause::invalid(field, value, "must be an integer"));
        }
    }
    let scopes: Vec<&str> = spec["scopes"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let detail = if scopes.iter().any(|scope| !SCOPES.contains(scope)) {
        "unsupported scope"
    } else if scopes.contains(&"BestEffort")
        && spec["hard"]
            .as_object()
            .is_some_and(|hard| hard.keys().any(|name| name != "pods"))
    {
        // Of pods that ask for nothing there is nothing else to count.
        "unsupported scope applied to resource"
    } else {
        return;
    };
    causes.push(Cause::invalid("spec.scopes", &json!(scopes), detail));
}

/// Whether a resource is counted in whole objects.
fn is_count(name: &str) -> bool {
    name.starts_with("count/")
        || STANDARD.contains(&name)
            && !matches!(name, "cpu" | "memory" | "storage" | "ephemeral-storage")
}

fn hard(quota: &Value) -> Amounts {
    let hard = quota["spec"]["hard"].as_object();
    hard.into_iter()
        .flatten()
        .filter_map(|(name, value)| Some((name.clone(), Quantity::parse(value.as_str()?)?)))
        .collect()
}

fn used(objects: &Objects, namespace: &str, quota: &Value, hard: &Amounts) -> Amounts {
    let mut used: Amounts = hard
        .keys()
        .map(|name| (name.clone(), Quantity::default()))
        .collect();
    for resource in ALL.iter().filter(|resource| resource.namespaced) {
        for object in objects.list(resource, Some(namespace)) {
            if **resource == PODS && !in_scope(quota, object) {
                continue;
            }
            for (name, amount) in cost(resource, object) {
                if let Some(sum) = used.get_mut(&name) {
                    *sum = sum.plus(amount);
                }
            }
        }
    }
    used
}

/// What one object counts for, under all names that a quota can use.
fn cost(resource: &Resource, object: &Value) -> Amounts {
    let one = Quantity::from_milli(1000);
    let mut cost = Amounts::new();
    cost.insert(format!("count/{}", resource.name), one);
    match resource.kind {
        "Pod" => {
            let ended = matches!(
                object["status"]["phase"].as_str(),
                Some("Failed" | "Succeeded")
            );
            // Pods that have ended count as objects only.
            if !ended {
                cost.insert("pods".to_owned(), one);
                add_containers(object, &mut cost);
            }
        }
        "ConfigMap" | "Secret" | "Service" | "ResourceQuota" => {
            cost.insert(resource.plural.to_owned(), one);
        }
        _ => {}
    }
    cost
}

fn add_containers(pod: &Value, cost: &mut Amounts) {
    for container in pod["spec"]["containers"].as_array().into_iter().flatten() {
        for list in ["requests", "limits"] {
            let amounts = container["resources"][list].as_object();
            for (name, value) in amounts.into_iter().flatten() {
                let Some(amount) = value.as_str().and_then(Quantity::parse) else {
                    continue;
                };
                let mut add = |name: String| {
                    let sum = cost.entry(name).or_default();
                    *sum = sum.plus(amount);
                };
                add(format!("{list}.{name}"));
                if list == "requests" {
                    // `cpu` and `memory` alone mean the requests.
                    add(name.clone());
                }
            }
        }
    }
}

/// Under a quota on CPU or memory every container must say how much it takes.
/// Upstream: `pkg/quota/v1/evaluator/core/pods.go`, `Constraints`.
fn must_specify(pod: &Value, hard: &Amounts, quota: &str) -> Result<()> {
    const COUNTED: [&str; 6] = [
        "cpu",
        "limits.cpu",
        "limits.memory",
        "memory",
        "requests.cpu",
        "requests.memory",
    ];
    let mut missing: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for container in pod["spec"]["containers"].as_array().into_iter().flatten() {
        for counted in COUNTED.iter().filter(|name| hard.contains_key(**name)) {
            let (list, name) = counted.split_once('.').unwrap_or(("requests", counted));
            if container["resources"][list][name].is_null() {
                let name = container["name"].as_str().unwrap_or("");
                missing.entry(counted).or_default().push(name);
            }
        }
    }
    if missing.is_empty() {
        return Ok(());
    }
    let errors: Vec<_> = missing
        .into_iter()
        .map(|(name, mut containers)| {
            containers.sort_unstable();
            format!("{name} for: {}", containers.join(","))
        })
        .collect();
    let detail = format!("failed quota: {quota}: must specify {}", errors.join("; "));
    Err(Status::forbidden(&PODS, &text(pod, "name"), &detail))
}
