//! Why the autoscaler did, or did not yet, act: the situation and its numbers. Words stand in `words.rs`.

use serde::{Deserialize, Serialize};

use super::TimeMs;

/// One situation. Percent are of the CPU request, as the HPA truncates them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "situation")]
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
        /// Pods and percent that the policies allow in 15 s; `None` when `behavior` is absent (`max(2 × pods, 4)`).
        rule: Option<(u32, u32)>,
    },
    /// More is wanted, but the last 15 s used up the limit.
    RateUsedUp {
        replicas: u32,
        wanted: u32,
        percent: u32,
        target: u32,
        added: u32,
    },
    /// New pods without a sample count as 0 % and hold the value under the target.
    NewPodsCountAsZero {
        replicas: u32,
        new_pods: u32,
        percent: u32,
        diluted: u32,
        target: u32,
    },
    /// At the maximum, and the formula wants more. `from` is set at the look that went there.
    AtMaximum {
        from: Option<u32>,
        maximum: u32,
        wanted: u32,
        percent: u32,
        target: u32,
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
