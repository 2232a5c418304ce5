//! `workshop demo`: the panel on a simulated cluster, with seats. The panel knows nothing of the simulator: it gets a
//! client with its own account's rights, as on a cluster.

use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use serde_json::json;
use server::config::{Demo, PanelOptions};
use server::demo::SimulatedFaults;
use server::names::{PANEL_ACCOUNT, PANEL_NAMESPACE};
use server::seats::provision::{self, Extras, Provisioned};
use server::web::PublicUrl;
use server::workshop::manifests::Settings;
use simulator::{Identity, Simulator};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::panel;
use super::seats::line;
use super::shutdown::shutdown;

/// Serves until SIGINT or SIGTERM.
pub(crate) async fn demo(options: Demo) -> Result<ExitCode> {
    let shutdown = shutdown()?;
    let simulator = Simulator::new(simulator::Options {
        start: jiff::Timestamp::now(),
        anonymous_admin: options.kubectl_listen.is_some(),
        ..simulator::Options::default()
    })
    .context("failed to make the simulated cluster")?;
    let controllers = {
        let (simulator, shutdown) = (simulator.clone(), shutdown.clone());
        tokio::spawn(async move { simulator.run(shutdown).await })
    };
    let kubectl = match options.kubectl_listen {
        Some(address) => Some(kubectl(&simulator, address, shutdown.clone()).await?),
        None => None,
    };

    let seats = seats(&simulator, &options).await?;
    let listener = TcpListener::bind(options.panel.listen)
        .await
        .with_context(|| format!("failed to listen on {}", options.panel.listen))?;
    let mut panel_options = options.panel;
    // Codes of simulated seats open nothing else; a demo may be shown to the room without a certificate.
    panel_options.insecure_http = true;
    let url = panel_options
        .public_url(listener.local_addr()?)
        .map_err(anyhow::Error::msg)?;
    let faults = simulated_faults(&simulator, &panel_options, &seats);
    let url = Arc::new(url);
    let once_ready = {
        let (simulator, url) = (simulator.clone(), Arc::clone(&url));
        move || {
            // A demo that breaks begins whole: a panel that cannot read its cluster lets nobody in to see it.
            for fault in options.fault {
                simulator.faults().turn_on(fault);
            }
            if options.json {
                println!("{}", as_json(&url, &seats, kubectl));
            } else {
                tell(&url, &seats, kubectl);
            }
        }
    };
    let panel = panel::Options {
        client: simulator.client(Identity::service_account(PANEL_NAMESPACE, PANEL_ACCOUNT)),
        namespace: PANEL_NAMESPACE.to_owned(),
        public_url: url,
        simulated: true,
        once_ready: Box::new(once_ready),
        faults: Some(Arc::new(faults)),
        options: panel_options,
    };
    panel::run(listener, panel, shutdown).await?;
    controllers.await.context("the simulator failed")?;
    Ok(ExitCode::SUCCESS)
}

/// What the instructor can break.
fn simulated_faults(
    simulator: &Simulator,
    options: &PanelOptions,
    seats: &[Provisioned],
) -> SimulatedFaults {
    let of_attendees = seats
        .iter()
        .filter_map(|seat| Some((seat.number.to_string(), seat.namespace.clone()?)));
    let settings = Settings::from(options.app.clone());
    SimulatedFaults::new(simulator, settings, of_attendees)
}

/// The panel's account and the seats, as an administrator would make them.
async fn seats(simulator: &Simulator, options: &Demo) -> Result<Vec<Provisioned>> {
    let admin = simulator.client(Identity::admin());
    let watching = options.panel.watching();
    provision::apply_panel_rights(&admin, PANEL_NAMESPACE, watching).await?;
    let wanted = provision::Options {
        count: options.seats,
        prefix: "workshop-user-".to_owned(),
        panel_namespace: PANEL_NAMESPACE.to_owned(),
    };
    let settings = Settings::from(options.panel.app.clone());
    let extras = Extras {
        watching,
        ..Extras::default()
    };
    Ok(provision::create(&admin, &wanted, &settings, extras).await?)
}

/// Serves the simulated API for kubectl; returns where.
async fn kubectl(
    simulator: &Simulator,
    address: SocketAddr,
    shutdown: CancellationToken,
) -> Result<SocketAddr> {
    if !address.ip().is_loopback() {
        bail!(
            "--kubectl-listen must be a loopback address: the simulated API asks for no password"
        );
    }
    let listener = TcpListener::bind(address)
        .await
        .with_context(|| format!("failed to listen on {address}"))?;
    let address = listener.local_addr()?;
    let simulator = simulator.clone();
    tokio::spawn(async move { simulator.serve(listener, shutdown).await });
    Ok(address)
}

fn tell(url: &PublicUrl, seats: &[Provisioned], kubectl: Option<SocketAddr>) {
    println!("open {}", url.origin());
    for seat in seats {
        println!("{}", line(seat));
    }
    if let Some(address) = kubectl {
        println!("kubectl --server http://{address} get pods -n <seat's namespace>");
    }
}

fn as_json(
    url: &PublicUrl,
    seats: &[Provisioned],
    kubectl: Option<SocketAddr>,
) -> serde_json::Value {
    let code = |seat: &Provisioned| seat.code.as_ref().map(ToString::to_string);
    let attendees = seats.iter().filter(|seat| seat.namespace.is_some());
    let instructor = seats.iter().find(|seat| seat.namespace.is_none());
    json!({
        "url": url.origin(),
        "seats": attendees
            .map(|seat| json!({ "namespace": seat.namespace, "code": code(seat) }))
            .collect::<Vec<_>>(),
        "instructor": instructor.and_then(code),
        "kubectl": kubectl.map(|address| format!("http://{address}")),
    })
}
