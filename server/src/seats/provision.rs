//! Makes seats: namespace, account, rights, quota and code. Called by `workshop seats create` and by the demo, with the
//! rights of whoever runs them; the running panel makes none.

use k8s_openapi::api::core::v1::{Namespace, ResourceQuota, ServiceAccount};
use k8s_openapi::api::rbac::v1::{Role, RoleBinding};
use kube::api::{ApiResource, DynamicObject, GroupVersionKind};
use kube::{Api, Client, Resource};
use serde_json::{Value, json};

use super::code::{Code, SeatNumber};
use super::store::SeatStore;
use crate::call::Calls;
use crate::error::{Error, Result};
use crate::names::{ATTENDEE_ACCOUNT, PANEL_ACCOUNT, PART_OF, PART_OF_LABEL, SEAT_LABEL};
use crate::workshop::manifests::Settings;

/// The panel's account and rights, for clusters by hand: `kubectl apply -f deploy/rbac.yaml`.
pub(crate) const RBAC: &str = include_str!("../../../deploy/rbac.yaml");

/// Which seats.
#[derive(Clone, Debug)]
pub struct Options {
    /// Seats 1 to `count`, and the instructor's.
    pub count: u16,
    /// What the namespaces' names begin with; the seat's number follows.
    pub prefix: String,
    pub panel_namespace: String,
}

/// A seat as it was made, or found.
pub struct Provisioned {
    /// `None` for the instructor.
    pub namespace: Option<String>,
    /// `None` if the seat was there already: it keeps its code, which nobody can read back.
    pub code: Option<Code>,
}

/// Makes the panel's namespace and all seats, the instructor's last; what is there is brought up to date.
///
/// # Errors
/// The first call that the API server refused. Running it again goes on from there.
pub async fn create(
    client: &Client,
    options: &Options,
    settings: &Settings,
) -> Result<Vec<Provisioned>> {
    let namespace = json!({ "metadata": { "labels": { PART_OF_LABEL: PART_OF } } });
    let namespaces = Api::all(client.clone());
    apply::<Namespace>(namespaces, &options.panel_namespace, namespace).await?;
    let store = SeatStore::new(client.clone(), options.panel_namespace.clone());
    store.make_key().await?;
    let mut seats = Vec::with_capacity(usize::from(options.count) + 1);
    for number in (1..=options.count).map(SeatNumber) {
        let namespace = format!("{}{}", options.prefix, number.0);
        namespace_of(
            client,
            number,
            &namespace,
            &options.panel_namespace,
            settings,
        )
        .await?;
        let code = store.create(number, Some(&namespace), None).await?;
        seats.push(Provisioned {
            namespace: Some(namespace),
            code,
        });
    }
    let code = store.create(SeatNumber::INSTRUCTOR, None, None).await?;
    seats.push(Provisioned {
        namespace: None,
        code,
    });
    Ok(seats)
}

/// Applies the panel's own account and rights.
///
/// # Errors
/// The first call that the API server refused.
pub async fn apply_panel_rights(client: &Client) -> Result<()> {
    let objects: Vec<DynamicObject> =
        serde_saphyr::from_multiple(RBAC).map_err(|source| Error::ReadManifest {
            file: "deploy/rbac.yaml",
            source: Box::new(source),
        })?;
    for object in objects {
        let Some((types, name)) = object.types.as_ref().zip(object.metadata.name.as_deref()) else {
            continue;
        };
        let (group, version) = types
            .api_version
            .split_once('/')
            .unwrap_or(("", &types.api_version));
        let resource = ApiResource::from_gvk(&GroupVersionKind::gvk(group, version, &types.kind));
        let api: Api<DynamicObject> = match object.metadata.namespace.as_deref() {
            Some(namespace) => Api::namespaced_with(client.clone(), namespace, &resource),
            None => Api::all_with(client.clone(), &resource),
        };
        Calls::dynamic(api, &types.kind)
            .apply(name, &object, true)
            .await?;
    }
    Ok(())
}

/// The attendee's namespace with account, rights and quota.
async fn namespace_of(
    client: &Client,
    number: SeatNumber,
    namespace: &str,
    panel_namespace: &str,
    settings: &Settings,
) -> Result<()> {
    let labels = json!({
        PART_OF_LABEL: PART_OF,
        SEAT_LABEL: number.to_string(),
        // https://kubernetes.io/docs/concepts/security/pod-security-standards/
        "pod-security.kubernetes.io/enforce": "baseline",
    });
    let namespaces = Api::all(client.clone());
    apply::<Namespace>(
        namespaces,
        namespace,
        json!({ "metadata": { "labels": labels } }),
    )
    .await?;
    let api = || client.clone();
    apply::<ServiceAccount>(
        Api::namespaced(api(), namespace),
        ATTENDEE_ACCOUNT,
        json!({}),
    )
    .await?;
    apply::<Role>(
        Api::namespaced(api(), namespace),
        ATTENDEE_ACCOUNT,
        json!({ "rules": attendee_rules() }),
    )
    .await?;
    apply::<RoleBinding>(
        Api::namespaced(api(), namespace),
        ATTENDEE_ACCOUNT,
        binding(ATTENDEE_ACCOUNT, ATTENDEE_ACCOUNT, namespace),
    )
    .await?;
    apply::<Role>(
        Api::namespaced(api(), namespace),
        IMPERSONATION,
        json!({
            "rules": [{
                "apiGroups": [""],
                "resources": ["serviceaccounts"],
                "resourceNames": [ATTENDEE_ACCOUNT],
                "verbs": ["impersonate"],
            }],
        }),
    )
    .await?;
    apply::<RoleBinding>(
        Api::namespaced(api(), namespace),
        IMPERSONATION,
        binding(IMPERSONATION, PANEL_ACCOUNT, panel_namespace),
    )
    .await?;
    let quota = json!({ "spec": { "hard": quota(settings) } });
    apply::<ResourceQuota>(Api::namespaced(api(), namespace), "workshop", quota).await
}

/// `Role` and `RoleBinding` that let the panel act as the attendee.
const IMPERSONATION: &str = "workshop-panel-acts-as-attendee";

/// What `commands/` and the reading of the load's log need, and nothing more. An apply that creates needs both verbs.
pub(crate) fn attendee_rules() -> Value {
    let rule = |group: &str, resources: Value, verbs: Value| json!({ "apiGroups": [group], "resources": resources, "verbs": verbs });
    let written = json!(["get", "list", "create", "patch", "delete"]);
    json!([
        rule("", json!(["configmaps", "services"]), written.clone()),
        rule("apps", json!(["deployments"]), written.clone()),
        rule("batch", json!(["jobs"]), written.clone()),
        rule("keda.sh", json!(["scaledobjects"]), written),
        rule("", json!(["pods"]), json!(["get", "list", "delete"])),
        rule("", json!(["pods/log"]), json!(["get"])),
    ])
}

fn binding(role: &str, account: &str, account_namespace: &str) -> Value {
    json!({
        "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": role },
        "subjects": [{ "kind": "ServiceAccount", "name": account, "namespace": account_namespace }],
    })
}

/// Room for the most replicas and a quarter more (a rollout makes new pods before it ends old ones), and for one load.
pub(crate) fn quota(settings: &Settings) -> Value {
    // Memory of the load generator is no setting; this is the most that its Job asks for.
    const LOAD_MEMORY_MI: u32 = 512;
    let pods = settings.max_replicas + settings.max_replicas.div_ceil(4);
    let cpu = |app: u32, load: u32| format!("{}m", pods * app + load);
    let memory = |app: u32| format!("{}Mi", pods * app + LOAD_MEMORY_MI);
    json!({
        "pods": (pods + 1).to_string(),
        "requests.cpu": cpu(settings.app_cpu_request_m, settings.load_cpu_request_m),
        "limits.cpu": cpu(settings.app_cpu_limit_m, settings.load_cpu_limit_m),
        "requests.memory": memory(settings.app_memory_request_mi),
        "limits.memory": memory(settings.app_memory_limit_mi),
    })
}

/// Applies `object` under `name`; kind and labels are added here.
async fn apply<K>(api: Api<K>, name: &str, mut object: Value) -> Result<()>
where
    K: Resource<DynamicType = ()> + Clone + std::fmt::Debug + serde::de::DeserializeOwned,
{
    object["apiVersion"] = K::api_version(&()).into();
    object["kind"] = K::kind(&()).into();
    object["metadata"]["name"] = name.into();
    object["metadata"]["labels"][PART_OF_LABEL] = PART_OF.into();
    Calls::new(api).apply(name, &object, true).await.map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quota_has_room_for_all_replicas_and_a_load() {
        let quota = quota(&Settings::default());
        assert_eq!(quota["pods"], "14");
        assert_eq!(quota["requests.cpu"], "750m");
        assert_eq!(quota["limits.cpu"], "1800m");
    }

    #[test]
    fn panel_rights_are_read() {
        let objects: Vec<DynamicObject> = serde_saphyr::from_multiple(RBAC).unwrap();
        let kinds: Vec<_> = objects
            .iter()
            .map(|object| object.types.as_ref().unwrap().kind.as_str())
            .collect();
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
    fn panel_may_write_nothing_outside_its_namespace() {
        let objects: Vec<DynamicObject> = serde_saphyr::from_multiple(RBAC).unwrap();
        let role = objects
            .iter()
            .find(|object| object.types.as_ref().unwrap().kind == "ClusterRole")
            .unwrap();
        for rule in role.data["rules"].as_array().unwrap() {
            for verb in rule["verbs"].as_array().unwrap() {
                assert!(
                    ["get", "list", "watch"].contains(&verb.as_str().unwrap()),
                    "{rule}"
                );
            }
            for resource in rule["resources"].as_array().unwrap() {
                assert!(
                    !["secrets", "configmaps", "pods/log"].contains(&resource.as_str().unwrap())
                );
            }
        }
    }
}
