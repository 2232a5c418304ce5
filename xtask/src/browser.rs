//! The site in a real browser, on the simulator: the Playwright specs of end2end/, and the documentation's pictures.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::command::{program, run, say, succeeds};
use crate::{demo, proxies, site};

/// Names under which Chromium is installed.
const BROWSERS: &[&str] = &["chromium", "chromium-browser", "google-chrome"];

/// Runs the specs against a demo of their own.
pub(crate) fn tests() -> Result<()> {
    playwright(&["--grep-invert", "@pictures"])
}

/// Takes the pictures; they are a spec too, but one that asserts little.
pub(crate) fn pictures() -> Result<()> {
    playwright(&["--grep", "@pictures"])
}

fn playwright(arguments: &[&str]) -> Result<()> {
    let chromium = prepare()?;
    let nginx = proxies::prepare()?;
    let workshop = demo::build()?;
    say("Starting the demo for the browser tests");
    let demo = Demo::start(&workshop)?;
    run(program("npx", &["--no-install", "playwright", "test"])
        .args(arguments)
        .current_dir("end2end")
        .env("CHROMIUM", chromium)
        .env("NGINX_PROGRAM", nginx)
        // Some specs start panels of their own.
        .env("WORKSHOP_BINARY", std::path::absolute(&workshop)?)
        .env("WORKSHOP_SITE", std::path::absolute(site::SITE)?)
        .env("WORKSHOP", &demo.description))
}

/// Installs what the specs need; returns the browser's path.
fn prepare() -> Result<PathBuf> {
    prepare_npm()?;
    let found = || BROWSERS.iter().find_map(|name| on_path(name));
    let chromium = match found() {
        Some(path) => path,
        None => {
            install("Chromium", &["chromium"])?;
            found().context("Chromium was installed, but is not on PATH")?
        }
    };
    if !npm_packages_are_current() {
        say("Installing the npm packages of end2end/");
        run(program("npm", &["ci", "--no-audit", "--no-fund"])
            .current_dir("end2end")
            .env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1")
            .stdout(std::io::stderr()))?;
    }
    Ok(chromium)
}

/// The installed packages are those of the lock file: npm leaves a lock file of its own, as old as the installation.
fn npm_packages_are_current() -> bool {
    let changed = |path| std::fs::metadata(path)?.modified();
    let wanted = changed("end2end/package-lock.json");
    let installed = changed("end2end/node_modules/.package-lock.json");
    matches!((wanted, installed), (Ok(wanted), Ok(installed)) if installed >= wanted)
}

/// Installs Node.js where it is missing.
pub(crate) fn prepare_npm() -> Result<()> {
    match succeeds(&mut program("npm", &["--version"])) {
        true => Ok(()),
        false => install("Node.js", &["nodejs", "npm"]),
    }
}

pub(crate) fn install(what: &str, packages: &[&str]) -> Result<()> {
    if !Path::new("/usr/bin/apt-get").exists() {
        bail!("this needs {what}: install it, then run this again");
    }
    say(&format!("Installing {what} (apt-get)"));
    run(program("apt-get", &["update", "-qq"]).stdout(std::io::stderr()))?;
    run(
        program("apt-get", &["install", "-yqq", "--no-install-recommends"])
            .args(packages)
            .env("DEBIAN_FRONTEND", "noninteractive")
            .stdout(std::io::stderr()),
    )
    .with_context(|| format!("failed to install {what}; install it by hand, then run this again"))
}

pub(crate) fn on_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
}

/// A running `workshop demo`, ended when dropped.
struct Demo {
    process: Child,
    /// Address and codes, as `--json` prints them.
    description: String,
}

impl Demo {
    fn start(workshop: &Path) -> Result<Self> {
        let mut process = Command::new(workshop)
            .args(["demo", "--json", "--listen", "127.0.0.1:0", "--seats", "60"])
            .args(["--site", site::SITE])
            .stdout(Stdio::piped())
            .spawn()
            .context("failed to start the demo")?;
        let output = process.stdout.take().context("the demo has no output")?;
        let mut description = String::new();
        BufReader::new(output).read_line(&mut description)?;
        let demo = Self {
            process,
            description,
        };
        if demo.description.is_empty() {
            bail!("the demo ended before it told its address");
        }
        Ok(demo)
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to do.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
