//! The panel's own files, where they lie in the image.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use super::site;
use crate::server;

/// Puts program, site and licence into `folder`.
pub(super) fn gather(folder: &Path) -> Result<()> {
    let program = server::release()?;
    let site_folder = folder.join("usr/share/workshop/site");
    site(&site_folder)?;
    install(&program, &folder.join("usr/bin/workshop"))?;
    install(
        Path::new("LICENSE"),
        &folder.join("usr/share/doc/workshop/LICENSE"),
    )
}

/// Copies a file, and makes the folders above it.
pub(super) fn install(file: &Path, to: &Path) -> Result<()> {
    if let Some(above) = to.parent() {
        fs::create_dir_all(above)?;
    }
    fs::copy(file, to)
        .with_context(|| format!("failed to copy {} to {}", file.display(), to.display()))?;
    Ok(())
}
