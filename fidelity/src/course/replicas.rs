//! A Deployment's counts over time.

use std::collections::BTreeMap;

use crate::line::{ChangeType, Entry, Line};

use super::roles::text;

/// A Deployment's counts from a moment on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Replicas {
    /// Seconds since the start.
    pub t: f64,
    /// `spec.replicas`; `None` once it is deleted.
    pub wanted: Option<i64>,
    /// `status.replicas`.
    pub present: i64,
    /// `status.readyReplicas`.
    pub ready: i64,
    /// `status.updatedReplicas`.
    pub updated: i64,
}

pub(super) fn read(lines: &[Line]) -> BTreeMap<String, Vec<Replicas>> {
    let mut deployments: BTreeMap<String, Vec<Replicas>> = BTreeMap::new();
    for line in lines {
        let Entry::Deployment(change) = &line.entry else {
            continue;
        };
        let object = &change.object;
        let status = |field: &str| object["status"][field].as_i64().unwrap_or(0);
        let gone = change.change == ChangeType::Deleted;
        let now = Replicas {
            t: line.t,
            wanted: object["spec"]["replicas"].as_i64().filter(|_| !gone),
            present: status("replicas"),
            ready: status("readyReplicas"),
            updated: status("updatedReplicas"),
        };
        let name = text(&object["metadata"]["name"]);
        let all = deployments.entry(name.to_owned()).or_default();
        if all
            .last()
            .is_none_or(|last| Replicas { t: now.t, ..*last } != now)
        {
            all.push(now);
        }
    }
    deployments
}
