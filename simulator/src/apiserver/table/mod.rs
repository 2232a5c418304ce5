//! `meta.k8s.io/v1` Table: the rows that kubectl prints. Pure.
//! Upstream: `pkg/printers/internalversion/printers.go` of Kubernetes 1.35.4; KEDA's columns are those of its CRD.

mod age;
mod rows;
mod workload;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::present::partial;
use super::request::Include;
use crate::store::Resource;

/// A column: name, type, whether only `-o wide` shows it.
type Column = (&'static str, &'static str, bool);

const NAME: Column = ("Name", "string", false);
const AGE: Column = ("Age", "string", false);

const fn text(name: &'static str) -> Column {
    (name, "string", false)
}

const fn number(name: &'static str) -> Column {
    (name, "integer", false)
}

const fn wide(name: &'static str) -> Column {
    (name, "string", true)
}

fn columns(resource: &Resource) -> Vec<Column> {
    let workload = [wide("Containers"), wide("Images"), wide("Selector")];
    match resource.kind {
        "Pod" => vec![
            NAME,
            text("Ready"),
            text("Status"),
            text("Restarts"),
            AGE,
            wide("IP"),
            wide("Node"),
            wide("Nominated Node"),
            wide("Readiness Gates"),
        ],
        "Deployment" => [
            vec![
                NAME,
                text("Ready"),
                number("Up-to-date"),
                number("Available"),
                AGE,
            ],
            workload.to_vec(),
        ]
        .concat(),
        "ReplicaSet" => [
            vec![
                NAME,
                number("Desired"),
                number("Current"),
                number("Ready"),
                AGE,
            ],
            workload.to_vec(),
        ]
        .concat(),
        "Job" => [
            vec![
                NAME,
                text("Status"),
                text("Completions"),
                text("Duration"),
                AGE,
            ],
            workload.to_vec(),
        ]
        .concat(),
        "Service" => vec![
            NAME,
            text("Type"),
            text("Cluster-IP"),
            text("External-IP"),
            text("Port(s)"),
            AGE,
            wide("Selector"),
        ],
        "HorizontalPodAutoscaler" => vec![
            NAME,
            text("Reference"),
            text("Targets"),
            text("MinPods"),
            text("MaxPods"),
            number("Replicas"),
            AGE,
        ],
        "ScaledObject" => vec![
            NAME,
            text("ScaleTargetKind"),
            text("ScaleTargetName"),
            number("Min"),
            number("Max"),
            text("Ready"),
            text("Active"),
            text("Fallback"),
            text("Paused"),
            text("Triggers"),
            text("Authentications"),
            AGE,
        ],
        "Event" => vec![
            text("Last Seen"),
            text("Type"),
            text("Reason"),
            text("Object"),
            wide("Subobject"),
            wide("Source"),
            text("Message"),
            wide("First Seen"),
            wide("Count"),
            wide("Name"),
        ],
        "Node" => vec![
            NAME,
            text("Status"),
            text("Roles"),
            AGE,
            text("Version"),
            wide("Internal-IP"),
            wide("External-IP"),
            wide("OS-Image"),
            wide("Kernel-Version"),
            wide("Container-Runtime"),
        ],
        "Namespace" => vec![NAME, text("Status"), AGE],
        "ConfigMap" => vec![NAME, text("Data"), AGE],
        "Secret" => vec![NAME, text("Type"), text("Data"), AGE],
        "ResourceQuota" => vec![NAME, text("Request"), text("Limit"), AGE],
        "EndpointSlice" => vec![
            NAME,
            text("AddressType"),
            text("Ports"),
            text("Endpoints"),
            AGE,
        ],
        "RoleBinding" | "ClusterRoleBinding" => vec![
            NAME,
            text("Role"),
            AGE,
            wide("Users"),
            wide("Groups"),
            wide("ServiceAccounts"),
        ],
        "Lease" => vec![NAME, text("Holder"), AGE],
        "APIService" => vec![NAME, text("Service"), text("Available"), AGE],
        "PodMetrics" | "NodeMetrics" => {
            vec![NAME, text("cpu"), text("memory"), text("Window")]
        }
        "ServiceAccount" => vec![NAME, AGE],
        // LimitRange, Role, ClusterRole, CustomResourceDefinition.
        _ => vec![NAME, text("Created At")],
    }
}

/// A table of objects of one kind.
pub(super) fn table<'a>(
    resource: &Resource,
    objects: impl IntoIterator<Item = &'a Value>,
    metadata: &Value,
    include: Include,
    now: Timestamp,
) -> Value {
    let columns: Vec<_> = columns(resource)
        .into_iter()
        .map(|(name, column_type, wide)| {
            json!({
                "name": name, "type": column_type,
                "format": if name == "Name" { "name" } else { "" },
                "description": "", "priority": i32::from(wide),
            })
        })
        .collect();
    let rows: Vec<_> = objects
        .into_iter()
        .map(|object| {
            // A bookmark has no content, only a version.
            let cells = if object["metadata"]["name"].is_string() {
                rows::cells(resource.kind, object, now)
            } else {
                vec![Value::from(""); columns.len()]
            };
            match include {
                Include::Metadata => json!({"cells": cells, "object": partial(object)}),
                Include::Object => json!({"cells": cells, "object": object}),
                Include::None => json!({"cells": cells, "object": null}),
            }
        })
        .collect();
    json!({
        "kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": metadata,
        "columnDefinitions": columns, "rows": rows,
    })
}

#[cfg(test)]
mod tests;
