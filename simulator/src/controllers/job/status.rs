//! A Job's status: what is counted and how it ends. Called by the Job controller; pure.

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::batch::v1::{JobCondition, JobSpec, JobStatus, UncountedTerminatedPods};
use k8s_openapi::api::core::v1::Pod;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use super::pods::is_tracked;
use crate::controllers::ownership::{has_ended, is_active, phase, ready_since, uid};
use crate::controllers::recorder::Kind;

/// First and longest delay before a failed pod is followed by another (`DefaultJobPodFailureBackOff`,
/// `MaxJobPodFailureBackOff` in `pkg/controller/job/job_controller.go`).
const FAILURE_BACKOFF: SignedDuration = SignedDuration::from_secs(10);
const MAX_FAILURE_BACKOFF: SignedDuration = SignedDuration::from_mins(10);

/// The numbers of a Job's pods.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Progress {
    pub(super) active: i32,
    ready: i32,
    pub(super) terminating: i32,
    succeeded: i32,
    failed: i32,
    uncounted_succeeded: Vec<String>,
    uncounted_failed: Vec<String>,
}

impl Progress {
    /// What is counted already, and how the pods stand. Those that have ended and still have the finalizer are uncounted.
    pub(super) fn of(status: &JobStatus, pods: &[Pod]) -> Self {
        let mut progress = Self {
            succeeded: status.succeeded.unwrap_or(0),
            failed: status.failed.unwrap_or(0),
            ..Self::default()
        };
        for pod in pods {
            let deleting = pod.metadata.deletion_timestamp.is_some();
            if is_active(pod) {
                progress.active += 1;
                progress.ready += i32::from(ready_since(pod).is_some());
            } else if deleting && !has_ended(pod) {
                progress.terminating += 1;
            }
            if !is_tracked(pod) {
                continue;
            }
            // A pod that somebody deletes has failed, too (`isPodFailed`).
            match phase(pod) {
                "Succeeded" => progress
                    .uncounted_succeeded
                    .push(uid(&pod.metadata).to_owned()),
                "Failed" => progress
                    .uncounted_failed
                    .push(uid(&pod.metadata).to_owned()),
                _ if deleting => progress
                    .uncounted_failed
                    .push(uid(&pod.metadata).to_owned()),
                _ => {}
            }
        }
        progress
    }

    /// Counted and uncounted.
    pub(super) fn all_succeeded(&self) -> i32 {
        self.succeeded + count(self.uncounted_succeeded.len())
    }

    fn all_failed(&self) -> i32 {
        self.failed + count(self.uncounted_failed.len())
    }

    /// All active pods are being deleted.
    pub(super) fn stop(&mut self) {
        self.terminating += self.active;
        self.active = 0;
        self.ready = 0;
    }

    /// Of a Job that fails every pod that has not ended counts as failed.
    pub(super) fn fail_all(&mut self, pods: &[Pod]) {
        for pod in pods.iter().filter(|pod| is_tracked(pod)) {
            if !self.is_uncounted(pod) {
                self.uncounted_failed.push(uid(&pod.metadata).to_owned());
            }
        }
    }

    /// Whether the pod waits to be counted.
    pub(super) fn is_uncounted(&self, pod: &Pod) -> bool {
        let uid = uid(&pod.metadata);
        let mut all = self
            .uncounted_succeeded
            .iter()
            .chain(&self.uncounted_failed);
        all.any(|uncounted| uncounted == uid)
    }

    /// The finalizers are off: what was uncounted is in the numbers.
    pub(super) fn count_uncounted(&mut self) {
        self.succeeded = self.all_succeeded();
        self.failed = self.all_failed();
        self.uncounted_succeeded.clear();
        self.uncounted_failed.clear();
    }

    pub(super) fn status(&self) -> JobStatus {
        let some = |number| (number != 0).then_some(number);
        let list = |uids: &Vec<String>| (!uids.is_empty()).then(|| uids.clone());
        JobStatus {
            active: some(self.active),
            ready: Some(self.ready),
            terminating: Some(self.terminating),
            succeeded: some(self.succeeded),
            failed: some(self.failed),
            uncounted_terminated_pods: Some(UncountedTerminatedPods {
                succeeded: list(&self.uncounted_succeeded),
                failed: list(&self.uncounted_failed),
            }),
            ..JobStatus::default()
        }
    }
}

fn count(pods: usize) -> i32 {
    i32::try_from(pods).unwrap_or(i32::MAX)
}

/// How a Job ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Complete,
    BackoffLimitExceeded,
    DeadlineExceeded,
}

impl Outcome {
    /// The end that the status announces already.
    pub(super) fn intended(status: &JobStatus) -> Option<Self> {
        let condition = status.conditions.iter().flatten().find(|condition| {
            matches!(
                condition.type_.as_str(),
                "SuccessCriteriaMet" | "FailureTarget"
            ) && condition.status == "True"
        })?;
        [
            Self::Complete,
            Self::BackoffLimitExceeded,
            Self::DeadlineExceeded,
        ]
        .into_iter()
        .find(|outcome| condition.reason.as_deref() == Some(outcome.reason()))
    }

    /// The end that the numbers mean, if they mean one.
    pub(super) fn of(
        spec: &JobSpec,
        progress: &Progress,
        pods: &[Pod],
        too_long: bool,
    ) -> Option<Self> {
        let limit = spec.backoff_limit.unwrap_or(6);
        if progress.all_failed() > limit || is_past_limit_on_failure(spec, pods, limit) {
            return Some(Self::BackoffLimitExceeded);
        }
        if too_long {
            return Some(Self::DeadlineExceeded);
        }
        let complete = match spec.completions {
            Some(completions) => progress.all_succeeded() >= completions,
            // A work queue: done when one has succeeded and none is left.
            None => progress.all_succeeded() > 0 && progress.active == 0,
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
fn failed_at(pod: &Pod) -> Option<Timestamp> {
    (phase(pod) == "Failed").then(|| ended_at(pod)).flatten()
}

fn ended_at(pod: &Pod) -> Option<Timestamp> {
    let statuses = pod.status.as_ref()?.container_statuses.as_ref()?;
    statuses
        .iter()
        .filter_map(|status| {
            let ended = status.state.as_ref()?.terminated.as_ref()?;
            ended.finished_at.as_ref().map(|time| time.0)
        })
        .max()
}

/// When the next pod may follow the failed ones: 10 s after the last failure, doubled for each since the last
/// success (`pkg/controller/job/backoff_utils.go`). `None` without a failure.
pub(super) fn next_try(pods: &[Pod]) -> Option<Timestamp> {
    let succeeded = pods.iter().filter(|pod| phase(pod) == "Succeeded");
    let success = succeeded.filter_map(ended_at).max();
    let failures: Vec<Timestamp> = pods
        .iter()
        .filter_map(failed_at)
        .filter(|failure| Some(*failure) > success)
        .collect();
    let last = failures.iter().max()?;
    let doublings = u32::try_from(failures.len() - 1).unwrap_or(10).min(10);
    let delay = FAILURE_BACKOFF
        .saturating_mul(2_i32.saturating_pow(doublings))
        .min(MAX_FAILURE_BACKOFF);
    Some(*last + delay)
}

/// Where containers are restarted in place, their restarts count (`pastBackoffLimitOnFailure`).
fn is_past_limit_on_failure(spec: &JobSpec, pods: &[Pod], limit: i32) -> bool {
    let policy = spec
        .template
        .spec
        .as_ref()
        .and_then(|spec| spec.restart_policy.as_deref());
    if policy != Some("OnFailure") {
        return false;
    }
    let restarts: i32 = pods
        .iter()
        .filter(|pod| matches!(phase(pod), "Running" | "Pending"))
        .filter_map(|pod| pod.status.as_ref())
        .flat_map(|status| {
            let own = status.container_statuses.iter().flatten();
            own.chain(status.init_container_statuses.iter().flatten())
        })
        .map(|container| container.restart_count)
        .sum();
    if limit == 0 {
        restarts > 0
    } else {
        restarts >= limit
    }
}

/// Whether the condition Suspended says so.
pub(super) fn is_suspended(status: &JobStatus) -> bool {
    status
        .conditions
        .iter()
        .flatten()
        .any(|condition| condition.type_ == "Suspended" && condition.status == "True")
}

/// The condition Suspended appears with the first suspension and follows `spec.suspend`.
pub(super) fn set_suspended(status: &mut JobStatus, suspended: bool, time: &Time) {
    let present = status
        .conditions
        .iter()
        .flatten()
        .find(|condition| condition.type_ == "Suspended")
        .map(|condition| condition.status == "True");
    match (suspended, present) {
        (true, _) => set(
            status,
            "Suspended",
            "True",
            "JobSuspended",
            "Job suspended",
            time,
        ),
        (false, Some(true)) => {
            set(
                status,
                "Suspended",
                "False",
                "JobResumed",
                "Job resumed",
                time,
            );
            // The time before the pause does not count for the deadline.
            status.start_time = Some(time.clone());
        }
        (false, _) => {
            status.start_time.get_or_insert_with(|| time.clone());
        }
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
