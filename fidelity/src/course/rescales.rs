//! What the autoscalers decided: each `SuccessfulRescale`, with the utilisation that their status showed.

use std::collections::{BTreeMap, HashMap};

use serde_json::Value;

use crate::line::{ChangeType, Entry, Line};

use super::replicas::Replicas;
use super::roles::text;

/// One decision.
#[derive(Clone, Debug, PartialEq)]
pub struct Rescale {
    /// Seconds since the start.
    pub t: f64,
    /// The autoscaler.
    pub hpa: String,
    /// Replicas wanted before; `None` when the target was not seen.
    pub from: Option<i64>,
    /// Replicas wanted after.
    pub to: i64,
    /// In the autoscaler's words.
    pub reason: String,
    /// Percent of the request in the status that was written with it.
    pub utilization: Option<i64>,
}

/// The status is written this soon after the event.
const SAME_SYNC_S: f64 = 2.0;

pub(super) fn read(lines: &[Line], replicas: &BTreeMap<String, Vec<Replicas>>) -> Vec<Rescale> {
    let mut counts: HashMap<&str, i64> = HashMap::new();
    let mut rescales = Vec::new();
    for line in lines {
        let Entry::Event(change) = &line.entry else {
            continue;
        };
        let event = &change.object;
        if event["reason"] != "SuccessfulRescale" || change.change == ChangeType::Deleted {
            continue;
        }
        // The same size for the same reason is counted in the event that is there.
        let count = event["count"].as_i64().unwrap_or(1);
        let seen = counts.entry(text(&event["metadata"]["uid"])).or_default();
        if count <= *seen {
            continue;
        }
        *seen = count;
        let Some((to, reason)) = size(text(&event["message"])) else {
            continue;
        };
        let hpa = text(&event["involvedObject"]["name"]);
        rescales.push(Rescale {
            t: line.t,
            hpa: hpa.to_owned(),
            from: wanted_before(lines, replicas, hpa, line.t, to),
            to,
            reason: reason.to_owned(),
            utilization: utilization(lines, hpa, line.t),
        });
    }
    rescales
}

fn size(message: &str) -> Option<(i64, &str)> {
    let (size, reason) = message
        .strip_prefix("New size: ")?
        .split_once("; reason: ")?;
    Some((size.parse().ok()?, reason))
}

fn looks<'a>(lines: &'a [Line], hpa: &'a str) -> impl Iterator<Item = (f64, &'a Value)> {
    lines.iter().filter_map(move |line| match &line.entry {
        Entry::HorizontalPodAutoscaler(change) if change.object["metadata"]["name"] == *hpa => {
            Some((line.t, &change.object))
        }
        _ => None,
    })
}

fn wanted_before(
    lines: &[Line],
    replicas: &BTreeMap<String, Vec<Replicas>>,
    hpa: &str,
    t: f64,
    to: i64,
) -> Option<i64> {
    let (_, object) = looks(lines, hpa).next()?;
    let target = text(&object["spec"]["scaleTargetRef"]["name"]);
    // The Deployment's own watch may tell the new size a little before or after the event.
    let before = replicas.get(target)?.iter().rev();
    let mut before = before.filter(|now| now.t < t);
    before.find_map(|now| now.wanted.filter(|wanted| *wanted != to))
}

fn utilization(lines: &[Line], hpa: &str, t: f64) -> Option<i64> {
    let (_, object) = looks(lines, hpa).find(|(seen, object)| {
        (t - 0.5..t + SAME_SYNC_S).contains(seen)
            && !object["status"]["currentMetrics"][0]["resource"].is_null()
    })?;
    object["status"]["currentMetrics"][0]["resource"]["current"]["averageUtilization"].as_i64()
}
