//! The values that the API server fills in. Upstream: each group's `defaults.go`, and the strategies' `PrepareForCreate`.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::limit_range;
use crate::store::resource::SERVICES;
use crate::store::{Objects, Resource};

/// Completes a new object.
pub(super) fn create(objects: &Objects, resource: &Resource, object: &mut Value) {
    fill(resource, object);
    match resource.kind {
        "Pod" => start_pod(object),
        "Job" => label_job(object),
        "Service" => assign_cluster_ip(objects, object),
        "Deployment" | "ReplicaSet" | "Namespace" | "HorizontalPodAutoscaler" => {}
        _ => return,
    }
    // These kinds always have a status.
    if !object["status"].is_object() {
        object["status"] = json!({});
    }
}

/// Completes a changed object; what was generated at its creation stays.
pub(super) fn update(resource: &Resource, old: &Value, new: &mut Value) {
    if resource.kind == "Service" {
        for field in ["clusterIP", "clusterIPs"] {
            if new["spec"][field].is_null() && !old["spec"][field].is_null() {
                new["spec"][field] = old["spec"][field].clone();
            }
        }
    }
    if resource.kind == "Job" && new["spec"]["selector"]["matchLabels"].is_null() {
        new["spec"]["selector"] = old["spec"]["selector"].clone();
        let generated = old["spec"]["template"]["metadata"]["labels"].as_object();
        for (label, value) in generated.cloned().unwrap_or_default() {
            default(
                &mut new["spec"]["template"]["metadata"]["labels"],
                &label,
                value,
            );
        }
    }
    fill(resource, new);
}

fn fill(resource: &Resource, object: &mut Value) {
    match resource.kind {
        "Pod" => pod_spec(&mut object["spec"], None),
        "Deployment" => deployment(&mut object["spec"]),
        "ReplicaSet" => {
            default(&mut object["spec"], "replicas", json!(1));
            pod_spec(&mut object["spec"]["template"]["spec"], Some("Always"));
        }
        "Job" => job(&mut object["spec"]),
        "Service" => service(&mut object["spec"]),
        "HorizontalPodAutoscaler" => autoscaler(&mut object["spec"]),
        "LimitRange" => limit_range::fill_range(&mut object["spec"]),
        "Secret" => {
            default(object, "type", json!("Opaque"));
            encode_string_data(object);
        }
        "RoleBinding" | "ClusterRoleBinding" => binding(object),
        _ => {}
    }
}

/// Sets a field of an object that lacks it.
fn default(object: &mut Value, field: &str, value: Value) {
    if object.is_null() {
        *object = Value::Object(Map::new());
    }
    if let Some(object) = object.as_object_mut() {
        let present = object.entry(field).or_insert(Value::Null);
        if present.is_null() {
            *present = value;
        }
    }
}

/// The items of a list, if it is there.
fn each<'a>(object: &'a mut Value, list: &str) -> impl Iterator<Item = &'a mut Value> + 'a {
    let list = object.get_mut(list).and_then(Value::as_array_mut);
    list.into_iter().flatten()
}

fn deployment(spec: &mut Value) {
    default(spec, "replicas", json!(1));
    default(spec, "revisionHistoryLimit", json!(10));
    default(spec, "progressDeadlineSeconds", json!(600));
    default(spec, "strategy", json!({}));
    default(&mut spec["strategy"], "type", json!("RollingUpdate"));
    if spec["strategy"]["type"] == "RollingUpdate" {
        default(&mut spec["strategy"], "rollingUpdate", json!({}));
        let rolling = &mut spec["strategy"]["rollingUpdate"];
        default(rolling, "maxUnavailable", json!("25%"));
        default(rolling, "maxSurge", json!("25%"));
    }
    pod_spec(&mut spec["template"]["spec"], Some("Always"));
}

fn job(spec: &mut Value) {
    let both_missing = spec["completions"].is_null() && spec["parallelism"].is_null();
    if both_missing {
        default(spec, "completions", json!(1));
    }
    default(spec, "parallelism", json!(1));
    default(spec, "backoffLimit", json!(6));
    default(spec, "completionMode", json!("NonIndexed"));
    default(spec, "suspend", json!(false));
    default(spec, "manualSelector", json!(false));
    default(spec, "podReplacementPolicy", json!("TerminatingOrFailed"));
    pod_spec(&mut spec["template"]["spec"], None);
}

/// Upstream: `pkg/registry/batch/job/strategy.go`, `generateSelector`.
fn label_job(object: &mut Value) {
    if object["spec"]["manualSelector"] == true {
        return;
    }
    let uid = object["metadata"]["uid"].clone();
    let name = object["metadata"]["name"].clone();
    let generated = [
        ("batch.kubernetes.io/controller-uid", &uid),
        ("batch.kubernetes.io/job-name", &name),
        ("controller-uid", &uid),
        ("job-name", &name),
    ];
    let template = &mut object["spec"]["template"];
    default(template, "metadata", json!({}));
    default(&mut template["metadata"], "labels", json!({}));
    for (label, value) in generated {
        template["metadata"]["labels"][label] = value.clone();
    }
    // A Job without labels has those of its template. Upstream: `pkg/apis/batch/v1/defaults.go`, `SetDefaults_Job`.
    if object["metadata"]["labels"].is_null() {
        object["metadata"]["labels"] = object["spec"]["template"]["metadata"]["labels"].clone();
    }
    object["spec"]["selector"] =
        json!({"matchLabels": {"batch.kubernetes.io/controller-uid": uid}});
}

fn pod_spec(spec: &mut Value, restart_policy: Option<&str>) {
    if let Some(policy) = restart_policy {
        default(spec, "restartPolicy", json!(policy));
    }
    for (field, value) in [
        ("restartPolicy", json!("Always")),
        ("terminationGracePeriodSeconds", json!(30)),
        ("dnsPolicy", json!("ClusterFirst")),
        ("securityContext", json!({})),
        ("schedulerName", json!("default-scheduler")),
    ] {
        default(spec, field, value);
    }
    for list in ["initContainers", "containers"] {
        each(spec, list).for_each(container);
    }
    for volume in each(spec, "volumes") {
        for source in ["configMap", "secret", "projected"] {
            if let Some(source) = volume.get_mut(source) {
                default(source, "defaultMode", json!(420));
            }
        }
    }
    if let Some(account) = spec.get("serviceAccountName").cloned() {
        default(spec, "serviceAccount", account);
    }
}

fn container(container: &mut Value) {
    let image = container["image"].as_str().unwrap_or("").to_owned();
    default(container, "imagePullPolicy", json!(pull_policy(&image)));
    default(
        container,
        "terminationMessagePath",
        json!("/dev/termination-log"),
    );
    default(container, "terminationMessagePolicy", json!("File"));
    default(container, "resources", json!({}));
    for port in each(container, "ports") {
        default(port, "protocol", json!("TCP"));
    }
    for variable in each(container, "env") {
        if let Some(field) = variable.pointer_mut("/valueFrom/fieldRef") {
            default(field, "apiVersion", json!("v1"));
        }
    }
    // A limit without a request is a request of that much. Upstream: `SetDefaults_Pod`.
    let limits = container["resources"]["limits"].as_object();
    for (name, limit) in limits.cloned().unwrap_or_default() {
        default(&mut container["resources"]["requests"], &name, limit);
    }
    for kind in ["startupProbe", "readinessProbe", "livenessProbe"] {
        if let Some(set) = container.get_mut(kind) {
            probe(set);
        }
    }
}

/// Upstream: `SetDefaults_Container`.
fn pull_policy(image: &str) -> &'static str {
    let last = image.rsplit('/').next().unwrap_or(image);
    let tag = last.split_once(':').map_or("latest", |(_, tag)| tag);
    if tag == "latest" && !image.contains('@') {
        "Always"
    } else {
        "IfNotPresent"
    }
}

fn probe(probe: &mut Value) {
    default(probe, "timeoutSeconds", json!(1));
    default(probe, "periodSeconds", json!(10));
    default(probe, "successThreshold", json!(1));
    default(probe, "failureThreshold", json!(3));
    if probe.get("httpGet").is_some_and(Value::is_object) {
        default(&mut probe["httpGet"], "path", json!("/"));
        default(&mut probe["httpGet"], "scheme", json!("HTTP"));
    }
}

/// A pod begins as Pending; only the simulator's kubelet and scheduler say more.
fn start_pod(object: &mut Value) {
    let spec = &mut object["spec"];
    default(spec, "enableServiceLinks", json!(true));
    default(spec, "serviceAccountName", json!("default"));
    let account = spec["serviceAccountName"].clone();
    default(spec, "serviceAccount", account);
    default(spec, "priority", json!(0));
    default(spec, "preemptionPolicy", json!("PreemptLowerPriority"));
    let class = qos_class(spec);
    object["status"] = json!({"phase": "Pending", "qosClass": class});
}

/// Upstream: `pkg/apis/core/v1/helper/qos/qos.go`.
fn qos_class(spec: &Value) -> &'static str {
    let containers: Vec<_> = spec["containers"]
        .as_array()
        .into_iter()
        .flatten()
        .collect();
    let has_any = |container: &&Value| {
        ["requests", "limits"].iter().any(|list| {
            let map = container["resources"][list].as_object();
            map.is_some_and(|map| !map.is_empty())
        })
    };
    let is_guaranteed = |container: &&Value| {
        let resources = &container["resources"];
        ["cpu", "memory"].iter().all(|name| {
            resources["limits"][name].is_string()
                && resources["limits"][name] == resources["requests"][name]
        })
    };
    if !containers.iter().any(has_any) {
        "BestEffort"
    } else if containers.iter().all(is_guaranteed) {
        "Guaranteed"
    } else {
        "Burstable"
    }
}

fn service(spec: &mut Value) {
    default(spec, "type", json!("ClusterIP"));
    default(spec, "sessionAffinity", json!("None"));
    default(spec, "internalTrafficPolicy", json!("Cluster"));
    default(spec, "ipFamilies", json!(["IPv4"]));
    default(spec, "ipFamilyPolicy", json!("SingleStack"));
    for port in each(spec, "ports") {
        default(port, "protocol", json!("TCP"));
        let number = port["port"].clone();
        default(port, "targetPort", number);
    }
}

/// The first free address of 10.96.0.0/12, after those that a cluster keeps for itself.
fn assign_cluster_ip(objects: &Objects, object: &mut Value) {
    if object["spec"]["clusterIP"].is_string() || object["spec"]["type"] == "ExternalName" {
        let address = object["spec"]["clusterIP"].clone();
        default(&mut object["spec"], "clusterIPs", json!([address]));
        return;
    }
    let taken: BTreeSet<&str> = objects
        .list(&SERVICES, None)
        .filter_map(|service| service["spec"]["clusterIP"].as_str())
        .collect();
    let free = (11_u32..1 << 20)
        .map(|n| format!("10.{}.{}.{}", 96 + (n >> 16), (n >> 8) & 255, n & 255))
        .find(|address| !taken.contains(address.as_str()));
    if let Some(address) = free {
        object["spec"]["clusterIP"] = json!(address);
        object["spec"]["clusterIPs"] = json!([address]);
    }
}

/// Setting any behaviour fills in the rest of it. Upstream: `pkg/apis/autoscaling/v2/defaults.go`.
fn autoscaler(spec: &mut Value) {
    default(spec, "minReplicas", json!(1));
    if !spec.get("behavior").is_some_and(Value::is_object) {
        return;
    }
    let percent = json!({"type": "Percent", "value": 100, "periodSeconds": 15});
    let pods = json!({"type": "Pods", "value": 4, "periodSeconds": 15});
    default(&mut spec["behavior"], "scaleUp", json!({}));
    default(&mut spec["behavior"], "scaleDown", json!({}));
    let up = &mut spec["behavior"]["scaleUp"];
    default(up, "stabilizationWindowSeconds", json!(0));
    default(up, "selectPolicy", json!("Max"));
    default(up, "policies", json!([pods, percent]));
    let down = &mut spec["behavior"]["scaleDown"];
    default(down, "selectPolicy", json!("Max"));
    default(down, "policies", json!([percent]));
}

fn binding(object: &mut Value) {
    let group = json!("rbac.authorization.k8s.io");
    default(&mut object["roleRef"], "apiGroup", group.clone());
    for subject in each(object, "subjects") {
        if subject["kind"] != "ServiceAccount" {
            default(subject, "apiGroup", group.clone());
        }
    }
}

/// `stringData` is for writing only.
fn encode_string_data(object: &mut Value) {
    let Some(fields) = object.as_object_mut() else {
        return;
    };
    let Some(Value::Object(plain)) = fields.remove("stringData") else {
        return;
    };
    for (name, value) in plain {
        let bytes = k8s_openapi::ByteString(value.as_str().unwrap_or("").as_bytes().to_vec());
        default(object, "data", json!({}));
        object["data"][name] = json!(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn image_without_tag_is_always_pulled() {
        for (image, policy) in [
            ("webapp", "Always"),
            ("registry:5000/webapp", "Always"),
            ("webapp:latest", "Always"),
            ("locustio/locust:2.32.2", "IfNotPresent"),
            ("webapp@sha256:00", "IfNotPresent"),
        ] {
            assert_eq!(pull_policy(image), policy, "{image}");
        }
    }

    #[test]
    fn container_gets_nothing_that_was_not_there() {
        let mut sent = json!({"name": "a", "image": "a:1", "env": [{"name": "X", "value": "1"}], "resources": {"limits": {"cpu": "1"}}});
        container(&mut sent);
        assert_eq!(
            sent,
            json!({
                "name": "a", "image": "a:1", "env": [{"name": "X", "value": "1"}],
                "resources": {"limits": {"cpu": "1"}, "requests": {"cpu": "1"}},
                "imagePullPolicy": "IfNotPresent", "terminationMessagePath": "/dev/termination-log",
                "terminationMessagePolicy": "File",
            })
        );
    }

    #[test]
    fn behaviour_stays_absent_unless_set() {
        let mut spec = json!({"maxReplicas": 10});
        autoscaler(&mut spec);
        assert_eq!(spec, json!({"maxReplicas": 10, "minReplicas": 1}));
        spec["behavior"] = json!({"scaleDown": {"stabilizationWindowSeconds": 60}});
        autoscaler(&mut spec);
        assert_eq!(
            spec["behavior"]["scaleUp"]["policies"]
                .as_array()
                .unwrap()
                .len(),
            2
        );
        assert_eq!(
            spec["behavior"]["scaleDown"]["stabilizationWindowSeconds"],
            60
        );
    }
}
