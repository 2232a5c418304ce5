//! `workshop seats …`: the seats of a class, made with the rights of the person at the keyboard.

use std::process::ExitCode;

use anyhow::Result;
use server::config::{SeatsCommand, SeatsCreate};
use server::seats::provision;
use server::workshop::manifests::Settings;

use super::client::client;

/// Runs one of the commands on seats.
pub(crate) async fn seats(command: SeatsCommand) -> Result<ExitCode> {
    match command {
        SeatsCommand::Create(options) => create(options).await?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Seats and their codes, made with the rights of the person at the keyboard.
async fn create(options: SeatsCreate) -> Result<()> {
    let client = client(&options.cluster).await?;
    let settings = Settings::from(options.app);
    let wanted = provision::Options {
        count: options.count,
        prefix: options.prefix,
        panel_namespace: options.cluster.panel_namespace,
    };
    let seats = provision::create(&client, &wanted, &settings).await?;
    for seat in &seats {
        println!("{}", line(seat));
    }
    Ok(())
}

/// One seat as a line: `seat workshop-user-7 07-KQ2M-9DXA`. A code is shown once, when it is made.
pub(super) fn line(seat: &provision::Provisioned) -> String {
    let code = match &seat.code {
        Some(code) => code.to_string(),
        None => "exists".to_owned(),
    };
    match &seat.namespace {
        Some(namespace) => format!("seat {namespace} {code}"),
        None => format!("instructor {code}"),
    }
}
