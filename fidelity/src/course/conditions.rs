//! The conditions of the objects that have some: each change of status or reason, by type.

use std::collections::BTreeMap;

use crate::line::{ChangeType, Line};

use super::roles::{Role, Roles, text};

/// Kinds whose conditions are compared. Pods' are known by their times instead.
const KINDS: [&str; 5] = [
    "HorizontalPodAutoscaler",
    "ScaledObject",
    "Deployment",
    "ReplicaSet",
    "Job",
];

/// An object's condition changes, by type of condition, in order.
pub type Conditions = BTreeMap<String, Vec<ConditionChange>>;

/// What a condition became.
#[derive(Clone, Debug, PartialEq)]
pub struct ConditionChange {
    /// Seconds since the start.
    pub t: f64,
    /// `True`, `False`, `Unknown`.
    pub status: String,
    /// In one word; empty where there is none.
    pub reason: String,
    /// Without names and numbers.
    pub message: String,
}

pub(super) fn read(lines: &[Line], roles: &Roles) -> BTreeMap<Role, Conditions> {
    let mut objects: BTreeMap<Role, Conditions> = BTreeMap::new();
    for line in lines {
        let Some((kind, change)) = line.entry.change() else {
            continue;
        };
        if !KINDS.contains(&kind) || change.change == ChangeType::Deleted {
            continue;
        }
        let object = &change.object;
        let conditions = object["status"]["conditions"].as_array();
        for condition in conditions.into_iter().flatten() {
            let role = roles.of(kind, text(&object["metadata"]["name"]));
            let changes = objects.entry(role).or_default();
            let changes = changes
                .entry(text(&condition["type"]).to_owned())
                .or_default();
            let now = ConditionChange {
                t: line.t,
                status: text(&condition["status"]).to_owned(),
                reason: text(&condition["reason"]).to_owned(),
                message: roles.general(text(&condition["message"])),
            };
            let same = |last: &ConditionChange| {
                last.status == now.status
                    && last.reason == now.reason
                    && last.message == now.message
            };
            if !changes.last().is_some_and(same) {
                changes.push(now);
            }
        }
    }
    objects
}
