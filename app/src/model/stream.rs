//! What `GET /events` carries. The SSE event's name is the variant's, its data the JSON of the whole.

use serde::{Deserialize, Serialize};

use super::{ClassPhase, History, Overview, SessionEnd, Snapshot, TimeMs};

/// One item of the stream. On the wire: `event: history`, `event: change`, `event: overview`, `event: alive`, `event: leaving`, `event: ended`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StreamEvent {
    /// All that is known; replaces what the page has.
    History {
        build: String,
        snapshot: Box<Snapshot>,
        history: History,
    },
    /// The new snapshot and what was appended to the history.
    Change {
        snapshot: Box<Snapshot>,
        appended: History,
    },
    /// The instructor's table.
    Overview { overview: Overview },
    /// The stream lives; carries the server's time (the cluster's clock), and whether attendees may act.
    Alive {
        build: String,
        time: TimeMs,
        class: ClassPhase,
    },
    /// This panel stops, the session goes on. To come back after `retry_ms`, which differs for each reader: a class must
    /// not come back at once.
    Leaving { retry_ms: u32 },
    /// The session is over, and the stream with it.
    Ended { end: SessionEnd },
}

impl StreamEvent {
    /// The SSE event's name.
    pub fn name(&self) -> &'static str {
        match self {
            Self::History { .. } => "history",
            Self::Change { .. } => "change",
            Self::Overview { .. } => "overview",
            Self::Alive { .. } => "alive",
            Self::Leaving { .. } => "leaving",
            Self::Ended { .. } => "ended",
        }
    }
}
