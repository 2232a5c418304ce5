//! Nobody grants a right that he lacks, by a role or by a binding.
//! Upstream: `pkg/registry/rbac/escalation_check.go`, `…/rbac/role/policybased/storage.go`,
//! `pkg/registry/rbac/validation/rule.go`.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Attributes, allows, is_master, role, rules};
use crate::identity::Identity;
use crate::status::{Result, Status};
use crate::store::resource::{CLUSTER_ROLE_BINDINGS, CLUSTER_ROLES, ROLE_BINDINGS, ROLES};
use crate::store::{Objects, Resource, Store, text};

/// A right: group, resource, name (empty for all).
type Right = (String, String, String);

/// Checks a role or binding that a user writes; other kinds pass.
///
/// # Errors
/// 403 with the rights that the user lacks.
pub(in crate::apiserver) fn check(
    store: &Store,
    user: &Identity,
    resource: &Resource,
    object: &Value,
) -> Result<()> {
    if is_master(user) {
        return Ok(());
    }
    store.read(|objects| {
        let namespace = text(object, "namespace");
        let name = text(object, "name");
        // Who has the verb `escalate` or `bind` may grant anything.
        let (verb, granted, named) = if *resource == ROLES || *resource == CLUSTER_ROLES {
            ("escalate", object["rules"].clone(), name.clone())
        } else if *resource == ROLE_BINDINGS || *resource == CLUSTER_ROLE_BINDINGS {
            let role = role(objects, object, &namespace);
            let rules = role.map(|role| role["rules"].clone()).unwrap_or_default();
            let named = object["roleRef"]["name"].as_str().unwrap_or("").to_owned();
            ("bind", rules, named)
        } else {
            return Ok(());
        };
        let of_cluster = *resource == CLUSTER_ROLES || object["roleRef"]["kind"] == "ClusterRole";
        let wanted = Attributes {
            verb,
            group: "rbac.authorization.k8s.io",
            resource: if of_cluster { "clusterroles" } else { "roles" },
            namespace: &namespace,
            name: &named,
        };
        if allows(objects, user, &wanted) {
            return Ok(());
        }
        let missing = missing(objects, user, &namespace, &granted);
        if missing.is_empty() {
            return Ok(());
        }
        let groups: Vec<_> = user.groups.iter().map(|group| format!("{group:?}")).collect();
        let detail = format!(
            "user {:?} (groups=[{}]) is attempting to grant RBAC permissions not currently held:\n{}",
            user.user,
            groups.join(" "),
            missing.join("\n"),
        );
        Err(Status::forbidden(resource, &name, &detail))
    })
}

/// The granted rights that no rule of the user's covers, as upstream prints them.
fn missing(objects: &Objects, user: &Identity, namespace: &str, granted: &Value) -> Vec<String> {
    let held = rules(objects, user, namespace);
    let mut missing: BTreeMap<Right, Vec<String>> = BTreeMap::new();
    for rule in granted.as_array().into_iter().flatten() {
        for right in rights(rule) {
            for verb in texts(&rule["verbs"]) {
                if !held.iter().any(|held| covers(held, &right, &verb)) {
                    let verbs = missing.entry(right.clone()).or_default();
                    if !verbs.contains(&verb) {
                        verbs.push(verb);
                    }
                }
            }
        }
    }
    missing
        .into_iter()
        .map(|((group, resource, name), verbs)| {
            let verbs: Vec<_> = verbs.iter().map(|verb| format!("{verb:?}")).collect();
            let names = if name.is_empty() {
                String::new()
            } else {
                format!(", ResourceNames:[{name:?}]")
            };
            format!(
                "{{APIGroups:[{group:?}], Resources:[{resource:?}]{names}, Verbs:[{}]}}",
                verbs.join(" ")
            )
        })
        .collect()
}

fn texts(list: &Value) -> Vec<String> {
    let list = list.as_array().into_iter().flatten();
    list.filter_map(|text| text.as_str().map(str::to_owned))
        .collect()
}

fn rights(rule: &Value) -> Vec<Right> {
    let mut names = texts(&rule["resourceNames"]);
    if names.is_empty() {
        names.push(String::new());
    }
    let mut rights = Vec::new();
    for group in texts(&rule["apiGroups"]) {
        for resource in texts(&rule["resources"]) {
            for name in &names {
                rights.push((group.clone(), resource.clone(), name.clone()));
            }
        }
    }
    rights
}

fn covers(rule: &Value, (group, resource, name): &Right, verb: &str) -> bool {
    let has = |field: &str, wanted: &str| {
        let list = rule[field].as_array().into_iter().flatten();
        list.into_iter()
            .any(|value| value == "*" || value == wanted)
    };
    let names = rule["resourceNames"].as_array();
    let any_name = names.is_none_or(Vec::is_empty);
    let named = names.is_some_and(|names| names.iter().any(|held| held == name));
    has("verbs", verb)
        && has("apiGroups", group)
        && has("resources", resource)
        && (any_name || named && !name.is_empty())
}
