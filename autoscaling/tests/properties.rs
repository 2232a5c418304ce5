//! What must hold for every input, also for those that no cluster would give.

use autoscaling::behavior::PolicyType;
use autoscaling::normalize::{
    RecommendationHistory, ScaleEvents, normalize, normalize_with_behavior,
};
use autoscaling::replica_calculator::{
    MissingRequest, Phase, PodState, Readiness, ResourceKind, Sample, Target, Tolerances,
    metric_replicas,
};
use autoscaling::{
    Autoscaler, Behavior, CpuMillis, DOWNSCALE_STABILIZATION_S, Limits, Metric, Observation,
    SYNC_PERIOD_MS, ScalingPolicy, ScalingRules, SelectPolicy, Verdict,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

const NOW: i64 = 3_600_000;

fn ready(usage: Option<i64>) -> PodState {
    PodState {
        name: "webapp".to_owned(),
        phase: Phase::Running,
        deleting: false,
        start_time: Some(0),
        ready: Some(Readiness {
            ready: true,
            since: 0,
        }),
        request: Ok(CpuMillis(100)),
        sample: usage.map(|usage| Sample {
            usage: CpuMillis(usage),
            timestamp: NOW,
            window: 15_000,
        }),
    }
}

fn ask(pods: &[PodState], current: u32, target: Target) -> Option<u32> {
    metric_replicas(
        current,
        target,
        ResourceKind::Cpu,
        pods,
        Tolerances::default(),
        NOW,
    )
    .ok()
    .map(|result| result.replicas)
}

fn targets() -> impl Strategy<Value = Target> {
    prop_oneof![
        (1_u32..200).prop_map(Target::Utilization),
        (1_i64..200).prop_map(|millis| Target::AverageValue(CpuMillis(millis))),
    ]
}

fn policies() -> impl Strategy<Value = ScalingPolicy> {
    let kind = prop_oneof![Just(PolicyType::Pods), Just(PolicyType::Percent)];
    (kind, 1_u32..500, 1_u32..1800).prop_map(|(kind, value, period_seconds)| ScalingPolicy {
        kind,
        value,
        period_seconds,
    })
}

fn rules() -> impl Strategy<Value = Option<ScalingRules>> {
    let select = prop_oneof![
        Just(SelectPolicy::Max),
        Just(SelectPolicy::Min),
        Just(SelectPolicy::Disabled)
    ];
    let rules = (
        option::of(0_u32..3600),
        option::of(select),
        vec(policies(), 0..3),
    )
        .prop_map(
            |(stabilization_window_seconds, select_policy, policies)| ScalingRules {
                stabilization_window_seconds,
                select_policy,
                policies,
                tolerance: None,
            },
        );
    option::of(rules)
}

fn behaviors() -> impl Strategy<Value = Behavior> {
    (rules(), rules()).prop_map(|(scale_up, scale_down)| Behavior {
        scale_up,
        scale_down,
    })
}

fn all_limits() -> impl Strategy<Value = Limits> {
    (0_u32..20, 0_u32..50).prop_map(|(min, more)| Limits {
        min,
        max: (min + more).max(1),
    })
}

/// Anything that the types allow.
fn wild_pods() -> impl Strategy<Value = PodState> {
    let phase = prop_oneof![
        Just(Phase::Pending),
        Just(Phase::Running),
        Just(Phase::Terminal)
    ];
    let readiness = option::of(
        (any::<bool>(), any::<i64>()).prop_map(|(ready, since)| Readiness { ready, since }),
    );
    let request = prop_oneof![
        any::<i64>().prop_map(|millis| Ok(CpuMillis(millis))),
        Just(Err(MissingRequest {
            container: "webapp".to_owned()
        })),
    ];
    let sample = option::of((any::<i64>(), any::<i64>(), any::<i64>()).prop_map(
        |(usage, timestamp, window)| Sample {
            usage: CpuMillis(usage),
            timestamp,
            window,
        },
    ));
    (
        phase,
        any::<bool>(),
        option::of(any::<i64>()),
        readiness,
        request,
        sample,
    )
        .prop_map(
            |(phase, deleting, start_time, ready, request, sample)| PodState {
                name: "webapp".to_owned(),
                phase,
                deleting,
                start_time,
                ready,
                request,
                sample,
            },
        )
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_input_makes_the_calculation_panic(
        pods in vec(wild_pods(), 0..6),
        current in any::<u32>(),
        percent in any::<u32>(),
        value in any::<i64>(),
        tolerance in any::<(f64, f64)>(),
        now in any::<i64>(),
    ) {
        let tolerances = Tolerances { scale_up: tolerance.0, scale_down: tolerance.1 };
        for target in [Target::Utilization(percent), Target::AverageValue(CpuMillis(value))] {
            for kind in [ResourceKind::Cpu, ResourceKind::Other] {
                let _ = metric_replicas(current, target, kind, &pods, tolerances, now);
            }
        }
    }

    #[test]
    fn more_usage_never_asks_for_fewer_replicas(
        usages in vec(option::of(0_i64..1000), 1..8),
        which in any::<prop::sample::Index>(),
        more in 1_i64..1000,
        target in targets(),
    ) {
        let mut pods: Vec<PodState> = usages.iter().map(|usage| ready(*usage)).collect();
        let current = pods.len() as u32;
        let before = ask(&pods, current, target);
        let pod = which.index(pods.len());
        prop_assume!(pods[pod].sample.is_some());
        pods[pod].sample.as_mut().unwrap().usage.0 += more;
        prop_assert!(ask(&pods, current, target) >= before);
    }

    #[test]
    fn usage_within_the_tolerance_keeps_what_is_there(percent in 0_i64..300, count in 1_usize..20, current in 1_u32..20) {
        let pods = vec![ready(Some(percent)); count];
        let asked = ask(&pods, current, Target::Utilization(100)).unwrap();
        if (90..=110).contains(&percent) {
            prop_assert_eq!(asked, current);
        } else {
            prop_assert_eq!(i64::from(asked), (percent * count as i64 + 99) / 100);
        }
    }

    #[test]
    fn pods_without_a_sample_never_turn_the_direction(
        usages in vec(0_i64..400, 1..6),
        missing in 1_usize..6,
        target in 1_u32..200,
    ) {
        let mut pods: Vec<PodState> = usages.iter().map(|usage| ready(Some(*usage))).collect();
        let mean = usages.iter().sum::<i64>() / usages.len() as i64;
        pods.extend(vec![ready(None); missing]);
        let current = pods.len() as u32;
        let asked = ask(&pods, current, Target::Utilization(target)).unwrap();
        if mean > i64::from(target) {
            prop_assert!(asked >= current, "{asked} of {current} at {mean} %");
        }
        if mean < i64::from(target) {
            prop_assert!(asked <= current, "{asked} of {current} at {mean} %");
        }
    }

    #[test]
    fn autoscaler_never_leaves_its_limits(
        behavior in option::of(behaviors()),
        limits in all_limits(),
        start in 0_u32..60,
        looks in vec((0_i64..400, 1_i64..120_000), 1..60),
    ) {
        let mut autoscaler = Autoscaler::default();
        let (mut current, mut now) = (start, NOW);
        for (percent, pass) in looks {
            let pods: Vec<PodState> = (0..current).map(|_| ready(Some(percent))).collect();
            let metric = Metric {
                resource: "cpu",
                container: None,
                target: Some(Target::Utilization(60)),
                pods: Ok(&pods),
            };
            let seen = Observation {
                current,
                limits,
                behavior: behavior.as_ref(),
                metrics: Ok(&[Ok(metric)]),
                now,
            };
            match autoscaler.reconcile(&seen) {
                Verdict::Proposal(proposal) => {
                    prop_assert!((limits.min..=limits.max).contains(&proposal.replicas), "{proposal:?}");
                    prop_assert_eq!(proposal.rescale.is_some(), proposal.replicas != current);
                    if proposal.rescale.is_some() {
                        autoscaler.rescaled(current, proposal.replicas, behavior.as_ref(), now);
                    }
                    current = proposal.replicas;
                }
                Verdict::Disabled => prop_assert!(current == 0 && limits.min > 0),
                Verdict::Unavailable(_) => prop_assert_eq!(current, 0),
                Verdict::Ambiguous => prop_assert!(false),
            }
            now += pass;
        }
    }

    #[test]
    fn stabilised_value_is_the_highest_of_the_window(wanted in vec(0_u32..50, 1..80), pass in 1_i64..60_000) {
        let mut history = RecommendationHistory::default();
        let limits = Limits { min: 0, max: 1000 };
        let window = i64::from(DOWNSCALE_STABILIZATION_S) * 1000;
        for (index, want) in wanted.iter().enumerate() {
            let now = NOW + index as i64 * pass;
            // So many that no limit of growth is in the way.
            let stabilised = normalize(&mut history, *want, 500, limits, now).replicas;
            let young = wanted[..=index].iter().enumerate().filter(|(past, _)| (index - past) as i64 * pass <= window);
            prop_assert_eq!(stabilised, young.map(|(_, want)| *want).max().unwrap());
        }
    }

    #[test]
    fn what_is_allowed_is_allowed_again(wanted in 0_u32..200, current in 0_u32..200, limits in all_limits()) {
        // A count outside the limits is brought back before anything is normalised.
        let current = current.clamp(limits.min, limits.max);
        let once = normalize(&mut RecommendationHistory::default(), wanted, current, limits, NOW).replicas;
        let twice = normalize(&mut RecommendationHistory::default(), once, current, limits, NOW);
        prop_assert_eq!((twice.replicas, twice.limited), (once, false));
        let behavior = Behavior::default().with_defaults();
        let none = ScaleEvents::default();
        let allow = |wanted| {
            let mut history = RecommendationHistory::default();
            normalize_with_behavior(&mut history, (&none, &none), &behavior, wanted, current, limits, NOW)
        };
        let once = allow(wanted).replicas;
        prop_assert_eq!((allow(once).replicas, allow(once).limited), (once, false));
    }

    #[test]
    fn no_rate_moves_against_what_is_wanted(
        behavior in behaviors(),
        wanted in 0_u32..100,
        current in 0_u32..100,
        before in vec((0_u32..20, any::<bool>()), 0..10),
    ) {
        let behavior = behavior.with_defaults();
        let (mut ups, mut downs) = (ScaleEvents::default(), ScaleEvents::default());
        for (index, (pods, up)) in before.iter().enumerate() {
            let now = NOW + index as i64 * SYNC_PERIOD_MS;
            if *up {
                ups.record(*pods, now, behavior.scale_up.as_ref());
            } else {
                downs.record(*pods, now, behavior.scale_down.as_ref());
            }
        }
        let limits = Limits { min: 0, max: 1000 };
        let now = NOW + before.len() as i64 * SYNC_PERIOD_MS;
        let mut history = RecommendationHistory::default();
        let replicas = normalize_with_behavior(&mut history, (&ups, &downs), &behavior, wanted, current, limits, now).replicas;
        prop_assert!((current.min(wanted)..=current.max(wanted)).contains(&replicas), "{replicas}");
    }

    #[test]
    fn no_quantity_makes_the_parser_panic(text in ".{0,20}") {
        let _ = CpuMillis::parse(&text);
    }

    #[test]
    fn whole_thousandths_are_read_as_they_are_written(millis in 0_i64..10_000_000) {
        prop_assert_eq!(CpuMillis::parse(&CpuMillis(millis).to_string()), Some(CpuMillis(millis)));
    }
}
