//! The end of the process, as one token that all rooms listen to.

use anyhow::{Context, Result};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// Cancelled by SIGINT and SIGTERM. Who sends a second one does not want to wait: it ends the process at once, with the
/// exit code by which a shell names a signal.
pub(super) fn shutdown() -> Result<CancellationToken> {
    let mut interrupt = signal(SignalKind::interrupt()).context("failed to listen to SIGINT")?;
    let mut terminate = signal(SignalKind::terminate()).context("failed to listen to SIGTERM")?;
    let shutdown = CancellationToken::new();
    let ended = shutdown.clone();
    let mut told = async move || {
        tokio::select! {
            _ = interrupt.recv() => ("SIGINT", 128 + SignalKind::interrupt().as_raw_value()),
            _ = terminate.recv() => ("SIGTERM", 128 + SignalKind::terminate().as_raw_value()),
        }
    };
    tokio::spawn(async move {
        let (signal, _) = told().await;
        tracing::info!(signal, "told to end");
        ended.cancel();
        let (signal, code) = told().await;
        tracing::warn!(signal, "told to end again: what is under way is broken off");
        std::process::exit(code);
    });
    Ok(shutdown)
}
