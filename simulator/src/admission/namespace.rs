//! Objects are created only in namespaces that exist and stay.
//! Upstream: `staging/src/k8s.io/apiserver/pkg/admission/plugin/namespace/lifecycle/admission.go`.

use serde_json::{Value, json};

use crate::status::{Result, Status};
use crate::store::resource::NAMESPACES;
use crate::store::{Objects, Resource, text};

/// # Errors
/// 404 without the namespace, 403 while it is being deleted.
pub(super) fn check(objects: &Objects, resource: &Resource, object: &Value) -> Result<()> {
    if !resource.namespaced {
        return Ok(());
    }
    let name = text(object, "namespace");
    let Some(namespace) = objects.get(&NAMESPACES, "", &name) else {
        return Err(Status::not_found(&NAMESPACES, &name));
    };
    if namespace["metadata"]["deletionTimestamp"].is_null() {
        return Ok(());
    }
    let detail =
        format!("unable to create new content in namespace {name} because it is being terminated");
    let mut status = Status::forbidden(resource, &text(object, "name"), &detail);
    status.details["causes"] = json!([{
        "reason": "NamespaceTerminating",
        "message": format!("namespace {name} is being terminated"),
        "field": "metadata.namespace",
    }]);
    Err(status)
}
