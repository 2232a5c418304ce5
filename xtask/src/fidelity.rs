//! Recordings of real clusters: made by `record`, replayed on the simulator by `fidelity`.

use anyhow::Result;

use crate::command::{cargo, run, say};

/// Optimised as a release, but soon built again: a replay is hours of cluster time.
const PROFILE: &str = "replay";

/// Runs the crate's binary of this name with these arguments.
fn binary(name: &str, arguments: &[String]) -> Result<()> {
    say(&format!(
        "{name} (the first optimised build takes some minutes)"
    ));
    run(cargo(&[
        "run",
        "--quiet",
        "--profile",
        PROFILE,
        "--package",
        "fidelity",
        "--bin",
        name,
        "--",
    ])
    .args(arguments))
}

/// Plays a scenario on a real cluster and writes down what happens.
pub(crate) fn record(arguments: &[String]) -> Result<()> {
    binary("record", arguments)
}

/// Replays recordings on the simulator and compares.
pub(crate) fn compare(arguments: &[String]) -> Result<()> {
    binary("fidelity", arguments)
}
