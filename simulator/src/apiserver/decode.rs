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
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::body::{Body, Tree};
use super::mismatch::Mismatch;
use super::{custom_resource, kind};
use crate::quantity::Quantity;
use crate::status::{Cause, Result, Status};
use crate::store::{Resource, managed_fields};

/// An object as its kind has it.
#[derive(Debug)]
pub(super) struct Decoded {
    pub(super) object: Value,
    /// Fields that the kind does not have or that were sent twice, in upstream's words and in the order of the body.
    pub(super) warnings: Vec<String>,
    /// The same as `fieldValidation=Strict` tells it.
    pub(super) strict: Vec<String>,
}

/// What every kind has.
#[derive(Serialize, Deserialize)]
struct HasMetadata {
    #[serde(default)]
    metadata: ObjectMeta,
}

/// Why a body is no object of the kind.
#[derive(Debug)]
pub(super) enum DecodeError {
    /// A value has another type than its field.
    Mismatch(Box<Mismatch>),
    /// It is of another kind, or else unreadable.
    Other(Status),
    /// It does not fit the schema of a custom resource.
    Schema(Vec<Cause>),
    /// A quantity cannot be read.
    Quantity,
}

/// Upstream: `apimachinery/pkg/api/resource/quantity.go`, `ErrFormatWrong`.
const QUANTITY: &str =
    "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";

impl DecodeError {
    /// What the decoder says.
    pub(super) fn message(&self) -> String {
        match self {
            Self::Mismatch(mismatch) => mismatch.unmarshal_error(),
            Self::Other(status) => status.message.clone(),
            Self::Schema(_) => String::new(),
            Self::Quantity => QUANTITY.to_owned(),
        }
    }

    /// As a refusal of a body.
    pub(super) fn status(self, resource: &Resource, name: &str) -> Status {
        let error = match self {
            Self::Other(status) => return status,
            Self::Schema(causes) => return Status::invalid(resource, name, &causes),
            Self::Mismatch(_) | Self::Quantity => self.message(),
        };
        Status::bad_request(format!(
            "{kind} in version {version:?} cannot be handled as a {kind}: {error}",
            kind = resource.kind,
            version = resource.version,
        ))
    }
}

/// Reads a body that a client sent.
///
/// # Errors
/// When it is of another kind, or does not fit the kind.
pub(super) fn decode(
    resource: &Resource,
    body: &Body,
    bytes: &[u8],
) -> Result<Decoded, DecodeError> {
    kind::check(resource, &body.value, bytes).map_err(DecodeError::Other)?;
    let object = decode_value(resource, body.value.clone())?;
    let mut warnings = Vec::new();
    unknown_fields("", &body.tree, &object, &mut warnings);
    let mut strict = warnings.clone();
    if !body.repeated_in_yaml.is_empty() {
        let lines: String = body
            .repeated_in_yaml
            .iter()
            .map(|line| format!("\n  {line}"))
            .collect();
        strict.insert(0, format!("yaml: unmarshal errors:{lines}"));
        warnings.splice(0..0, body.repeated_in_yaml.iter().cloned());
    }
    Ok(Decoded {
        object,
        warnings,
        strict,
    })
}

/// Reads an object that the server itself made, such as a patched one; its kind goes without saying.
///
/// # Errors
/// When it does not fit the kind.
pub(super) fn decode_value(resource: &Resource, mut body: Value) -> Result<Value, DecodeError> {
    body["apiVersion"] = json!(resource.api_version());
    body["kind"] = json!(resource.kind);
    if !canonical_quantities("", &mut body) {
        return Err(DecodeError::Quantity);
    }
    if managed_fields::is_custom(resource) {
        // `metadata` has the type that it has everywhere.
        let meta = json!({"metadata": body["metadata"]});
        round_trip::<HasMetadata>(resource, &meta)?;
        custom_resource::prune(&mut body);
        let causes = custom_resource::check(&body);
        if !causes.is_empty() {
            return Err(DecodeError::Schema(causes));
        }
        return Ok(body);
    }
    typed(resource, &body)
}

/// Reads a configuration for Server-Side Apply, which need not be whole.
///
/// # Errors
/// When it does not fit the kind.
pub(super) fn decode_configuration(
    resource: &Resource,
    mut body: Value,
) -> Result<Value, DecodeError> {
    if !managed_fields::is_custom(resource) {
        return decode_value(resource, body);
    }
    custom_resource::prune(&mut body);
    Ok(body)
}

fn typed(resource: &Resource, body: &Value) -> Result<Value, DecodeError> {
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

fn round_trip<K: Serialize + DeserializeOwned>(
    resource: &Resource,
    body: &Value,
) -> Result<Value, DecodeError> {
    let object: K = serde_path_to_error::deserialize(body).map_err(|error| {
        let said = error.inner().to_string();
        match Mismatch::of(resource, body, error.path(), &said) {
            Some(mismatch) => DecodeError::Mismatch(Box::new(mismatch)),
            None => DecodeError::Other(Status::bad_request(said)),
        }
    })?;
    serde_json::to_value(object).map_err(|error| DecodeError::Other(Status::internal(error)))
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

/// As the real API server, which stores `1000m` as `1`. Whether all could be read.
fn canonical_quantities(name: &str, value: &mut Value) -> bool {
    match value {
        Value::Object(map) => {
            let is_quantities = QUANTITY_MAPS.contains(&name);
            map.iter_mut().all(|(field, value)| {
                if !is_quantities || value.is_object() || value.is_array() {
                    return canonical_quantities(field, value);
                }
                let text = value
                    .as_str()
                    .map_or_else(|| value.to_string(), str::to_owned);
                let quantity = Quantity::parse(&text);
                if let Some(quantity) = &quantity {
                    *value = json!(quantity.to_string());
                }
                quantity.is_some() || value.is_null()
            })
        }
        Value::Array(list) => list.iter_mut().all(|item| canonical_quantities("", item)),
        _ => true,
    }
}

/// Finds the fields that were sent and not kept, and those that were sent twice, in the order of the body.
pub(super) fn unknown_fields(path: &str, sent: &Tree, kept: &Value, found: &mut Vec<String>) {
    match (sent, kept) {
        (Tree::Object(sent), Value::Object(kept)) => {
            let mut seen = Vec::new();
            for (name, node) in sent {
                let path = if path.is_empty() {
                    name.clone()
                } else {
                    format!("{path}.{name}")
                };
                if seen.contains(&name) {
                    found.push(format!("duplicate field {path:?}"));
                }
                seen.push(name);
                match kept.get(name) {
                    Some(kept) => unknown_fields(&path, node, kept, found),
                    // What is empty is left out when an object is written, whatever its kind.
                    None if is_empty(&node.value()) || is_dropped(&path) => {}
                    None => found.push(format!("unknown field {path:?}")),
                }
            }
        }
        (Tree::List(sent), Value::Array(kept)) => {
            for (index, (sent, kept)) in sent.iter().zip(kept).enumerate() {
                unknown_fields(&format!("{path}[{index}]"), sent, kept, found);
            }
        }
        _ => {}
    }
}

/// Fields that are read and left out again.
fn is_dropped(path: &str) -> bool {
    matches!(path, "metadata.creationTimestamp" | "apiVersion" | "kind")
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
    use crate::apiserver::body;
    use crate::store::resource::{DEPLOYMENTS, PODS};

    fn decode_json(resource: &Resource, body: &Value) -> Result<Decoded, DecodeError> {
        let bytes = body.to_string().into_bytes();
        let body = body::read(&bytes, "application/json", resource.kind).unwrap();
        decode(resource, &body, &bytes)
    }

    #[test]
    fn unknown_fields_are_named_by_their_path() {
        let body = json!({"spec": {"containers": [{"name": "a", "imagee": "x"}], "colour": "red", "volumes": []}});
        let decoded = decode_json(&PODS, &body).unwrap();
        assert_eq!(
            decoded.warnings,
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
            decode_json(&PODS, &body).unwrap().object["spec"]["containers"][0]["resources"].clone();
        assert_eq!(
            resources,
            json!({"requests": {"cpu": "1", "memory": "1Gi"}, "limits": {"cpu": "1"}})
        );
    }

    #[test]
    fn value_of_another_type_is_named_by_its_go_struct() {
        for (body, error) in [
            (
                json!({"spec": {"strategy": {"type": 1}}}),
                "json: cannot unmarshal number into Go struct field DeploymentStrategy.spec.strategy.type of type string",
            ),
            (
                json!({"spec": {"template": {"spec": {"containers": [{"name": "a", "ports": [{"containerPort": "80"}]}]}}}}),
                "json: cannot unmarshal string into Go struct field ContainerPort.spec.template.spec.containers.ports.containerPort of type int32",
            ),
            (
                json!({"spec": {"template": {"spec": {"containers": [{"name": "a", "args": "x"}]}}}}),
                "json: cannot unmarshal string into Go struct field Container.spec.template.spec.containers.args of type []string",
            ),
            (
                json!({"metadata": {"creationTimestamp": "yesterday"}}),
                "parsing time \"yesterday\" as \"2006-01-02T15:04:05Z07:00\": cannot parse \"yesterday\" as \"2006\"",
            ),
        ] {
            assert_eq!(
                decode_json(&DEPLOYMENTS, &body).unwrap_err().message(),
                error
            );
        }
    }
}
