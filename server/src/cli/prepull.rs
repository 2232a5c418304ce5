//! `workshop prepull`.

use std::process::ExitCode;

use anyhow::{Result, bail};
use server::config::Prepull;

use super::client::client;

pub(crate) async fn prepull(options: Prepull) -> Result<ExitCode> {
    let _client = client(&options.cluster).await?;
    bail!("not built yet")
}
