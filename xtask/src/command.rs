//! Runs other programs, and says what it runs.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, bail};

/// Says on the terminal what is done next.
pub(crate) fn say(what: &str) {
    eprintln!("▸ {what}");
}

/// Runs a program to its end; its output goes to the terminal.
///
/// # Errors
/// If it cannot be started or fails; the message holds the whole command line.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let shown = shown(command);
    let started = Instant::now();
    let status = command
        .status()
        .with_context(|| format!("failed to start `{shown}`"))?;
    if !status.success() {
        bail!(
            "`{shown}` failed with {status} after {:.0} s",
            started.elapsed().as_secs_f32()
        );
    }
    Ok(())
}

/// Runs a program and returns what it prints.
///
/// # Errors
/// If it cannot be started or fails; the message holds what it printed as an error.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let shown = shown(command);
    let output = command
        .output()
        .with_context(|| format!("failed to start `{shown}`"))?;
    if !output.status.success() {
        bail!(
            "`{shown}` failed: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        );
    }
    Ok(String::from_utf8(output.stdout)?)
}

/// Whether a program runs and succeeds; its output is dropped.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    command.output().is_ok_and(|output| output.status.success())
}

/// `cargo` with these arguments.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    let mut command = Command::new("cargo");
    command.args(arguments);
    // What the cargo that runs this program tells it of itself: build scripts watch some of these, and crates would be
    // built anew each time `cargo xtask` follows `cargo` or the other way round.
    for (name, _) in std::env::vars_os() {
        let told = name.to_str().is_some_and(|name| {
            name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")
        });
        if told {
            command.env_remove(name);
        }
    }
    command
}

/// `cargo test` of one test program, with what follows for it.
///
/// Of the whole workspace, not of its package: features of dependencies follow from what is built together, and every
/// other choice builds most of them once more.
pub(crate) fn cargo_test(program: &str, arguments: &[&str]) -> Command {
    let mut command = cargo(&["test", "--workspace", "--test", program, "--"]);
    command.args(arguments);
    command
}

/// `program` in `folder` with these arguments.
pub(crate) fn program(program: impl AsRef<Path>, arguments: &[&str]) -> Command {
    let mut command = Command::new(program.as_ref());
    command.args(arguments);
    command
}

fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words
        .map(|w| w.to_string_lossy().into_owned())
        .collect::<Vec<_>>()
        .join(" ")
}
