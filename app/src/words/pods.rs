//! The words of the pods' table. Part of [`super`].

use crate::figures::{UNKNOWN, count};
use crate::model::PodState;

pub const LOAD_PODS: &str = "Load";
pub const NEW: &str = "+ new";
pub const LEAVING: &str = "− leaving";
pub const GONE: &str = "✕ gone";
pub const EVENTS_OF_POD: &str = "Its events:";
pub const NO_EVENTS_OF_POD: &str = "No event of it is known.";

/// The name of the button that opens a row.
pub fn more_of(pod: &str) -> String {
    format!("{pod}: why it is as it is")
}

/// `limit 100m · 63 Mi · node-1 · 2 restarts`: what has no column where there is little room.
pub fn pod_details(pod: &PodState) -> String {
    let mut parts = Vec::new();
    if let Some(request) = pod.cpu_request_m {
        parts.push(format!("request {request}m"));
    }
    if let Some(limit) = pod.cpu_limit_m {
        parts.push(format!("limit {limit}m"));
    }
    if let Some(cpu) = pod.cpu {
        parts.push(format!("memory {} Mi", cpu.memory_mi));
    }
    parts.push(match &pod.node {
        Some(node) => format!("node {node}"),
        None => format!("node {UNKNOWN}, not placed yet"),
    });
    parts.push(count(pod.restarts, "restart", "restarts"));
    parts.join(" · ")
}
