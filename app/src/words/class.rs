//! The instructor's table: seats, access, the class's phase.

use crate::figures::{UNKNOWN, count, minutes, seconds_between};
use crate::model::{ClassPhase, SeatRow, TimeMs};

pub const SEATS: &str = "Seats";
pub const STOP_ALL_LOADS: &str = "Stop all loads";
pub const NO_SEATS: &str = "No seat yet. `workshop seats create` makes them.";

pub fn stop_load_of(seat: &str) -> String {
    format!("Stop load of seat {seat}")
}

/// The head of the instructor's page: `38 of 40 signed in · 3 loads on · 12 pods ready · 1 seat needs help`.
pub fn class(seats: &[SeatRow]) -> String {
    let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    let loads = number(seats.iter().filter(|s| s.load).count());
    let help = number(seats.iter().filter(|s| s.help.is_some()).count());
    let pods: u32 = seats.iter().map(|s| s.ready).sum();
    let help = match help {
        0 => String::new(),
        1 => " · 1 seat needs help".to_owned(),
        _ => format!(" · {help} seats need help"),
    };
    let signed_in = seats.iter().filter(|s| s.sessions > 0).count();
    format!(
        "{signed_in} of {} signed in · {} on · {} ready{help}",
        seats.len(),
        count(loads, "load", "loads"),
        count(pods, "pod", "pods")
    )
}

pub const ACCESS: &str = "Access";
pub const NEW_CODE: &str = "New code";
pub const CLOSE_SEAT: &str = "Close seat";
pub const SIGN_ALL_OUT: &str = "Sign all out";
pub const CLASS: &str = "Class";
pub const DONE: &str = "Done";
pub const QR_CODE: &str = "QR code that signs in to this seat";
pub const SCAN_OR_TYPE: &str = "Scan it, or type it at";
pub const SHOWN_ONCE: &str = "Shown once: it cannot be looked up later, only renewed.";

/// `Access to seat 07`
pub fn access_to(seat: &str) -> String {
    format!("Access to seat {seat}")
}

/// Who is signed in to a seat: `2 devices`.
pub fn attendance(row: &SeatRow) -> String {
    match (row.revoked, row.sessions) {
        (true, _) => "closed".to_owned(),
        (false, 0) => "nobody".to_owned(),
        (false, n) => count(n, "device", "devices"),
    }
}

/// What the three acts on a seat do, before one is chosen.
pub fn access_detail(row: &SeatRow) -> String {
    let now = if row.revoked {
        "This seat is closed: nobody can sign in. A new code opens it again.".to_owned()
    } else {
        format!(
            "Signed in: {}. A new code signs them out and makes the old card useless. Closing the seat also keeps new \
             sign-ins out. What runs in the namespace goes on.",
            attendance(row)
        )
    };
    match &row.name {
        Some(name) => format!("{} · {name}. {now}", row.namespace),
        None => format!("{}. {now}", row.namespace),
    }
}

pub fn seat_was_closed(seat: &str) -> String {
    format!("Seat {seat} is closed.")
}

pub fn seat_was_signed_out(seat: &str) -> String {
    format!("Seat {seat} is signed out. Its code still opens it.")
}

/// The phases of a class as an instructor chooses them.
pub fn class_phase(phase: ClassPhase) -> &'static str {
    match phase {
        ClassPhase::Running => "Running",
        ClassPhase::ReadOnly => "Read-only",
        ClassPhase::Closed => "Closed",
    }
}

/// The button to the class's switches.
pub fn class_is(phase: ClassPhase) -> String {
    format!("{CLASS}: {}", class_phase(phase).to_ascii_lowercase())
}

/// What a phase means.
pub fn class_phase_means(phase: ClassPhase) -> &'static str {
    match phase {
        ClassPhase::Running => "attendees deploy, load and clean up",
        ClassPhase::ReadOnly => "attendees look at what is there, and may stop a load",
        ClassPhase::Closed => "attendees are signed out and cannot sign in",
    }
}

/// `Signed 31 seats out.`
pub fn signed_out_seats(seats: u32) -> String {
    match seats {
        0 => "Nobody was signed in.".to_owned(),
        _ => format!("Signed {} out.", count(seats, "seat", "seats")),
    }
}

/// `Stopped 3 loads.`
pub fn stopped_loads(loads: u32) -> String {
    match loads {
        0 => "No load was running.".to_owned(),
        _ => format!("Stopping {}.", count(loads, "load", "loads")),
    }
}

/// Load left in the instructor's table.
pub fn load_left(row: &SeatRow, now: TimeMs) -> String {
    match (row.load, row.load_ends) {
        (false, _) => UNKNOWN.to_owned(),
        (true, Some(ends)) => minutes(seconds_between(now, ends)),
        (true, None) => "on".to_owned(),
    }
}
