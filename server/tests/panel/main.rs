//! The panel in process on the simulator, on a paused clock: what each person gets from each route, and what it does.
//!
//! One program for all: linked once, where a program for each file would take minutes and gigabytes.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on ends"
)]

mod access;
mod claim;
mod class;
mod commands;
mod events;
mod faults;
mod loads;
mod manifest_files;
mod namespaced;
mod presets;
mod replicas;
#[path = "../rescales/mod.rs"]
mod rescales;
mod runs;
mod seats;
mod sentences;
mod settings;
mod sign_in;
mod single_sign_on;
mod telemetry;
#[path = "../world/mod.rs"]
mod world;
