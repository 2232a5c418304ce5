//! Seats made, changed and taken away, on the simulator: by an administrator, and by the panel's own account.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on ends"
)]

mod away;
mod cluster;
mod make;
mod rights;
#[path = "../world/mod.rs"]
mod world;
