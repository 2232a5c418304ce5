//! `workshop serve`: the panel on a real cluster.

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, Result};
use server::config::Serve;
use tokio::net::TcpListener;

use super::client::client;
use super::panel;
use super::shutdown::shutdown;

/// Serves until SIGINT or SIGTERM.
pub(crate) async fn serve(options: Serve) -> Result<ExitCode> {
    let shutdown = shutdown()?;
    let client = client(&options.cluster).await?;
    let listener = TcpListener::bind(options.panel.listen)
        .await
        .with_context(|| format!("failed to listen on {}", options.panel.listen))?;
    let url = options
        .panel
        .public_url(listener.local_addr()?)
        .map_err(anyhow::Error::msg)?;
    println!("open {}", url.origin());
    let panel = panel::Options {
        client,
        namespace: options.cluster.panel_namespace,
        public_url: Arc::new(url),
        simulated: false,
        once_ready: Box::new(|| ()),
        faults: None,
        options: options.panel,
    };
    panel::run(listener, panel, shutdown).await?;
    Ok(ExitCode::SUCCESS)
}
