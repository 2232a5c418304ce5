//! A patch as it was sent, and the object that it makes of another, with the words of what goes wrong. Pure.
//! Upstream: `apiserver/pkg/endpoints/handlers/patch.go`.

use serde_json::{Value, json};

use super::body::{self, Tree, go_type};
use super::decode::{self, DecodeError};
use super::mismatch::go_print;
use super::patch;
use crate::status::{Cause, Result, Status};
use crate::store::{Resource, text};

/// What a body's media type makes of it.
#[derive(Debug)]
pub(super) enum Patch {
    Json(Tree),
    Merge(Tree),
    Strategic(Tree),
}

impl Patch {
    /// # Errors
    /// 400 when it cannot be read, 415 for another media type.
    pub(super) fn read(media: &str, bytes: &[u8]) -> Result<Self> {
        const MAP: &str = "map[string]interface {}";
        let (prefix, wanted): (&str, _) = match media {
            "application/json-patch+json" => ("error decoding patch: ", "[]handlers.jsonPatchOp"),
            "application/merge-patch+json" => ("error decoding patch: ", MAP),
            "application/strategic-merge-patch+json" => ("", MAP),
            _ => {
                return Err(Status {
                    details: json!({}),
                    ..Status::new(415, "UnsupportedMediaType", "415: Unsupported Media Type")
                });
            }
        };
        let refuse = |error: &str| Status::bad_request(format!("{prefix}{error}"));
        let tree = body::json(bytes).map_err(|error| refuse(&error))?;
        let another = || {
            refuse(&format!(
                "json: cannot unmarshal {} into Go value of type {wanted}",
                go_type(&tree.value())
            ))
        };
        match (media, &tree) {
            ("application/json-patch+json", Tree::List(_)) => Ok(Self::Json(tree)),
            ("application/merge-patch+json", Tree::Object(_)) => Ok(Self::Merge(tree)),
            ("application/merge-patch+json", Tree::Scalar(Value::Null)) => {
                Err(Status::bad_request("Invalid JSON Patch"))
            }
            ("application/strategic-merge-patch+json", Tree::Object(_)) => {
                Ok(Self::Strategic(tree))
            }
            _ => Err(another()),
        }
    }

    /// Changes an object as the patch says, whatever comes of it.
    ///
    /// # Errors
    /// 422 when the patch does not fit.
    pub(super) fn change(&self, object: &mut Value) -> Result<()> {
        match self {
            Self::Json(tree) => patch::json_patch(object, &tree.value()),
            Self::Merge(tree) => {
                json_patch::merge(object, &tree.value());
                Ok(())
            }
            Self::Strategic(tree) => patch::strategic(object, &tree.value()),
        }
    }

    /// The object that `old` becomes, and which fields of the patch were unknown or repeated.
    ///
    /// # Errors
    /// 422 when the patch does not fit the object, or its result the kind.
    pub(super) fn apply(&self, resource: &Resource, old: &Value) -> Result<(Value, Vec<String>)> {
        let mut new = old.clone();
        self.change(&mut new)?;
        let decoded = decode::decode_value(resource, new.clone()).map_err(|error| match error {
            DecodeError::Schema(_) | DecodeError::Other(_) => {
                error.status(resource, &text(old, "name"))
            }
            DecodeError::Mismatch(mismatch) if matches!(self, Self::Strategic(_)) => {
                self.refuse(old, &mismatch.conversion_error())
            }
            error => self.refuse(old, &error.message()),
        })?;
        let mut found = Vec::new();
        if let Self::Merge(tree) | Self::Strategic(tree) = self {
            decode::unknown_fields("", tree, &tree.value(), &mut found);
        }
        decode::unknown_fields("", &Tree::from(&new), &decoded, &mut found);
        Ok((decoded, found))
    }

    /// 422 with the object that cannot be, or with a strategic patch itself.
    pub(super) fn refuse(&self, old: &Value, error: &str) -> Status {
        let shown = if let Self::Strategic(tree) = self {
            go_print(&tree.value())
        } else {
            let mut new = old.clone();
            // A patch that could not be applied has been refused before.
            let _ = self.change(&mut new);
            print(&new)
        };
        let cause = Cause::invalid("patch", &json!(shown), error);
        Status::invalid_kind("", "", "", &[cause])
    }
}

/// 422 for a patch that would give an object another UID.
pub(super) fn check_uid(resource: &Resource, old: &Value, new: &Value) -> Result<()> {
    let uid = &new["metadata"]["uid"];
    if uid.is_null() || *uid == "" || *uid == old["metadata"]["uid"] {
        return Ok(());
    }
    let cause = Cause::invalid("metadata.uid", uid, "field is immutable");
    Err(Status::invalid(
        resource,
        &text(old, "name"),
        &[cause.clone(), cause],
    ))
}

/// The fields of `metadata` in the order in which Go writes them.
const METADATA: [&str; 15] = [
    "name",
    "generateName",
    "namespace",
    "selfLink",
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "labels",
    "annotations",
    "ownerReferences",
    "finalizers",
    "managedFields",
];

/// An object as Go prints a patched one: its fields sorted, those of `metadata` as they are declared.
fn print(object: &Value) -> String {
    let fields = object.as_object().into_iter().flatten();
    let fields: Vec<_> = fields
        .map(|(name, value)| match (name.as_str(), value) {
            ("metadata", Value::Object(meta)) => {
                let known = METADATA
                    .iter()
                    .copied()
                    .filter(|name| meta.contains_key(*name));
                let rest = meta.keys().map(String::as_str);
                let rest = rest.filter(|name| !METADATA.contains(name));
                let fields: Vec<_> = known
                    .chain(rest)
                    .map(|name| format!("{}:{}", json!(name), meta[name]))
                    .collect();
                format!("\"metadata\":{{{}}}", fields.join(","))
            }
            _ => format!("{}:{value}", json!(name)),
        })
        .collect();
    format!("{{{}}}", fields.join(","))
}
