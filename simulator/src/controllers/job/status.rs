//! A Job's status: what is counted and how it ends. Called by the Job controller; pure.

use jiff::Timestamp;
use k8s_openapi::api::batch::v1::{JobCondition, JobSpec, JobStatus, UncountedTerminatedPods};
use k8s_openapi::api::core::v1::Pod;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use crate::controllers::ownership::phase;
use crate::controllers::recorder::Kind;

/// The numbers of a Job's pods.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Progress {
    pub(super) active: i32,
    pub(super) ready: i32,
    pub(super) terminating: i32,
    pub(super) succeeded: i32,
    pub(super) failed: i32,
}

impl Progress {
    /// What is counted already.
    pub(super) fn of(status: Option<&JobStatus>) -> Self {
        Self {
            succeeded: status.and_then(|status| status.succeeded).unwrap_or(0),
            failed: status.and_then(|status| status.failed).unwrap_or(0),
            ..Self::default()
        }
    }

    pub(super) fn status(&self) -> JobStatus {
        let some = |number| (number != 0).then_some(number);
        JobStatus {
            active: some(self.active),
            ready: Some(self.ready),
            terminating: Some(self.terminating),
            succeeded: some(self.succeeded),
            failed: some(self.failed),
            uncounted_terminated_pods: Some(UncountedTerminatedPods::default()),
            ..JobStatus::default()
        }
    }
}

/// How a Job ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Complete,
    BackoffLimitExceeded,
    DeadlineExceeded,
}

impl Outcome {
    /// The end that the numbers mean, if they mean one.
    pub(super) fn of(spec: &JobSpec, progress: &Progress, too_long: bool) -> Option<Self> {
        if progress.failed > spec.backoff_limit.unwrap_or(6) {
            return Some(Self::BackoffLimitExceeded);
        }
        if too_long {
            return Some(Self::DeadlineExceeded);
        }
        let complete = match spec.completions {
            Some(completions) => progress.succeeded >= completions,
            // A work queue: done when one has succeeded and none is left.
            None => progress.succeeded > 0 && progress.active == 0,
        };
        complete.then_some(Self::Complete)
    }

    fn reason(self) -> &'static str {
        match self {
            Self::Complete => "CompletionsReached",
            Self::BackoffLimitExceeded => "BackoffLimitExceeded",
            Self::DeadlineExceeded => "DeadlineExceeded",
        }
    }

    fn message(self) -> &'static str {
        match self {
            Self::Complete => "Reached expected number of succeeded pods",
            Self::BackoffLimitExceeded => "Job has reached the specified backoff limit",
            Self::DeadlineExceeded => "Job was active longer than specified deadline",
        }
    }

    /// The event at the end.
    pub(super) fn event(self) -> (Kind, &'static str, &'static str) {
        match self {
            Self::Complete => (Kind::Normal, "Completed", "Job completed"),
            failure => (Kind::Warning, failure.reason(), failure.message()),
        }
    }

    /// First what will happen, then, once no pod is left, that it has happened.
    pub(super) fn write(self, status: &mut JobStatus, finished: bool, time: &Time) {
        let (intent, end) = match self {
            Self::Complete => ("SuccessCriteriaMet", "Complete"),
            _ => ("FailureTarget", "Failed"),
        };
        set(status, intent, "True", self.reason(), self.message(), time);
        if finished {
            set(status, end, "True", self.reason(), self.message(), time);
            if self == Self::Complete {
                status.completion_time.get_or_insert_with(|| time.clone());
            }
        }
    }
}

/// Complete or Failed.
pub(super) fn is_finished(status: &JobStatus) -> bool {
    finished_at(status).is_some()
}

/// When the Job ended.
pub(super) fn finished_at(status: &JobStatus) -> Option<Timestamp> {
    let end = status.conditions.iter().flatten().find(|condition| {
        matches!(condition.type_.as_str(), "Complete" | "Failed") && condition.status == "True"
    })?;
    end.last_transition_time.as_ref().map(|time| time.0)
}

/// When a failed pod's containers ended.
pub(super) fn failed_at(pod: &Pod) -> Option<Timestamp> {
    if phase(pod) != "Failed" {
        return None;
    }
    let statuses = pod.status.as_ref()?.container_statuses.as_ref()?;
    statuses
        .iter()
        .filter_map(|status| {
            let ended = status.state.as_ref()?.terminated.as_ref()?;
            ended.finished_at.as_ref().map(|time| time.0)
        })
        .max()
}

/// The condition Suspended appears with the first suspension and follows `spec.suspend`.
pub(super) fn set_suspended(status: &mut JobStatus, suspended: bool, time: &Time) {
    let present = status
        .conditions
        .iter()
        .flatten()
        .any(|condition| condition.type_ == "Suspended");
    if suspended {
        set(
            status,
            "Suspended",
            "True",
            "JobSuspended",
            "Job suspended",
            time,
        );
    } else if present {
        set(
            status,
            "Suspended",
            "False",
            "JobResumed",
            "Job resumed",
            time,
        );
    }
}

fn set(status: &mut JobStatus, kind: &str, value: &str, reason: &str, message: &str, time: &Time) {
    let conditions = status.conditions.get_or_insert_default();
    if conditions
        .iter()
        .any(|condition| condition.type_ == kind && condition.status == value)
    {
        return;
    }
    conditions.retain(|condition| condition.type_ != kind);
    conditions.push(JobCondition {
        type_: kind.to_owned(),
        status: value.to_owned(),
        reason: Some(reason.to_owned()),
        message: Some(message.to_owned()),
        last_probe_time: Some(time.clone()),
        last_transition_time: Some(time.clone()),
    });
}
