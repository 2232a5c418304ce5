//! The journey and the contract on a real cluster, the one that KUBECONFIG names.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use crate::command::{cargo_test, program, run, say, succeeds};

/// Names the image that is installed.
const IMAGE: &str = "WORKSHOP_TEST_IMAGE";

/// The behaviour for which a young cluster is waited for, so it comes last.
const LATE: &str = "real::old_version_is_expired";

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
    if !succeeds(&mut program("helm", &["version"])) {
        bail!(
            "the tests render and install the chart: put helm on PATH (https://helm.sh/docs/intro/install)"
        );
    }
    if std::env::var_os(IMAGE).is_none() {
        bail!(
            "set {IMAGE} to the panel's image as the cluster's nodes know it: `cargo xtask image` makes it, and \
             `kind load image-archive target/image/workshop.tar` or a push to a registry brings it there \
             ({IMAGE}=docker.io/library/workshop:0.1.0)"
        );
    }
    say("Chart: what Helm renders, and what the cluster says of it");
    run(cargo_test("chart", &["--include-ignored"]).env("KUBECONFIG", &kubeconfig))?;
    let contract = |arguments: &[&str]| {
        run(cargo_test("contract", arguments).env("CONTRACT_KUBECONFIG", &kubeconfig))
    };
    say("Contract: the behaviours that the simulator imitates, on the real cluster");
    // They wait for the cluster, and need no CPU themselves.
    contract(&["--ignored", "--test-threads=6", "--skip", LATE])?;
    say("Journey: the chart installed, kubectl beside it (about eight minutes)");
    run(cargo_test("cluster", &["--ignored", "--nocapture"]).env("KUBECONFIG", &kubeconfig))?;
    say("Contract: what a cluster does only minutes after its start");
    contract(&["--ignored", LATE])
}
