//! `fidelity [DIR…]`: replays recordings on the simulator and tells whether the simulator does the same.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use clap::Parser;
use fidelity::compare::{compare, count};
use fidelity::course::Course;
use fidelity::replay::{Replay, seeds};
use fidelity::{Recording, Scenario, known, machine, report};

/// Replays recordings on the simulator, many times, and compares.
///
/// The last line is `N of M hold`; the exit code is 0 only when all do.
#[derive(Parser)]
#[command(name = "fidelity")]
struct Cli {
    /// Folders with `steps`, manifests and `events.jsonl.gz`.
    #[arg(value_name = "DIR")]
    folders: Vec<PathBuf>,
    /// How often each recording is replayed, each time with other names, UIDs and chance.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u64).range(1..))]
    seeds: u64,
    /// Also what holds.
    #[arg(long)]
    all: bool,
    /// Fail only for what the recordings' files `known-differences` do not name.
    #[arg(long)]
    known: bool,
    /// Write the lines of this seed's replay into the folder `replayed` of the working directory, and end.
    #[arg(long, value_name = "SEED")]
    keep: Option<u64>,
}

/// Where the project's own recordings are.
const OWN: &str = "simulator/tests/recordings";

fn main() -> Result<ExitCode> {
    let cli = Cli::parse();
    let folders = if cli.folders.is_empty() {
        own()?
    } else {
        cli.folders
    };
    let (mut hold, mut checks, mut new) = (0, 0, 0);
    for folder in &folders {
        let began = Instant::now();
        let scenario = Scenario::read(folder)?;
        let recording = Recording::read(folder)?;
        let real = Course::of(&recording.lines);
        let (replay, machine) = machine::fit(Replay::new(scenario, &recording)?, &real)?;
        if let Some(seed) = cli.keep {
            keep(&replay, seed)?;
            continue;
        }
        let replayed = seeds::courses(&replay, cli.seeds)?;
        let sections = compare(&real, &replayed);
        let (own_hold, own_checks) = count(&sections);
        let mut title = format!(
            "{}: {} in {} seeds ({:.0} s)",
            folder.display(),
            report::verdict(own_hold, own_checks),
            cli.seeds,
            began.elapsed().as_secs_f64()
        );
        if let Some(machine) = machine {
            title.push_str(&format!("\n  {machine}"));
        }
        print!("{}", report::text(&title, &sections, cli.all));
        let sorted = known::sort(&sections, &known::read(folder)?);
        if cli.known {
            for name in &sorted.new {
                println!("  new: {name}");
            }
            for name in &sorted.mended {
                println!("  holds now, so take it out of {}: {name}", known::FILE);
            }
        }
        new += sorted.new.len();
        hold += own_hold;
        checks += own_checks;
    }
    println!("\n{}", report::verdict(hold, checks));
    let passed = if cli.known { new == 0 } else { hold == checks };
    Ok(if passed {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn own() -> Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(OWN).with_context(|| format!("failed to read {OWN}"))?;
    let mut folders = Vec::new();
    for entry in entries {
        let folder = entry?.path();
        if folder.join(fidelity::scenario::STEPS).is_file() {
            folders.push(folder);
        }
    }
    if folders.is_empty() {
        bail!("{OWN} holds no recording");
    }
    folders.sort();
    Ok(folders)
}

fn keep(replay: &Replay, seed: u64) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()?;
    let lines = runtime.block_on(replay.play(seed))?;
    let folder = PathBuf::from("replayed");
    std::fs::create_dir_all(&folder)?;
    fidelity::recording::write(&folder, &lines)?;
    println!("{} lines in {}", lines.len(), folder.display());
    Ok(())
}
