//! Keeps a ReplicaSet's pods at its number: creates in slow-start batches, chooses victims by upstream's ranking.
//!
//! Upstream: `pkg/controller/replicaset/replica_set.go`.

mod ranking;

use std::sync::Arc;

use k8s_openapi::api::apps::v1::{ReplicaSet, ReplicaSetCondition, ReplicaSetStatus};
use k8s_openapi::api::core::v1::Pod;
use k8s_openapi::jiff::Timestamp;
use tokio::time::Duration;

use super::Controller;
use super::ownership::{
    Labels, claim, controlled, controller_of, former_owner_key, has_ended, is_active, owner_key,
    pod_from_template, ready_since, selects, uid,
};
use super::queue::{Key, WorkQueue};
use super::recorder::{Kind, Recorder, reference};
use crate::status::{Result, Status};
use crate::store::resource::{PODS, REPLICA_SETS};
use crate::store::{Change, ChangeType, DeleteOptions, Store};

/// Pods that are created or deleted in one go (`BurstReplicas`).
const BURST_REPLICAS: usize = 500;

pub(super) struct ReplicaSetController {
    store: Arc<Store>,
    queue: WorkQueue,
    recorder: Recorder,
}

impl ReplicaSetController {
    pub(super) fn new(store: Arc<Store>) -> Self {
        Self {
            queue: WorkQueue::default(),
            recorder: Recorder::new(Arc::clone(&store), "replicaset-controller"),
            store,
        }
    }

    /// Creates or deletes until there are as many as wanted (`manageReplicas`).
    fn manage(&mut self, set: &ReplicaSet, active: &[&Pod], key: &Key) -> Result<()> {
        let wanted = usize::try_from(replicas(set)).unwrap_or_default();
        if active.len() < wanted {
            return self.create((wanted - active.len()).min(BURST_REPLICAS), set);
        }
        let surplus = (active.len() - wanted).min(BURST_REPLICAS);
        if surplus == 0 {
            return Ok(());
        }
        let crowds = ranking::crowds(&self.relatives(set, key));
        for pod in ranking::victims(active, surplus, &crowds, self.store.clock().now()) {
            let name = pod.metadata.name.as_deref().unwrap_or("");
            let options = DeleteOptions {
                uid: pod.metadata.uid.clone(),
                ..DeleteOptions::default()
            };
            match self.store.delete::<Pod>(&key.namespace, name, &options) {
                Ok(_) => self.recorder.event(
                    &reference(set),
                    Kind::Normal,
                    "SuccessfulDelete",
                    &format!("Deleted pod: {name}"),
                ),
                Err(error) if error.is_not_found() => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// The active pods of all ReplicaSets of the same Deployment (`getIndirectlyRelatedPods`).
    fn relatives(&self, set: &ReplicaSet, key: &Key) -> Vec<Pod> {
        let sets = match controller_of(&set.metadata) {
            Some(owner) => controlled(&self.store, &key.namespace, &owner.uid),
            None => vec![set.clone()],
        };
        let pods = sets.iter().flat_map(|set: &ReplicaSet| {
            controlled::<Pod>(&self.store, &key.namespace, uid(&set.metadata))
        });
        pods.filter(is_active).collect()
    }

    /// ReplicaSets that would take a pod that nobody controls.
    fn queue_adopters(&mut self, change: &Change) {
        let labels = &change.object["metadata"]["labels"];
        let labels: Labels = serde_json::from_value(labels.clone()).unwrap_or_default();
        for set in self.store.list::<ReplicaSet>(Some(change.namespace())) {
            let matches = set
                .spec
                .as_ref()
                .is_some_and(|spec| selects(&spec.selector, Some(&labels)));
            if matches && let Some(name) = set.metadata.name {
                self.queue.add(Key::new(change.namespace(), name));
            }
        }
    }

    /// One, then twice as many each time, so that a full quota costs one failed try, not a hundred
    /// (`slowStartBatch`, `SlowStartInitialBatchSize` in `pkg/controller/controller_utils.go`).
    fn create(&mut self, count: usize, set: &ReplicaSet) -> Result<()> {
        let Some(template) = set.spec.as_ref().and_then(|spec| spec.template.as_ref()) else {
            return Ok(());
        };
        let pod = pod_from_template(set, template);
        let (mut remaining, mut batch) = (count, 1);
        while remaining > 0 {
            let size = batch.min(remaining);
            let mut failure = None;
            for _ in 0..size {
                match self.store.create(&pod) {
                    Ok(pod) => self.recorder.event(
                        &reference(set),
                        Kind::Normal,
                        "SuccessfulCreate",
                        &format!(
                            "Created pod: {}",
                            pod.metadata.name.as_deref().unwrap_or("")
                        ),
                    ),
                    Err(error) if is_namespace_terminating(&error) => return Ok(()),
                    Err(error) => {
                        self.recorder.event(
                            &reference(set),
                            Kind::Warning,
                            "FailedCreate",
                            &format!("Error creating: {error}"),
                        );
                        failure = Some(error);
                    }
                }
            }
            if let Some(error) = failure {
                return Err(error);
            }
            remaining -= size;
            batch *= 2;
        }
        Ok(())
    }

    /// The status of the pods as they were before they were managed (`calculateStatus`), and when it will change by
    /// itself.
    fn write_status(
        &self,
        key: &Key,
        set: &ReplicaSet,
        pods: &[Pod],
        failure: Option<&Status>,
    ) -> Result<Option<Duration>> {
        let now = self.store.clock().now();
        let min_ready = set
            .spec
            .as_ref()
            .and_then(|spec| spec.min_ready_seconds)
            .unwrap_or(0);
        let active: Vec<&Pod> = pods.iter().filter(|pod| is_active(pod)).collect();
        let ready_for: Vec<i64> = active
            .iter()
            .filter_map(|pod| Some(now.duration_since(ready_since(pod)?.0).as_secs()))
            .collect();
        let available = ready_for
            .iter()
            .filter(|seconds| **seconds >= i64::from(min_ready))
            .count();
        let terminating = pods
            .iter()
            .filter(|pod| pod.metadata.deletion_timestamp.is_some() && !has_ended(pod))
            .count();
        self.store
            .modify::<ReplicaSet>(&key.namespace, &key.name, |set| {
                let old = set.status.take().unwrap_or_default();
                set.status = Some(ReplicaSetStatus {
                    replicas: count(active.len()),
                    fully_labeled_replicas: Some(count(active.len())),
                    ready_replicas: Some(count(ready_for.len())),
                    available_replicas: Some(count(available)),
                    terminating_replicas: Some(count(terminating)),
                    observed_generation: set.metadata.generation,
                    conditions: conditions(old.conditions, failure, now),
                });
            })?;
        let soonest = ready_for
            .iter()
            .map(|seconds| i64::from(min_ready) - seconds)
            .filter(|left| *left > 0)
            .min();
        Ok(soonest.and_then(|left| u64::try_from(left).ok().map(Duration::from_secs)))
    }
}

impl Controller for ReplicaSetController {
    fn name(&self) -> &'static str {
        "replicaset"
    }

    fn observe(&mut self, change: &Change) {
        if *change.resource == REPLICA_SETS {
            if change.change_type == ChangeType::Deleted {
                self.queue.remove(&Key::of(change));
            } else {
                self.queue.add(Key::of(change));
            }
        } else if *change.resource == PODS {
            self.queue.add_all(former_owner_key(change, "ReplicaSet"));
            if let Some(key) = owner_key(change, "ReplicaSet") {
                self.queue.add(key);
            } else if is_orphan_to_look_at(change) {
                self.queue_adopters(change);
            }
        }
    }

    fn queue(&mut self) -> &mut WorkQueue {
        &mut self.queue
    }

    fn reconcile(&mut self, key: &Key) -> Result<()> {
        let Some(set) = self.store.get::<ReplicaSet>(&key.namespace, &key.name) else {
            return Ok(());
        };
        let selector = set.spec.as_ref().map(|spec| spec.selector.clone());
        let pods: Vec<Pod> = claim(&self.store, &set, &selector.unwrap_or_default())?;
        let managed = if set.metadata.deletion_timestamp.is_none() {
            let active: Vec<&Pod> = pods.iter().filter(|pod| is_active(pod)).collect();
            self.manage(&set, &active, key)
        } else {
            Ok(())
        };
        if let Some(delay) = self.write_status(key, &set, &pods, managed.as_ref().err())? {
            self.queue.add_after(key.clone(), delay);
        }
        managed
    }
}

/// A pod without a controller that is new or has other labels or owners than before.
fn is_orphan_to_look_at(change: &Change) -> bool {
    let of = |object: &serde_json::Value| {
        [
            object["metadata"]["labels"].clone(),
            object["metadata"]["ownerReferences"].clone(),
        ]
    };
    let controlled = change.object["metadata"]["ownerReferences"]
        .as_array()
        .is_some_and(|owners| owners.iter().any(|owner| owner["controller"] == true));
    !controlled
        && change.change_type != ChangeType::Deleted
        && change
            .old
            .as_ref()
            .is_none_or(|old| of(old) != of(&change.object))
}

/// The API server's refusal while the namespace goes away; trying again would be of no use.
pub(super) fn is_namespace_terminating(error: &Status) -> bool {
    error.details["causes"][0]["reason"] == "NamespaceTerminating"
}

fn replicas(set: &ReplicaSet) -> i32 {
    set.spec
        .as_ref()
        .and_then(|spec| spec.replicas)
        .unwrap_or(1)
}

fn count(pods: usize) -> i32 {
    i32::try_from(pods).unwrap_or(i32::MAX)
}

/// `ReplicaFailure` is there as long as creating fails; the message of the first failure stays.
fn conditions(
    old: Option<Vec<ReplicaSetCondition>>,
    failure: Option<&Status>,
    now: Timestamp,
) -> Option<Vec<ReplicaSetCondition>> {
    let mut conditions = old.unwrap_or_default();
    let present = conditions
        .iter()
        .any(|condition| condition.type_ == "ReplicaFailure");
    match failure {
        Some(failure) if !present => conditions.push(ReplicaSetCondition {
            type_: "ReplicaFailure".to_owned(),
            status: "True".to_owned(),
            reason: Some("FailedCreate".to_owned()),
            message: Some(failure.message.clone()),
            last_transition_time: Some(k8s_openapi::apimachinery::pkg::apis::meta::v1::Time(
                crate::clock::truncate_to_seconds(now),
            )),
        }),
        Some(_) => {}
        None => conditions.retain(|condition| condition.type_ != "ReplicaFailure"),
    }
    (!conditions.is_empty()).then_some(conditions)
}
