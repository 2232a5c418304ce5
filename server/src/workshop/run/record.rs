//! A run as bytes: gzipped JSON with a version. What does not fit is thinned: samples first, states last.

use std::io::{Read, Write};

use app::model::{History, LineKind, TimeMs};
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde::{Deserialize, Serialize};

use super::Run;

/// The version that is written. A record of a newer one is neither read nor overwritten.
const VERSION: u32 = 1;

/// The largest record. A ConfigMap holds a MiB, and etcd keeps every version of it for a while.
pub(super) const MOST_BYTES: usize = 256 * 1024;

/// The largest JSON that is read: a record of [`MOST_BYTES`] has about a tenth of it.
const MOST_JSON: u64 = 32 * 1024 * 1024;

/// Steps of the samples, each tried when the one before is not enough. Up to 8 s the chart still draws lines.
const STEPS_MS: [i64; 7] = [0, 4_000, 8_000, 16_000, 30_000, 60_000, 120_000];

/// From this step on states are thinned, too.
const STATES_FROM_MS: i64 = 30_000;

/// Why a record cannot be written or read.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// Another version of the program wrote it.
    #[error("it is of version {0}, this program reads {VERSION}")]
    Newer(u32),
    #[error("it cannot be read")]
    Json(#[from] serde_json::Error),
    #[error("it cannot be unpacked")]
    Gzip(#[from] std::io::Error),
    /// Thinned as far as it goes.
    #[error("it has {0} bytes, more than {MOST_BYTES}")]
    TooLarge(usize),
}

#[derive(Serialize)]
struct Written<'a> {
    version: u32,
    run: &'a Run,
}

#[derive(Deserialize)]
struct Version {
    version: u32,
}

#[derive(Deserialize)]
struct ReadRun {
    run: Run,
}

/// The bytes of a record, thinned to fit.
///
/// # Errors
/// It does not fit even so.
pub fn encode(run: &Run) -> Result<Vec<u8>, RecordError> {
    encode_within(run, MOST_BYTES)
}

pub(super) fn encode_within(run: &Run, most: usize) -> Result<Vec<u8>, RecordError> {
    let mut size = 0;
    for step in STEPS_MS {
        let bytes = if step == 0 {
            pack(run)?
        } else {
            let history = thinned(&run.history, step);
            pack(&Run {
                history,
                ..run.clone()
            })?
        };
        size = bytes.len();
        if size <= most {
            return Ok(bytes);
        }
    }
    Err(RecordError::TooLarge(size))
}

/// A record's run.
///
/// # Errors
/// It is of another version, or broken.
pub fn decode(bytes: &[u8]) -> Result<Run, RecordError> {
    let mut json = Vec::new();
    GzDecoder::new(bytes)
        .take(MOST_JSON)
        .read_to_end(&mut json)?;
    let Version { version } = serde_json::from_slice(&json)?;
    if version > VERSION {
        return Err(RecordError::Newer(version));
    }
    let ReadRun { run } = serde_json::from_slice(&json)?;
    Ok(run)
}

fn pack(run: &Run) -> Result<Vec<u8>, RecordError> {
    let written = Written {
        version: VERSION,
        run,
    };
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    gzip.write_all(&serde_json::to_vec(&written)?)?;
    Ok(gzip.finish()?)
}

fn thinned(history: &History, step_ms: i64) -> History {
    let mut thin = history.clone();
    thin.load = sparse(&history.load, |sample| sample.time, step_ms);
    thin.cpu = sparse(&history.cpu, |sample| sample.time, step_ms);
    // What the log's figures told is in the samples; its last tables stay.
    thin.log
        .lines
        .retain(|line| line.kind == LineKind::Said && step_ms < STATES_FROM_MS);
    if step_ms >= STATES_FROM_MS {
        thin.pods = lasting(&history.pods, |state| state.time, step_ms);
        thin.looks = lasting(&history.looks, |look| look.time, step_ms);
        thin.rescales = lasting(&history.rescales, |rescale| rescale.time, step_ms);
    }
    thin
}

/// The first, then those at least a step later than the one before, and the last.
fn sparse<T: Copy>(items: &[T], time: fn(&T) -> TimeMs, step_ms: i64) -> Vec<T> {
    let mut kept: Vec<T> = Vec::new();
    for (index, item) in items.iter().enumerate() {
        let is_last = index + 1 == items.len();
        let far = |before: &T| time(item).0 - time(before).0 >= step_ms;
        if is_last || kept.last().is_none_or(far) {
            kept.push(*item);
        }
    }
    kept
}

/// The last of each step: what held longest, and what holds after it.
fn lasting<T: Copy>(items: &[T], time: fn(&T) -> TimeMs, step_ms: i64) -> Vec<T> {
    let step = |item: &T| time(item).0.div_euclid(step_ms);
    let mut kept: Vec<T> = Vec::new();
    for item in items {
        match kept.last_mut() {
            Some(last) if step(last) == step(item) => *last = *item,
            _ => kept.push(*item),
        }
    }
    kept
}
