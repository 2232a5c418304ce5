//! `cargo xtask bench`: benchmarks that print figures beside their limits, and the machine that they ran on. None is a test.

use anyhow::{Result, bail};

use crate::command::{cargo, run, say};
use crate::{browser, machine};

/// How a benchmark is run.
enum Bench {
    /// `cargo bench` of a package.
    Of(&'static str),
    /// A measurement of the page.
    Page(fn() -> Result<()>),
}

/// Benchmarks by name. The name in an error or on the command line has a dash for each underscore.
const BENCHES: &[(&str, Bench)] = &[
    ("footprint", Bench::Of("server")),
    ("latency", Bench::Page(browser::bench)),
    ("sign_in", Bench::Of("server")),
    ("speed", Bench::Of("simulator")),
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
    for (bench, how) in chosen {
        say(&format!(
            "Benchmark: {} (the first release build takes long)",
            name(bench)
        ));
        match how {
            Bench::Of(package) => run(&mut cargo(&[
                "bench",
                "--package",
                package,
                "--bench",
                bench,
            ]))?,
            Bench::Page(measure) => measure()?,
        }
    }
    Ok(())
}
