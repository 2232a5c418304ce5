//! Runs a Job's pods to their end, counts them by their finalizer, and says how the Job ended.
//!
//! Upstream: `pkg/controller/job/job_controller.go` (`syncJob`) and `pkg/controller/ttlafterfinished/`.

mod pods;
mod status;

use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::batch::v1::{Job, JobSpec, JobStatus};
use k8s_openapi::api::core::v1::Pod;
use serde::Deserialize;
use tokio::time::Duration;

use super::Controller;
use super::ownership::{controlled, controller_of, is_active, owner_key, ready_since, uid};
use super::queue::{Key, WorkQueue};
use super::recorder::{Kind, Recorder, reference};
use crate::status::Result;
use crate::store::resource::{JOBS, PODS};
use crate::store::{Change, ChangeType, DeleteOptions, Propagation, Store};

use status::{Outcome, Progress};

/// Changes of pods are collected for this long (`SyncJobBatchPeriod`).
const BATCH_PERIOD: Duration = Duration::from_secs(1);
/// First and longest delay after the API server refused a pod (`DefaultJobApiBackOff`, `MaxJobApiBackOff`).
const API_BACKOFF: Duration = Duration::from_secs(1);
const MAX_API_BACKOFF: Duration = Duration::from_secs(60);

pub(super) struct JobController {
    store: Arc<Store>,
    queue: WorkQueue,
    recorder: Recorder,
    /// How often in a row the API server refused a pod.
    refusals: HashMap<Key, u32>,
}

impl JobController {
    pub(super) fn new(store: Arc<Store>) -> Self {
        Self {
            queue: WorkQueue::default(),
            recorder: Recorder::new(Arc::clone(&store), "job-controller"),
            store,
            refusals: HashMap::new(),
        }
    }

    /// A pod whose Job is gone is counted by nobody (`orphan` handling of `syncOrphanPod`).
    fn release_orphans(&self, key: &Key) -> Result<()> {
        let tracked = |object: &serde_json::Value| {
            object["metadata"]["finalizers"]
                .as_array()
                .is_some_and(|list| list.iter().any(|f| f == pods::TRACKING_FINALIZER))
        };
        for value in self
            .store
            .filter_values(&PODS, Some(&key.namespace), tracked)
        {
            let Ok(pod) = Pod::deserialize(&*value) else {
                continue;
            };
            let owner = controller_of(&pod.metadata).filter(|owner| owner.kind == "Job");
            let alive = owner.is_some_and(|owner| {
                self.store
                    .get::<Job>(&key.namespace, &owner.name)
                    .is_some_and(|job| {
                        job.metadata.uid.as_deref() == Some(&owner.uid)
                            && job.metadata.deletion_timestamp.is_none()
                    })
            });
            if !alive {
                pods::release(&self.store, &pod)?;
            }
        }
        Ok(())
    }

    /// Deletes a Job whose time to live after its end is over; else comes back then.
    fn expire(&mut self, key: &Key, job: &Job, spec: &JobSpec, now: Timestamp) -> Result<()> {
        let (Some(ttl), Some(end)) = (
            spec.ttl_seconds_after_finished,
            job.status.as_ref().and_then(status::finished_at),
        ) else {
            return Ok(());
        };
        let expiry = end + SignedDuration::from_secs(i64::from(ttl));
        if now < expiry {
            let at = self.store.clock().instant_of(expiry);
            self.queue.add_at(key.clone(), at);
            return Ok(());
        }
        let options = DeleteOptions {
            propagation: Some(Propagation::Foreground),
            uid: job.metadata.uid.clone(),
            ..DeleteOptions::default()
        };
        self.store
            .delete::<Job>(&key.namespace, &key.name, &options)
            .map(drop)
    }

    /// One look at a Job that goes on (`syncJob`).
    fn sync(&mut self, key: &Key, job: &Job, spec: &JobSpec, now: Timestamp) -> Result<()> {
        let pods: Vec<Pod> = controlled(&self.store, &key.namespace, uid(&job.metadata));
        let status = job.status.clone().unwrap_or_default();
        let mut progress = Progress::of(&status, &pods);
        let suspended = spec.suspend == Some(true);
        // A Job that is resumed now starts anew.
        let stopped = suspended || status::is_suspended(&status);
        let started = status.start_time.clone().filter(|_| !stopped);
        let deadline = spec
            .active_deadline_seconds
            .zip(started.as_ref())
            .map(|(seconds, started)| started.0 + SignedDuration::from_secs(seconds));
        let outcome = Outcome::intended(&status).or_else(|| {
            let too_long = deadline.is_some_and(|at| at <= now);
            Outcome::of(spec, &progress, &pods, too_long)
        });
        let mut refused = Ok(());
        if let Some(outcome) = outcome {
            self.delete_pods(job, pods.iter().filter(|pod| is_active(pod)), false)?;
            progress.stop();
            if outcome != Outcome::Complete {
                progress.fail_all(&pods);
            }
        } else if suspended {
            self.delete_pods(job, pods.iter().filter(|pod| is_active(pod)), true)?;
            progress.stop();
        } else {
            if let Some(deadline) = deadline {
                self.queue
                    .add_at(key.clone(), self.store.clock().instant_of(deadline));
            }
            refused = self.manage(key, job, spec, &pods, &mut progress, now);
            if started.is_none() && spec.active_deadline_seconds.is_some() {
                self.queue.add(key.clone());
            }
        }
        self.count(key, job, &pods, progress, outcome, suspended)?;
        refused
    }

    /// Creates what is missing and deletes what is too much (`manageJob`).
    fn manage(
        &mut self,
        key: &Key,
        job: &Job,
        spec: &JobSpec,
        pods: &[Pod],
        progress: &mut Progress,
        now: Timestamp,
    ) -> Result<()> {
        let parallelism = spec.parallelism.unwrap_or(1);
        let wanted = match spec.completions {
            Some(completions) => parallelism.min(completions - progress.all_succeeded()),
            // A work queue: once one has succeeded, no more are started.
            None if progress.all_succeeded() > 0 => progress.active.min(parallelism),
            None => parallelism,
        };
        let surplus = usize::try_from(progress.active - wanted).unwrap_or(0);
        if surplus > 0 {
            let mut active: Vec<&Pod> = pods.iter().filter(|pod| is_active(pod)).collect();
            active.sort_by_key(|pod| (ready_since(pod).is_some(), Reverse(created(pod))));
            self.delete_pods(job, active.into_iter().take(surplus), true)?;
            progress.active = wanted;
            return Ok(());
        }
        let missing = wanted - progress.active;
        if missing <= 0 {
            return Ok(());
        }
        if let Some(allowed) = status::next_try(pods).filter(|allowed| *allowed > now) {
            let at = self.store.clock().instant_of(allowed);
            self.queue.add_at(key.clone(), at);
            return Ok(());
        }
        let (created, refused) = pods::create(&self.store, &mut self.recorder, job, spec, missing);
        progress.active += created;
        match refused {
            None => self.refusals.remove(key),
            Some(_) => {
                let refusals = self.refusals.entry(key.clone()).or_default();
                let delay = API_BACKOFF * 2_u32.saturating_pow((*refusals).min(10));
                *refusals += 1;
                self.queue
                    .add_after(key.clone(), delay.min(MAX_API_BACKOFF));
                None
            }
        };
        Ok(())
    }

    /// `orphan`: the pods are no longer counted, as those of a suspended Job (`deleteJobPods`).
    fn delete_pods<'a>(
        &mut self,
        job: &Job,
        pods: impl Iterator<Item = &'a Pod>,
        orphan: bool,
    ) -> Result<()> {
        for pod in pods {
            if orphan {
                pods::release(&self.store, pod)?;
            }
            pods::delete(&self.store, &mut self.recorder, job, pod)?;
        }
        Ok(())
    }

    /// Writes the status, and counts what has ended: first as uncounted, then, once the finalizers are off, in the
    /// numbers (`trackJobStatusAndRemoveFinalizers`).
    fn count(
        &mut self,
        key: &Key,
        job: &Job,
        pods: &[Pod],
        mut progress: Progress,
        outcome: Option<Outcome>,
        suspended: bool,
    ) -> Result<()> {
        self.write(key, &progress, outcome, false, suspended)?;
        let tracked = pods.iter().filter(|pod| progress.is_uncounted(pod));
        for pod in tracked {
            pods::release(&self.store, pod)?;
        }
        progress.count_uncounted();
        // A Job is finished only when none of its pods is left running.
        let finished = outcome.is_some() && progress.terminating == 0;
        self.write(key, &progress, outcome, finished, suspended)?;
        if let Some(outcome) = outcome.filter(|_| finished) {
            let (kind, reason, message) = outcome.event();
            self.recorder.event(&reference(job), kind, reason, message);
        }
        let was = job.status.as_ref().is_some_and(status::is_suspended);
        let told = match (suspended, was) {
            (true, false) => Some(("Suspended", "Job suspended")),
            (false, true) => Some(("Resumed", "Job resumed")),
            _ => None,
        };
        if let Some((reason, message)) = told {
            self.recorder
                .event(&reference(job), Kind::Normal, reason, message);
        }
        Ok(())
    }

    fn write(
        &self,
        key: &Key,
        progress: &Progress,
        outcome: Option<Outcome>,
        finished: bool,
        suspended: bool,
    ) -> Result<()> {
        let time = self.store.clock().time();
        self.store.modify::<Job>(&key.namespace, &key.name, |job| {
            let old = job.status.take().unwrap_or_default();
            let mut status = JobStatus {
                start_time: old.start_time,
                conditions: old.conditions,
                ..progress.status()
            };
            status::set_suspended(&mut status, suspended, &time);
            if let Some(outcome) = outcome {
                outcome.write(&mut status, finished, &time);
            }
            job.status = Some(status);
        })?;
        Ok(())
    }
}

impl Controller for JobController {
    fn name(&self) -> &'static str {
        "job"
    }

    fn observe(&mut self, change: &Change) {
        if *change.resource == JOBS {
            self.queue.add(Key::of(change));
        } else if *change.resource == PODS
            && let Some(key) = owner_key(change, "Job")
        {
            if change.change_type == ChangeType::Added {
                return;
            }
            self.queue.add_after(key, BATCH_PERIOD);
        }
    }

    fn queue(&mut self) -> &mut WorkQueue {
        &mut self.queue
    }

    fn reconcile(&mut self, key: &Key) -> Result<()> {
        let job = self.store.get::<Job>(&key.namespace, &key.name);
        let Some(job) = job.filter(|job| job.metadata.deletion_timestamp.is_none()) else {
            self.refusals.remove(key);
            return self.release_orphans(key);
        };
        let Some(spec) = job.spec.clone() else {
            return Ok(());
        };
        let now = self.store.clock().now();
        if job.status.as_ref().is_some_and(status::is_finished) {
            return self.expire(key, &job, &spec, now);
        }
        self.sync(key, &job, &spec, now)
    }
}

fn created(pod: &Pod) -> Option<Timestamp> {
    let time = pod.metadata.creation_timestamp.as_ref();
    time.map(|time| time.0)
}
