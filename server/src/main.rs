//! The program `workshop`: reads its options, makes the one client, starts the rooms, ends them in order.
//! It alone prints to stdout: addresses and codes. The log goes to stderr and never holds a code.

mod demo;
mod panel;

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, Result};
use clap::Parser;
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use server::config::{Cli, ClusterOptions, Command, LogFormat, SeatsCommand, SeatsCreate, Serve};
use server::seats::provision;
use server::workshop::manifests::Settings;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    log(cli.log_format);
    let done = match cli.command {
        Command::Demo(options) => demo::demo(options).await,
        Command::Serve(options) => serve(options).await,
        Command::Seats(SeatsCommand::Create(options)) => create_seats(options).await,
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // One line with its causes, for people; a panel that cannot start has nothing else to say.
            eprintln!("workshop: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// The panel on a real cluster.
async fn serve(options: Serve) -> Result<()> {
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
        options: options.panel,
    };
    panel::run(listener, panel, shutdown).await
}

/// Seats and their codes, made with the rights of the person at the keyboard.
async fn create_seats(options: SeatsCreate) -> Result<()> {
    let client = client(&options.cluster).await?;
    let settings = Settings::from(options.app);
    let wanted = provision::Options {
        count: options.count,
        prefix: options.prefix,
        panel_namespace: options.cluster.panel_namespace,
    };
    let seats = provision::create(&client, &wanted, &settings).await?;
    for seat in &seats {
        println!("{}", line(seat));
    }
    Ok(())
}

/// One seat as a line: `seat workshop-user-7 07-KQ2M-9DXA`. A code is shown once, when it is made.
fn line(seat: &provision::Provisioned) -> String {
    let code = match &seat.code {
        Some(code) => code.to_string(),
        None => "exists".to_owned(),
    };
    match &seat.namespace {
        Some(namespace) => format!("seat {namespace} {code}"),
        None => format!("instructor {code}"),
    }
}

/// The one client. kube's own retry is off: it would hold a call for minutes while an API answers 503.
async fn client(options: &ClusterOptions) -> Result<Client> {
    let mut config = match &options.kubeconfig {
        Some(file) => {
            let kubeconfig = Kubeconfig::read_from(file)
                .with_context(|| format!("failed to read {}", file.display()))?;
            Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await?
        }
        None => Config::infer()
            .await
            .context("found no cluster: neither a kubeconfig nor a pod's own account")?,
    };
    config.default_retry = false;
    Client::try_from(config).context("failed to make a client from the cluster's configuration")
}

/// Cancelled by SIGINT and SIGTERM.
fn shutdown() -> Result<CancellationToken> {
    let mut interrupt = signal(SignalKind::interrupt()).context("failed to listen to SIGINT")?;
    let mut terminate = signal(SignalKind::terminate()).context("failed to listen to SIGTERM")?;
    let shutdown = CancellationToken::new();
    let ended = shutdown.clone();
    tokio::spawn(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        ended.cancel();
    });
    Ok(shutdown)
}

fn log(format: LogFormat) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    match format {
        LogFormat::Text => subscriber.init(),
        LogFormat::Json => subscriber.json().flatten_event(true).init(),
    }
}
