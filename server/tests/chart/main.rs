//! The chart in deploy/chart, as Helm renders it, and what a cluster says of it. Run by `cargo xtask test-cluster`; all
//! but `dry_run.rs` need no cluster, and `files.rs` no Helm.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod config;
mod dry_run;
mod files;
mod helm;
mod objects;
mod pods;
mod refusals;
mod rights;
mod routes;
