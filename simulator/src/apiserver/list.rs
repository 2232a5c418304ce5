//! GET of one object and LIST of many: selectors, pages, versions.

use std::sync::Arc;

use serde_json::{Value, json};

use super::request::{Query, Target};
use crate::selector::{FieldSelector, Selector};
use crate::status::{Result, Status};
use crate::store::resource::{EVENTS, JOBS, NAMESPACES, NODES, PODS, SECRETS};
use crate::store::{Resource, Store, text};

/// Which objects of a kind a request is about.
#[derive(Clone, Debug)]
pub(super) struct Filter {
    namespace: Option<String>,
    labels: Selector,
    fields: FieldSelector,
    /// Whether a selector was sent.
    selects: bool,
}

impl Filter {
    /// # Errors
    /// 400 for a selector that cannot be read, or a field that the kind cannot be selected by.
    pub(super) fn of(target: &Target, query: &Query) -> Result<Self> {
        let mut fields = query.get("fieldSelector").unwrap_or("").to_owned();
        if target.new_events {
            fields = fields
                .replace("regarding.", "involvedObject.")
                .replace("reportingController", "reportingComponent");
        }
        let fields = FieldSelector::parse(&fields)?;
        if let Some(field) = fields.unknown_field(selectable_fields(target.resource)) {
            return Err(Status::bad_request(match target.resource.kind {
                "Job" => format!("field label {field:?} not supported for Job"),
                "Pod" | "Node" | "Namespace" | "Secret" | "Event" | "Service" | "ScaledObject" => {
                    format!("field label not supported: {field}")
                }
                _ => format!(
                    "{field:?} is not a known field selector: only \"metadata.name\", \"metadata.namespace\""
                ),
            }));
        }
        Ok(Self {
            namespace: target.scope().map(str::to_owned),
            labels: Selector::parse(query.get("labelSelector").unwrap_or(""))?,
            fields,
            selects: query.get("labelSelector").is_some() || query.get("fieldSelector").is_some(),
        })
    }

    pub(super) fn namespace(&self) -> Option<&str> {
        self.namespace.as_deref()
    }

    pub(super) fn matches(&self, object: &Value) -> bool {
        let namespace = object["metadata"]["namespace"].as_str();
        self.namespace()
            .is_none_or(|wanted| namespace == Some(wanted))
            && self.labels.matches_object(object)
            && self.fields.matches(object)
    }
}

/// Upstream: each kind's `AddFieldLabelConversionFunc` (`pkg/apis/core/v1/conversion.go` and others).
fn selectable_fields(resource: &Resource) -> &'static [&'static str] {
    if *resource == PODS {
        &[
            "metadata.name",
            "metadata.namespace",
            "spec.nodeName",
            "spec.restartPolicy",
            "spec.schedulerName",
            "spec.serviceAccountName",
            "status.phase",
            "status.podIP",
        ]
    } else if *resource == EVENTS {
        &[
            "metadata.name",
            "metadata.namespace",
            "involvedObject.kind",
            "involvedObject.namespace",
            "involvedObject.name",
            "involvedObject.uid",
            "involvedObject.apiVersion",
            "involvedObject.resourceVersion",
            "involvedObject.fieldPath",
            "reason",
            "reportingComponent",
            "source",
            "type",
        ]
    } else if *resource == NAMESPACES {
        &["metadata.name", "status.phase"]
    } else if *resource == NODES {
        &["metadata.name", "spec.unschedulable"]
    } else if *resource == SECRETS {
        &["metadata.name", "metadata.namespace", "type"]
    } else if *resource == JOBS {
        &["metadata.name", "metadata.namespace", "status.successful"]
    } else {
        &["metadata.name", "metadata.namespace"]
    }
}

/// A page of a list.
pub(super) struct Page {
    pub(super) items: Vec<Arc<Value>>,
    /// `ListMeta`.
    pub(super) metadata: Value,
}

/// Which state a list shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Version {
    /// The newest.
    Newest,
    /// Any that is at hand, in one page.
    Any,
    /// Exactly this one.
    Exact(u64),
}

impl Version {
    /// Upstream: `apiserver/pkg/storage/storagebackend`, `GetList`; the table in the documentation of the API's
    /// concepts, "resource versions".
    fn of(query: &Query, newest: u64, limit: usize) -> Result<Self> {
        let text = query.get("resourceVersion").unwrap_or("");
        let number = number(text)
            .map_err(|error| Status::bad_request(format!("invalid resource version: {error}")))?;
        let Some(number) = number else {
            return Ok(Self::Newest);
        };
        if number > newest {
            return Err(Status::version_too_large(number, newest));
        }
        Ok(match query.get("resourceVersionMatch") {
            Some("Exact") => Self::Exact(number),
            _ if number == 0 => Self::Any,
            // A page of "not older than" is read where pages are, and shows the newest state.
            None if limit > 0 => Self::Exact(number),
            _ => Self::Newest,
        })
    }
}

/// A version as a query writes it; empty is none.
///
/// # Errors
/// The text that says that it is no number.
pub(super) fn number(text: &str) -> Result<Option<u64>, String> {
    if text.is_empty() {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|_| {
        format!(
            "resourceVersion: Invalid value: {text:?}: strconv.ParseUint: parsing {text:?}: invalid syntax"
        )
    })
}

/// Refuses to read an object in a version that is still to come.
///
/// # Errors
/// 500 when the version is no number, as upstream; 504 when it is of the future.
pub(super) fn check_version(store: &Store, query: &Query) -> Result<()> {
    let text = query.get("resourceVersion").unwrap_or("");
    let newest = store.resource_version();
    match number(text).map_err(Status::unclassified)? {
        Some(version) if version > newest => Err(Status::version_too_large(version, newest)),
        _ => Ok(()),
    }
}

/// Lists what the filter selects. A `continue` token names the version of the first page and the last key sent.
///
/// # Errors
/// 400 for a token, version or limit that cannot be read, 410 for a version that is forgotten.
pub(super) fn list(
    store: &Store,
    resource: &Resource,
    filter: &Filter,
    query: &Query,
) -> Result<Page> {
    let limit = usize::try_from(query.number("limit")?.unwrap_or(0)).unwrap_or(0);
    let start = query.get("continue").map(read_token).transpose()?;
    let given = query.get("resourceVersion").unwrap_or("");
    if start.is_some() && !matches!(given, "" | "0") {
        return Err(Status::bad_request(
            "specifying resource version is not allowed when using continue",
        ));
    }
    let version = match &start {
        Some((version, _)) => Version::Exact(*version),
        None => Version::of(query, store.resource_version(), limit)?,
    };
    let (mut items, shown) = match version {
        Version::Newest | Version::Any => store.list_values(resource, filter.namespace()),
        Version::Exact(version) => {
            let items = store.list_values_at(resource, filter.namespace(), version);
            (items.ok_or_else(|| forgotten(start.is_some()))?, version)
        }
    };
    items.retain(|object| filter.matches(object));
    if let Some((_, after)) = &start {
        items.retain(|object| key(object) > *after);
    }
    let mut metadata = json!({"resourceVersion": shown.to_string()});
    if limit > 0 && items.len() > limit && version != Version::Any {
        let remaining = items.len() - limit;
        items.truncate(limit);
        if let Some(last) = items.last() {
            metadata["continue"] = json!(write_token(shown, &key(last)));
        }
        // Who selects is not told how many are left.
        if !filter.selects {
            metadata["remainingItemCount"] = json!(remaining);
        }
    }
    Ok(Page { items, metadata })
}

/// Upstream: `apiserver/pkg/storage/etcd3/errors.go`.
fn forgotten(continues: bool) -> Status {
    Status::expired(if continues {
        "The provided continue parameter is too old to display a consistent list result. You must start a new list without the continue parameter."
    } else {
        "The resourceVersion for the provided list is too old."
    })
}

/// Sorts as the store does: namespace, then name. `/` is in neither.
fn key(object: &Value) -> (String, String) {
    (text(object, "namespace"), text(object, "name"))
}

fn write_token(version: u64, (namespace, name): &(String, String)) -> String {
    format!("{version}/{namespace}/{name}")
}

fn read_token(token: &str) -> Result<(u64, (String, String))> {
    let invalid = |why: &str| {
        Status::bad_request(format!(
            "invalid continue token: continue key is not valid: {why}"
        ))
    };
    let mut parts = token.splitn(3, '/').map(str::to_owned);
    match (parts.next(), parts.next(), parts.next()) {
        (Some(version), Some(namespace), Some(name)) => {
            let version = version.parse().map_err(|_| invalid("it has no version"))?;
            Ok((version, (namespace, name)))
        }
        _ => Err(invalid("it has no key")),
    }
}
