//! The software bill of materials: every crate that is built into the program, as JSON of the format `CycloneDX`.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use crate::command::{cargo, run, say, succeeds};

/// The version of cargo-cyclonedx that the options below are of.
pub(super) const CARGO_CYCLONEDX: &str = "0.5.9";

/// Where it lies in the image.
pub(super) const IN_IMAGE: &str = "usr/share/doc/workshop/sbom.cdx.json";

/// The name under which cargo-cyclonedx writes it beside each manifest.
const NAME: &str = "workshop-sbom";

/// Writes it to `file`.
pub(super) fn write(file: &Path) -> Result<()> {
    if !succeeds(&mut cargo(&["cyclonedx", "--version"])) {
        say("Installing cargo-cyclonedx (some minutes, once)");
        run(&mut cargo(&[
            "install",
            "cargo-cyclonedx",
            "--version",
            CARGO_CYCLONEDX,
            "--locked",
            "--debug",
        ]))?;
    }
    say("Listing what is built in (SBOM)");
    run(cargo(&["cyclonedx", "--quiet", "--format", "json"])
        .args(["--manifest-path", "server/Cargo.toml"])
        .args(["--no-build-deps", "--spec-version", "1.5"])
        .args(["--override-filename", NAME])
        // Otherwise the list of the same sources has another time and serial number each time.
        .env("SOURCE_DATE_EPOCH", "0"))?;
    let named = format!("{NAME}.json");
    let server = Path::new("server").join(&named);
    fs::copy(&server, file).with_context(|| format!("failed to write {}", file.display()))?;
    // It writes one for each crate of the workspace, and each is a room of its own.
    for room in fs::read_dir(".")? {
        let written = room?.path().join(&named);
        if written.exists() {
            fs::remove_file(written)?;
        }
    }
    Ok(())
}
