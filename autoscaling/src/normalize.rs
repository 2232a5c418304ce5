//! From the replicas wanted to the replicas allowed: stabilisation windows, scaling policies, minimum and maximum.
//!
//! Follows `normalizeDesiredReplicas` and `normalizeDesiredReplicasWithBehaviors` with the functions below them in
//! upstream's `pkg/controller/podautoscaler/horizontal.go`. Called by [`crate::autoscaler`].

use serde::{Deserialize, Serialize};

use crate::behavior::{Behavior, PolicyType, ScalingPolicy, ScalingRules, SelectPolicy};
use crate::{DOWNSCALE_STABILIZATION_S, autoscaler::Limits};

/// What was wanted at one look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recommendation {
    pub replicas: u32,
    /// In milliseconds.
    pub time: i64,
}

/// The recommendations of one autoscaler, as long as a window may need them.
///
/// As upstream, an outdated entry is overwritten before a new one is added, so the list stays as long as the window.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecommendationHistory {
    recommendations: Vec<Recommendation>,
}

/// Rescales of one direction, as long as a policy's period may need them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScaleEvents {
    events: Vec<Recommendation>,
}

/// Reason of the condition `AbleToScale`, here always with status True.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AbleToScale {
    SucceededGetScale,
    ReadyForNewScale,
    ScaleUpStabilized,
    ScaleDownStabilized,
    SucceededRescale(u32),
}

/// Reason of the condition `ScalingLimited`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ScalingLimited {
    DesiredWithinRange,
    TooFewReplicas,
    TooManyReplicas,
    ScaleUpLimit,
    ScaleDownLimit,
}

impl AbleToScale {
    /// The condition's `reason`.
    #[must_use]
    pub fn reason(self) -> &'static str {
        match self {
            Self::SucceededGetScale => "SucceededGetScale",
            Self::ReadyForNewScale => "ReadyForNewScale",
            Self::ScaleUpStabilized => "ScaleUpStabilized",
            Self::ScaleDownStabilized => "ScaleDownStabilized",
            Self::SucceededRescale(_) => "SucceededRescale",
        }
    }

    /// The condition's `message`.
    #[must_use]
    pub fn message(self) -> String {
        match self {
            Self::SucceededGetScale => {
                "the HPA controller was able to get the target's current scale".into()
            }
            Self::ReadyForNewScale => "recommended size matches current size".into(),
            Self::ScaleUpStabilized => "recent recommendations were lower than current one, applying the lowest recent recommendation".into(),
            Self::ScaleDownStabilized => "recent recommendations were higher than current one, applying the highest recent recommendation".into(),
            Self::SucceededRescale(replicas) => {
                format!("the HPA controller was able to update the target scale to {replicas}")
            }
        }
    }
}

impl ScalingLimited {
    /// The condition's `reason`.
    #[must_use]
    pub fn reason(self) -> &'static str {
        match self {
            Self::DesiredWithinRange => "DesiredWithinRange",
            Self::TooFewReplicas => "TooFewReplicas",
            Self::TooManyReplicas => "TooManyReplicas",
            Self::ScaleUpLimit => "ScaleUpLimit",
            Self::ScaleDownLimit => "ScaleDownLimit",
        }
    }

    /// The condition's `message`.
    #[must_use]
    pub fn message(self) -> &'static str {
        match self {
            Self::DesiredWithinRange => "the desired count is within the acceptable range",
            Self::TooFewReplicas => {
                "the desired replica count is less than the minimum replica count"
            }
            Self::TooManyReplicas => {
                "the desired replica count is more than the maximum replica count"
            }
            Self::ScaleUpLimit => {
                "the desired replica count is increasing faster than the maximum scale rate"
            }
            Self::ScaleDownLimit => {
                "the desired replica count is decreasing faster than the maximum scale rate"
            }
        }
    }
}

/// What is allowed of what was wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Normalized {
    pub replicas: u32,
    pub able_to_scale: AbleToScale,
    pub scaling_limited: ScalingLimited,
    /// Status of the condition `ScalingLimited`.
    pub limited: bool,
}

impl RecommendationHistory {
    /// The recommendations still kept, in no particular order; some may be older than the window.
    #[must_use]
    pub fn recommendations(&self) -> &[Recommendation] {
        &self.recommendations
    }

    /// Upstream's `recordInitialRecommendation`: the replicas found at the first look count as recommended.
    pub fn record_initial(&mut self, replicas: u32, time: i64) {
        if self.recommendations.is_empty() {
            self.recommendations.push(Recommendation { replicas, time });
        }
    }

    /// Upstream's `stabilizeRecommendation`: the highest of the last five minutes.
    fn stabilize(&mut self, wanted: u32, now: i64) -> u32 {
        let cutoff = now.saturating_sub(i64::from(DOWNSCALE_STABILIZATION_S) * 1000);
        let highest = self
            .recommendations
            .iter()
            .filter(|recommendation| recommendation.time >= cutoff)
            .map(|recommendation| recommendation.replicas)
            .fold(wanted, u32::max);
        self.record(wanted, now, cutoff);
        highest
    }

    /// Upstream's `stabilizeRecommendationWithBehaviors`: `current`, moved into the range that the windows leave.
    fn stabilize_with(&mut self, behavior: &Behavior, wanted: u32, current: u32, now: i64) -> u32 {
        let up_cutoff = now.saturating_sub(i64::from(behavior.scale_up_window()) * 1000);
        let down_cutoff = now.saturating_sub(i64::from(behavior.scale_down_window()) * 1000);
        let (mut lowest, mut highest) = (wanted, wanted);
        for recommendation in &self.recommendations {
            if recommendation.time > up_cutoff {
                lowest = lowest.min(recommendation.replicas);
            }
            if recommendation.time > down_cutoff {
                highest = highest.max(recommendation.replicas);
            }
        }
        self.record(wanted, now, up_cutoff.min(down_cutoff));
        current.max(lowest).min(highest)
    }

    fn record(&mut self, replicas: u32, time: i64, cutoff: i64) {
        let recommendation = Recommendation { replicas, time };
        match self
            .recommendations
            .iter_mut()
            .rfind(|old| old.time < cutoff)
        {
            Some(old) => *old = recommendation,
            None => self.recommendations.push(recommendation),
        }
    }
}

impl ScaleEvents {
    /// Upstream's `storeScaleEvent`: remembers a change of `replicas` pods.
    pub fn record(&mut self, replicas: u32, now: i64, rules: Option<&ScalingRules>) {
        let longest = rules
            .into_iter()
            .flat_map(|rules| &rules.policies)
            .map(|policy| i64::from(policy.period_seconds))
            .max()
            .unwrap_or(0);
        self.events
            .retain(|event| event.time >= now.saturating_sub(longest * 1000));
        self.events.push(Recommendation {
            replicas,
            time: now,
        });
    }

    /// Pods added or removed in the last `period_seconds`.
    #[must_use]
    pub fn within(&self, period_seconds: u32, now: i64) -> u32 {
        let cutoff = now.saturating_sub(i64::from(period_seconds) * 1000);
        self.events
            .iter()
            .filter(|event| event.time > cutoff)
            .map(|event| event.replicas)
            .fold(0, u32::saturating_add)
    }
}

/// An autoscaler without `behavior`: the highest recommendation of five minutes, and at most
/// `max(2 × current, 4)` at once.
pub fn normalize(
    history: &mut RecommendationHistory,
    wanted: u32,
    current: u32,
    limits: Limits,
    now: i64,
) -> Normalized {
    let stabilized = history.stabilize(wanted, now);
    let (maximum, over) = ceiling(default_scale_up_limit(current), limits.max);
    let (replicas, scaling_limited) = if stabilized < limits.min {
        (limits.min, ScalingLimited::TooFewReplicas)
    } else if stabilized > maximum {
        (maximum, over)
    } else {
        (stabilized, ScalingLimited::DesiredWithinRange)
    };
    Normalized {
        replicas,
        able_to_scale: if stabilized == wanted {
            AbleToScale::ReadyForNewScale
        } else {
            AbleToScale::ScaleDownStabilized
        },
        scaling_limited,
        limited: replicas != stabilized,
    }
}

/// An autoscaler with `behavior`: a window and a rate for each direction.
///
/// `behavior` must have its defaults filled in ([`Behavior::with_defaults`]).
pub fn normalize_with_behavior(
    history: &mut RecommendationHistory,
    (ups, downs): (&ScaleEvents, &ScaleEvents),
    behavior: &Behavior,
    wanted: u32,
    current: u32,
    limits: Limits,
    now: i64,
) -> Normalized {
    let stabilized = history.stabilize_with(behavior, wanted, current, now);
    let able_to_scale = if stabilized == wanted {
        AbleToScale::ReadyForNewScale
    } else if wanted >= current {
        AbleToScale::ScaleUpStabilized
    } else {
        AbleToScale::ScaleDownStabilized
    };
    let (replicas, scaling_limited) = if stabilized > current {
        let rate = behavior.scale_up.as_ref().map_or(current, |rules| {
            scale_up_limit(current, rules, ups, downs, now)
        });
        let (maximum, over) = ceiling(rate.max(current), limits.max);
        if stabilized > maximum {
            (maximum, over)
        } else {
            (stabilized, ScalingLimited::DesiredWithinRange)
        }
    } else if stabilized < current {
        let rate = behavior.scale_down.as_ref().map_or(current, |rules| {
            scale_down_limit(current, rules, ups, downs, now)
        });
        let rate = rate.min(current);
        let (minimum, under) = if limits.min < rate {
            (rate, ScalingLimited::ScaleDownLimit)
        } else {
            (limits.min, ScalingLimited::TooFewReplicas)
        };
        if stabilized < minimum {
            (minimum, under)
        } else {
            (stabilized, ScalingLimited::DesiredWithinRange)
        }
    } else {
        (stabilized, ScalingLimited::DesiredWithinRange)
    };
    Normalized {
        replicas,
        able_to_scale,
        scaling_limited,
        limited: replicas != stabilized,
    }
}

/// The most replicas that the scale-up policies allow now (`calculateScaleUpLimitWithScalingRules`).
///
/// It may be below `current` where a policy's period already saw more than it allows.
#[must_use]
pub fn scale_up_limit(
    current: u32,
    rules: &ScalingRules,
    ups: &ScaleEvents,
    downs: &ScaleEvents,
    now: i64,
) -> u32 {
    select(current, rules, false, |policy| {
        let start = period_start(current, policy, ups, downs, now);
        match policy.kind {
            PolicyType::Pods => start + i64::from(policy.value),
            // Rounded up: a small percentage of few pods must not keep them from growing.
            PolicyType::Percent => {
                (start as f64 * (1.0 + f64::from(policy.value) / 100.0)).ceil() as i64
            }
        }
    })
}

/// The fewest replicas that the scale-down policies allow now (`calculateScaleDownLimitWithBehaviors`).
#[must_use]
pub fn scale_down_limit(
    current: u32,
    rules: &ScalingRules,
    ups: &ScaleEvents,
    downs: &ScaleEvents,
    now: i64,
) -> u32 {
    select(current, rules, true, |policy| {
        let start = period_start(current, policy, ups, downs, now);
        match policy.kind {
            PolicyType::Pods => start - i64::from(policy.value),
            PolicyType::Percent => (start as f64 * (1.0 - f64::from(policy.value) / 100.0)) as i64,
        }
    })
}

/// Without `behavior`: `max(2 × current, 4)` (`calculateScaleUpLimit`).
#[must_use]
pub fn default_scale_up_limit(current: u32) -> u32 {
    current.saturating_mul(2).max(4)
}

/// Replicas at the start of a policy's period, before what was added and removed since.
fn period_start(
    current: u32,
    policy: &ScalingPolicy,
    ups: &ScaleEvents,
    downs: &ScaleEvents,
    now: i64,
) -> i64 {
    i64::from(current) - i64::from(ups.within(policy.period_seconds, now))
        + i64::from(downs.within(policy.period_seconds, now))
}

fn select(
    current: u32,
    rules: &ScalingRules,
    down: bool,
    proposal: impl Fn(&ScalingPolicy) -> i64,
) -> u32 {
    let largest = match rules.select_policy {
        Some(SelectPolicy::Disabled) => return current,
        Some(SelectPolicy::Min) => down,
        Some(SelectPolicy::Max) | None => !down,
    };
    let proposals = rules.policies.iter().map(proposal);
    let selected = if largest {
        proposals.max()
    } else {
        proposals.min()
    };
    u32::try_from(selected.unwrap_or(i64::from(current)).max(0)).unwrap_or(u32::MAX)
}

fn ceiling(rate: u32, max: u32) -> (u32, ScalingLimited) {
    if max > rate {
        (rate, ScalingLimited::ScaleUpLimit)
    } else {
        (max, ScalingLimited::TooManyReplicas)
    }
}
