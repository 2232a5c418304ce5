//! Turns a Deployment into ReplicaSets, and rolls from one to the next when its template changes.
//!
//! Upstream: `pkg/controller/deployment/` (`deployment_controller.go`, `sync.go`, `rolling.go`, `recreate.go`).

mod replica_sets;
mod revision;
mod rollout;
mod status;
mod template;

use std::sync::Arc;

use jiff::Timestamp;
use k8s_openapi::api::apps::v1::{Deployment, DeploymentSpec, ReplicaSet};
use k8s_openapi::api::core::v1::Pod;

use super::Controller;
use super::ownership::{controlled, former_owner_key, has_ended, owner_key, selects, uid};
use super::queue::{Key, WorkQueue};
use super::recorder::Recorder;
use crate::status::Result;
use crate::store::resource::{DEPLOYMENTS, REPLICA_SETS};
use crate::store::{Change, ChangeType, Store};

use replica_sets::ReplicaSets;

pub(super) struct DeploymentController {
    store: Arc<Store>,
    queue: WorkQueue,
    recorder: Recorder,
}

/// What a sync works on.
struct Sync<'a> {
    key: &'a Key,
    deployment: &'a Deployment,
    spec: &'a DeploymentSpec,
}

impl DeploymentController {
    pub(super) fn new(store: Arc<Store>) -> Self {
        Self {
            queue: WorkQueue::default(),
            recorder: Recorder::new(Arc::clone(&store), "deployment-controller"),
            store,
        }
    }

    /// Paused, or scaled: the sizes follow the Deployment, nothing rolls (`sync`).
    fn resize(&mut self, sync: &Sync<'_>) -> Result<()> {
        let mut sets = ReplicaSets::find(&self.store, sync)?;
        let all = sets.all();
        let new = sets.new.as_ref().map(|_| all.len() - 1);
        let pods = all.iter().map(rollout::existing).sum();
        let sizes = rollout::scaled(sync.spec, pods, &all, new);
        for (set, size) in sets.all_mut().zip(sizes) {
            // Only those that have or get pods are touched.
            if rollout::wanted(set) > 0 || size > 0 {
                replica_sets::scale(&self.store, &mut self.recorder, sync, set, size)?;
            }
        }
        if sync.spec.paused == Some(true) {
            replica_sets::clean_up(&self.store, sync.spec, &sets.old)?;
        }
        self.write_status(sync, &sets, false).map(drop)
    }

    /// One step of a rolling update (`rolloutRolling`).
    fn roll(&mut self, sync: &Sync<'_>) -> Result<Option<Timestamp>> {
        let mut sets = ReplicaSets::find(&self.store, sync)?;
        let new = sets.ensure_new(&self.store, &mut self.recorder, sync)?;
        let present = rollout::wanted(&new);
        let wanted = rollout::new_replicas(sync.spec, present, &sets.old);
        let mut scaled = present != wanted;
        if scaled {
            let (store, recorder) = (&self.store, &mut self.recorder);
            if let Some(new) = &mut sets.new {
                replica_sets::scale(store, recorder, sync, new, wanted)?;
            }
        } else {
            let sizes = rollout::shrink(sync.spec, &new, &sets.old);
            for (set, size) in sets.old.iter_mut().zip(sizes) {
                if rollout::wanted(set) != size {
                    scaled = true;
                    replica_sets::scale(&self.store, &mut self.recorder, sync, set, size)?;
                }
            }
        }
        if !scaled && status::is_complete(sync.deployment) {
            replica_sets::clean_up(&self.store, sync.spec, &sets.old)?;
        }
        self.write_status(sync, &sets, true)
    }

    /// The old pods go, all of them, before the new ReplicaSet comes (`rolloutRecreate`).
    fn recreate(&mut self, sync: &Sync<'_>) -> Result<Option<Timestamp>> {
        let mut sets = ReplicaSets::find(&self.store, sync)?;
        let mut scaled = false;
        for set in &mut sets.old {
            if rollout::wanted(set) > 0 {
                scaled = true;
                replica_sets::scale(&self.store, &mut self.recorder, sync, set, 0)?;
            }
        }
        if !scaled && !self.old_pods_run(sync.key, &sets.old) {
            let new = sets.ensure_new(&self.store, &mut self.recorder, sync)?;
            let wanted = rollout::replicas(sync.spec);
            if rollout::wanted(&new) != wanted
                && let Some(new) = &mut sets.new
            {
                replica_sets::scale(&self.store, &mut self.recorder, sync, new, wanted)?;
            }
            if status::is_complete(sync.deployment) {
                replica_sets::clean_up(&self.store, sync.spec, &sets.old)?;
            }
        }
        self.write_status(sync, &sets, true)
    }

    /// Pods that are being deleted run, too (`oldPodsRunning`).
    fn old_pods_run(&self, key: &Key, old: &[ReplicaSet]) -> bool {
        old.iter().any(|set| {
            rollout::existing(set) > 0
                || controlled::<Pod>(&self.store, &key.namespace, uid(&set.metadata))
                    .iter()
                    .any(|pod| !has_ended(pod))
        })
    }

    /// The time at which a rollout that goes on will have taken too long.
    fn write_status(
        &self,
        sync: &Sync<'_>,
        sets: &ReplicaSets,
        rolls: bool,
    ) -> Result<Option<Timestamp>> {
        let now = self.store.clock();
        let mut deadline = None;
        self.store
            .modify::<Deployment>(&sync.key.namespace, &sync.key.name, |deployment| {
                deadline = status::write(deployment, sync.spec, sets, rolls, now);
            })?;
        Ok(deadline)
    }

    /// The condition of a pause; upstream writes it before anything else (`checkPausedConditions`).
    fn note_pause(&self, sync: &Sync<'_>) -> Result<()> {
        let paused = sync.spec.paused == Some(true);
        if !status::pause_is_news(sync.deployment, paused) {
            return Ok(());
        }
        let now = self.store.clock();
        self.store
            .modify::<Deployment>(&sync.key.namespace, &sync.key.name, |deployment| {
                status::note_pause(deployment, paused, now);
            })?;
        Ok(())
    }

    /// Deployments that would take an orphaned ReplicaSet with these labels.
    fn queue_adopters(&mut self, change: &Change) {
        let set = self
            .store
            .get::<ReplicaSet>(change.namespace(), change.name());
        let Some(set) = set else { return };
        for deployment in self.store.list::<Deployment>(Some(change.namespace())) {
            let matches = deployment
                .spec
                .as_ref()
                .is_some_and(|spec| selects(&spec.selector, set.metadata.labels.as_ref()));
            if matches && let Some(name) = deployment.metadata.name {
                self.queue.add(Key::new(change.namespace(), name));
            }
        }
    }
}

impl Controller for DeploymentController {
    fn name(&self) -> &'static str {
        "deployment"
    }

    fn observe(&mut self, change: &Change) {
        if *change.resource == DEPLOYMENTS {
            if change.change_type == ChangeType::Deleted {
                self.queue.remove(&Key::of(change));
            } else {
                self.queue.add(Key::of(change));
            }
        } else if *change.resource == REPLICA_SETS {
            self.queue.add_all(former_owner_key(change, "Deployment"));
            match owner_key(change, "Deployment") {
                Some(key) => self.queue.add(key),
                None if change.change_type != ChangeType::Deleted => self.queue_adopters(change),
                None => {}
            }
        }
    }

    fn queue(&mut self) -> &mut WorkQueue {
        &mut self.queue
    }

    fn reconcile(&mut self, key: &Key) -> Result<()> {
        let Some(deployment) = self.store.get::<Deployment>(&key.namespace, &key.name) else {
            return Ok(());
        };
        let Some(spec) = deployment.spec.clone() else {
            return Ok(());
        };
        if deployment.metadata.deletion_timestamp.is_some() {
            return Ok(());
        }
        let sync = Sync {
            key,
            deployment: &deployment,
            spec: &spec,
        };
        self.note_pause(&sync)?;
        let owned: Vec<ReplicaSet> =
            controlled(&self.store, &key.namespace, uid(&deployment.metadata));
        let deadline = if spec.paused == Some(true) || rollout::was_scaled(&spec, &owned) {
            self.resize(&sync)?;
            None
        } else if rollout::recreates(&spec) {
            self.recreate(&sync)?
        } else {
            self.roll(&sync)?
        };
        if let Some(deadline) = deadline {
            let at = self.store.clock().instant_of(deadline);
            self.queue.add_at(key.clone(), at);
        }
        Ok(())
    }
}
