//! The namespace's events as lines, in either of the forms that Kubernetes has; only new and changed ones are told.
//!
//! The older recorder counts in place (`client-go/tools/record`), the newer one keeps a series (`client-go/tools/events`).

use std::collections::HashMap;

use app::model::{EventLine, MOST_EVENTS, NormalWarning, TimeMs};
use k8s_openapi::api::core::v1::Event;

use super::autoscaler::event_time;
use super::explain::FIRST_VALUE_MS;
use super::objects::Objects;
use super::pod;
use super::recognise::{Recognised, created};
use super::time::{micro_time_ms, time_ms};

/// The longest message, in characters: the scheduler's and the registries' are shorter.
const MOST_CHARACTERS: usize = 600;

/// Warnings of the HPA that every start has until metrics-server has a sample (recorded).
const UNTIL_FIRST_SAMPLE: [&str; 2] = ["FailedGetResourceMetric", "FailedComputeMetricsReplicas"];

/// The app listens this long after its container's start, at the latest (recorded: 3.5 to 4.4 s).
const PORT_WITHIN_MS: i64 = 15_000;

/// What was told of each event, by its UID.
#[derive(Clone, Debug, Default)]
pub struct EventMemory {
    told: HashMap<String, (TimeMs, u32)>,
}

impl EventMemory {
    /// The events that are new or have been repeated, oldest first, at most [`MOST_EVENTS`].
    pub fn observe(&mut self, objects: &Objects, found: &Recognised) -> Vec<EventLine> {
        let changed = objects.events.iter().filter_map(|event| {
            let uid = event.metadata.uid.as_ref()?;
            let now = (event_time(event).unwrap_or_default(), count(event));
            (self.told.get(uid) != Some(&now)).then_some((event.as_ref(), uid, now))
        });
        let mut changed: Vec<_> = changed.collect();
        if changed.is_empty() {
            return Vec::new();
        }
        changed.sort_by_key(|(_, _, (time, _))| *time);
        for (_, uid, now) in &changed {
            self.told.insert((*uid).clone(), *now);
        }
        // The API server forgets events after an hour, and so does this.
        if self.told.len() > 2 * objects.events.len().max(MOST_EVENTS) {
            self.told.retain(|uid, _| {
                let mut events = objects.events.iter();
                events.any(|event| event.metadata.uid.as_ref() == Some(uid))
            });
        }
        let newest = changed.len().saturating_sub(MOST_EVENTS);
        changed[newest..]
            .iter()
            .map(|(event, _, _)| line(event, found))
            .collect()
    }
}

fn count(event: &Event) -> u32 {
    let series = event.series.as_ref().and_then(|series| series.count);
    let count = series.or(event.count).unwrap_or(1);
    u32::try_from(count).unwrap_or(1).max(1)
}

fn line(event: &Event, found: &Recognised) -> EventLine {
    let first = event.first_timestamp.as_ref().map(time_ms);
    let first = first.or_else(|| event.event_time.as_ref().map(micro_time_ms));
    let time = event_time(event).unwrap_or_default();
    let component = event
        .reporting_component
        .clone()
        .filter(|name| !name.is_empty());
    let source = component.or_else(|| event.source.as_ref()?.component.clone());
    let warning = event.type_.as_deref() == Some("Warning");
    let about = &event.involved_object;
    EventLine {
        uid: event.metadata.uid.clone().unwrap_or_default(),
        time,
        first: first.unwrap_or_else(|| created(&event.metadata)),
        warning,
        reason: event.reason.clone().unwrap_or_default(),
        message: shortened(event.message.as_deref().unwrap_or_default()),
        kind: about.kind.clone().unwrap_or_default(),
        name: about.name.clone().unwrap_or_default(),
        source: source.unwrap_or_default(),
        count: count(event),
        normal: if warning {
            normal(event, time, found)
        } else {
            None
        },
    }
}

fn shortened(message: &str) -> String {
    match message.char_indices().nth(MOST_CHARACTERS) {
        Some((end, _)) => format!("{}…", &message[..end]),
        None => message.to_owned(),
    }
}

/// Whether a warning is one that every healthy workshop has.
fn normal(event: &Event, time: TimeMs, found: &Recognised) -> Option<NormalWarning> {
    let reason = event.reason.as_deref().unwrap_or_default();
    let about = event.involved_object.kind.as_deref();
    // Normal by KEDA's documentation, a warning in its code (`controllers/keda/scaledobject_controller.go`).
    if reason == "ScaledObjectDeleted" {
        return Some(NormalWarning::AtCleanUp);
    }
    let start = match about {
        Some("HorizontalPodAutoscaler") if UNTIL_FIRST_SAMPLE.contains(&reason) => {
            let made = found
                .autoscaler
                .as_ref()
                .map(|hpa| created(&hpa.metadata))?;
            let started = found
                .app_pods
                .iter()
                .filter_map(|pod| pod::started(pod))
                .min();
            started.map_or(made, |started| started.max(made))
        }
        Some("Pod") if reason == "Unhealthy" => {
            let uid = &event.involved_object.uid;
            let known = found.app_pods.iter().find(|pod| pod.metadata.uid == *uid)?;
            if known.metadata.deletion_timestamp.is_some() {
                return Some(NormalWarning::AtCleanUp);
            }
            let started = pod::started(known)?;
            let message = event.message.as_deref().unwrap_or_default();
            // The app opens its port some seconds after its container's start; a startup probe waits for that.
            let within = match message.starts_with("Startup probe failed") {
                true => FIRST_VALUE_MS,
                false => PORT_WITHIN_MS,
            };
            return (time.0 - started.0 < within).then_some(NormalWarning::AtStart);
        }
        _ => return None,
    };
    (time.0 - start.0 < FIRST_VALUE_MS).then_some(NormalWarning::AtStart)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::{Value, json};

    use super::*;

    fn objects(events: &[Value]) -> Objects {
        let events = events
            .iter()
            .map(|event| Arc::new(serde_json::from_value(event.clone()).unwrap()));
        Objects {
            events: events.collect(),
            ..Objects::default()
        }
    }

    fn legacy(last: &str, count: u32) -> Value {
        json!({
            "metadata": {"name": "a", "uid": "1", "creationTimestamp": "2026-11-24T12:00:00Z"},
            "involvedObject": {"kind": "HorizontalPodAutoscaler", "name": "keda-hpa-webapp"},
            "type": "Warning", "reason": "FailedGetResourceMetric", "message": "no metrics",
            "source": {"component": "horizontal-pod-autoscaler"}, "reportingComponent": "",
            "firstTimestamp": "2026-11-24T12:00:00Z", "lastTimestamp": last, "count": count,
        })
    }

    #[test]
    fn both_forms_become_the_same_line() {
        let series = json!({
            "metadata": {"name": "b", "uid": "2", "creationTimestamp": "2026-11-24T12:00:00Z"},
            "involvedObject": {"kind": "ScaledObject", "name": "webapp"},
            "type": "Normal", "reason": "KEDAScalerInfo", "message": "built",
            "eventTime": "2026-11-24T12:00:00.500000Z", "reportingComponent": "keda-operator",
            "series": {"count": 3, "lastObservedTime": "2026-11-24T12:00:09.250000Z"},
        });
        let once = json!({
            "metadata": {"name": "c", "uid": "3", "creationTimestamp": "2026-11-24T12:00:00Z"},
            "involvedObject": {"kind": "Pod", "name": "p"}, "reason": "Scheduled",
            "eventTime": "2026-11-24T12:00:01.000000Z", "reportingComponent": "default-scheduler",
        });
        let mut memory = EventMemory::default();
        let all = [legacy("2026-11-24T12:00:30Z", 3), series, once];
        let lines = memory.observe(&objects(&all), &Recognised::default());
        let told: Vec<_> = lines
            .iter()
            .map(|line| {
                (
                    line.reason.as_str(),
                    line.source.as_str(),
                    line.count,
                    line.time.0 - line.first.0,
                )
            })
            .collect();
        assert_eq!(
            told,
            [
                ("Scheduled", "default-scheduler", 1, 0),
                ("KEDAScalerInfo", "keda-operator", 3, 8_750),
                (
                    "FailedGetResourceMetric",
                    "horizontal-pod-autoscaler",
                    3,
                    30_000
                ),
            ]
        );
    }

    #[test]
    fn only_what_changed_is_told_again() {
        let mut memory = EventMemory::default();
        let none = Recognised::default();
        let mut tell = |last: &str, count| memory.observe(&objects(&[legacy(last, count)]), &none);
        assert_eq!(tell("2026-11-24T12:00:00Z", 1).len(), 1);
        assert_eq!(tell("2026-11-24T12:00:00Z", 1), []);
        let repeat = tell("2026-11-24T12:00:15Z", 2);
        assert_eq!((repeat[0].uid.as_str(), repeat[0].count), ("1", 2));
    }

    #[test]
    fn first_warnings_of_the_hpa_are_normal_and_later_ones_are_not() {
        let hpa = json!({"metadata": {"name": "keda-hpa-webapp", "creationTimestamp": "2026-11-24T12:00:00Z"}});
        let found = Recognised {
            autoscaler: Some(Arc::new(serde_json::from_value(hpa).unwrap())),
            ..Recognised::default()
        };
        let normal = |last: &str| {
            let lines = EventMemory::default().observe(&objects(&[legacy(last, 1)]), &found);
            lines[0].normal
        };
        assert_eq!(normal("2026-11-24T12:01:15Z"), Some(NormalWarning::AtStart));
        assert_eq!(normal("2026-11-24T12:01:30Z"), None);
    }

    #[test]
    fn flood_is_cut_to_the_newest_and_long_messages_are_cut() {
        let many: Vec<Value> = (0..300)
            .map(|n: u32| {
                let mut event = legacy(&format!("2026-11-24T12:{:02}:{:02}Z", n / 60, n % 60), 1);
                event["metadata"]["uid"] = json!(n.to_string());
                event["message"] = json!("ä".repeat(2_000));
                event
            })
            .collect();
        let mut memory = EventMemory::default();
        let lines = memory.observe(&objects(&many), &Recognised::default());
        assert_eq!((lines.len(), lines[0].uid.as_str()), (MOST_EVENTS, "200"));
        assert_eq!(lines[0].message.chars().count(), MOST_CHARACTERS + 1);
        assert_eq!(memory.observe(&objects(&many), &Recognised::default()), []);
    }
}
