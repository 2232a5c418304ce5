//! Builds the panel, and runs it on the simulator.

use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use crate::{server, site};

/// Builds the site and the server; returns the server's binary.
pub(crate) fn build() -> Result<PathBuf> {
    site::build()?;
    server::build()
}

/// The same as a release, for benchmarks.
pub(crate) fn release() -> Result<PathBuf> {
    site::build()?;
    server::release()
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
