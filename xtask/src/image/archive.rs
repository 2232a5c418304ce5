//! Writes an image as one file: an OCI image layout, with the `manifest.json` beside it that older tools ask for.
//! <https://github.com/opencontainers/image-spec/blob/main/image-layout.md>

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tar::{Builder, EntryType, Header};

/// As image configurations name this machine's processor.
pub(super) const ARCHITECTURE: &str = if cfg!(target_arch = "aarch64") {
    "arm64"
} else {
    "amd64"
};

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";

/// What is packed.
pub(super) struct Image<'a> {
    pub(super) name: &'a str,
    /// What a container runs: `config` of an image configuration.
    pub(super) config: Value,
    /// A folder for each layer, the lowest first.
    pub(super) layers: &'a [&'a Path],
    /// RFC 3339.
    pub(super) created: &'a str,
}

/// How large it became, in bytes.
pub(super) struct Size {
    /// What a node pulls.
    pub(super) compressed: u64,
    /// What it keeps.
    pub(super) unpacked: u64,
}

impl Image<'_> {
    /// Writes the archive. The same files, name and time give the same bytes.
    pub(super) fn write(self, to: &Path) -> Result<Size> {
        let mut size = Size {
            compressed: 0,
            unpacked: 0,
        };
        let mut blobs = Vec::new();
        let (mut layers, mut diff_ids, mut paths) = (Vec::new(), Vec::new(), Vec::new());
        for folder in self.layers {
            let plain = pack(folder)?;
            diff_ids.push(digest(&plain));
            let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
            gzip.write_all(&plain)?;
            let layer = gzip.finish()?;
            size.unpacked += plain.len() as u64;
            size.compressed += layer.len() as u64;
            layers.push(describe(LAYER, &layer));
            paths.push(blob_path(&digest(&layer)));
            blobs.push(layer);
        }
        let config = json!({
            "architecture": ARCHITECTURE,
            "os": "linux",
            "created": self.created,
            "config": self.config,
            "rootfs": { "type": "layers", "diff_ids": diff_ids },
        })
        .to_string()
        .into_bytes();
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": describe(CONFIG, &config),
            "layers": layers,
        })
        .to_string()
        .into_bytes();
        let mut described = describe(MANIFEST, &manifest);
        described["annotations"] = json!({
            // containerd and Docker read the first, podman and skopeo the second.
            "io.containerd.image.name": self.name,
            "org.opencontainers.image.ref.name": self.name,
        });
        let index = json!({ "schemaVersion": 2, "manifests": [described] });
        let saved = json!([{
            "Config": blob_path(&digest(&config)),
            "RepoTags": [self.name],
            "Layers": paths,
        }]);
        blobs.extend([config, manifest]);

        let file = File::create(to).with_context(|| format!("failed to write {}", to.display()))?;
        let mut archive = Builder::new(file);
        add(
            &mut archive,
            "oci-layout",
            br#"{"imageLayoutVersion":"1.0.0"}"#,
        )?;
        add(&mut archive, "index.json", index.to_string().as_bytes())?;
        add(&mut archive, "manifest.json", saved.to_string().as_bytes())?;
        for blob in &blobs {
            add(&mut archive, &blob_path(&digest(blob)), blob)?;
        }
        archive.into_inner()?.sync_all()?;
        Ok(size)
    }
}

/// A folder as a layer: everything is root's and of no time, so that the same files give the same bytes.
fn pack(folder: &Path) -> Result<Vec<u8>> {
    let mut layer = Builder::new(Vec::new());
    for path in all_below(folder)? {
        let name = path.strip_prefix(folder)?;
        let mut header = header();
        // Links are followed: a library is often one to the file with its version.
        let metadata = fs::metadata(&path)?;
        if metadata.is_dir() {
            header.set_entry_type(EntryType::Directory);
            header.set_mode(0o755);
            header.set_size(0);
            layer.append_data(&mut header, name, std::io::empty())?;
        } else {
            header.set_mode(if is_executable(&path) { 0o755 } else { 0o644 });
            header.set_size(metadata.len());
            layer.append_data(&mut header, name, File::open(&path)?)?;
        }
    }
    Ok(layer.into_inner()?)
}

/// Root's, and of no time.
fn header() -> Header {
    let mut header = Header::new_gnu();
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    header
}

/// Programs and the loader; this machine's own permissions must not decide it.
fn is_executable(path: &Path) -> bool {
    let loader = |name: &str| name.starts_with("ld-linux");
    path.parent().is_some_and(|folder| folder.ends_with("bin"))
        || path
            .file_name()
            .and_then(|name| name.to_str())
            .is_some_and(loader)
}

/// Everything below a folder, each folder before what is in it, in the order of the names.
fn all_below(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut entries = Vec::new();
    for entry in fs::read_dir(folder)? {
        entries.push(entry?.path());
    }
    entries.sort();
    let mut all = Vec::new();
    for path in entries {
        let below = if path.is_dir() {
            all_below(&path)?
        } else {
            Vec::new()
        };
        all.push(path);
        all.extend(below);
    }
    Ok(all)
}

fn add<W: Write>(archive: &mut Builder<W>, name: &str, content: &[u8]) -> Result<()> {
    let mut header = header();
    header.set_mode(0o644);
    header.set_size(content.len() as u64);
    Ok(archive.append_data(&mut header, name, content)?)
}

/// A descriptor.
fn describe(media_type: &str, content: &[u8]) -> Value {
    json!({ "mediaType": media_type, "digest": digest(content), "size": content.len() })
}

/// `sha256:…`
fn digest(content: &[u8]) -> String {
    let hash = Sha256::digest(content);
    let hex: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hex}")
}

fn blob_path(digest: &str) -> String {
    format!("blobs/{}", digest.replace(':', "/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A layer of one program and one file.
    fn layer(test: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("workshop-{test}-{}", std::process::id()));
        fs::create_dir_all(folder.join("usr/bin")).unwrap();
        fs::write(folder.join("usr/bin/workshop"), "program").unwrap();
        fs::write(folder.join("file"), "text").unwrap();
        folder
    }

    fn entries(archive: &[u8]) -> Vec<(String, u32, u64)> {
        let mut archive = tar::Archive::new(archive);
        let entries = archive.entries().unwrap().map(|entry| {
            let entry = entry.unwrap();
            let header = entry.header();
            let path = entry.path().unwrap().display().to_string();
            (path, header.mode().unwrap(), header.uid().unwrap())
        });
        entries.collect()
    }

    #[test]
    fn layers_belong_to_root_and_only_programs_run() {
        let folder = layer("pack");
        let packed = entries(&pack(&folder).unwrap());
        let expected = [
            ("file", 0o644),
            ("usr/", 0o755),
            ("usr/bin/", 0o755),
            ("usr/bin/workshop", 0o755),
        ];
        let expected = expected.map(|(path, mode)| (path.to_owned(), mode, 0));
        // A folder's name may be written with or without its last slash.
        let plain = |list: &[(String, u32, u64)]| {
            let trimmed = list.iter();
            let trimmed = trimmed.map(|(p, m, u)| (p.trim_end_matches('/').to_owned(), *m, *u));
            trimmed.collect::<Vec<_>>()
        };
        assert_eq!(plain(&packed), plain(&expected));
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn every_blob_is_named_by_its_content_and_the_same_files_give_the_same_archive() {
        let folder = layer("image");
        let write = |name: &str| {
            let to = folder.with_extension(name);
            let image = Image {
                name: "workshop:test",
                config: json!({ "Entrypoint": ["/usr/bin/workshop"] }),
                layers: &[&folder],
                created: "2026-01-01T00:00:00Z",
            };
            image.write(&to).unwrap();
            let bytes = fs::read(&to).unwrap();
            fs::remove_file(to).unwrap();
            bytes
        };
        let (first, second) = (write("1"), write("2"));
        assert!(first == second, "the archives differ");

        let mut blobs = 0;
        for entry in tar::Archive::new(first.as_slice()).entries().unwrap() {
            let mut entry = entry.unwrap();
            let path = entry.path().unwrap().display().to_string();
            let Some(name) = path.strip_prefix("blobs/") else {
                continue;
            };
            let mut content = Vec::new();
            std::io::Read::read_to_end(&mut entry, &mut content).unwrap();
            assert_eq!(digest(&content).replace(':', "/"), name);
            blobs += 1;
        }
        assert_eq!(blobs, 3, "a layer, the configuration and the manifest");
        fs::remove_dir_all(folder).unwrap();
    }
}
