//! The scale subresource of Deployments and ReplicaSets: autoscaling/v1 Scale.
//! Upstream: `pkg/registry/apps/deployment/storage/storage.go`, `scaleFromDeployment`.

use std::sync::Arc;

use http::StatusCode;
use serde_json::{Value, json};

use super::body::{self, Tree};
use super::options::{self, WriteKind};
use super::patched::Patch;
use super::request::content_type;
use super::write::{Write, Written};
use super::{decode, mismatch, respond};
use crate::status::{Cause, Result, Status};
use crate::store::{Part, Resource, Writer, text};

/// The Scale of a workload.
pub(super) fn scale(object: &Value) -> Value {
    let labels = object["spec"]["selector"]["matchLabels"].as_object();
    let selector: Vec<_> = labels
        .into_iter()
        .flatten()
        .map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or("")))
        .collect();
    let meta = &object["metadata"];
    // Zero is left out.
    let spec = match object["spec"]["replicas"].as_i64() {
        Some(0) | None => json!({}),
        Some(replicas) => json!({"replicas": replicas}),
    };
    json!({
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": {
            "name": meta["name"],
            "namespace": meta["namespace"],
            "uid": meta["uid"],
            "resourceVersion": meta["resourceVersion"],
            "creationTimestamp": meta["creationTimestamp"],
        },
        "spec": spec,
        "status": {
            "replicas": object["status"]["replicas"].as_i64().unwrap_or(0),
            "selector": selector.join(","),
        },
    })
}

/// The workload with the replicas of a Scale.
///
/// # Errors
/// 422 for a negative number; 409 when the Scale was read from another version.
fn write(resource: &Resource, object: &Value, scale: &Value) -> Result<Value> {
    let name = text(object, "name");
    let version = text(scale, "resourceVersion");
    if !version.is_empty() && object["metadata"]["resourceVersion"] != version {
        return Err(Status::stale(resource, &name));
    }
    let replicas = scale["spec"]["replicas"].as_i64().unwrap_or(0);
    if replicas < 0 {
        let cause = Cause::invalid(
            "spec.replicas",
            &json!(replicas),
            "must be greater than or equal to 0",
        );
        return Err(Status::invalid_kind(
            "autoscaling",
            "Scale",
            &name,
            &[cause],
        ));
    }
    let mut new = object.clone();
    new["spec"]["replicas"] = json!(replicas);
    Ok(new)
}

/// The fields of a Scale that are known.
fn known(scale: &Value) -> Value {
    let mut known = json!({"metadata": scale["metadata"], "spec": {}, "status": {}});
    for (part, field) in [
        ("spec", "replicas"),
        ("status", "replicas"),
        ("status", "selector"),
    ] {
        if !scale[part][field].is_null() {
            known[part][field] = scale[part][field].clone();
        }
    }
    known
}

fn unknown_fields(scale: &Value) -> Vec<String> {
    let mut found = Vec::new();
    decode::unknown_fields("", &Tree::from(scale), &known(scale), &mut found);
    found
}

impl Write<'_> {
    /// PUT or PATCH of the scale subresource.
    pub(super) fn scale(self, is_patch: bool) -> Written {
        let writer = self.writer("scale");
        let media = content_type(self.parts);
        let mut found = Vec::new();
        let stored = if !is_patch {
            options::check_write(self.query, WriteKind::Update)?;
            let sent = body::read(self.body, media, "Scale")?.value;
            check_kind(&sent)?;
            let mut placed = sent.clone();
            self.place(&mut placed)?;
            if let Some(mismatch) = mismatch::of_scale(&sent) {
                return Err(Status::bad_request(format!(
                    "Scale in version \"v1\" cannot be handled as a Scale: {}",
                    mismatch.unmarshal_error()
                )));
            }
            found = unknown_fields(&sent);
            if let Some(error) = self.strict_error(&found) {
                return Err(Status::bad_request(format!(
                    "Scale in version \"v1\" cannot be handled as a Scale: {error}"
                )));
            }
            self.change_scale(&writer, |_| Ok(sent.clone()))?
        } else if media == "application/apply-patch+yaml" {
            options::check_write(self.query, WriteKind::Apply)?;
            let sent = body::yaml(self.body).map_err(Status::bad_request)?.value;
            self.change_scale(&writer, |scale| {
                let mut scale = scale.clone();
                json_patch::merge(&mut scale, &sent);
                Ok(scale)
            })?
        } else {
            let patch = Patch::read(media, self.body)?;
            options::check_write(self.query, WriteKind::Patch)?;
            self.change_scale(&writer, |old| {
                let mut scale = old.clone();
                patch.change(&mut scale)?;
                if let Some(mismatch) = mismatch::of_scale(&scale) {
                    return Err(patch.refuse(old, &mismatch.unmarshal_error()));
                }
                found = unknown_fields(&scale);
                match self.strict_error(&found) {
                    Some(error) => Err(patch.refuse(old, &error)),
                    None => Ok(scale),
                }
            })?
        };
        let mut warnings = Vec::new();
        self.warn_of(found, &mut warnings);
        let mut response = respond::json(StatusCode::OK, &scale(&stored));
        for warning in &warnings {
            respond::warn(&mut response, warning);
        }
        Ok(response)
    }

    fn change_scale(
        &self,
        writer: &Writer,
        mut change: impl FnMut(&Value) -> Result<Value>,
    ) -> Result<Arc<Value>> {
        self.store.update_with(
            self.resource(),
            &self.target.namespace,
            &self.target.name,
            Part::Main,
            Some(writer),
            self.query.dry_run(),
            |old| write(self.resource(), old, &change(&scale(old))?),
        )
    }
}

fn check_kind(sent: &Value) -> Result<()> {
    let kind = sent["kind"].as_str().unwrap_or("Scale");
    if kind == "Scale" {
        return Ok(());
    }
    let version = sent["apiVersion"].as_str().unwrap_or("");
    let version = version.rsplit('/').next().unwrap_or("");
    Err(Status::bad_request(format!(
        "{kind} in version {version:?} cannot be handled as a Scale: converting ({version}.{kind}) to (autoscaling.Scale): unknown conversion"
    )))
}
