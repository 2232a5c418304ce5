//! A pod's status as the kubelet reports it. Called by the kubelet whenever a step changed something.
//!
//! Upstream: `generateAPIPodStatus` in `pkg/kubelet/kubelet_pods.go` and `pkg/kubelet/status/generate.go`.

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::core::v1::{
    Container, ContainerState, ContainerStateRunning, ContainerStateTerminated,
    ContainerStateWaiting, ContainerStatus, HostIP, Pod, PodCondition, PodIP, PodStatus,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use super::state::{Ended, State, Worked};
use super::timing;
use super::worker::{DEADLINE_MESSAGE, DEADLINE_REASON, Worker, format_pod};
use crate::clock::truncate_to_seconds;
use crate::controllers::queue::Key;
use crate::status::Result;
use crate::store::Store;

/// Writes what the worker knows.
pub(super) fn write(store: &Store, key: &Key, worker: &Worker, node: &str) -> Result<()> {
    let now = store.clock().now();
    store.modify::<Pod>(&key.namespace, &key.name, |pod| {
        if pod.metadata.uid.as_deref() == Some(&worker.uid) {
            let status = generate(pod, worker, node, now);
            pod.status = Some(status);
        }
    })?;
    Ok(())
}

fn generate(pod: &Pod, worker: &Worker, node: &str, now: Timestamp) -> PodStatus {
    let old = pod.status.clone().unwrap_or_default();
    let specs = pod.spec.iter().flat_map(|spec| &spec.containers);
    let container_statuses: Vec<ContainerStatus> = specs
        .clone()
        .zip(&worker.containers)
        .map(|(spec, container)| container_status(pod, spec, container, now))
        .collect();
    let phase = phase(worker, old.phase.as_deref());
    let created = worker
        .containers
        .iter()
        .any(|container| !matches!(container.state, State::Creating { .. }));
    let ended = matches!(phase, "Succeeded" | "Failed");
    let has_address = created && !(ended && old.pod_ip.is_none());
    PodStatus {
        observed_generation: pod.metadata.generation,
        phase: Some(phase.to_owned()),
        reason: worker.expired.then(|| DEADLINE_REASON.to_owned()),
        message: worker.expired.then(|| DEADLINE_MESSAGE.to_owned()),
        conditions: Some(conditions(&old, worker, phase, created, now)),
        host_ip: Some(host_address(node)),
        host_ips: Some(vec![HostIP {
            ip: host_address(node),
        }]),
        pod_ip: has_address.then(|| worker.address.clone()),
        pod_ips: has_address.then(|| {
            vec![PodIP {
                ip: worker.address.clone(),
            }]
        }),
        start_time: Some(time(worker.arrived)),
        container_statuses: Some(container_statuses),
        qos_class: old.qos_class.or_else(|| Some(qos(specs).to_owned())),
        ..PodStatus::default()
    }
}

fn phase(worker: &Worker, before: Option<&str>) -> &'static str {
    if worker.has_ended() {
        let failed = worker.expired
            || worker.containers.iter().any(
                |container| matches!(&container.state, State::Ended(ended) if ended.code != 0),
            );
        return if failed { "Failed" } else { "Succeeded" };
    }
    let runs = |container: &Worked| matches!(container.state, State::Running { .. });
    if before == Some("Running") || worker.containers.iter().all(runs) {
        "Running"
    } else {
        "Pending"
    }
}

fn container_status(
    pod: &Pod,
    spec: &Container,
    container: &Worked,
    now: Timestamp,
) -> ContainerStatus {
    let image = spec.image.clone().unwrap_or_default();
    let ran = !matches!(
        container.state,
        State::Creating { .. } | State::Failing(_) | State::Starting { again: None, .. }
    );
    // A container's id is different after each restart.
    let pod_uid = pod.metadata.uid.as_deref().unwrap_or("").replace('-', "");
    let id_of = |restarts: i32| format!("containerd://{pod_uid:0>56}{restarts:08x}");
    let id = id_of(container.restarts);
    let (mut last, mut last_id) = (container.last.as_ref(), id_of(container.restarts - 1));
    let state = match &container.state {
        State::Failing(failure) => match (&failure.shown, &failure.again) {
            (Some((reason, message)), _) => waiting(reason, Some(message.clone())),
            (None, Some(crash)) => terminated(&crash.ended, &id),
            (None, None) => waiting("ContainerCreating", None),
        },
        State::Creating { .. } | State::Starting { again: None, .. } => {
            waiting("ContainerCreating", None)
        }
        State::Crashed { crash, .. }
        | State::Starting {
            again: Some(crash), ..
        } => match crash.shown {
            None => terminated(&crash.ended, &id),
            Some(backoff) => {
                (last, last_id) = (Some(&crash.ended), id.clone());
                crash_loop(pod, &container.name, backoff)
            }
        },
        State::Running { started, .. } => ContainerState {
            running: Some(ContainerStateRunning {
                started_at: Some(time(*started)),
            }),
            ..ContainerState::default()
        },
        // Not noticed yet.
        State::Exited { ended, .. } => ContainerState {
            running: Some(ContainerStateRunning {
                started_at: ended.started.map(time),
            }),
            ..ContainerState::default()
        },
        State::Ended(ended) => terminated(ended, &id),
    };
    ContainerStatus {
        name: container.name.clone(),
        image_id: if ran {
            format!("docker.io/{image}")
        } else {
            String::new()
        },
        image,
        container_id: ran.then(|| id.clone()),
        ready: container.ready(now),
        started: Some(container.started(now)),
        restart_count: container.restarts,
        last_state: Some(
            last.map(|last| terminated(last, &last_id))
                .unwrap_or_default(),
        ),
        state: Some(state),
        resources: ran.then(|| spec.resources.clone()).flatten(),
        allocated_resources: ran
            .then(|| spec.resources.as_ref()?.requests.clone())
            .flatten(),
        ..ContainerStatus::default()
    }
}

/// `doBackOff` in `pkg/kubelet/kuberuntime/kuberuntime_manager.go`.
fn crash_loop(pod: &Pod, container: &str, backoff: SignedDuration) -> ContainerState {
    waiting(
        "CrashLoopBackOff",
        Some(format!(
            "back-off {} restarting failed container={container} pod={}",
            timing::go_duration(backoff),
            format_pod(pod)
        )),
    )
}

fn waiting(reason: &str, message: Option<String>) -> ContainerState {
    ContainerState {
        waiting: Some(ContainerStateWaiting {
            reason: Some(reason.to_owned()),
            message,
        }),
        ..ContainerState::default()
    }
}

fn terminated(ended: &Ended, id: &str) -> ContainerState {
    ContainerState {
        terminated: Some(ContainerStateTerminated {
            exit_code: ended.code,
            reason: Some(ended.reason.to_owned()),
            started_at: ended.started.map(time),
            finished_at: Some(time(ended.finished)),
            container_id: ended.started.map(|_| id.to_owned()),
            ..ContainerStateTerminated::default()
        }),
        ..ContainerState::default()
    }
}

/// In upstream's order; `PodScheduled` is the scheduler's and stays last.
fn conditions(
    old: &PodStatus,
    worker: &Worker,
    phase: &str,
    created: bool,
    now: Timestamp,
) -> Vec<PodCondition> {
    let ended = matches!(phase, "Succeeded" | "Failed");
    let unready: Vec<&str> = worker
        .containers
        .iter()
        .filter(|container| !container.ready(now))
        .map(|container| container.name.as_str())
        .collect();
    let completed = (phase == "Succeeded").then_some(("PodCompleted", None));
    let readiness = if unready.is_empty() && !worker.expired {
        (true, None)
    } else if completed.is_some() {
        (false, completed.clone())
    } else if phase == "Failed" || worker.expired {
        (false, Some(("PodFailed", None)))
    } else {
        let message = format!("containers with unready status: [{}]", unready.join(" "));
        (false, Some(("ContainersNotReady", Some(message))))
    };
    let mut conditions: Vec<PodCondition> = [
        ("PodReadyToStartContainers", (created && !ended, None)),
        ("Initialized", (true, completed)),
        ("Ready", readiness.clone()),
        ("ContainersReady", readiness),
    ]
    .into_iter()
    .map(|(kind, (value, why))| {
        let value = if value { "True" } else { "False" };
        let (reason, message) =
            why.map_or((None, None), |(reason, message)| (Some(reason), message));
        let since = old
            .conditions
            .iter()
            .flatten()
            .find(|condition| condition.type_ == kind && condition.status == value)
            .and_then(|condition| condition.last_transition_time.clone());
        PodCondition {
            type_: kind.to_owned(),
            status: value.to_owned(),
            reason: reason.map(str::to_owned),
            message,
            last_transition_time: since.or_else(|| Some(time(now))),
            ..PodCondition::default()
        }
    })
    .collect();
    let scheduled = old
        .conditions
        .iter()
        .flatten()
        .filter(|condition| condition.type_ == "PodScheduled");
    conditions.extend(scheduled.cloned());
    conditions
}

fn time(time: Timestamp) -> Time {
    Time(truncate_to_seconds(time))
}

/// The node's address: nodes are numbered, as are their addresses.
fn host_address(node: &str) -> String {
    let digits: String = node.chars().filter(char::is_ascii_digit).collect();
    format!("10.0.0.{}", digits.parse::<u8>().unwrap_or(1))
}

/// `GetPodQOS`, `pkg/apis/core/helper/qos/qos.go`.
fn qos<'a>(containers: impl Iterator<Item = &'a Container>) -> &'static str {
    let (mut any, mut guaranteed) = (false, true);
    for container in containers {
        let resources = container.resources.clone().unwrap_or_default();
        let limits = resources.limits.unwrap_or_default();
        let requests = resources.requests.unwrap_or_default();
        any |= !limits.is_empty() || !requests.is_empty();
        for resource in ["cpu", "memory"] {
            let limit = limits.get(resource);
            guaranteed &=
                limit.is_some() && requests.get(resource).is_none_or(|r| Some(r) == limit);
        }
    }
    match (any, guaranteed) {
        (true, true) => "Guaranteed",
        (true, false) => "Burstable",
        (false, _) => "BestEffort",
    }
}
