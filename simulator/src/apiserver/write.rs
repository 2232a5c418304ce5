//! CREATE, UPDATE and PATCH of objects: reads the body, lets admission speak, and writes to the store.

use http::request::Parts;
use http::{Response, StatusCode};
use serde_json::{Value, json};

use super::body::{self, Body as Sent};
use super::decode::{self, Decoded};
use super::options::{self, WriteKind};
use super::present::{Presenter, from_new_event};
use super::request::{Query, Target, content_type, manager};
use super::respond::{self, Body};
use super::{keda_webhook, patched, rbac};
use crate::identity::Identity;
use crate::status::{Result, Status};
use crate::store::{Part, Resource, Store, Writer, managed_fields, text};

/// A request that writes, as all of these functions need it.
pub(super) struct Write<'a> {
    pub(super) store: &'a Store,
    pub(super) target: &'a Target,
    pub(super) query: &'a Query,
    pub(super) parts: &'a Parts,
    pub(super) body: &'a [u8],
    pub(super) user: &'a Identity,
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

    pub(super) fn writer(&self, subresource: &'static str) -> Writer {
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

    fn is_strict(&self) -> bool {
        self.query.get("fieldValidation") == Some("Strict")
    }

    /// Takes what a decoder found amiss as warnings, unless it is to be ignored.
    pub(super) fn warn_of(&self, found: Vec<String>, warnings: &mut Vec<String>) {
        if self.query.get("fieldValidation") != Some("Ignore") {
            warnings.extend(found);
        }
    }

    /// What `fieldValidation=Strict` refuses, in the words after the colon.
    pub(super) fn strict_error(&self, found: &[String]) -> Option<String> {
        (self.is_strict() && !found.is_empty())
            .then(|| format!("strict decoding error: {}", found.join(", ")))
    }

    /// Reads an object, and turns unknown fields into a refusal or warnings, as `fieldValidation` asks.
    fn decode(&self, warnings: &mut Vec<String>) -> Result<Value> {
        let resource = self.resource();
        let mut sent: Sent = body::read(self.body, content_type(self.parts), resource.kind)?;
        if self.target.new_events {
            from_new_event(&mut sent.value);
            sent.tree = body::Tree::from(&sent.value);
        }
        let Decoded {
            object,
            warnings: found,
            strict,
        } = decode::decode(resource, &sent, self.body)
            .map_err(|error| error.status(resource, &text(&sent.value, "name")))?;
        if let Some(error) = self.strict_error(&strict) {
            return Err(Status::bad_request(format!(
                "{kind} in version {version:?} cannot be handled as a {kind}: {error}",
                kind = resource.kind,
                version = resource.version,
            )));
        }
        self.warn_of(found, warnings);
        Ok(object)
    }

    /// The body's namespace and name must be those of the path.
    pub(super) fn place(&self, object: &mut Value) -> Result<()> {
        if !object["metadata"].is_object() {
            object["metadata"] = json!({});
        }
        let (name, wanted) = (text(object, "name"), &self.target.name);
        if !wanted.is_empty() {
            if name.is_empty() {
                return Err(Status::bad_request(format!(
                    "the name of the object ({wanted} based on URL) was undeterminable: name must be provided"
                )));
            }
            if name != *wanted {
                return Err(Status::bad_request(format!(
                    "the name of the object ({name}) does not match the name on the URL ({wanted})"
                )));
            }
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
        Ok(())
    }

    pub(super) fn insert(
        &self,
        mut object: Value,
        writer: &Writer,
        mut warnings: Vec<String>,
    ) -> Written {
        self.place(&mut object)?;
        // A client writes a status through its subresource only.
        if let Some(object) = object
            .as_object_mut()
            .filter(|_| self.resource().has_status())
        {
            object.remove("status");
        }
        let dry_run = self.query.dry_run();
        rbac::check_escalation(self.store, self.user, self.resource(), &object)?;
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
        options::check_write(self.query, WriteKind::Create)?;
        let mut warnings = Vec::new();
        let object = self.decode(&mut warnings)?;
        let writer = self.writer("");
        self.insert(object, &writer, warnings)
    }

    /// PUT of an object or its status.
    pub(super) fn update(self) -> Written {
        let (part, subresource) = self.subresource()?;
        options::check_write(self.query, WriteKind::Update)?;
        let mut warnings = Vec::new();
        let mut new = self.decode(&mut warnings)?;
        self.place(&mut new)?;
        let writer = self.writer(subresource);
        self.store_change(part, &writer, warnings, |_| Ok(new.clone()))
    }

    pub(super) fn store_change(
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
                    rbac::check_escalation(self.store, self.user, self.resource(), &new)?;
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
        let kind = content_type(self.parts);
        let custom = managed_fields::is_custom(self.resource());
        if custom && kind == "application/strategic-merge-patch+json" {
            return Err(Status::unsupported_media_type(
                "application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml",
            ));
        }
        if kind == "application/apply-patch+yaml" {
            options::check_write(self.query, WriteKind::Apply)?;
            return self.apply(part, subresource);
        }
        let patch = patched::Patch::read(kind, self.body)?;
        options::check_write(self.query, WriteKind::Patch)?;
        let writer = self.writer(subresource);
        let mut warnings = Vec::new();
        // Unknown fields are those of the patch: an object that is stored has none.
        if let Some(old) =
            self.store
                .get_value(self.resource(), &self.target.namespace, &self.target.name)
        {
            let (_, found) = patch.apply(self.resource(), &old)?;
            if let Some(error) = self.strict_error(&found) {
                return Err(patch.refuse(&old, &error));
            }
            self.warn_of(found, &mut warnings);
        }
        self.store_change(part, &writer, warnings, |old| {
            let (mut new, _) = patch.apply(self.resource(), old)?;
            self.place(&mut new)?;
            patched::check_uid(self.resource(), old, &new)?;
            Ok(new)
        })
    }
}
