//! The phase of metrics-server's scrapes, as a recording's samples tell it.

use std::time::Duration;

use jiff::Timestamp;

use crate::line::Entry;
use crate::recording::Recording;

/// metrics-server's `--metric-resolution` as the simulator has it.
const PERIOD: f64 = 15.0;
/// A window that is shorter belongs to a container's first sample, and is its age then.
const WHOLE_WINDOW: f64 = 14.9;

/// When scrapes are, within their period of wall time: at `from`, or up to `length` later.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Phase {
    from: f64,
    length: f64,
}

impl Phase {
    /// A sample's timestamp is a whole second, truncated, so that each leaves one second open. A first sample narrows
    /// that: it was taken its window after the container's start, which is a truncated second as well.
    pub(super) fn read(recording: &Recording) -> Option<Self> {
        let mut phase: Option<Self> = None;
        for line in &recording.lines {
            let Entry::PodMetrics { object } = &line.entry else {
                continue;
            };
            let timestamp: Timestamp = object["timestamp"].as_str()?.parse().ok()?;
            let second = timestamp.as_second();
            let mut sample = Self {
                from: (second.rem_euclid(15)) as f64,
                length: 1.0,
            };
            let window = object["window"].as_str().and_then(seconds);
            let name = &object["metadata"]["name"];
            if let Some(window) = window.filter(|window| *window < WHOLE_WINDOW)
                && let Some(started) = started(recording, name.as_str()?)
            {
                let from = (started - second) as f64 + window;
                let offset = from.clamp(0.0, 1.0);
                let end = (from + 1.0).clamp(0.0, 1.0);
                if offset < end {
                    sample.from += offset;
                    sample.length = end - offset;
                }
            }
            phase = Some(match phase {
                None => sample,
                Some(phase) => phase.narrowed(sample),
            });
        }
        phase
    }

    /// What both allow; the first where they contradict each other, as after a restart of metrics-server.
    fn narrowed(self, other: Self) -> Self {
        let shift = (other.from - self.from + PERIOD / 2.0).rem_euclid(PERIOD) - PERIOD / 2.0;
        let from = shift.max(0.0);
        let end = (shift + other.length).min(self.length);
        if from >= end {
            return self;
        }
        Self {
            from: (self.from + from).rem_euclid(PERIOD),
            length: end - from,
        }
    }

    /// How long after `begin` the first scrape is; `chance`, below 1, decides what the samples leave open.
    pub(super) fn first_after(self, begin: Timestamp, chance: f64) -> Duration {
        let begin = begin.as_millisecond() as f64 / 1e3;
        let wait = self.from + self.length * chance - begin;
        Duration::try_from_secs_f64(wait.rem_euclid(PERIOD)).unwrap_or_default()
    }
}

/// The second in which the pod's first container started.
fn started(recording: &Recording, pod: &str) -> Option<i64> {
    recording.lines.iter().find_map(|line| {
        let Entry::Pod(change) = &line.entry else {
            return None;
        };
        if change.object["metadata"]["name"] != *pod {
            return None;
        }
        let state = &change.object["status"]["containerStatuses"][0]["state"];
        let started: Timestamp = state["running"]["startedAt"].as_str()?.parse().ok()?;
        Some(started.as_second())
    })
}

/// `14.998s` as a number.
fn seconds(window: &str) -> Option<f64> {
    window.strip_suffix('s')?.parse().ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::line::Line;

    fn mk_recording(samples: &[(&str, &str)]) -> Recording {
        let start = json!({"t": 0.0, "kind": "Start", "time": "2026-01-01T00:00:00Z",
            "namespace": "a", "kubernetes": "v1", "metrics_polled_every": 5});
        let pod = json!({"t": 1.0, "kind": "Pod", "type": "ADDED", "object": {
            "metadata": {"name": "p"}, "status": {"containerStatuses": [
                {"state": {"running": {"startedAt": "2026-01-01T00:00:14Z"}}}]}}});
        let samples = samples.iter().map(|(timestamp, window)| {
            json!({"t": 30.0, "kind": "PodMetrics", "object": {
                "metadata": {"name": "p"}, "timestamp": timestamp, "window": window}})
        });
        let lines = [start, pod].into_iter().chain(samples);
        let lines: Vec<Line> = lines
            .map(|line| serde_json::from_value(line).unwrap())
            .collect();
        let Entry::Start(start) = lines[0].entry.clone() else {
            panic!("no start");
        };
        Recording { start, lines }
    }

    #[test]
    fn whole_seconds_leave_one_second_open() {
        let recording = mk_recording(&[
            ("2026-01-01T00:00:41Z", "15.003s"),
            ("2026-01-01T00:00:56Z", "15s"),
        ]);
        let phase = Phase::read(&recording).unwrap();
        assert_eq!(
            phase,
            Phase {
                from: 11.0,
                length: 1.0
            }
        );
        let begin: Timestamp = "2026-01-01T00:00:13.5Z".parse().unwrap();
        assert_eq!(phase.first_after(begin, 0.0).as_millis(), 12_500);
        assert_eq!(phase.first_after(begin, 0.5).as_millis(), 13_000);
    }

    #[test]
    fn first_sample_narrows_the_phase() {
        // It started between 14 and 15, and 12.2 s later is within the second 26 only before 26.2 … 27.
        let recording = mk_recording(&[("2026-01-01T00:00:26Z", "12.2s")]);
        let phase = Phase::read(&recording).unwrap();
        assert!((phase.from - 11.2).abs() < 1e-9, "{phase:?}");
        assert!((phase.length - 0.8).abs() < 1e-9, "{phase:?}");
    }

    #[test]
    fn samples_of_another_phase_are_left_aside() {
        let recording = mk_recording(&[
            ("2026-01-01T00:00:41Z", "15s"),
            ("2026-01-01T00:01:00Z", "15s"),
        ]);
        let phase = Phase::read(&recording).unwrap();
        assert_eq!(
            phase,
            Phase {
                from: 11.0,
                length: 1.0
            }
        );
    }

    #[test]
    fn recording_without_samples_fixes_no_phase() {
        assert_eq!(Phase::read(&mk_recording(&[])), None);
    }
}
