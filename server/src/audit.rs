//! The audit: one structured line on the log for each sign-in, refusal, command and act of the instructor. docs/logging.md
//! lists its fields. Commands and acts are also counted, by [`Audit`].
//!
//! All that comes from outside is logged as text in quotes, so that no line break or escape sequence in it can pass for a
//! line of its own. Codes, cookies and session ids never come here.

use std::net::IpAddr;

use crate::seats::SeatNumber;
use crate::telemetry::Commands;

/// Who does something, and from where.
#[derive(Clone, Copy, Debug, Default)]
pub struct Actor {
    /// `None` if nobody is signed in.
    pub seat: Option<SeatNumber>,
    /// As far as it can be told: see `web/client_address.rs`.
    pub client: Option<IpAddr>,
}

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome<'a> {
    Done,
    /// By a rule of the panel or of the cluster, with the reason.
    Refused(&'a str),
    /// With the cause.
    Failed(&'a str),
}

impl Outcome<'_> {
    fn word(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Refused(_) => "refused",
            Self::Failed(_) => "failed",
        }
    }
}

/// The audit of commands and of acts on seats: one line for each, and one more in the figures.
#[derive(Clone, Debug)]
pub struct Audit {
    counted: Commands,
}

impl Audit {
    pub fn new(counted: Commands) -> Self {
        Self { counted }
    }

    /// Writes one line and counts it. `object` is what it was done to.
    pub fn record(&self, actor: Actor, verb: &'static str, object: &str, outcome: Outcome<'_>) {
        self.counted.count(verb, outcome.word());
        record(actor, verb, object, outcome);
    }
}

/// Writes one line. `object` is what it was done to: a namespace, a seat, an address.
pub fn record(actor: Actor, verb: &str, object: &str, outcome: Outcome<'_>) {
    let seat = actor.seat.map(|seat| seat.to_string());
    let client = actor.client.map(|client| client.to_string());
    let (seat, client) = (seat.as_deref(), client.as_deref());
    let reason = match outcome {
        Outcome::Done => None,
        Outcome::Refused(reason) => Some(reason),
        Outcome::Failed(cause) => Some(cause),
    };
    let outcome = outcome.word();
    tracing::info!(target: "audit", seat, client, verb, object, outcome, reason);
}
