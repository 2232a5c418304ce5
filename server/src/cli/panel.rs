//! Puts the rooms together around one client, and takes them down in order. Called by `serve.rs` and `demo.rs`.

use std::sync::Arc;

use anyhow::{Context, Result};
use kube::Client;
use server::cluster::Clients;
use server::commands::Commands;
use server::config::PanelOptions;
use server::oidc::{HyperTransport, SingleSignOn};
use server::publish::{self, Publisher};
use server::seats::Seats;
use server::web::{AppState, PublicUrl, Site, TrustedProxies};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// What a panel needs.
pub(super) struct Options {
    /// Acts as the panel's own account, without kube's retries.
    pub(super) client: Client,
    /// The panel's own namespace.
    pub(super) namespace: String,
    pub(super) public_url: Arc<PublicUrl>,
    pub(super) simulated: bool,
    pub(super) options: PanelOptions,
}

/// Serves until `shutdown`, or until one of the rooms fails: a panel that shows old data for ever must end instead.
pub(super) async fn run(
    listener: TcpListener,
    options: Options,
    shutdown: CancellationToken,
) -> Result<()> {
    let single_sign_on = single_sign_on(&options)?;
    let site = Arc::new(Site::open(&options.options.site));
    let clients = Clients::new(options.client.clone());
    let publish = publish::Options {
        build: site.build().to_owned(),
        panel_namespace: options.namespace.clone(),
        ..publish::Options::default()
    };
    let (seats, mut watch) = Seats::start(options.client, options.namespace, shutdown.clone());
    let (published, mut publisher) =
        Publisher::start(clients.clone(), seats.clone(), publish, shutdown.clone());
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
        single_sign_on,
        streams: server::web::Streams::default(),
        refusals: server::web::Refusals::default(),
        acts: TaskTracker::new(),
        trusted_proxies: Arc::new(TrustedProxies::new(options.options.trusted_proxies)),
        shutdown: shutdown.clone(),
    };
    let mut web = std::pin::pin!(server::web::run(listener, state, shutdown.clone()));
    let (mut served, mut published, mut watched) = (None, None, None);
    tokio::select! {
        result = &mut web => served = Some(result),
        result = &mut publisher => published = Some(result),
        result = &mut watch => watched = Some(result),
    }
    shutdown.cancel();
    let served = match served {
        Some(result) => result,
        None => web.await,
    };
    let watched = match watched {
        Some(result) => result,
        None => watch.await,
    };
    let published = match published {
        Some(result) => result,
        None => publisher.await,
    };
    served.context("failed to serve")?;
    watched.context("the watch of the seats failed")?;
    published.context("the publisher failed")??;
    Ok(())
}

/// Single sign-on, if the options ask for it. The identity provider need not be there yet.
fn single_sign_on(options: &Options) -> Result<Option<SingleSignOn>> {
    let oidc = &options.options.oidc;
    let Some(settings) = oidc.settings().map_err(anyhow::Error::msg)? else {
        return Ok(None);
    };
    let transport = HyperTransport::new(oidc.oidc_ca_file.as_deref())
        .context("failed to prepare TLS to the identity provider")?;
    let origin = options.public_url.origin();
    let single_sign_on = SingleSignOn::new(settings, origin, Arc::new(transport));
    single_sign_on.map(Some).map_err(anyhow::Error::msg)
}
