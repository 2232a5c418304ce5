//! A run as CSV (RFC 4180): one row for each sample and each change. All cells are numbers or times, so that no
//! spreadsheet takes one for a formula; what is unknown is empty.

use app::model::{CpuSample, History, LoadSample, PodCounts, TimeMs};
use csv::{Terminator, WriterBuilder};

use super::Run;

/// A load sample holds for at most this long: as in the page's readout.
const LOAD_HOLDS_MS: i64 = 10_000;

const HEADS: [&str; 11] = [
    "time (UTC)",
    "since first users (s)",
    "users",
    "requests/s",
    "failures/s",
    "p50 (ms)",
    "p95 (ms)",
    "CPU (% of request)",
    "wanted (pods)",
    "asked for (pods)",
    "ready (pods)",
];

/// The run's samples.
///
/// # Errors
/// None at present: it is written to memory.
pub fn csv(run: &Run) -> Result<Vec<u8>, csv::Error> {
    let mut csv = WriterBuilder::new()
        .terminator(Terminator::CRLF)
        .from_writer(Vec::new());
    csv.write_record(HEADS)?;
    let (on, _) = run.marks();
    for time in times(&run.history) {
        csv.write_record(row(&run.history, time, on))?;
    }
    csv.into_inner()
        .map_err(|error| csv::Error::from(error.into_error()))
}

/// `workshop-user-7-run-20260302T140049Z.csv`: letters, digits, dashes.
pub fn file_name(run: &Run) -> String {
    let started = time(run.load.created).replace([':', '-'], "");
    let started = started.split('.').next().unwrap_or_default();
    format!(
        "{}-run-{}Z.csv",
        run.namespace,
        started.trim_end_matches('Z')
    )
}

fn times(history: &History) -> Vec<TimeMs> {
    let load = history.load.iter().map(|sample| sample.time);
    let cpu = history.cpu.iter().map(|sample| sample.time);
    let pods = history.pods.iter().map(|state| state.time);
    let mut times: Vec<_> = load.chain(cpu).chain(pods).collect();
    times.sort_unstable();
    times.dedup();
    times
}

fn row(history: &History, at: TimeMs, on: Option<TimeMs>) -> [String; 11] {
    let since = on
        .filter(|on| *on <= at)
        .map(|on| (at.0 - on.0) as f64 / 1000.0);
    let load = load_at(history, at);
    let pods = pods_at(history, at);
    let cpu = cpu_at(history, at);
    [
        time(at),
        cell(since),
        cell(load.and_then(|load| load.users)),
        cell(load.map(|load| load.rps)),
        cell(load.map(|load| load.failures_per_s)),
        cell(load.and_then(|load| load.p50_ms)),
        cell(load.and_then(|load| load.p95_ms)),
        cell(cpu.map(|cpu| (cpu.percent * 10.0).round() / 10.0)),
        cell(pods.and_then(|pods| pods.wanted)),
        cell(pods.and_then(|pods| pods.asked)),
        cell(pods.map(|pods| pods.ready)),
    ]
}

fn load_at(history: &History, at: TimeMs) -> Option<&LoadSample> {
    let before = history.load.partition_point(|sample| sample.time <= at);
    let sample = history.load[..before].last()?;
    (at.0 - sample.time.0 <= LOAD_HOLDS_MS).then_some(sample)
}

/// The sample whose window covers this time.
fn cpu_at(history: &History, at: TimeMs) -> Option<&CpuSample> {
    let next = history.cpu.partition_point(|sample| sample.time < at);
    let sample = history.cpu.get(next)?;
    (sample.time.0 - sample.window_ms < at.0).then_some(sample)
}

/// The state that holds, where the cluster was observed.
fn pods_at(history: &History, at: TimeMs) -> Option<&PodCounts> {
    let mut observed = history.observed.cluster.iter();
    let seen = observed.any(|seen| seen.from <= at && seen.to.is_none_or(|to| at <= to));
    let before = history.pods.partition_point(|state| state.time <= at);
    history.pods[..before].last().filter(|_| seen)
}

fn cell(value: Option<impl ToString>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

/// `2026-03-02T14:00:49.7Z`
fn time(time: TimeMs) -> String {
    jiff::Timestamp::from_millisecond(time.0)
        .unwrap_or_default()
        .to_string()
}
