//! How pods came to be: started, ready, in the metrics.

use std::collections::HashMap;

use jiff::Timestamp;
use serde_json::Value;

use crate::line::{ChangeType, Entry, Line};

use super::figures::{cpu_millis, since, window_s};
use super::roles::{Role, Roles, text};

/// A pod's first moments, each in seconds since the start.
#[derive(Clone, Debug, PartialEq)]
pub struct PodStart {
    /// Whose it is.
    pub role: Role,
    /// When it was created.
    pub created: f64,
    /// When its first container started, by the kubelet's own truncated second.
    pub started: Option<f64>,
    /// When it became ready.
    pub ready: Option<f64>,
    /// When its first sample was taken, by its own truncated second.
    pub sampled: Option<f64>,
    /// That sample's window.
    pub window_s: Option<f64>,
    /// What that sample says.
    pub cpu_millis: Option<f64>,
    /// When its deletion was asked for.
    pub deleting: Option<f64>,
    /// When it was gone.
    pub gone: Option<f64>,
}

impl PodStart {
    /// From the container's start to the first sample.
    pub fn first_sample_delay(&self) -> Option<f64> {
        Some(self.sampled? - self.started?)
    }

    /// From its creation until it was ready.
    pub fn ready_delay(&self) -> Option<f64> {
        Some(self.ready? - self.created)
    }
}

pub(super) fn read(lines: &[Line], start: Timestamp, roles: &Roles) -> Vec<PodStart> {
    let mut pods: Vec<PodStart> = Vec::new();
    let mut indices: HashMap<String, usize> = HashMap::new();
    for line in lines {
        match &line.entry {
            Entry::Pod(change) => {
                let object = &change.object;
                let name = text(&object["metadata"]["name"]);
                let index = *indices.entry(name.to_owned()).or_insert_with(|| {
                    pods.push(PodStart {
                        role: roles.of("Pod", name),
                        created: line.t,
                        started: None,
                        ready: None,
                        sampled: None,
                        window_s: None,
                        cpu_millis: None,
                        deleting: None,
                        gone: None,
                    });
                    pods.len() - 1
                });
                let gone = change.change == ChangeType::Deleted;
                see(&mut pods[index], line.t, object, gone, start);
            }
            Entry::PodMetrics { object } => {
                let index = indices.get(text(&object["metadata"]["name"]));
                let Some(pod) = index.and_then(|index| pods.get_mut(*index)) else {
                    continue;
                };
                if pod.sampled.is_none() {
                    pod.sampled = since(start, &object["timestamp"]);
                    pod.window_s = window_s(object);
                    pod.cpu_millis = cpu_millis(object);
                }
            }
            _ => {}
        }
    }
    pods
}

fn see(pod: &mut PodStart, t: f64, object: &Value, gone: bool, start: Timestamp) {
    let status = &object["status"];
    let state = &status["containerStatuses"][0]["state"];
    let began = [&state["running"], &state["terminated"]]
        .into_iter()
        .find_map(|state| since(start, &state["startedAt"]));
    pod.started = pod.started.or(began);
    let conditions = status["conditions"].as_array();
    let ready = conditions
        .into_iter()
        .flatten()
        .any(|condition| condition["type"] == "Ready" && condition["status"] == "True");
    if ready {
        pod.ready.get_or_insert(t);
    }
    if !object["metadata"]["deletionTimestamp"].is_null() {
        pod.deleting.get_or_insert(t);
    }
    if gone {
        pod.gone.get_or_insert(t);
    }
}
