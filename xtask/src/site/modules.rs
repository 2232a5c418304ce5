//! From the one WebAssembly that the compiler makes to the modules that the browser loads: the first one and its
//! JavaScript, and for each function of the app under `wasm_split` one that comes when it is called first.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, anyhow};
use walrus::{FunctionBuilder, FunctionKind, Module};
use wasm_bindgen_cli_support::Bindgen;
use wasm_split_cli_support::{Options, transform};

/// How the modules are made: another way makes another build.
pub(super) const SOURCE: &[u8] = include_bytes!("modules.rs");

/// What the first module and its JavaScript are called; leptos' `HydrationScripts` asks for them by the package's name.
const NAME: &str = "app";

/// Every erased view of leptos brings a future that takes over a page while it streams in. `hydrate_body` takes over what
/// is there, so this panel's pages never wait for one; the view's table keeps it from being left out by itself.
///
/// Only what makes that future and what runs it: the compiler makes one function of all that are alike, and keeps any of
/// their names. What drops a value has the value's name in its own.
fn is_never_called(name: &str) -> bool {
    name.contains("into_any") && name.contains("hydrate_async") && !name.contains("drop_in_place")
}

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
    let mut module =
        Module::from_buffer(&fs::read(&first)?).context("failed to read the WebAssembly")?;
    empty(&mut module, is_never_called);
    Bindgen::new()
        .input_bytes(NAME, module.emit_wasm())
        .web(true)?
        .typescript(false)
        // The other modules use what the linker exports.
        .keep_lld_exports(true)
        .remove_name_section(true)
        .remove_producers_section(true)
        .generate(assets)
        .context("wasm-bindgen failed")
}

/// Makes traps of the functions with such names. What only they called is then left out by wasm-bindgen.
fn empty(module: &mut Module, is_chosen: fn(&str) -> bool) {
    let found: Vec<_> = module
        .funcs
        .iter_local()
        .filter(|(id, _)| module.funcs.get(*id).name.as_deref().is_some_and(is_chosen))
        .map(|(id, function)| (id, function.ty()))
        .collect();
    for (id, ty) in found {
        let (parameters, results) = module.types.params_results(ty);
        let (parameters, results) = (parameters.to_vec(), results.to_vec());
        let mut trap = FunctionBuilder::new(&mut module.types, &parameters, &results);
        trap.func_body().unreachable();
        let arguments = parameters.iter().map(|ty| module.locals.add(*ty)).collect();
        module.funcs.get_mut(id).kind = FunctionKind::Local(trap.local_func(arguments));
    }
}
