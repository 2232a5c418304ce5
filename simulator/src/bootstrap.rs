//! What a cluster has before anybody uses it: namespaces, nodes, the default roles, and the registrations of
//! metrics-server and KEDA.

use serde_json::{Value, json};

use crate::NodeSpec;
use crate::status::Result;
use crate::store::Store;
use crate::store::resource::{
    API_SERVICES, CLUSTER_ROLE_BINDINGS, CLUSTER_ROLES, CUSTOM_RESOURCE_DEFINITIONS, NAMESPACES,
    NODES, VALIDATING_WEBHOOK_CONFIGURATIONS,
};

/// Fills an empty store.
///
/// # Errors
/// When an object is refused, which would be a mistake here.
pub(crate) fn bootstrap(store: &Store, nodes: &[NodeSpec]) -> Result<()> {
    for name in [
        "default",
        "kube-node-lease",
        "kube-public",
        "kube-system",
        "keda",
    ] {
        let namespace =
            json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}});
        store.create_value(&NAMESPACES, namespace, None)?;
    }
    for (index, node) in nodes.iter().enumerate() {
        store.create_value(&NODES, mk_node(store, node, index), None)?;
    }
    for (name, rules) in cluster_roles() {
        let role = json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole",
            "metadata": {"name": name, "labels": {"kubernetes.io/bootstrapping": "rbac-defaults"}},
            "rules": rules,
        });
        store.create_value(&CLUSTER_ROLES, role, None)?;
    }
    let binding = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding",
        "metadata": {"name": "cluster-admin", "labels": {"kubernetes.io/bootstrapping": "rbac-defaults"}},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": "system:masters"}],
    });
    store.create_value(&CLUSTER_ROLE_BINDINGS, binding, None)?;
    store.create_value(&API_SERVICES, metrics_api_service(store), None)?;
    store.create_value(
        &CUSTOM_RESOURCE_DEFINITIONS,
        scaled_object_definition(store),
        None,
    )?;
    store.create_value(&VALIDATING_WEBHOOK_CONFIGURATIONS, keda_webhook(), None)?;
    Ok(())
}

/// Pods that a node takes: the size of its /24, as managed clusters set it. A kubelet's own default is 110.
const MAX_PODS: &str = "250";

fn mk_node(store: &Store, node: &NodeSpec, index: usize) -> Value {
    let resources = json!({
        "cpu": format!("{}m", node.cpu_millis),
        "memory": format!("{}Mi", node.memory_mi),
        "pods": MAX_PODS,
    });
    let time = store.clock().time();
    json!({
        "apiVersion": "v1", "kind": "Node",
        "metadata": {"name": node.name, "labels": {
            "kubernetes.io/hostname": node.name, "kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64",
        }},
        "spec": {},
        "status": {
            "capacity": resources, "allocatable": resources,
            "addresses": [
                {"type": "InternalIP", "address": format!("10.0.0.{}", index + 1)},
                {"type": "Hostname", "address": node.name},
            ],
            "conditions": [{
                "type": "Ready", "status": "True", "reason": "KubeletReady",
                "message": "kubelet is posting ready status",
                "lastHeartbeatTime": time, "lastTransitionTime": time,
            }],
            "nodeInfo": {
                "architecture": "amd64", "bootID": "", "containerRuntimeVersion": "simulated://1",
                "kernelVersion": "simulated", "kubeProxyVersion": "", "kubeletVersion": "v1.35.4",
                "machineID": "", "operatingSystem": "linux", "osImage": "simulated", "systemUUID": "",
            },
        },
    })
}

/// The roles for people, with as much of upstream's rules as there are kinds here. The rules for KEDA and for
/// metrics are those that their installations aggregate.
/// Upstream: `plugin/pkg/auth/authorizer/rbac/bootstrappolicy/policy.go`.
fn cluster_roles() -> Vec<(&'static str, Value)> {
    let read = ["get", "list", "watch"];
    let write = ["create", "delete", "deletecollection", "patch", "update"];
    let core = [
        "configmaps",
        "events",
        "limitranges",
        "namespaces",
        "pods",
        "pods/log",
        "pods/status",
        "resourcequotas",
        "resourcequotas/status",
        "serviceaccounts",
        "services",
        "services/status",
    ];
    let view = vec![
        json!({"verbs": read, "apiGroups": [""], "resources": core}),
        json!({"verbs": read, "apiGroups": ["apps"], "resources": [
            "deployments", "deployments/scale", "deployments/status", "replicasets", "replicasets/scale", "replicasets/status",
        ]}),
        json!({"verbs": read, "apiGroups": ["autoscaling"], "resources": ["horizontalpodautoscalers", "horizontalpodautoscalers/status"]}),
        json!({"verbs": read, "apiGroups": ["batch"], "resources": ["jobs", "jobs/status"]}),
        json!({"verbs": read, "apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"]}),
        json!({"verbs": ["get", "list"], "apiGroups": ["metrics.k8s.io"], "resources": ["pods", "nodes"]}),
    ];
    let mut edit = view.clone();
    edit.extend([
        json!({"verbs": read, "apiGroups": [""], "resources": ["secrets"]}),
        json!({"verbs": write, "apiGroups": [""], "resources": ["configmaps", "events", "pods", "secrets", "serviceaccounts", "services"]}),
        json!({"verbs": ["create"], "apiGroups": [""], "resources": ["serviceaccounts/token"]}),
        json!({"verbs": ["impersonate"], "apiGroups": [""], "resources": ["serviceaccounts"]}),
        json!({"verbs": write, "apiGroups": ["apps"], "resources": ["deployments", "deployments/scale", "replicasets", "replicasets/scale"]}),
        json!({"verbs": write, "apiGroups": ["autoscaling"], "resources": ["horizontalpodautoscalers"]}),
        json!({"verbs": write, "apiGroups": ["batch"], "resources": ["jobs"]}),
        json!({"verbs": ["*"], "apiGroups": ["coordination.k8s.io"], "resources": ["leases"]}),
    ]);
    let mut admin = edit.clone();
    admin.extend([
        json!({"verbs": read, "apiGroups": ["rbac.authorization.k8s.io"], "resources": ["roles", "rolebindings"]}),
        json!({"verbs": write, "apiGroups": ["rbac.authorization.k8s.io"], "resources": ["roles", "rolebindings"]}),
        json!({"verbs": ["create"], "apiGroups": ["authorization.k8s.io"], "resources": ["localsubjectaccessreviews"]}),
    ]);
    let everything = json!([{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}]);
    vec![
        ("cluster-admin", everything),
        ("admin", json!(admin)),
        ("edit", json!(edit)),
        ("view", json!(view)),
    ]
}

pub(crate) fn metrics_api_service(store: &Store) -> Value {
    json!({
        "apiVersion": "apiregistration.k8s.io/v1", "kind": "APIService",
        "metadata": {"name": "v1beta1.metrics.k8s.io"},
        "spec": {
            "group": "metrics.k8s.io", "version": "v1beta1", "groupPriorityMinimum": 100,
            "versionPriority": 100, "insecureSkipTLSVerify": true,
            "service": {"name": "metrics-server", "namespace": "kube-system", "port": 443},
        },
        "status": {"conditions": [{
            "type": "Available", "status": "True", "reason": "Passed",
            "message": "all checks passed", "lastTransitionTime": store.clock().time(),
        }]},
    })
}

/// KEDA's registration of its webhook; what it refuses is in `apiserver/keda_webhook.rs`.
/// Upstream: kedacore/keda `config/webhooks/validation_webhooks.yaml`.
pub(crate) fn keda_webhook() -> Value {
    json!({
        "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingWebhookConfiguration",
        "metadata": {
            "name": "keda-admission",
            "labels": {"app.kubernetes.io/part-of": "keda-operator", "app.kubernetes.io/version": "2.20.2"},
        },
        "webhooks": [{
            "name": "vscaledobject.kb.io", "admissionReviewVersions": ["v1"],
            "failurePolicy": "Ignore", "matchPolicy": "Equivalent", "sideEffects": "None", "timeoutSeconds": 10,
            "clientConfig": {"service": {
                "name": "keda-admission-webhooks", "namespace": "keda",
                "path": "/validate-keda-sh-v1alpha1-scaledobject", "port": 443,
            }},
            "rules": [{
                "apiGroups": ["keda.sh"], "apiVersions": ["v1alpha1"], "operations": ["CREATE", "UPDATE"],
                "resources": ["scaledobjects"], "scope": "*",
            }],
        }],
    })
}

pub(crate) fn scaled_object_definition(store: &Store) -> Value {
    let time = store.clock().time();
    let names = json!({
        "kind": "ScaledObject", "listKind": "ScaledObjectList", "plural": "scaledobjects",
        "singular": "scaledobject", "shortNames": ["so"],
    });
    json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {
            "name": "scaledobjects.keda.sh",
            "labels": {"app.kubernetes.io/part-of": "keda-operator", "app.kubernetes.io/version": "2.20.2"},
        },
        "spec": {
            "group": "keda.sh", "scope": "Namespaced", "names": names,
            "versions": [{"name": "v1alpha1", "served": true, "storage": true, "subresources": {"status": {}}}],
        },
        "status": {
            "acceptedNames": names, "storedVersions": ["v1alpha1"],
            "conditions": [{
                "type": "Established", "status": "True", "reason": "InitialNamesAccepted",
                "message": "the initial names have been accepted", "lastTransitionTime": time,
            }],
        },
    })
}
