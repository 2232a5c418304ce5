//! All namespaces, for the instructor.

use serde::{Deserialize, Serialize};

use super::{Phase, TimeMs};

/// All seats, in seat order.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Overview {
    pub time: TimeMs,
    pub seats: Vec<SeatRow>,
}

/// One seat as a row of the instructor's table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SeatRow {
    /// The seat's number as its code shows it, `07`.
    pub seat: String,
    pub namespace: String,
    /// The attendee's name, if known.
    pub name: Option<String>,
    /// Browsers that are signed in.
    pub sessions: u32,
    /// The seat has no code: nobody can sign in.
    pub revoked: bool,
    pub phase: Phase,
    pub ready: u32,
    pub asked: u32,
    /// What the HPA last read, in percent of the request.
    pub percent: Option<u32>,
    pub users: Option<u32>,
    /// A load is on or stopping.
    pub load: bool,
    /// When the load ends by itself.
    pub load_ends: Option<TimeMs>,
    /// The first finding in words, if any.
    pub help: Option<String>,
}
