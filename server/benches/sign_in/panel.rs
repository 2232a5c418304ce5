//! The panel that is measured: a demo started for it, or the one that `WORKSHOP_BENCH` describes. Found by `main.rs`.

use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, ToSocketAddrs};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use super::SEATS;
use super::client::Browser;

/// Holds what `workshop demo --json` prints, for any panel.
const DESCRIPTION: &str = "WORKSHOP_BENCH";

/// A running panel; one that was started here is ended when dropped.
pub(crate) struct Panel {
    pub(crate) address: SocketAddr,
    /// The attendees'.
    pub(crate) codes: Vec<String>,
    pub(crate) instructor: String,
    pub(crate) described: String,
    process: Option<Child>,
}

#[derive(Deserialize)]
struct Description {
    url: String,
    seats: Vec<Seat>,
    instructor: String,
}

#[derive(Deserialize)]
struct Seat {
    /// A seat that was there before has none to tell.
    code: Option<String>,
}

impl Panel {
    /// The panel to measure, once it is ready.
    pub(crate) async fn find() -> Result<Self> {
        let panel = match std::env::var(DESCRIPTION) {
            Ok(description) => Self::described(&description, None)?,
            Err(_) => start()?,
        };
        let mut browser = Browser::open(panel.address).await?;
        while !browser.get("/readyz").await?.status.is_success() {
            // A kubelet asks again and again, too.
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Ok(panel)
    }

    fn described(description: &str, process: Option<Child>) -> Result<Self> {
        let description: Description = serde_json::from_str(description)
            .context("this is not what `workshop demo --json` prints")?;
        let authority = description.url.strip_prefix("http://");
        let authority = authority.context("the panel must be reached by http://")?;
        let address = authority.to_socket_addrs()?.next();
        let address = address.with_context(|| format!("{authority} is no address"))?;
        // It floods: another's machine is none of its business. A cluster's panel is reached by a port-forward.
        ensure!(
            address.ip().is_loopback(),
            "{authority} is no loopback address"
        );
        let described = match process {
            Some(_) => format!("a demo of this build, {address}"),
            None => format!("{address}, as {DESCRIPTION} says"),
        };
        Ok(Self {
            address,
            codes: description
                .seats
                .into_iter()
                .filter_map(|s| s.code)
                .collect(),
            instructor: description.instructor,
            described,
            process,
        })
    }

    /// How the panel ended, if it was ours and did: then nothing that failed says anything about it.
    pub(crate) async fn ended(&mut self) -> Option<ExitStatus> {
        let process = self.process.as_mut()?;
        // One that was told to end finishes its answers first.
        tokio::time::sleep(Duration::from_secs(1)).await;
        process.try_wait().ok().flatten()
    }

    /// The process, if it is ours.
    pub(crate) fn pid(&self) -> Option<u32> {
        self.process.as_ref().map(Child::id)
    }
}

impl Drop for Panel {
    fn drop(&mut self) {
        if let Some(process) = &mut self.process {
            // It may have ended by itself, which the figures tell.
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

/// A demo on a port of its own. Its log is a file, as it would be on a cluster.
fn start() -> Result<Panel> {
    let log = Path::new(env!("CARGO_TARGET_TMPDIR")).join("bench-sign-in.log");
    let mut process = Command::new(env!("CARGO_BIN_EXE_workshop"))
        .args(["demo", "--json", "--listen", "127.0.0.1:0"])
        .args(["--seats", &SEATS.to_string()])
        .args([
            "--site",
            concat!(env!("CARGO_MANIFEST_DIR"), "/../target/site"),
        ])
        .stdout(Stdio::piped())
        .stderr(std::fs::File::create(&log)?)
        .spawn()
        .context("failed to start the demo")?;
    let output = process.stdout.take().context("the demo has no output")?;
    let mut description = String::new();
    BufReader::new(output).read_line(&mut description)?;
    Panel::described(&description, Some(process))
        .with_context(|| format!("the demo failed; its log is {}", log.display()))
}
