//! The load: a Job whose pods run Locust.

use serde::{Deserialize, Serialize};

use super::TimeMs;

/// The newest load of a namespace, also after its Job is gone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LoadState {
    pub job: String,
    pub uid: String,
    pub stage: LoadStage,
    /// Who made the Job: a field manager such as `workshop-panel` or `kubectl`.
    pub manager: String,
    /// The panel made it, so stopping it needs no question.
    pub own: bool,
    pub created: TimeMs,
    /// Users, users per second and run time in seconds, where the Job's arguments or environment tell them.
    pub users_wanted: Option<u32>,
    pub spawn_rate: Option<u32>,
    pub run_time_s: Option<u32>,
    /// The most pods that the attendee guessed before the load, if they did.
    #[serde(default)]
    pub guess: Option<u32>,
    /// When its Job was seen to be deleted.
    #[serde(default)]
    pub deleted: Option<TimeMs>,
    /// When Locust said that it starts its users.
    pub first_users: Option<TimeMs>,
    /// When the run time is over.
    pub ends: Option<TimeMs>,
    /// The newest figures of Locust's log.
    pub figures: Option<LoadFigures>,
    /// Load pods that still exist.
    pub pods: u32,
    /// Set once no load pod is left or the Job is finished.
    pub end: Option<LoadEnd>,
}

/// Where a load stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LoadStage {
    /// The Job exists, Locust has not said yet that it starts users.
    Starting,
    /// Users are active.
    Running,
    /// The Job is being deleted or is gone, and a load pod is left.
    Stopping,
    /// See `end`.
    Ended,
}

/// What Locust last said of itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LoadFigures {
    /// By the log line's own time.
    pub time: TimeMs,
    /// `None` where the log does not tell (an attendee's own locustfile between its messages).
    pub users: Option<u32>,
    /// Requests per second over about the last 10 s.
    pub rps: f64,
    pub failures_per_s: f64,
    /// Totals since the start.
    pub requests: u64,
    pub failures: u64,
    /// Response time in milliseconds over about the last 10 s; `None` if nothing was answered in them.
    pub p50_ms: Option<u32>,
    pub p95_ms: Option<u32>,
}

/// How a load ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LoadEnd {
    pub time: TimeMs,
    pub outcome: LoadOutcome,
}

/// Why a load ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LoadOutcome {
    /// The Job was deleted; the last load pod left `after_ms` later.
    Stopped { after_ms: i64 },
    /// The Job completed.
    Finished,
    /// The Job failed, with the condition's reason and Locust's last error, if it told one.
    Failed {
        reason: String,
        error: Option<String>,
    },
}
