//! What a page knows, and how the stream's events change it. Pure; `stream.rs` feeds it, components read it.

mod pod_lines;

use serde::{Deserialize, Serialize};

use crate::model::{ClassPhase, History, Overview, Snapshot, StreamEvent, TimeMs};

pub use pod_lines::PodLines;

/// The page keeps an hour, its widest window.
const KEEP_MS: i64 = 60 * 60 * 1000;

/// All that a page shows of the cluster.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LiveState {
    pub snapshot: Option<Snapshot>,
    pub history: History,
    /// Each pod's CPU since the page is open.
    pub pod_lines: PodLines,
    pub overview: Option<Overview>,
    /// The newest time that the server told.
    pub time: TimeMs,
    /// The build that the server is of, if it told one.
    pub build: Option<String>,
    /// Whether attendees may act.
    pub class: ClassPhase,
}

/// How the page hears of changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Connection {
    /// The page came with its data, the stream is not open yet.
    #[default]
    First,
    Live,
    /// Only short streams pass.
    Slow,
    /// The stream is known to be dead.
    Lost,
}

impl LiveState {
    /// An attendee's page as the server rendered it.
    pub fn of_seat(snapshot: Snapshot, history: History) -> Self {
        let mut pod_lines = PodLines::default();
        pod_lines.take(&snapshot);
        Self {
            time: snapshot.time,
            snapshot: Some(snapshot),
            history,
            pod_lines,
            ..Self::default()
        }
    }

    /// An instructor's page as the server rendered it.
    pub fn of_seats(overview: Overview) -> Self {
        Self {
            time: overview.time,
            overview: Some(overview),
            ..Self::default()
        }
    }

    /// Whether attendees may act, as the page came with it.
    pub fn in_class(self, class: ClassPhase) -> Self {
        Self { class, ..self }
    }

    /// Takes one event of the stream in.
    pub fn apply(&mut self, event: StreamEvent) {
        match event {
            StreamEvent::History {
                build,
                snapshot,
                history,
            } => {
                self.build = Some(build);
                self.history = history;
                self.see(*snapshot);
            }
            StreamEvent::Change { snapshot, appended } => {
                let keep_from = snapshot.time.plus_ms(-KEEP_MS);
                self.history.append(appended, keep_from);
                self.see(*snapshot);
            }
            StreamEvent::Overview { overview } => {
                self.time = self.time.max(overview.time);
                self.overview = Some(overview);
            }
            StreamEvent::Alive { build, time, class } => {
                self.build = Some(build);
                self.time = self.time.max(time);
                self.class = class;
            }
            // The stream or the page is left; until then it shows what it has.
            StreamEvent::Leaving { .. } | StreamEvent::Ended { .. } => {}
        }
    }

    fn see(&mut self, snapshot: Snapshot) {
        self.time = self.time.max(snapshot.time);
        self.pod_lines.take(&snapshot);
        self.snapshot = Some(snapshot);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::samples::{self, T0};
    use crate::model::{Evidence, Explanation, Told};

    fn change(seconds: i64, explanation: Explanation) -> StreamEvent {
        let mut snapshot = samples::idle();
        snapshot.time = T0.plus_ms(seconds * 1000);
        snapshot.explanation = explanation;
        StreamEvent::Change {
            snapshot: Box::new(snapshot),
            appended: History::default(),
        }
    }

    #[test]
    fn history_replaces_and_change_appends() {
        let (snapshot, history) = samples::mid_load();
        let mut state = LiveState::of_seat(samples::idle(), samples::history_with_one_sample());
        state.apply(StreamEvent::History {
            build: "b1".to_owned(),
            snapshot: Box::new(snapshot.clone()),
            history: history.clone(),
        });
        assert_eq!(state.history, history);
        assert_eq!(state.build.as_deref(), Some("b1"));

        let mut later = snapshot;
        later.time = later.time.plus_ms(2_000);
        let appended = samples::history_with_one_sample();
        state.apply(StreamEvent::Change {
            snapshot: Box::new(later),
            appended,
        });
        assert_eq!(state.history.load.len(), history.load.len() + 1);
    }

    #[test]
    fn change_forgets_what_is_older_than_an_hour() {
        let mut state = LiveState::of_seat(samples::idle(), samples::history_with_one_sample());
        assert_eq!(state.history.load.len(), 1);
        state.apply(change(3_700, Explanation::NoCpuYet));
        assert!(state.history.load.is_empty());
    }

    #[test]
    fn alive_moves_the_time_forward_only() {
        let mut state = LiveState::of_seat(samples::idle(), History::default());
        let alive = |ms| StreamEvent::Alive {
            build: "b1".to_owned(),
            time: T0.plus_ms(ms),
            class: ClassPhase::Running,
        };
        state.apply(alive(90_000));
        state.apply(alive(60_000));
        assert_eq!(state.time, T0.plus_ms(90_000));
    }

    #[test]
    fn newer_figures_of_one_sentence_take_its_place() {
        let told = |seconds: i64, percent| Told {
            time: T0.plus_ms(seconds * 1000),
            explanation: Explanation::EnoughAtMinimum {
                replicas: 1,
                percent,
                target: 60,
                minimum: 1,
            },
            evidence: Evidence::default(),
        };
        let mut state = LiveState::of_seat(samples::idle(), History::default());
        for (at, told) in [(0, told(0, 4)), (15, told(0, 5)), (30, told(30, 6))] {
            let StreamEvent::Change {
                snapshot,
                mut appended,
            } = change(at, told.explanation.clone())
            else {
                unreachable!("that is what it makes");
            };
            appended.told.push(told);
            state.apply(StreamEvent::Change { snapshot, appended });
        }
        assert_eq!(state.history.told, [told(0, 5), told(30, 6)]);
    }
}
