//! The habits of development as one command each: `cargo xtask demo`, `test`, `test-cluster`, `build`, `image`, …
//!
//! Each prepares what it needs and says so. `cargo xtask --help` lists them.

mod bench;
mod browser;
mod checks;
mod cluster;
mod command;
mod demo;
mod fidelity;
mod image;
mod machine;
mod page_weight;
mod proxies;
mod server;
mod site;
mod wasm_target;

use anyhow::Result;
use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(
    name = "cargo xtask",
    about = "The habits of development as one command each"
)]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Build the panel and run it on the simulator, ready to click.
    ///
    /// Arguments are passed on to `workshop demo`: --listen, --seats, --json, …
    #[command(disable_help_flag = true)]
    Demo {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Build the server and the site that it serves into target/.
    Build,
    /// All checks that need no cluster: format, lints, licences, unit, scenario, server and browser tests.
    Test {
        /// Only the checks whose names contain this.
        only: Option<String>,
    },
    /// The journey on the cluster that KUBECONFIG names (it must allow creating namespaces and roles).
    TestCluster,
    /// The container image, without a container engine: target/image/workshop.tar.
    Image(image::Options),
    /// Benchmarks of a release build: figures beside their limits, and no verdict on them.
    Bench {
        /// Only the benchmarks whose names contain this.
        only: Option<String>,
    },
    /// Play a scenario on the cluster that KUBECONFIG names, and write down what happens: FOLDER [--kubeconfig FILE].
    #[command(disable_help_flag = true)]
    Record {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Replay recordings on the simulator and tell whether it does the same: [DIR…] [--seeds N] [--all].
    ///
    /// Default are the recordings in simulator/tests/recordings.
    #[command(disable_help_flag = true)]
    Fidelity {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Take the documentation's pictures of the running page, in docs/pictures.
    Pictures,
}

fn main() -> Result<()> {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    std::env::set_current_dir(root)?;
    match Cli::parse().task {
        Task::Demo { arguments } => demo::run(&arguments),
        Task::Build => demo::build().map(drop),
        Task::Test { only } => checks::run_all(only.as_deref()),
        Task::TestCluster => cluster::run_tests(),
        Task::Image(options) => image::build(&options),
        Task::Bench { only } => bench::run_all(only.as_deref()),
        Task::Record { arguments } => fidelity::record(&arguments),
        Task::Fidelity { arguments } => fidelity::compare(&arguments),
        Task::Pictures => browser::pictures(),
    }
}
