//! The exact sentences of the why panel, for the figures of the recorded run.

use super::super::*;
use super::says;
use crate::figures::Zone;
use crate::model::Explanation;
use crate::model::samples::{self, T0, at};

fn why(situation: &Explanation) -> (String, String) {
    let mut snapshot = samples::idle();
    if let Some(autoscaler) = &mut snapshot.autoscaler {
        autoscaler.next_look = Some(at(60.0));
    }
    let why = explanation(situation, &snapshot, at(51.0), Zone::default());
    (why.sentence, why.arithmetic)
}

#[test]
fn nothing_deployed_names_the_namespace_for_kubectl() {
    says(
        why(&Explanation::NothingDeployed),
        "Nothing is deployed in workshop-user-7.",
        "Using kubectl? Add -n workshop-user-7.",
    );
}

#[test]
fn missing_value_is_normal_at_the_start() {
    says(
        why(&Explanation::NoCpuYet),
        "No CPU value yet: normal in the first 90 s.",
        "metrics-server has one about 25 s after the container starts; the HPA looks every 15 s.",
    );
}

#[test]
fn one_pod_is_enough() {
    says(
        why(&Explanation::EnoughAtMinimum {
            replicas: 1,
            percent: 4,
            target: 60,
            minimum: 1,
        }),
        "1 pod is enough: CPU is 4 % of the request, the target is 60 %.",
        "ceil(1 × 4 / 60) = 1 · minimum 1. CPU scaling cannot go to 0: with no pod there is no CPU to measure.",
    );
}

#[test]
fn sample_before_the_load_counts_down() {
    says(
        why(&Explanation::SampleBeforeLoad {
            next_sample: Some(at(55.0)),
        }),
        "Load is on, but the last CPU sample is from before it.",
        "Next sample in about 4 s, next look in about 9 s.",
    );
}

#[test]
fn scale_up_shows_the_quotient() {
    says(
        why(&Explanation::ScaledUp {
            at: T0,
            from: 1,
            to: 4,
            percent: 200,
            target: 60,
            allowed: 5,
        }),
        "1 → 4: CPU is 200 % of the request, the target is 60 %.",
        "ceil(1 × 200 / 60) = ceil(3.33) = 4 · up to 5 allowed now",
    );
}

#[test]
fn limited_scale_up_names_the_larger_of_both_policies() {
    let limited = |rule| Explanation::ScaledUpLimited {
        at: T0,
        from: 4,
        to: 8,
        wanted: 13,
        percent: 181,
        target: 60,
        rule,
    };
    says(
        why(&limited(Some((4, 100)))),
        "4 → 8, not 13: at most 4 more pods, or double, in 15 s.",
        "ceil(4 × 181 / 60) = 13 · limit max(4 + 4, 4 × 2) = 8",
    );
    says(
        why(&limited(None)),
        "4 → 8, not 13: at most double, or 4 pods in all.",
        "ceil(4 × 181 / 60) = 13 · limit max(4 × 2, 4) = 8",
    );
    says(
        why(&Explanation::RateUsedUp {
            replicas: 8,
            wanted: 13,
            percent: 92,
            target: 60,
            added: 4,
        }),
        "Stays at 8: the 4 pods of the last 15 s use up the limit.",
        "ceil(8 × 92 / 60) = 13",
    );
}

#[test]
fn new_pods_count_as_zero() {
    says(
        why(&Explanation::NewPodsCountAsZero {
            replicas: 4,
            new_pods: 3,
            percent: 200,
            diluted: 50,
            target: 60,
        }),
        "Stays at 4: 3 new pods have no CPU sample yet and count as 0 %.",
        "(200 + 0 + 0 + 0) / 4 = 50 %, below the target. Assumed values can stop a scale-up, never turn it into a scale-down.",
    );
}

#[test]
fn diluted_value_within_the_tolerance_is_not_called_below_the_target() {
    says(
        why(&Explanation::NewPodsCountAsZero {
            replicas: 3,
            new_pods: 2,
            percent: 200,
            diluted: 66,
            target: 60,
        }),
        "Stays at 3: 2 new pods have no CPU sample yet and count as 0 %.",
        "(200 + 0 + 0) / 3 = 66 %, close enough to the target (54–66 %). Assumed values can stop a scale-up, never turn it into a scale-down.",
    );
}

#[test]
fn maximum_shows_what_the_formula_asks_for() {
    let maximum = |from, wanted, percent| Explanation::AtMaximum {
        from,
        maximum: 10,
        wanted,
        percent,
        target: 60,
    };
    says(
        why(&maximum(None, 26, 155)),
        "Stays at 10, the maximum. The formula asks for 26.",
        "ceil(10 × 155 / 60) = 26",
    );
    says(
        why(&maximum(Some(8), 13, 92)),
        "8 → 10, the maximum. The formula asks for 13.",
        "ceil(8 × 92 / 60) = 13 · maximum 10",
    );
}

#[test]
fn formula_that_does_not_fit_is_not_shown() {
    let (_, arithmetic) = why(&Explanation::AtMaximum {
        from: Some(8),
        maximum: 10,
        wanted: 13,
        percent: 185,
        target: 60,
    });
    assert!(!arithmetic.contains("ceil"), "{arithmetic}");
}

#[test]
fn tolerance_is_of_the_ratio() {
    says(
        why(&Explanation::Settled {
            replicas: 6,
            percent: 63,
            target: 60,
        }),
        "Stays at 6: 63 % is close enough to the target (54–66 %).",
        "63 / 60 = 1.05: no change between 0.9 and 1.1",
    );
}

#[test]
fn window_counts_down_to_a_look() {
    let held = Explanation::HeldByWindow {
        replicas: 10,
        percent: 4,
        target: 60,
        would_do: 1,
        window_s: 80,
        highest_at: Some(at(11.0)),
        highest: Some(17),
        until: Some(at(116.0)),
    };
    says(
        why(&held),
        "Stays at 10 for about 1:05 more. CPU is 4 %: 1 pod would do.",
        "The HPA keeps the highest recommendation of the last 80 s: 17 at 14:00:11. First look after that: about 14:01:56. cooldownPeriod plays no part: it is only for 1 → 0.",
    );
    let why = explanation(&held, &samples::idle(), at(51.0), Zone::default());
    assert_eq!(why.announced, "Stays at 10. CPU is 4 %: 1 pod would do.");
}

#[test]
fn scale_down_is_one_step() {
    says(
        why(&Explanation::ScaledDown {
            at: T0,
            from: 10,
            to: 1,
            percent: 4,
            target: 60,
        }),
        "10 → 1 in one step: CPU is 4 %, and no higher recommendation is left in the window.",
        "ceil(10 × 4 / 60) = 1 · policy: up to 100 % of the pods in 15 s",
    );
}

#[test]
fn unexplained_step_is_not_hidden() {
    let (sentence, arithmetic) = why(&Explanation::NotReproducible {
        asked: 8,
        formula: 7,
        percent: 98,
        target: 60,
    });
    assert_eq!(
        sentence,
        "The HPA asked for 8. From the samples seen here the formula gives 7."
    );
    assert!(arithmetic.ends_with("The HPA may have read a newer sample."));
}

#[test]
fn namespace_that_is_not_seen_is_not_explained() {
    says(
        why(&Explanation::NotWatched),
        "The panel does not see this namespace.",
        "kubectl works as before.",
    );
}
