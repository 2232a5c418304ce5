//! The rows that attendees see in their terminal.

use serde_json::json;

use super::*;
use crate::store::resource::*;

/// The table as kubectl prints it without `-o wide`.
fn print(resource: &Resource, object: &Value) -> String {
    let now = "2026-01-01T09:02:00Z".parse().unwrap();
    let table = table(resource, [object], &json!({}), Include::Metadata, now);
    let columns = table["columnDefinitions"].as_array().unwrap();
    let cells = table["rows"][0]["cells"].as_array().unwrap();
    assert_eq!(columns.len(), cells.len(), "a cell for each column");
    let text = |value: &Value| {
        value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned)
    };
    columns
        .iter()
        .zip(cells)
        .filter(|(column, _)| column["priority"] == 0)
        .map(|(column, cell)| format!("{}={}", text(&column["name"]).to_uppercase(), text(cell)))
        .collect::<Vec<_>>()
        .join(" | ")
}

fn mk_meta(name: &str) -> Value {
    json!({"name": name, "namespace": "ws", "creationTimestamp": "2026-01-01T09:00:00Z"})
}

#[test]
fn pods_show_why_they_do_not_run() {
    let mut pod = json!({
        "metadata": mk_meta("webapp-1"),
        "spec": {"containers": [{"name": "webapp"}]},
        "status": {"phase": "Pending", "containerStatuses": [{"name": "webapp", "ready": false, "restartCount": 0, "state": {"waiting": {"reason": "ImagePullBackOff"}}}]},
    });
    insta::assert_snapshot!(print(&PODS, &pod), @"NAME=webapp-1 | READY=0/1 | STATUS=ImagePullBackOff | RESTARTS=0 | AGE=2m");
    pod["status"] = json!({"phase": "Running", "containerStatuses": [{"ready": true, "restartCount": 2, "state": {"running": {}}, "lastState": {"terminated": {"finishedAt": "2026-01-01T09:01:30Z"}}}]});
    insta::assert_snapshot!(print(&PODS, &pod), @"NAME=webapp-1 | READY=1/1 | STATUS=Running | RESTARTS=2 (30s ago) | AGE=2m");
    pod["metadata"]["deletionTimestamp"] = json!("2026-01-01T09:02:30Z");
    insta::assert_snapshot!(print(&PODS, &pod), @"NAME=webapp-1 | READY=1/1 | STATUS=Terminating | RESTARTS=2 (30s ago) | AGE=2m");
}

#[test]
fn autoscaler_shows_unknown_until_it_has_a_value() {
    let mut hpa = json!({
        "metadata": mk_meta("keda-hpa-webapp"),
        "spec": {"scaleTargetRef": {"kind": "Deployment", "name": "webapp"}, "minReplicas": 1, "maxReplicas": 10,
            "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 60}}}]},
        "status": {"desiredReplicas": 0, "currentMetrics": null},
    });
    insta::assert_snapshot!(print(&HORIZONTAL_POD_AUTOSCALERS, &hpa), @"NAME=keda-hpa-webapp | REFERENCE=Deployment/webapp | TARGETS=cpu: <unknown>/60% | MINPODS=1 | MAXPODS=10 | REPLICAS=0 | AGE=2m");
    hpa["status"] = json!({"currentReplicas": 4, "currentMetrics": [{"type": "Resource", "resource": {"name": "cpu", "current": {"averageUtilization": 183}}}]});
    insta::assert_snapshot!(print(&HORIZONTAL_POD_AUTOSCALERS, &hpa), @"NAME=keda-hpa-webapp | REFERENCE=Deployment/webapp | TARGETS=cpu: 183%/60% | MINPODS=1 | MAXPODS=10 | REPLICAS=4 | AGE=2m");
}

#[test]
fn workloads_show_their_counts() {
    let deployment = json!({
        "metadata": mk_meta("webapp"), "spec": {"replicas": 4},
        "status": {"readyReplicas": 1, "updatedReplicas": 4, "availableReplicas": 1},
    });
    insta::assert_snapshot!(print(&DEPLOYMENTS, &deployment), @"NAME=webapp | READY=1/4 | UP-TO-DATE=4 | AVAILABLE=1 | AGE=2m");
    let job = json!({
        "metadata": mk_meta("locust-headless"), "spec": {"completions": 1},
        "status": {"startTime": "2026-01-01T09:00:30Z"},
    });
    insta::assert_snapshot!(print(&JOBS, &job), @"NAME=locust-headless | STATUS=Running | COMPLETIONS=0/1 | DURATION=90s | AGE=2m");
    let service = json!({
        "metadata": mk_meta("webapp"),
        "spec": {"type": "ClusterIP", "clusterIP": "10.96.0.7", "ports": [{"port": 80, "protocol": "TCP"}]},
    });
    insta::assert_snapshot!(print(&SERVICES, &service), @"NAME=webapp | TYPE=ClusterIP | CLUSTER-IP=10.96.0.7 | EXTERNAL-IP=<none> | PORT(S)=80/TCP | AGE=2m");
}

#[test]
fn events_of_both_writers_have_an_age() {
    let mut event = json!({
        "metadata": mk_meta("webapp.1"), "type": "Normal", "reason": "ScalingReplicaSet", "message": "Scaled up",
        "involvedObject": {"kind": "Deployment", "name": "webapp"},
        "firstTimestamp": "2026-01-01T09:00:00Z", "lastTimestamp": "2026-01-01T09:01:00Z", "count": 2, "eventTime": null,
    });
    insta::assert_snapshot!(print(&EVENTS, &event), @"LAST SEEN=60s | TYPE=Normal | REASON=ScalingReplicaSet | OBJECT=deployment/webapp | MESSAGE=Scaled up");
    event["firstTimestamp"] = Value::Null;
    event["lastTimestamp"] = Value::Null;
    event["eventTime"] = json!("2026-01-01T09:01:50.000000Z");
    insta::assert_snapshot!(print(&EVENTS, &event), @"LAST SEEN=10s | TYPE=Normal | REASON=ScalingReplicaSet | OBJECT=deployment/webapp | MESSAGE=Scaled up");
}

#[test]
fn every_kind_has_a_cell_for_each_column() {
    for resource in ALL {
        print(resource, &json!({"metadata": mk_meta("a")}));
    }
}
