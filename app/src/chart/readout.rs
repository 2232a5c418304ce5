//! All values at one time: the row above the chart, the slider's text, the rows of the table. Pure.

use super::cpu;
use crate::model::{History, TimeMs};

/// A load sample holds for at most this long.
const LOAD_HOLDS_MS: i64 = 10_000;

/// Rows of the table, newest first.
const MOST_ROWS: usize = 60;

/// What was known at a time. `None` is unknown, never 0.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Readout {
    pub(crate) time: TimeMs,
    /// Seconds since the first users of the load that was on then.
    pub(crate) since_users_s: Option<i64>,
    pub(crate) users: Option<u32>,
    pub(crate) rps: Option<f64>,
    pub(crate) p50_ms: Option<u32>,
    pub(crate) p95_ms: Option<u32>,
    pub(crate) failures_per_s: Option<f64>,
    pub(crate) percent: Option<u32>,
    pub(crate) wanted: Option<u32>,
    pub(crate) asked: Option<u32>,
    pub(crate) ready: Option<u32>,
    /// A rescale within the 15 s before.
    pub(crate) rescale: Option<(u32, u32)>,
}

/// The values at a time.
pub(crate) fn readout(history: &History, at: TimeMs) -> Readout {
    let load = history.load.iter().rev().find(|s| s.time <= at);
    let load = load.filter(|s| at.0 - s.time.0 <= LOAD_HOLDS_MS);
    let observed = history
        .observed
        .cluster
        .iter()
        .any(|i| i.from <= at && i.to.is_none_or(|to| at <= to));
    let pods = history
        .pods
        .iter()
        .rev()
        .find(|p| p.time <= at)
        .filter(|_| observed);
    let mark = history
        .marks
        .iter()
        .rev()
        .find(|m| m.time <= at)
        .filter(|m| m.on);
    let rescale = history.rescales.iter().rev().find(|r| r.time <= at);
    let rescale = rescale.filter(|r| at.0 - r.time.0 < super::LOOK_MS);
    Readout {
        time: at,
        since_users_s: mark.map(|m| (at.0 - m.time.0) / 1000),
        users: load.and_then(|s| s.users),
        rps: load.map(|s| s.rps),
        p50_ms: load.and_then(|s| s.p50_ms),
        p95_ms: load.and_then(|s| s.p95_ms),
        failures_per_s: load.map(|s| s.failures_per_s),
        percent: cpu::percent_at(history, at).or_else(|| cpu::latest(history, at)),
        wanted: pods.and_then(|p| p.wanted),
        asked: pods.and_then(|p| p.asked),
        ready: pods.map(|p| p.ready),
        rescale: rescale.map(|r| (r.from, r.to)),
    }
}

/// One row a change of pods, CPU or load between two times, newest first.
pub(crate) fn rows(history: &History, from: TimeMs, to: TimeMs) -> Vec<Readout> {
    let pods = history.pods.iter().map(|p| p.time);
    let cpu = history.cpu.iter().map(|s| s.time);
    let marks = history.marks.iter().map(|m| m.time);
    let mut times: Vec<_> = pods
        .chain(cpu)
        .chain(marks)
        .filter(|t| *t >= from && *t <= to)
        .collect();
    times.sort_unstable();
    times.dedup();
    times
        .into_iter()
        .rev()
        .take(MOST_ROWS)
        .map(|time| readout(history, time))
        .collect()
}
