//! `metadata.managedFields`: who wrote which field. Records each write; finds the conflicts of an apply.
//! Upstream: `sigs.k8s.io/structured-merge-diff/merge/update.go`, `apimachinery/pkg/util/managedfields`.

use serde_json::{Value, json};

use super::fields::{self, FieldSet, Path};
use super::{Resource, Writer, is_managed};
use crate::clock::Clock;

/// One entry of `managedFields`.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// Field manager.
    pub(crate) manager: String,
    /// Whether it applies; else it updates.
    pub(crate) applies: bool,
    /// Subresource, or empty.
    pub(crate) subresource: String,
    /// Version of the API that it wrote in.
    pub(crate) api_version: String,
    /// Its fields.
    pub(crate) fields: FieldSet,
    time: Value,
}

impl Entry {
    fn is_of(&self, writer: &Writer) -> bool {
        self.manager == writer.manager
            && self.applies == writer.applied.is_some()
            && self.subresource == writer.subresource
    }

    /// As upstream names a manager in a conflict (`conflict.go`, `printManager`).
    pub(crate) fn display(&self) -> String {
        let mut text = format!("{:?}", self.manager);
        if !self.subresource.is_empty() {
            text += &format!(" with subresource {:?}", self.subresource);
        }
        if !self.applies {
            text += &format!(" using {}", self.api_version);
        }
        text
    }

    fn to_json(&self) -> Value {
        let mut entry = json!({
            "manager": self.manager,
            "operation": if self.applies { "Apply" } else { "Update" },
            "apiVersion": self.api_version,
            "time": self.time,
            "fieldsType": "FieldsV1",
            "fieldsV1": self.fields.to_json(),
        });
        if !self.subresource.is_empty() {
            entry["subresource"] = json!(self.subresource);
        }
        entry
    }

    fn from_json(entry: &Value) -> Self {
        let text = |field: &str| entry[field].as_str().unwrap_or("").to_owned();
        Self {
            manager: text("manager"),
            applies: entry["operation"] == "Apply",
            subresource: text("subresource"),
            api_version: text("apiVersion"),
            fields: FieldSet::from_json(&entry["fieldsV1"]),
            time: entry["time"].clone(),
        }
    }
}

/// The entries of an object.
pub(crate) fn entries(object: &Value) -> Vec<Entry> {
    object["metadata"]["managedFields"]
        .as_array()
        .into_iter()
        .flatten()
        .map(Entry::from_json)
        .collect()
}

/// Whether a kind's schema comes from a CustomResourceDefinition.
pub(crate) fn is_custom(resource: &Resource) -> bool {
    resource.group == "keda.sh"
}

/// Writes into `new` who owns its fields after a write of `writer` that turned `old` into `new`.
pub(crate) fn record(
    old: &Value,
    new: &mut Value,
    resource: &Resource,
    writer: &Writer,
    clock: Clock,
) {
    if !is_managed(resource) {
        return;
    }
    let custom = is_custom(resource);
    let (before, after) = (FieldSet::of(old, custom), FieldSet::of(new, custom));
    let after_paths = after.paths();
    let changed: Vec<&Path> = after_paths
        .iter()
        .filter(|path| is_leaf_change(old, new, path, &before))
        .collect();
    let removed: Vec<Path> = before
        .paths()
        .into_iter()
        .filter(|path| !after.contains(path))
        .collect();

    let mut entries = entries(new);
    for entry in entries.iter_mut().filter(|entry| !entry.is_of(writer)) {
        for path in changed.iter().filter(|path| before.contains(path)) {
            if entry.fields.contains(path) {
                entry.fields.remove(path);
            }
        }
    }
    for path in &removed {
        for entry in &mut entries {
            entry.fields.remove(path);
        }
    }
    let position = entries.iter().position(|entry| entry.is_of(writer));
    let mut own = match position {
        Some(position) => entries.remove(position),
        None => Entry {
            manager: writer.manager.clone(),
            applies: writer.applied.is_some(),
            subresource: writer.subresource.to_owned(),
            api_version: resource.api_version(),
            fields: FieldSet::default(),
            time: Value::Null,
        },
    };
    let fields_before = own.fields.clone();
    match &writer.applied {
        Some(applied) => own.fields = applied.clone(),
        None => changed.iter().for_each(|path| own.fields.insert(path)),
    }
    if own.fields != fields_before || !changed.is_empty() || !removed.is_empty() {
        own.time = json!(clock.time());
    }
    own.api_version = resource.api_version();
    entries.insert(position.unwrap_or(entries.len()), own);
    entries.retain(|entry| !entry.fields.is_empty());
    // Upstream: `apimachinery/pkg/util/managedfields/internal/managedfields.go`, `sortEncodedManagedFields`.
    entries.sort_by_cached_key(|entry| {
        (
            !entry.applies,
            entry.time.as_str().unwrap_or("").to_owned(),
            entry.manager.clone(),
            entry.api_version.clone(),
            entry.subresource.clone(),
        )
    });
    let entries: Vec<_> = entries.iter().map(Entry::to_json).collect();
    new["metadata"]["managedFields"] = json!(entries);
}

/// Whether the value at a path is new or another. Maps and list items count only when they are new; their
/// content has paths of its own.
fn is_leaf_change(old: &Value, new: &Value, path: &Path, before: &FieldSet) -> bool {
    if !before.contains(path) {
        return true;
    }
    let after = fields::follow(new, path);
    !before.has_children(path) && fields::follow(old, path) != after
}
