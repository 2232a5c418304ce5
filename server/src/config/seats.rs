//! Options of `workshop seats …`. All of it acts with the rights of the person at the keyboard.

use clap::{Args, Subcommand};

use super::{AppOptions, ClusterOptions};

/// Commands on seats.
#[derive(Debug, Subcommand)]
pub enum SeatsCommand {
    /// Makes namespaces, accounts, rights, quotas and codes. A seat that exists keeps its code.
    Create(SeatsCreate),
}

/// Options of `workshop seats create`. It acts with the rights of the person at the keyboard.
#[derive(Debug, Args)]
pub struct SeatsCreate {
    /// Number of seats; namespaces are numbered from 1.
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=300))]
    pub count: u16,

    /// What the namespaces' names begin with.
    #[arg(long, default_value = "workshop-user-")]
    pub prefix: String,

    #[command(flatten)]
    pub cluster: ClusterOptions,

    #[command(flatten)]
    pub app: AppOptions,
}
