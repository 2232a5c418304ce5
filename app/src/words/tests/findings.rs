//! The exact sentences of troubles.

use super::super::*;
use super::says;
use crate::figures::Zone;
use crate::model::samples::{self, at};
use crate::model::{Finding, Notice, Snapshot, Unwatched};

fn trouble(finding_: &Finding) -> (String, String) {
    let (snapshot, _) = samples::mid_load();
    let why = finding(finding_, &snapshot, at(112.0), Zone::default());
    assert!(why.trouble);
    (why.sentence, why.arithmetic)
}

#[test]
fn full_quota_is_read_from_the_message() {
    let refused = Finding::PodsRefused {
        asked: 10,
        existing: 4,
        message: "pods \"webapp-d5b46ffdb-x\" is forbidden: exceeded quota: workshop, requested: requests.cpu=50m, used: requests.cpu=300m, limited: requests.cpu=300m".to_owned(),
    };
    says(
        trouble(&refused),
        "Asked for 10, only 4 exist: quota workshop is full.",
        "requests.cpu 300m of 300m",
    );
    // The list of troubles has its cure, too.
    let in_full = crate::words::trouble(
        &refused,
        &samples::idle(),
        samples::at(51.0),
        Zone::default(),
    );
    assert!(in_full.cure.starts_with("Room comes when other pods go"));
}

#[test]
fn full_nodes_tell_the_request() {
    says(
        trouble(&Finding::Unschedulable {
            pods: 4,
            message: "0/1 nodes are available: 1 Insufficient cpu.".to_owned(),
        }),
        "Asked for 8, 4 run: 4 pods find no node with 50m CPU free.",
        "0/1 nodes are available: 1 Insufficient cpu. Tell your instructor.",
    );
}

#[test]
fn missing_request_names_the_container() {
    let message =
        "failed to get cpu utilization: missing request for cpu in container app of Pod webapp-1";
    let since = at(112.0 - 130.0);
    says(
        trouble(&Finding::NoCpuValue {
            since,
            message: message.to_owned(),
        }),
        "No CPU value for 2:10: no CPU request is set on container app.",
        &format!("{message} · Give every container resources.requests.cpu."),
    );
}

#[test]
fn namespace_that_is_not_seen_is_never_told_as_empty() {
    says(
        trouble(&Finding::NotWatched {
            why: Unwatched::NoRole,
        }),
        "The panel may not read the namespace workshop-user-7.",
        "An administrator runs `workshop seats create --namespaced` again: it brings the seats' Roles up to date.",
    );
    says(
        trouble(&Finding::NotWatched {
            why: Unwatched::TooMany { most: 50 },
        }),
        "The panel watches 50 seats one by one, and workshop-user-7 is one more.",
        "An administrator deletes seats, or lets the panel read the whole cluster.",
    );
}

/// One of each, as a class may meet it.
fn all() -> Vec<Finding> {
    let text = str::to_owned;
    let since = at(60.0);
    let pod = || text("webapp-d5b46ffdb-gpz5k");
    vec![
        Finding::ClusterUnreachable { since },
        Finding::NotWatched {
            why: Unwatched::NoRole,
        },
        Finding::NotRecognised {
            deployments: vec![text("my-app")],
        },
        Finding::ImagePull {
            pod: pod(),
            image: text("nowhere/webapp:1"),
            message: text("ErrImagePull"),
        },
        Finding::ConfigMissing {
            pod: pod(),
            object: text("ConfigMap"),
            name: text("webapp-code"),
            message: text("configmap \"webapp-code\" not found"),
        },
        Finding::OutOfMemory {
            pod: pod(),
            container: text("webapp"),
            limit: Some(text("32Mi")),
            restarts: 3,
        },
        Finding::CrashLoop {
            pod: pod(),
            restarts: 3,
            probe: None,
        },
        Finding::CrashLoop {
            pod: pod(),
            restarts: 3,
            probe: Some(text("liveness")),
        },
        Finding::PodsRefused {
            asked: 4,
            existing: 1,
            message: text("violates PodSecurity \"restricted:latest\""),
        },
        Finding::Unschedulable {
            pods: 1,
            message: text("0/3 nodes are available."),
        },
        Finding::NotReady {
            pods: 1,
            pod: pod(),
            since,
            never: true,
            message: text("Readiness probe failed"),
        },
        Finding::KedaAbsent,
        Finding::KedaIgnores {
            name: text("webapp"),
            since,
        },
        Finding::FinalizerHangs {
            name: text("webapp"),
            since,
        },
        Finding::TargetMissing {
            name: text("webapp"),
            target: text("wepapp"),
        },
        Finding::ScaledObjectNotReady {
            name: text("webapp"),
            message: text("The 'type' setting is DEPRECATED and is removed in v2.18"),
        },
        Finding::ScaledObjectPaused {
            name: text("webapp"),
            annotation: text("autoscaling.keda.sh/paused"),
        },
        Finding::TwoAutoscalers {
            names: vec![text("keda-hpa-webapp"), text("mine")],
            target: text("webapp"),
        },
        Finding::ScaledToZero {
            name: text("webapp"),
        },
        Finding::SetBack {
            name: text("webapp"),
            from: 8,
            to: 1,
            at: since,
            by: text("kubectl"),
        },
        Finding::MetricsAbsent,
        Finding::MetricsUnavailable { since },
        Finding::MetricsLate {
            pod: pod(),
            window_ms: 60_000,
        },
        Finding::NoCpuRequest {
            container: text("sidecar"),
            pod: pod(),
        },
        Finding::NoCpuValue {
            since,
            message: text("no metrics returned"),
        },
        Finding::LoadCannotStart {
            job: text("mine"),
            error: Some(text("invalid int value: 'tcp://10.0.0.1:80'")),
            service_link: true,
        },
        Finding::LoadAllFails {
            job: text("mine"),
            requests: 40,
            error: None,
        },
        Finding::LoadFailedAfterRun {
            job: text("mine"),
            reason: text("BackoffLimitExceeded"),
            requests: 4_000,
            failures: 3,
        },
        Finding::LoadOrphaned {
            pod: text("locust-headless-rjdcm"),
        },
        Finding::LoadPastTime {
            job: text("mine"),
            ends: since,
        },
        Finding::OneHotPod {
            pod: pod(),
            percent: 198,
            idle: 3,
        },
    ]
}

#[test]
fn every_trouble_has_a_sentence_a_cure_and_a_way_to_see_it() {
    let (snapshot, _) = samples::mid_load();
    for finding_ in all() {
        let told = super::super::trouble(&finding_, &snapshot, at(112.0), Zone::default());
        assert!(told.cause.ends_with('.'), "{finding_:?}: {}", told.cause);
        assert_eq!(
            told.cause.matches(". ").count(),
            0,
            "one sentence: {}",
            told.cause
        );
        assert!(!told.cure.is_empty(), "{finding_:?}");
        assert!(!cause(&finding_).is_empty());
        let of_the_panel = matches!(
            finding_,
            Finding::ClusterUnreachable { .. } | Finding::NotWatched { .. }
        );
        assert_eq!(
            told.command.starts_with("kubectl "),
            !of_the_panel,
            "{finding_:?}"
        );
        let (sentence, line) = trouble(&finding_);
        assert_eq!(sentence, told.cause);
        assert!(!line.is_empty(), "{finding_:?}");
    }
}

#[test]
fn missing_config_map_is_named_with_the_pod_that_waits() {
    let told = super::super::trouble(&all()[4], &samples::idle(), at(112.0), Zone::default());
    assert_eq!(
        told.cause,
        "The pod waits: ConfigMap webapp-code is missing, or a key of it."
    );
    assert_eq!(
        told.object,
        Some(("Pod", "webapp-d5b46ffdb-gpz5k".to_owned()))
    );
    assert_eq!(
        told.command,
        "kubectl describe pod webapp-d5b46ffdb-gpz5k -n workshop-user-7"
    );
}

#[test]
fn cause_of_failed_requests_is_looked_for_where_it_can_be_seen() {
    let fails = |error: Option<&str>| Finding::LoadAllFails {
        job: "mine".to_owned(),
        requests: 1_036,
        error: error.map(str::to_owned),
    };
    let told = |finding: &Finding, snapshot: &Snapshot| {
        super::super::trouble(finding, snapshot, at(112.0), Zone::default()).cause
    };
    let (snapshot, _) = samples::mid_load();
    let unknown = fails(Some("GET /fib: gaierror(-2, 'Name or service not known')"));
    assert_eq!(
        told(&unknown, &snapshot),
        "All 1,036 requests of the load failed: no Service has the name that Locust asks for."
    );
    let mut without_service = snapshot.clone();
    without_service.service = None;
    assert!(told(&fails(None), &without_service).ends_with("no Service leads to the app."));
    let mut without_pods = snapshot;
    without_pods.pods.clear();
    assert!(told(&fails(None), &without_pods).ends_with("no pod of the app is ready."));
}

#[test]
fn countdown_of_a_trouble_is_not_announced() {
    let (snapshot, _) = samples::mid_load();
    let ignored = Finding::KedaIgnores {
        name: "webapp".to_owned(),
        since: at(60.0),
    };
    let why = finding(&ignored, &snapshot, at(112.0), Zone::default());
    assert!(why.sentence.contains("for 52 s"), "{}", why.sentence);
    assert_eq!(why.announced, "KEDA has not touched ScaledObject webapp.");
}

#[test]
fn what_else_is_there_is_told_in_a_sentence_each() {
    let text = str::to_owned;
    for (notice_, sentence) in [
        (
            Notice::Deployments {
                names: vec![text("database")],
                app: text("webapp"),
            },
            "Deployment database is not shown here: the app is webapp.",
        ),
        (
            Notice::Jobs {
                names: vec![text("a"), text("b")],
            },
            "Jobs a, b are no load: no Locust runs there.",
        ),
        (
            Notice::Pods {
                names: vec![text("debug")],
            },
            "Pod debug is no part of the workshop.",
        ),
        (
            Notice::Autoscaler {
                name: text("mine"),
                target: text("database"),
            },
            "HPA mine scales database, which is not the app.",
        ),
    ] {
        assert_eq!(notice(&notice_), sentence);
    }
}
