//! One autoscaler's look at its target: from what it observes to what it asks for, and what it will remember.
//!
//! Follows `reconcileAutoscaler` of upstream's `pkg/controller/podautoscaler/horizontal.go`. The controller reads
//! and writes the objects; this file must not.

use serde::{Deserialize, Serialize};

use crate::behavior::Behavior;
use crate::metric::{Evaluation, Metric, MetricFailure, Outcome};
use crate::normalize::{
    AbleToScale, RecommendationHistory, ScaleEvents, ScalingLimited, normalize,
    normalize_with_behavior,
};

/// `spec.minReplicas` and `spec.maxReplicas`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    pub min: u32,
    pub max: u32,
}

/// Everything that one look depends on, besides what the [`Autoscaler`] remembers.
#[derive(Clone, Copy, Debug)]
pub struct Observation<'a> {
    /// The scale's `spec.replicas`.
    pub current: u32,
    pub limits: Limits,
    /// `spec.behavior`, if there is one.
    pub behavior: Option<&'a Behavior>,
    /// `spec.metrics` with what was observed of each; an inner `Err` is one that cannot be asked, the outer one
    /// says that the target's pods belong to other autoscalers as well.
    pub metrics: Result<&'a [Result<Metric<'a>, MetricFailure>], AmbiguousSelector>,
    /// In milliseconds.
    pub now: i64,
}

/// The selector's pods are selected by other autoscalers' targets, too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AmbiguousSelector;

/// What an autoscaler remembers between its looks. The HPA controller keeps one per object; a new one starts
/// empty, so a restart of the controller forgets the window.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Autoscaler {
    history: RecommendationHistory,
    ups: ScaleEvents,
    downs: ScaleEvents,
}

/// The outcome of a look.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// The target has no replicas, which turns the autoscaler off (`ScalingActive` False, `ScalingDisabled`).
    Disabled,
    /// More than one autoscaler would move the pods, so none does (`ScalingActive` False, `AmbiguousSelector`).
    Ambiguous,
    /// No replica count could be computed; the target stays as it is.
    Unavailable(Evaluation),
    /// The target stays or is set to `replicas`.
    Proposal(Proposal),
}

/// What the autoscaler asks for, and the conditions that tell why.
#[derive(Clone, Debug, PartialEq)]
pub struct Proposal {
    /// Replicas to ask for, equal to the current ones when there is nothing to do.
    pub replicas: u32,
    /// Set when `replicas` differs from the current ones.
    pub rescale: Option<RescaleReason>,
    /// What the metrics say; `None` when the count was outside the limits, since then no metric is read.
    pub evaluation: Option<Evaluation>,
    pub able_to_scale: AbleToScale,
    /// The condition `ScalingLimited` and its status; `None` leaves it as it was.
    pub scaling_limited: Option<(ScalingLimited, bool)>,
}

/// The second half of the event `SuccessfulRescale`. `text` is upstream's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RescaleReason {
    /// Of the metric that asks for the most.
    AboveTarget(String),
    BelowTarget,
    AboveMaxReplicas,
    BelowMinReplicas,
}

impl RescaleReason {
    /// Upstream's words.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::AboveTarget(metric) => return format!("{metric} above target"),
            Self::BelowTarget => "All metrics below target",
            Self::AboveMaxReplicas => "Current number of replicas above Spec.MaxReplicas",
            Self::BelowMinReplicas => "Current number of replicas below Spec.MinReplicas",
        }
        .to_owned()
    }
}

impl Autoscaler {
    /// Recommendations that may still count.
    #[must_use]
    pub fn history(&self) -> &RecommendationHistory {
        &self.history
    }

    /// One look. Remembers the recommendation; a rescale is remembered by [`Self::rescaled`], once it was written.
    pub fn reconcile(&mut self, seen: &Observation<'_>) -> Verdict {
        let Observation {
            current,
            limits,
            now,
            ..
        } = *seen;
        self.history.record_initial(current, now);
        if current == 0 && limits.min != 0 {
            return Verdict::Disabled;
        }
        let outside = |replicas, reason| {
            Verdict::Proposal(Proposal {
                replicas,
                rescale: Some(reason),
                evaluation: None,
                able_to_scale: AbleToScale::SucceededRescale(replicas),
                scaling_limited: None,
            })
        };
        if current > limits.max {
            return outside(limits.max, RescaleReason::AboveMaxReplicas);
        }
        if current < limits.min {
            return outside(limits.min, RescaleReason::BelowMinReplicas);
        }

        let tolerances = seen.behavior.map(Behavior::tolerances).unwrap_or_default();
        let Ok(metrics) = seen.metrics else {
            return Verdict::Ambiguous;
        };
        let evaluation = Evaluation::of(metrics, current, tolerances, now);
        let Outcome::Wanted {
            replicas: wanted,
            metric,
        } = evaluation.outcome.clone()
        else {
            return Verdict::Unavailable(evaluation);
        };
        let normalized = match seen.behavior {
            None => normalize(&mut self.history, wanted, current, limits, now),
            Some(behavior) => normalize_with_behavior(
                &mut self.history,
                (&self.ups, &self.downs),
                &behavior.with_defaults(),
                wanted,
                current,
                limits,
                now,
            ),
        };
        let reason = if wanted > current {
            RescaleReason::AboveTarget(metric)
        } else {
            RescaleReason::BelowTarget
        };
        let rescale = (normalized.replicas != current).then_some(reason);
        Verdict::Proposal(Proposal {
            replicas: normalized.replicas,
            able_to_scale: if rescale.is_some() {
                AbleToScale::SucceededRescale(normalized.replicas)
            } else {
                normalized.able_to_scale
            },
            rescale,
            evaluation: Some(evaluation),
            scaling_limited: Some((normalized.scaling_limited, normalized.limited)),
        })
    }

    /// Remembers a rescale for the policies of later looks. Without `behavior` nothing reads it.
    pub fn rescaled(&mut self, from: u32, to: u32, behavior: Option<&Behavior>, now: i64) {
        let Some(behavior) = behavior.map(Behavior::with_defaults) else {
            return;
        };
        if to > from {
            self.ups.record(to - from, now, behavior.scale_up.as_ref());
        } else {
            self.downs
                .record(from - to, now, behavior.scale_down.as_ref());
        }
    }
}
