//! All checks that need no cluster, cheapest first. `cargo xtask test` runs them one after the other.

use std::time::Instant;

use anyhow::{Context, Result, bail};

use crate::command::{cargo, run, say, succeeds};
use crate::{browser, fidelity, proxies, wasm_target};

/// A check's name and what it does.
type Check = (&'static str, fn() -> Result<()>);

const CHECKS: &[Check] = &[
    ("format", format),
    ("lints", lints),
    ("lints for the browser", lints_for_the_browser),
    ("licences and dependencies", dependencies),
    ("unit, scenario and server tests", tests),
    ("fidelity", || fidelity::compare(&["--known".to_owned()])),
    ("proxy tests", proxies::tests),
    ("browser tests", browser::tests),
];

/// The version of cargo-deny that deny.toml is written for.
const CARGO_DENY: &str = "0.20.2";

/// Runs the checks whose name contains `only`, or all.
pub(crate) fn run_all(only: Option<&str>) -> Result<()> {
    let chosen: Vec<_> = CHECKS
        .iter()
        .filter(|(name, _)| only.is_none_or(|only| name.contains(only)))
        .collect();
    if chosen.is_empty() {
        let names: Vec<_> = CHECKS.iter().map(|(name, _)| *name).collect();
        bail!("no check has this name; there are: {}", names.join(", "));
    }
    let mut times = Vec::new();
    for (name, check) in chosen {
        say(&format!("Check: {name}"));
        let started = Instant::now();
        check().with_context(|| format!("the check failed: {name}"))?;
        times.push((name, started.elapsed().as_secs_f32()));
    }
    for (name, seconds) in times {
        say(&format!("{seconds:>5.0} s  {name}"));
    }
    Ok(())
}

fn format() -> Result<()> {
    run(&mut cargo(&["fmt", "--all", "--check"]))
}

fn lints() -> Result<()> {
    run(&mut cargo(&[
        "clippy",
        "--workspace",
        "--all-targets",
        "--",
        "-D",
        "warnings",
    ]))
}

fn lints_for_the_browser() -> Result<()> {
    let features = [
        "--package",
        "app",
        "--no-default-features",
        "--features",
        "hydrate",
    ];
    let toolchain = wasm_target::prepare()?;
    if toolchain.has_clippy() {
        let mut clippy = toolchain.cargo("clippy", &features);
        return run(clippy.args(["--", "-D", "warnings"]));
    }
    // Debian's compiler comes without clippy: the same code, linted for this machine.
    run(cargo(&["clippy"])
        .args(features)
        .args(["--", "-D", "warnings"]))
}

fn dependencies() -> Result<()> {
    if !succeeds(&mut cargo(&["deny", "--version"])) {
        say("Installing cargo-deny (some minutes, once)");
        run(&mut cargo(&[
            "install",
            "cargo-deny",
            "--version",
            CARGO_DENY,
            "--locked",
            "--debug",
        ]))?;
    }
    // Advisories are asked for elsewhere: a new one must not break an unrelated change.
    run(&mut cargo(&[
        "deny",
        "--log-level",
        "error",
        "check",
        "bans",
        "licenses",
        "sources",
    ]))
}

fn tests() -> Result<()> {
    run(&mut cargo(&["test", "--workspace"]))
}
