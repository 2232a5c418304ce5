//! How long a scale-up took, stage by stage.

use serde::{Deserialize, Serialize};

use super::TimeMs;

/// So many are kept.
pub const MOST_REACTIONS: usize = 16;

/// One scale-up. A stage is `None` until it is reached.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reaction {
    pub from: u32,
    pub to: u32,
    /// When the load's users started; `None` if no load was on.
    pub users_on: Option<TimeMs>,
    /// When the Deployment was asked for more. Names it: newer stages come under the same time.
    pub decision: TimeMs,
    /// When the last new pod was ready.
    pub ready: Option<TimeMs>,
    /// When the first valid sample of the last new pod ended.
    pub first_sample: Option<TimeMs>,
    /// The first look of the HPA that counted all of them.
    pub counted: Option<TimeMs>,
    /// p95 in milliseconds at the decision, and 30 s after `ready`.
    pub p95_before_ms: Option<u32>,
    pub p95_after_ms: Option<u32>,
    /// Nothing will be added: what is missing was not reached, or not seen.
    pub over: bool,
}
