//! `cargo xtask bench`: benchmarks that print figures beside their limits, and the machine that they ran on. None is a test.

use anyhow::{Result, bail};

use crate::command::{cargo, run, say};
use crate::machine;

/// Benchmarks and the packages that hold them. The name in an error or on the command line has a dash for each underscore.
const BENCHES: &[(&str, &str)] = &[
    ("footprint", "server"),
    ("sign_in", "server"),
    ("speed", "simulator"),
];

/// Runs the benchmarks whose name contains `only`, or all.
pub(crate) fn run_all(only: Option<&str>) -> Result<()> {
    let name = |bench: &str| bench.replace('_', "-");
    let chosen: Vec<_> = BENCHES
        .iter()
        .filter(|(bench, _)| only.is_none_or(|only| name(bench).contains(only)))
        .collect();
    if chosen.is_empty() {
        let names: Vec<_> = BENCHES.iter().map(|(bench, _)| name(bench)).collect();
        bail!(
            "no benchmark has this name; there are: {}",
            names.join(", ")
        );
    }
    println!("{}", machine::describe());
    for (bench, package) in chosen {
        say(&format!(
            "Benchmark: {} (the first release build takes long)",
            name(bench)
        ));
        run(&mut cargo(&[
            "bench",
            "--package",
            package,
            "--bench",
            bench,
        ]))?;
    }
    Ok(())
}
