//! Tells the pages: snapshots, history and frames of each namespace, and the overview of all.
//!
//! `main.rs` starts it; `web/` reads what it published. It never writes to the cluster.

mod feed;
mod overview;
mod published;
mod publisher;

use std::time::Duration;

use crate::cluster::{TooManySeats, Watching};
use crate::names::PANEL_NAMESPACE;
use crate::telemetry::Telemetry;

pub use feed::{Feed, Frame};
pub use published::Published;
pub use publisher::Publisher;

/// How the publisher reads and remembers. `Default` is right for a cluster with upstream's settings.
#[derive(Clone, Debug)]
pub struct Options {
    /// Names this build to the pages; a page of another build reloads once.
    pub build: String,
    /// The panel's own namespace: seats of others are not shown.
    pub panel_namespace: String,
    /// How the panel watches; its account must have the rights for it.
    pub watching: Watching,
    /// Pause between two polls of metrics.k8s.io. metrics-server has a new sample every 15 s
    /// (`--metric-resolution` in its manifests); 5 s finds it at most 5 s late.
    pub metrics_interval: Duration,
    /// How much history a namespace keeps.
    pub keep: Duration,
    /// Counts snapshots and watches.
    pub telemetry: Telemetry,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            build: env!("CARGO_PKG_VERSION").to_owned(),
            panel_namespace: PANEL_NAMESPACE.to_owned(),
            watching: Watching::default(),
            metrics_interval: Duration::from_secs(5),
            keep: Duration::from_secs(60 * 60),
            telemetry: Telemetry::default(),
        }
    }
}

/// Why the publisher ended without being told to.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A task that must live as long as the process ended.
    #[error("the task {task} ended")]
    TaskEnded {
        /// What the task did: a watched kind, `metrics`, `clock`.
        task: String,
    },
    /// The class cannot be watched as it was asked for.
    #[error(transparent)]
    TooManySeats(#[from] TooManySeats),
    /// A task panicked.
    #[error("a task failed")]
    TaskFailed(#[source] tokio::task::JoinError),
}
