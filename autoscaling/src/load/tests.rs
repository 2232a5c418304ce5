//! The load model against what the recordings of a real cluster show, and against what must hold for every seed.

use super::{Failure, LoadPlan, Micros, Pause, SECOND, ServerId, Traffic, computation_s};
use crate::CpuMillis;

fn plan(keep_alive: bool) -> LoadPlan {
    LoadPlan {
        users: 150,
        spawn_rate: 15.0,
        pause: Pause::Constant(1.0),
        cost_s: computation_s(26),
        keep_alive,
        limit: Some(CpuMillis(400)),
    }
}

fn servers(traffic: &mut Traffic, count: usize) -> Vec<ServerId> {
    (0..count)
        .map(|_| traffic.add_server(Some(CpuMillis(100))))
        .collect()
}

/// Millicores used per pod between two times, on average.
fn cpu(traffic: &mut Traffic, pods: &[ServerId], seconds: Micros) -> Vec<f64> {
    let before: Vec<f64> = pods.iter().map(|pod| traffic.server_cpu_s(*pod)).collect();
    traffic.advance(traffic.now() + seconds * SECOND);
    pods.iter()
        .zip(before)
        .map(|(pod, before)| (traffic.server_cpu_s(*pod) - before) * 1000.0 / seconds as f64)
        .collect()
}

#[test]
fn users_come_in_whole_batches_each_second() {
    let mut traffic = Traffic::new(3);
    let load = traffic.start(plan(false), Vec::new());
    traffic.advance(0);
    assert_eq!(traffic.users(load), 15);
    traffic.advance(8 * SECOND + 999_999);
    assert_eq!(traffic.users(load), 135);
    traffic.advance(9 * SECOND);
    assert_eq!(traffic.users(load), 150);
}

#[test]
fn kept_connections_stay_with_the_pods_they_met() {
    let mut traffic = Traffic::new(4);
    let mut pods = servers(&mut traffic, 1);
    let load = traffic.start(plan(true), pods.clone());
    traffic.advance(20 * SECOND);
    pods.extend(servers(&mut traffic, 3));
    traffic.set_endpoints(load, pods.clone(), Failure::ConnectionRefused);
    let used = cpu(&mut traffic, &pods, 20);
    assert!(used[0] > 99.0, "{used:?}");
    assert_eq!(used[1..], [0.0; 3]);
}

#[test]
fn new_connections_reach_new_pods() {
    let mut traffic = Traffic::new(5);
    let mut pods = servers(&mut traffic, 1);
    let load = traffic.start(plan(false), pods.clone());
    traffic.advance(20 * SECOND);
    pods.extend(servers(&mut traffic, 3));
    traffic.set_endpoints(load, pods.clone(), Failure::ConnectionRefused);
    traffic.advance(40 * SECOND);
    let used = cpu(&mut traffic, &pods, 30);
    assert!(used.iter().all(|used| *used > 60.0), "{used:?}");
}

#[test]
fn nobody_listening_is_a_refusal_and_bounded_by_the_generators_own_cpu() {
    let mut traffic = Traffic::new(6);
    let load = traffic.start(
        LoadPlan {
            pause: Pause::Constant(0.0),
            ..plan(false)
        },
        Vec::new(),
    );
    traffic.advance(20 * SECOND);
    let figures = traffic.figures(load);
    assert_eq!(figures.requests, figures.failures);
    assert!((100.0..260.0).contains(&figures.rps), "{figures:?}");
    let errors = traffic.statistics(load).unwrap().errors();
    assert_eq!(
        errors.get(&Failure::ConnectionRefused),
        Some(&figures.failures)
    );
    assert_eq!(errors.len(), 1);
}

#[test]
fn pod_that_ends_takes_its_requests_along() {
    let mut traffic = Traffic::new(7);
    let pods = servers(&mut traffic, 1);
    let load = traffic.start(plan(false), pods.clone());
    traffic.advance(20 * SECOND);
    let pending = traffic.pending(pods[0]) as u64;
    assert!(pending > 100, "{pending}");
    traffic.remove_server(pods[0]);
    let errors = traffic.statistics(load).unwrap().errors();
    assert_eq!(errors.get(&Failure::ConnectionAborted), Some(&pending));
}

#[test]
fn draining_pod_ends_its_work_and_gets_no_more() {
    let mut traffic = Traffic::new(8);
    let pods = servers(&mut traffic, 2);
    let load = traffic.start(plan(true), pods.clone());
    traffic.advance(20 * SECOND);
    traffic.drain_server(pods[0]);
    traffic.set_endpoints(load, vec![pods[1]], Failure::ConnectionRefused);
    traffic.advance(60 * SECOND);
    assert_eq!(traffic.pending(pods[0]), 0);
    // The listening socket is closed: who was not accepted yet is reset.
    let errors = traffic.statistics(load).unwrap().errors();
    let failures = traffic.figures(load).failures;
    assert_eq!(
        errors.get(&Failure::ConnectionReset).copied().unwrap_or(0),
        failures
    );
    assert!(failures < 75, "{failures}");
}

#[test]
fn same_seed_gives_the_same_figures() {
    let run = |seed| {
        let mut traffic = Traffic::new(seed);
        let pods = servers(&mut traffic, 3);
        let load = traffic.start(
            LoadPlan {
                pause: Pause::Between(0.5, 2.0),
                ..plan(false)
            },
            pods,
        );
        for step in 1..200 {
            traffic.advance(step * 211_003);
        }
        traffic.figures(load)
    };
    assert_eq!(run(9), run(9));
    assert_ne!(run(9), run(10));
}

#[test]
fn no_pod_uses_more_than_its_limit_and_no_request_is_lost() {
    for seed in 0..40 {
        let mut traffic = Traffic::new(seed);
        let count = 1 + (seed % 10) as usize;
        let pods = servers(&mut traffic, count);
        let load = traffic.start(plan(seed % 2 == 0), pods.clone());
        traffic.advance(45 * SECOND);
        let used = cpu(&mut traffic, &pods, 15);
        // A quarter of a period of unused quota may lie at either end.
        assert!(used.iter().all(|used| *used < 101.0), "{seed}: {used:?}");
        let pending: usize = pods.iter().map(|pod| traffic.pending(*pod)).sum();
        assert!(pending <= 150, "{seed}: {pending}");
        let statistics = traffic.statistics(load).unwrap();
        let failures = traffic.figures(load).failures;
        let reset = statistics.errors().get(&Failure::ConnectionReset);
        assert_eq!(reset.copied().unwrap_or(0), failures);
        assert!(statistics.percentile(0.5) <= statistics.percentile(0.95));
    }
}

#[test]
fn more_pods_answer_more_and_faster() {
    let run = |count| {
        let mut traffic = Traffic::new(11);
        let pods = servers(&mut traffic, count);
        let load = traffic.start(plan(false), pods);
        traffic.advance(90 * SECOND);
        traffic.figures(load)
    };
    let runs: Vec<_> = [1, 2, 4, 8].into_iter().map(run).collect();
    for pair in runs.windows(2) {
        assert!(pair[0].rps < pair[1].rps, "{runs:?}");
        assert!(pair[0].mean_ms > pair[1].mean_ms, "{runs:?}");
    }
}

#[test]
fn pacing_counts_from_the_beginning_of_a_request() {
    let mut traffic = Traffic::new(12);
    let pods = servers(&mut traffic, 1);
    let load = traffic.start(
        LoadPlan {
            users: 4,
            pause: Pause::Pacing(2.0),
            ..plan(false)
        },
        pods,
    );
    traffic.advance(40 * SECOND);
    // Each user begins a request every 2 s, however long it takes.
    assert_eq!(traffic.figures(load).requests, 4 * 20);
}
