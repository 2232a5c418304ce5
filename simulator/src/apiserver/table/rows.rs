//! The cells of one object.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::age;
use super::workload::{hpa_targets, job, pod, scaled_object, workload};

/// The cells in the order of the kind's columns.
pub(super) fn cells(kind: &str, object: &Value, now: Timestamp) -> Vec<Value> {
    let meta = &object["metadata"];
    let name = meta["name"].clone();
    let age = json!(age::since(&meta["creationTimestamp"], now));
    let spec = &object["spec"];
    let status = &object["status"];
    match kind {
        "Pod" => pod(object, age, now),
        "Deployment" => {
            let desired = count(&spec["replicas"]);
            let ready = format!("{}/{desired}", count(&status["readyReplicas"]));
            let mut cells = vec![
                name,
                json!(ready),
                json!(count(&status["updatedReplicas"])),
                json!(count(&status["availableReplicas"])),
                age,
            ];
            cells.extend(workload(spec));
            cells
        }
        "ReplicaSet" => {
            let mut cells = vec![
                name,
                json!(count(&spec["replicas"])),
                json!(count(&status["replicas"])),
                json!(count(&status["readyReplicas"])),
                age,
            ];
            cells.extend(workload(spec));
            cells
        }
        "Job" => job(object, age, now),
        "Service" => vec![
            name,
            spec["type"].clone(),
            or_none(&spec["clusterIP"]),
            json!("<none>"),
            json!(service_ports(&spec["ports"])),
            age,
            json!(labels(&spec["selector"])),
        ],
        "HorizontalPodAutoscaler" => {
            let target = &spec["scaleTargetRef"];
            vec![
                name,
                json!(format!(
                    "{}/{}",
                    string(&target["kind"]),
                    string(&target["name"])
                )),
                json!(hpa_targets(object)),
                json!(
                    spec["minReplicas"]
                        .as_i64()
                        .map_or("<unset>".to_owned(), |n| n.to_string())
                ),
                json!(count(&spec["maxReplicas"]).to_string()),
                json!(count(&status["currentReplicas"])),
                age,
            ]
        }
        "ScaledObject" => scaled_object(object, age),
        "Event" => event(object, now),
        "Node" => node(object, age),
        "Namespace" => vec![name, status["phase"].clone(), age],
        "ConfigMap" => {
            let entries = entries(&object["data"]) + entries(&object["binaryData"]);
            vec![name, json!(entries), age]
        }
        "Secret" => {
            let data = entries(&object["data"]);
            vec![name, object["type"].clone(), json!(data), age]
        }
        "ResourceQuota" => {
            let (request, limit) = quota(status);
            vec![name, json!(request), json!(limit), age]
        }
        "EndpointSlice" => vec![
            name,
            object["addressType"].clone(),
            json!(slice_ports(&object["ports"])),
            json!(slice_endpoints(&object["endpoints"])),
            age,
        ],
        "RoleBinding" | "ClusterRoleBinding" => binding(object, age),
        "Lease" => vec![name, spec["holderIdentity"].clone(), age],
        "APIService" => api_service(object, age),
        "PodMetrics" | "NodeMetrics" => metrics(object),
        "ServiceAccount" => vec![name, age],
        _ => vec![name, meta["creationTimestamp"].clone()],
    }
}

pub(super) fn string(value: &Value) -> &str {
    value.as_str().unwrap_or("")
}

pub(super) fn count(value: &Value) -> i64 {
    value.as_i64().unwrap_or(0)
}

pub(super) fn items(value: &Value) -> impl Iterator<Item = &Value> + Clone {
    value.as_array().into_iter().flatten()
}

fn entries(value: &Value) -> usize {
    value.as_object().map_or(0, serde_json::Map::len)
}

pub(super) fn or_none(value: &Value) -> Value {
    match value.as_str().filter(|text| !text.is_empty()) {
        Some(text) => json!(text),
        None => json!("<none>"),
    }
}

pub(super) fn labels(map: &Value) -> String {
    let pairs: Vec<_> = map
        .as_object()
        .into_iter()
        .flatten()
        .map(|(key, value)| format!("{key}={}", string(value)))
        .collect();
    if pairs.is_empty() {
        "<none>".to_owned()
    } else {
        pairs.join(",")
    }
}

pub(super) fn condition<'a>(object: &'a Value, kind: &str) -> Option<&'a Value> {
    items(&object["status"]["conditions"]).find(|condition| condition["type"] == kind)
}

pub(super) fn is_true(object: &Value, kind: &str) -> bool {
    condition(object, kind).is_some_and(|condition| condition["status"] == "True")
}

fn service_ports(ports: &Value) -> String {
    let ports: Vec<_> = items(ports)
        .map(|port| {
            let node = count(&port["nodePort"]);
            let node = if node > 0 {
                format!(":{node}")
            } else {
                String::new()
            };
            format!(
                "{}{node}/{}",
                count(&port["port"]),
                string(&port["protocol"])
            )
        })
        .collect();
    if ports.is_empty() {
        "<none>".to_owned()
    } else {
        ports.join(",")
    }
}

/// Upstream: `printEvent`.
fn event(object: &Value, now: Timestamp) -> Vec<Value> {
    let first = if age::parse(&object["firstTimestamp"]).is_some() {
        &object["firstTimestamp"]
    } else {
        &object["eventTime"]
    };
    let mut last = if age::parse(&object["lastTimestamp"]).is_some() {
        &object["lastTimestamp"]
    } else {
        first
    };
    let series = &object["series"];
    let mut times = object["count"].as_i64().unwrap_or(1);
    if series.is_object() {
        last = &series["lastObservedTime"];
        times = count(&series["count"]);
    }
    let involved = &object["involvedObject"];
    let kind = string(&involved["kind"]).to_lowercase();
    let source = &object["source"];
    let mut component = string(&source["component"]);
    if component.is_empty() {
        component = string(&object["reportingComponent"]);
    }
    let host = string(&source["host"]);
    let component = if host.is_empty() {
        component.to_owned()
    } else {
        format!("{component}, {host}")
    };
    vec![
        json!(age::since(last, now)),
        object["type"].clone(),
        object["reason"].clone(),
        json!(format!("{kind}/{}", string(&involved["name"]))),
        json!(string(&involved["fieldPath"])),
        json!(component),
        json!(string(&object["message"]).trim()),
        json!(age::since(first, now)),
        json!(times),
        object["metadata"]["name"].clone(),
    ]
}

fn node(object: &Value, age: Value) -> Vec<Value> {
    let mut word = if is_true(object, "Ready") {
        "Ready"
    } else {
        "NotReady"
    }
    .to_owned();
    if object["spec"]["unschedulable"] == true {
        word += ",SchedulingDisabled";
    }
    let roles: Vec<_> = object["metadata"]["labels"]
        .as_object()
        .into_iter()
        .flatten()
        .filter_map(|(label, _)| label.strip_prefix("node-role.kubernetes.io/"))
        .collect();
    let roles = if roles.is_empty() {
        "<none>".to_owned()
    } else {
        roles.join(",")
    };
    let info = &object["status"]["nodeInfo"];
    let address = items(&object["status"]["addresses"])
        .find(|address| address["type"] == "InternalIP")
        .map_or("<none>", |address| string(&address["address"]));
    vec![
        object["metadata"]["name"].clone(),
        json!(word),
        json!(roles),
        age,
        info["kubeletVersion"].clone(),
        json!(address),
        json!("<none>"),
        info["osImage"].clone(),
        info["kernelVersion"].clone(),
        info["containerRuntimeVersion"].clone(),
    ]
}

/// Upstream: `printResourceQuota`.
fn quota(status: &Value) -> (String, String) {
    let (mut requests, mut limits) = (Vec::new(), Vec::new());
    for (name, hard) in status["hard"].as_object().into_iter().flatten() {
        let used = status["used"][name].as_str().unwrap_or("0");
        let text = format!("{name}: {used}/{}", string(hard));
        if name.starts_with("limits.") {
            limits.push(text);
        } else {
            requests.push(text);
        }
    }
    (requests.join(", "), limits.join(", "))
}

fn slice_ports(ports: &Value) -> String {
    let ports: Vec<_> = items(ports)
        .map(|port| count(&port["port"]).to_string())
        .collect();
    if ports.is_empty() {
        "<unset>".to_owned()
    } else {
        ports.join(",")
    }
}

fn slice_endpoints(endpoints: &Value) -> String {
    let all: Vec<_> = items(endpoints)
        .flat_map(|endpoint| items(&endpoint["addresses"]))
        .map(string)
        .collect();
    match all.len() {
        0 => "<unset>".to_owned(),
        1..=3 => all.join(","),
        many => format!("{} + {} more...", all[..3].join(","), many - 3),
    }
}

fn binding(object: &Value, age: Value) -> Vec<Value> {
    let role = &object["roleRef"];
    let subjects = |kind: &str| {
        let names: Vec<_> = items(&object["subjects"])
            .filter(|subject| subject["kind"] == kind)
            .map(|subject| match subject["namespace"].as_str() {
                Some(namespace) => format!("{namespace}/{}", string(&subject["name"])),
                None => string(&subject["name"]).to_owned(),
            })
            .collect();
        json!(names.join(", "))
    };
    vec![
        object["metadata"]["name"].clone(),
        json!(format!(
            "{}/{}",
            string(&role["kind"]),
            string(&role["name"])
        )),
        age,
        subjects("User"),
        subjects("Group"),
        subjects("ServiceAccount"),
    ]
}

fn api_service(object: &Value, age: Value) -> Vec<Value> {
    let service = &object["spec"]["service"];
    let service = if service.is_object() {
        format!(
            "{}/{}",
            string(&service["namespace"]),
            string(&service["name"])
        )
    } else {
        "Local".to_owned()
    };
    let available = condition(object, "Available").map_or("Unknown".to_owned(), |available| {
        match string(&available["status"]) {
            "True" => "True".to_owned(),
            other => format!("{other} ({})", string(&available["reason"])),
        }
    });
    vec![
        object["metadata"]["name"].clone(),
        json!(service),
        json!(available),
        age,
    ]
}

/// Upstream: kubernetes-sigs/metrics-server `pkg/api/table.go`.
fn metrics(object: &Value) -> Vec<Value> {
    use crate::quantity::Quantity;

    let own = [&object["usage"]];
    let containers = items(&object["containers"]).map(|container| &container["usage"]);
    let sum = |name: &str| {
        let all = containers.clone().chain(own);
        let all = all.filter_map(|usage| Quantity::parse(usage[name].as_str()?));
        json!(all.fold(Quantity::default(), Quantity::plus).to_string())
    };
    vec![
        object["metadata"]["name"].clone(),
        sum("cpu"),
        sum("memory"),
        object["window"].clone(),
    ]
}
