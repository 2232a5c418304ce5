//! Builds what the browser loads: WebAssembly, its JavaScript, the style sheet and the files of public/.
//!
//! Assets live in `target/site/pkg/<hash>/` with a brotli and a gzip file beside each; `target/site/build` holds the hash.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

mod modules;

use crate::command::{run, say};
use crate::wasm_target;

/// The folder that `workshop --site` takes.
pub(crate) const SITE: &str = "target/site";

const PROFILE: &str = "wasm-release";

/// Builds the site, and does nothing where it is up to date.
pub(crate) fn build() -> Result<()> {
    let page = Page::compile()?;
    page.write(Path::new(SITE), &page.hash(&[])?, |_| Ok(()))
}

/// Builds the site of a release in `folder`: as [`build`] does, but `optimise` rewrites each module of its WebAssembly
/// first.
pub(crate) fn release(folder: &Path, optimise: fn(&Path) -> Result<()>) -> Result<()> {
    let page = Page::compile()?;
    // Other bytes are another build, also to a browser that has this version from a demo.
    page.write(folder, &page.hash(b"optimised")?, |assets| {
        for asset in files(assets)? {
            if asset.extension().is_some_and(|ending| ending == "wasm") {
                optimise(&asset)?;
            }
        }
        Ok(())
    })
}

/// The page as the compiler and the style sheet's author left it.
struct Page {
    wasm: PathBuf,
    style: Vec<u8>,
}

impl Page {
    fn compile() -> Result<Self> {
        let toolchain = wasm_target::prepare()?;
        say("Building the page for the browser (the first time takes some minutes)");
        run(&mut toolchain.cargo(
            "rustc",
            &[
                "--package",
                "app",
                "--lib",
                // NB: not in the manifest. Cargo gives files of such a crate one name for all its variants, and takes
                // the server's for the tests' where both are built.
                "--crate-type",
                "cdylib",
                "--no-default-features",
                "--features",
                "hydrate",
                "--profile",
                PROFILE,
                "--",
                // What `modules` splits it by.
                "-Clink-arg=--emit-relocs",
            ],
        ))?;
        Ok(Self {
            wasm: Path::new("target/wasm/wasm32-unknown-unknown")
                .join(PROFILE)
                .join("app.wasm"),
            style: style()?,
        })
    }

    /// Names the build: what it is made of, and what is done to it.
    fn hash(&self, done: &[u8]) -> Result<String> {
        let wasm = fs::read(&self.wasm)?;
        Ok(hash(&[&wasm, &self.style, modules::SOURCE, done]))
    }

    /// Writes the site, and does nothing where it is there; `finish` may rewrite the assets before they are compressed.
    fn write(
        &self,
        site: &Path,
        hash: &str,
        finish: impl FnOnce(&Path) -> Result<()>,
    ) -> Result<()> {
        let assets = site.join("pkg").join(hash);
        copy_public(site)?;
        if fs::read_to_string(site.join("build")).is_ok_and(|build| build == hash)
            && assets.exists()
        {
            return Ok(());
        }

        say("Writing the JavaScript of the page and compressing the assets");
        if site.join("pkg").exists() {
            fs::remove_dir_all(site.join("pkg"))?;
        }
        fs::create_dir_all(&assets)?;
        modules::write(&self.wasm, &assets)?;
        fs::write(assets.join("main.css"), &self.style)?;
        finish(&assets)?;
        for asset in files(&assets)? {
            compress(&asset)?;
        }
        fs::write(site.join("build"), hash)?;
        Ok(())
    }
}

/// style/main.css with its imports in their places and without comments: one request for the whole look.
fn style() -> Result<Vec<u8>> {
    let read = |name: &str| {
        let file = Path::new("style").join(name);
        fs::read_to_string(&file).with_context(|| format!("failed to read {}", file.display()))
    };
    let mut sheet = String::new();
    for line in read("main.css")?.lines() {
        match line
            .strip_prefix("@import \"")
            .and_then(|rest| rest.strip_suffix("\";"))
        {
            Some(name) => sheet.push_str(&read(name)?),
            None => sheet.push_str(line),
        }
        sheet.push('\n');
    }
    Ok(without_comments(&sheet).into_bytes())
}

/// A style sheet whose strings hold no `/*`.
fn without_comments(sheet: &str) -> String {
    let mut parts = sheet.split("/*");
    let before = parts.next().unwrap_or_default().to_owned();
    parts.fold(before, |kept, part| {
        kept + part.split_once("*/").map_or("", |(_, rest)| rest)
    })
}

fn copy_public(site: &Path) -> Result<()> {
    fs::create_dir_all(site)?;
    for file in files(Path::new("public"))? {
        let name = file.file_name().context("a file of public/ has no name")?;
        fs::copy(&file, site.join(name))?;
    }
    Ok(())
}

/// All files below a folder.
fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in
        fs::read_dir(folder).with_context(|| format!("failed to read {}", folder.display()))?
    {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(files(&path)?);
        } else {
            found.push(path);
        }
    }
    Ok(found)
}

/// Twelve hexadecimal digits: enough to tell builds apart.
fn hash(parts: &[&[u8]]) -> String {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(part);
    }
    hasher
        .finalize()
        .iter()
        .take(6)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// Writes FILE.br and FILE.gz, which the server sends instead where the browser takes them.
fn compress(file: &Path) -> Result<()> {
    let content = fs::read(file)?;
    let with = |ending: &str| {
        let mut name = file.as_os_str().to_owned();
        name.push(ending);
        PathBuf::from(name)
    };
    let parameters = brotli::enc::BrotliEncoderParams {
        quality: 11,
        lgwin: 22,
        ..Default::default()
    };
    let mut compressed = Vec::new();
    brotli::BrotliCompress(&mut content.as_slice(), &mut compressed, &parameters)?;
    fs::write(with(".br"), compressed)?;

    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    gzip.write_all(&content)?;
    fs::write(with(".gz"), gzip.finish()?)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_are_left_out() {
        let sheet = "/* a */\n.b { c: d; /* e\n f */ g: h; }\n/* without an end";
        assert_eq!(without_comments(sheet), "\n.b { c: d;  g: h; }\n");
    }
}
