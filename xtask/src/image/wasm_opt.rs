//! Makes WebAssembly smaller with Binaryen's `wasm-opt`, from the npm package `binaryen`.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use crate::browser::prepare_npm;
use crate::command::{program, run, say};

/// The package's version. It holds Binaryen as WebAssembly itself, so any Node.js runs it.
const BINARYEN: &str = "132.0.0";

const TOOLS: &str = "target/tools";

/// What rustc's wasm32-unknown-unknown uses by itself, and every browser of the last years knows:
/// <https://doc.rust-lang.org/rustc/platform-support/wasm32-unknown-unknown.html>. wasm-opt may use no more.
const FEATURES: &[&str] = &[
    "--enable-bulk-memory",
    "--enable-multivalue",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-sign-ext",
];

/// For size. Flat code with its loops and branches made anew is 2 % smaller over the wire than by `-Oz` alone, and nothing
/// is at the lowest addresses: the linker puts the stack's end there.
const PASSES: &[&str] = &[
    "--low-memory-unused",
    "--flatten",
    "--rereloop",
    "-Oz",
    "--converge",
];

/// Rewrites a file in place, for size.
pub(crate) fn optimise(wasm: &Path) -> Result<()> {
    let installed = Path::new(TOOLS).join("node_modules/binaryen");
    let version = format!("\"version\": \"{BINARYEN}\"");
    let there =
        fs::read_to_string(installed.join("package.json")).is_ok_and(|p| p.contains(&version));
    if !there {
        prepare_npm()?;
        say("Installing wasm-opt (npm package binaryen)");
        fs::create_dir_all(TOOLS)?;
        run(program(
            "npm",
            &[
                "install",
                "--no-save",
                "--no-audit",
                "--no-fund",
                "--prefix",
                TOOLS,
            ],
        )
        .arg(format!("binaryen@{BINARYEN}"))
        .stdout(std::io::stderr()))?;
    }
    let before = fs::metadata(wasm)?.len();
    say("Making the WebAssembly smaller (wasm-opt)");
    let smaller = wasm.with_extension("smaller");
    run(program("node", &[])
        .arg(installed.join("bin/wasm-opt"))
        .args(PASSES)
        .args(FEATURES)
        .arg(wasm)
        .arg("-o")
        .arg(&smaller))?;
    fs::rename(&smaller, wasm).context("failed to replace the WebAssembly")?;
    let after = fs::metadata(wasm)?.len();
    say(&format!(
        "wasm-opt: {} KB became {} KB",
        before / 1000,
        after / 1000
    ));
    Ok(())
}
