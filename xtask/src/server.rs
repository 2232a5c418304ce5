//! The server's program, as it is tested and as it is released. Called by whatever runs or packs it.

use std::path::PathBuf;

use anyhow::Result;

use crate::command::{cargo, run, say};

/// Builds the program as the tests have it: the same features of the same dependencies, which are built but once.
pub(crate) fn build() -> Result<PathBuf> {
    say("Building the server");
    run(cargo(&["build", "--workspace"]).args(["--bin", "workshop", "--test", "process"]))?;
    Ok(PathBuf::from("target/debug/workshop"))
}

/// Builds the program as it is released.
pub(crate) fn release() -> Result<PathBuf> {
    say("Building the server for release (the first time takes some minutes)");
    run(cargo(&["build", "--release", "--locked"]).args([
        "--package",
        "server",
        "--bin",
        "workshop",
    ]))?;
    Ok(PathBuf::from("target/release/workshop"))
}
