//! Stretches in which nothing changed that CPU and answers depend on: the users, and the number of ready pods.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;

use crate::line::{Entry, Line};

use super::figures::{cpu_millis, since, window_s};
use super::load::Load;
use super::replicas::Replicas;
use super::roles::{Role, Roles, text};

/// A shorter stretch of a recording is no plateau: it has room for one window of CPU and some tables.
pub const PLATEAU_S: f64 = 20.0;
/// In a replay the same plateau may begin later or end sooner, as the autoscaler's looks fall.
const SHORTEST_S: f64 = 10.0;
/// Answers that are left from before: a change needs about this long to show in Locust's tables.
const SETTLE_S: f64 = 4.0;

/// Whether there are users.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// None yet.
    Before,
    /// All of them.
    Loaded,
    /// None any more.
    After,
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Before => "before the load",
            Self::Loaded => "under load",
            Self::After => "after the load",
        })
    }
}

/// One stretch and its figures.
#[derive(Clone, Debug, PartialEq)]
pub struct Plateau {
    /// The Deployment.
    pub deployment: String,
    /// Whether there are users.
    pub phase: Phase,
    /// Ready pods.
    pub ready: i64,
    /// Seconds since the start.
    pub from: f64,
    /// Seconds since the start.
    pub to: f64,
    /// Mean CPU of a pod in thousandths of a core, from the samples whose windows lie within.
    pub cpu_millis: Option<f64>,
    /// Answers in a second.
    pub requests_per_s: Option<f64>,
    /// Their mean time in ms.
    pub mean_ms: Option<f64>,
}

pub(super) fn read(
    lines: &[Line],
    start: Timestamp,
    roles: &Roles,
    replicas: &BTreeMap<String, Vec<Replicas>>,
    loads: &[Load],
) -> Vec<Plateau> {
    let end = lines.last().map_or(0.0, |line| line.t);
    let mut plateaus: Vec<Plateau> = Vec::new();
    for (deployment, counts) in replicas {
        for (ready, from, to) in stretches(counts, end) {
            for (phase, from, to) in phases(loads, from, to) {
                if to - from < SHORTEST_S {
                    continue;
                }
                let (requests_per_s, mean_ms) = answers(loads, from, to).unzip();
                let plateau = Plateau {
                    deployment: deployment.clone(),
                    phase,
                    ready,
                    from,
                    to,
                    cpu_millis: cpu(lines, start, roles, deployment, from, to),
                    requests_per_s: requests_per_s.filter(|_| phase == Phase::Loaded),
                    mean_ms: mean_ms.filter(|_| phase == Phase::Loaded),
                };
                keep_the_longest(&mut plateaus, plateau);
            }
        }
    }
    plateaus
}

fn keep_the_longest(plateaus: &mut Vec<Plateau>, plateau: Plateau) {
    let same = |other: &&mut Plateau| {
        (&other.deployment, other.phase, other.ready)
            == (&plateau.deployment, plateau.phase, plateau.ready)
    };
    match plateaus.iter_mut().find(same) {
        Some(other) if other.to - other.from >= plateau.to - plateau.from => {}
        Some(other) => *other = plateau,
        None => plateaus.push(plateau),
    }
}

/// Ready pods, from, to.
fn stretches(counts: &[Replicas], end: f64) -> Vec<(i64, f64, f64)> {
    let mut stretches: Vec<(i64, f64, f64)> = Vec::new();
    for now in counts {
        match stretches.last_mut() {
            Some((ready, _, _)) if *ready == now.ready => {}
            Some((_, _, to)) => {
                *to = now.t;
                stretches.push((now.ready, now.t, end));
            }
            None => stretches.push((now.ready, now.t, end)),
        }
    }
    stretches.retain(|(ready, _, _)| *ready > 0);
    stretches
}

/// The parts of a stretch with no users yet, with all, and with none any more. A ramp is none of them.
fn phases(loads: &[Load], from: f64, to: f64) -> Vec<(Phase, f64, f64)> {
    let mut parts = Vec::new();
    let mut free = (Phase::Before, f64::NEG_INFINITY);
    for load in loads {
        let Some(ramp) = load.ramp else {
            continue;
        };
        let stop = load.stop.unwrap_or(f64::INFINITY);
        parts.push((free.0, free.1, ramp));
        if let Some(spawned) = load.spawned {
            parts.push((Phase::Loaded, spawned, stop));
        }
        free = (Phase::After, stop);
    }
    parts.push((free.0, free.1, f64::INFINITY));
    parts
        .into_iter()
        .map(|(phase, begin, end)| (phase, from.max(begin), to.min(end)))
        .collect()
}

fn cpu(
    lines: &[Line],
    start: Timestamp,
    roles: &Roles,
    deployment: &str,
    from: f64,
    to: f64,
) -> Option<f64> {
    let part = format!("pod of {deployment} #");
    let samples = lines.iter().filter_map(|line| {
        let Entry::PodMetrics { object } = &line.entry else {
            return None;
        };
        let Role { part: own, .. } = roles.of("Pod", text(&object["metadata"]["name"]));
        let end = since(start, &object["timestamp"])?;
        // The timestamp is a truncated second.
        let end = end + 0.5;
        let within = end - window_s(object)? >= from && end <= to;
        (own.starts_with(&part) && within)
            .then(|| cpu_millis(object))
            .flatten()
    });
    mean(&samples.collect::<Vec<_>>())
}

/// Answers in a second, and their mean time in ms.
fn answers(loads: &[Load], from: f64, to: f64) -> Option<(f64, f64)> {
    let rows = loads.iter().flat_map(|load| &load.rows);
    let within: Vec<_> = rows
        .filter(|row| (from + SETTLE_S..=to).contains(&row.t))
        .collect();
    let (first, last) = (within.first()?, within.last()?);
    let requests = last.requests - first.requests;
    let time = last.t - first.t;
    if time < SHORTEST_S / 3.0 || requests < 1.0 {
        return None;
    }
    let waited = last.mean_ms * last.requests - first.mean_ms * first.requests;
    Some((requests / time, waited / requests))
}

fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::course::load::Row;

    fn mk_counts(counts: &[(f64, i64)]) -> Vec<Replicas> {
        let now = |&(t, ready)| Replicas {
            t,
            wanted: Some(ready),
            present: ready,
            ready,
            updated: ready,
        };
        counts.iter().map(now).collect()
    }

    #[test]
    fn stretches_end_where_the_ready_pods_change() {
        let counts = mk_counts(&[(0.0, 0), (5.0, 1), (60.0, 1), (70.0, 4)]);
        assert_eq!(
            stretches(&counts, 100.0),
            [(1, 5.0, 70.0), (4, 70.0, 100.0)]
        );
    }

    #[test]
    fn ramp_belongs_to_no_phase() {
        let load = Load {
            ramp: Some(50.0),
            spawned: Some(60.0),
            stop: Some(100.0),
            ..Load::default()
        };
        let parts = phases(&[load], 0.0, 120.0);
        let expected = [
            (Phase::Before, 0.0, 50.0),
            (Phase::Loaded, 60.0, 100.0),
            (Phase::After, 100.0, 120.0),
        ];
        assert_eq!(parts, expected);
    }

    #[test]
    fn answers_are_those_between_the_tables() {
        let row = |t, requests, mean_ms| Row {
            t,
            requests,
            failures: 0.0,
            mean_ms,
        };
        let load = Load {
            rows: vec![
                row(10.0, 100.0, 1000.0),
                row(30.0, 300.0, 2000.0),
                row(60.0, 600.0, 1500.0),
            ],
            ..Load::default()
        };
        let (rps, mean) = answers(std::slice::from_ref(&load), 20.0, 70.0).unwrap();
        assert!(
            (rps - 10.0).abs() < 1e-9 && (mean - 1000.0).abs() < 1e-9,
            "{rps} {mean}"
        );
        assert!(
            answers(&[load], 40.0, 70.0).is_none(),
            "one table is no rate"
        );
    }
}
