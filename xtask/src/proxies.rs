//! The panel behind a real proxy: installs nginx, and runs the tests that need it.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::browser::{install, on_path};
use crate::command::{cargo_test, run};

/// Debian has it where only root's PATH leads.
const ELSEWHERE: &str = "/usr/sbin/nginx";

/// Runs the server's tests that need a proxy.
pub(crate) fn tests() -> Result<()> {
    let nginx = prepare()?;
    run(cargo_test("proxies", &["--ignored"]).env("NGINX_PROGRAM", nginx))
}

/// Installs nginx, and what the tests ask it with; returns nginx' path.
pub(crate) fn prepare() -> Result<PathBuf> {
    for program in ["curl", "openssl"] {
        if on_path(program).is_none() {
            install(program, &[program])?;
        }
    }
    if let Some(nginx) = nginx() {
        return Ok(nginx);
    }
    install("nginx", &["nginx-light"])?;
    nginx().context("nginx was installed, but is not on PATH")
}

fn nginx() -> Option<PathBuf> {
    let elsewhere = || Path::new(ELSEWHERE).is_file().then(|| ELSEWHERE.into());
    on_path("nginx").or_else(elsewhere)
}
