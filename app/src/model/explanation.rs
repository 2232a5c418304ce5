//! Why the autoscaler did, or did not yet, act: the situation and its numbers. Words stand in `words/why.rs`.

use serde::{Deserialize, Serialize};

use super::TimeMs;

/// What the formula was given at a look, besides the HPA's own percent and target.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counted {
    /// Pods that were there: what the quotient is multiplied by.
    pub pods: u32,
    /// Those of them without a valid sample.
    pub uncounted: u32,
    /// The percent with these as 0 % (on the way up) or 100 % (on the way down).
    pub diluted: u32,
}

/// One situation. Percent are of the CPU request, as the HPA truncates them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Explanation {
    /// The panel does not see the namespace.
    NotWatched,
    /// Nothing of the workshop is there.
    NothingDeployed,
    /// The objects are there, no pod is ready yet.
    Deploying,
    /// The HPA has no value, and the first container is younger than 90 s.
    NoCpuYet,
    /// The HPA has no value for longer than that.
    NoCpuValue { since: TimeMs, message: String },
    /// One pod (the minimum) is enough.
    EnoughAtMinimum {
        replicas: u32,
        percent: u32,
        target: u32,
        minimum: u32,
    },
    /// The load is on, but the newest sample is older.
    SampleBeforeLoad { next_sample: Option<TimeMs> },
    /// The last look scaled up to what the formula wanted.
    ScaledUp {
        at: TimeMs,
        from: u32,
        to: u32,
        percent: u32,
        target: u32,
        counted: Counted,
        allowed: u32,
    },
    /// The last look scaled up, less than the formula wanted, because of the rate.
    ScaledUpLimited {
        at: TimeMs,
        from: u32,
        to: u32,
        wanted: u32,
        percent: u32,
        target: u32,
        counted: Counted,
        /// Pods and percent that the policies allow in 15 s; `None` when `behavior` is absent (`max(2 × pods, 4)`).
        rule: Option<(u32, u32)>,
    },
    /// More is wanted, but the last 15 s used up the limit.
    RateUsedUp {
        replicas: u32,
        wanted: u32,
        percent: u32,
        target: u32,
        counted: Counted,
        added: u32,
        /// As in `ScaledUpLimited`.
        rule: Option<(u32, u32)>,
    },
    /// New pods without a sample count as 0 % and hold the value under the target.
    NewPodsCountAsZero {
        replicas: u32,
        percent: u32,
        target: u32,
        counted: Counted,
    },
    /// At the maximum, and the formula wants more. `from` is set at the look that went there.
    AtMaximum {
        from: Option<u32>,
        maximum: u32,
        wanted: u32,
        percent: u32,
        target: u32,
        counted: Counted,
    },
    /// Within tolerance of the target (0.9 to 1.1), or the formula's result is what there is.
    Settled {
        replicas: u32,
        percent: u32,
        target: u32,
    },
    /// Fewer would do, but the window remembers a higher recommendation.
    HeldByWindow {
        replicas: u32,
        percent: u32,
        target: u32,
        would_do: u32,
        window_s: u32,
        /// The last high recommendation that the panel saw, and its size.
        highest_at: Option<TimeMs>,
        highest: Option<u32>,
        /// The first expected look after the window.
        until: Option<TimeMs>,
    },
    /// The last look scaled down.
    ScaledDown {
        at: TimeMs,
        from: u32,
        to: u32,
        percent: u32,
        target: u32,
        /// What the formula gave, before the minimum; more where pods without a sample counted as 100 %.
        wanted: u32,
        minimum: u32,
    },
    /// One pod has all the load and the others idle: connections stay where they were opened.
    OneHotPod {
        replicas: u32,
        idle: u32,
        /// The busy pod's.
        percent: u32,
        target: u32,
    },
    /// The Deployment was set to 0 by hand, which turns the HPA off.
    Disabled,
    /// KEDA is paused, or there is no autoscaler.
    NoAutoscaler,
    /// What the HPA did does not follow from what was seen.
    NotReproducible {
        asked: u32,
        formula: u32,
        percent: u32,
        target: u32,
    },
}

impl Explanation {
    /// Whether two explanations tell of the same situation, though with newer figures.
    pub fn same_situation(&self, other: &Self) -> bool {
        use Explanation::{AtMaximum, NewPodsCountAsZero, ScaledDown, ScaledUp, ScaledUpLimited};
        match (self, other) {
            // Each rescale is told for itself.
            (ScaledUp { at: a, .. }, ScaledUp { at: b, .. })
            | (ScaledUpLimited { at: a, .. }, ScaledUpLimited { at: b, .. })
            | (ScaledDown { at: a, .. }, ScaledDown { at: b, .. }) => a == b,
            (AtMaximum { from: a, .. }, AtMaximum { from: b, .. }) => a == b,
            (NewPodsCountAsZero { replicas: a, .. }, NewPodsCountAsZero { replicas: b, .. }) => {
                a == b
            }
            _ => std::mem::discriminant(self) == std::mem::discriminant(other),
        }
    }

    /// The sizes of the rescale that it tells of.
    pub fn rescale(&self) -> Option<(u32, u32)> {
        match *self {
            Self::ScaledUp { from, to, .. }
            | Self::ScaledUpLimited { from, to, .. }
            | Self::ScaledDown { from, to, .. } => Some((from, to)),
            Self::AtMaximum {
                from: Some(from),
                maximum,
                ..
            } => Some((from, maximum)),
            _ => None,
        }
    }

    /// It is the result of one look of the HPA, so newer samples may correct it but not begin another one.
    pub fn is_of_look(&self) -> bool {
        matches!(
            self,
            Self::EnoughAtMinimum { .. }
                | Self::ScaledUp { .. }
                | Self::ScaledUpLimited { .. }
                | Self::RateUsedUp { .. }
                | Self::NewPodsCountAsZero { .. }
                | Self::AtMaximum { .. }
                | Self::Settled { .. }
                | Self::HeldByWindow { .. }
                | Self::ScaledDown { .. }
                | Self::NotReproducible { .. }
        )
    }
}
