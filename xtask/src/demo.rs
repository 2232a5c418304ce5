//! Builds the panel, and runs it on the simulator.

use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use crate::command::{self, cargo, say};
use crate::site;

/// The program as the tests have it: the same features of the same dependencies, which are built but once.
const SERVER: [&str; 6] = [
    "build",
    "--workspace",
    "--bin",
    "workshop",
    "--test",
    "process",
];

const RELEASED_SERVER: [&str; 6] = [
    "build",
    "--package",
    "server",
    "--bin",
    "workshop",
    "--release",
];

/// Builds the site and the server; returns the server's binary.
pub(crate) fn build() -> Result<PathBuf> {
    site::build()?;
    build_server()
}

/// Builds the server alone; returns its binary.
pub(crate) fn build_server() -> Result<PathBuf> {
    say("Building the server");
    command::run(&mut cargo(&SERVER))?;
    Ok(PathBuf::from("target/debug/workshop"))
}

/// The same as a release, for benchmarks.
pub(crate) fn release() -> Result<PathBuf> {
    site::build()?;
    say("Building the server as a release (the first time takes long)");
    command::run(&mut cargo(&RELEASED_SERVER))?;
    Ok(PathBuf::from("target/release/workshop"))
}

/// `workshop demo` with these arguments.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    let workshop = build()?;
    run_to_end(
        Command::new(workshop)
            .args(["demo", "--site", site::SITE])
            .args(arguments),
    )
}

#[cfg(unix)]
fn run_to_end(command: &mut Command) -> Result<()> {
    use std::os::unix::process::CommandExt;
    // Takes this process's place, so that signals reach the panel itself.
    Err(command.exec().into())
}

#[cfg(not(unix))]
fn run_to_end(command: &mut Command) -> Result<()> {
    crate::command::run(command)
}
