//! A Deployment's status from its ReplicaSets. Called by the Deployment controller; pure but for the clock it is given.
//!
//! Upstream: `calculateStatus` in `sync.go` and `syncRolloutStatus` in `progress.go` of `pkg/controller/deployment/`.

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::apps::v1::{
    Deployment, DeploymentCondition, DeploymentSpec, DeploymentStatus, ReplicaSet,
};

use super::replica_sets::ReplicaSets;
use super::rollout::max_unavailable;
use crate::clock::Clock;

/// Writes the status; while a rollout goes on the time at which it will have taken too long. `rolls` is false where
/// only sizes were brought up to date: then Progressing stays as it is (`syncDeploymentStatus`).
pub(super) fn write(
    deployment: &mut Deployment,
    spec: &DeploymentSpec,
    sets: &ReplicaSets,
    rolls: bool,
    clock: Clock,
) -> Option<Timestamp> {
    let before = deployment.status.take().unwrap_or_default();
    let all = || sets.old.iter().chain(&sets.new);
    let sum = |count: fn(&ReplicaSet) -> i32| all().map(count).sum::<i32>();
    let replicas = sum(super::rollout::existing);
    let ready = sum(|set| status(set, |status| status.ready_replicas));
    let available = sum(|set| status(set, |status| status.available_replicas));
    let terminating = sum(|set| status(set, |status| status.terminating_replicas));
    let updated = sets.new.as_ref().map_or(0, super::rollout::existing);
    let wanted = spec.replicas.unwrap_or(1);

    let mut conditions = Conditions::of(&before, clock);
    if available >= wanted - max_unavailable(spec) {
        conditions.set(
            "Available",
            "True",
            "MinimumReplicasAvailable",
            "Deployment has minimum availability.",
        );
    } else {
        conditions.set(
            "Available",
            "False",
            "MinimumReplicasUnavailable",
            "Deployment does not have minimum availability.",
        );
    }
    let mut deadline = None;
    if rolls {
        let complete = updated == wanted && replicas == wanted && available == wanted;
        let progressed = updated > before.updated_replicas.unwrap_or(0)
            || replicas - updated
                < before.replicas.unwrap_or(0) - before.updated_replicas.unwrap_or(0)
            || ready > before.ready_replicas.unwrap_or(0)
            || available > before.available_replicas.unwrap_or(0);
        let named = match &sets.new {
            Some(new) => format!(
                "ReplicaSet \"{}\"",
                new.metadata.name.as_deref().unwrap_or("")
            ),
            None => format!(
                "Deployment \"{}\"",
                deployment.metadata.name.as_deref().unwrap_or("")
            ),
        };
        deadline = conditions.progress(spec, &named, complete, progressed, replicas == updated);
        conditions.copy_failure(sets);
    }

    deployment.status = Some(DeploymentStatus {
        observed_generation: deployment.metadata.generation,
        replicas: some(replicas),
        updated_replicas: some(updated),
        ready_replicas: some(ready),
        available_replicas: some(available),
        unavailable_replicas: some((sum(super::rollout::wanted) - available).max(0)),
        terminating_replicas: Some(terminating),
        conditions: Some(conditions.list),
        collision_count: before.collision_count,
    });
    deadline
}

/// Whether all that is wanted is there and available, and nothing else (`DeploymentComplete`).
pub(super) fn is_complete(deployment: &Deployment) -> bool {
    let wanted = deployment.spec.as_ref().and_then(|spec| spec.replicas);
    let Some(status) = &deployment.status else {
        return false;
    };
    let all = |count: Option<i32>| count.unwrap_or(0) == wanted.unwrap_or(1);
    all(status.replicas)
        && all(status.updated_replicas)
        && all(status.available_replicas)
        && status.observed_generation >= deployment.metadata.generation
}

fn progressing(deployment: &Deployment) -> Option<&DeploymentCondition> {
    let conditions = deployment.status.as_ref()?.conditions.as_ref()?;
    conditions
        .iter()
        .find(|condition| condition.type_ == "Progressing")
}

/// Whether the conditions do not tell yet that the Deployment is (or is no longer) paused.
pub(super) fn pause_is_news(deployment: &Deployment, paused: bool) -> bool {
    let reason = progressing(deployment).and_then(|condition| condition.reason.as_deref());
    reason != Some("ProgressDeadlineExceeded") && paused != (reason == Some("DeploymentPaused"))
}

/// The pause, in the condition Progressing.
pub(super) fn note_pause(deployment: &mut Deployment, paused: bool, clock: Clock) {
    let (reason, message) = if paused {
        ("DeploymentPaused", "Deployment is paused")
    } else {
        ("DeploymentResumed", "Deployment is resumed")
    };
    note(deployment, clock, "Unknown", reason, message);
}

/// A ReplicaSet of the template was made.
pub(super) fn note_created(deployment: &mut Deployment, name: &str, clock: Clock) {
    let message = format!("Created new replica set \"{name}\"");
    note(deployment, clock, "True", "NewReplicaSetCreated", &message);
}

/// A ReplicaSet of the template was there; that is said only if nothing else was.
pub(super) fn note_found(deployment: &mut Deployment, name: &str, clock: Clock) {
    if progressing(deployment).is_none() {
        let message = format!("Found new replica set \"{name}\"");
        note(deployment, clock, "True", "FoundNewReplicaSet", &message);
    }
}

/// The ReplicaSet could not be made.
pub(super) fn note_refused(deployment: &mut Deployment, why: &str, clock: Clock) {
    note(deployment, clock, "False", "ReplicaSetCreateError", why);
}

fn note(deployment: &mut Deployment, clock: Clock, value: &str, reason: &str, message: &str) {
    let status = deployment.status.get_or_insert_default();
    let mut conditions = Conditions::of(status, clock);
    conditions.set("Progressing", value, reason, message);
    status.conditions = Some(conditions.list);
}

/// Upstream leaves zeros out.
fn some(count: i32) -> Option<i32> {
    (count != 0).then_some(count)
}

fn status(
    set: &ReplicaSet,
    count: impl FnOnce(&k8s_openapi::api::apps::v1::ReplicaSetStatus) -> Option<i32>,
) -> i32 {
    set.status.as_ref().and_then(count).unwrap_or(0)
}

struct Conditions {
    list: Vec<DeploymentCondition>,
    clock: Clock,
}

impl Conditions {
    fn of(status: &DeploymentStatus, clock: Clock) -> Self {
        Self {
            list: status.conditions.clone().unwrap_or_default(),
            clock,
        }
    }

    fn get(&self, kind: &str) -> Option<&DeploymentCondition> {
        self.list.iter().find(|condition| condition.type_ == kind)
    }

    /// `SetDeploymentCondition`: nothing happens unless status or reason differ.
    fn set(&mut self, kind: &str, status: &str, reason: &str, message: &str) {
        let old = self.get(kind);
        if old.is_some_and(|old| old.status == status && old.reason.as_deref() == Some(reason)) {
            return;
        }
        let now = Some(self.clock.time());
        let since = old
            .filter(|old| old.status == status)
            .and_then(|old| old.last_transition_time.clone());
        self.list.retain(|condition| condition.type_ != kind);
        self.list.push(DeploymentCondition {
            type_: kind.to_owned(),
            status: status.to_owned(),
            reason: Some(reason.to_owned()),
            message: Some(message.to_owned()),
            last_update_time: now.clone(),
            last_transition_time: since.or(now),
        });
    }

    /// `ReplicaFailure` is the one of a ReplicaSet, of the new one first (`getReplicaFailures`).
    fn copy_failure(&mut self, sets: &ReplicaSets) {
        let failure = sets
            .new
            .iter()
            .chain(&sets.old)
            .filter_map(|set| set.status.as_ref()?.conditions.as_ref())
            .flatten()
            .find(|condition| condition.type_ == "ReplicaFailure");
        match failure {
            Some(failure) => self.set(
                "ReplicaFailure",
                &failure.status,
                failure.reason.as_deref().unwrap_or(""),
                failure.message.as_deref().unwrap_or(""),
            ),
            None => self
                .list
                .retain(|condition| condition.type_ != "ReplicaFailure"),
        }
    }

    /// The condition Progressing; its deadline while the rollout goes on (`syncRolloutStatus`).
    fn progress(
        &mut self,
        spec: &DeploymentSpec,
        named: &str,
        complete: bool,
        progressed: bool,
        alone: bool,
    ) -> Option<Timestamp> {
        let reason = |conditions: &Self| conditions.get("Progressing")?.reason.clone();
        if alone && reason(self).as_deref() == Some("NewReplicaSetAvailable") {
            // Once complete, a change of scale is no rollout.
            return None;
        }
        if complete {
            let message = format!("{named} has successfully progressed.");
            self.set("Progressing", "True", "NewReplicaSetAvailable", &message);
            return None;
        }
        if progressed {
            let since = self
                .get("Progressing")
                .filter(|present| present.status == "True")
                .and_then(|present| present.last_transition_time.clone());
            let now = Some(self.clock.time());
            self.list
                .retain(|condition| condition.type_ != "Progressing");
            self.list.push(DeploymentCondition {
                type_: "Progressing".to_owned(),
                status: "True".to_owned(),
                reason: Some("ReplicaSetUpdated".to_owned()),
                message: Some(format!("{named} is progressing.")),
                last_update_time: now.clone(),
                last_transition_time: since.or(now),
            });
        }
        self.deadline(spec, named)
    }

    /// `DeploymentTimedOut`: neither a complete rollout nor one that timed out already has a deadline.
    fn deadline(&mut self, spec: &DeploymentSpec, named: &str) -> Option<Timestamp> {
        let limit =
            SignedDuration::from_secs(i64::from(spec.progress_deadline_seconds.unwrap_or(600)));
        let present = self.get("Progressing")?;
        if matches!(
            present.reason.as_deref(),
            Some("NewReplicaSetAvailable" | "ProgressDeadlineExceeded")
        ) {
            return None;
        }
        let since = present.last_update_time.as_ref()?.0;
        let deadline = since.checked_add(limit).ok()?;
        if self.clock.now() <= deadline {
            // Upstream looks again a second later (`requeueStuckDeployment`).
            return Some(deadline + SignedDuration::from_secs(1));
        }
        let message = format!("{named} has timed out progressing.");
        self.set("Progressing", "False", "ProgressDeadlineExceeded", &message);
        None
    }
}
