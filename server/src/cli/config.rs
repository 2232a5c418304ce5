//! `workshop config`: what `workshop serve` would run with, and where each value comes from. It contacts no cluster.

use std::process::ExitCode;

use anyhow::Result;
use server::config::{Config, ConfigOutput, Setting, effective};

/// Prints the configuration, then checks it as `serve` does.
pub(crate) fn config(options: &Config, settings: &[Setting]) -> Result<ExitCode> {
    match options.output {
        ConfigOutput::Text => print!("{}", effective::text(settings)),
        ConfigOutput::Yaml => print!("{}", effective::yaml(settings)?),
    }
    let panel = &options.serve.panel;
    panel.public_url(panel.listen).map_err(anyhow::Error::msg)?;
    panel.oidc.settings().map_err(anyhow::Error::msg)?;
    Ok(ExitCode::SUCCESS)
}
