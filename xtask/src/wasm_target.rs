//! Prepares a compiler that can build for the browser.
//!
//! rustup's target is the normal way. Where its download is refused, Debian's compiler builds the target's standard
//! library from Debian's sources.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::command::{cargo, output, program, run, say, succeeds};

const TARGET: &str = "wasm32-unknown-unknown";
const DEBIAN_TOOLCHAIN: &str = "workshop-debian";

/// A toolchain that builds for [`TARGET`].
pub(crate) enum Toolchain {
    /// The one that this runs with.
    Rustup,
    /// Debian's, linked into rustup under this project's own name.
    Debian,
}

impl Toolchain {
    /// `cargo SUBCOMMAND … --target wasm32-unknown-unknown` with a target folder of its own, since compilers differ.
    pub(crate) fn cargo(&self, subcommand: &str, arguments: &[&str]) -> Command {
        let mut command = cargo(&[
            subcommand,
            "--target",
            TARGET,
            "--target-dir",
            "target/wasm",
        ]);
        command.args(arguments);
        // RUSTUP_TOOLCHAIN is set by the cargo that runs this program, and would win over any file.
        if matches!(self, Self::Debian) {
            command.env("RUSTUP_TOOLCHAIN", DEBIAN_TOOLCHAIN);
        }
        command
    }

    /// Whether clippy comes with it.
    pub(crate) fn has_clippy(&self) -> bool {
        matches!(self, Self::Rustup)
    }
}

/// Finds or makes a toolchain for the browser.
///
/// # Errors
/// If neither rustup nor Debian's packages provide one; the message says what to install.
pub(crate) fn prepare() -> Result<Toolchain> {
    if has_standard_library(&output(&mut program("rustc", &["--print", "sysroot"]))?) {
        return Ok(Toolchain::Rustup);
    }
    if succeeds(
        Command::new("rustc")
            .env("RUSTUP_TOOLCHAIN", DEBIAN_TOOLCHAIN)
            .arg("-V"),
    ) && has_standard_library("/usr")
    {
        return Ok(Toolchain::Debian);
    }
    say("Installing the WebAssembly target (rustup target add)");
    if run(&mut program("rustup", &["target", "add", TARGET])).is_ok() {
        return Ok(Toolchain::Rustup);
    }
    say(
        "rustup has no WebAssembly target here; building it from Debian's sources (about 2 minutes)",
    );
    debian().context(
        "no WebAssembly target: `rustup target add wasm32-unknown-unknown` failed, and so did the way by Debian's packages rustc-web, cargo-web and rust-web-src",
    )?;
    Ok(Toolchain::Debian)
}

fn has_standard_library(sysroot: &str) -> bool {
    let lib = Path::new(sysroot.trim())
        .join("lib/rustlib")
        .join(TARGET)
        .join("lib");
    fs::read_dir(lib).is_ok_and(|files| {
        files
            .flatten()
            .any(|f| f.file_name().to_string_lossy().starts_with("libstd-"))
    })
}

/// Debian's compiler, and its standard library built for the browser.
fn debian() -> Result<()> {
    if !Path::new("/usr/bin/apt-get").exists() {
        bail!("this is no Debian system");
    }
    run(program("apt-get", &["update", "-qq"]).stdout(std::io::stderr()))?;
    run(program(
        "apt-get",
        &[
            "install",
            "-yqq",
            "--no-install-recommends",
            "rustc-web",
            "cargo-web",
            "rust-web-src",
        ],
    )
    .env("DEBIAN_FRONTEND", "noninteractive")
    .stdout(std::io::stderr()))?;

    let empty = Path::new("target/wasm-std");
    fs::create_dir_all(empty.join("src"))?;
    fs::write(
        empty.join("Cargo.toml"),
        "[package]\nname = \"empty\"\nedition = \"2021\"\n[workspace]\n",
    )?;
    fs::write(empty.join("src/lib.rs"), "")?;
    run(Command::new("/usr/bin/cargo")
        .args([
            "build",
            "--release",
            "-Z",
            "build-std=std,panic_abort",
            "--target",
            TARGET,
        ])
        .current_dir(empty)
        .env("RUSTC", "/usr/bin/rustc")
        .env("RUSTC_BOOTSTRAP", "1")
        .env_remove("RUSTUP_TOOLCHAIN"))?;

    let lib = Path::new("/usr/lib/rustlib").join(TARGET).join("lib");
    fs::create_dir_all(&lib)?;
    let built = empty.join("target").join(TARGET).join("release/deps");
    for file in fs::read_dir(&built)? {
        let file = file?;
        let name = file.file_name().to_string_lossy().into_owned();
        if name.ends_with(".rlib") && !name.starts_with("libempty-") {
            fs::copy(file.path(), lib.join(name))?;
        }
    }

    // Debian's compiler has no linker for the browser; rustup's does the same.
    let sysroot = output(&mut program("rustc", &["--print", "sysroot"]))?;
    let bin = "lib/rustlib/x86_64-unknown-linux-gnu/bin";
    let linker = Path::new(sysroot.trim()).join(bin).join("rust-lld");
    fs::create_dir_all(Path::new("/usr").join(bin))?;
    let link = Path::new("/usr").join(bin).join("rust-lld");
    if !link.exists() {
        std::os::unix::fs::symlink(linker, link)?;
    }
    run(&mut program(
        "rustup",
        &["toolchain", "link", DEBIAN_TOOLCHAIN, "/usr"],
    ))
}
