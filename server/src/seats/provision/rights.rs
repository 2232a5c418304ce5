//! Who may do what: the attendee's account in its namespace, and the panel's own account. Pure but for one apply.

use kube::Client;
use kube::api::DynamicObject;
use serde_json::{Value, json};

use super::apply;
use crate::cluster::Watching;
use crate::error::{Error, Result};
use crate::names::PANEL_NAMESPACE;

/// The panel's account and rights, for clusters by hand: `kubectl apply -f deploy/rbac.yaml`.
const RBAC: &str = include_str!("../../../../deploy/rbac.yaml");

/// What `commands/`, the reading of the load's log and an attendee's own kubectl need, and nothing more: no Secrets, no
/// roles, no exec, no tokens. An apply that creates needs `create` and `patch`; `kubectl replace` and `edit` need `update`.
pub(crate) fn attendee_rules() -> Value {
    let rule = |group: &str, resources: Value, verbs: Value| json!({ "apiGroups": [group], "resources": resources, "verbs": verbs });
    let seen = json!(["get", "list", "watch"]);
    let written = json!([
        "get", "list", "watch", "create", "update", "patch", "delete"
    ]);
    json!([
        rule("", json!(["configmaps", "services"]), written.clone()),
        rule("apps", json!(["deployments"]), written.clone()),
        rule("batch", json!(["jobs"]), written.clone()),
        rule("keda.sh", json!(["scaledobjects"]), written),
        // `kubectl scale`
        rule(
            "apps",
            json!(["deployments/scale"]),
            json!(["get", "update", "patch"])
        ),
        rule(
            "",
            json!(["pods"]),
            json!(["get", "list", "watch", "delete"])
        ),
        rule("", json!(["pods/log"]), json!(["get"])),
        rule(
            "",
            json!(["events", "limitranges", "resourcequotas"]),
            seen.clone()
        ),
        rule("apps", json!(["replicasets"]), seen.clone()),
        rule("autoscaling", json!(["horizontalpodautoscalers"]), seen),
        // `kubectl top pods`
        rule("metrics.k8s.io", json!(["pods"]), json!(["get", "list"])),
    ])
}

/// All of [`RBAC`].
fn manifest() -> Result<Vec<DynamicObject>> {
    serde_saphyr::from_multiple(RBAC).map_err(|source| Error::ReadManifest {
        file: "deploy/rbac.yaml",
        source: Box::new(source),
    })
}

fn kind(object: &DynamicObject) -> &str {
    object.types.as_ref().map_or("", |types| &types.kind)
}

/// What the panel reads of a seat's namespace: the rules of the `ClusterRole`, without those that mean nothing in a Role.
///
/// # Errors
/// As of [`panel_objects`].
pub(crate) fn read_rules() -> Result<Vec<Value>> {
    let objects = manifest()?;
    let role = objects.iter().find(|object| kind(object) == "ClusterRole");
    let rules = role.and_then(|role| role.data["rules"].as_array().cloned());
    let mut rules = rules.unwrap_or_default();
    for rule in &mut rules {
        if let Some(resources) = rule["resources"].as_array_mut() {
            resources.retain(|resource| resource != "namespaces");
        }
    }
    rules.retain(|rule| rule["resources"] != json!([]));
    Ok(rules)
}

/// The panel's own account and rights, for a panel in `namespace`. Another panel on the same cluster has a binding of
/// its own to the same `ClusterRole`. A panel that watches namespaces one by one gets neither.
///
/// # Errors
/// The file that is part of this program cannot be read.
pub fn panel_objects(namespace: &str, watching: Watching) -> Result<Vec<DynamicObject>> {
    let mut objects = manifest()?;
    if watching == Watching::Namespaces {
        objects.retain(|object| !kind(object).starts_with("ClusterRole"));
    }
    if namespace == PANEL_NAMESPACE {
        return Ok(objects);
    }
    for object in &mut objects {
        if let Some(theirs) = &mut object.metadata.namespace {
            namespace.clone_into(theirs);
        }
        match kind(object) {
            "Namespace" => object.metadata.name = Some(namespace.to_owned()),
            "ClusterRoleBinding" => {
                let name = object.metadata.name.take().unwrap_or_default();
                object.metadata.name = Some(format!("{name}-{namespace}"));
            }
            _ => {}
        }
        // NB: an index would put `subjects` into objects that have none, and the API server refuses such.
        let subjects = object.data.get_mut("subjects");
        for subject in subjects.and_then(Value::as_array_mut).into_iter().flatten() {
            subject["namespace"] = namespace.into();
        }
    }
    Ok(objects)
}

/// Applies the panel's own account and rights, for a panel in `namespace`.
///
/// # Errors
/// The first call that the API server refused.
pub async fn apply_panel_rights(
    client: &Client,
    namespace: &str,
    watching: Watching,
) -> Result<()> {
    for object in panel_objects(namespace, watching)? {
        apply(client, &object).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn panel_rights_are_read() {
        let objects = panel_objects(PANEL_NAMESPACE, Watching::Cluster).unwrap();
        let kinds: Vec<_> = objects.iter().map(kind).collect();
        assert_eq!(
            kinds,
            [
                "Namespace",
                "ServiceAccount",
                "ClusterRole",
                "ClusterRoleBinding",
                "Role",
                "RoleBinding"
            ]
        );
    }

    #[test]
    fn panel_of_namespaces_has_nothing_cluster_wide() {
        let objects = panel_objects(PANEL_NAMESPACE, Watching::Namespaces).unwrap();
        let kinds: Vec<_> = objects.iter().map(kind).collect();
        assert_eq!(
            kinds,
            ["Namespace", "ServiceAccount", "Role", "RoleBinding"]
        );
    }

    #[test]
    fn role_in_a_seat_reads_what_the_cluster_role_reads_but_namespaces() {
        let objects = panel_objects(PANEL_NAMESPACE, Watching::Cluster).unwrap();
        let role = objects.iter().find(|object| kind(object) == "ClusterRole");
        let all = role.unwrap().data["rules"].to_string();
        let rules = serde_json::to_string(&read_rules().unwrap()).unwrap();
        assert_eq!(all.replace("\"namespaces\",", ""), rules);
    }

    #[test]
    fn panel_may_write_nothing_outside_its_namespace() {
        let objects = panel_objects(PANEL_NAMESPACE, Watching::Cluster).unwrap();
        let role = objects.iter().find(|object| kind(object) == "ClusterRole");
        for rule in role.unwrap().data["rules"].as_array().unwrap() {
            for verb in rule["verbs"].as_array().unwrap() {
                let verb = verb.as_str().unwrap();
                assert!(["get", "list", "watch"].contains(&verb), "{rule}");
            }
            for resource in rule["resources"].as_array().unwrap() {
                let resource = resource.as_str().unwrap();
                assert!(!["secrets", "configmaps", "pods/log"].contains(&resource));
            }
        }
    }

    #[test]
    fn second_panel_shares_nothing_but_the_cluster_role() {
        let objects = panel_objects("workshop-b", Watching::Cluster).unwrap();
        for object in &objects {
            let text = serde_json::to_string(object).unwrap();
            let named = text.contains("workshop-b");
            assert_eq!(named, kind(object) != "ClusterRole", "{text}");
            assert!(!text.contains(r#""namespace":"workshop""#), "{text}");
            let bound = kind(object).ends_with("Binding");
            assert_eq!(object.data.get("subjects").is_some(), bound, "{text}");
        }
        let binding = objects
            .iter()
            .find(|object| kind(object) == "ClusterRoleBinding");
        let name = binding.unwrap().metadata.name.as_deref();
        assert_eq!(name, Some("workshop-panel-workshop-b"));
    }
}
