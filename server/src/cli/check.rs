//! `workshop check`.

use std::process::ExitCode;

use anyhow::{Result, bail};
use server::config::Check;

use super::client::client;

pub(crate) async fn check(options: Check) -> Result<ExitCode> {
    let _client = client(&options.cluster).await?;
    bail!("not built yet")
}
