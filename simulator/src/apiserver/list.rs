//! GET of one object and LIST of many: selectors, pages, versions.

use std::sync::Arc;

use serde_json::{Value, json};

use super::request::{Query, Target};
use crate::selector::{FieldSelector, Selector};
use crate::status::{Result, Status};
use crate::store::resource::{EVENTS, JOBS, NAMESPACES, NODES, PODS, SECRETS};
use crate::store::{Resource, Store};

/// Which objects of a kind a request is about.
#[derive(Clone, Debug)]
pub(super) struct Filter {
    namespace: Option<String>,
    labels: Selector,
    fields: FieldSelector,
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
                "Pod" | "Node" | "Namespace" | "Secret" | "Event" => {
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

/// Lists what the filter selects. A `continue` token names the version of the first page and the last key sent.
///
/// # Errors
/// 400 for a token or limit that cannot be read.
pub(super) fn list(
    store: &Store,
    resource: &Resource,
    filter: &Filter,
    query: &Query,
) -> Result<Page> {
    let (mut items, version) = store.list_values(resource, filter.namespace());
    items.retain(|object| filter.matches(object));
    let limit = usize::try_from(query.number("limit")?.unwrap_or(0)).unwrap_or(0);
    let mut metadata = json!({"resourceVersion": version.to_string()});
    if let Some(token) = query.get("continue") {
        let (first, after) = read_token(token)?;
        metadata["resourceVersion"] = json!(first);
        items.retain(|object| key(object) > after);
    }
    if limit > 0 && items.len() > limit {
        let remaining = items.len() - limit;
        items.truncate(limit);
        if let Some(last) = items.last() {
            let first = metadata["resourceVersion"].as_str().unwrap_or("");
            metadata["continue"] = json!(write_token(first, &key(last)));
        }
        metadata["remainingItemCount"] = json!(remaining);
    }
    Ok(Page { items, metadata })
}

/// Sorts as the store does: namespace, then name. `/` is in neither.
fn key(object: &Value) -> (String, String) {
    let text = |field: &str| object["metadata"][field].as_str().unwrap_or("").to_owned();
    (text("namespace"), text("name"))
}

fn write_token(version: &str, (namespace, name): &(String, String)) -> String {
    format!("{version}/{namespace}/{name}")
}

fn read_token(token: &str) -> Result<(String, (String, String))> {
    let mut parts = token.splitn(3, '/').map(str::to_owned);
    match (parts.next(), parts.next(), parts.next()) {
        (Some(version), Some(namespace), Some(name)) => Ok((version, (namespace, name))),
        _ => Err(Status::bad_request("continue key is not valid")),
    }
}
