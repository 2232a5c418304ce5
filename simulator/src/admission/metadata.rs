//! What `metadata` may hold: names, labels, annotations, finalizers, owners. Pure.
//! Upstream: `apimachinery/pkg/api/validation/objectmeta.go`, `apimachinery/pkg/util/validation/validation.go`.

use serde_json::{Value, json};

use crate::selector::{key_error, value_error};
use crate::status::Cause;
use crate::store::{Resource, text};

const SUBDOMAIN: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
pub(super) const LABEL: &str = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const LABEL_1035: &str = "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";
/// All annotations of an object together.
const MAX_ANNOTATIONS: usize = 256 * 1024;
/// Finalizers without a domain. Upstream: `pkg/apis/core/helper/helpers.go`, `standardFinalizers`.
const STANDARD_FINALIZERS: [&str; 3] = ["kubernetes", "orphan", "foregroundDeletion"];

/// Checks the metadata of a new or changed object.
pub(super) fn check(resource: &Resource, object: &Value, is_new: bool, causes: &mut Vec<Cause>) {
    if is_new {
        let base = text(object, "generateName");
        if !base.is_empty() {
            // The dash before the generated part is no end of a name.
            let whole = base
                .strip_suffix('-')
                .map_or_else(|| base.clone(), |rest| format!("{rest}a"));
            name(resource, "metadata.generateName", &base, &whole, causes);
        }
        let own = text(object, "name");
        name(resource, "metadata.name", &own, &own, causes);
    }
    let meta = &object["metadata"];
    for (key, value) in meta["labels"].as_object().into_iter().flatten() {
        let invalid =
            |text: &str, detail: String| Cause::invalid("metadata.labels", &json!(text), &detail);
        causes.extend(key_error(key).map(|detail| invalid(key, detail)));
        let value = value.as_str().unwrap_or("");
        causes.extend(value_error(value).map(|detail| invalid(value, detail)));
    }
    let mut bytes = 0;
    for (key, value) in meta["annotations"].as_object().into_iter().flatten() {
        bytes += key.len() + value.as_str().map_or(0, str::len);
        let error = key_error(&key.to_lowercase());
        causes.extend(
            error.map(|detail| Cause::invalid("metadata.annotations", &json!(key), &detail)),
        );
    }
    if bytes > MAX_ANNOTATIONS {
        causes.push(Cause::too_long("metadata.annotations", MAX_ANNOTATIONS));
    }
    owners(&meta["ownerReferences"], causes);
    for (finalizer, index) in meta["finalizers"].as_array().into_iter().flatten().zip(0..) {
        let name = finalizer.as_str().unwrap_or("");
        if !name.contains('/') && !name.contains('.') && !STANDARD_FINALIZERS.contains(&name) {
            causes.push(Cause::invalid(
                format!("metadata.finalizers[{index}]"),
                finalizer,
                "name is neither a standard finalizer name nor is it fully qualified",
            ));
        }
    }
}

/// Checks a name; `whole` is it as it would be used.
fn name(resource: &Resource, field: &str, name: &str, whole: &str, causes: &mut Vec<Cause>) {
    let mut invalid = |detail: &str| causes.push(Cause::invalid(field, &json!(name), detail));
    let starts_with_digit = whole.starts_with(|c: char| c.is_ascii_digit());
    match resource.kind {
        // Names of roles are only segments of a path.
        "Role" | "ClusterRole" | "RoleBinding" | "ClusterRoleBinding" => {
            if name.contains(['/', '%']) {
                invalid("may not contain '/' or '%'");
            }
        }
        "Namespace" | "Service" if name.len() > 63 => {
            invalid("must be no more than 63 characters");
        }
        "Namespace" if !is_label(whole) => invalid(LABEL),
        "Service" if !is_label(whole) || starts_with_digit => invalid(LABEL_1035),
        "Namespace" | "Service" => {}
        _ => {
            if name.len() > 253 {
                invalid("must be no more than 253 characters");
            }
            if !whole.split('.').all(is_label) {
                invalid(SUBDOMAIN);
            }
        }
    }
}

pub(super) fn is_label(text: &str) -> bool {
    let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    !text.is_empty() && text.chars().all(inner) && !text.starts_with('-') && !text.ends_with('-')
}

fn owners(references: &Value, causes: &mut Vec<Cause>) {
    const FIELD: &str = "metadata.ownerReferences";
    let list: Vec<&Value> = references.as_array().into_iter().flatten().collect();
    for owner in &list {
        for field in ["apiVersion", "kind", "name", "uid"] {
            if owner[field].as_str().unwrap_or("").is_empty() {
                causes.push(Cause::invalid(
                    format!("{FIELD}.{field}"),
                    &json!(""),
                    "must not be empty",
                ));
            }
        }
    }
    let controllers: Vec<String> = list
        .iter()
        .filter(|owner| owner["controller"] == true)
        .map(|owner| {
            let text = |field: &str| owner[field].as_str().unwrap_or("").to_owned();
            format!("{}/{}", text("kind"), text("name"))
        })
        .collect();
    if let [first, second, ..] = controllers.as_slice() {
        let shown: Vec<String> = list.iter().copied().map(print_owner).collect();
        causes.push(Cause {
            reason: "FieldValueInvalid",
            field: FIELD.to_owned(),
            message: format!(
                "Invalid value: [{}]: Only one reference can have Controller set to true. Found \"true\" in references for {first} and {second}",
                shown.join(",")
            ),
        });
    }
}

/// In the order in which Go declares the fields.
fn print_owner(owner: &Value) -> String {
    let fields: Vec<_> = [
        "apiVersion",
        "kind",
        "name",
        "uid",
        "controller",
        "blockOwnerDeletion",
    ]
    .iter()
    .filter(|field| !owner[**field].is_null())
    .map(|field| format!("\"{field}\":{}", owner[*field]))
    .collect();
    format!("{{{}}}", fields.join(","))
}
