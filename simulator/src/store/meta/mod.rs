//! What the API server keeps in `metadata` by itself: names, UIDs, times, generation, and who owns which field.
//! The store calls it around each write.

pub(crate) mod fields;
pub(crate) mod managed_fields;
pub(crate) mod schema;

use serde_json::{Value, json};

use super::Resource;
use super::resource::{EVENTS, NAMESPACES, PODS};
use crate::clock::Clock;
use crate::random::Random;
use crate::status::{Cause, Result, Status};

/// Which part of an object a write concerns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Spec and status in one write; only the simulator's own controllers can.
    All,
    /// Everything but the status, where the kind has a status subresource.
    Main,
    /// The status alone.
    Status,
}

/// Who writes, for `metadata.managedFields`.
#[derive(Clone, Debug, PartialEq)]
pub struct Writer {
    /// `fieldManager` of the request, or the first word of the `User-Agent`.
    pub manager: String,
    /// The subresource that was written to, or empty.
    pub subresource: &'static str,
    /// For Server-Side Apply, the fields of the applied configuration.
    pub(crate) applied: Option<fields::FieldSet>,
}

impl Writer {
    /// A create, update or patch by `manager`.
    pub fn update(manager: impl Into<String>) -> Self {
        Self {
            manager: manager.into(),
            subresource: "",
            applied: None,
        }
    }

    /// Whether this is a Server-Side Apply.
    pub fn is_apply(&self) -> bool {
        self.applied.is_some()
    }

    /// The same through a subresource.
    pub fn on(self, subresource: &'static str) -> Self {
        Self {
            subresource,
            ..self
        }
    }
}

/// The longest name that `generateName` may leave in front of its five characters.
/// Upstream: `staging/src/k8s.io/apiserver/pkg/storage/names/generate.go`.
const MAX_GENERATED_NAME_BASE: usize = 63 - 5;

/// Fills in what a new object gets, and removes what a client cannot set.
pub(super) fn begin_create(
    resource: &Resource,
    object: &mut Value,
    clock: Clock,
    random: &mut Random,
) -> Result<()> {
    if !object["metadata"].is_object() {
        object["metadata"] = json!({});
    }
    if !matches!(meta_text(object, "resourceVersion"), None | Some("" | "0")) {
        return Err(Status::unclassified(
            "resourceVersion should not be set on objects to be created",
        ));
    }
    let name = match (meta_text(object, "name"), meta_text(object, "generateName")) {
        (Some(name), _) if !name.is_empty() => name.to_owned(),
        (_, Some(base)) if !base.is_empty() => {
            let base: String = base.chars().take(MAX_GENERATED_NAME_BASE).collect();
            format!("{base}{}", random.suffix(5))
        }
        _ => {
            let cause = Cause::required("metadata.name", "name or generateName is required");
            return Err(Status::invalid(resource, "", &[cause]));
        }
    };
    let meta = &mut object["metadata"];
    meta["name"] = json!(name);
    meta["uid"] = json!(random.uid());
    meta["creationTimestamp"] = json!(clock.time());
    if resource.generation {
        meta["generation"] = json!(1);
    }
    if let Some(meta) = meta.as_object_mut() {
        for field in [
            "deletionTimestamp",
            "deletionGracePeriodSeconds",
            "selfLink",
            "managedFields",
            "resourceVersion",
        ] {
            meta.remove(field);
        }
        meta.retain(|_, value| !value.is_null());
        if !resource.namespaced {
            meta.remove("namespace");
        }
    }
    if *resource == NAMESPACES {
        object["spec"]["finalizers"] = json!(["kubernetes"]);
        object["status"]["phase"] = json!("Active");
        object["metadata"]["labels"]["kubernetes.io/metadata.name"] = json!(name);
    }
    Ok(())
}

fn meta_text<'a>(object: &'a Value, field: &str) -> Option<&'a str> {
    object["metadata"][field].as_str()
}

/// Keeps what a write cannot change. `None` when nothing differs.
pub(super) fn begin_update(
    resource: &Resource,
    old: &Value,
    mut new: Value,
    part: Part,
) -> Result<Option<Value>> {
    let name = meta_text(old, "name").unwrap_or("");
    let version = meta_text(&new, "resourceVersion").unwrap_or("");
    if !version.is_empty() && version.parse::<u64>().is_err() {
        return Err(Status::unclassified(format!(
            "strconv.ParseUint: parsing {version:?}: invalid syntax"
        )));
    }
    if !matches!(version, "" | "0") && version != meta_text(old, "resourceVersion").unwrap_or("") {
        return Err(Status::stale(resource, name));
    }
    let uid = meta_text(old, "uid").unwrap_or("");
    let wanted = meta_text(&new, "uid").unwrap_or("");
    if !wanted.is_empty() && wanted != uid {
        let namespace = meta_text(old, "namespace").unwrap_or("");
        let detail = format!(
            "StorageError: invalid object, Code: 4, Key: /registry/{}/{namespace}/{name}, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: {wanted}, UID in object meta: {uid}",
            resource.plural
        );
        return Err(Status::conflict(resource, name, &detail));
    }
    if part == Part::Main {
        check_deletion(resource, old, &new)?;
    }
    if part == Part::Status {
        let mut object = old.clone();
        replace(&mut object, "status", &new["status"]);
        // Ownership of the status' fields travels with an apply to the subresource.
        new = object;
    } else if part == Part::Main && resource.has_status() {
        replace(&mut new, "status", &old["status"]);
    }
    if !new["metadata"].is_object() {
        new["metadata"] = json!({});
    }
    for field in [
        "name",
        "generateName",
        "namespace",
        "uid",
        "resourceVersion",
        "generation",
        "creationTimestamp",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
        "managedFields",
    ] {
        replace(&mut new["metadata"], field, &old["metadata"][field]);
    }
    replace(&mut new["metadata"], "selfLink", &Value::Null);
    for field in ["apiVersion", "kind"] {
        replace(&mut new, field, &old[field]);
    }
    if let Some(meta) = new["metadata"].as_object_mut() {
        meta.retain(|_, value| !is_empty(value));
    }
    Ok(Some(new))
}

/// A client neither marks an object for deletion by a write, nor holds back one that is being deleted.
/// Upstream: `apimachinery/pkg/api/validation/objectmeta.go`, `ValidateObjectMetaUpdate`.
fn check_deletion(resource: &Resource, old: &Value, new: &Value) -> Result<()> {
    let name = meta_text(old, "name").unwrap_or("");
    let refuse = |cause: Cause| Err(Status::invalid(resource, name, &[cause.clone(), cause]));
    let (before, wanted) = (
        &old["metadata"]["deletionTimestamp"],
        &new["metadata"]["deletionTimestamp"],
    );
    if !wanted.is_null() && wanted != before {
        return refuse(Cause::invalid(
            "metadata.deletionTimestamp",
            wanted,
            "field is immutable",
        ));
    }
    if before.is_null() {
        return Ok(());
    }
    let list = |object: &Value| object["metadata"]["finalizers"].as_array().cloned();
    let present = list(old).unwrap_or_default();
    let added: Vec<String> = list(new)
        .unwrap_or_default()
        .iter()
        .filter(|finalizer| !present.contains(finalizer))
        .map(Value::to_string)
        .collect();
    if added.is_empty() {
        return Ok(());
    }
    refuse(Cause::forbidden(
        "metadata.finalizers",
        &format!(
            "no new finalizers can be added if the object is being deleted, found new finalizers []string{{{}}}",
            added.join(", ")
        ),
    ))
}

/// Counts the generation; `None` when the write changes nothing.
pub(super) fn finish_update(resource: &Resource, old: &Value, mut new: Value) -> Option<Value> {
    if new == *old {
        return None;
    }
    if resource.generation && wanted_state(resource, &new) != wanted_state(resource, old) {
        let generation = old["metadata"]["generation"].as_i64().unwrap_or(0);
        new["metadata"]["generation"] = json!(generation + 1);
    }
    Some(new)
}

/// What `metadata.generation` counts: all but `metadata` and `status`. Binding a pod to a node is not counted.
fn wanted_state(resource: &Resource, object: &Value) -> Value {
    let mut object = object.clone();
    if let Some(object) = object.as_object_mut() {
        object.remove("metadata");
        object.remove("status");
        if *resource == PODS
            && let Some(spec) = object.get_mut("spec").and_then(Value::as_object_mut)
        {
            spec.remove("nodeName");
        }
    }
    object
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(list) => list.is_empty(),
        Value::Object(map) => map.is_empty(),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

/// Sets a field, or removes it when the value is null.
fn replace(object: &mut Value, field: &str, value: &Value) {
    let Some(object) = object.as_object_mut() else {
        return;
    };
    if value.is_null() {
        object.remove(field);
    } else {
        object.insert(field.to_owned(), value.clone());
    }
}

/// Whether upstream keeps managedFields for this kind. Events are written so often that the simulator spares them.
pub(super) fn is_managed(resource: &Resource) -> bool {
    *resource != EVENTS
}
