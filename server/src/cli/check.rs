//! `workshop check`: whether a class can be held on this cluster, with its own exit codes.

use std::process::ExitCode;

use anyhow::Result;
use server::check::{Report, Wanted, check as check_cluster};
use server::config::{Check, CheckOutput};
use server::error::chain;
use server::workshop::manifests::Settings;

use super::client::client;

/// Prints what was found. Exit code 0: ready; 1: not ready; 2: the check itself could not run.
pub(crate) async fn check(options: Check) -> Result<ExitCode> {
    let report = match client(&options.cluster).await {
        Ok(client) => {
            let wanted = Wanted {
                count: options.count,
                watching: options.watching(),
                panel_namespace: options.cluster.panel_namespace,
                settings: Settings::from(options.app),
            };
            check_cluster(&client, &wanted, jiff::Timestamp::now).await
        }
        Err(error) => Report::not_run(&chain(error.as_ref())),
    };
    match options.output {
        CheckOutput::Text => print!("{}", report.text()),
        CheckOutput::Json => println!("{}", serde_json::to_string_pretty(&report)?),
    }
    Ok(ExitCode::from(report.exit_code()))
}
