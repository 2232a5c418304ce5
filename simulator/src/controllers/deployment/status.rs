//! A Deployment's status from its ReplicaSets. Called by the Deployment controller; pure but for the clock it is given.
//!
//! Upstream: `calculateStatus` in `sync.go` and `syncRolloutStatus` in `progress.go` of `pkg/controller/deployment/`.

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::apps::v1::{
    Deployment, DeploymentCondition, DeploymentSpec, DeploymentStatus, ReplicaSet,
};

use super::rollout::max_unavailable;
use crate::clock::Clock;

/// Writes the status; the time at which the rollout will have taken too long, if it is still going on.
pub(super) fn write(
    deployment: &mut Deployment,
    spec: &DeploymentSpec,
    new: &ReplicaSet,
    old: &[ReplicaSet],
    clock: Clock,
) -> Option<Timestamp> {
    let before = deployment.status.take().unwrap_or_default();
    let sets = || old.iter().chain([new]);
    let sum = |count: fn(&ReplicaSet) -> i32| sets().map(count).sum::<i32>();
    let replicas = sum(|set| set.status.as_ref().map_or(0, |status| status.replicas));
    let ready = sum(|set| status(set, |status| status.ready_replicas));
    let available = sum(|set| status(set, |status| status.available_replicas));
    let terminating = sum(|set| status(set, |status| status.terminating_replicas));
    let updated = new.status.as_ref().map_or(0, |status| status.replicas);
    let wanted = spec.replicas.unwrap_or(1);

    let mut conditions = Conditions {
        list: before.conditions.clone().unwrap_or_default(),
        clock,
    };
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
    let failure = sets()
        .filter_map(|set| set.status.as_ref()?.conditions.as_ref())
        .flatten()
        .find(|condition| condition.type_ == "ReplicaFailure");
    match failure {
        Some(failure) => conditions.set(
            "ReplicaFailure",
            &failure.status,
            failure.reason.as_deref().unwrap_or(""),
            failure.message.as_deref().unwrap_or(""),
        ),
        None => conditions
            .list
            .retain(|condition| condition.type_ != "ReplicaFailure"),
    }

    let name = new.metadata.name.as_deref().unwrap_or("");
    let complete = updated == wanted && replicas == wanted && available >= wanted;
    let progressed = updated > before.updated_replicas.unwrap_or(0)
        || replicas - updated < before.replicas.unwrap_or(0) - before.updated_replicas.unwrap_or(0)
        || ready > before.ready_replicas.unwrap_or(0)
        || available > before.available_replicas.unwrap_or(0);
    let deadline = conditions.progress(spec, name, complete, progressed, replicas == updated);

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

    /// The condition Progressing; its deadline while the rollout goes on.
    fn progress(
        &mut self,
        spec: &DeploymentSpec,
        name: &str,
        complete: bool,
        progressed: bool,
        alone: bool,
    ) -> Option<Timestamp> {
        let limit =
            SignedDuration::from_secs(i64::from(spec.progress_deadline_seconds.unwrap_or(600)));
        let present = self.get("Progressing");
        let finished = present
            .is_some_and(|present| present.reason.as_deref() == Some("NewReplicaSetAvailable"))
            && alone;
        if finished {
            // Once complete, a change of scale is no rollout.
            return None;
        }
        if complete {
            self.set(
                "Progressing",
                "True",
                "NewReplicaSetAvailable",
                &format!("ReplicaSet \"{name}\" has successfully progressed."),
            );
            return None;
        }
        if present.is_none() {
            self.set(
                "Progressing",
                "True",
                "NewReplicaSetCreated",
                &format!("Created new replica set \"{name}\""),
            );
        } else if progressed {
            let message = format!("ReplicaSet \"{name}\" is progressing.");
            self.set("Progressing", "True", "ReplicaSetUpdated", &message);
            if let Some(condition) = self
                .list
                .iter_mut()
                .find(|condition| condition.type_ == "Progressing")
            {
                condition.last_update_time = Some(self.clock.time());
                condition.message = Some(message);
            }
        }
        let since = self.get("Progressing")?.last_update_time.as_ref()?.0;
        let deadline = since.checked_add(limit).ok()?;
        if self.clock.now() < deadline {
            return Some(deadline);
        }
        self.set(
            "Progressing",
            "False",
            "ProgressDeadlineExceeded",
            &format!("ReplicaSet \"{name}\" has timed out progressing."),
        );
        None
    }
}
