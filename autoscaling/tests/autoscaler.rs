//! Looks of one autoscaler in a row: windows, policies, limits, and the reasons that its conditions give.

#![expect(clippy::unwrap_used, reason = "a test may")]

use autoscaling::behavior::PolicyType;
use autoscaling::load::Random;
use autoscaling::replica_calculator::{Phase, PodState, Readiness, Sample, Target};
use autoscaling::{
    AbleToScale, Autoscaler, Behavior, CpuMillis, Limits, Metric, Observation, Proposal,
    RescaleReason, SYNC_PERIOD_MS, ScalingLimited, ScalingPolicy, ScalingRules, SelectPolicy,
    Verdict,
};

const START: i64 = 3_600_000;

fn mk_pods(count: u32, percent: i64) -> Vec<PodState> {
    let pod = PodState {
        name: "webapp".to_owned(),
        phase: Phase::Running,
        deleting: false,
        start_time: Some(0),
        ready: Some(Readiness {
            ready: true,
            since: 0,
        }),
        request: Ok(CpuMillis(100)),
        sample: Some(Sample {
            usage: CpuMillis(percent),
            timestamp: START,
            window: 15_000,
        }),
    };
    vec![pod; count as usize]
}

/// CPU at 60 % of the request.
fn cpu(pods: &[PodState]) -> Metric<'_> {
    Metric {
        resource: "cpu",
        container: None,
        target: Some(Target::Utilization(60)),
        pods: Ok(pods),
    }
}

fn window(seconds: u32) -> Behavior {
    Behavior {
        scale_up: None,
        scale_down: Some(ScalingRules {
            stabilization_window_seconds: Some(seconds),
            ..ScalingRules::default()
        }),
    }
}

/// An autoscaler, its target, and the time.
struct Story {
    autoscaler: Autoscaler,
    behavior: Option<Behavior>,
    limits: Limits,
    current: u32,
    now: i64,
}

impl Story {
    fn new(behavior: Option<Behavior>) -> Self {
        Self {
            autoscaler: Autoscaler::default(),
            behavior,
            limits: Limits { min: 1, max: 10 },
            current: 1,
            now: START,
        }
    }

    /// A look at pods that all have a sample of this many percent, then 15 s.
    fn look(&mut self, percent: i64) -> Proposal {
        let pods = mk_pods(self.current, percent);
        let verdict = self.autoscaler.reconcile(&Observation {
            current: self.current,
            limits: self.limits,
            behavior: self.behavior.as_ref(),
            metrics: Ok(&[Ok(cpu(&pods))]),
            now: self.now,
        });
        let proposal = match verdict {
            Verdict::Proposal(proposal) => Some(proposal),
            Verdict::Disabled | Verdict::Ambiguous | Verdict::Unavailable(_) => None,
        }
        .unwrap();
        if proposal.rescale.is_some() {
            self.autoscaler.rescaled(
                self.current,
                proposal.replicas,
                self.behavior.as_ref(),
                self.now,
            );
        }
        self.current = proposal.replicas;
        self.now += SYNC_PERIOD_MS;
        proposal
    }

    fn sizes(&mut self, percents: &[i64]) -> Vec<u32> {
        percents
            .iter()
            .map(|percent| self.look(*percent).replicas)
            .collect()
    }
}

#[test]
fn saturated_pods_at_four_times_their_request_grow_as_the_limits_allow() {
    let mut set = Story::new(Some(window(60)));
    assert_eq!(set.sizes(&[400, 400, 400]), [5, 10, 10]);
    let mut absent = Story::new(None);
    assert_eq!(absent.sizes(&[400, 400, 400]), [4, 8, 10]);
}

#[test]
fn recorded_reasons_on_the_way_up() {
    let mut story = Story::new(Some(window(60)));
    let step = story.look(200);
    assert_eq!(step.replicas, 4);
    assert_eq!(
        step.rescale.map(|reason| reason.text()).as_deref(),
        Some("cpu resource utilization (percentage of request) above target")
    );
    // 4 of at most 5: nothing was cut.
    assert_eq!(
        step.scaling_limited,
        Some((ScalingLimited::DesiredWithinRange, false))
    );
    story.now += SYNC_PERIOD_MS;
    let step = story.look(181);
    assert_eq!(step.replicas, 8);
    assert_eq!(
        step.scaling_limited,
        Some((ScalingLimited::ScaleUpLimit, true))
    );
    let step = story.look(92);
    assert_eq!(step.replicas, 10);
    assert_eq!(
        step.scaling_limited,
        Some((ScalingLimited::TooManyReplicas, true))
    );
    let step = story.look(156);
    assert_eq!((step.replicas, step.rescale), (10, None));
    assert_eq!(step.able_to_scale, AbleToScale::ReadyForNewScale);
}

#[test]
fn window_holds_until_the_last_high_recommendation_is_as_old() {
    let mut story = Story::new(Some(window(60)));
    story.current = 10;
    // 166, 102 and then 4 %: the last look that asked for more was the second.
    assert_eq!(story.sizes(&[166, 102]), [10, 10]);
    let held = story.look(4);
    assert_eq!(held.able_to_scale, AbleToScale::ScaleDownStabilized);
    assert_eq!(
        held.scaling_limited,
        Some((ScalingLimited::DesiredWithinRange, false))
    );
    assert_eq!(story.sizes(&[4, 4]), [10, 10]);
    let down = story.look(4);
    assert_eq!(
        (down.replicas, down.rescale),
        (1, Some(RescaleReason::BelowTarget))
    );
    assert_eq!(story.look(4).able_to_scale, AbleToScale::ReadyForNewScale);
}

#[test]
fn sample_with_part_of_the_load_makes_two_steps() {
    let mut story = Story::new(Some(window(60)));
    story.current = 10;
    assert_eq!(story.sizes(&[166, 10, 4, 4, 4, 4]), [10, 10, 10, 10, 2, 1]);
}

#[test]
fn without_behavior_the_window_is_five_minutes() {
    let mut story = Story::new(None);
    story.current = 10;
    story.look(166);
    // A recommendation exactly five minutes old still counts on this older path.
    assert_eq!(story.sizes(&[4; 20]), [10; 20]);
    assert_eq!(story.look(4).replicas, 1);
}

#[test]
fn idle_at_zero_percent_is_too_few_once_the_first_pod_is_out_of_the_window() {
    let mut story = Story::new(Some(window(60)));
    // The replicas that the first look finds count as a recommendation.
    let first = story.look(0);
    assert_eq!(first.able_to_scale, AbleToScale::ScaleDownStabilized);
    assert_eq!(story.sizes(&[0, 0, 0]), [1, 1, 1]);
    let step = story.look(0);
    assert_eq!(step.replicas, 1);
    assert_eq!(
        step.scaling_limited,
        Some((ScalingLimited::TooFewReplicas, true))
    );
}

#[test]
fn replicas_outside_the_limits_are_brought_back_without_a_look_at_metrics() {
    let mut story = Story::new(None);
    story.current = 20;
    let step = story.look(4);
    assert_eq!(
        (step.replicas, step.rescale),
        (10, Some(RescaleReason::AboveMaxReplicas))
    );
    assert_eq!(step.evaluation, None);
    story.limits = Limits { min: 12, max: 15 };
    let step = story.look(4);
    assert_eq!(
        (step.replicas, step.rescale),
        (12, Some(RescaleReason::BelowMinReplicas))
    );
}

#[test]
fn no_replicas_turn_the_autoscaler_off() {
    let mut autoscaler = Autoscaler::default();
    let verdict = autoscaler.reconcile(&Observation {
        current: 0,
        limits: Limits { min: 1, max: 10 },
        behavior: None,
        metrics: Ok(&[Ok(cpu(&[]))]),
        now: START,
    });
    assert_eq!(verdict, Verdict::Disabled);
}

#[test]
fn policies_bound_the_way_down_and_can_switch_it_off() {
    let mut behavior = window(0);
    let down = behavior.scale_down.as_mut().unwrap();
    down.policies = vec![ScalingPolicy {
        kind: PolicyType::Pods,
        value: 2,
        period_seconds: 30,
    }];
    let mut story = Story::new(Some(behavior.clone()));
    story.current = 10;
    assert_eq!(story.sizes(&[4, 4, 4, 4]), [8, 8, 6, 6]);
    behavior.scale_down.as_mut().unwrap().select_policy = Some(SelectPolicy::Disabled);
    let mut story = Story::new(Some(behavior));
    story.current = 10;
    let step = story.look(4);
    assert_eq!(step.replicas, 10);
    assert_eq!(
        step.scaling_limited,
        Some((ScalingLimited::ScaleDownLimit, true))
    );
}

#[test]
fn scale_up_window_takes_the_lowest_recommendation() {
    let behavior = Behavior {
        scale_up: Some(ScalingRules {
            stabilization_window_seconds: Some(30),
            ..ScalingRules::default()
        }),
        scale_down: None,
    };
    let mut story = Story::new(Some(behavior));
    assert_eq!(story.sizes(&[60, 120]), [1, 1]);
    let step = story.look(120);
    assert_eq!(step.replicas, 2);
}

#[test]
fn never_outside_the_limits_whatever_happens() {
    for seed in 0..300 {
        let mut random = Random::new(seed);
        let behavior = match random.below(3) {
            0 => None,
            1 => Some(Behavior::default()),
            _ => Some(window(u32::try_from(random.below(120)).unwrap())),
        };
        let mut story = Story::new(behavior);
        story.limits.min = 1 + u32::try_from(random.below(3)).unwrap();
        story.limits.max = story.limits.min + u32::try_from(random.below(10)).unwrap();
        story.current = story.limits.min;
        for _ in 0..60 {
            let before = story.current;
            let step = story.look(random.below(220) as i64);
            assert!(
                (story.limits.min..=story.limits.max).contains(&step.replicas),
                "seed {seed}: {step:?}"
            );
            assert!(
                step.replicas <= (before * 2).max(before + 4),
                "seed {seed}: {step:?}"
            );
            assert_eq!(step.rescale.is_some(), step.replicas != before);
        }
    }
}
