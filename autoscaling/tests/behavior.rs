//! Scaling policies against the examples of Kubernetes' page on the autoscaler and of KEP-853.

#![expect(clippy::unwrap_used, reason = "a test may")]

use autoscaling::normalize::{
    RecommendationHistory, ScaleEvents, default_scale_up_limit, normalize, normalize_with_behavior,
};
use autoscaling::{AbleToScale, Behavior, Limits, SYNC_PERIOD_MS, ScalingLimited};
use serde_json::{Value, json};

/// An autoscaler that always wants `wanted`; its sizes at each look.
fn sizes(behavior: Value, from: u32, wanted: u32, looks: usize) -> Vec<u32> {
    let behavior: Behavior = serde_json::from_value(behavior).unwrap();
    let behavior = behavior.with_defaults();
    let (mut history, mut ups, mut downs) = (
        RecommendationHistory::default(),
        ScaleEvents::default(),
        ScaleEvents::default(),
    );
    let limits = Limits {
        min: 1,
        max: 10_000,
    };
    let mut current = from;
    (0..looks)
        .map(|look| {
            let now = look as i64 * SYNC_PERIOD_MS;
            let next = normalize_with_behavior(
                &mut history,
                (&ups, &downs),
                &behavior,
                wanted,
                current,
                limits,
                now,
            )
            .replicas;
            if next > current {
                ups.record(next - current, now, behavior.scale_up.as_ref());
            } else if next < current {
                downs.record(current - next, now, behavior.scale_down.as_ref());
            }
            current = next;
            current
        })
        .collect()
}

/// Of sizes at each look, those at every whole minute.
fn each_minute(sizes: &[u32]) -> Vec<u32> {
    sizes.iter().step_by(4).copied().collect()
}

#[test]
fn documentations_two_policies_go_by_percent_and_below_forty_by_pods() {
    let behavior = json!({"scaleDown": {"stabilizationWindowSeconds": 0, "policies": [
        {"type": "Pods", "value": 4, "periodSeconds": 60},
        {"type": "Percent", "value": 10, "periodSeconds": 60},
    ]}});
    let minutes = each_minute(&sizes(behavior, 80, 10, 4 * 14));
    // 8 of 80; a tenth of 72 is 7.2, rounded up to 8; and so on down to 40.
    assert_eq!(minutes[..3], [72, 64, 57]);
    let slow = minutes
        .windows(2)
        .filter(|pair| pair[0] < 40 && pair[1] > 10);
    let steps: Vec<u32> = slow.map(|pair| pair[0] - pair[1]).collect();
    assert_eq!(steps, vec![4; steps.len()]);
    assert!(steps.len() >= 5, "{minutes:?}");
}

#[test]
fn select_policy_min_takes_the_smaller_change_and_disabled_none() {
    let policies = json!([
        {"type": "Percent", "value": 10, "periodSeconds": 60},
        {"type": "Pods", "value": 5, "periodSeconds": 60},
    ]);
    let of = |select: &str| json!({"scaleDown": {"stabilizationWindowSeconds": 0, "selectPolicy": select, "policies": policies}});
    assert_eq!(sizes(of("Max"), 100, 1, 1), [90]);
    assert_eq!(sizes(of("Min"), 100, 1, 1), [95]);
    assert_eq!(sizes(of("Disabled"), 100, 1, 3), [100, 100, 100]);
    let up = |select: &str| json!({"scaleUp": {"selectPolicy": select, "policies": policies}});
    // 100 × (1 + 0.1) is a little more than 110 in floating point, and rounded up; upstream has the same.
    assert_eq!(sizes(up("Max"), 100, 1000, 1), [111]);
    assert_eq!(sizes(up("Min"), 100, 1000, 1), [105]);
    assert_eq!(sizes(up("Disabled"), 100, 1000, 2), [100, 100]);
}

#[test]
fn keps_fast_scale_up_multiplies_by_ten_each_minute() {
    let behavior =
        json!({"scaleUp": {"policies": [{"type": "Percent", "value": 900, "periodSeconds": 60}]}});
    assert_eq!(
        each_minute(&sizes(behavior, 1, 5000, 16)),
        [10, 100, 1000, 5000]
    );
}

#[test]
fn keps_slow_scale_down_takes_one_pod_in_ten_minutes() {
    let behavior = json!({"scaleDown": {"stabilizationWindowSeconds": 0, "policies": [{"type": "Pods", "value": 1, "periodSeconds": 600}]}});
    let sizes = sizes(behavior, 10, 1, 81);
    assert_eq!(
        (sizes[0], sizes[39], sizes[40], sizes[79], sizes[80]),
        (9, 9, 8, 8, 7)
    );
}

#[test]
fn defaults_add_four_pods_or_double() {
    assert_eq!(sizes(json!({}), 1, 100, 5), [5, 10, 20, 40, 80]);
    assert_eq!(
        [0, 1, 2, 3, 10].map(default_scale_up_limit),
        [4, 4, 4, 6, 20]
    );
}

#[test]
fn up_window_waits_until_all_of_it_asks_for_more() {
    let mut history = RecommendationHistory::default();
    let behavior: Behavior =
        serde_json::from_value(json!({"scaleUp": {"stabilizationWindowSeconds": 60}})).unwrap();
    let behavior = behavior.with_defaults();
    let events = ScaleEvents::default();
    let limits = Limits { min: 1, max: 10 };
    let mut look = |wanted, now| {
        normalize_with_behavior(
            &mut history,
            (&events, &events),
            &behavior,
            wanted,
            2,
            limits,
            now,
        )
    };
    assert_eq!(look(2, 0).replicas, 2);
    for now in [15_000, 30_000, 45_000] {
        let held = look(5, now);
        assert_eq!(
            (held.replicas, held.able_to_scale),
            (2, AbleToScale::ScaleUpStabilized)
        );
    }
    // The low one is exactly as old as the window, and no longer counts.
    assert_eq!(look(4, 60_000).replicas, 4);
}

#[test]
fn without_behavior_a_scale_up_is_cut_and_told() {
    let mut history = RecommendationHistory::default();
    let limits = Limits { min: 2, max: 50 };
    let cut = normalize(&mut history, 30, 5, limits, 0);
    assert_eq!(
        (cut.replicas, cut.scaling_limited, cut.limited),
        (10, ScalingLimited::ScaleUpLimit, true)
    );
    let mut history = RecommendationHistory::default();
    let low = normalize(&mut history, 1, 2, limits, 0);
    assert_eq!(
        (low.replicas, low.scaling_limited, low.limited),
        (2, ScalingLimited::TooFewReplicas, true)
    );
}
