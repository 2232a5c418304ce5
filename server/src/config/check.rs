//! Options of the day before a class: `workshop check` and `workshop prepull`.

use clap::{Args, ValueEnum};

use super::{AppOptions, ClusterOptions, watching};
use crate::cluster::Watching;

/// Options of `workshop check`. It acts with the rights of the person at the keyboard and writes nothing.
#[derive(Debug, Args)]
pub struct Check {
    /// Number of seats that the class will have. Without it: those that exist.
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=300))]
    pub count: Option<u16>,

    /// Asks for the rights of a panel that watches each seat's namespace by itself, instead of the whole cluster.
    #[arg(long, env = "WORKSHOP_NAMESPACED")]
    pub namespaced: bool,

    /// How the result is printed.
    #[arg(long, short, value_enum, default_value = "text")]
    pub output: CheckOutput,

    #[command(flatten)]
    pub cluster: ClusterOptions,

    #[command(flatten)]
    pub app: AppOptions,
}

impl Check {
    /// How the panel will watch.
    pub fn watching(&self) -> Watching {
        watching(self.namespaced)
    }
}

/// Format of a check's result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum CheckOutput {
    /// For people: a line for each precondition, and the verdict.
    Text,
    /// One JSON object.
    Json,
}

/// Options of `workshop prepull`. It acts with the rights of the person at the keyboard, who must be able to make pods.
#[derive(Debug, Args)]
pub struct Prepull {
    /// Where the pods that pull are made, and where the Secrets for the images are. Without it: the panel's namespace.
    #[arg(long)]
    pub namespace: Option<String>,

    /// How long all nodes together may take, in minutes.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=600))]
    pub timeout: u64,

    #[command(flatten)]
    pub cluster: ClusterOptions,

    #[command(flatten)]
    pub app: AppOptions,
}
