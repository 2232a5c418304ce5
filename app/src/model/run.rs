//! A run: one load and what was observed around it, as the tab of runs shows it. Made by `server/src/runs/`.

use serde::{Deserialize, Serialize};

use super::{AutoscalerState, History, LoadState, TimeMs};

/// One run in the list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunSummary {
    /// The load as it was last seen: when, with what, by whom, and how it ended.
    pub load: LoadState,
    /// When users started, and when the load ended, where that was seen.
    pub users_on: Option<TimeMs>,
    pub users_off: Option<TimeMs>,
    /// The most pods that were ready; `None` if nobody looked.
    pub most_pods: Option<u32>,
    /// From the first users to the first scale-up, in milliseconds.
    pub scaled_up_after_ms: Option<i64>,
    /// p95 in the last 10 s before the first scale-up, in milliseconds.
    pub p95_before_ms: Option<u32>,
    /// The last p95 of the load, in milliseconds.
    pub p95_last_ms: Option<u32>,
}

/// One run with all that its record has.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunRecord {
    pub namespace: String,
    pub summary: RunSummary,
    /// What of the time belongs to it.
    pub from: TimeMs,
    pub until: TimeMs,
    /// One pod's CPU limit in milli-cores.
    pub cpu_limit_m: Option<i64>,
    /// The HPA as the run last saw it, for the words of its explanations; `None` in records of the time before this field.
    pub autoscaler: Option<AutoscalerState>,
    pub history: History,
}

impl RunSummary {
    /// How long the load was on, in milliseconds; until `now` while it is.
    pub fn lasted_ms(&self, now: TimeMs) -> Option<i64> {
        let ended = self
            .users_off
            .or(self.load.end.as_ref().map(|end| end.time));
        let from = self.users_on.or(self.load.first_users)?;
        Some((ended.unwrap_or(now).0 - from.0).max(0))
    }
}
