//! One pod as kubectl shows it, and as the HPA counts it.

use app::model::{PodCpu, PodRole, PodState, TimeMs};
use autoscaling::CpuMillis;
use autoscaling::replica_calculator as calculator;
use k8s_openapi::api::core::v1::{ContainerStatus, Pod, PodCondition, PodSpec};

use super::objects::{PodSample, PodSamples};
use super::recognise::created;
use super::time::time_ms;

/// One pod for the page.
pub fn state(pod: &Pod, role: PodRole, samples: Option<&PodSamples>) -> PodState {
    let spec = pod.spec.as_ref();
    let containers = container_statuses(pod);
    PodState {
        name: pod.metadata.name.clone().unwrap_or_default(),
        role,
        status: status(pod),
        ready: condition(pod, "Ready").is_some_and(|ready| ready.status == "True"),
        terminating: pod.metadata.deletion_timestamp.is_some(),
        restarts: containers
            .iter()
            .map(|container| u32::try_from(container.restart_count).unwrap_or(0))
            .sum(),
        created: created(&pod.metadata),
        started: started(pod),
        node: spec.and_then(|spec| spec.node_name.clone()),
        cpu_request_m: spec.and_then(|spec| cpu_sum(spec, Resource::Request).ok()),
        cpu_limit_m: spec.and_then(|spec| cpu_sum(spec, Resource::Limit).ok()),
        cpu: samples.map(|samples| cpu(&samples.newest)),
        message: message(pod),
        last_end: last_end(pod),
    }
}

fn cpu(sample: &PodSample) -> PodCpu {
    PodCpu {
        usage_m: sample.usage_m,
        memory_mi: sample.memory_mi,
        time: sample.time,
        window_ms: sample.window_ms,
    }
}

/// Requests or limits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Resource {
    Request,
    Limit,
}

/// The sum of the containers' CPU in milli-cores.
///
/// # Errors
/// The name of the first container that has none.
pub fn cpu_sum(spec: &PodSpec, resource: Resource) -> Result<i64, String> {
    let mut sum = 0;
    for container in &spec.containers {
        let resources = container.resources.as_ref();
        let quantities = resources.and_then(|resources| match resource {
            Resource::Request => resources.requests.as_ref(),
            Resource::Limit => resources.limits.as_ref(),
        });
        let cpu = quantities.and_then(|quantities| CpuMillis::parse(&quantities.get("cpu")?.0));
        sum += cpu.ok_or_else(|| container.name.clone())?.0;
    }
    Ok(sum)
}

/// The pod as the HPA's calculation takes it, without a sample.
pub fn counted(pod: &Pod) -> calculator::PodState {
    let status = pod.status.as_ref();
    let phase = match status.and_then(|status| status.phase.as_deref()) {
        Some("Succeeded" | "Failed") => calculator::Phase::Terminal,
        Some("Running") => calculator::Phase::Running,
        _ => calculator::Phase::Pending,
    };
    let ready = condition(pod, "Ready").and_then(|ready| {
        Some(calculator::Readiness {
            ready: ready.status == "True",
            since: time_ms(ready.last_transition_time.as_ref()?).0,
        })
    });
    let request = pod
        .spec
        .as_ref()
        .map_or(Err(String::new()), |spec| cpu_sum(spec, Resource::Request));
    calculator::PodState {
        name: pod.metadata.name.clone().unwrap_or_default(),
        phase,
        deleting: pod.metadata.deletion_timestamp.is_some(),
        start_time: status.and_then(|status| Some(time_ms(status.start_time.as_ref()?).0)),
        ready,
        request: request
            .map(CpuMillis)
            .map_err(|container| calculator::MissingRequest { container }),
        sample: None,
    }
}

/// A condition of the pod.
pub fn condition<'a>(pod: &'a Pod, type_: &str) -> Option<&'a PodCondition> {
    let conditions = pod.status.as_ref()?.conditions.as_ref()?;
    conditions.iter().find(|condition| condition.type_ == type_)
}

/// When the first container started that still runs.
pub fn started(pod: &Pod) -> Option<TimeMs> {
    let running = container_statuses(pod).iter().filter_map(|container| {
        let running = container.state.as_ref()?.running.as_ref()?;
        running.started_at.as_ref().map(time_ms)
    });
    running.min()
}

/// A container's memory limit, as it is written.
pub fn memory_limit(pod: &Pod, container: &str) -> Option<String> {
    let containers = &pod.spec.as_ref()?.containers;
    let container = containers.iter().find(|known| known.name == container)?;
    let limits = container.resources.as_ref()?.limits.as_ref()?;
    Some(limits.get("memory")?.0.clone())
}

/// What the kubelet says of the containers.
pub fn container_statuses(pod: &Pod) -> &[ContainerStatus] {
    let status = pod.status.as_ref();
    status
        .and_then(|status| status.container_statuses.as_deref())
        .unwrap_or_default()
}

/// Reason and message of the first container that waits.
pub fn waiting(pod: &Pod) -> Option<(&str, Option<&str>)> {
    container_statuses(pod).iter().find_map(|container| {
        let waiting = container.state.as_ref()?.waiting.as_ref()?;
        Some((waiting.reason.as_deref()?, waiting.message.as_deref()))
    })
}

/// When the pod's first container ended with the whole pod.
pub fn finished(pod: &Pod) -> Option<TimeMs> {
    let ended = container_statuses(pod).iter().filter_map(|container| {
        let terminated = container.state.as_ref()?.terminated.as_ref()?;
        terminated.finished_at.as_ref().map(time_ms)
    });
    ended.max()
}

/// The STATUS column of `kubectl get pods` (`printPod` in `pkg/printers/internalversion/printers.go`).
pub fn status(pod: &Pod) -> String {
    let Some(status) = pod.status.as_ref() else {
        return "Pending".to_owned();
    };
    let phase = status.phase.as_deref().unwrap_or("Pending");
    let mut word = status.reason.clone().unwrap_or_else(|| phase.to_owned());
    if condition(pod, "PodScheduled").and_then(|c| c.reason.as_deref()) == Some("SchedulingGated") {
        "SchedulingGated".clone_into(&mut word);
    }
    let init = initializing(pod);
    let initialized = init.is_none()
        || condition(pod, "Initialized").is_some_and(|initialized| initialized.status == "True");
    word = init.unwrap_or(word);
    if initialized {
        let mut running = false;
        for container in container_statuses(pod).iter().rev() {
            let Some(state) = container.state.as_ref() else {
                continue;
            };
            if let Some(reason) = state.waiting.as_ref().and_then(|w| w.reason.as_ref()) {
                word.clone_from(reason);
            } else if let Some(ended) = &state.terminated {
                word = ended_as(ended.reason.as_deref(), ended.signal, ended.exit_code);
            } else if container.ready && state.running.is_some() {
                running = true;
            }
        }
        if word == "Completed" && running {
            let ready = condition(pod, "Ready").is_some_and(|ready| ready.status == "True");
            if ready { "Running" } else { "NotReady" }.clone_into(&mut word);
        }
    }
    if pod.metadata.deletion_timestamp.is_some() {
        if status.reason.as_deref() == Some("NodeLost") {
            return "Unknown".to_owned();
        }
        if !matches!(phase, "Succeeded" | "Failed") {
            return "Terminating".to_owned();
        }
    }
    word
}

fn ended_as(reason: Option<&str>, signal: Option<i32>, exit_code: i32) -> String {
    match (reason, signal) {
        (Some(reason), _) if !reason.is_empty() => reason.to_owned(),
        (_, Some(signal)) if signal != 0 => format!("Signal:{signal}"),
        _ => format!("ExitCode:{exit_code}"),
    }
}

/// The word for a pod whose init containers are not done.
fn initializing(pod: &Pod) -> Option<String> {
    let status = pod.status.as_ref()?;
    let containers = status.init_container_statuses.as_deref()?;
    let all = pod.spec.as_ref()?.init_containers.as_ref()?.len();
    containers
        .iter()
        .enumerate()
        .find_map(|(index, container)| {
            let state = container.state.as_ref();
            if let Some(ended) = state.and_then(|state| state.terminated.as_ref()) {
                let word = || ended_as(ended.reason.as_deref(), ended.signal, ended.exit_code);
                return (ended.exit_code != 0).then(|| format!("Init:{}", word()));
            }
            // A sidecar that has started holds nothing up.
            if container.started == Some(true) && state.is_some_and(|state| state.running.is_some())
            {
                return None;
            }
            let reason = state.and_then(|state| state.waiting.as_ref()?.reason.as_deref());
            match reason {
                Some(reason) if !reason.is_empty() && reason != "PodInitializing" => {
                    Some(format!("Init:{reason}"))
                }
                _ => Some(format!("Init:{index}/{all}")),
            }
        })
}

/// Why it does not run, in the kubelet's or the scheduler's words.
fn message(pod: &Pod) -> Option<String> {
    if let Some((_, Some(message))) = waiting(pod) {
        return Some(message.to_owned());
    }
    let unscheduled = condition(pod, "PodScheduled").filter(|c| c.status == "False");
    if let Some(message) = unscheduled.and_then(|c| c.message.clone()) {
        return Some(message);
    }
    let ended = container_statuses(pod).iter().find_map(|container| {
        let ended = container.state.as_ref()?.terminated.as_ref()?;
        if ended.exit_code == 0 {
            return None;
        }
        let word = ended_as(ended.reason.as_deref(), ended.signal, ended.exit_code);
        Some(format!("{word}, exit code {}", ended.exit_code))
    });
    ended.or_else(|| pod.status.as_ref()?.message.clone())
}

/// How a container ended before its last restart.
fn last_end(pod: &Pod) -> Option<String> {
    container_statuses(pod).iter().find_map(|container| {
        let ended = container.last_state.as_ref()?.terminated.as_ref()?;
        let word = ended_as(ended.reason.as_deref(), ended.signal, ended.exit_code);
        Some(format!("{word}, exit code {}", ended.exit_code))
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn mk_pod(meta: &serde_json::Value, status: &serde_json::Value) -> Pod {
        let spec = json!({"containers": [{"name": "webapp"}], "initContainers": [{"name": "i"}, {"name": "j"}]});
        serde_json::from_value(json!({"metadata": meta, "spec": spec, "status": status})).unwrap()
    }

    #[test]
    fn the_status_is_the_word_that_kubectl_prints() {
        let container = |state: serde_json::Value| json!([{"name": "webapp", "image": "i", "imageID": "", "ready": false, "restartCount": 0, "state": state}]);
        let deleted = json!({"deletionTimestamp": "2026-11-24T12:00:00Z"});
        for (meta, status_, word) in [
            (json!({}), json!({"phase": "Pending"}), "Pending"),
            (json!({}), json!({"phase": "Running"}), "Running"),
            (
                json!({}),
                json!({"phase": "Pending", "containerStatuses": container(json!({"waiting": {"reason": "ImagePullBackOff"}}))}),
                "ImagePullBackOff",
            ),
            (
                json!({}),
                json!({"phase": "Failed", "containerStatuses": container(json!({"terminated": {"exitCode": 137, "reason": "OOMKilled"}}))}),
                "OOMKilled",
            ),
            (
                json!({}),
                json!({"phase": "Failed", "containerStatuses": container(json!({"terminated": {"exitCode": 2}}))}),
                "ExitCode:2",
            ),
            (
                json!({}),
                json!({"phase": "Failed", "reason": "Evicted"}),
                "Evicted",
            ),
            (
                json!({}),
                json!({"phase": "Pending", "initContainerStatuses": container(json!({"waiting": {"reason": "PodInitializing"}}))}),
                "Init:0/2",
            ),
            (
                json!({}),
                json!({"phase": "Pending", "initContainerStatuses": container(json!({"waiting": {"reason": "CrashLoopBackOff"}}))}),
                "Init:CrashLoopBackOff",
            ),
            (deleted.clone(), json!({"phase": "Running"}), "Terminating"),
            (
                deleted,
                json!({"phase": "Succeeded", "containerStatuses": container(json!({"terminated": {"exitCode": 0, "reason": "Completed"}}))}),
                "Completed",
            ),
        ] {
            assert_eq!(status(&mk_pod(&meta, &status_)), word, "{status_}");
        }
    }

    #[test]
    fn a_container_without_a_request_makes_the_sum_unknown() {
        let spec: PodSpec = serde_json::from_value(json!({"containers": [
            {"name": "webapp", "resources": {"requests": {"cpu": "50m"}}},
            {"name": "sidecar"},
        ]}))
        .unwrap();
        assert_eq!(cpu_sum(&spec, Resource::Request), Err("sidecar".to_owned()));
    }
}
