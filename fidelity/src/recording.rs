//! `events.jsonl.gz` in a scenario's folder: the lines of one run.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;

use crate::error::{Error, Result};
use crate::line::{Entry, Line, Start};

/// The file's name in its folder.
pub const FILE: &str = "events.jsonl.gz";

/// The lines of one run, in order of time.
#[derive(Debug)]
pub struct Recording {
    /// Its first line.
    pub start: Start,
    /// All lines.
    pub lines: Vec<Line>,
}

impl Recording {
    /// Reads the recording in `folder`.
    ///
    /// # Errors
    /// When there is none, or a line of it is not in the format.
    pub fn read(folder: &Path) -> Result<Self> {
        let path = folder.join(FILE);
        let failed = |source| Error::Read {
            path: path.clone(),
            source,
        };
        let file = File::open(&path).map_err(failed)?;
        let mut lines: Vec<Line> = Vec::new();
        for (index, text) in BufReader::new(GzDecoder::new(file)).lines().enumerate() {
            let line = serde_json::from_str(&text.map_err(failed)?);
            lines.push(line.map_err(|source| Error::Line {
                path: path.clone(),
                number: index + 1,
                source,
            })?);
        }
        lines.sort_by(|one, other| one.t.total_cmp(&other.t));
        let start = lines.iter().find_map(|line| match &line.entry {
            Entry::Start(start) => Some(start.clone()),
            _ => None,
        });
        let start = start.ok_or(Error::NoStart { path })?;
        Ok(Self { start, lines })
    }
}

/// Writes a run's lines into `folder`.
///
/// # Errors
/// When the file cannot be written.
pub fn write(folder: &Path, lines: &[Line]) -> Result<()> {
    let path = folder.join(FILE);
    let failed = |source| Error::Write {
        path: path.clone(),
        source,
    };
    let file = File::create(&path).map_err(failed)?;
    let mut file = GzEncoder::new(file, Compression::best());
    for line in lines {
        let mut text = serde_json::to_vec(line).map_err(|error| failed(error.into()))?;
        text.push(b'\n');
        file.write_all(&text).map_err(failed)?;
    }
    file.finish().map_err(failed)?;
    Ok(())
}
