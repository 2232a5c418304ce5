//! The objects of a manifest file, as `kubectl apply -f` reads it.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::error::{Error, Result};

/// All objects of a file, or of the manifests in a folder; those of a List one by one.
pub(super) fn read(path: &Path) -> Result<Vec<Value>> {
    let mut objects = Vec::new();
    for file in files(path)? {
        let text = std::fs::read_to_string(&file).map_err(|source| Error::Read {
            path: file.clone(),
            source,
        })?;
        let failed = |what: String| Error::Manifest {
            path: file.clone(),
            what,
        };
        let documents = serde_saphyr::from_multiple::<Value>(&text);
        for document in documents.map_err(|error| failed(error.to_string()))? {
            match document.get("items").and_then(Value::as_array) {
                Some(items) => objects.extend(items.iter().cloned()),
                None => objects.push(document),
            }
        }
        for object in &objects {
            let named = object["kind"].is_string()
                && object["apiVersion"].is_string()
                && object["metadata"]["name"].is_string();
            if !named {
                let what = "a document lacks apiVersion, kind or metadata.name";
                return Err(failed(what.to_owned()));
            }
        }
    }
    Ok(objects)
}

fn files(path: &Path) -> Result<Vec<PathBuf>> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let failed = |source| Error::Read {
        path: path.to_owned(),
        source,
    };
    let mut files = Vec::new();
    for entry in std::fs::read_dir(path).map_err(failed)? {
        let file = entry.map_err(failed)?.path();
        let extension = file.extension().and_then(|extension| extension.to_str());
        if matches!(extension, Some("yaml" | "yml" | "json")) {
            files.push(file);
        }
    }
    files.sort();
    Ok(files)
}
