//! Metrics of every kind against the figures of upstream's own cases (`replica_calculator_test.go`; the case's name
//! stands beside each) and of the documentation's examples.

use autoscaling::replica_calculator::{
    MissingRequest, Phase, PodState, Readiness, ResourceKind, Sample, Target, Tolerances,
    metric_replicas,
};
use autoscaling::unavailable::Unavailable;
use autoscaling::{Behavior, CpuMillis, Evaluation, Metric, MetricFailure, Outcome};

const NOW: i64 = 3_600_000;

/// What a case makes of a pod.
#[derive(Clone, Copy)]
enum Is {
    Ready,
    /// Not ready, and never was.
    Unready,
    /// Ready since just now, so that its sample reaches back to its start.
    Hot,
    Failed,
    Deleting,
}

fn pod(is: Is, usage: Option<i64>) -> PodState {
    let young = matches!(is, Is::Unready | Is::Hot);
    let start = if young { NOW - 60_000 } else { 0 };
    PodState {
        name: "webapp".to_owned(),
        phase: match is {
            Is::Failed => Phase::Terminal,
            _ => Phase::Running,
        },
        deleting: matches!(is, Is::Deleting),
        start_time: Some(start),
        ready: Some(Readiness {
            ready: !matches!(is, Is::Unready),
            since: if young { NOW - 20_000 } else { 0 },
        }),
        request: Ok(CpuMillis(1000)),
        sample: usage.map(|usage| Sample {
            usage: CpuMillis(usage),
            timestamp: NOW - 10_000,
            window: 15_000,
        }),
    }
}

fn pods(of: &[(Is, Option<i64>)]) -> Vec<PodState> {
    of.iter().map(|(is, usage)| pod(*is, *usage)).collect()
}

fn all_ready(usages: &[i64]) -> Vec<PodState> {
    usages
        .iter()
        .map(|usage| pod(Is::Ready, Some(*usage)))
        .collect()
}

#[test]
fn upstreams_cases_of_unready_missing_and_failed_pods() {
    use Is::{Deleting, Failed, Hot, Ready, Unready};
    // current, target percent, pods; replicas and percent.
    type Case = (
        &'static str,
        u32,
        u32,
        &'static [(Is, Option<i64>)],
        u32,
        u32,
    );
    let cases: [Case; 16] = [
        (
            "ScaleUpUnreadyLessScale",
            3,
            30,
            &[(Unready, Some(300)), (Ready, Some(500)), (Ready, Some(700))],
            4,
            60,
        ),
        (
            "ScaleUpHotCpuLessScale",
            3,
            30,
            &[(Hot, Some(300)), (Ready, Some(500)), (Ready, Some(700))],
            4,
            60,
        ),
        (
            "ScaleUpUnreadyNoScale",
            3,
            30,
            &[
                (Ready, Some(400)),
                (Unready, Some(500)),
                (Unready, Some(700)),
            ],
            3,
            40,
        ),
        (
            "ScaleHotCpuNoScale",
            3,
            30,
            &[(Ready, Some(400)), (Hot, Some(500)), (Hot, Some(700))],
            3,
            40,
        ),
        (
            "ScaleUpIgnoresFailedPods",
            2,
            30,
            &[
                (Ready, Some(500)),
                (Ready, Some(700)),
                (Failed, None),
                (Failed, None),
            ],
            4,
            60,
        ),
        (
            "ScaleUpIgnoresDeletionPods",
            2,
            30,
            &[
                (Ready, Some(500)),
                (Ready, Some(700)),
                (Deleting, Some(900)),
                (Deleting, None),
            ],
            4,
            60,
        ),
        (
            "ScaleDownExcludeUnreadyPods",
            5,
            50,
            &[
                (Ready, Some(100)),
                (Ready, Some(300)),
                (Ready, Some(500)),
                (Unready, Some(250)),
                (Unready, Some(250)),
            ],
            2,
            30,
        ),
        (
            "ScaleDownIgnoreHotCpuPods",
            5,
            50,
            &[
                (Ready, Some(100)),
                (Ready, Some(300)),
                (Ready, Some(500)),
                (Hot, Some(250)),
                (Hot, Some(250)),
            ],
            2,
            30,
        ),
        (
            "MissingMetrics",
            4,
            100,
            &[
                (Ready, Some(400)),
                (Ready, Some(95)),
                (Ready, None),
                (Ready, None),
            ],
            3,
            24,
        ),
        (
            "MissingMetricsNoChangeEq",
            2,
            100,
            &[(Ready, Some(1000)), (Ready, None)],
            2,
            100,
        ),
        (
            "MissingMetricsNoChangeGt",
            2,
            100,
            &[(Ready, Some(1900)), (Ready, None)],
            2,
            190,
        ),
        (
            "MissingMetricsNoChangeLt",
            2,
            100,
            &[(Ready, Some(600)), (Ready, None)],
            2,
            60,
        ),
        (
            "MissingMetricsUnreadyChange",
            3,
            50,
            &[(Unready, Some(100)), (Ready, Some(450)), (Ready, None)],
            3,
            45,
        ),
        (
            "MissingMetricsUnreadyScaleUp",
            3,
            50,
            &[(Unready, Some(100)), (Ready, Some(2000)), (Ready, None)],
            4,
            200,
        ),
        (
            "MissingMetricsHotCpuScaleUp",
            3,
            50,
            &[(Hot, Some(100)), (Ready, Some(2000)), (Ready, None)],
            4,
            200,
        ),
        (
            "MissingMetricsUnreadyScaleDown",
            4,
            50,
            &[
                (Unready, Some(100)),
                (Ready, Some(100)),
                (Ready, Some(100)),
                (Ready, None),
            ],
            3,
            10,
        ),
    ];
    for (name, current, target, of, replicas, percent) in cases {
        let target = Target::Utilization(target);
        let result = metric_replicas(
            current,
            target,
            ResourceKind::Cpu,
            &pods(of),
            Tolerances::default(),
            NOW,
        );
        let result = result.unwrap();
        assert_eq!(
            (result.replicas, result.utilization),
            (replicas, Some(percent)),
            "{name}"
        );
    }
}

#[test]
fn upstreams_cases_of_average_values() {
    // current, target, usages; replicas and mean.
    type Case = (&'static str, u32, i64, &'static [i64], u32, i64);
    let cases: [Case; 6] = [
        ("ScaleUpCM", 3, 15_000, &[20_000, 10_000, 30_000], 4, 20_000),
        (
            "ScaleUpCMUnreadyHotCpuNoLessScale",
            3,
            15_000,
            &[50_000, 10_000, 30_000],
            6,
            30_000,
        ),
        (
            "ScaleUpCMUnreadyHotCpuScaleWouldScaleDown",
            3,
            15_000,
            &[50_000, 15_000, 30_000],
            7,
            31_666,
        ),
        ("ScaleDownCM", 5, 20_000, &[12_000; 5], 3, 12_000),
        (
            "ToleranceCM",
            3,
            20_000,
            &[20_000, 21_000, 21_000],
            3,
            20_666,
        ),
        ("ScaleDown", 5, 500, &[100, 300, 500, 250, 250], 3, 280),
    ];
    for (name, current, target, usages, replicas, mean) in cases {
        let target = Target::AverageValue(CpuMillis(target));
        let result = metric_replicas(
            current,
            target,
            ResourceKind::Other,
            &all_ready(usages),
            Tolerances::default(),
            NOW,
        );
        let result = result.unwrap();
        assert_eq!(
            (result.replicas, result.average.0, result.utilization),
            (replicas, mean, None),
            "{name}"
        );
    }
}

#[test]
fn by_value_a_missing_pod_is_on_target_on_the_way_down_and_needs_no_request() {
    let mut of = pods(&[(Is::Ready, Some(100)), (Is::Ready, None), (Is::Ready, None)]);
    for pod in &mut of {
        pod.request = Err(MissingRequest {
            container: "webapp".to_owned(),
        });
    }
    let ask = |target| {
        metric_replicas(
            3,
            target,
            ResourceKind::Cpu,
            &of,
            Tolerances::default(),
            NOW,
        )
    };
    // (100 + 500 + 500) / 3 = 366 of 500.
    assert_eq!(
        ask(Target::AverageValue(CpuMillis(500))).unwrap().replicas,
        3
    );
    assert!(matches!(
        ask(Target::Utilization(50)),
        Err(Unavailable::MissingRequest { .. })
    ));
}

#[test]
fn only_cpu_is_distrusted_while_a_pod_starts() {
    let hot = pods(&[(Is::Hot, Some(900)), (Is::Unready, Some(900))]);
    let ask = |kind| {
        metric_replicas(
            2,
            Target::Utilization(50),
            kind,
            &hot,
            Tolerances::default(),
            NOW,
        )
    };
    assert_eq!(ask(ResourceKind::Cpu), Err(Unavailable::PodsMightBeUnready));
    assert_eq!(ask(ResourceKind::Other).unwrap().replicas, 4);
}

/// Kubernetes' page on the autoscaler: up at 105 MiB of 100 with a tolerance of 5 %, down below 90 with the default.
#[test]
fn tolerance_of_the_documentations_example() {
    let behavior: Behavior =
        serde_json::from_value(serde_json::json!({"scaleUp": {"tolerance": "0.05"}})).unwrap();
    let tolerances = behavior.with_defaults().tolerances();
    let mebibytes = |count: i64| CpuMillis(count * 1024 * 1024 * 1000);
    for (usage, replicas) in [(105, 4), (106, 5), (90, 4), (89, 4), (74, 3)] {
        let pods: Vec<PodState> = (0..4)
            .map(|_| pod(Is::Ready, Some(mebibytes(usage).0)))
            .collect();
        let target = Target::AverageValue(mebibytes(100));
        let result = metric_replicas(4, target, ResourceKind::Other, &pods, tolerances, NOW);
        assert_eq!(result.unwrap().replicas, replicas, "{usage} MiB");
    }
}

#[test]
fn tolerance_is_a_quantity_and_each_direction_has_its_own() {
    let of = |json: serde_json::Value| {
        serde_json::from_value::<Behavior>(json)
            .unwrap()
            .tolerances()
    };
    let own = of(serde_json::json!({"scaleDown": {"tolerance": "50m"}}));
    assert_eq!((own.scale_up, own.scale_down), (0.1, 0.05));
    let zero = of(serde_json::json!({"scaleUp": {"tolerance": "0"}}));
    assert_eq!((zero.scale_up, zero.scale_down), (0.0, 0.1));
}

fn metric<'a>(resource: &'a str, target: Target, pods: &'a [PodState]) -> Metric<'a> {
    Metric {
        resource,
        container: None,
        target: Some(target),
        pods: Ok(pods),
    }
}

fn unserved() -> MetricFailure {
    MetricFailure {
        reason: "FailedGetPodsMetric",
        error: "nobody serves it".to_owned(),
        prevented: "failed to get pods metric value: nobody serves it".to_owned(),
    }
}

#[test]
fn highest_proposal_counts() {
    let (busy, idle) = (all_ready(&[900, 900]), all_ready(&[100, 100]));
    let metrics = [
        Ok(metric("cpu", Target::Utilization(50), &idle)),
        Ok(metric(
            "memory",
            Target::AverageValue(CpuMillis(300)),
            &busy,
        )),
    ];
    let evaluation = Evaluation::of(&metrics, 2, Tolerances::default(), NOW);
    assert_eq!(
        evaluation.outcome,
        Outcome::Wanted {
            replicas: 6,
            metric: "memory resource".to_owned()
        }
    );
    assert_eq!(evaluation.invalid_metrics(), None);
}

#[test]
fn metric_without_a_value_lets_the_count_rise_but_not_fall() {
    let outcome = |usages: &[i64]| {
        let pods = all_ready(usages);
        let metrics = [
            Err(unserved()),
            Ok(metric("cpu", Target::Utilization(50), &pods)),
        ];
        Evaluation::of(&metrics, 2, Tolerances::default(), NOW)
    };
    let up = outcome(&[900, 900]);
    assert!(matches!(up.outcome, Outcome::Wanted { replicas: 4, .. }));
    assert_eq!(up.failures, [unserved()]);
    assert!(matches!(
        outcome(&[500, 500]).outcome,
        Outcome::Wanted { replicas: 2, .. }
    ));
    let down = outcome(&[100, 100]);
    assert_eq!(down.outcome, Outcome::Insufficient);
    assert_eq!(
        down.invalid_metrics().unwrap(),
        "invalid metrics (1 invalid out of 2), first error is: failed to get pods metric value: nobody serves it"
    );
}

#[test]
fn entry_without_a_target_is_invalid() {
    let pods = all_ready(&[100]);
    let metrics = [Ok(Metric {
        target: None,
        ..metric("cpu", Target::Utilization(1), &pods)
    })];
    let evaluation = Evaluation::of(&metrics, 1, Tolerances::default(), NOW);
    assert_eq!(evaluation.outcome, Outcome::Insufficient);
    assert_eq!(
        evaluation.failures[0].error,
        "invalid resource metric source: neither an average utilization target nor an average value (usage) target was set"
    );
}
