//! Files that hold codes or tokens: readable by their owner alone from their first byte on.

use std::fs::{DirBuilder, File, OpenOptions, Permissions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use anyhow::{Context, Result, bail};

/// A new file. One that is there stays: its codes may be shown nowhere else.
pub(super) fn create_new(path: &Path) -> Result<File> {
    if path.exists() {
        bail!(
            "{} is there already, and may hold codes that are shown nowhere else; name another file",
            path.display()
        );
    }
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .with_context(|| format!("failed to create {}", path.display()))
}

/// Writes a file, over an older one.
pub(super) fn write(path: &Path, text: &str) -> Result<()> {
    let written = || {
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(path)?;
        // An older file keeps its mode otherwise.
        file.set_permissions(Permissions::from_mode(0o600))?;
        file.write_all(text.as_bytes())
    };
    written().with_context(|| format!("failed to write {}", path.display()))
}

/// A folder that only its owner can look into. One that is there stays as it is.
pub(super) fn folder(path: &Path) -> Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .with_context(|| format!("failed to create the folder {}", path.display()))
}
