//! Whether a class can be held on this cluster: every precondition with its outcome and its cure. Called by
//! `workshop check`. Reads only; its one write is a dry run (see `reader/webhook.rs`), of which nothing is kept.
//!
//! `reader/` asks the cluster, all at once and within a time limit; `rules/` judges what was observed, pure.

mod access;
mod observed;
pub(crate) mod quantity;
mod reader;
mod report;
mod rules;
mod size;

use jiff::Timestamp;
use kube::Client;

pub use report::{Check, Outcome, Report};
pub(crate) use rules::takes_pods;

use crate::cluster::Watching;
use crate::workshop::manifests::Settings;

/// The class that shall be held.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Number of seats; `None` for those that exist.
    pub count: Option<u16>,
    /// Where the panel and the seats' Secrets are.
    pub panel_namespace: String,
    /// How the panel will watch.
    pub watching: Watching,
    /// What Deploy and Start load will make.
    pub settings: Settings,
}

/// Checks the cluster of `client`, whose own retry should be off. `machine_clock` tells this machine's time.
///
/// It always ends within 20 s, and never fails: what cannot be read is an outcome.
pub async fn check(
    client: &Client,
    wanted: &Wanted,
    machine_clock: impl Fn() -> Timestamp + Sync,
) -> Report {
    match reader::read(client, wanted, machine_clock).await {
        Ok(observed) => rules::judge(&observed, wanted),
        Err(cause) => Report::not_run(&cause),
    }
}
