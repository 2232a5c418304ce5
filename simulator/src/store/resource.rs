//! The table of the kinds that the simulator knows. Everything that depends on a kind (paths, discovery,
//! tables, generation) asks here; a new kind is one entry.

/// A kind of object as the API serves it.
#[derive(Debug)]
pub struct Resource {
    /// `deployments.apps`, `pods`: as upstream's messages name it; unique.
    pub name: &'static str,
    /// API group; empty for core.
    pub group: &'static str,
    /// The one version that is served.
    pub version: &'static str,
    /// The segment of the path.
    pub plural: &'static str,
    /// What kubectl accepts for one object.
    pub singular: &'static str,
    /// `kind` of an object.
    pub kind: &'static str,
    /// kubectl's short names.
    pub short_names: &'static [&'static str],
    /// Whether objects live in a namespace.
    pub namespaced: bool,
    /// Whether `metadata.generation` counts changes of the spec.
    pub generation: bool,
    /// Subresources, in the order of discovery.
    pub subresources: &'static [&'static str],
    /// Whether `kubectl get all` shows it.
    pub in_all: bool,
    /// Whether clients can only get and list it; the simulator writes it.
    pub read_only: bool,
}

impl PartialEq for Resource {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Resource {}

impl Resource {
    /// `apps/v1`, `v1`.
    pub fn api_version(&self) -> String {
        if self.group.is_empty() {
            self.version.to_owned()
        } else {
            format!("{}/{}", self.group, self.version)
        }
    }

    /// Whether `status` is written apart from the rest.
    pub fn has_status(&self) -> bool {
        self.subresources.contains(&"status")
    }

    /// The entry of a typed kind.
    pub fn of<K: kube::Resource<DynamicType = ()>>() -> Option<&'static Self> {
        Self::by_plural(&K::group(&()), &K::plural(&()))
    }

    /// The entry for a group and a path's segment.
    pub fn by_plural(group: &str, plural: &str) -> Option<&'static Self> {
        ALL.iter()
            .copied()
            .find(|r| r.group == group && r.plural == plural)
    }

    /// The entry for a group and a kind.
    pub fn by_kind(group: &str, kind: &str) -> Option<&'static Self> {
        ALL.iter()
            .copied()
            .find(|r| r.group == group && r.kind == kind)
    }
}

const fn namespaced(
    name: &'static str,
    group: &'static str,
    version: &'static str,
    plural: &'static str,
    singular: &'static str,
    kind: &'static str,
) -> Resource {
    Resource {
        name,
        group,
        version,
        plural,
        singular,
        kind,
        short_names: &[],
        namespaced: true,
        generation: false,
        subresources: &[],
        in_all: false,
        read_only: false,
    }
}

const fn cluster(
    name: &'static str,
    group: &'static str,
    version: &'static str,
    plural: &'static str,
    singular: &'static str,
    kind: &'static str,
) -> Resource {
    let mut resource = namespaced(name, group, version, plural, singular, kind);
    resource.namespaced = false;
    resource
}

macro_rules! resources {
    ($($id:ident = $make:ident($($arg:literal),+ $(,)?) $({ $($field:ident: $value:expr),+ $(,)? })?;)+) => {
        $(
            #[doc = concat!("The kind of each of [`", stringify!($id), "`]' objects.")]
            pub static $id: Resource = Resource { $($($field: $value,)+)? ..$make($($arg),+) };
        )+

        /// All kinds, in the order of discovery.
        pub static ALL: &[&Resource] = &[$(&$id),+];
    };
}

resources! {
    CONFIG_MAPS = namespaced("configmaps", "", "v1", "configmaps", "configmap", "ConfigMap") { short_names: &["cm"] };
    EVENTS = namespaced("events", "", "v1", "events", "event", "Event") { short_names: &["ev"] };
    LIMIT_RANGES = namespaced("limitranges", "", "v1", "limitranges", "limitrange", "LimitRange") { short_names: &["limits"] };
    NAMESPACES = cluster("namespaces", "", "v1", "namespaces", "namespace", "Namespace") { short_names: &["ns"], subresources: &["finalize", "status"] };
    NODES = cluster("nodes", "", "v1", "nodes", "node", "Node") { short_names: &["no"], subresources: &["status"] };
    PODS = namespaced("pods", "", "v1", "pods", "pod", "Pod") { short_names: &["po"], generation: true, subresources: &["log", "status"], in_all: true };
    RESOURCE_QUOTAS = namespaced("resourcequotas", "", "v1", "resourcequotas", "resourcequota", "ResourceQuota") { short_names: &["quota"], subresources: &["status"] };
    SECRETS = namespaced("secrets", "", "v1", "secrets", "secret", "Secret");
    SERVICE_ACCOUNTS = namespaced("serviceaccounts", "", "v1", "serviceaccounts", "serviceaccount", "ServiceAccount") { short_names: &["sa"], subresources: &["token"] };
    SERVICES = namespaced("services", "", "v1", "services", "service", "Service") { short_names: &["svc"], subresources: &["status"], in_all: true };
    API_SERVICES = cluster("apiservices.apiregistration.k8s.io", "apiregistration.k8s.io", "v1", "apiservices", "apiservice", "APIService") { subresources: &["status"], read_only: true };
    DEPLOYMENTS = namespaced("deployments.apps", "apps", "v1", "deployments", "deployment", "Deployment") { short_names: &["deploy"], generation: true, subresources: &["scale", "status"], in_all: true };
    REPLICA_SETS = namespaced("replicasets.apps", "apps", "v1", "replicasets", "replicaset", "ReplicaSet") { short_names: &["rs"], generation: true, subresources: &["scale", "status"], in_all: true };
    HORIZONTAL_POD_AUTOSCALERS = namespaced("horizontalpodautoscalers.autoscaling", "autoscaling", "v2", "horizontalpodautoscalers", "horizontalpodautoscaler", "HorizontalPodAutoscaler") { short_names: &["hpa"], subresources: &["status"], in_all: true };
    JOBS = namespaced("jobs.batch", "batch", "v1", "jobs", "job", "Job") { generation: true, subresources: &["status"], in_all: true };
    LEASES = namespaced("leases.coordination.k8s.io", "coordination.k8s.io", "v1", "leases", "lease", "Lease");
    ENDPOINT_SLICES = namespaced("endpointslices.discovery.k8s.io", "discovery.k8s.io", "v1", "endpointslices", "endpointslice", "EndpointSlice") { generation: true };
    ROLES = namespaced("roles.rbac.authorization.k8s.io", "rbac.authorization.k8s.io", "v1", "roles", "role", "Role");
    ROLE_BINDINGS = namespaced("rolebindings.rbac.authorization.k8s.io", "rbac.authorization.k8s.io", "v1", "rolebindings", "rolebinding", "RoleBinding");
    CLUSTER_ROLES = cluster("clusterroles.rbac.authorization.k8s.io", "rbac.authorization.k8s.io", "v1", "clusterroles", "clusterrole", "ClusterRole");
    CLUSTER_ROLE_BINDINGS = cluster("clusterrolebindings.rbac.authorization.k8s.io", "rbac.authorization.k8s.io", "v1", "clusterrolebindings", "clusterrolebinding", "ClusterRoleBinding");
    VALIDATING_WEBHOOK_CONFIGURATIONS = cluster("validatingwebhookconfigurations.admissionregistration.k8s.io", "admissionregistration.k8s.io", "v1", "validatingwebhookconfigurations", "validatingwebhookconfiguration", "ValidatingWebhookConfiguration") { generation: true, read_only: true };
    CUSTOM_RESOURCE_DEFINITIONS = cluster("customresourcedefinitions.apiextensions.k8s.io", "apiextensions.k8s.io", "v1", "customresourcedefinitions", "customresourcedefinition", "CustomResourceDefinition") { short_names: &["crd", "crds"], generation: true, subresources: &["status"], read_only: true };
    SCALED_OBJECTS = namespaced("scaledobjects.keda.sh", "keda.sh", "v1alpha1", "scaledobjects", "scaledobject", "ScaledObject") { short_names: &["so"], generation: true, subresources: &["status"] };
    POD_METRICS = namespaced("pods.metrics.k8s.io", "metrics.k8s.io", "v1beta1", "pods", "", "PodMetrics") { read_only: true };
    NODE_METRICS = cluster("nodes.metrics.k8s.io", "metrics.k8s.io", "v1beta1", "nodes", "", "NodeMetrics") { read_only: true };
}
