//! The cells of what runs and scales: pods, Jobs, autoscalers, and the wide columns of a pod template.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::age;
use super::rows::{condition, count, is_true, items, labels, or_none, string};

pub(super) fn pod(object: &Value, age: Value, now: Timestamp) -> Vec<Value> {
    let (spec, status) = (&object["spec"], &object["status"]);
    let all = items(&spec["containers"]).count();
    let statuses: Vec<_> = items(&status["containerStatuses"]).collect();
    let ready = statuses.iter().filter(|s| s["ready"] == true).count();
    let restarts: i64 = statuses.iter().map(|s| count(&s["restartCount"])).sum();
    let last = statuses
        .iter()
        .filter_map(|s| age::parse(&s["lastState"]["terminated"]["finishedAt"]))
        .max();
    let restarts = match last {
        Some(last) if restarts > 0 => {
            format!(
                "{restarts} ({} ago)",
                age::human(now.duration_since(last).as_secs())
            )
        }
        _ => restarts.to_string(),
    };
    vec![
        object["metadata"]["name"].clone(),
        json!(format!("{ready}/{all}")),
        json!(pod_status(object, &statuses)),
        json!(restarts),
        age,
        or_none(&status["podIP"]),
        or_none(&spec["nodeName"]),
        or_none(&status["nominatedNodeName"]),
        json!("<none>"),
    ]
}

/// The word in the column STATUS. Upstream: `printPod`.
fn pod_status(object: &Value, statuses: &[&Value]) -> String {
    let status = &object["status"];
    let mut reason = string(&status["phase"]).to_owned();
    if let Some(own) = status["reason"].as_str().filter(|own| !own.is_empty()) {
        own.clone_into(&mut reason);
    }
    let mut is_running = false;
    for container in statuses.iter().rev() {
        let state = &container["state"];
        let waiting = string(&state["waiting"]["reason"]);
        let terminated = &state["terminated"];
        if !waiting.is_empty() {
            waiting.clone_into(&mut reason);
        } else if terminated.is_object() {
            reason = match string(&terminated["reason"]) {
                "" if count(&terminated["signal"]) != 0 => {
                    format!("Signal:{}", count(&terminated["signal"]))
                }
                "" => format!("ExitCode:{}", count(&terminated["exitCode"])),
                given => given.to_owned(),
            };
        } else if container["ready"] == true && state["running"].is_object() {
            is_running = true;
        }
    }
    if reason == "Completed" && is_running {
        let word = if is_true(object, "Ready") {
            "Running"
        } else {
            "NotReady"
        };
        word.clone_into(&mut reason);
    }
    let terminal = matches!(string(&status["phase"]), "Succeeded" | "Failed");
    if object["metadata"]["deletionTimestamp"].is_string() && !terminal {
        "Terminating".clone_into(&mut reason);
    }
    reason
}

pub(super) fn job(object: &Value, age: Value, now: Timestamp) -> Vec<Value> {
    let (spec, status) = (&object["spec"], &object["status"]);
    let succeeded = count(&status["succeeded"]);
    let completions = match spec["completions"].as_i64() {
        Some(wanted) => format!("{succeeded}/{wanted}"),
        None => match count(&spec["parallelism"]) {
            many if many > 1 => format!("{succeeded}/1 of {many}"),
            _ => format!("{succeeded}/1"),
        },
    };
    let duration = age::parse(&status["startTime"]).map_or(String::new(), |start| {
        let end = age::parse(&status["completionTime"]).unwrap_or(now);
        age::human(end.duration_since(start).as_secs())
    });
    let word = if is_true(object, "Complete") {
        "Complete"
    } else if is_true(object, "Failed") {
        "Failed"
    } else if object["metadata"]["deletionTimestamp"].is_string() {
        "Terminating"
    } else if is_true(object, "Suspended") {
        "Suspended"
    } else if is_true(object, "FailureTarget") {
        "FailureTarget"
    } else if is_true(object, "SuccessCriteriaMet") {
        "SuccessCriteriaMet"
    } else {
        "Running"
    };
    let mut cells = vec![
        object["metadata"]["name"].clone(),
        json!(word),
        json!(completions),
        json!(duration),
        age,
    ];
    cells.extend(workload(spec));
    cells
}

/// Upstream: `formatHPAMetrics`.
pub(super) fn hpa_targets(object: &Value) -> String {
    let metrics: Vec<_> = items(&object["spec"]["metrics"]).collect();
    if metrics.is_empty() {
        return "<none>".to_owned();
    }
    let current = &object["status"]["currentMetrics"];
    let mut list: Vec<String> = metrics
        .iter()
        .enumerate()
        .take(2)
        .map(|(index, metric)| {
            let source = if metric["type"] == "ContainerResource" {
                "containerResource"
            } else {
                "resource"
            };
            let name = string(&metric[source]["name"]);
            let target = &metric[source]["target"];
            let value = &current[index][source]["current"];
            if target["averageValue"].is_string() {
                let value = value["averageValue"].as_str().unwrap_or("<unknown>");
                format!("{name}: {value}/{}", string(&target["averageValue"]))
            } else {
                let value = value["averageUtilization"].as_i64();
                let value = value.map_or("<unknown>".to_owned(), |value| format!("{value}%"));
                let target = target["averageUtilization"].as_i64();
                let target = target.map_or("<auto>".to_owned(), |target| format!("{target}%"));
                format!("{name}: {value}/{target}")
            }
        })
        .collect();
    if metrics.len() > 2 {
        list.push(format!("+ {} more...", metrics.len() - 2));
        let more = list.pop().unwrap_or_default();
        return format!("{} {more}", list.join(", "));
    }
    list.join(", ")
}

pub(super) fn scaled_object(object: &Value, age: Value) -> Vec<Value> {
    let (spec, status) = (&object["spec"], &object["status"]);
    let word = |kind: &str| {
        condition(object, kind).map_or(json!(""), |condition| condition["status"].clone())
    };
    vec![
        object["metadata"]["name"].clone(),
        json!(string(&status["scaleTargetKind"])),
        spec["scaleTargetRef"]["name"].clone(),
        spec["minReplicaCount"].clone(),
        spec["maxReplicaCount"].clone(),
        word("Ready"),
        word("Active"),
        word("Fallback"),
        word("Paused"),
        json!(string(&status["triggersTypes"])),
        json!(string(&status["authenticationsTypes"])),
        age,
    ]
}

/// Containers, images, selector: the wide columns of everything with a pod template.
pub(super) fn workload(spec: &Value) -> [Value; 3] {
    let containers = &spec["template"]["spec"]["containers"];
    let join = |field: &str| {
        let all: Vec<_> = items(containers).map(|c| string(&c[field])).collect();
        json!(all.join(","))
    };
    let selector = labels(&spec["selector"]["matchLabels"]);
    [join("name"), join("image"), json!(selector)]
}
