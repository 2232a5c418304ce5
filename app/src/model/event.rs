//! One event of the namespace, in either of the forms that Kubernetes has for them.

use serde::{Deserialize, Serialize};

use super::TimeMs;

/// The most that are kept, by the server and by the page: the newest ones.
pub const MOST_EVENTS: usize = 100;

/// An event, with its repeats. A repeat has the same `uid`, and replaces what was told before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventLine {
    pub uid: String,
    /// When it last happened.
    pub time: TimeMs,
    /// When it first happened.
    pub first: TimeMs,
    /// `type` is `Warning`.
    pub warning: bool,
    pub reason: String,
    /// In its writer's words, shortened if it is very long.
    pub message: String,
    /// Kind and name of the object that it is about.
    pub kind: String,
    pub name: String,
    /// Who wrote it: `horizontal-pod-autoscaler`, `kubelet`, `keda-operator`.
    pub source: String,
    /// How often it happened.
    pub count: u32,
    /// A warning that every healthy workshop has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub normal: Option<NormalWarning>,
}

/// When a warning means nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NormalWarning {
    /// In the first 90 s: metrics-server has no sample yet, or the app has not opened its port.
    AtStart,
    /// A pod that ends answers no probe any more; KEDA tells the end of a ScaledObject as a warning.
    AtCleanUp,
}

/// Adds newer events: repeats replace, and the newest [`MOST_EVENTS`] stay, in order of time.
pub(super) fn append(events: &mut Vec<EventLine>, newer: Vec<EventLine>) {
    if newer.is_empty() {
        return;
    }
    events.retain(|known| newer.iter().all(|event| event.uid != known.uid));
    events.extend(newer);
    events.sort_by_key(|event| event.time);
    let surplus = events.len().saturating_sub(MOST_EVENTS);
    events.drain(..surplus);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::samples;

    #[test]
    fn repeat_replaces_and_moves_to_the_end() {
        let mut events = samples::events();
        let mut repeat = events[0].clone();
        repeat.time = events[1].time.plus_ms(600_000);
        repeat.count = 7;
        let number = events.len();
        append(&mut events, vec![repeat.clone()]);
        assert_eq!(events.len(), number);
        assert_eq!(events.last(), Some(&repeat));
    }

    #[test]
    fn only_the_newest_are_kept() {
        let one = samples::events().remove(0);
        let mut events = Vec::new();
        for n in 0..250_i64 {
            let event = EventLine {
                uid: n.to_string(),
                time: one.time.plus_ms(n * 1000),
                ..one.clone()
            };
            append(&mut events, vec![event]);
        }
        assert_eq!(events.len(), MOST_EVENTS);
        assert_eq!(events[0].uid, "150");
    }
}
