//! Snapshots and histories for the tests of this room, after `load-and-stop` as it was recorded on a real cluster:
//! 1 → 4 → 8 pods, 200 % and 181 % of the request.

use super::*;

/// 2026-03-02 14:00:00 UTC.
pub(crate) const T0: TimeMs = TimeMs(1_772_460_000_000);

/// Seconds after [`T0`].
pub(crate) fn at(seconds: f64) -> TimeMs {
    T0.plus_ms((seconds * 1000.0) as i64)
}

fn panel_owner() -> Owner {
    Owner {
        manager: "workshop-panel".to_owned(),
        own: true,
    }
}

pub(crate) fn panel() -> Panel {
    Panel {
        build: "b1".to_owned(),
        kubernetes: Some("v1.35.4".to_owned()),
        simulated: true,
        load_defaults: LoadSettings::DEFAULT,
        load_limits: LoadLimits {
            users: 500,
            spawn_rate: 100,
            run_time_s: 1800,
            n: 35,
        },
        class: ClassPhase::Running,
        single_sign_on: false,
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

fn autoscaler() -> AutoscalerState {
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
        last_scale_time: None,
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

/// A load of 150 users, started at 49.7 s, with its first users a second later.
pub(crate) fn load() -> LoadState {
    LoadState {
        job: "locust-headless".to_owned(),
        uid: "9b0d".to_owned(),
        stage: LoadStage::Running,
        manager: "workshop-panel".to_owned(),
        own: true,
        created: at(49.7),
        users_wanted: Some(150),
        guess: None,
        deleted: None,
        spawn_rate: Some(15),
        run_time_s: Some(300),
        first_users: Some(at(50.8)),
        ends: Some(at(350.8)),
        figures: Some(LoadFigures {
            time: at(111.0),
            users: Some(150),
            rps: 31.2,
            failures_per_s: 0.0,
            requests: 1_036,
            failures: 0,
            p50_ms: Some(1_300),
            p95_ms: Some(9_800),
        }),
        pods: 1,
        end: None,
    }
}

/// The look that went from 4 to 8 is 6 s ago; two of the new pods start.
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
        autoscaler.last_scale_time = Some(at(105.8));
        autoscaler.conditions[2].status = "True".to_owned();
        autoscaler.conditions[2].reason = "ScaleUpLimit".to_owned();
        autoscaler.conditions[2].message =
            "the desired replica count is increasing faster than the maximum scale rate".to_owned();
        autoscaler.last_rescale_message = Some(
            "New size: 8; reason: cpu resource utilization (percentage of request) above target"
                .to_owned(),
        );
    }
    snapshot.explanation = Explanation::ScaledUpLimited {
        at: at(105.8),
        from: 4,
        to: 8,
        wanted: 13,
        percent: 181,
        target: 60,
        counted: counted(4, 0, 181),
        rule: Some((4, 100)),
    };
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

/// What the why panel said until the look that went from 4 to 8, newest last.
fn told() -> Vec<Told> {
    let used = |pod: &str, usage_m: Option<i64>, counts| UsedSample {
        pod: format!("webapp-d5b46ffdb-{pod}"),
        usage_m,
        percent: usage_m.map(|usage| usage as u32 * 2),
        age_ms: usage_m.map(|_| 8_100),
        counts,
    };
    let told = |t, explanation, conditions: &[Condition], samples| {
        Told {
        time: at(t),
        explanation,
        evidence: Evidence {
            look: Some(at(t)),
            conditions: conditions.to_vec(),
            event: Some(SaidEvent {
                time: Some(at(t)),
                reason: "SuccessfulRescale".to_owned(),
                message: "New size: 8; reason: cpu resource utilization (percentage of request) above target".to_owned(),
            }),
            samples,
        },
    }
    };
    let idle = autoscaler().conditions;
    let mut limited = idle.clone();
    limited[2].status = "True".to_owned();
    limited[2].reason = "ScaleUpLimit".to_owned();
    limited[2].message =
        "the desired replica count is increasing faster than the maximum scale rate".to_owned();
    vec![
        told(
            30.8,
            Explanation::EnoughAtMinimum {
                replicas: 1,
                percent: 4,
                target: 60,
                minimum: 1,
            },
            &idle,
            vec![used("cfzw8", Some(2), Counts::Sample)],
        ),
        told(
            75.8,
            Explanation::ScaledUp {
                at: at(75.8),
                from: 1,
                to: 4,
                percent: 200,
                target: 60,
                counted: counted(1, 0, 200),
                allowed: 5,
            },
            &idle,
            vec![used("cfzw8", Some(100), Counts::Sample)],
        ),
        told(
            90.8,
            Explanation::NewPodsCountAsZero {
                replicas: 4,
                percent: 200,
                target: 60,
                counted: counted(4, 3, 50),
            },
            &idle,
            vec![
                used("cfzw8", Some(100), Counts::Sample),
                used("ld6f4", None, Counts::Zero),
                used("gpz5k", None, Counts::Zero),
                used("2kzxw", None, Counts::Zero),
            ],
        ),
        told(
            105.8,
            Explanation::ScaledUpLimited {
                at: at(105.8),
                from: 4,
                to: 8,
                wanted: 13,
                percent: 181,
                target: 60,
                counted: counted(4, 0, 181),
                rule: Some((4, 100)),
            },
            &limited,
            vec![
                used("cfzw8", Some(100), Counts::Sample),
                used("ld6f4", Some(81), Counts::Sample),
                used("gpz5k", Some(93), Counts::Sample),
                used("2kzxw", Some(86), Counts::Sample),
            ],
        ),
    ]
}

/// The scale-ups of the same run; the second one is under way.
fn reactions() -> Vec<Reaction> {
    let reaction = |from, to, decision| Reaction {
        from,
        to,
        users_on: Some(at(50.8)),
        decision: at(decision),
        ready: None,
        first_sample: None,
        counted: None,
        p95_before_ms: Some(12_000),
        p95_after_ms: None,
        over: false,
    };
    vec![
        Reaction {
            ready: Some(at(80.9)),
            first_sample: Some(at(97.7)),
            counted: Some(at(105.8)),
            p95_after_ms: Some(5_100),
            over: true,
            ..reaction(1, 4, 75.8)
        },
        reaction(4, 8, 105.8),
    ]
}

pub(crate) fn history_with_one_sample() -> History {
    History {
        load: vec![LoadSample {
            time: at(30.0),
            users: Some(1),
            rps: 1.0,
            failures_per_s: 0.0,
            p50_ms: None,
            p95_ms: None,
        }],
        ..History::default()
    }
}

/// What was observed until the look that went from 4 to 8.
fn history() -> History {
    let pods = |t, asked, ready, wanted| PodCounts {
        time: at(t),
        asked: Some(asked),
        ready,
        wanted: Some(wanted),
        min: Some(1),
        max: Some(10),
    };
    let cpu = |t, pods, percent: f64| CpuSample {
        time: at(t),
        window_ms: 15_000,
        pods,
        percent,
        highest_percent: percent + 6.0,
        limit_percent: Some(200.0),
    };
    let look = |t, percent, current, desired| Look {
        time: at(t),
        utilization_percent: percent,
        target_percent: Some(60),
        current: Some(current),
        desired,
        held: false,
    };
    let load = (0..31).map(|step| {
        let t = 51.0 + f64::from(step) * 2.0;
        let users = ((f64::from(step) * 2.0 + 1.0) * 15.0).min(150.0) as u32;
        let pods = if t < 80.5 { 1.0 } else { 4.0 };
        let rps = 7.4 * pods;
        let p95_ms = (f64::from(users) / rps * 780.0).min(12_000.0) as u32;
        LoadSample {
            time: at(t),
            users: Some(users),
            rps,
            failures_per_s: 0.0,
            p50_ms: (step > 0).then_some(p95_ms / 2),
            p95_ms: (step > 0).then_some(p95_ms),
        }
    });
    let always = |from| {
        vec![Interval {
            from: at(from),
            to: None,
        }]
    };
    History {
        pods: vec![
            pods(0.2, 1, 0, 1),
            pods(4.4, 1, 1, 1),
            pods(75.8, 4, 1, 4),
            pods(80.4, 4, 4, 4),
            pods(105.8, 8, 4, 13),
            pods(110.4, 8, 6, 13),
        ],
        cpu: vec![
            cpu(22.7, 1, 4.0),
            cpu(37.7, 1, 4.0),
            cpu(52.7, 1, 32.0),
            cpu(67.7, 1, 200.0),
            cpu(82.7, 1, 200.0),
            cpu(97.7, 4, 181.0),
        ],
        looks: vec![
            look(15.7, None, 1, 0),
            look(30.8, Some(4), 1, 1),
            look(60.8, Some(32), 1, 1),
            look(75.8, Some(200), 1, 4),
            look(90.8, Some(200), 4, 4),
            look(105.8, Some(181), 4, 8),
        ],
        rescales: vec![
            Rescale {
                time: at(75.8),
                from: 1,
                to: 4,
            },
            Rescale {
                time: at(105.8),
                from: 4,
                to: 8,
            },
        ],
        load: load.collect(),
        marks: vec![LoadMark {
            time: at(50.8),
            on: true,
        }],
        log: load_log(),
        events: events(),
        told: told(),
        reactions: reactions(),
        observed: Observed {
            cluster: always(0.0),
            metrics: always(0.0),
            load: always(50.0),
        },
        steps: [
            Some(at(4.4)),
            Some(at(30.8)),
            Some(at(50.8)),
            Some(at(75.8)),
            None,
            None,
        ],
    }
}

/// The log of [`load`] so far.
pub(crate) fn load_log() -> LoadLogTail {
    let mut log = LoadLogTail::of("9b0d", "locust-headless-rjdcm", "5c1e");
    let stamp = "[2026-03-02 14:00:50,807] locust-headless-rjdcm/INFO";
    let lines = [
        (
            LineKind::Said,
            format!("{stamp}/locust.main: Starting Locust 2.32.2"),
        ),
        (
            LineKind::Said,
            format!("{stamp}/locust.main: Run time limit set to 300 seconds"),
        ),
        (
            LineKind::Said,
            format!("{stamp}/locust.runners: Ramping to 150 users at a rate of 15.00 per second"),
        ),
        (
            LineKind::Figures,
            r#"{"workshop_load": {"users": 15}}"#.to_owned(),
        ),
        (
            LineKind::Said,
            "a <b>line</b> of the locustfile & its own".to_owned(),
        ),
    ];
    for (n, (kind, text)) in (1..).zip(lines) {
        log.push(LogLine::new(n, at(50.8), kind, &text));
    }
    log
}

/// Locust's tables at its end.
pub(crate) fn load_tables() -> LoadTables {
    LoadTables {
        statistics: "Type     Name         # reqs      # fails |    Avg     Min     Max    Med |   req/s  failures/s\n\
                     --------|------------|-------|-------------|-------|-------|-------|-------|--------|-----------\n\
                     GET      /fib           1036     0(0.00%) |   4231      12    9811   1300 |   17.27        0.00\n\
                     --------|------------|-------|-------------|-------|-------|-------|-------|--------|-----------\n         \
                     Aggregated     1036     0(0.00%) |   4231      12    9811   1300 |   17.27        0.00"
            .to_owned(),
        percentiles: Some(
            "Type     Name              50%    66%    75%    80%    90%    95%    98%    99%  99.9% 99.99%   100% # reqs\n         \
             Aggregated       1300   1500   1800   2000   8700   9800   9800   9800   9800   9800   9811   1036"
                .to_owned(),
        ),
        errors: None,
    }
}

/// A run of it, with its record.
pub(crate) fn run() -> RunRecord {
    let (snapshot, mut history) = mid_load();
    history.log.tables = Some(load_tables());
    let mut load = load();
    load.stage = LoadStage::Ended;
    load.end = Some(LoadEnd {
        time: at(112.0),
        outcome: LoadOutcome::Finished,
    });
    RunRecord {
        namespace: snapshot.namespace,
        summary: RunSummary {
            load,
            users_on: Some(at(50.8)),
            users_off: Some(at(111.0)),
            most_pods: Some(6),
            scaled_up_after_ms: Some(25_000),
            p95_before_ms: Some(12_000),
            p95_last_ms: Some(3_950),
        },
        from: T0,
        until: at(112.0),
        cpu_limit_m: Some(100),
        autoscaler: snapshot.autoscaler,
        history,
    }
}

/// Events as the recorded run had them.
pub(crate) fn events() -> Vec<EventLine> {
    let event =
        |t, first, warning, reason: &str, (kind, name): (&str, &str), message: &str| EventLine {
            uid: format!("{reason}-{t}"),
            time: at(t),
            first: at(first),
            warning,
            reason: reason.to_owned(),
            message: message.to_owned(),
            kind: kind.to_owned(),
            name: name.to_owned(),
            source: match kind {
                "Pod" => "kubelet",
                "ScaledObject" => "keda-operator",
                "Deployment" => "deployment-controller",
                _ => "horizontal-pod-autoscaler",
            }
            .to_owned(),
            count: if t > first { 2 } else { 1 },
            normal: warning.then_some(NormalWarning::AtStart),
        };
    let pod = ("Pod", "webapp-d5b46ffdb-gpz5k");
    let hpa = ("HorizontalPodAutoscaler", "keda-hpa-webapp");
    let deployment = ("Deployment", "webapp");
    vec![
        event(
            0.2,
            0.2,
            false,
            "ScalingReplicaSet",
            deployment,
            "Scaled up replica set webapp-d5b46ffdb from 0 to 1",
        ),
        event(
            0.7,
            0.7,
            false,
            "ScaledObjectReady",
            ("ScaledObject", "webapp"),
            "ScaledObject is ready for scaling",
        ),
        event(
            30.8,
            15.8,
            true,
            "FailedGetResourceMetric",
            hpa,
            "failed to get cpu utilization: unable to get metrics for resource cpu: no metrics returned from resource metrics API",
        ),
        event(
            75.8,
            75.8,
            false,
            "SuccessfulRescale",
            hpa,
            "New size: 4; reason: cpu resource utilization (percentage of request) above target",
        ),
        event(
            75.9,
            75.9,
            false,
            "ScalingReplicaSet",
            deployment,
            "Scaled up replica set webapp-d5b46ffdb from 1 to 4",
        ),
        event(
            76.4,
            76.4,
            false,
            "Pulled",
            pod,
            "Container image already present on machine and can be accessed by the pod",
        ),
        event(76.6, 76.6, false, "Started", pod, "Container started"),
        event(
            105.8,
            105.8,
            false,
            "SuccessfulRescale",
            hpa,
            "New size: 8; reason: cpu resource utilization (percentage of request) above target",
        ),
    ]
}

/// Three seats of a class.
pub(crate) fn overview() -> Overview {
    let row = |seat: &str, phase, ready, asked| SeatRow {
        seat: seat.to_owned(),
        namespace: format!("workshop-user-{}", seat.trim_start_matches('0')),
        name: None,
        sessions: 1,
        revoked: false,
        phase,
        ready,
        asked,
        percent: None,
        users: None,
        load: false,
        load_ends: None,
        help: None,
    };
    Overview {
        time: at(112.0),
        seats: vec![
            SeatRow {
                percent: Some(181),
                users: Some(150),
                load: true,
                load_ends: Some(at(350.8)),
                name: Some("Ana".to_owned()),
                ..row("07", Phase::ScalingUp, 6, 8)
            },
            SeatRow {
                help: Some("The image registry.invalid/webapp cannot be pulled.".to_owned()),
                ..row("08", Phase::Deploying, 0, 1)
            },
            SeatRow {
                sessions: 0,
                ..row("09", Phase::NotStarted, 0, 0)
            },
        ],
    }
}
