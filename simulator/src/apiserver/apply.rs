//! Server-Side Apply: merges a configuration into an object by who owns which field. Pure.
//! Upstream: `sigs.k8s.io/structured-merge-diff/merge/update.go`, `apimachinery/pkg/util/managedfields`.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::status::{Result, Status};
use crate::store::fields::{self, FieldSet, Path, has_key};
use crate::store::managed_fields::{self, Entry};
use crate::store::schema::{self, ListType};

/// Merges `config` into `live` for `manager`. With `force` other managers lose the fields that differ.
///
/// # Errors
/// 409 with a cause for each field of another manager that would change.
pub(super) fn apply(
    live: &Value,
    config: &Value,
    custom: bool,
    manager: &str,
    subresource: &str,
    force: bool,
) -> Result<Value> {
    let fields = FieldSet::of_applied(config, custom);
    let entries = managed_fields::entries(live);
    let is_own = |entry: &Entry| {
        entry.applies && entry.manager == manager && entry.subresource == subresource
    };
    let mut merged = live.clone();
    merge("", &mut merged, config, custom);

    let conflicts = conflicts(live, config, &fields, entries.iter().filter(|e| !is_own(e)));
    if !force && !conflicts.is_empty() {
        return Err(conflict_status(&conflicts));
    }

    // What the manager applied before and applies no more goes, unless somebody else owns it too.
    if let Some(own) = entries.iter().find(|entry| is_own(entry)) {
        let mut dropped: Vec<Path> = own.fields.paths();
        dropped.retain(|path| {
            let kept = fields.contains(path) || fields.contains_any_below(path);
            let foreign = || {
                entries
                    .iter()
                    .filter(|entry| !is_own(entry))
                    .any(|entry| entry.fields.contains_any_below(path))
            };
            !kept && !foreign()
        });
        for path in &dropped {
            fields::remove(&mut merged, path);
        }
    }
    Ok(merged)
}

fn conflicts<'a>(
    live: &Value,
    config: &Value,
    fields: &FieldSet,
    others: impl Iterator<Item = &'a Entry>,
) -> Vec<(String, Path)> {
    let mut conflicts = Vec::new();
    let paths = fields.paths();
    for entry in others {
        for path in paths.iter().filter(|path| entry.fields.contains(path)) {
            let is_leaf = !fields.has_children(path);
            if is_leaf && fields::follow(live, path) != fields::follow(config, path) {
                conflicts.push((entry.display(), path.clone()));
            }
        }
    }
    conflicts.sort();
    conflicts
}

/// Upstream: `apimachinery/pkg/util/managedfields/internal/conflict.go`.
fn conflict_status(conflicts: &[(String, Path)]) -> Status {
    let message = match conflicts {
        [(manager, path)] => format!(
            "Apply failed with 1 conflict: conflict with {manager}: {}",
            fields::display(path)
        ),
        _ => {
            let mut by_manager: BTreeMap<&str, Vec<String>> = BTreeMap::new();
            for (manager, path) in conflicts {
                by_manager
                    .entry(manager)
                    .or_default()
                    .push(format!("- {}", fields::display(path)));
            }
            let lines: Vec<_> = by_manager
                .into_iter()
                .map(|(manager, paths)| format!("conflicts with {manager}:\n{}", paths.join("\n")))
                .collect();
            format!(
                "Apply failed with {} conflicts: {}",
                conflicts.len(),
                lines.join("\n")
            )
        }
    };
    let causes: Vec<_> = conflicts
        .iter()
        .map(|(manager, path)| {
            json!({
                "reason": "FieldManagerConflict",
                "message": format!("conflict with {manager}"),
                "field": fields::display(path),
            })
        })
        .collect();
    Status {
        details: json!({"causes": causes}),
        ..Status::new(409, "Conflict", message)
    }
}

fn merge(name: &str, live: &mut Value, config: &Value, custom: bool) {
    match (live, config) {
        (Value::Object(live), Value::Object(config)) if !schema::is_atomic_map(custom, name) => {
            for (field, value) in config {
                if value.is_null() {
                    continue;
                }
                match live.get_mut(field) {
                    Some(present) => merge(field, present, value, custom),
                    None => {
                        live.insert(field.clone(), value.clone());
                    }
                }
            }
        }
        (Value::Array(live), Value::Array(config)) => merge_list(name, live, config, custom),
        (live, config) => *live = config.clone(),
    }
}

fn merge_list(name: &str, live: &mut Vec<Value>, config: &[Value], custom: bool) {
    let known: Vec<_> = config.iter().chain(live.iter()).cloned().collect();
    match schema::list_type(custom, name, &known) {
        ListType::Atomic => *live = config.to_vec(),
        ListType::Set => {
            for item in config {
                if !live.contains(item) {
                    live.push(item.clone());
                }
            }
        }
        ListType::Map(keys) => {
            for item in config {
                let key = schema::item_key(keys, item).unwrap_or_default();
                match live.iter_mut().find(|present| has_key(present, &key)) {
                    Some(present) => merge("", present, item, custom),
                    None => live.push(item.clone()),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mk_live(manager: &str, operation: &str, subresource: &str, fields: &Value) -> Value {
        json!({
            "metadata": {"name": "webapp", "managedFields": [{
                "manager": manager, "operation": operation, "subresource": subresource,
                "apiVersion": "apps/v1", "fieldsType": "FieldsV1", "fieldsV1": fields,
            }]},
            "spec": {"replicas": 4, "paused": true},
        })
    }

    #[test]
    fn field_of_another_manager_conflicts_with_upstreams_words() {
        let fields = json!({"f:spec": {"f:replicas": {}}});
        let live = mk_live("kube-controller-manager", "Update", "scale", &fields);
        let config = json!({"spec": {"replicas": 1}});
        let Err(status) = apply(&live, &config, false, "panel", "", false) else {
            panic!("no conflict");
        };
        assert_eq!(
            status.message,
            "Apply failed with 1 conflict: conflict with \"kube-controller-manager\" with subresource \"scale\" using apps/v1: .spec.replicas"
        );
        assert_eq!(status.details["causes"][0]["field"], ".spec.replicas");
        let forced = apply(&live, &config, false, "panel", "", true).unwrap();
        assert_eq!(forced["spec"]["replicas"], 1);
    }

    #[test]
    fn several_conflicts_are_listed_by_manager() {
        let fields = json!({"f:spec": {"f:replicas": {}, "f:paused": {}}});
        let live = mk_live("kubectl", "Apply", "", &fields);
        let config = json!({"spec": {"replicas": 1, "paused": false}});
        let Err(status) = apply(&live, &config, false, "panel", "", false) else {
            panic!("no conflict");
        };
        assert_eq!(
            status.message,
            "Apply failed with 2 conflicts: conflicts with \"kubectl\":\n- .spec.paused\n- .spec.replicas"
        );
    }

    #[test]
    fn same_value_is_shared() {
        let fields = json!({"f:spec": {"f:replicas": {}}});
        let live = mk_live("kubectl", "Apply", "", &fields);
        let config = json!({"spec": {"replicas": 4}});
        let applied = apply(&live, &config, false, "panel", "", false).unwrap();
        assert_eq!(applied, live);
    }

    #[test]
    fn field_no_longer_applied_is_removed() {
        let fields = json!({"f:spec": {"f:replicas": {}, "f:paused": {}}});
        let live = mk_live("panel", "Apply", "", &fields);
        let config = json!({"spec": {"replicas": 4}});
        let applied = apply(&live, &config, false, "panel", "", false).unwrap();
        assert_eq!(applied["spec"], json!({"replicas": 4}));
    }
}
