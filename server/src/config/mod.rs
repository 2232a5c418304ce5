//! Every option of the program, with what it means. Those that outlive one act are environment variables, too, and may
//! stand in a file. Read by `main.rs` alone; the rooms get the values they need.

mod check;
pub mod effective;
mod file;
mod kind;
mod oidc;
mod panel;
mod parse;
mod ping;
mod seats;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub use check::{Check, CheckOutput, Prepull};
pub use effective::Setting;
pub use oidc::OidcOptions;
pub use panel::{AppOptions, Config, ConfigOutput, Demo, LimitOptions, PanelOptions, Serve};
pub use parse::{Error, Parsed, parse};
pub use ping::Ping;
pub use seats::{
    Class, CreateOutput, LinkOptions, ListOutput, SeatChoice, SeatsCards, SeatsChange, SeatsClass,
    SeatsCommand, SeatsCreate, SeatsDelete, SeatsKubeconfigs, SeatsList, SeatsRename, SeatsRevoke,
    TokenOptions,
};

use crate::cluster::Watching;
/// The id and long name of the option that names the file.
const CONFIG: &str = "config";

/// A web control panel for classes on Kubernetes autoscaling.
#[derive(Debug, Parser)]
#[command(name = "workshop", version, about)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,

    /// Format of the log on stderr.
    #[arg(
        long,
        env = "WORKSHOP_LOG_FORMAT",
        value_enum,
        default_value = "text",
        global = true
    )]
    pub log_format: LogFormat,

    /// A YAML file with values for options, by their long names. The command line and the environment go before it.
    #[arg(id = CONFIG, long, env = "WORKSHOP_CONFIG", value_name = "FILE", global = true)]
    pub config: Option<PathBuf>,
}

/// What the program does.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// The panel on a simulated cluster: no cluster, no container engine.
    Demo(Demo),
    /// The panel on the cluster of the kubeconfig or of the pod's own account.
    Serve(Serve),
    /// Prints the configuration that `serve` would run with, and where each value comes from; checks it.
    Config(Box<Config>),
    /// Seats of a class: namespaces, codes, cards, kubeconfigs.
    #[command(subcommand)]
    Seats(SeatsCommand),
    /// Opens, ends or closes the class: whether attendees may act.
    Class(Class),
    /// Tells whether a class can be held on this cluster, and what to do where it cannot.
    Check(Check),
    /// Pulls both images onto every node, so that nobody waits for them in class.
    Prepull(Prepull),
    /// Tells whether a panel answers at an address, and is ready; waits for it.
    Ping(Ping),
}

/// Format of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// Which cluster.
#[derive(Debug, Args)]
pub struct ClusterOptions {
    /// The kubeconfig file. Without it: $KUBECONFIG, ~/.kube/config, or the pod's own account.
    #[arg(long, env = "WORKSHOP_KUBECONFIG")]
    pub kubeconfig: Option<PathBuf>,

    /// The namespace of the panel itself, where the seats' Secrets are.
    #[arg(long, env = "WORKSHOP_PANEL_NAMESPACE", default_value = "workshop")]
    pub panel_namespace: String,
}

/// What `--namespaced` means.
fn watching(namespaced: bool) -> Watching {
    if namespaced {
        Watching::Namespaces
    } else {
        Watching::Cluster
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::workshop::manifests::Settings;

    #[test]
    fn options_are_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_option_is_documented() {
        fn check(command: &clap::Command) {
            for argument in command.get_arguments() {
                assert!(
                    argument.get_help().is_some(),
                    "{} of {}",
                    argument.get_id(),
                    command.get_name()
                );
            }
            command.get_subcommands().for_each(check);
        }
        check(&Cli::command());
    }

    #[test]
    fn defaults_of_options_are_the_defaults_of_settings() {
        let cli = Cli::parse_from(["workshop", "seats", "create", "--count", "1"]);
        let Command::Seats(SeatsCommand::Create(create)) = cli.command else {
            panic!("another command was parsed");
        };
        assert_eq!(Settings::from(create.app), Settings::default());
    }
}
