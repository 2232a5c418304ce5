//! Options of the day before a class: `workshop check` and `workshop prepull`.

use clap::{Args, ValueEnum};

use super::{AppOptions, ClusterOptions};

/// Options of `workshop check`. It acts with the rights of the person at the keyboard and writes nothing.
#[derive(Debug, Args)]
pub struct Check {
    /// Number of seats that the class will have. Without it: those that exist.
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=300))]
    pub count: Option<u16>,

    /// How the result is printed.
    #[arg(long, short, value_enum, default_value = "text")]
    pub output: CheckOutput,

    #[command(flatten)]
    pub cluster: ClusterOptions,

    #[command(flatten)]
    pub app: AppOptions,
}

/// Format of a check's result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum CheckOutput {
    /// For people: a line for each precondition, and the verdict.
    Text,
    /// One JSON object.
    Json,
}

/// Options of `workshop prepull`.
#[derive(Debug, Args)]
pub struct Prepull {
    #[command(flatten)]
    pub cluster: ClusterOptions,

    #[command(flatten)]
    pub app: AppOptions,
}
