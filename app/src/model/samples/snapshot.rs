//! A seat as it is at one moment.

use super::history::history;
use super::{T0, at, load};
use crate::model::*;

fn panel_owner() -> Owner {
    Owner {
        manager: "workshop-panel".to_owned(),
        own: true,
    }
}

/// A namespace in which nothing is.
pub(crate) fn nothing() -> Snapshot {
    Snapshot {
        namespace: "workshop-user-7".to_owned(),
        time: T0,
        phase: Phase::NotStarted,
        deployment: None,
        service: None,
        scaled_object: None,
        autoscaler: None,
        pods: Vec::new(),
        load: None,
        explanation: Explanation::NothingDeployed,
        findings: Vec::new(),
        notices: Vec::new(),
        sources: Sources {
            cluster: SourceState::Live,
            metrics: SourceState::Live,
            keda: SourceState::Live,
        },
    }
}

pub(crate) fn app_pod(name: &str, created: TimeMs) -> PodState {
    PodState {
        name: name.to_owned(),
        role: PodRole::App,
        status: "Running".to_owned(),
        ready: true,
        terminating: false,
        restarts: 0,
        created,
        started: Some(created.plus_ms(500)),
        node: Some("node-1".to_owned()),
        cpu_request_m: Some(50),
        cpu_limit_m: Some(100),
        cpu: None,
        message: None,
        last_end: None,
    }
}

pub(super) fn autoscaler() -> AutoscalerState {
    let condition = |type_: &str, status: &str, reason: &str, message: &str| Condition {
        type_: type_.to_owned(),
        status: status.to_owned(),
        reason: reason.to_owned(),
        message: message.to_owned(),
    };
    AutoscalerState {
        name: "keda-hpa-webapp".to_owned(),
        created: at(0.7),
        made_by_keda: true,
        min_replicas: 1,
        max_replicas: 10,
        target_percent: Some(60),
        current_replicas: Some(1),
        desired_replicas: 1,
        utilization_percent: Some(4),
        conditions: vec![
            condition(
                "AbleToScale",
                "True",
                "ReadyForNewScale",
                "recommended size matches current size",
            ),
            condition(
                "ScalingActive",
                "True",
                "ValidMetricFound",
                "the HPA was able to successfully calculate a replica count from cpu resource utilization (percentage of request)",
            ),
            condition(
                "ScalingLimited",
                "False",
                "DesiredWithinRange",
                "the desired count is within the acceptable range",
            ),
        ],
        rules: ScalingRules {
            behavior_set: true,
            down_window_s: 80,
            up_pods: 4,
            up_percent: 100,
            up_unusual: false,
            down_at_once: true,
        },
        last_look: Some(at(30.8)),
        next_look: Some(at(60.8)),
        last_rescale_message: None,
    }
}

/// One pod, 4 %, no load.
pub(crate) fn idle() -> Snapshot {
    let mut pod = app_pod("webapp-d5b46ffdb-cfzw8", at(0.2));
    pod.cpu = Some(PodCpu {
        usage_m: 2,
        memory_mi: 61,
        time: at(37.7),
        window_ms: 15_000,
    });
    Snapshot {
        time: at(45.0),
        phase: Phase::Ready,
        deployment: Some(DeploymentState {
            name: "webapp".to_owned(),
            owner: panel_owner(),
            created: T0,
            asked: 1,
            terminating: false,
            image: "tiangolo/uvicorn-gunicorn-fastapi:python3.11".to_owned(),
            cpu_request_m: Some(50),
            cpu_limit_m: Some(100),
            memory_request_mi: Some(64),
            memory_limit_mi: Some(256),
        }),
        service: Some(ServiceState {
            name: "webapp".to_owned(),
            owner: panel_owner(),
            terminating: false,
        }),
        scaled_object: Some(ScaledObjectState {
            name: "webapp".to_owned(),
            owner: panel_owner(),
            terminating: false,
            created: at(0.6),
            hpa_name: Some("keda-hpa-webapp".to_owned()),
            ready: Some(true),
            message: None,
            paused: false,
            polling_interval_s: Some(5),
            cooldown_period_s: Some(60),
        }),
        autoscaler: Some(autoscaler()),
        pods: vec![pod],
        explanation: Explanation::EnoughAtMinimum {
            replicas: 1,
            percent: 4,
            target: 60,
            minimum: 1,
        },
        ..nothing()
    }
}

/// The look that went from 4 to 8.
pub(super) fn limited_scale_up() -> Explanation {
    Explanation::ScaledUpLimited {
        at: at(105.8),
        from: 4,
        to: 8,
        wanted: 13,
        percent: 181,
        target: 60,
        counted: counted(4, 0, 181),
        rule: Some((4, 100)),
    }
}

/// That look is 6 s ago; two of the new pods start.
pub(crate) fn mid_load() -> (Snapshot, History) {
    let mut snapshot = idle();
    snapshot.time = at(112.0);
    snapshot.phase = Phase::ScalingUp;
    snapshot.load = Some(load());
    if let Some(deployment) = &mut snapshot.deployment {
        deployment.asked = 8;
    }
    if let Some(autoscaler) = &mut snapshot.autoscaler {
        autoscaler.current_replicas = Some(4);
        autoscaler.desired_replicas = 8;
        autoscaler.utilization_percent = Some(181);
        autoscaler.last_look = Some(at(105.8));
        autoscaler.next_look = Some(at(120.8));
        autoscaler.conditions[2].status = "True".to_owned();
        autoscaler.conditions[2].reason = "ScaleUpLimit".to_owned();
        autoscaler.conditions[2].message =
            "the desired replica count is increasing faster than the maximum scale rate".to_owned();
        autoscaler.last_rescale_message = Some(
            "New size: 8; reason: cpu resource utilization (percentage of request) above target"
                .to_owned(),
        );
    }
    snapshot.explanation = limited_scale_up();
    let used = [("cfzw8", 79), ("ld6f4", 81), ("gpz5k", 93), ("2kzxw", 86)];
    snapshot.pods = used
        .iter()
        .map(|(name, usage_m)| PodState {
            cpu: Some(PodCpu {
                usage_m: *usage_m,
                memory_mi: 63,
                time: at(105.0),
                window_ms: 15_000,
            }),
            ..app_pod(
                &format!("webapp-d5b46ffdb-{name}"),
                if *name == "cfzw8" { at(0.2) } else { at(75.8) },
            )
        })
        .chain(["fk2ll", "k2rhg", "lvbg9", "mj22j"].iter().map(|name| {
            let ready = *name != "mj22j" && *name != "lvbg9";
            PodState {
                ready,
                status: if ready {
                    "Running"
                } else {
                    "ContainerCreating"
                }
                .to_owned(),
                ..app_pod(&format!("webapp-d5b46ffdb-{name}"), at(105.9))
            }
        }))
        .chain([PodState {
            role: PodRole::Load,
            ..app_pod("locust-headless-rjdcm", at(49.7))
        }])
        .collect();
    (snapshot, history())
}

pub(crate) fn counted(pods: u32, uncounted: u32, diluted: u32) -> Counted {
    Counted {
        pods,
        uncounted,
        diluted,
    }
}
