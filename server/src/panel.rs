//! Puts the rooms together around one client, and takes them down in order. Called by `main.rs` and `demo.rs`.

use std::sync::Arc;

use anyhow::{Context, Result};
use kube::Client;
use server::cluster::Clients;
use server::commands::Commands;
use server::config::PanelOptions;
use server::publish::{self, Publisher};
use server::seats::Seats;
use server::web::{AppState, PublicUrl, Site};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// What a panel needs.
pub(crate) struct Options {
    /// Acts as the panel's own account, without kube's retries.
    pub(crate) client: Client,
    /// The panel's own namespace.
    pub(crate) namespace: String,
    pub(crate) public_url: Arc<PublicUrl>,
    pub(crate) simulated: bool,
    pub(crate) options: PanelOptions,
}

/// Serves until `shutdown`, or until one of the rooms fails: a panel that shows old data for ever must end instead.
pub(crate) async fn run(
    listener: TcpListener,
    options: Options,
    shutdown: CancellationToken,
) -> Result<()> {
    let site = Arc::new(Site::open(&options.options.site));
    let clients = Clients::new(options.client.clone());
    let publish = publish::Options {
        build: site.build().to_owned(),
        ..publish::Options::default()
    };
    let (published, mut publisher) = Publisher::start(clients.clone(), publish, shutdown.clone());
    let (seats, watch) = Seats::start(options.client, options.namespace, shutdown.clone());
    let limits = options.options.limits.limits();
    let state = AppState {
        published,
        seats,
        commands: Commands::new(clients, options.options.app.into(), limits),
        site,
        public_url: options.public_url,
        load_defaults: options.options.limits.defaults(),
        load_limits: limits,
        simulated: options.simulated,
        streams: server::web::Streams::default(),
        shutdown: shutdown.clone(),
    };
    let mut web = std::pin::pin!(server::web::run(listener, state, shutdown.clone()));
    let failed = tokio::select! {
        served = &mut web => {
            served.context("failed to serve")?;
            None
        }
        ended = &mut publisher => Some(ended),
    };
    shutdown.cancel();
    if failed.is_some() {
        web.await.context("failed to serve")?;
    }
    watch.await.context("the watch of the seats failed")?;
    let ended = match failed {
        Some(ended) => ended,
        None => publisher.await,
    };
    ended.context("the publisher failed")??;
    Ok(())
}
