//! The end of the process, as one token that all rooms listen to.

use anyhow::{Context, Result};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// Cancelled by SIGINT and SIGTERM.
pub(super) fn shutdown() -> Result<CancellationToken> {
    let mut interrupt = signal(SignalKind::interrupt()).context("failed to listen to SIGINT")?;
    let mut terminate = signal(SignalKind::terminate()).context("failed to listen to SIGTERM")?;
    let shutdown = CancellationToken::new();
    let ended = shutdown.clone();
    tokio::spawn(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        tracing::info!("told to end");
        ended.cancel();
    });
    Ok(shutdown)
}
