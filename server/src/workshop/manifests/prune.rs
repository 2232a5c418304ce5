//! A live object → the file that makes it: without what the API server and the controllers wrote, as far as `kubectl
//! apply` needs none of it. Pure.

use serde_json::{Map, Value, json};

/// Annotations that a controller or kubectl wrote.
const FOREIGN_ANNOTATIONS: &[&str] = &[
    "autoscaling.alpha.kubernetes.io/",
    "batch.kubernetes.io/",
    "deployment.kubernetes.io/",
    "kubectl.kubernetes.io/",
];

/// Labels that a controller wrote. Those of the Job's controller name its UID, and no other Job takes them.
const FOREIGN_LABELS: &[&str] = &[
    "batch.kubernetes.io/",
    "controller-uid",
    "job-name",
    "scaledobject.keda.sh/",
];

/// The object as a file would have it.
pub fn prune(live: &Value) -> Value {
    let meta = &live["metadata"];
    let mut metadata = json!({ "name": meta["name"] });
    keep_own(meta, &mut metadata);
    let mut file = json!({
        "apiVersion": live["apiVersion"],
        "kind": live["kind"],
        "metadata": metadata,
    });
    for part in ["spec", "data", "binaryData", "immutable"] {
        if !live[part].is_null() {
            file[part] = live[part].clone();
        }
    }
    match live["kind"].as_str() {
        Some("Deployment") => deployment(&mut file["spec"]),
        Some("Service") => service(&mut file["spec"]),
        Some("Job") => job(&mut file["spec"]),
        _ => {}
    }
    file
}

fn keep_own(meta: &Value, kept: &mut Value) {
    for (part, foreign) in [
        ("labels", FOREIGN_LABELS),
        ("annotations", FOREIGN_ANNOTATIONS),
    ] {
        let own: Map<String, Value> = meta[part]
            .as_object()
            .into_iter()
            .flatten()
            .filter(|(key, _)| !foreign.iter().any(|start| key.starts_with(start)))
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        if !own.is_empty() {
            kept[part] = own.into();
        }
    }
}

/// Upstream: `pkg/apis/apps/v1/defaults.go`.
fn deployment(spec: &mut Value) {
    // The autoscaler's: a file that has it sets the pods back with each apply.
    remove(spec, "replicas");
    drop_default(spec, "progressDeadlineSeconds", &json!(600));
    drop_default(spec, "revisionHistoryLimit", &json!(10));
    let rolling = json!({
        "type": "RollingUpdate",
        "rollingUpdate": { "maxSurge": "25%", "maxUnavailable": "25%" },
    });
    drop_default(spec, "strategy", &rolling);
    template(spec);
}

/// Upstream: `pkg/apis/core/v1/defaults.go`, `pkg/registry/core/service`.
fn service(spec: &mut Value) {
    // `None` makes a headless Service; an address is the cluster's to give.
    if spec["clusterIP"] != "None" {
        remove(spec, "clusterIP");
    }
    for given in ["clusterIPs", "ipFamilies", "ipFamilyPolicy"] {
        remove(spec, given);
    }
    drop_default(spec, "internalTrafficPolicy", &json!("Cluster"));
    drop_default(spec, "sessionAffinity", &json!("None"));
    drop_default(spec, "type", &json!("ClusterIP"));
    for port in items(spec, "ports") {
        drop_default(port, "protocol", &json!("TCP"));
    }
}

/// Upstream: `pkg/apis/batch/v1/defaults.go`; the selector and its labels are the controller's.
fn job(spec: &mut Value) {
    if spec["manualSelector"] != true {
        remove(spec, "selector");
    }
    drop_default(spec, "completionMode", &json!("NonIndexed"));
    drop_default(spec, "completions", &json!(1));
    drop_default(spec, "manualSelector", &json!(false));
    drop_default(spec, "parallelism", &json!(1));
    drop_default(spec, "podReplacementPolicy", &json!("TerminatingOrFailed"));
    drop_default(spec, "suspend", &json!(false));
    template(spec);
}

/// A pod template. Upstream: `pkg/apis/core/v1/defaults.go`.
fn template(spec: &mut Value) {
    let template = &mut spec["template"];
    let mut kept = json!({});
    keep_own(&template["metadata"], &mut kept);
    template["metadata"] = kept;
    let pod = &mut template["spec"];
    drop_default(pod, "dnsPolicy", &json!("ClusterFirst"));
    drop_default(pod, "restartPolicy", &json!("Always"));
    drop_default(pod, "schedulerName", &json!("default-scheduler"));
    drop_default(pod, "securityContext", &json!({}));
    drop_default(pod, "terminationGracePeriodSeconds", &json!(30));
    for volume in items(pod, "volumes") {
        for source in ["configMap", "secret"] {
            if let Some(source) = volume.get_mut(source) {
                drop_default(source, "defaultMode", &json!(420));
            }
        }
    }
    for list in ["containers", "initContainers"] {
        for one in items(pod, list) {
            container(one);
        }
    }
}

fn container(container: &mut Value) {
    drop_default(container, "resources", &json!({}));
    drop_default(
        container,
        "terminationMessagePath",
        &json!("/dev/termination-log"),
    );
    drop_default(container, "terminationMessagePolicy", &json!("File"));
    for port in items(container, "ports") {
        drop_default(port, "protocol", &json!("TCP"));
    }
    for variable in items(container, "env") {
        if let Some(field) = variable.pointer_mut("/valueFrom/fieldRef") {
            drop_default(field, "apiVersion", &json!("v1"));
        }
    }
    for name in ["startupProbe", "readinessProbe", "livenessProbe"] {
        let Some(probe) = container.get_mut(name) else {
            continue;
        };
        for (field, default) in [
            ("failureThreshold", 3),
            ("periodSeconds", 10),
            ("successThreshold", 1),
            ("timeoutSeconds", 1),
        ] {
            drop_default(probe, field, &json!(default));
        }
        if let Some(get) = probe.get_mut("httpGet") {
            drop_default(get, "scheme", &json!("HTTP"));
        }
    }
}

fn items<'a>(value: &'a mut Value, list: &str) -> impl Iterator<Item = &'a mut Value> {
    let list = value.get_mut(list).and_then(Value::as_array_mut);
    list.into_iter().flatten()
}

fn remove(value: &mut Value, field: &str) {
    if let Some(members) = value.as_object_mut() {
        members.remove(field);
    }
}

fn drop_default(value: &mut Value, field: &str, default: &Value) {
    if value.get(field) == Some(default) {
        remove(value, field);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_wrote_is_left_out() {
        let live = json!({
            "apiVersion": "batch/v1",
            "kind": "Job",
            "metadata": {
                "name": "my-load",
                "namespace": "workshop-user-1",
                "uid": "1",
                "resourceVersion": "7",
                "creationTimestamp": "2026-11-28T00:00:00Z",
                "generation": 1,
                "labels": { "app": "locust", "controller-uid": "1" },
                "annotations": { "kubectl.kubernetes.io/last-applied-configuration": "{}", "note": "mine" },
                "managedFields": [],
            },
            "spec": {
                "selector": { "matchLabels": { "batch.kubernetes.io/controller-uid": "1" } },
                "backoffLimit": 0,
                "parallelism": 1,
                "completions": 2,
                "suspend": false,
                "template": {
                    "metadata": {
                        "creationTimestamp": null,
                        "labels": { "app": "locust", "job-name": "my-load", "batch.kubernetes.io/job-name": "my-load" },
                    },
                    "spec": {
                        "restartPolicy": "Never",
                        "dnsPolicy": "ClusterFirst",
                        "containers": [{ "name": "c", "image": "x", "resources": {}, "terminationMessagePolicy": "File" }],
                    },
                },
            },
            "status": { "active": 1 },
        });
        assert_eq!(
            prune(&live),
            json!({
                "apiVersion": "batch/v1",
                "kind": "Job",
                "metadata": {
                    "name": "my-load",
                    "labels": { "app": "locust" },
                    "annotations": { "note": "mine" },
                },
                "spec": {
                    "backoffLimit": 0,
                    "completions": 2,
                    "template": {
                        "metadata": { "labels": { "app": "locust" } },
                        "spec": {
                            "restartPolicy": "Never",
                            "containers": [{ "name": "c", "image": "x" }],
                        },
                    },
                },
            })
        );
    }

    #[test]
    fn headless_service_stays_headless() {
        let live = |ip: &str| {
            json!({
                "apiVersion": "v1",
                "kind": "Service",
                "metadata": { "name": "s" },
                "spec": { "clusterIP": ip, "clusterIPs": [ip], "selector": { "app": "x" } },
            })
        };
        assert_eq!(prune(&live("None"))["spec"]["clusterIP"], "None");
        assert_eq!(
            prune(&live("10.0.0.1"))["spec"],
            json!({ "selector": { "app": "x" } })
        );
    }
}
