//! The audit: one structured line on the log for each sign-in, refusal, command and act of the instructor. docs/logging.md
//! lists its fields.
//!
//! All that comes from outside is logged as text in quotes, so that no line break or escape sequence in it can pass for a
//! line of its own. Codes, cookies and session ids never come here.

use std::net::IpAddr;

use crate::seats::SeatNumber;

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

/// Writes one line. `object` is what it was done to: a namespace, a seat, an address.
pub fn record(actor: Actor, verb: &str, object: &str, outcome: Outcome<'_>) {
    let seat = actor.seat.map(|seat| seat.to_string());
    let client = actor.client.map(|client| client.to_string());
    let (seat, client) = (seat.as_deref(), client.as_deref());
    let (outcome, reason) = match outcome {
        Outcome::Done => ("done", None),
        Outcome::Refused(reason) => ("refused", Some(reason)),
        Outcome::Failed(cause) => ("failed", Some(cause)),
    };
    tracing::info!(target: "audit", seat, client, verb, object, outcome, reason);
}
