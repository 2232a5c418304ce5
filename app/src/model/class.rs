//! The class as a whole: whether it runs, and what an instructor is shown of a seat's new code.

use serde::{Deserialize, Serialize};

/// Whether attendees may act.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClassPhase {
    /// The class runs.
    #[default]
    Running,
    /// It is over: attendees still look at what is there, and may stop a load, but change nothing else.
    ReadOnly,
    /// It is over, and attendees cannot sign in.
    Closed,
}

/// A seat's code at the one moment it is known: right after it was made.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeatCard {
    /// The seat's number as its code shows it, `07`.
    pub seat: String,
    pub namespace: String,
    pub name: Option<String>,
    /// `07-KQ2M-9DXA`
    pub code: String,
    /// The panel's address, for those who type.
    pub address: String,
    /// The link that signs in, `https://…/join#07-KQ2M-9DXA`, if it can be drawn.
    pub qr: Option<Qr>,
}

/// A QR code as an SVG path.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Qr {
    /// The path's data, one unit a module.
    pub path: String,
    /// The side of the square that it stands in, its quiet zone included.
    pub side: u32,
}

/// Never with its code: a card may stand in a value that is printed.
impl std::fmt::Debug for SeatCard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SeatCard")
            .field("seat", &self.seat)
            .finish_non_exhaustive()
    }
}
