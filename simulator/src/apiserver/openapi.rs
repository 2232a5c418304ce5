//! As much OpenAPI as kubectl needs before a write: which kinds there are, and that the server validates fields.
//! Schemas are not served; `kubectl explain` does not work.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::store::resource::ALL;

/// The documents, one for each group and version.
pub(super) fn index(groups: BTreeMap<&str, &str>) -> Value {
    let mut paths = Map::new();
    let mut add = |path: String| {
        let url = json!({"serverRelativeURL": format!("/openapi/v3/{path}?hash=simulated")});
        paths.insert(path, url);
    };
    add("api/v1".to_owned());
    for (group, version) in groups {
        add(format!("apis/{group}/{version}"));
    }
    json!({"paths": paths})
}

/// The paths of one group. kubectl looks for `fieldValidation` in the parameters of PATCH
/// (kubectl `pkg/validation`, `k8s.io/cli-runtime/pkg/resource/query_param_verifier_v3.go`).
pub(super) fn document(group: &str, version: &str) -> Value {
    let mut paths = Map::new();
    for resource in ALL
        .iter()
        .filter(|r| r.group == group && r.version == version)
    {
        let base = if group.is_empty() {
            format!("/api/{version}")
        } else {
            format!("/apis/{group}/{version}")
        };
        let scope = if resource.namespaced {
            "/namespaces/{namespace}"
        } else {
            ""
        };
        let parameter = |name: &str| json!({"name": name, "in": "query", "schema": {"type": "string", "uniqueItems": true}});
        let parameters = ["dryRun", "fieldManager", "fieldValidation", "force"].map(parameter);
        let kind = json!({"group": group, "version": version, "kind": resource.kind});
        let operation = |action: &str| {
            json!({
                "parameters": parameters, "responses": {},
                "x-kubernetes-action": action,
                "x-kubernetes-group-version-kind": kind,
            })
        };
        paths.insert(
            format!("{base}{scope}/{}", resource.plural),
            json!({"post": operation("post")}),
        );
        paths.insert(
            format!("{base}{scope}/{}/{{name}}", resource.plural),
            json!({"patch": operation("patch"), "put": operation("put")}),
        );
    }
    json!({
        "openapi": "3.0.0",
        "info": {"title": "Kubernetes", "version": "v1.35.4"},
        "paths": paths,
        "components": {"schemas": {}},
    })
}
