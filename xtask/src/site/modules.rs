//! From the one WebAssembly that the compiler makes to the modules that the browser loads: the first one and its
//! JavaScript, and for each function of the app under `wasm_split` one that comes when it is called first.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, anyhow};
use wasm_bindgen_cli_support::Bindgen;
use wasm_split_cli_support::{Options, transform};

/// What the first module and its JavaScript are called; leptos' `HydrationScripts` asks for them by the package's name.
const NAME: &str = "app";

/// Writes all modules and their JavaScript into `assets`.
///
/// `wasm` must have been linked with its relocations.
pub(super) fn write(wasm: &Path, assets: &Path) -> Result<()> {
    // The first module is not whole before wasm-bindgen has read it.
    let first = wasm.with_file_name("split").join("app.wasm");
    if let Some(folder) = first.parent() {
        fs::create_dir_all(folder)?;
    }
    let input = fs::read(wasm)?;
    let main_module = format!("./{NAME}.js");
    let mut options = Options::new(&input);
    options.output_dir = assets;
    options.main_out_path = &first;
    options.main_module = &main_module;
    transform(options).map_err(|error| anyhow!("failed to split the WebAssembly: {error:#}"))?;
    Bindgen::new()
        .input_path(&first)
        .out_name(NAME)
        .web(true)?
        .typescript(false)
        // The other modules use what the linker exports.
        .keep_lld_exports(true)
        .remove_name_section(true)
        .remove_producers_section(true)
        .generate(assets)
        .context("wasm-bindgen failed")
}
