//! Bodies as objects of a kind: read as their type, so that what is stored fits it; quantities in canonical form.
//! Says which fields the kind does not have.

use k8s_openapi::api::apps::v1::{Deployment, ReplicaSet};
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::api::core::v1::{
    ConfigMap, Event, LimitRange, Namespace, Node, Pod, ResourceQuota, Secret, Service,
    ServiceAccount,
};
use k8s_openapi::api::discovery::v1::EndpointSlice;
use k8s_openapi::api::rbac::v1::{ClusterRole, ClusterRoleBinding, Role, RoleBinding};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::quantity::Quantity;
use crate::status::{Result, Status};
use crate::store::{Resource, managed_fields};

/// An object as its kind has it.
#[derive(Debug)]
pub(super) struct Decoded {
    pub(super) object: Value,
    /// Paths of fields that the kind does not have, in upstream's words.
    pub(super) unknown: Vec<String>,
}

/// Reads a body.
///
/// # Errors
/// 400 when it is of another kind, or does not fit the kind.
pub(super) fn decode(resource: &Resource, mut body: Value) -> Result<Decoded> {
    if !body.is_object() {
        return Err(Status::bad_request(format!(
            "couldn't get version/kind; json parse error: {body}"
        )));
    }
    let api_version = resource.api_version();
    let is = |field: &str| body[field].as_str().map(str::to_owned);
    match (is("apiVersion"), is("kind")) {
        // Custom resources have no type to take the kind from.
        (_, None) if managed_fields::is_custom(resource) => {
            return Err(Status::bad_request(format!(
                "Object 'Kind' is missing in '{body}'"
            )));
        }
        (None, None) => {}
        (version, kind) => {
            let matches =
                version.as_deref() == Some(&api_version) && kind.as_deref() == Some(resource.kind);
            if !matches {
                return Err(Status::bad_request(format!(
                    "the API version in the data ({}) does not match the expected API version ({api_version})",
                    version.unwrap_or_default()
                )));
            }
        }
    }
    body["apiVersion"] = json!(api_version);
    body["kind"] = json!(resource.kind);
    canonical_quantities("", &mut body);
    let object = typed(resource, &body)?;
    let mut unknown = Vec::new();
    unknown_fields("", &body, &object, &mut unknown);
    Ok(Decoded { object, unknown })
}

fn typed(resource: &Resource, body: &Value) -> Result<Value> {
    macro_rules! by_kind {
        ($($kind:ident),+ $(,)?) => {
            match resource.kind {
                $(stringify!($kind) => round_trip::<$kind>(resource, body),)+
                // Custom resources and what only the simulator writes have no type to be read as.
                _ => Ok(body.clone()),
            }
        };
    }
    by_kind!(
        Namespace,
        Pod,
        Service,
        ConfigMap,
        Secret,
        ServiceAccount,
        Event,
        ResourceQuota,
        LimitRange,
        Node,
        Deployment,
        ReplicaSet,
        Job,
        HorizontalPodAutoscaler,
        EndpointSlice,
        Role,
        RoleBinding,
        ClusterRole,
        ClusterRoleBinding,
        Lease,
    )
}

fn round_trip<K: Serialize + DeserializeOwned>(resource: &Resource, body: &Value) -> Result<Value> {
    let refuse = |error: serde_json::Error| {
        Status::bad_request(format!(
            "{kind} in version {version:?} cannot be handled as a {kind}: {error}",
            kind = resource.kind,
            version = resource.version,
        ))
    };
    let object = K::deserialize(body).map_err(refuse)?;
    serde_json::to_value(object).map_err(refuse)
}

/// Fields of maps that hold quantities.
const QUANTITY_MAPS: &[&str] = &[
    "requests",
    "limits",
    "hard",
    "used",
    "capacity",
    "allocatable",
    "max",
    "min",
    "default",
    "defaultRequest",
    "maxLimitRequestRatio",
    "usage",
];

/// As the real API server, which stores `1000m` as `1`.
fn canonical_quantities(name: &str, value: &mut Value) {
    match value {
        Value::Object(map) => {
            let is_quantities = QUANTITY_MAPS.contains(&name);
            for (field, value) in map {
                if is_quantities && (value.is_string() || value.is_number()) {
                    let text = value
                        .as_str()
                        .map_or_else(|| value.to_string(), str::to_owned);
                    if let Some(quantity) = Quantity::parse(&text) {
                        *value = json!(quantity.to_string());
                    }
                } else {
                    canonical_quantities(field, value);
                }
            }
        }
        Value::Array(list) => {
            for item in list {
                canonical_quantities("", item);
            }
        }
        _ => {}
    }
}

fn unknown_fields(path: &str, sent: &Value, kept: &Value, unknown: &mut Vec<String>) {
    match (sent, kept) {
        (Value::Object(sent), Value::Object(kept)) => {
            for (name, value) in sent {
                let path = if path.is_empty() {
                    name.clone()
                } else {
                    format!("{path}.{name}")
                };
                match kept.get(name) {
                    Some(kept) => unknown_fields(&path, value, kept, unknown),
                    // What is empty is left out when an object is written, whatever its kind.
                    None if is_empty(value) || path == "metadata.creationTimestamp" => {}
                    None => unknown.push(format!("unknown field {path:?}")),
                }
            }
        }
        (Value::Array(sent), Value::Array(kept)) => {
            for (index, (sent, kept)) in sent.iter().zip(kept).enumerate() {
                unknown_fields(&format!("{path}[{index}]"), sent, kept, unknown);
            }
        }
        _ => {}
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(list) => list.is_empty(),
        Value::Object(map) => map.is_empty(),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::resource::{DEPLOYMENTS, PODS};

    #[test]
    fn unknown_fields_are_named_by_their_path() {
        let body = json!({"spec": {"containers": [{"name": "a", "imagee": "x"}], "colour": "red", "volumes": []}});
        let decoded = decode(&PODS, body).unwrap();
        assert_eq!(
            decoded.unknown,
            [
                r#"unknown field "spec.colour""#,
                r#"unknown field "spec.containers[0].imagee""#
            ]
        );
    }

    #[test]
    fn quantities_are_stored_in_canonical_form() {
        let body = json!({"spec": {"containers": [{"name": "a", "resources": {"requests": {"cpu": 1, "memory": "1024Mi"}, "limits": {"cpu": "1000m"}}}]}});
        let resources =
            decode(&PODS, body).unwrap().object["spec"]["containers"][0]["resources"].clone();
        assert_eq!(
            resources,
            json!({"requests": {"cpu": "1", "memory": "1Gi"}, "limits": {"cpu": "1"}})
        );
    }

    #[test]
    fn body_of_another_kind_is_refused() {
        let body = json!({"apiVersion": "apps/v1", "kind": "ReplicaSet"});
        assert_eq!(decode(&DEPLOYMENTS, body).unwrap_err().code, 400);
        let body = json!({"spec": {"replicas": "three"}});
        let status = decode(&DEPLOYMENTS, body).unwrap_err();
        assert!(
            status
                .message
                .starts_with("Deployment in version \"v1\" cannot be handled as a Deployment: ")
        );
    }
}
