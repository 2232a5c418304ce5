//! What the API serves: `/version`, `/api`, `/apis`, the kinds of each group, health.
//! Upstream: `apiserver/pkg/endpoints/discovery`.

use std::collections::BTreeMap;

use http::{Response, StatusCode};
use serde_json::{Value, json};

use super::respond::{self, Body};
use super::{absent, version};
use crate::faults::{Faults, MetricsApi};
use crate::status::{Result, Status};
use crate::store::Resource;
use crate::store::resource::{ALL, EVENTS};

/// A kind, its path's segment, whether it is in a namespace.
pub(super) type Review = (&'static str, &'static str, bool);

/// Groups that only have reviews.
const REVIEWS: [(&str, &[Review]); 2] = [
    (
        "authentication.k8s.io",
        &[
            ("SelfSubjectReview", "selfsubjectreviews", false),
            ("TokenReview", "tokenreviews", false),
        ],
    ),
    (
        "authorization.k8s.io",
        &[
            (
                "LocalSubjectAccessReview",
                "localsubjectaccessreviews",
                true,
            ),
            ("SelfSubjectAccessReview", "selfsubjectaccessreviews", false),
            ("SelfSubjectRulesReview", "selfsubjectrulesreviews", false),
            ("SubjectAccessReview", "subjectaccessreviews", false),
        ],
    ),
];

/// The review that a path's segment names.
pub(super) fn review(group: &str, plural: &str) -> Option<&'static Review> {
    let (_, reviews) = REVIEWS.iter().find(|(name, _)| *name == group)?;
    reviews.iter().find(|(_, name, _)| *name == plural)
}

/// Whether a path below `/apis` is of a group and version whose paths are answered by the API server itself, so that
/// what is unknown there is a Status. The paths of custom resources and of groups that nobody serves are not.
pub(super) fn is_built_in(path: &str, faults: &Faults) -> bool {
    let segments: Vec<_> = path.split('/').filter(|s| !s.is_empty()).collect();
    match segments.as_slice() {
        ["apis", group, ..] => {
            *group != "keda.sh"
                && (groups(faults).contains_key(group) || absent::GROUPS.contains(group))
        }
        ["api" | "version" | "openapi", ..] => true,
        _ => false,
    }
}

/// Answers a GET of a path that names no object.
pub(super) fn answer(path: &str, faults: &Faults) -> Result<Response<Body>> {
    let segments: Vec<_> = path.split('/').filter(|s| !s.is_empty()).collect();
    let value = match segments.as_slice() {
        [] => paths(faults),
        ["version"] => version(),
        ["healthz" | "livez" | "readyz", ..] => return Ok(respond::text(StatusCode::OK, "ok")),
        ["api"] => json!({
            "kind": "APIVersions", "versions": ["v1"],
            "serverAddressByClientCIDRs": [],
        }),
        ["api", "v1"] => kinds("", "v1", faults).ok_or_else(Status::no_such_path)?,
        ["apis"] => {
            let groups: Vec<_> = groups(faults).iter().map(|(g, v)| group(g, v)).collect();
            json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups})
        }
        ["apis", name] => {
            let groups = groups(faults);
            let version = groups.get(*name).ok_or_else(Status::no_such_path)?;
            let mut group = group(name, version);
            group["kind"] = json!("APIGroup");
            group["apiVersion"] = json!("v1");
            group
        }
        ["apis", name, version] => {
            if *name == "metrics.k8s.io" && faults.metrics_api() == MetricsApi::Unavailable {
                return Err(Status::service_unavailable(
                    "the server is currently unable to handle the request",
                ));
            }
            kinds(name, version, faults).ok_or_else(Status::no_such_path)?
        }
        ["openapi", "v3"] => super::openapi::index(groups(faults)),
        ["openapi", "v3", "api", "v1"] => super::openapi::document("", "v1"),
        ["openapi", "v3", "apis", name, version] => {
            if groups(faults).get(*name).is_none_or(|v| v != version) {
                return Err(Status::no_such_path());
            }
            super::openapi::document(name, version)
        }
        _ => return Err(Status::no_such_path()),
    };
    Ok(respond::json(StatusCode::OK, &value))
}

/// The groups that are served, with their version.
fn groups(faults: &Faults) -> BTreeMap<&'static str, &'static str> {
    let mut groups: BTreeMap<_, _> = ALL
        .iter()
        .filter(|resource| !resource.group.is_empty())
        .map(|resource| (resource.group, resource.version))
        .collect();
    groups.insert("events.k8s.io", "v1");
    for (group, _) in REVIEWS {
        groups.insert(group, "v1");
    }
    if faults.is_keda_absent() {
        groups.remove("keda.sh");
    }
    if faults.metrics_api() == MetricsApi::Absent {
        groups.remove("metrics.k8s.io");
    }
    groups
}

fn paths(faults: &Faults) -> Value {
    let mut paths = vec!["/api".to_owned(), "/api/v1".to_owned(), "/apis".to_owned()];
    for (group, version) in groups(faults) {
        paths.push(format!("/apis/{group}"));
        paths.push(format!("/apis/{group}/{version}"));
    }
    paths.extend(["/healthz", "/livez", "/readyz", "/version"].map(str::to_owned));
    json!({"paths": paths})
}

fn group(name: &str, version: &str) -> Value {
    let version = json!({"groupVersion": format!("{name}/{version}"), "version": version});
    json!({"name": name, "versions": [version], "preferredVersion": version})
}

fn kinds(group: &str, version: &str, faults: &Faults) -> Option<Value> {
    if !group.is_empty() && groups(faults).get(group) != Some(&version) {
        return None;
    }
    let mut resources: Vec<Value> = ALL
        .iter()
        .filter(|resource| resource.group == group && resource.version == version)
        .flat_map(|resource| kind(resource))
        .collect();
    if group == "events.k8s.io" {
        resources.extend(kind(&EVENTS));
    }
    for (_, kinds) in REVIEWS.iter().filter(|(name, _)| *name == group) {
        resources.extend(kinds.iter().map(|(kind, plural, namespaced)| {
            json!({
                "name": plural, "singularName": kind.to_lowercase(), "namespaced": namespaced,
                "kind": kind, "verbs": ["create"],
            })
        }));
    }
    let group_version = if group.is_empty() {
        version.to_owned()
    } else {
        format!("{group}/{version}")
    };
    Some(json!({
        "kind": "APIResourceList", "apiVersion": "v1",
        "groupVersion": group_version, "resources": resources,
    }))
}

fn kind(resource: &Resource) -> Vec<Value> {
    let verbs: &[&str] = if resource.group == "metrics.k8s.io" {
        &["get", "list"]
    } else if resource.read_only {
        &["get", "list", "watch"]
    } else {
        &[
            "create",
            "delete",
            "deletecollection",
            "get",
            "list",
            "patch",
            "update",
            "watch",
        ]
    };
    let mut own = json!({
        "name": resource.plural, "singularName": resource.singular,
        "namespaced": resource.namespaced, "kind": resource.kind, "verbs": verbs,
    });
    if !resource.short_names.is_empty() {
        own["shortNames"] = json!(resource.short_names);
    }
    if resource.in_all {
        own["categories"] = json!(["all"]);
    }
    let mut kinds = vec![own];
    for subresource in resource.subresources {
        let (kind, verbs): (&str, &[&str]) = match *subresource {
            "scale" => ("Scale", &["get", "patch", "update"]),
            "log" => (resource.kind, &["get"]),
            "token" => ("TokenRequest", &["create"]),
            "finalize" => (resource.kind, &["update"]),
            _ => (resource.kind, &["get", "patch", "update"]),
        };
        let mut entry = json!({
            "name": format!("{}/{subresource}", resource.plural), "singularName": "",
            "namespaced": resource.namespaced, "kind": kind, "verbs": verbs,
        });
        let foreign = match *subresource {
            "scale" => Some(("autoscaling", "v1")),
            "token" => Some(("authentication.k8s.io", "v1")),
            _ => None,
        };
        if let Some((group, version)) = foreign {
            entry["group"] = json!(group);
            entry["version"] = json!(version);
        }
        kinds.push(entry);
    }
    kinds
}
