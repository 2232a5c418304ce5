//! One line of a recording: a moment and what was seen at it. The same for real and for simulated clusters.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What was seen, and when.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Line {
    /// Seconds since the first step, by the recorder's clock.
    pub t: f64,
    /// What was seen.
    #[serde(flatten)]
    pub entry: Entry,
}

/// What was seen; on the wire the variant's name is the field `kind`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(tag = "kind")]
pub enum Entry {
    /// The recording begins.
    Start(Start),
    /// A step begins.
    Step {
        /// As it stands in `steps`.
        step: String,
    },
    /// A command or a wait ended; a sleep has no such line.
    StepEnd {
        /// As it stands in `steps`.
        step: String,
        /// A command's exit code.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        exit: Option<i32>,
        /// What a command printed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        output: Option<String>,
        /// How a wait ended.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        result: Option<String>,
    },
    /// A watch event of this kind.
    Deployment(Change),
    /// A watch event of this kind.
    ReplicaSet(Change),
    /// A watch event of this kind.
    Pod(Change),
    /// A watch event of this kind.
    Event(Change),
    /// A watch event of this kind.
    Job(Change),
    /// A watch event of this kind.
    HorizontalPodAutoscaler(Change),
    /// A watch event of this kind.
    ScaledObject(Change),
    /// A watch event of this kind.
    EndpointSlice(Change),
    /// A watch event of this kind.
    ResourceQuota(Change),
    /// A sample of metrics.k8s.io, once for each pod and timestamp.
    PodMetrics {
        /// The PodMetrics.
        object: Value,
    },
    /// A line of the load's log.
    Log {
        /// Whose log.
        pod: String,
        /// With its timestamp.
        line: String,
    },
    /// A log ended.
    LogEnd {
        /// Whose log.
        pod: String,
        /// Why, when it was not the log's own end.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        message: Option<String>,
    },
    /// A watch broke, or metrics did not answer.
    Trouble {
        /// What broke.
        what: String,
        /// How.
        #[serde(default)]
        message: Option<String>,
    },
    /// The recording ends.
    End,
    /// Of another recorder, and not compared.
    #[serde(other)]
    Other,
}

/// The first line.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Start {
    /// Wall clock at t = 0, UTC.
    pub time: jiff::Timestamp,
    /// Where everything happens.
    pub namespace: String,
    /// The API server's version.
    pub kubernetes: String,
    /// Seconds between two looks at metrics.k8s.io.
    pub metrics_polled_every: u64,
    /// The nodes' names and what pods may have of them; absent from other recorders' lines.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub nodes: Vec<Node>,
}

/// What a node can give to pods.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Node {
    /// `metadata.name`.
    pub name: String,
    /// `status.allocatable.cpu`.
    pub cpu: String,
    /// `status.allocatable.memory`.
    pub memory: String,
}

/// A watch event, less managed fields and the last-applied annotation.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Change {
    /// What happened to the object.
    #[serde(rename = "type")]
    pub change: ChangeType,
    /// The object after it.
    pub object: Value,
}

/// What happened to an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum ChangeType {
    /// It is new.
    Added,
    /// It was written.
    Modified,
    /// It is gone.
    Deleted,
}

impl Entry {
    /// A watch event of one of [`crate::recorder::WATCHED`]; `None` for other kinds.
    pub fn watched(kind: &str, change: Change) -> Option<Self> {
        Some(match kind {
            "Deployment" => Self::Deployment(change),
            "ReplicaSet" => Self::ReplicaSet(change),
            "Pod" => Self::Pod(change),
            "Event" => Self::Event(change),
            "Job" => Self::Job(change),
            "HorizontalPodAutoscaler" => Self::HorizontalPodAutoscaler(change),
            "ScaledObject" => Self::ScaledObject(change),
            "EndpointSlice" => Self::EndpointSlice(change),
            "ResourceQuota" => Self::ResourceQuota(change),
            _ => return None,
        })
    }

    /// Kind and change of a watch event.
    pub fn change(&self) -> Option<(&'static str, &Change)> {
        Some(match self {
            Self::Deployment(change) => ("Deployment", change),
            Self::ReplicaSet(change) => ("ReplicaSet", change),
            Self::Pod(change) => ("Pod", change),
            Self::Event(change) => ("Event", change),
            Self::Job(change) => ("Job", change),
            Self::HorizontalPodAutoscaler(change) => ("HorizontalPodAutoscaler", change),
            Self::ScaledObject(change) => ("ScaledObject", change),
            Self::EndpointSlice(change) => ("EndpointSlice", change),
            Self::ResourceQuota(change) => ("ResourceQuota", change),
            Self::Start(_)
            | Self::Step { .. }
            | Self::StepEnd { .. }
            | Self::PodMetrics { .. }
            | Self::Log { .. }
            | Self::LogEnd { .. }
            | Self::Trouble { .. }
            | Self::End
            | Self::Other => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Line {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn line_is_read_and_written_alike() {
        for text in [
            r#"{"t":0.003,"kind":"Start","time":"2026-11-23T22:07:03.257Z","namespace":"a","kubernetes":"v1.35.4","metrics_polled_every":5}"#,
            r#"{"t":1.5,"kind":"Pod","type":"MODIFIED","object":{"metadata":{"name":"a"}}}"#,
            r#"{"t":2.0,"kind":"StepEnd","step":"until replicas=1 for 4 max 9","result":"held"}"#,
            r#"{"t":3.0,"kind":"End"}"#,
        ] {
            assert_eq!(serde_json::to_string(&read(text)).unwrap(), text);
        }
    }

    #[test]
    fn line_of_an_unknown_kind_is_kept_apart() {
        let line = read(r#"{"t":1.0,"kind":"Weather","sun":true}"#);
        assert!(matches!(line.entry, Entry::Other), "{line:?}");
    }
}
