//! The replica calculator against upstream's own cases (`replica_calculator_test.go`) and against what a real
//! cluster did with the workshop's Deployment.

#![expect(clippy::unwrap_used, reason = "a test may")]

use autoscaling::CpuMillis;
use autoscaling::load::Random;
use autoscaling::replica_calculator::{
    Calculation, MissingRequest, Phase, PodState, Readiness, Sample, Tolerances, Unavailable,
    desired_replicas, replicas, within_tolerance,
};

/// A time long after every pod's start.
const NOW: i64 = 3_600_000;

/// A ready pod with this request and usage in thousandths of a core.
fn mk_pod(request: i64, usage: Option<i64>) -> PodState {
    PodState {
        name: "webapp".to_owned(),
        phase: Phase::Running,
        deleting: false,
        start_time: Some(0),
        ready: Some(Readiness {
            ready: true,
            since: 0,
        }),
        request: Ok(CpuMillis(request)),
        sample: usage.map(|usage| Sample {
            usage: CpuMillis(usage),
            timestamp: NOW - 10_000,
            window: 15_000,
        }),
    }
}

fn mk_pods(request: i64, usages: &[i64]) -> Vec<PodState> {
    usages
        .iter()
        .map(|usage| mk_pod(request, Some(*usage)))
        .collect()
}

/// Started and became unready just now.
fn unready(mut pod: PodState) -> PodState {
    pod.start_time = Some(NOW - 60_000);
    pod.ready = Some(Readiness {
        ready: false,
        since: NOW - 60_000,
    });
    pod
}

fn calculate(current: u32, target: u32, pods: &[PodState]) -> Result<Calculation, Unavailable> {
    replicas(current, target, pods, Tolerances::default(), NOW)
}

fn wanted(current: u32, target: u32, pods: &[PodState]) -> (u32, u32) {
    let calculation = calculate(current, target, pods).unwrap();
    (calculation.replicas, calculation.utilization)
}

#[test]
fn upstreams_cases_of_full_samples() {
    // TestReplicaCalcScaleUp, …ScaleDown, …SuperfluousMetrics: current, target, usages, replicas, utilization.
    let cases: [(u32, u32, &[i64], u32, u32); 3] = [
        (3, 30, &[300, 500, 700], 5, 50),
        (5, 50, &[100, 300, 500, 250, 250], 3, 28),
        (4, 100, &[4000, 9500, 3000, 7000], 24, 587),
    ];
    for (current, target, usages, replicas, utilization) in cases {
        let result = wanted(current, target, &mk_pods(1000, usages));
        assert_eq!(result, (replicas, utilization), "{usages:?}");
    }
}

#[test]
fn upstreams_case_of_the_tolerance() {
    // TestReplicaCalcTolerance.
    let pods: Vec<PodState> = [(900, 1010), (1000, 1030), (1100, 1020)]
        .into_iter()
        .map(|(request, usage)| mk_pod(request, Some(usage)))
        .collect();
    assert_eq!(wanted(3, 100, &pods), (3, 102));
}

#[test]
fn unready_pods_count_as_idle_on_the_way_up() {
    // TestReplicaCalcScaleUpUnreadyLessScale.
    let mut pods = mk_pods(1000, &[300, 500, 700]);
    pods[0] = unready(pods[0].clone());
    assert_eq!(wanted(3, 30, &pods), (4, 60));
}

#[test]
fn unready_pods_are_left_out_on_the_way_down() {
    // TestReplicaCalcScaleDownIgnoresUnreadyPods.
    let mut pods = mk_pods(1000, &[100, 300, 500, 250, 250]);
    pods[3] = unready(pods[3].clone());
    pods[4] = unready(pods[4].clone());
    assert_eq!(wanted(5, 50, &pods), (2, 30));
}

#[test]
fn missing_samples_count_as_full_on_the_way_down_and_empty_on_the_way_up() {
    let down = [
        mk_pod(1000, Some(50)),
        mk_pod(1000, Some(50)),
        mk_pod(1000, None),
        mk_pod(1000, None),
    ];
    // (50 + 50 + 1000 + 1000) / 4000 = 52 % of a target of 100.
    assert_eq!(wanted(4, 100, &down), (3, 5));
    let flips = [mk_pod(1000, Some(1000)), mk_pod(1000, None)];
    assert_eq!(wanted(2, 60, &flips), (2, 100));
}

#[test]
fn recorded_looks_are_repeated() {
    // recordings: utilization over pods with a sample, pods without one, current -> asked for.
    let cases = [
        (200, 1, 0, 1, 4),
        (200, 1, 3, 4, 4),
        (181, 4, 0, 4, 13),
        (185, 4, 4, 8, 13),
        (156, 10, 0, 10, 26),
        (102, 10, 0, 10, 17),
        (4, 10, 0, 10, 1),
        (200, 1, 1, 2, 4),
        (175, 2, 2, 4, 6),
        (53, 4, 0, 4, 4),
        (118, 4, 0, 4, 8),
    ];
    for (percent, sampled, new, current, asked) in cases {
        let mut pods = mk_pods(100, &vec![percent; sampled]);
        pods.extend((0..new).map(|_| mk_pod(100, None)));
        let percent = u32::try_from(percent).unwrap();
        assert_eq!(
            wanted(current, 60, &pods),
            (asked, percent),
            "{percent} % of {sampled} pods, {new} new"
        );
    }
}

#[test]
fn sample_that_reaches_back_before_ready_does_not_count() {
    let mut pod = mk_pod(50, Some(29));
    pod.start_time = Some(NOW - 20_000);
    pod.ready = Some(Readiness {
        ready: true,
        since: NOW - 16_000,
    });
    // The sample ended 10 s ago and covers 15 s.
    assert_eq!(
        calculate(1, 60, &[pod.clone()]),
        Err(Unavailable::PodsMightBeUnready)
    );
    pod.sample.as_mut().unwrap().timestamp = NOW - 1_000;
    assert_eq!(wanted(1, 60, &[pod]).0, 1);
}

#[test]
fn pod_that_was_ready_before_counts_even_while_it_is_not() {
    let mut pod = mk_pod(100, Some(200));
    pod.ready = Some(Readiness {
        ready: false,
        since: NOW - 5_000,
    });
    assert_eq!(wanted(1, 60, &[pod]), (4, 200));
}

#[test]
fn pods_that_end_are_left_out() {
    let mut pods = mk_pods(100, &[200, 200, 200]);
    pods[0].deleting = true;
    pods[1].phase = Phase::Terminal;
    assert_eq!(wanted(1, 60, &pods), (4, 200));
}

#[test]
fn errors_have_upstreams_words() {
    let none = calculate(1, 60, &[mk_pod(100, None)]).unwrap_err();
    assert_eq!(
        none.to_string(),
        "unable to get metrics for resource cpu: no metrics returned from resource metrics API"
    );
    let mut pod = mk_pod(100, Some(50));
    pod.request = Err(MissingRequest {
        container: "sidecar".to_owned(),
    });
    assert_eq!(
        calculate(1, 60, &[pod]).unwrap_err().to_string(),
        "missing request for cpu in container sidecar of Pod webapp"
    );
    let mut pending = mk_pod(100, Some(50));
    pending.phase = Phase::Pending;
    assert_eq!(
        calculate(1, 60, &[pending]).unwrap_err().to_string(),
        "did not receive metrics for targeted pods (pods might be unready)"
    );
}

#[test]
fn tolerance_at_sixty_percent_is_54_to_66() {
    let within: Vec<u32> = (0..=200)
        .filter(|percent| within_tolerance(*percent, 60))
        .collect();
    assert_eq!(within, (54..=66).collect::<Vec<_>>());
}

#[test]
fn formula_is_that_of_the_page() {
    for (ready, percent, wanted) in [
        (1, 200, 4),
        (4, 181, 13),
        (10, 155, 26),
        (10, 4, 1),
        (1, 0, 0),
    ] {
        assert_eq!(desired_replicas(ready, percent, 60), wanted);
    }
}

#[test]
fn more_usage_never_asks_for_fewer_replicas() {
    let mut random = Random::new(1);
    for _ in 0..2_000 {
        let count = 1 + random.below(10);
        let current = u32::try_from(count).unwrap();
        let mut pods: Vec<PodState> = (0..count)
            .map(|_| mk_pod(100, Some(random.below(250) as i64)))
            .collect();
        for pod in pods.iter_mut().skip(1) {
            match random.below(5) {
                0 => *pod = mk_pod(100, None),
                1 => *pod = unready(pod.clone()),
                _ => {}
            }
        }
        let before = wanted(current, 60, &pods).0;
        let busiest = pods[0].sample.as_mut().unwrap();
        busiest.usage = CpuMillis(busiest.usage.0 + 40);
        let after = wanted(current, 60, &pods).0;
        assert!(before <= after, "{before} then {after}: {pods:?}");
    }
}
