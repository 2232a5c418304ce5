//! How lists and maps merge, by the name of their field: the part of the API's schema
//! (`x-kubernetes-list-type`, `patchMergeKey`, …) that the served kinds need. For patches and managedFields.

use serde_json::Value;

/// How a list merges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ListType {
    /// As one value.
    Atomic,
    /// By value.
    Set,
    /// By the values of these fields of its items.
    Map(&'static [&'static str]),
}

/// The list type of the field `name`. Custom resources' lists are atomic, as KEDA's schema says nothing else;
/// `list` tells the two kinds of `ports` apart.
pub(crate) fn list_type(custom: bool, name: &str, list: &[Value]) -> ListType {
    match name {
        "finalizers" => ListType::Set,
        "ownerReferences" => ListType::Map(&["uid"]),
        _ if custom => ListType::Atomic,
        "containers"
        | "initContainers"
        | "ephemeralContainers"
        | "env"
        | "volumes"
        | "imagePullSecrets"
        | "secrets" => ListType::Map(&["name"]),
        "volumeMounts" => ListType::Map(&["mountPath"]),
        "conditions" => ListType::Map(&["type"]),
        "hostAliases" => ListType::Map(&["ip"]),
        "ports" if list.iter().any(|port| port["containerPort"].is_number()) => {
            ListType::Map(&["containerPort", "protocol"])
        }
        // EndpointSlice.ports is atomic; its items have no fixed port key that a Service's have.
        "ports" if list.iter().any(|port| port["port"].is_number()) => {
            ListType::Map(&["port", "protocol"])
        }
        "topologySpreadConstraints" => ListType::Map(&["topologyKey", "whenUnsatisfiable"]),
        _ => ListType::Atomic,
    }
}

/// Whether a map is owned as one value (`x-kubernetes-map-type: atomic`).
pub(crate) fn is_atomic_map(custom: bool, name: &str) -> bool {
    !custom
        && matches!(
            name,
            "selector"
                | "nodeSelector"
                | "labelSelector"
                | "fieldRef"
                | "resourceFieldRef"
                | "configMapKeyRef"
                | "secretKeyRef"
                | "roleRef"
                | "involvedObject"
                | "scopeSelector"
        )
}

/// The default of a key that an item leaves out.
pub(crate) fn key_default(key: &str) -> Option<Value> {
    (key == "protocol").then(|| Value::from("TCP"))
}

/// The key values of an item, as `k:` elements in managedFields have them; `None` when one is missing.
pub(crate) fn item_key(keys: &[&str], item: &Value) -> Option<serde_json::Map<String, Value>> {
    keys.iter()
        .map(|key| {
            let value = item.get(*key).filter(|value| !value.is_null()).cloned();
            Some(((*key).to_owned(), value.or_else(|| key_default(key))?))
        })
        .collect()
}
