//! The questions that come before an act.

use crate::figures::count;
use crate::model::{LoadState, Owner, Snapshot};

/// A question with its two answers; the safe one is first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    pub question: String,
    pub detail: String,
    pub safe: &'static str,
    pub go: &'static str,
}

/// What a clean-up leaves alone.
const WHAT_STAYS: &str =
    "Recorded runs stay. Not touched: whatever in the namespace is not the workshop's.";

/// Before Clean up. What is not in the snapshot (the ConfigMaps) is what the panel itself makes.
pub fn confirm_clean_up(snapshot: &Snapshot) -> Question {
    let mut parts = Vec::new();
    if snapshot.scaled_object.is_some() {
        parts.push("1 ScaledObject".to_owned());
    }
    if snapshot.deployment.is_some() {
        let pods = count(snapshot.existing(), "pod", "pods");
        parts.push(format!("1 Deployment with {pods}"));
    }
    if snapshot.service.is_some() {
        parts.push("1 Service".to_owned());
    }
    parts.push("the workshop's ConfigMaps".to_owned());
    if snapshot
        .load
        .as_ref()
        .is_some_and(|load| load.end.is_none())
    {
        parts.push("1 running load".to_owned());
    }
    Question {
        question: format!("Remove the workshop from {}?", snapshot.namespace),
        detail: format!("{}. {WHAT_STAYS}", parts.join(", ")),
        safe: "Keep",
        go: "Remove all",
    }
}

/// Before Deploy over objects that someone else applied.
pub fn confirm_take_over(namespace: &str, object: &str, owner: &Owner) -> Question {
    Question {
        question: format!(
            "{namespace} already has {object} for webapp, applied with {}.",
            owner.manager
        ),
        detail: "Two ScaledObjects on one Deployment are refused.".to_owned(),
        safe: "Use what is there",
        go: "Replace it",
    }
}

/// Before Stop load of a Job that the panel did not start.
pub fn confirm_stop(load: &LoadState) -> Question {
    Question {
        question: format!(
            "Stop also Job {}, which {} started?",
            load.job, load.manager
        ),
        detail: String::new(),
        safe: "Keep",
        go: "Stop it",
    }
}
