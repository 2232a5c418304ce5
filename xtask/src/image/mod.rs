//! `cargo xtask image`: the container image without a container engine, as `docker build -f deploy/Dockerfile` makes it.
//!
//! `target/image/` then holds `workshop.tar` (for `docker load`, `ctr images import`, `kind load image-archive`), the
//! folders of its layers, its `config.json`, and `sbom.cdx.json`, the list of all that went into it.

mod archive;
mod base;
mod files;
mod sbom;
mod wasm_opt;

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::json;

use crate::command::{output, say};
use crate::site;

use archive::Image;
pub(crate) use wasm_opt::optimise;

/// All that this command writes.
const FOLDER: &str = "target/image";

/// What the image is called and how much of it is made.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Name and tag of the image.
    #[arg(long, default_value = concat!("workshop:", env!("CARGO_PKG_VERSION")))]
    name: String,

    /// Only the files of the panel, in target/image/layers/panel: deploy/Dockerfile puts them on a base of its own.
    #[arg(long)]
    files_only: bool,
}

/// Builds the image.
pub(crate) fn build(options: &Options) -> Result<()> {
    let folder = Path::new(FOLDER);
    let panel = folder.join("layers/panel");
    files::gather(&panel)?;
    sbom::write(&panel.join(sbom::IN_IMAGE))?;
    if options.files_only {
        return Ok(());
    }
    fs::copy(panel.join(sbom::IN_IMAGE), folder.join("sbom.cdx.json"))?;

    let base = folder.join("layers/base");
    base::gather(&base)?;
    let config = config();
    fs::write(folder.join("config.json"), config.to_string())?;
    say("Packing the image");
    let archive = folder.join("workshop.tar");
    let size = Image {
        name: &options.name,
        config,
        layers: &[&base, &panel],
        created: &commit_time(),
    }
    .write(&archive)?;
    say(&format!(
        "{}: {} for {}, {:.1} MB compressed, {:.1} MB on a node",
        archive.display(),
        options.name,
        archive::ARCHITECTURE,
        megabytes(size.compressed),
        megabytes(size.unpacked),
    ));
    Ok(())
}

/// What a container runs, as the last lines of deploy/Dockerfile say it.
fn config() -> serde_json::Value {
    json!({
        "User": "65532:65532",
        "Env": [
            "PATH=/usr/local/bin:/usr/bin:/bin",
            "SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt",
            "WORKSHOP_SITE=/usr/share/workshop/site",
        ],
        "Entrypoint": ["/usr/bin/workshop"],
        "Cmd": ["--help"],
        "ExposedPorts": { "3000/tcp": {}, "9090/tcp": {} },
        "WorkingDir": "/",
        "Labels": {
            "org.opencontainers.image.title": "workshop",
            "org.opencontainers.image.description": "A control panel for classes that teach Kubernetes autoscaling",
            "org.opencontainers.image.licenses": "Apache-2.0",
            "org.opencontainers.image.version": env!("CARGO_PKG_VERSION"),
        },
    })
}

/// When the newest commit was made, so that the same sources give the same image; outside of git the year 1970.
fn commit_time() -> String {
    let mut git = crate::command::program("git", &["log", "-1", "--format=%cd"]);
    // The form of RFC 3339 in UTC, which image configurations use.
    git.args(["--date=format-local:%Y-%m-%dT%H:%M:%SZ"])
        .env("TZ", "UTC");
    output(&mut git).map_or_else(
        |_| "1970-01-01T00:00:00Z".to_owned(),
        |time| time.trim().to_owned(),
    )
}

/// The page's files, with WebAssembly that `wasm-opt` has made smaller, in `folder`.
fn site(folder: &Path) -> Result<()> {
    site::release(folder, wasm_opt::optimise).context("failed to make the site of the image")
}

#[expect(clippy::cast_precision_loss, reason = "it is shown with one digit")]
fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOCKERFILE: &str = include_str!("../../../deploy/Dockerfile");

    /// The instructions of the last stage, each on a line of its own.
    fn last_stage() -> Vec<String> {
        let joined = DOCKERFILE.replace("\\\n", " ");
        let lines = joined.lines().map(|line| {
            let words: Vec<_> = line.split_whitespace().collect();
            words.join(" ")
        });
        let lines: Vec<_> = lines.collect();
        let from = lines.iter().rposition(|line| line.starts_with("FROM "));
        lines[from.unwrap()..].to_vec()
    }

    #[test]
    fn the_dockerfile_configures_the_same_container() {
        let config = config();
        let stage = last_stage();
        let has = |line: &str| {
            assert!(
                stage.iter().any(|l| l == line),
                "{line} is not in {stage:?}"
            )
        };
        has(&format!("USER {}", config["User"].as_str().unwrap()));
        has(&format!("ENTRYPOINT {}", config["Entrypoint"]));
        has(&format!("CMD {}", config["Cmd"]));
        let ports = config["ExposedPorts"].as_object().unwrap().keys();
        let ports: Vec<_> = ports.map(String::as_str).collect();
        has(&format!("EXPOSE {}", ports.join(" ")));
        let env = stage.iter().find(|line| line.starts_with("ENV ")).unwrap();
        for variable in config["Env"].as_array().unwrap() {
            let variable = variable.as_str().unwrap();
            // Distroless images have one of their own.
            assert!(
                variable.starts_with("PATH=") || env.contains(variable),
                "{variable}"
            );
        }
    }

    #[test]
    fn the_dockerfile_installs_the_same_version_of_cargo_cyclonedx() {
        let install = format!(
            "cargo install cargo-cyclonedx --version {}",
            sbom::CARGO_CYCLONEDX
        );
        assert!(DOCKERFILE.contains(&install));
    }
}
