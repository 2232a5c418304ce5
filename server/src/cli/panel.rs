//! Puts the rooms together around one client, and takes them down in order. Called by `serve.rs` and `demo.rs`.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, Result};
use app::workshop::Faults;
use kube::Client;
use server::audit::Audit;
use server::cluster::Clients;
use server::commands::Commands;
use server::config::PanelOptions;
use server::oidc::{HyperTransport, SingleSignOn};
use server::publish::{self, Publisher};
use server::runs::Runs;
use server::seats::Seats;
use server::telemetry::{self, Telemetry};
use server::web::{AppState, PublicUrl, Site, TrustedProxies};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
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
    /// Called when the cluster and the seats were read, so that people can be let in.
    pub(super) once_ready: Box<dyn FnOnce() + Send>,
    /// Troubles at will, in a demo.
    pub(super) faults: Option<Arc<dyn Faults>>,
    pub(super) options: PanelOptions,
}

/// Serves the figures where Prometheus asks for them, if it does.
async fn figures(
    address: Option<SocketAddr>,
    telemetry: &Telemetry,
    shutdown: &CancellationToken,
) -> Result<Option<JoinHandle<std::io::Result<()>>>> {
    let Some(address) = address else {
        return Ok(None);
    };
    let listener = TcpListener::bind(address)
        .await
        .with_context(|| format!("failed to listen on {address} for metrics"))?;
    let address = listener.local_addr()?;
    tracing::info!(%address, "metrics are served");
    let served = telemetry::serve(listener, telemetry.clone(), shutdown.clone());
    Ok(Some(tokio::spawn(served)))
}

/// One line for each room that is down, with the time since the end began.
fn down(stage: &str, since: Instant) {
    let took_ms = since.elapsed().as_millis() as u64;
    tracing::info!(stage, took_ms, "ended");
}

/// Serves until `shutdown`, or until one of the rooms fails: a panel that shows old data for ever must end instead.
pub(super) async fn run(
    listener: TcpListener,
    options: Options,
    shutdown: CancellationToken,
) -> Result<()> {
    let single_sign_on = single_sign_on(&options)?;
    let site = Arc::new(Site::open(&options.options.site));
    let telemetry = Telemetry::new(site.build());
    let figures = figures(options.options.metrics_listen, &telemetry, &shutdown).await?;
    let client = telemetry.api_server.measured(options.client);
    let clients = Clients::new(client.clone());
    let publish = publish::Options {
        build: site.build().to_owned(),
        panel_namespace: options.namespace.clone(),
        telemetry: telemetry.clone(),
        watching: options.options.watching(),
        ..publish::Options::default()
    };
    let (runs, records) = Runs::new(client.clone(), &options.namespace);
    let (seats, mut watch) = Seats::start(
        client,
        options.namespace,
        telemetry.watches.clone(),
        shutdown.clone(),
    );
    let (published, mut publisher) = Publisher::resume(
        clients.clone(),
        seats.clone(),
        Some(records),
        publish,
        shutdown.clone(),
    );
    let archive = runs.archive();
    let mut runs = runs.start(Arc::clone(&published), shutdown.clone());
    let limits = options.options.limits.limits();
    let ready = {
        let (published, seats) = (Arc::clone(&published), seats.clone());
        shutdown.clone().run_until_cancelled_owned(async move {
            published.until_ready().await;
            seats.until_ready().await;
            tracing::info!("the panel is ready");
            (options.once_ready)();
        })
    };
    let ready = tokio::spawn(ready);
    let state = AppState {
        published,
        seats,
        clients: clients.clone(),
        archive,
        commands: Commands::new(
            clients,
            options.options.app.into(),
            limits,
            Audit::new(telemetry.commands.clone()),
        ),
        site,
        public_url: options.public_url,
        load_defaults: options.options.limits.defaults(),
        load_limits: limits,
        simulated: options.simulated,
        faults: options.faults,
        single_sign_on,
        streams: server::web::Streams::default(),
        refusals: server::web::Refusals::default(),
        telemetry,
        acts: TaskTracker::new(),
        trusted_proxies: Arc::new(TrustedProxies::new(options.options.trusted_proxies)),
        shutdown: shutdown.clone(),
    };
    let mut web = std::pin::pin!(server::web::run(listener, state, shutdown.clone()));
    let (mut served, mut published, mut watched, mut kept) = (None, None, None, None);
    tokio::select! {
        result = &mut web => served = Some(result),
        result = &mut publisher => published = Some(result),
        result = &mut watch => watched = Some(result),
        result = &mut runs => kept = Some(result),
    }
    let begun = Instant::now();
    shutdown.cancel();
    let served = match served {
        Some(result) => result,
        None => web.await,
    };
    let watched = match watched {
        Some(result) => result,
        None => watch.await,
    };
    down("seats", begun);
    let published = match published {
        Some(result) => result,
        None => publisher.await,
    };
    down("publisher", begun);
    ready.await.context("what follows readiness failed")?;
    // The runs under way are recorded meanwhile.
    let kept = match kept {
        Some(result) => result,
        None => runs.await,
    };
    down("runs", begun);
    if let Some(figures) = figures {
        figures.await.context("the metrics failed")??;
        down("metrics", begun);
    }
    served.context("failed to serve")?;
    watched.context("the watch of the seats failed")?;
    kept.context("the keeping of runs failed")?;
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
