//! The load model against measurements that none of its constants was fitted to: what a real cluster did with other
//! limits, other `n`, kept connections and growing numbers of pods.
//!
//! The model knows the CPU of a request on that machine and otherwise only how the kernel's quota, the interpreter's
//! lock, the event loop and the thread pool work.

use super::{
    Failure, LoadPlan, Micros, Pause, SECOND, ServerId, Statistics, Traffic, computation_s,
};
use crate::CpuMillis;

const SEEDS: u64 = 7;

fn plan(n: u32, users: u32, keep_alive: bool) -> LoadPlan {
    LoadPlan {
        users,
        spawn_rate: 15.0,
        pause: Pause::Constant(1.0),
        cost_s: computation_s(n),
        keep_alive,
        limit: Some(CpuMillis(400)),
    }
}

fn median<T: PartialOrd + Copy>(mut values: Vec<T>) -> T {
    values.sort_by(|one, two| one.partial_cmp(two).unwrap());
    values[values.len() / 2]
}

fn within(share: f64, simulated: f64, measured: f64) -> bool {
    (simulated - measured).abs() <= share * measured
}

/// One pod under load for so many seconds.
fn one_pod(
    seed: u64,
    n: u32,
    limit: i64,
    keep_alive: bool,
    seconds: Micros,
) -> (Traffic, ServerId, super::GeneratorId) {
    let mut traffic = Traffic::new(seed);
    let pod = traffic.add_server(Some(CpuMillis(limit)));
    let load = traffic.start(plan(n, 150, keep_alive), vec![pod]);
    traffic.advance(seconds * SECOND);
    (traffic, pod, load)
}

/// Seconds after the load's start and the number of pods from then on.
type Stages = &'static [(f64, usize)];

/// Requests per second between the times of `windows`, and the statistics at the end.
fn staged(seed: u64, keep_alive: bool, stages: Stages, windows: &[f64]) -> (Vec<f64>, Statistics) {
    let mut traffic = Traffic::new(seed);
    let mut pods = Vec::new();
    let load = traffic.start(plan(26, 150, keep_alive), Vec::new());
    let (mut begin, mut before) = (0.0, 0);
    let mut stages = stages.iter().peekable();
    let rates = windows.iter().map(|end| {
        while let Some((time, count)) = stages.next_if(|(time, _)| time < end) {
            traffic.advance((time * SECOND as f64) as Micros);
            while pods.len() < *count {
                pods.push(traffic.add_server(Some(CpuMillis(100))));
            }
            traffic.set_endpoints(load, pods.clone(), Failure::ConnectionRefused);
        }
        traffic.advance((end * SECOND as f64) as Micros);
        let requests = traffic.figures(load).requests;
        let rate = (requests - before) as f64 / (end - begin);
        (begin, before) = (*end, requests);
        rate
    });
    let rates = rates.collect();
    (rates, traffic.stop(load).unwrap())
}

#[test]
fn recorded_rates_are_repeated_where_pods_come_when_they_came() {
    let cases: [(&str, Stages, &[f64], &[f64]); 2] = [
        (
            "load-and-stop",
            &[(0.0, 1), (29.7, 4), (59.6, 8), (74.3, 10)],
            &[30.0, 60.0, 90.0, 114.8],
            &[7.0, 27.5, 55.3, 67.6],
        ),
        (
            "quota",
            &[(0.0, 1), (13.4, 2), (29.2, 4)],
            &[30.0, 60.0, 90.0, 120.0, 148.8],
            &[10.7, 26.3, 28.4, 31.3, 30.2],
        ),
    ];
    for (name, stages, windows, recorded) in cases {
        let runs: Vec<_> = (0..SEEDS)
            .map(|seed| staged(seed, false, stages, windows).0)
            .collect();
        for (window, recorded) in recorded.iter().enumerate() {
            let rate = median(runs.iter().map(|run| run[window]).collect());
            assert!(
                within(0.15, rate, *recorded),
                "{name}, window {window}: {rate:.1} against {recorded}"
            );
        }
    }
}

#[test]
fn recorded_response_times_are_repeated() {
    let stages: Stages = &[(0.0, 1), (29.7, 4), (59.6, 8), (74.3, 10)];
    let runs: Vec<_> = (0..SEEDS)
        .map(|seed| staged(seed, false, stages, &[114.8]).1)
        .collect();
    let time = |share| median(runs.iter().map(|run| run.percentile(share)).collect());
    // Recorded: 430, 12000, 15000, 22000 ms.
    for (share, low, high) in [
        (0.5, 300, 600),
        (0.9, 9_000, 14_000),
        (0.95, 13_000, 17_000),
        (1.0, 17_000, 25_000),
    ] {
        assert!(
            (low..=high).contains(&time(share)),
            "{share}: {}",
            time(share)
        );
    }
}

#[test]
fn pod_has_as_many_threads_as_its_event_loop_can_feed() {
    // n, limit, connections kept, and the threads that used CPU in 15 s on the real cluster.
    let cases = [
        (26, 50, false, 11..=15),
        (26, 100, false, 15..=16),
        (26, 200, false, 13..=16),
        (28, 100, false, 14..=17),
        (30, 200, false, 19..=23),
        (32, 500, false, 30..=34),
        (26, 100, true, 36..=42),
        (26, 500, true, 36..=42),
    ];
    for (n, limit, keep_alive, measured) in cases {
        let threads = median(
            (0..SEEDS)
                .map(|seed| {
                    let (traffic, pod, _) = one_pod(seed, n, limit, keep_alive, 64);
                    traffic.threads(pod).0
                })
                .collect(),
        );
        let (low, high) = (measured.start() - 6, measured.end() + 7);
        assert!((low..=high).contains(&threads), "n={n} {limit}m: {threads}");
    }
}

#[test]
fn kept_connections_are_reset_where_the_loop_is_later_than_its_timer() {
    let first_failure = |limit, seconds| {
        let runs = (0..3 * SEEDS).map(|seed| {
            let (mut traffic, _, load) = one_pod(seed, 26, limit, true, 20);
            while traffic.now() < seconds * SECOND && traffic.figures(load).failures == 0 {
                traffic.advance(traffic.now() + SECOND);
            }
            traffic.now() / SECOND
        });
        median(runs.collect())
    };
    // Measured: under 100m the first at 92 s, 118 s and a burst of 35 to 40; under 50m at 132 s; under 200m and 500m
    // none.
    assert!((70..=200).contains(&first_failure(100, 300)));
    assert!((40..=180).contains(&first_failure(50, 300)));
    assert_eq!(first_failure(200, 150), 150);
    assert_eq!(first_failure(500, 100), 100);
}

#[test]
fn probe_waits_behind_the_requests_of_a_saturated_pod() {
    let answer = |seed, n, limit, keep_alive, users, wait: Micros| {
        let mut traffic = Traffic::new(seed);
        let pod = traffic.add_server(Some(CpuMillis(limit)));
        traffic.start(plan(n, users, keep_alive), vec![pod]);
        traffic.advance(30 * SECOND);
        let probe = traffic.probe(pod).unwrap();
        let sent = traffic.now();
        traffic.advance(sent + wait * SECOND);
        traffic.probe_latency(probe)
    };
    for seed in 0..SEEDS {
        // Measured: never within 20 s with 150 users at 50m and 100m; 2 to 11 s with 40; a few ms with 3.
        assert_eq!(answer(seed, 26, 100, true, 150, 5), None);
        assert_eq!(answer(seed, 26, 100, false, 150, 5), None);
        assert!(answer(seed, 26, 100, false, 3, 1).is_some());
    }
    let few = median(
        (0..SEEDS)
            .filter_map(|seed| answer(seed, 26, 100, true, 40, 30))
            .collect(),
    );
    assert!((SECOND..12 * SECOND).contains(&few), "{few}");
}
