//! The two processes: a simulated cluster, and the panel that is measured. Both end when dropped.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::proc;

/// Another build of the program than this bench's, such as the one in the image.
const PROGRAM: &str = "WORKSHOP_BENCH_PROGRAM";

/// A demo, of which the API alone is used.
pub(crate) struct Cluster {
    process: Child,
    /// The attendees'.
    pub(crate) codes: Vec<String>,
    kubeconfig: PathBuf,
    panel_namespace: &'static str,
}

/// The panel.
pub(crate) struct Panel {
    process: Child,
    pub(crate) address: SocketAddr,
}

impl Cluster {
    pub(crate) fn start(seats: u16) -> Result<Self> {
        let mut process = workshop("cluster", seats)
            .args(["demo", "--json", "--listen", "127.0.0.1:0"])
            .args(["--kubectl-listen", "127.0.0.1:0"])
            .args(["--seats", &seats.max(1).to_string()])
            .spawn()
            .context("failed to start the cluster")?;
        let description = line(&mut process, |_| true)?;
        let description: Value = serde_json::from_str(&description)?;
        let server = &description["kubectl"];
        let kubeconfig = json!({
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "demo",
            "contexts": [{ "name": "demo", "context": { "cluster": "demo", "user": "demo" } }],
            "users": [{ "name": "demo", "user": {} }],
            "clusters": [{ "name": "demo", "cluster": { "server": server } }],
        });
        let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("footprint.kubeconfig");
        std::fs::write(&file, kubeconfig.to_string())?;
        let codes = description["seats"].as_array().into_iter().flatten();
        let codes = codes.filter_map(|seat| seat["code"].as_str().map(str::to_owned));
        // A panel without a class: the demo has one seat at least, and it is another panel's.
        let (codes, panel_namespace) = match seats {
            0 => (Vec::new(), "nobody"),
            _ => (codes.collect(), "workshop"),
        };
        Ok(Self {
            process,
            codes,
            kubeconfig: file,
            panel_namespace,
        })
    }
}

impl Panel {
    pub(crate) fn start(cluster: &Cluster) -> Result<Self> {
        let mut process = workshop("panel", cluster.codes.len())
            .args(["serve", "--listen", "127.0.0.1:0"])
            .args(["--panel-namespace", cluster.panel_namespace])
            .arg("--kubeconfig")
            .arg(&cluster.kubeconfig)
            .spawn()
            .context("failed to start the panel")?;
        let open = line(&mut process, |line| line.starts_with("open "))?;
        let address = open.trim_start_matches("open http://").parse()?;
        Ok(Self { process, address })
    }

    /// Time on a processor since the start.
    pub(crate) fn cpu(&self) -> Result<Duration> {
        proc::cpu(self.process.id()).context("the system does not tell")
    }

    /// `VmRSS:` is what it has, `VmHWM:` the most that it had.
    pub(crate) fn memory_mib(&self, key: &str) -> Result<f64> {
        let kib = proc::memory_kib(self.process.id(), key);
        Ok(kib.context("the system does not tell")? as f64 / 1024.0)
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        end(&mut self.process);
    }
}

impl Drop for Panel {
    fn drop(&mut self) {
        end(&mut self.process);
    }
}

fn end(process: &mut Child) {
    // It may have ended by itself, which the figures tell.
    let _ = process.kill();
    let _ = process.wait();
}

/// The program, with a file for its log, as it would have on a cluster.
fn workshop(role: &str, seats: impl std::fmt::Display) -> Command {
    let program =
        std::env::var(PROGRAM).unwrap_or_else(|_| env!("CARGO_BIN_EXE_workshop").to_owned());
    let log = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("footprint-{role}-{seats}.log"));
    let mut command = Command::new(program);
    command
        .env(
            "WORKSHOP_SITE",
            concat!(env!("CARGO_MANIFEST_DIR"), "/../target/site"),
        )
        .stdout(Stdio::piped())
        .stderr(std::fs::File::create(log).map_or_else(|_| Stdio::null(), Stdio::from));
    command
}

/// The first line of its output that is wanted.
fn line(process: &mut Child, wanted: impl Fn(&str) -> bool) -> Result<String> {
    let output = process.stdout.take().context("it has no output")?;
    let mut lines = BufReader::new(output).lines().map_while(Result::ok);
    let found = lines.find(|line| wanted(line));
    found.context("it ended at once; its log is in target/tmp")
}
