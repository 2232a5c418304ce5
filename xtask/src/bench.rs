//! `cargo xtask bench`: benchmarks that print figures beside their limits, and the machine that they ran on. None is a test.

use anyhow::{Result, bail};

use crate::command::{cargo, run, say};
use crate::{browser, machine, page_weight};

/// A benchmark's name, and what runs it. The name in an error or on the command line has a dash for each underscore.
const BENCHES: &[(&str, Bench)] = &[
    ("chart", Bench::Cargo("app", &["--features", "ssr"])),
    ("footprint", Bench::Cargo("server", &[])),
    ("latency", Bench::Own(browser::bench)),
    ("page", Bench::Own(page_weight::run)),
    ("sign_in", Bench::Cargo("server", &[])),
    ("speed", Bench::Cargo("simulator", &[])),
];

/// How a benchmark is run.
#[derive(Clone, Copy)]
enum Bench {
    /// `cargo bench` of this package, with these arguments.
    Cargo(&'static str, &'static [&'static str]),
    /// A part of this program: what it measures is no code, but what is built.
    Own(fn() -> Result<()>),
}

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
            Bench::Own(bench) => bench()?,
            Bench::Cargo(package, arguments) => run(cargo(&["bench", "--package", package])
                .args(*arguments)
                .args(["--bench", bench]))?,
        }
    }
    Ok(())
}
