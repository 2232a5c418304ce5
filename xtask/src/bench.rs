//! `cargo xtask bench`: benchmarks that print figures beside their limits, and the machine that they ran on. None is a test.

use anyhow::{Result, bail};

use crate::command::{cargo, run, say};

/// Benchmarks of the server. The name in an error or on the command line has a dash for each underscore.
const BENCHES: &[&str] = &["footprint", "sign_in"];

/// Runs the benchmarks whose name contains `only`, or all.
pub(crate) fn run_all(only: Option<&str>) -> Result<()> {
    let name = |bench: &str| bench.replace('_', "-");
    let chosen: Vec<_> = BENCHES
        .iter()
        .filter(|bench| only.is_none_or(|only| name(bench).contains(only)))
        .collect();
    if chosen.is_empty() {
        let names: Vec<_> = BENCHES.iter().map(|bench| name(bench)).collect();
        bail!(
            "no benchmark has this name; there are: {}",
            names.join(", ")
        );
    }
    for bench in chosen {
        say(&format!(
            "Benchmark: {} (the first release build takes long)",
            name(bench)
        ));
        run(&mut cargo(&[
            "bench",
            "--package",
            "server",
            "--bench",
            bench,
        ]))?;
    }
    Ok(())
}
