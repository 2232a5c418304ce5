//! Who owns what, and what a selector selects: what several controllers ask of an object's metadata.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{Pod, PodTemplateSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{
    LabelSelector, ObjectMeta, OwnerReference, Time,
};
use serde_json::Value;

use super::queue::Key;
use crate::status::Result;
use crate::store::{Change, Object, Store};

pub(super) type Labels = BTreeMap<String, String>;

/// The reference of an object that `owner` controls.
pub(super) fn controlled_by<K: Object>(owner: &K) -> OwnerReference {
    let meta = owner.meta();
    OwnerReference {
        api_version: K::api_version(&()).into_owned(),
        kind: K::kind(&()).into_owned(),
        name: meta.name.clone().unwrap_or_default(),
        uid: meta.uid.clone().unwrap_or_default(),
        controller: Some(true),
        block_owner_deletion: Some(true),
    }
}

/// The one owner that controls the object.
pub(super) fn controller_of(meta: &ObjectMeta) -> Option<&OwnerReference> {
    meta.owner_references
        .iter()
        .flatten()
        .find(|owner| owner.controller == Some(true))
}

/// The key of the controlling owner, if it is of this kind.
pub(super) fn owner_key(change: &Change, kind: &str) -> Option<Key> {
    let owner = change.object["metadata"]["ownerReferences"]
        .as_array()?
        .iter()
        .find(|owner| owner["controller"] == Value::Bool(true))?;
    (owner["kind"] == kind)
        .then(|| Key::new(change.namespace(), owner["name"].as_str().unwrap_or("")))
}

/// The key of the owner of this kind that controlled the object until this change.
pub(super) fn former_owner_key(change: &Change, kind: &str) -> Option<Key> {
    let owner = |object: &Value| {
        let owners = object["metadata"]["ownerReferences"].as_array()?;
        let controller = owners
            .iter()
            .find(|owner| owner["controller"] == Value::Bool(true) && owner["kind"] == kind)?;
        controller["name"].as_str().map(str::to_owned)
    };
    let before = owner(change.old.as_ref()?)?;
    (owner(&change.object).as_ref() != Some(&before)).then(|| Key::new(change.namespace(), before))
}

/// Objects that `owner` controls and its selector wants. What it wants and nobody controls is adopted, what it
/// controls and does not want any more is released (`ControllerRefManager.ClaimObject`,
/// `pkg/controller/controller_ref_manager.go`).
pub(super) fn claim<O: Object, K: Object>(
    store: &Store,
    owner: &O,
    selector: &LabelSelector,
) -> Result<Vec<K>> {
    let Some(resource) = crate::store::Resource::of::<K>() else {
        return Ok(Vec::new());
    };
    let (meta, owner_uid) = (owner.meta(), uid(owner.meta()));
    let namespace = meta.namespace.as_deref().unwrap_or("");
    let selector = crate::selector::Selector::from_label_selector(selector);
    let controller = |object: &Value| -> Option<String> {
        let owners = object["metadata"]["ownerReferences"].as_array()?;
        let controller = owners
            .iter()
            .find(|owner| owner["controller"] == Value::Bool(true))?;
        controller["uid"].as_str().map(str::to_owned)
    };
    let free = |object: &Value| {
        meta.deletion_timestamp.is_none() && object["metadata"]["deletionTimestamp"].is_null()
    };
    let candidates = store.filter_values(resource, Some(namespace), |object| {
        controller(object).map_or_else(|| free(object), |uid| uid == owner_uid)
    });
    let mut claimed = Vec::new();
    for value in candidates {
        let Ok(object) = K::deserialize(&*value) else {
            continue;
        };
        let labels = object.meta().labels.clone().unwrap_or_default();
        let (wanted, owned) = (selector.matches(&labels), controller(&value).is_some());
        let name = object.meta().name.clone().unwrap_or_default();
        if wanted == owned {
            claimed.extend(wanted.then_some(object));
        } else if wanted {
            let adopted = store.modify::<K>(namespace, &name, |object| {
                let owners = object.meta_mut().owner_references.get_or_insert_default();
                owners.push(controlled_by(owner));
            })?;
            claimed.extend(adopted);
        } else if meta.deletion_timestamp.is_none() {
            store.modify::<K>(namespace, &name, |object| {
                let owners = object.meta_mut().owner_references.get_or_insert_default();
                owners.retain(|owner| owner.uid != owner_uid);
            })?;
        }
    }
    Ok(claimed)
}

/// Objects of the namespace that the object with this UID controls.
pub(super) fn controlled<K: Object>(store: &Store, namespace: &str, uid: &str) -> Vec<K> {
    let Some(resource) = crate::store::Resource::of::<K>() else {
        return Vec::new();
    };
    let owned = |object: &Value| {
        object["metadata"]["ownerReferences"]
            .as_array()
            .is_some_and(|owners| {
                owners
                    .iter()
                    .any(|owner| owner["uid"] == uid && owner["controller"] == Value::Bool(true))
            })
    };
    store
        .filter_values(resource, Some(namespace), owned)
        .iter()
        .filter_map(|value| K::deserialize(&**value).ok())
        .collect()
}

/// Whether the labels are what the selector wants. An empty selector selects everything.
pub(super) fn selects(selector: &LabelSelector, labels: Option<&Labels>) -> bool {
    let selector = crate::selector::Selector::from_label_selector(selector);
    labels.map_or_else(
        || selector.matches(&Labels::new()),
        |labels| selector.matches(labels),
    )
}

/// A new pod of a template, controlled by `owner`.
pub(super) fn pod_from_template<K: Object>(owner: &K, template: &PodTemplateSpec) -> Pod {
    let meta = template.metadata.clone().unwrap_or_default();
    let owner_name = owner.meta().name.clone().unwrap_or_default();
    Pod {
        metadata: ObjectMeta {
            generate_name: Some(format!("{owner_name}-")),
            namespace: owner.meta().namespace.clone(),
            labels: meta.labels,
            annotations: meta.annotations,
            finalizers: meta.finalizers,
            owner_references: Some(vec![controlled_by(owner)]),
            ..ObjectMeta::default()
        },
        spec: template.spec.clone(),
        status: None,
    }
}

/// `status.phase`, empty if there is none yet.
pub(super) fn phase(pod: &Pod) -> &str {
    pod.status
        .as_ref()
        .and_then(|status| status.phase.as_deref())
        .unwrap_or("")
}

/// Succeeded or Failed.
pub(super) fn has_ended(pod: &Pod) -> bool {
    matches!(phase(pod), "Succeeded" | "Failed")
}

/// Neither ended nor being deleted (`controller.IsPodActive`).
pub(super) fn is_active(pod: &Pod) -> bool {
    !has_ended(pod) && pod.metadata.deletion_timestamp.is_none()
}

/// Since when the pod is ready.
pub(super) fn ready_since(pod: &Pod) -> Option<Time> {
    let condition = pod
        .status
        .as_ref()?
        .conditions
        .iter()
        .flatten()
        .find(|condition| condition.type_ == "Ready")?;
    (condition.status == "True")
        .then(|| condition.last_transition_time.clone())
        .flatten()
}

/// `metadata.uid`, empty before it has one.
pub(super) fn uid(meta: &ObjectMeta) -> &str {
    meta.uid.as_deref().unwrap_or("")
}
