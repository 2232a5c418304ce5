//! What the why panel said and says, kept by the server so that a reload and a second device tell the same.

use serde::{Deserialize, Serialize};

use super::{Condition, Explanation, TimeMs};

/// So many are kept: a whole journey has about a dozen.
pub const MOST_TOLD: usize = 24;

/// One explanation with what showed it. The newest one holds now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Told {
    /// Since when it holds: the HPA's look, or when the panel saw it. Names it: newer figures come under the same time.
    pub time: TimeMs,
    pub explanation: Explanation,
    pub evidence: Evidence,
}

/// What an explanation was read from.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// When the HPA looked; `None` if the panel did not see it look.
    pub look: Option<TimeMs>,
    /// The HPA's conditions then, word for word.
    pub conditions: Vec<Condition>,
    /// The HPA's newest event then, word for word.
    pub event: Option<SaidEvent>,
    /// The pods' samples that the look can have read.
    pub samples: Vec<UsedSample>,
}

/// An event, word for word.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SaidEvent {
    pub time: Option<TimeMs>,
    pub reason: String,
    pub message: String,
}

/// One pod in the HPA's calculation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsedSample {
    pub pod: String,
    /// Milli-cores; `None` without a sample.
    pub usage_m: Option<i64>,
    /// Of the pod's request, truncated.
    pub percent: Option<u32>,
    /// Age at the look, in milliseconds.
    pub age_ms: Option<i64>,
    pub counts: Counts,
}

/// How a pod went into the calculation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Counts {
    /// With its own value.
    Sample,
    /// Without a valid sample: as 0 %, on the way up.
    Zero,
    /// Without a sample: as 100 %, on the way down.
    Full,
    /// Without a valid sample, and nothing is assumed.
    Not,
}
