//! Server-Side Apply as a request: reads the configuration, and creates or changes the object. How configurations
//! merge is `apply`'s.

use serde_json::Value;

use super::body::{self, Body};
use super::decode::{self, DecodeError};
use super::write::{Write, Written};
use super::{apply, patched};
use crate::status::{Result, Status};
use crate::store::fields::FieldSet;
use crate::store::{Part, managed_fields, text};

impl Write<'_> {
    /// PATCH with a configuration.
    pub(super) fn apply(&self, part: Part, subresource: &'static str) -> Written {
        let resource = self.resource();
        let sent = body::yaml(self.body).map_err(|error| {
            Status::bad_request(format!(
                "error decoding YAML: error converting YAML to JSON: {error}"
            ))
        })?;
        if !sent.repeated_in_yaml.is_empty() && self.query.get("fieldValidation") == Some("Strict")
        {
            let lines: String = sent
                .repeated_in_yaml
                .iter()
                .map(|line| format!("\n  {line}"))
                .collect();
            return Err(Status::bad_request(format!(
                "error strict decoding YAML: error converting YAML to JSON: yaml: unmarshal errors:{lines}"
            )));
        }
        let mut warnings = Vec::new();
        self.warn_of(sent.repeated_in_yaml.clone(), &mut warnings);
        let (config, decoded) = self.configuration(&sent)?;
        let manager = self.query.get("fieldManager").unwrap_or("");
        let force = self.query.flag("force");
        let custom = managed_fields::is_custom(resource);
        let mut writer = self.writer(subresource);
        writer.applied = Some(FieldSet::of_applied(&config, custom));
        let live = self
            .store
            .get_value(resource, &self.target.namespace, &self.target.name);
        if live.is_none() {
            if !subresource.is_empty() {
                return Err(Status::not_found(resource, &self.target.name));
            }
            let mut new = decode::decode_value(resource, decoded)
                .map_err(|error| error.status(resource, &self.target.name))?;
            if let Some(meta) = new["metadata"].as_object_mut() {
                // What is not there has no version that could be wrong.
                meta.remove("resourceVersion");
            }
            match self.insert(new, &writer, warnings.clone()) {
                Err(status) if status.reason == "AlreadyExists" => {}
                created => return created,
            }
        }
        self.store_change(part, &writer, warnings, |old| {
            patched::check_uid(resource, old, &config)?;
            let merged = apply::apply(old, &config, custom, manager, subresource, force)?;
            decode::decode_value(resource, merged)
                .map_err(|error| error.status(resource, &self.target.name))
        })
    }

    /// The configuration as it was sent but in canonical form, and the object that it would be alone.
    fn configuration(&self, sent: &Body) -> Result<(Value, Value)> {
        let resource = self.resource();
        let text_of = |field: &str| sent.value[field].as_str().unwrap_or("");
        let (version, kind) = (text_of("apiVersion"), text_of("kind"));
        let gvk = if version.contains('/') {
            format!("{version}, Kind={kind}")
        } else {
            format!("/{version}, Kind={kind}")
        };
        if version != resource.api_version() || kind != resource.kind {
            return Err(Status::bad_request(format!("invalid object type: {gvk}")));
        }
        let managed = sent.value["metadata"]["managedFields"].as_array();
        if managed.is_some_and(|list| !list.is_empty()) {
            return Err(Status::bad_request("metadata.managedFields must be nil"));
        }
        let mut placed = sent.value.clone();
        self.place(&mut placed)?;
        let refuse = |errors: Vec<String>| {
            let errors = match errors.as_slice() {
                [error] => error.clone(),
                errors => format!("errors:\n  {}", errors.join("\n  ")),
            };
            let place = format!(
                "{}/{}",
                text(&sent.value, "namespace"),
                text(&sent.value, "name")
            );
            Err(Status::unclassified(format!(
                "failed to create typed patch object ({place}; {gvk}): {errors}"
            )))
        };
        let decoded = match decode::decode_configuration(resource, sent.value.clone()) {
            Ok(decoded) => decoded,
            Err(DecodeError::Mismatch(mismatch)) => return refuse(vec![mismatch.schema_error()]),
            Err(error) => return Err(error.status(resource, &self.target.name)),
        };
        let mut unknown = Vec::new();
        decode::unknown_fields("", &sent.tree, &decoded, &mut unknown);
        let undeclared: Vec<String> = unknown
            .iter()
            .filter_map(|found| found.strip_prefix("unknown field \"")?.strip_suffix('"'))
            .map(|path| format!(".{path}: field not declared in schema"))
            .collect();
        if !undeclared.is_empty() {
            return refuse(undeclared);
        }
        let custom = managed_fields::is_custom(resource);
        if let Some(error) = FieldSet::duplicate_key(&sent.value, custom) {
            return refuse(vec![error]);
        }
        // A type writes fields that were not sent.
        Ok((keep_sent(&sent.value, &decoded), decoded))
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
