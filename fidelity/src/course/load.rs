//! When Locust's users came and went, and what its tables say.

use crate::line::{ChangeType, Entry, Line};

use super::roles::text;

/// One load.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Load {
    /// Its pod.
    pub pod: String,
    /// When users begin to come.
    pub ramp: Option<f64>,
    /// When all are there.
    pub spawned: Option<f64>,
    /// When they leave: told to, or at the end of the run time.
    pub stop: Option<f64>,
    /// The line `Aggregated` of each table, but not that of the last, which is about the whole run.
    pub rows: Vec<Row>,
}

/// What a table said.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Row {
    /// Seconds since the start.
    pub t: f64,
    /// Requests since the load's start, failed ones included.
    pub requests: f64,
    /// Failed ones.
    pub failures: f64,
    /// Their mean time in ms.
    pub mean_ms: f64,
}

pub(super) fn read(lines: &[Line]) -> Vec<Load> {
    let mut loads: Vec<Load> = Vec::new();
    for line in lines {
        match &line.entry {
            Entry::Log { pod, line: text } => {
                let index = loads.iter().position(|load| load.pod == *pod);
                let index = index.unwrap_or_else(|| {
                    loads.push(Load {
                        pod: pod.clone(),
                        ..Load::default()
                    });
                    loads.len() - 1
                });
                said(&mut loads[index], line.t, text);
            }
            Entry::LogEnd { pod, .. } => {
                for load in loads.iter_mut().filter(|load| load.pod == *pod) {
                    load.stop.get_or_insert(line.t);
                }
            }
            Entry::Job(change) => {
                let name = text(&change.object["metadata"]["name"]);
                let gone = change.change == ChangeType::Deleted;
                for load in loads.iter_mut().filter(|load| load.pod.starts_with(name)) {
                    if gone {
                        load.stop.get_or_insert(line.t);
                    }
                }
            }
            _ => {}
        }
    }
    loads
}

fn said(load: &mut Load, t: f64, line: &str) {
    if load.stop.is_some() {
        return;
    }
    if line.contains("Ramping to ") {
        load.ramp.get_or_insert(t);
    } else if line.contains("All users spawned") {
        load.spawned.get_or_insert(t);
    } else if ["Got SIGTERM", "limit reached", "Shutting down"]
        .iter()
        .any(|mark| line.contains(mark))
    {
        load.stop.get_or_insert(t);
    } else if let Some(row) = row(t, line) {
        load.rows.push(row);
    }
}

/// `<time> Aggregated 78 0(0.00%) | 3400 216 6510 3100 | 7.71 0.00`.
fn row(t: f64, line: &str) -> Option<Row> {
    let (_, figures) = line.split_once(" Aggregated ")?;
    let mut parts = figures.split('|');
    let mut counts = parts.next()?.split_whitespace();
    let requests = counts.next()?.parse().ok()?;
    let failures = counts.next()?.split('(').next()?.parse().ok()?;
    let mean_ms = parts.next()?.split_whitespace().next()?.parse().ok()?;
    Some(Row {
        t,
        requests,
        failures,
        mean_ms,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn row_of_a_table_is_read() {
        let line = "2026-11-23T22:08:04.0Z          Aggregated                     78     1(1.28%) |   3400     216    6510   3100 |    7.71        0.00";
        let row = row(3.0, line).unwrap();
        assert_eq!(
            (row.requests, row.failures, row.mean_ms),
            (78.0, 1.0, 3400.0)
        );
        assert!(super::row(3.0, "2026 GET /fib 78 1(1.28%) | 1 2 3 4 | 5 6").is_none());
        let percentiles = "2026          Aggregated     430    780   1200   4370";
        assert!(super::row(3.0, percentiles).is_none());
    }
}
