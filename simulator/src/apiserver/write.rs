//! CREATE, UPDATE and PATCH of objects: reads the body, lets admission speak, and writes to the store.

use http::request::Parts;
use http::{Response, StatusCode};
use serde_json::{Value, json};

use super::decode::{self, Decoded};
use super::present::{Presenter, from_new_event};
use super::request::{Query, Target, content_type, manager, parse_body};
use super::respond::{self, Body};
use super::{apply, keda_webhook, patch, scale};
use crate::status::{Cause, Result, Status};
use crate::store::fields::FieldSet;
use crate::store::{Part, Resource, Store, Writer, managed_fields, text};

/// A request that writes, as all of these functions need it.
pub(super) struct Write<'a> {
    pub(super) store: &'a Store,
    pub(super) target: &'a Target,
    pub(super) query: &'a Query,
    pub(super) parts: &'a Parts,
    pub(super) body: &'a [u8],
    pub(super) presenter: Presenter,
}

pub(super) type Written = Result<Response<Body>>;

impl Write<'_> {
    pub(super) fn resource(&self) -> &'static Resource {
        self.target.resource
    }

    fn subresource(&self) -> Result<(Part, &'static str)> {
        match self.target.subresource.as_str() {
            "" => Ok((Part::Main, "")),
            "status" if self.resource().has_status() => Ok((Part::Status, "status")),
            "finalize" => Ok((Part::Main, "finalize")),
            _ => Err(Status::no_such_path()),
        }
    }

    fn writer(&self, subresource: &'static str) -> Writer {
        Writer::update(manager(self.query, self.parts)).on(subresource)
    }

    pub(super) fn answer(
        &self,
        code: StatusCode,
        object: &Value,
        warnings: &[String],
    ) -> Response<Body> {
        let mut response = respond::json(code, &self.presenter.one(object));
        for warning in warnings {
            respond::warn(&mut response, warning);
        }
        response
    }

    /// Reads an object, and turns unknown fields into a refusal or warnings, as `fieldValidation` asks.
    fn decode(&self, body: Value, warnings: &mut Vec<String>) -> Result<Value> {
        let mut body = body;
        if self.target.new_events {
            from_new_event(&mut body);
        }
        let Decoded { object, unknown } = decode::decode(self.resource(), body)?;
        match self.query.get("fieldValidation") {
            Some("Strict") if !unknown.is_empty() => {
                return Err(Status::bad_request(format!(
                    "{kind} in version {version:?} cannot be handled as a {kind}: strict decoding error: {errors}",
                    kind = self.resource().kind,
                    version = self.resource().version,
                    errors = unknown.join(", "),
                )));
            }
            Some("Ignore") => {}
            _ => warnings.extend(unknown),
        }
        Ok(object)
    }

    /// The body's namespace and name must be those of the path.
    fn place(&self, object: &mut Value) -> Result<()> {
        if !object["metadata"].is_object() {
            object["metadata"] = json!({});
        }
        let namespace = text(object, "namespace");
        if self.resource().namespaced {
            if !namespace.is_empty() && namespace != self.target.namespace {
                return Err(Status::bad_request(
                    "the namespace of the provided object does not match the namespace sent on the request",
                ));
            }
            object["metadata"]["namespace"] = json!(self.target.namespace);
        }
        let (name, wanted) = (text(object, "name"), &self.target.name);
        if !wanted.is_empty() {
            if !name.is_empty() && name != *wanted {
                return Err(Status::bad_request(format!(
                    "the name of the object ({name}) does not match the name on the URL ({wanted})"
                )));
            }
            object["metadata"]["name"] = json!(wanted);
        }
        Ok(())
    }

    fn insert(&self, mut object: Value, writer: &Writer, mut warnings: Vec<String>) -> Written {
        self.place(&mut object)?;
        // A client writes a status through its subresource only.
        if let Some(object) = object
            .as_object_mut()
            .filter(|_| self.resource().has_status())
        {
            object.remove("status");
        }
        let dry_run = self.query.dry_run();
        warnings.extend(keda_webhook::admit(
            self.store,
            self.resource(),
            &object,
            dry_run,
        )?);
        let stored = self
            .store
            .create_with(self.resource(), object, Some(writer), dry_run)?;
        Ok(self.answer(StatusCode::CREATED, &stored, &warnings))
    }

    /// POST to a collection.
    pub(super) fn create(self) -> Written {
        if self.resource().namespaced && self.target.namespace.is_empty() {
            return Err(Status::method_not_allowed());
        }
        let mut warnings = Vec::new();
        let object = self.decode(parse_body(self.body)?, &mut warnings)?;
        let writer = self.writer("");
        self.insert(object, &writer, warnings)
    }

    /// PUT of an object or its status.
    pub(super) fn update(self) -> Written {
        let (part, subresource) = self.subresource()?;
        let mut warnings = Vec::new();
        let mut new = self.decode(parse_body(self.body)?, &mut warnings)?;
        self.place(&mut new)?;
        let writer = self.writer(subresource);
        self.store_change(part, &writer, warnings, |_| Ok(new.clone()))
    }

    fn store_change(
        &self,
        part: Part,
        writer: &Writer,
        mut warnings: Vec<String>,
        mut change: impl FnMut(&Value) -> Result<Value>,
    ) -> Written {
        let dry_run = self.query.dry_run();
        let stored = self.store.update_with(
            self.resource(),
            &self.target.namespace,
            &self.target.name,
            part,
            Some(writer),
            dry_run,
            |old| {
                let new = change(old)?;
                if part != Part::Status {
                    warnings.extend(keda_webhook::admit(
                        self.store,
                        self.resource(),
                        &new,
                        dry_run,
                    )?);
                }
                Ok(new)
            },
        )?;
        warnings.dedup();
        Ok(self.answer(StatusCode::OK, &stored, &warnings))
    }

    /// PATCH of an object or its status, by the media type of the body.
    pub(super) fn patch(self) -> Written {
        let (part, subresource) = self.subresource()?;
        let kind = content_type(self.parts).to_owned();
        let body = parse_body(self.body)?;
        if kind == "application/apply-patch+yaml" {
            return self.apply(&body, part, subresource);
        }
        let custom = managed_fields::is_custom(self.resource());
        if custom && kind == "application/strategic-merge-patch+json" {
            return Err(Status::unsupported_media_type(
                "application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml",
            ));
        }
        let writer = self.writer(subresource);
        let mut warnings = Vec::new();
        let change = |old: &Value| {
            let mut new = old.clone();
            apply_patch(&kind, &mut new, &body)?;
            decode::decode(self.resource(), new)
        };
        // Unknown fields are those of the patch: an object that is stored has none.
        if let Some(old) =
            self.store
                .get_value(self.resource(), &self.target.namespace, &self.target.name)
        {
            let unknown = change(&old)?.unknown;
            if self.query.get("fieldValidation") == Some("Strict") && !unknown.is_empty() {
                return Err(Status::bad_request(format!(
                    "strict decoding error: {}",
                    unknown.join(", ")
                )));
            }
            warnings.extend(unknown);
        }
        self.store_change(part, &writer, warnings, |old| Ok(change(old)?.object))
    }

    fn apply(&self, body: &Value, part: Part, subresource: &'static str) -> Written {
        let Some(manager) = self.query.get("fieldManager") else {
            let cause = Cause::required("fieldManager", "is required for apply patch");
            let mut status = Status::invalid(self.resource(), "", &[cause]);
            status.message = "PatchOptions.meta.k8s.io \"\" is invalid: fieldManager: Required value: is required for apply patch".to_owned();
            return Err(status);
        };
        if body["metadata"]["managedFields"]
            .as_array()
            .is_some_and(|list| !list.is_empty())
        {
            return Err(Status::bad_request("metadata.managedFields must be nil"));
        }
        for field in ["apiVersion", "kind"] {
            if body[field].as_str().unwrap_or("").is_empty() {
                return Err(Status::bad_request(
                    "couldn't get version/kind; json parse error: apiVersion and kind are required",
                ));
            }
        }
        let mut warnings = Vec::new();
        // Decoding refuses what does not fit; what is applied is the configuration as it was sent, since a
        // type writes fields that were not sent.
        let decoded = self.decode(body.clone(), &mut warnings)?;
        let config = keep_sent(body, &decoded);
        let force = self.query.flag("force");
        let custom = managed_fields::is_custom(self.resource());
        let mut writer = self.writer(subresource);
        writer.applied = Some(FieldSet::of_applied(&config, custom));
        let live = self
            .store
            .get_value(self.resource(), &self.target.namespace, &self.target.name);
        if live.is_none() {
            if !subresource.is_empty() {
                return Err(Status::not_found(self.resource(), &self.target.name));
            }
            let created = self.insert(decoded, &writer, warnings.clone());
            match created {
                Err(status) if status.reason == "AlreadyExists" => {}
                created => return created,
            }
        }
        self.store_change(part, &writer, warnings, |old| {
            let merged = apply::apply(old, &config, custom, manager, subresource, force)?;
            Ok(decode::decode(self.resource(), merged)?.object)
        })
    }

    /// PUT or PATCH of the scale subresource.
    pub(super) fn scale(self, is_patch: bool) -> Written {
        let writer = self.writer("scale");
        let body = parse_body(self.body)?;
        let kind = content_type(self.parts);
        let stored = self.store.update_with(
            self.resource(),
            &self.target.namespace,
            &self.target.name,
            Part::Main,
            Some(&writer),
            self.query.dry_run(),
            |old| {
                let wanted = if is_patch {
                    let mut wanted = scale::scale(old);
                    apply_patch(kind, &mut wanted, &body)?;
                    wanted
                } else {
                    body.clone()
                };
                scale::write(self.resource(), old, &wanted)
            },
        )?;
        Ok(respond::json(StatusCode::OK, &scale::scale(&stored)))
    }
}

fn apply_patch(kind: &str, object: &mut Value, body: &Value) -> Result<()> {
    match kind {
        "application/merge-patch+json" => {
            json_patch::merge(object, body);
            Ok(())
        }
        "application/json-patch+json" => patch::json_patch(object, body),
        "application/strategic-merge-patch+json" => patch::strategic(object, body),
        _ => Err(Status::unsupported_media_type(
            "application/json-patch+json, application/merge-patch+json, application/strategic-merge-patch+json, application/apply-patch+yaml",
        )),
    }
}

/// The decoded object without the fields that were not sent: values in canonical form, but no more of them.
fn keep_sent(sent: &Value, decoded: &Value) -> Value {
    match (sent, decoded) {
        (Value::Object(sent), Value::Object(decoded)) => decoded
            .iter()
            .filter_map(|(name, value)| {
                let sent = sent.get(name).filter(|sent| !sent.is_null())?;
                Some((name.clone(), keep_sent(sent, value)))
            })
            .collect(),
        (Value::Array(sent), Value::Array(decoded)) if sent.len() == decoded.len() => sent
            .iter()
            .zip(decoded)
            .map(|(sent, decoded)| keep_sent(sent, decoded))
            .collect(),
        (_, decoded) => decoded.clone(),
    }
}
