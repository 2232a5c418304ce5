//! One pod with all the load: connections stay where they were opened, so new pods get none. Told from the pods'
//! samples alone, and only when two in a row show it.

use std::collections::BTreeMap;

use app::model::TimeMs;
use autoscaling::replica_calculator::{self as calculator, PodState};
use autoscaling::within_tolerance;

use super::objects::{PodSample, PodSamples};

/// The others idle: below this part of what the busy pod uses. Recorded with kept connections: 99.7m against 1.4 to
/// 2.0m; with a connection for each request new pods work as much as the old one within their first whole sample.
const IDLE_PART: i64 = 10;

/// One busy pod among idle ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HotPod {
    pub idle: u32,
    /// The busy one's newest sample in percent of its request.
    pub percent: u32,
}

/// The one busy pod, if the last two samples of all pods that serve say so. `users_on` is when the load's users started.
pub fn hot_pod(
    pods: &[PodState],
    samples: &BTreeMap<String, PodSamples>,
    users_on: TimeMs,
    target: u32,
) -> Option<HotPod> {
    let serving: Vec<_> = pods.iter().filter(|pod| !pod.deleting).collect();
    if serving.len() < 2 {
        return None;
    }
    let mut pairs = Vec::new();
    for pod in serving {
        let known = samples.get(&pod.name)?;
        let ready = pod.ready.filter(|ready| ready.ready)?;
        let from = users_on.0.max(ready.since);
        let whole = |sample: &PodSample| sample.time.0 - sample.window_ms >= from;
        let before = known.before?;
        if !whole(&before) || !whole(&known.newest) {
            return None;
        }
        let request = pod.request.as_ref().ok()?.0;
        pairs.push((before.usage_m, known.newest.usage_m, request));
    }
    let hottest = pairs.iter().max_by_key(|(_, newest, _)| *newest)?;
    let (before, newest, request) = *hottest;
    let percent = calculator::utilization(
        autoscaling::CpuMillis(newest),
        autoscaling::CpuMillis(request),
    )?;
    if percent <= target || within_tolerance(percent, target) {
        return None;
    }
    let idle = pairs
        .iter()
        .filter(|(b, n, _)| b * IDLE_PART <= before && n * IDLE_PART <= newest)
        .count();
    (idle + 1 == pairs.len()).then_some(HotPod {
        idle: idle as u32,
        percent,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use autoscaling::CpuMillis;
    use autoscaling::replica_calculator::{Phase, Readiness};

    fn mk_pod(name: &str, ready_since_s: i64) -> PodState {
        PodState {
            name: name.to_owned(),
            phase: Phase::Running,
            deleting: false,
            start_time: Some(0),
            ready: Some(Readiness {
                ready: true,
                since: ready_since_s * 1000,
            }),
            request: Ok(CpuMillis(50)),
            sample: None,
        }
    }

    fn mk_samples(before: i64, newest: i64) -> PodSamples {
        let sample = |seconds: i64, usage_m| PodSample {
            usage_m,
            memory_mi: 50,
            time: TimeMs(seconds * 1000),
            window_ms: 15_000,
        };
        PodSamples {
            before: Some(sample(60, before)),
            newest: sample(75, newest),
        }
    }

    fn hot(usage: &[(i64, i64)], ready_since_s: i64, users_on_s: i64) -> Option<HotPod> {
        let names: Vec<_> = (0..usage.len())
            .map(|index| format!("pod-{index}"))
            .collect();
        let pods: Vec<_> = names.iter().map(|n| mk_pod(n, ready_since_s)).collect();
        let samples = names.into_iter().zip(usage);
        let samples = samples.map(|(name, (before, newest))| (name, mk_samples(*before, *newest)));
        hot_pod(&pods, &samples.collect(), TimeMs(users_on_s * 1000), 60)
    }

    #[test]
    fn one_of_four_works_in_two_samples() {
        let found = HotPod {
            idle: 3,
            percent: 200,
        };
        let usage = [(100, 100), (2, 2), (3, 2), (2, 2)];
        assert_eq!(hot(&usage, 20, 30), Some(found));
    }

    #[test]
    fn one_sample_is_no_proof() {
        assert_eq!(hot(&[(100, 100), (30, 2), (2, 2)], 20, 30), None);
        assert_eq!(
            hot(&[(100, 100), (2, 2)], 50, 30),
            None,
            "ready within the sample"
        );
        assert_eq!(
            hot(&[(100, 100), (2, 2)], 20, 50),
            None,
            "users within the sample"
        );
    }

    #[test]
    fn two_busy_pods_or_a_single_one_are_not_told_as_one() {
        assert_eq!(hot(&[(100, 100), (90, 90), (2, 2)], 20, 30), None);
        assert_eq!(hot(&[(100, 100)], 20, 30), None);
        assert_eq!(
            hot(&[(20, 20), (1, 1)], 20, 30),
            None,
            "the pod is not busy"
        );
    }
}
