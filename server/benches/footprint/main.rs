//! `cargo xtask bench footprint`: what one replica needs: from its start to ready, memory, and CPU, without a class and
//! with 40 and 300 seats that each have a load and an open page.
//!
//! The cluster is a demo's simulated one in a process of its own, so that the figures are the panel's alone. Printed, never
//! judged.

#[path = "../sign_in/client.rs"]
mod client;
#[path = "../sign_in/proc.rs"]
mod proc;
mod process;

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::task::JoinSet;
use tokio::time::Instant;

use client::{Browser, Events};
use process::{Cluster, Panel};

/// Classes that are measured.
const CLASSES: [u16; 3] = [0, 40, 300];
/// Until the first pod of each seat is ready and has a sample.
const DEPLOYED: Duration = Duration::from_secs(45);
/// Until loads run and the autoscalers have scaled.
const LOADED: Duration = Duration::from_secs(60);
/// How long CPU is counted.
const MEASURED: Duration = Duration::from_secs(45);

const LOAD: &str = "users=150&spawn_rate=15&run_time_s=600&n=26";

#[tokio::main]
async fn main() -> Result<()> {
    println!("footprint of one replica");
    println!(
        "{:>6} {:>14} {:>12} {:>12} {:>14}",
        "seats", "ready after", "memory", "most", "CPU"
    );
    for seats in CLASSES {
        let row = measure(seats).await;
        println!("{}", row.with_context(|| format!("{seats} seats"))?);
    }
    Ok(())
}

/// One line of the table.
async fn measure(seats: u16) -> Result<String> {
    let cluster = Cluster::start(seats)?;
    let started = Instant::now();
    let panel = Panel::start(&cluster)?;
    let mut browser = Browser::open(panel.address).await?;
    while !browser.get("/readyz").await?.status.is_success() {
        // A kubelet asks again and again, too.
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let ready = started.elapsed();

    let mut class = Vec::new();
    for code in &cluster.codes {
        class.push(Seat::sign_in(panel.address, code).await?);
    }
    if !class.is_empty() {
        tokio::time::sleep(DEPLOYED).await;
        for seat in &mut class {
            seat.load().await?;
        }
        tokio::time::sleep(LOADED).await;
    }
    let before = panel.cpu()?;
    tokio::time::sleep(MEASURED).await;
    let used = panel.cpu()? - before;
    drop(class);
    Ok(format!(
        "{seats:>6} {:>11} ms {:>8.0} MiB {:>8.0} MiB {:>7.2} % of a core",
        ready.as_millis(),
        panel.memory_mib("VmRSS:")?,
        panel.memory_mib("VmHWM:")?,
        used.as_secs_f64() / MEASURED.as_secs_f64() * 100.0,
    ))
}

/// A person with the app deployed and the page open.
struct Seat {
    acting: Browser,
    /// Reads the page's stream, as a browser does.
    _reading: JoinSet<()>,
}

impl Seat {
    async fn sign_in(address: SocketAddr, code: &str) -> Result<Self> {
        let mut acting = Browser::open(address).await?;
        let answer = acting.post("/session", format!("code={code}")).await?;
        acting.keep(&answer)?;
        let deployed = acting.post("/api/deploy", "take_over=false".to_owned());
        let status = deployed.await?.status;
        anyhow::ensure!(status.is_success(), "the deployment was answered {status}");
        let events = acting.again().await?.events().await?;
        let mut reading = JoinSet::new();
        reading.spawn(read(events));
        Ok(Self {
            acting,
            _reading: reading,
        })
    }

    async fn load(&mut self) -> Result<()> {
        let answer = self.acting.post("/api/start_load", LOAD.to_owned()).await?;
        let status = answer.status;
        anyhow::ensure!(status.is_success(), "the load was answered {status}");
        Ok(())
    }
}

/// Until the stream ends.
async fn read(mut events: Events) {
    while events.until("alive").await.is_ok() {}
}
