//! All values at one time: the row above the chart, the slider's text, the rows of the table. Pure.

use super::cpu;
use super::pieces::observed_at;
use crate::model::{History, PodCounts, Rescale, TimeMs};

/// A load sample holds for at most this long.
const LOAD_HOLDS_MS: i64 = 10_000;

/// Rows of the table, newest first.
const MOST_ROWS: usize = 120;

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
    pub(crate) rescale: Option<Rescaled>,
    /// A load that went on or off at this very time.
    pub(crate) load_mark: Option<bool>,
}

/// A rescale, and why it went no further.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rescaled {
    pub(crate) from: u32,
    pub(crate) to: u32,
    pub(crate) held: Held,
}

/// What kept a rescale from what the formula wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Held {
    /// Nothing, or it is not known what was wanted.
    No,
    /// `maxReplicas`.
    Maximum,
    /// At most twice as many in 15 s.
    Double,
    /// At most so many more in 15 s.
    More(u32),
}

/// The values at a time.
pub(crate) fn readout(history: &History, at: TimeMs) -> Readout {
    let load = &history.load[..history.load.partition_point(|s| s.time <= at)];
    let load = load.last().filter(|s| at.0 - s.time.0 <= LOAD_HOLDS_MS);
    let pods = &history.pods[..history.pods.partition_point(|p| p.time <= at)];
    let pods = pods
        .last()
        .filter(|_| observed_at(&history.observed.cluster, at));
    let marks = &history.marks[..history.marks.partition_point(|m| m.time <= at)];
    let newest = marks.last();
    let rescale = history.rescales.iter().rev().find(|r| r.time <= at);
    let rescale = rescale.filter(|r| at.0 - r.time.0 < super::LOOK_MS);
    Readout {
        time: at,
        since_users_s: newest.filter(|m| m.on).map(|m| (at.0 - m.time.0) / 1000),
        users: load.and_then(|s| s.users),
        rps: load.map(|s| s.rps),
        p50_ms: load.and_then(|s| s.p50_ms),
        p95_ms: load.and_then(|s| s.p95_ms),
        failures_per_s: load.map(|s| s.failures_per_s),
        percent: cpu::percent_at(history, at),
        wanted: pods.and_then(|p| p.wanted),
        asked: pods.and_then(|p| p.asked),
        ready: pods.map(|p| p.ready),
        rescale: rescale.map(|r| rescaled(r, &history.pods)),
        load_mark: newest.filter(|m| m.time == at).map(|m| m.on),
    }
}

/// Why a rescale went no further: the policies are those of KEDA's and Kubernetes' defaults, four pods or twice as many
/// in 15 s: <https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/#default-behavior>.
fn rescaled(rescale: &Rescale, pods: &[PodCounts]) -> Rescaled {
    let Rescale { time, from, to } = *rescale;
    let counts = pods[..pods.partition_point(|p| p.time <= time)].last();
    let wanted = counts.and_then(|p| p.wanted).unwrap_or(0);
    let held = match counts.and_then(|p| p.max) {
        _ if wanted <= to || to <= from => Held::No,
        Some(max) if to == max => Held::Maximum,
        _ if to == 2 * from => Held::Double,
        _ => Held::More(to - from),
    };
    Rescaled { from, to, held }
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
