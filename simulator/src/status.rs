//! The errors of the simulated API: a Kubernetes `Status` with the API server's own words.
//! The store and the admission make them, the API server sends them; nothing else is ever an answer's error.

use serde_json::{Value, json};

use crate::store::Resource;

/// The result of everything that can be refused.
pub type Result<T, E = Status> = std::result::Result<T, E>;

/// A refusal: HTTP code, machine-readable reason, and upstream's message.
/// Upstream: `staging/src/k8s.io/apimachinery/pkg/api/errors/errors.go`.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{message}")]
pub struct Status {
    /// HTTP status code.
    pub code: u16,
    /// `metav1.StatusReason`; empty where upstream gives none.
    pub reason: &'static str,
    /// What kubectl prints after "Error from server (Reason): ".
    pub message: String,
    /// `metav1.StatusDetails`, or null.
    pub details: Value,
}

/// One entry of `details.causes`; `field.Error` in upstream's validation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    /// `metav1.CauseType`, such as `FieldValueInvalid`.
    pub reason: &'static str,
    /// Path of the field, such as `spec.replicas`.
    pub field: String,
    /// The text after `field: ` in the message.
    pub message: String,
}

impl Cause {
    /// `field.Invalid`: the value is not allowed, and why.
    pub fn invalid(field: impl Into<String>, value: &Value, detail: &str) -> Self {
        Self {
            reason: "FieldValueInvalid",
            field: field.into(),
            message: format!("Invalid value: {}: {detail}", go_value(value)),
        }
    }

    /// A rule of a CRD's schema (`x-kubernetes-validations`) that does not hold; the value is not repeated.
    pub fn rule(field: impl Into<String>, message: &str) -> Self {
        Self {
            reason: "FieldValueInvalid",
            field: field.into(),
            message: format!("Invalid value: {message}"),
        }
    }

    /// `field.Required`: the value is missing.
    pub fn required(field: impl Into<String>, detail: &str) -> Self {
        let message = if detail.is_empty() {
            "Required value".to_owned()
        } else {
            format!("Required value: {detail}")
        };
        Self {
            reason: "FieldValueRequired",
            field: field.into(),
            message,
        }
    }

    /// `field.NotSupported`: the value is none of those allowed.
    pub fn not_supported(field: impl Into<String>, value: &str, allowed: &[&str]) -> Self {
        let allowed: Vec<_> = allowed.iter().map(|name| format!("{name:?}")).collect();
        Self {
            reason: "FieldValueNotSupported",
            field: field.into(),
            message: format!(
                "Unsupported value: {value:?}: supported values: {}",
                allowed.join(", ")
            ),
        }
    }

    /// `field.Forbidden`: the field may not be set.
    pub fn forbidden(field: impl Into<String>, detail: &str) -> Self {
        Self {
            reason: "FieldValueForbidden",
            field: field.into(),
            message: format!("Forbidden: {detail}"),
        }
    }

    /// `field.TooLong`: more bytes than a field may have.
    pub fn too_long(field: impl Into<String>, bytes: usize) -> Self {
        Self {
            reason: "FieldValueTooLong",
            field: field.into(),
            message: format!("Too long: may not be more than {bytes} bytes"),
        }
    }

    /// `field.Duplicate`: the value is there already.
    pub fn duplicate(field: impl Into<String>, value: &Value) -> Self {
        Self {
            reason: "FieldValueDuplicate",
            field: field.into(),
            message: format!("Duplicate value: {}", go_value(value)),
        }
    }

    fn full(&self) -> String {
        format!("{}: {}", self.field, self.message)
    }
}

/// A value as upstream's validation prints it: strings quoted, all else as JSON.
fn go_value(value: &Value) -> String {
    value.to_string()
}

fn details(resource: &Resource, name: &str) -> Value {
    let mut details = json!({"kind": resource.plural});
    if !name.is_empty() {
        details["name"] = json!(name);
    }
    if !resource.group.is_empty() {
        details["group"] = json!(resource.group);
    }
    details
}

impl Status {
    /// Any refusal without details.
    pub fn new(code: u16, reason: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            reason,
            message: message.into(),
            details: Value::Null,
        }
    }

    /// 404: no such object.
    pub fn not_found(resource: &Resource, name: &str) -> Self {
        Self {
            details: details(resource, name),
            ..Self::new(
                404,
                "NotFound",
                format!("{} {name:?} not found", resource.name),
            )
        }
    }

    /// 404: the path names no kind of this API server.
    pub fn no_such_path() -> Self {
        Self {
            details: json!({}),
            ..Self::new(
                404,
                "NotFound",
                "the server could not find the requested resource",
            )
        }
    }

    /// 409: the name is taken.
    pub fn already_exists(resource: &Resource, name: &str) -> Self {
        Self {
            details: details(resource, name),
            ..Self::new(
                409,
                "AlreadyExists",
                format!("{} {name:?} already exists", resource.name),
            )
        }
    }

    /// 409: the name is taken by an object that is being deleted. Upstream:
    /// `staging/src/k8s.io/apiserver/pkg/registry/generic/registry/store.go`, `Create`.
    pub fn being_deleted(resource: &Resource, name: &str) -> Self {
        let mut status = Self::already_exists(resource, name);
        status.message = format!("object is being deleted: {}", status.message);
        status
    }

    /// 409: the object has changed since it was read, or a precondition does not hold.
    pub fn conflict(resource: &Resource, name: &str, detail: &str) -> Self {
        Self {
            details: details(resource, name),
            ..Self::new(
                409,
                "Conflict",
                format!(
                    "Operation cannot be fulfilled on {} {name:?}: {detail}",
                    resource.name
                ),
            )
        }
    }

    /// 409: `resourceVersion` is not the object's.
    pub fn stale(resource: &Resource, name: &str) -> Self {
        Self::conflict(
            resource,
            name,
            "the object has been modified; please apply your changes to the latest version and try again",
        )
    }

    /// 403: refused by the authorizer or by admission; `detail` says why.
    pub fn forbidden(resource: &Resource, name: &str, detail: &str) -> Self {
        let message = if name.is_empty() {
            format!("{} is forbidden: {detail}", resource.name)
        } else {
            format!("{} {name:?} is forbidden: {detail}", resource.name)
        };
        Self {
            details: details(resource, name),
            ..Self::new(403, "Forbidden", message)
        }
    }

    /// 422: validation found `causes`, of which there must be at least one.
    pub fn invalid(resource: &Resource, name: &str, causes: &[Cause]) -> Self {
        Self::invalid_kind(resource.group, resource.kind, name, causes)
    }

    /// 422 for what has no entry in the table of kinds, such as a request's options.
    /// Upstream: `apimachinery/pkg/api/errors/errors.go`, `NewInvalid`.
    pub fn invalid_kind(group: &str, kind: &str, name: &str, causes: &[Cause]) -> Self {
        let mut details = json!({});
        for (field, value) in [("name", name), ("group", group), ("kind", kind)] {
            if !value.is_empty() {
                details[field] = json!(value);
            }
        }
        details["causes"] = causes
            .iter()
            .map(|c| json!({"reason": c.reason, "message": c.message, "field": c.field}))
            .collect();
        let mut errors: Vec<String> = Vec::new();
        for error in causes.iter().map(Cause::full) {
            // An aggregate says nothing twice.
            if !errors.contains(&error) {
                errors.push(error);
            }
        }
        let errors = match errors.as_slice() {
            [error] => error.clone(),
            errors => format!("[{}]", errors.join(", ")),
        };
        let dot = if group.is_empty() { "" } else { "." };
        Self {
            details,
            ..Self::new(
                422,
                "Invalid",
                format!("{kind}{dot}{group} {name:?} is invalid: {errors}"),
            )
        }
    }

    /// 422: an option of a request, such as `dryRun`, has a value that it cannot have.
    pub fn invalid_options(kind: &str, causes: &[Cause]) -> Self {
        Self::invalid_kind("meta.k8s.io", kind, "", causes)
    }

    /// 400: the request cannot be understood.
    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::new(400, "BadRequest", message)
    }

    /// 410: the asked version has left the log of changes; list again.
    pub fn expired(message: impl Into<String>) -> Self {
        Self::new(410, "Expired", message)
    }

    /// 405: the kind has not this verb.
    pub fn method_not_allowed() -> Self {
        Self {
            details: json!({}),
            ..Self::new(
                405,
                "MethodNotAllowed",
                "the server does not allow this method on the requested resource",
            )
        }
    }

    /// 415: the body's media type is not one that this request takes.
    pub fn unsupported_media_type(accepted: &str) -> Self {
        Self::new(
            415,
            "UnsupportedMediaType",
            format!(
                "the body of the request was in an unknown format - accepted media types include: {accepted}"
            ),
        )
    }

    /// 406: no form that `Accept` names is served.
    pub fn not_acceptable(message: &str) -> Self {
        Self::new(406, "NotAcceptable", message)
    }

    /// 413: the body is larger than the server reads.
    pub fn too_large(limit: usize) -> Self {
        Self::new(
            413,
            "RequestEntityTooLarge",
            format!("Request entity too large: limit is {limit}"),
        )
    }

    /// 504: the server does not know this version yet. Upstream waits three seconds for it.
    pub fn version_too_large(version: u64, current: u64) -> Self {
        Self {
            details: json!({
                "causes": [{"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}],
                "retryAfterSeconds": 1,
            }),
            ..Self::new(
                504,
                "Timeout",
                format!("Timeout: Too large resource version: {version}, current: {current}"),
            )
        }
    }

    /// 500 without a reason, as an error of the server's own code comes out.
    pub fn unclassified(message: impl Into<String>) -> Self {
        Self::new(500, "", message)
    }

    /// 501: a real cluster does this, the simulator does not.
    pub fn not_implemented(what: &str) -> Self {
        Self::new(
            501,
            "NotImplemented",
            format!("the simulator does not {what}"),
        )
    }

    /// 503: what answers this part of the API is away.
    pub fn service_unavailable(message: impl Into<String>) -> Self {
        Self::new(503, "ServiceUnavailable", message)
    }

    /// 500: something inside does not fit together.
    pub fn internal(message: impl std::fmt::Display) -> Self {
        Self::new(
            500,
            "InternalError",
            format!("Internal error occurred: {message}"),
        )
    }

    /// Whether this says that the object does not exist.
    pub fn is_not_found(&self) -> bool {
        self.reason == "NotFound"
    }

    /// Whether this is a 409 of an older read (not of a taken name).
    pub fn is_conflict(&self) -> bool {
        self.reason == "Conflict"
    }

    /// As the API server sends it.
    pub fn to_json(&self) -> Value {
        let mut status = json!({
            "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
            "message": self.message, "code": self.code,
        });
        if !self.reason.is_empty() {
            status["reason"] = json!(self.reason);
        }
        if !self.details.is_null() {
            status["details"] = self.details.clone();
        }
        status
    }
}
