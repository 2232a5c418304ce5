//! What lies under the panel in the image, as in `gcr.io/distroless/cc`: the C library that it was linked against,
//! certificates, and a user that is nobody. No shell, no package manager.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::command::{output, program, say};

use super::files::install;

/// Mozilla's certificates as Debian packs them; not those that this machine's owner added.
const CERTIFICATES: &str = "/usr/share/ca-certificates/mozilla";

const PASSWD: &str = "root:x:0:0:root:/root:/sbin/nologin\nnobody:x:65534:65534:nobody:/nonexistent:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin\n";
const GROUP: &str = "root:x:0:\nnobody:x:65534:\nnonroot:x:65532:\n";
const NSSWITCH: &str = "passwd: files\ngroup: files\nhosts: files dns\n";

/// Puts it all into `folder`.
pub(super) fn gather(folder: &Path) -> Result<()> {
    say("Gathering the base of the image");
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    let etc = folder.join("etc");
    fs::create_dir_all(etc.join("ssl/certs"))?;
    fs::write(etc.join("passwd"), PASSWD)?;
    fs::write(etc.join("group"), GROUP)?;
    fs::write(etc.join("nsswitch.conf"), NSSWITCH)?;
    fs::write(etc.join("ssl/certs/ca-certificates.crt"), certificates()?)?;
    let release = Path::new("/etc/os-release");
    if release.exists() {
        install(release, &etc.join("os-release"))?;
    }
    for library in libraries(Path::new("target/release/workshop"))? {
        install(&library, &inside(folder, &library))?;
        note_package(folder, &library)?;
    }
    Ok(())
}

fn certificates() -> Result<String> {
    let entries = fs::read_dir(CERTIFICATES)
        .context("the image needs Mozilla's certificates: install the package ca-certificates")?;
    let mut files = Vec::new();
    for entry in entries {
        files.push(entry?.path());
    }
    files.sort();
    let mut all = String::new();
    for file in files {
        all.push_str(&fs::read_to_string(&file)?);
    }
    Ok(all)
}

/// The shared libraries that a program needs, the loader among them.
fn libraries(of: &Path) -> Result<Vec<PathBuf>> {
    let told = output(program("ldd", &[]).arg(of))
        .context("the image is made from this machine's C library, and only on Linux")?;
    if told.contains("not found") {
        bail!("a library of {} is missing:\n{told}", of.display());
    }
    // `libc.so.6 => /lib/…/libc.so.6 (0x…)`, `/lib64/ld-linux-x86-64.so.2 (0x…)`; the kernel's own has no path.
    let paths = told.lines().filter_map(|line| {
        let path = line.split("=>").last()?.split_whitespace().next()?;
        path.starts_with('/').then(|| PathBuf::from(path))
    });
    Ok(paths.collect())
}

/// Tells scanners which package a library is of, where distroless images tell it; and keeps its licence.
fn note_package(folder: &Path, library: &Path) -> Result<()> {
    let merged = Path::new("/usr").join(library.strip_prefix("/")?);
    let owner = [library, &merged].into_iter().find_map(|path| {
        let found = output(program("dpkg", &["-S"]).arg(path)).ok()?;
        // `libc6:amd64: /lib/x86_64-linux-gnu/libc.so.6`
        Some(found.split(':').next()?.to_owned())
    });
    let Some(package) = owner else {
        return Ok(());
    };
    let status = output(&mut program("dpkg", &["-s", &package]))?;
    let noted = folder.join("var/lib/dpkg/status.d").join(&package);
    fs::create_dir_all(noted.parent().unwrap_or(folder))?;
    fs::write(noted, status)?;
    let licence = Path::new("/usr/share/doc").join(&package).join("copyright");
    if licence.exists() {
        install(&licence, &inside(folder, &licence))?;
    }
    Ok(())
}

/// An absolute path of this machine, in the image.
fn inside(folder: &Path, path: &Path) -> PathBuf {
    folder.join(path.strip_prefix("/").unwrap_or(path))
}
