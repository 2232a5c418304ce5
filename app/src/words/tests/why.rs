//! The exact sentences of the why panel, for the figures of the recorded run.

use super::super::*;
use super::says;
use crate::figures::Zone;
use crate::model::samples::{self, T0, at, counted};
use crate::model::{Counted, Explanation};

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
            counted: counted(1, 0, 200),
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
        counted: counted(4, 0, 181),
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
            counted: counted(8, 0, 92),
            added: 4,
            rule: Some((4, 100)),
        }),
        "Stays at 8: the 4 pods of the last 15 s use up the limit.",
        "ceil(8 × 92 / 60) = 13 · limit max(4 + 4, 4 × 2) = 8",
    );
}

#[test]
fn new_pods_count_as_zero() {
    says(
        why(&Explanation::NewPodsCountAsZero {
            replicas: 4,
            percent: 200,
            target: 60,
            counted: counted(4, 3, 50),
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
            percent: 200,
            target: 60,
            counted: counted(3, 2, 66),
        }),
        "Stays at 3: 2 new pods have no CPU sample yet and count as 0 %.",
        "(200 + 0 + 0) / 3 = 66 %, close enough to the target (54–66 %). Assumed values can stop a scale-up, never turn it into a scale-down.",
    );
}

fn maximum(from: Option<u32>, wanted: u32, percent: u32, counted: Counted) -> Explanation {
    Explanation::AtMaximum {
        from,
        maximum: 10,
        wanted,
        percent,
        target: 60,
        counted,
    }
}

#[test]
fn maximum_shows_what_the_formula_asks_for() {
    says(
        why(&maximum(None, 26, 155, counted(10, 0, 155))),
        "Stays at 10, the maximum. The formula asks for 26.",
        "ceil(10 × 155 / 60) = 26",
    );
    says(
        why(&maximum(Some(8), 13, 92, counted(8, 0, 92))),
        "8 → 10, the maximum. The formula asks for 13.",
        "ceil(8 × 92 / 60) = 13 · maximum 10",
    );
}

#[test]
fn on_the_way_to_the_maximum_new_pods_are_counted_in() {
    says(
        why(&maximum(Some(8), 13, 185, counted(8, 4, 92))),
        "8 → 10: 4 pods at 185 %, 4 new ones count as 0 %: 92 %.",
        "ceil(8 × 92 / 60) = 13 · maximum 10",
    );
    says(
        why(&maximum(None, 21, 156, counted(10, 2, 124))),
        "Stays at 10, the maximum. The formula asks for 21.",
        "2 new pods count as 0 %: ceil(10 × 124 / 60) = 21",
    );
    says(
        why(&Explanation::ScaledUp {
            at: T0,
            from: 2,
            to: 4,
            percent: 200,
            target: 60,
            counted: counted(2, 1, 100),
            allowed: 6,
        }),
        "2 → 4: 1 pod at 200 %, 1 new one counts as 0 %: 100 %.",
        "ceil(2 × 100 / 60) = ceil(3.33) = 4 · up to 6 allowed now",
    );
}

#[test]
fn under_a_quota_the_formula_has_the_pods_that_exist() {
    says(
        why(&maximum(None, 13, 184, counted(4, 0, 184))),
        "Stays at 10, the maximum. The formula asks for 13.",
        "ceil(4 × 184 / 60) = 13",
    );
}

#[test]
fn formula_that_does_not_fit_is_not_shown() {
    let (_, arithmetic) = why(&maximum(Some(8), 13, 185, counted(8, 0, 185)));
    assert!(!arithmetic.contains("ceil"), "{arithmetic}");
}

#[test]
fn policies_of_another_shape_are_not_put_in_the_usual_words() {
    let mut snapshot = samples::idle();
    if let Some(autoscaler) = &mut snapshot.autoscaler {
        autoscaler.rules.up_unusual = true;
    }
    let limited = Explanation::ScaledUpLimited {
        at: T0,
        from: 1,
        to: 3,
        wanted: 4,
        percent: 200,
        target: 60,
        counted: counted(1, 0, 200),
        rule: Some((2, 0)),
    };
    let why = explanation(&limited, &snapshot, at(51.0), Zone::default());
    says(
        (why.sentence, why.arithmetic),
        "1 → 3, not 4: the policies of the HPA allow no more now.",
        "ceil(1 × 200 / 60) = 4 · limit 3",
    );
}

#[test]
fn limit_that_was_partly_used_up_is_not_computed() {
    let (_, arithmetic) = why(&Explanation::ScaledUpLimited {
        at: T0,
        from: 6,
        to: 8,
        wanted: 13,
        percent: 130,
        target: 60,
        counted: counted(6, 0, 130),
        rule: Some((4, 100)),
    });
    assert_eq!(arithmetic, "ceil(6 × 130 / 60) = 13 · limit 8");
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
fn before_the_beat_is_known_the_window_has_an_end_and_no_look() {
    let held = |highest_at| Explanation::HeldByWindow {
        replicas: 10,
        percent: 4,
        target: 60,
        would_do: 1,
        window_s: 80,
        highest_at,
        highest: Some(17),
        until: None,
    };
    says(
        why(&held(Some(at(11.0)))),
        "Stays at 10 for at least 40 s more. CPU is 4 %: 1 pod would do.",
        "The HPA keeps the highest recommendation of the last 80 s: 17 at 14:00:11. First look after that: within 15 s of 14:01:31. cooldownPeriod plays no part: it is only for 1 → 0.",
    );
    let (sentence, arithmetic) = why(&held(None));
    assert_eq!(sentence, "Stays at 10. CPU is 4 %: 1 pod would do.");
    assert!(!arithmetic.contains("First look"), "{arithmetic}");
}

#[test]
fn without_a_scaled_object_nobody_takes_a_cooldown_for_the_cause() {
    let mut snapshot = samples::idle();
    snapshot.scaled_object = None;
    let held = Explanation::HeldByWindow {
        replicas: 10,
        percent: 4,
        target: 60,
        would_do: 1,
        window_s: 300,
        highest_at: None,
        highest: None,
        until: None,
    };
    let why = explanation(&held, &snapshot, at(51.0), Zone::default());
    assert!(!why.arithmetic.contains("cooldown"), "{}", why.arithmetic);
}

fn down(to: u32, wanted: u32, minimum: u32) -> Explanation {
    Explanation::ScaledDown {
        at: T0,
        from: 10,
        to,
        percent: 4,
        target: 60,
        wanted,
        minimum,
    }
}

#[test]
fn scale_down_is_one_step() {
    says(
        why(&down(1, 1, 1)),
        "10 → 1 in one step: CPU is 4 %, and no higher recommendation is left in the window.",
        "ceil(10 × 4 / 60) = 1 · policy: up to 100 % of the pods in 15 s",
    );
    says(
        why(&down(2, 1, 2)),
        "10 → 2 in one step: CPU is 4 %, and no higher recommendation is left in the window.",
        "ceil(10 × 4 / 60) = 1 · minimum 2 · policy: up to 100 % of the pods in 15 s",
    );
}

#[test]
fn scale_down_to_a_smaller_recommendation_names_it() {
    says(
        why(&down(2, 1, 1)),
        "10 → 2: CPU is 4 %, 1 pod would do, but the window still holds a recommendation of 2.",
        "ceil(10 × 4 / 60) = 1",
    );
}

#[test]
fn one_hot_pod_is_told_with_its_cure() {
    says(
        why(&Explanation::OneHotPod {
            replicas: 4,
            idle: 3,
            percent: 200,
            target: 60,
        }),
        "One pod works, 3 idle: connections stay on the first pod.",
        "Send \"Connection: close\" in the locustfile.",
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
