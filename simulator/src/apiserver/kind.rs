//! The kind that a body says it is of, against the kind of its path. Pure.

use serde_json::{Value, json};

use super::body::unrecognized;
use crate::status::{Cause, Result, Status};
use crate::store::{Resource, managed_fields, text};

/// The kind that the body says it is of must be the path's. Upstream: `apimachinery/pkg/runtime/codec.go`, and
/// for custom resources `apiextensions-apiserver/pkg/apiserver/customresource_handler.go`.
///
/// # Errors
/// 400 for another kind, 422 where a custom resource has another one's name.
pub(super) fn check(resource: &Resource, body: &Value, bytes: &[u8]) -> Result<()> {
    let api_version = resource.api_version();
    let said = |field: &str| body[field].as_str().filter(|text| !text.is_empty());
    let (version, kind) = (said("apiVersion"), said("kind"));
    let refuse = |message: String| Err(Status::bad_request(message));
    let another_version = |version: &str| {
        refuse(format!(
            "the API version in the data ({version}) does not match the expected API version ({api_version})"
        ))
    };
    if managed_fields::is_custom(resource) {
        let Some(kind) = kind else {
            let raw = String::from_utf8_lossy(bytes);
            let error = format!("Object 'Kind' is missing in '{raw}'");
            return Err(unrecognized(resource.kind, &error, bytes));
        };
        let version = version.unwrap_or("");
        if version != api_version {
            return another_version(version);
        }
        if kind != resource.kind {
            let detail = format!("must be {}", resource.kind);
            let cause = Cause::invalid("kind", &json!(kind), &detail);
            let name = text(body, "name");
            return Err(Status::invalid_kind(resource.group, kind, &name, &[cause]));
        }
        return Ok(());
    }
    // What the body leaves out is the path's.
    let kind = kind.unwrap_or(resource.kind);
    let version = version.unwrap_or(&api_version);
    if kind == resource.kind && version == api_version {
        return Ok(());
    }
    let (group, short) = version.split_once('/').unwrap_or(("", version));
    if kind == resource.kind && group == resource.group && !group.is_empty() {
        return another_version(version);
    }
    let go_group = |group: &str| match group.split('.').next() {
        None | Some("") => "core".to_owned(),
        Some(first) => first.to_owned(),
    };
    let known = Resource::by_kind(group, kind).is_some_and(|other| other.version == short);
    let error = if known {
        format!(
            "converting ({short}.{kind}) to ({}.{}): unknown conversion",
            go_group(resource.group),
            resource.kind
        )
    } else {
        no_kind(version, kind)
    };
    refuse(format!(
        "{kind} in version {short:?} cannot be handled as a {}: {error}",
        resource.kind
    ))
}

/// Upstream: `apimachinery/pkg/runtime/error.go`, `NewNotRegisteredErrForKind`.
pub(super) fn no_kind(version: &str, kind: &str) -> String {
    format!(
        "no kind {kind:?} is registered for version {version:?} in scheme \"pkg/runtime/scheme.go:111\""
    )
}
