//! Who may do what: the attendee's account in its namespace, and the panel's own account. Pure but for one apply.

use k8s_openapi::api::core::v1::{Namespace, ServiceAccount};
use k8s_openapi::api::rbac::v1::{ClusterRole, ClusterRoleBinding, Role, RoleBinding};
use kube::api::{ApiResource, DynamicObject};
use kube::{Client, Resource};
use serde::Deserialize;
use serde_json::{Value, json};

use super::apply;
use crate::cluster::Watching;
use crate::error::{Error, Result};
use crate::names::{PANEL_ACCOUNT, PART_OF, PART_OF_LABEL};

/// What the panel's own account may do; the chart in deploy/chart reads the same file.
const PANEL_RULES: (&str, &str) = (
    "deploy/chart/files/panel-rules.yaml",
    include_str!("../../../../deploy/chart/files/panel-rules.yaml"),
);

/// Name of the panel's Role and its binding.
const PANEL_ROLE: &str = PANEL_ACCOUNT;

/// What the panel's own account may do, as RBAC rules.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PanelRules {
    /// In all namespaces.
    pub cluster: Vec<Value>,
    /// In the panel's.
    pub own: Vec<Value>,
}

/// Reads the rules that are part of this program.
///
/// # Errors
/// The file that is part of this program cannot be read.
pub fn panel_rules() -> Result<PanelRules> {
    let (file, text) = PANEL_RULES;
    serde_saphyr::from_str(text).map_err(|source| Error::ReadManifest {
        file,
        source: Box::new(source),
    })
}

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

/// What the panel reads of a seat's namespace by a Role in it: what it else reads in all, without what no Role can grant.
///
/// # Errors
/// As of [`panel_rules`].
pub(crate) fn read_rules() -> Result<Vec<Value>> {
    let mut rules = panel_rules()?.cluster;
    for rule in &mut rules {
        if let Some(resources) = rule["resources"].as_array_mut() {
            resources.retain(|resource| resource != "namespaces");
        }
    }
    rules.retain(|rule| rule["resources"] != json!([]));
    Ok(rules)
}

/// The panel's own account and rights, for a panel in `namespace`. What belongs to the cluster bears that name, so that
/// another panel's is another; a panel that watches namespaces one by one gets none of it. Names are those of the chart,
/// which can take these objects over.
///
/// # Errors
/// The file that is part of this program cannot be read.
pub fn panel_objects(namespace: &str, watching: Watching) -> Result<Vec<DynamicObject>> {
    let rules = panel_rules()?;
    let binding = |kind: &str, role: &str| {
        json!({
            "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": role },
            "subjects": [{ "kind": "ServiceAccount", "name": PANEL_ACCOUNT, "namespace": namespace }],
        })
    };
    let own = Some(namespace);
    let mut objects = vec![
        object::<Namespace>(namespace, None, json!({})),
        object::<ServiceAccount>(PANEL_ACCOUNT, own, json!({})),
    ];
    if watching == Watching::Cluster {
        let name = format!("workshop-panel-{namespace}");
        let bound = binding("ClusterRole", &name);
        let rules = json!({ "rules": rules.cluster });
        objects.push(object::<ClusterRole>(&name, None, rules));
        objects.push(object::<ClusterRoleBinding>(&name, None, bound));
    }
    let bound = binding("Role", PANEL_ROLE);
    let rules = json!({ "rules": rules.own });
    objects.push(object::<Role>(PANEL_ROLE, own, rules));
    objects.push(object::<RoleBinding>(PANEL_ROLE, own, bound));
    Ok(objects)
}

fn object<K: Resource<DynamicType = ()>>(
    name: &str,
    namespace: Option<&str>,
    data: Value,
) -> DynamicObject {
    let mut object = DynamicObject::new(name, &ApiResource::erase::<K>(&())).data(data);
    object.metadata.namespace = namespace.map(str::to_owned);
    object.metadata.labels = Some([(PART_OF_LABEL.to_owned(), PART_OF.to_owned())].into());
    object
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
    use crate::names::PANEL_NAMESPACE;

    fn kind(object: &DynamicObject) -> &str {
        &object.types.as_ref().unwrap().kind
    }

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
    fn second_panel_shares_nothing() {
        let first = panel_objects(PANEL_NAMESPACE, Watching::Cluster).unwrap();
        let second = panel_objects("class", Watching::Cluster).unwrap();
        for (first, second) in first.iter().zip(&second) {
            let place = |object: &DynamicObject| {
                (
                    object.metadata.name.clone(),
                    object.metadata.namespace.clone(),
                )
            };
            assert_ne!(place(first), place(second));
            let text = serde_json::to_string(second).unwrap();
            assert!(!text.contains(r#""namespace":"workshop""#), "{text}");
            assert!(!text.contains("workshop-panel-workshop"), "{text}");
        }
        let binding = second
            .iter()
            .find(|object| kind(object) == "ClusterRoleBinding");
        let name = binding.unwrap().metadata.name.as_deref();
        assert_eq!(name, Some("workshop-panel-class"));
    }
}
