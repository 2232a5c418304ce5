//! How a load ended: of its Job's conditions, and of what its pod tells beyond them.

use app::model::{LoadEnd, LoadOutcome};
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::Pod;

use crate::workshop::locust_log::LocustLog;
use crate::workshop::time::time_ms;

/// The Job's own reason when a pod failed: the pod tells more (`pkg/controller/job/job_controller.go`).
const POD_FAILED: &str = "BackoffLimitExceeded";

/// The end of a Job that was not deleted. A Job is over when Complete or Failed is True, not before
/// (`isJobFinished` in `pkg/controller/job/utils.go`).
pub(super) fn finished(job: &Job) -> Option<LoadEnd> {
    let status = job.status.as_ref()?;
    let conditions = status.conditions.iter().flatten();
    let mut over = conditions.filter(|condition| condition.status == "True");
    over.find_map(|condition| {
        let outcome = match condition.type_.as_str() {
            "Complete" => LoadOutcome::Finished,
            "Failed" => LoadOutcome::Failed {
                reason: condition.reason.clone().unwrap_or_default(),
                error: None,
            },
            _ => return None,
        };
        let time = status
            .completion_time
            .as_ref()
            .or(condition.last_transition_time.as_ref());
        Some(LoadEnd {
            time: time.map(time_ms).unwrap_or_default(),
            outcome,
        })
    })
}

/// Adds to a failure what came to be known of it. The log may be read to its end after the Job has failed, and the pod
/// may be seen after it.
pub(super) fn explain(end: &mut LoadEnd, pods: &[&Pod], log: &LocustLog) {
    let LoadOutcome::Failed { reason, error } = &mut end.outcome else {
        return;
    };
    if reason == POD_FAILED
        && let Some(of_pod) = pods.iter().rev().find_map(|pod| why_failed(pod))
    {
        *reason = of_pod;
    }
    // Who was killed has not said why.
    if error.is_none() && !matches!(reason.as_str(), "OOMKilled" | "Evicted") {
        error.clone_from(&log.error);
    }
}

/// `Evicted`, `OOMKilled`, `StartError` as Kubernetes says it, else `exit code 2`.
fn why_failed(pod: &Pod) -> Option<String> {
    let status = pod.status.as_ref()?;
    if let Some(reason) = status.reason.as_ref().filter(|reason| !reason.is_empty()) {
        return Some(reason.clone());
    }
    let containers = status.container_statuses.iter().flatten();
    let mut ended =
        containers.filter_map(|container| container.state.as_ref()?.terminated.as_ref());
    let failed = ended.find(|ended| ended.exit_code != 0)?;
    match failed.reason.as_deref() {
        None | Some("Error" | "Completed" | "") => Some(format!("exit code {}", failed.exit_code)),
        Some(reason) => Some(reason.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn failed(reason: &str) -> LoadEnd {
        let condition = json!({ "type": "Failed", "status": "True", "reason": reason, "lastTransitionTime": "2026-11-24T12:00:00Z" });
        let job = json!({ "status": { "conditions": [condition] } });
        finished(&serde_json::from_value(job).unwrap()).unwrap()
    }

    fn terminated(state: &Value) -> Pod {
        let container = json!({
            "name": "locust", "image": "", "imageID": "", "ready": false, "restartCount": 0,
            "state": { "terminated": state },
        });
        serde_json::from_value(json!({ "status": { "containerStatuses": [container] } })).unwrap()
    }

    fn told(end: &LoadEnd) -> (&str, Option<&str>) {
        match &end.outcome {
            LoadOutcome::Failed { reason, error } => (reason, error.as_deref()),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn pod_tells_why_its_job_failed() {
        let mut log = LocustLog::default();
        log.error = Some("GET /fib: something".to_owned());
        let evicted = json!({ "status": { "phase": "Failed", "reason": "Evicted", "message": "low on memory" } });
        for (pod, expected) in [
            (
                terminated(&json!({ "exitCode": 137, "reason": "OOMKilled" })),
                ("OOMKilled", None),
            ),
            (
                terminated(&json!({ "exitCode": 2, "reason": "Error" })),
                ("exit code 2", log.error.as_deref()),
            ),
            (serde_json::from_value(evicted).unwrap(), ("Evicted", None)),
        ] {
            let mut end = failed(POD_FAILED);
            explain(&mut end, &[&pod], &log);
            assert_eq!(told(&end), expected);
        }
    }

    #[test]
    fn error_that_is_read_after_the_end_is_told_too() {
        let mut end = failed("DeadlineExceeded");
        let mut log = LocustLog::default();
        explain(&mut end, &[], &log);
        assert_eq!(told(&end), ("DeadlineExceeded", None));
        log.error = Some("No User class found!".to_owned());
        explain(&mut end, &[], &log);
        assert_eq!(
            told(&end),
            ("DeadlineExceeded", Some("No User class found!"))
        );
    }
}
