//! What the pods of a load tell: whose they are, and how they stand.

use app::model::TimeMs;
use k8s_openapi::api::core::v1::Pod;

use crate::workshop::pod;
use crate::workshop::time::time_ms;

/// Whether a pod is of the Job with this UID.
pub(in crate::workshop) fn belongs(pod: &Pod, job_uid: &str) -> bool {
    let owners = pod.metadata.owner_references.iter().flatten();
    let labels = pod.metadata.labels.as_ref();
    let label = labels.and_then(|labels| labels.get("batch.kubernetes.io/controller-uid"));
    owners.into_iter().any(|owner| owner.uid == job_uid)
        || label.map(String::as_str) == Some(job_uid)
}

pub(super) fn phase(pod: &Pod) -> &str {
    let phase = pod
        .status
        .as_ref()
        .and_then(|status| status.phase.as_deref());
    phase.unwrap_or("Pending")
}

pub(super) fn has_started(pod: &Pod) -> bool {
    started(pod).is_some() || pod::finished(pod).is_some()
}

/// When the first container started that still runs.
pub(super) fn started(pod: &Pod) -> Option<TimeMs> {
    let containers = pod.status.as_ref()?.container_statuses.iter().flatten();
    let running = containers.filter_map(|container| {
        let running = container.state.as_ref()?.running.as_ref()?;
        running.started_at.as_ref().map(time_ms)
    });
    running.min()
}
