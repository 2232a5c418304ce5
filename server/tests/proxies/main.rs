//! The panel behind a real nginx, on the real clock. Run by `cargo xtask test proxy`, which installs nginx.
//!
//! nginx is configured as an operator leaves it who tunes nothing: its own buffering, its own `Host`, HTTP/1.0 to the
//! panel. Every test has an nginx of its own on a free port of this machine, which ends with it.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot go on ends"
)]

mod curl;
mod nginx;
mod readers;
mod requests;
mod restarts;
mod streams;

#[path = "../world/mod.rs"]
mod world;
