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
    /// that: it was taken its window after the container's start, which was between two of the kubelet's events.
    pub(super) fn read(recording: &Recording) -> Option<Self> {
        let mut phase: Option<Self> = None;
        for line in &recording.lines {
            let Entry::PodMetrics { object } = &line.entry else {
                continue;
            };
            let timestamp: Timestamp = object["timestamp"].as_str()?.parse().ok()?;
            let second = timestamp.as_second() as f64;
            let mut sample = Self {
                from: second.rem_euclid(PERIOD),
                length: 1.0,
            };
            let window = object["window"].as_str().and_then(seconds);
            let pod = object["metadata"]["name"].as_str()?;
            if let Some(window) = window.filter(|window| *window < WHOLE_WINDOW)
                && let Some((earliest, latest)) = started(recording, pod)
            {
                let from = (earliest + window - second).clamp(0.0, 1.0);
                let end = (latest + window - second).clamp(0.0, 1.0);
                if from < end {
                    sample.from += from;
                    sample.length = end - from;
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

/// Between which two moments of wall time the pod's first container started: the kubelet tells of the image before
/// it, and of the start after it.
fn started(recording: &Recording, pod: &str) -> Option<(f64, f64)> {
    let seen = |reason: &str| {
        recording.lines.iter().find_map(|line| match &line.entry {
            Entry::Event(change)
                if change.object["involvedObject"]["name"] == *pod
                    && change.object["reason"] == *reason =>
            {
                Some(line.t)
            }
            _ => None,
        })
    };
    let start = recording.start.time.as_millisecond() as f64 / 1e3;
    Some((start + seen("Pulled")?, start + seen("Started")?))
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
        let event = |t: f64, reason: &str| {
            json!({"t": t, "kind": "Event", "type": "ADDED", "object": {
                "involvedObject": {"name": "p"}, "reason": reason}})
        };
        let samples = samples.iter().map(|(timestamp, window)| {
            json!({"t": 30.0, "kind": "PodMetrics", "object": {
                "metadata": {"name": "p"}, "timestamp": timestamp, "window": window}})
        });
        let lines = [start, event(14.0, "Pulled"), event(14.5, "Started")];
        let lines = lines.into_iter().chain(samples);
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
        // It started between 14 and 14.5, and so it was 12.2 s old between 26.2 and 26.7.
        let recording = mk_recording(&[("2026-01-01T00:00:26Z", "12.2s")]);
        let phase = Phase::read(&recording).unwrap();
        assert!((phase.from - 11.2).abs() < 1e-6, "{phase:?}");
        assert!((phase.length - 0.5).abs() < 1e-6, "{phase:?}");
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
