//! `record FOLDER`: plays a scenario on a real cluster and writes down what happens.

use std::path::PathBuf;

use anyhow::Result;
use clap::Parser;
use fidelity::{Scenario, recorder, recording};

/// Plays FOLDER/steps in the namespace named there, which must not exist yet and is deleted afterwards, and writes
/// FOLDER/events.jsonl.gz. kubectl must be on PATH.
#[derive(Parser)]
#[command(name = "record")]
struct Cli {
    /// A folder with `steps` and manifests.
    folder: PathBuf,
    /// The cluster; default is what kubectl takes.
    #[arg(long)]
    kubeconfig: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> Result<()> {
    let cli = Cli::parse();
    let scenario = Scenario::read(&cli.folder)?;
    let progress = |t: f64, what: &str| {
        for line in what.lines() {
            println!("{t:7.1}  {line}");
        }
    };
    let kubeconfig = cli.kubeconfig.as_deref();
    let lines = recorder::real::record(&scenario, kubeconfig, progress).await?;
    recording::write(&cli.folder, &lines)?;
    println!(
        "{} lines in {}",
        lines.len(),
        cli.folder.join(recording::FILE).display()
    );
    Ok(())
}
