//! The objects of one seat's namespace: account, rights, quota. Pure; applied by `mod.rs`, printed by `review.rs`.

use k8s_openapi::api::core::v1::{LimitRange, Namespace, ResourceQuota, Secret, ServiceAccount};
use k8s_openapi::api::rbac::v1::{Role, RoleBinding};
use kube::Resource;
use kube::api::{ApiResource, DynamicObject};
use serde_json::{Value, json};

use super::super::code::SeatNumber;
use super::holding::Claim;
use super::rights::attendee_rules;
use crate::names::{
    ADOPTED_ANNOTATION, ATTENDEE_ACCOUNT, PANEL_ACCOUNT, PANEL_LABEL, PART_OF, PART_OF_LABEL,
    SEAT_LABEL,
};
use crate::workshop::manifests::Settings;

/// `Role` and `RoleBinding` that let the panel act as the attendee, and read where it may not read everywhere. It keeps
/// its name, as a binding cannot be pointed to another Role.
const IMPERSONATION: &str = "workshop-panel-acts-as-attendee";

/// Name of the ResourceQuota and of the LimitRange.
const LIMITS: &str = "workshop";

/// What pods of a namespace may do to their node. Baseline: what an ordinary app needs, no host namespaces, no privileges.
/// <https://kubernetes.io/docs/concepts/security/pod-security-standards/>
const POD_SECURITY: (&str, &str) = ("pod-security.kubernetes.io/enforce", "baseline");

/// Memory of the load generator is no setting; this is the most that its Job asks for.
const LOAD_MEMORY_MI: u32 = 512;

/// A seat's namespace as it shall be.
pub(super) struct Wanted<'a> {
    pub(super) number: SeatNumber,
    pub(super) namespace: &'a str,
    pub(super) panel_namespace: &'a str,
    pub(super) claim: Claim,
    pub(super) settings: &'a Settings,
    /// What the panel reads here by a Role of its own; empty where it reads the whole cluster.
    pub(super) read_rules: Vec<Value>,
    /// The Secret that is copied, as it is in the panel's namespace.
    pub(super) pull_secret: Option<&'a Secret>,
}

impl Wanted<'_> {
    /// All objects in the order in which they can be made; the first is the namespace itself.
    pub(super) fn objects(&self) -> Vec<DynamicObject> {
        let rules = json!({ "rules": attendee_rules() });
        let impersonate = json!({
            "apiGroups": [""],
            "resources": ["serviceaccounts"],
            "resourceNames": [ATTENDEE_ACCOUNT],
            "verbs": ["impersonate"],
        });
        let panel_rules: Vec<_> = [&impersonate].into_iter().chain(&self.read_rules).collect();
        let panel_rules = json!({ "rules": panel_rules });
        let attendee = binding(ATTENDEE_ACCOUNT, ATTENDEE_ACCOUNT, self.namespace);
        let panel = binding(IMPERSONATION, PANEL_ACCOUNT, self.panel_namespace);
        let mut objects = vec![
            self.namespace(),
            self.object::<ServiceAccount>(ATTENDEE_ACCOUNT, json!({})),
            self.object::<Role>(ATTENDEE_ACCOUNT, rules),
            self.object::<RoleBinding>(ATTENDEE_ACCOUNT, attendee),
            self.object::<Role>(IMPERSONATION, panel_rules),
            self.object::<RoleBinding>(IMPERSONATION, panel),
        ];
        if self.claim.limits() {
            let quota = json!({ "spec": { "hard": quota(self.settings) } });
            let range = json!({ "spec": { "limits": [defaults(self.settings)] } });
            objects.push(self.object::<ResourceQuota>(LIMITS, quota));
            objects.push(self.object::<LimitRange>(LIMITS, range));
        }
        objects.extend(self.pull_secret.map(|secret| self.copied(secret)));
        objects
    }

    fn namespace(&self) -> DynamicObject {
        let resource = ApiResource::erase::<Namespace>(&());
        let mut object = DynamicObject::new(self.namespace, &resource);
        let mut labels = vec![
            (SEAT_LABEL, self.number.to_string()),
            (PANEL_LABEL, self.panel_namespace.to_owned()),
        ];
        match &self.claim {
            Claim::Own => {
                labels.push((PART_OF_LABEL, PART_OF.to_owned()));
                labels.push((POD_SECURITY.0, POD_SECURITY.1.to_owned()));
            }
            Claim::Adopted(adopted) => {
                if adopted.limits && !adopted.own_pod_security {
                    labels.push((POD_SECURITY.0, POD_SECURITY.1.to_owned()));
                }
                let annotation = (ADOPTED_ANNOTATION.to_owned(), adopted.value().to_owned());
                object.metadata.annotations = Some([annotation].into());
            }
        }
        let labels = labels.into_iter().map(|(key, text)| (key.to_owned(), text));
        object.metadata.labels = Some(labels.collect());
        object
    }

    fn object<K: Resource<DynamicType = ()>>(&self, name: &str, data: Value) -> DynamicObject {
        let resource = ApiResource::erase::<K>(&());
        let mut object = DynamicObject::new(name, &resource).data(data);
        object.metadata.namespace = Some(self.namespace.to_owned());
        object.metadata.labels = Some([(PART_OF_LABEL.to_owned(), PART_OF.to_owned())].into());
        object
    }

    fn copied(&self, secret: &Secret) -> DynamicObject {
        let name = secret.metadata.name.as_deref().unwrap_or_default();
        let data = json!({ "type": secret.type_, "data": secret.data });
        self.object::<Secret>(name, data)
    }
}

/// A Secret of the panel's own namespace.
pub(super) fn secret(secret: &Secret, panel_namespace: &str) -> DynamicObject {
    let name = secret.metadata.name.as_deref().unwrap_or_default();
    let mut data = json!({ "type": secret.type_ });
    // NB: `data: null` would mean that there shall be none.
    if let Some(values) = &secret.data {
        data["data"] = json!(values);
    }
    let mut object = DynamicObject::new(name, &ApiResource::erase::<Secret>(&())).data(data);
    object.metadata.namespace = Some(panel_namespace.to_owned());
    object.metadata.labels.clone_from(&secret.metadata.labels);
    object
}

/// Whether the namespace has another rule on its pods than ours.
pub(super) fn has_own_pod_security(namespace: &Namespace) -> bool {
    let labels = namespace.metadata.labels.as_ref();
    let level = labels.and_then(|labels| labels.get(POD_SECURITY.0));
    level.is_some_and(|level| level != POD_SECURITY.1)
}

fn binding(role: &str, account: &str, account_namespace: &str) -> Value {
    json!({
        "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": role },
        "subjects": [{ "kind": "ServiceAccount", "name": account, "namespace": account_namespace }],
    })
}

/// Room for the most replicas and a quarter more (a rollout makes new pods before it ends old ones), and for one load.
/// Services that cost money or open ports of the nodes are none of the workshop's.
pub(crate) fn quota(settings: &Settings) -> Value {
    let pods = settings.max_replicas + settings.max_replicas.div_ceil(4);
    let cpu = |app: u32, load: u32| cpu(pods * app + load);
    let memory = |app: u32| memory(pods * app + LOAD_MEMORY_MI);
    json!({
        "pods": (pods + 1).to_string(),
        "requests.cpu": cpu(settings.app_cpu_request_m, settings.load_cpu_request_m),
        "limits.cpu": cpu(settings.app_cpu_limit_m, settings.load_cpu_limit_m),
        "requests.memory": memory(settings.app_memory_request_mi),
        "limits.memory": memory(settings.app_memory_limit_mi),
        "services.loadbalancers": "0",
        "services.nodeports": "0",
        // Room for many tries by hand, none for a loop that fills the cluster's store.
        "count/configmaps": "30",
        "count/deployments.apps": "10",
        "count/jobs.batch": "30",
        "count/scaledobjects.keda.sh": "10",
        "count/services": "10",
    })
}

/// What a container gets that asks for nothing: as much as the web app's, which the quota has room for ten times and
/// more. Without it the quota would refuse an attendee's own file.
fn defaults(settings: &Settings) -> Value {
    json!({
        "type": "Container",
        "defaultRequest": {
            "cpu": cpu(settings.app_cpu_request_m),
            "memory": memory(settings.app_memory_request_mi),
        },
        "default": {
            "cpu": cpu(settings.app_cpu_limit_m),
            "memory": memory(settings.app_memory_limit_mi),
        },
    })
}

/// As the API server writes it: it would otherwise seem to differ from what was applied.
/// apimachinery `pkg/api/resource/quantity.go`, `CanonicalizeBytes`
fn cpu(milli: u32) -> String {
    if milli.is_multiple_of(1000) {
        (milli / 1000).to_string()
    } else {
        format!("{milli}m")
    }
}

fn memory(mi: u32) -> String {
    if mi.is_multiple_of(1024) {
        format!("{}Gi", mi / 1024)
    } else {
        format!("{mi}Mi")
    }
}

#[cfg(test)]
mod tests {
    use super::super::holding::Adopted;
    use super::*;
    use crate::workshop::manifests::to_yaml;

    fn mk_objects(claim: Claim, pull_secret: Option<&Secret>) -> String {
        let settings = Settings::default();
        let wanted = Wanted {
            number: SeatNumber(7),
            namespace: "workshop-user-7",
            panel_namespace: "workshop",
            claim,
            settings: &settings,
            read_rules: Vec::new(),
            pull_secret,
        };
        let objects = wanted.objects();
        let texts = objects.iter().map(|object| to_yaml(object).unwrap());
        texts.collect::<Vec<_>>().join("---\n")
    }

    #[test]
    fn namespace_of_a_seat() {
        insta::assert_snapshot!("namespace", mk_objects(Claim::Own, None));
    }

    #[test]
    fn adopted_namespace_gets_account_and_rights_alone() {
        let adopted = Adopted {
            limits: false,
            own_pod_security: false,
        };
        let text = mk_objects(Claim::Adopted(adopted), None);
        for kind in ["ResourceQuota", "LimitRange", "pod-security"] {
            assert!(!text.contains(kind), "{kind}");
        }
        assert!(text.contains("kind: RoleBinding"));
        assert!(text.contains("autoscaling-workshop/adopted: rights"));
    }

    #[test]
    fn adopted_namespace_keeps_its_own_pod_security() {
        let adopted = Adopted {
            limits: true,
            own_pod_security: true,
        };
        let text = mk_objects(Claim::Adopted(adopted), None);
        assert!(text.contains("kind: ResourceQuota"));
        assert!(!text.contains("pod-security"), "{text}");
    }

    #[test]
    fn pull_secret_is_copied_with_type_and_data_alone() {
        let secret: Secret = serde_json::from_value(json!({
            "metadata": { "name": "registry", "namespace": "workshop", "uid": "1", "resourceVersion": "5" },
            "type": "kubernetes.io/dockerconfigjson",
            "data": { ".dockerconfigjson": "e30=" },
        }))
        .unwrap();
        let text = mk_objects(Claim::Own, Some(&secret));
        assert!(text.contains("type: kubernetes.io/dockerconfigjson"));
        assert!(!text.contains("resourceVersion") && !text.contains("uid"));
    }

    #[test]
    fn quota_has_room_for_all_replicas_and_a_load() {
        let quota = quota(&Settings::default());
        assert_eq!(quota["pods"], "14");
        assert_eq!(quota["requests.cpu"], "750m");
        assert_eq!(quota["limits.cpu"], "1800m");
        assert_eq!(quota["requests.memory"], "1344Mi");
    }

    #[test]
    fn quantities_are_as_the_api_server_writes_them() {
        assert_eq!([cpu(1000), cpu(1050)], ["1", "1050m"]);
        assert_eq!([memory(3072), memory(64)], ["3Gi", "64Mi"]);
    }
}
