//! The journey and the contract on a real cluster, the one that KUBECONFIG names.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use crate::command::{cargo, program, run, say, succeeds};

/// Runs the tests that need a cluster; nothing else ever contacts one.
pub(crate) fn run_tests() -> Result<()> {
    let kubeconfig = std::env::var_os("KUBECONFIG")
        .map(PathBuf::from)
        .context("set KUBECONFIG to a cluster where namespaces and roles may be made")?
        .canonicalize()
        .context("the file that KUBECONFIG names does not exist")?;
    if !succeeds(&mut program("kubectl", &["version", "--client"])) {
        bail!("the tests compare the panel with kubectl: put kubectl on PATH");
    }
    say("Building the server");
    run(&mut cargo(&[
        "build",
        "--package",
        "server",
        "--bin",
        "workshop",
    ]))?;
    say("Contract: the behaviours that the simulator imitates, on the real cluster");
    run(cargo(&[
        "test",
        "--package",
        "simulator",
        "--test",
        "contract",
        "--",
        "--ignored",
    ])
    .env("CONTRACT_KUBECONFIG", &kubeconfig))?;
    say("Journey: the panel with its own account, kubectl beside it (about six minutes)");
    run(cargo(&[
        "test",
        "--package",
        "server",
        "--test",
        "cluster",
        "--",
        "--ignored",
        "--nocapture",
    ])
    .env("KUBECONFIG", &kubeconfig))
}
