//! Runs a Job's pods to their end, counts them by their finalizer, and says how the Job ended.
//!
//! Upstream: `pkg/controller/job/job_controller.go` (`syncJob`) and `pkg/controller/ttlafterfinished/`.

mod status;

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::batch::v1::{Job, JobSpec, JobStatus};
use k8s_openapi::api::core::v1::Pod;
use serde::Deserialize;
use tokio::time::Duration;

use super::Controller;
use super::ownership::{
    controlled, controller_of, has_ended, is_active, owner_key, phase, pod_from_template,
    ready_since, uid,
};
use super::queue::{Key, WorkQueue};
use super::recorder::{Kind, Recorder, reference};
use super::replica_set::is_namespace_terminating;
use crate::status::Result;
use crate::store::resource::{JOBS, PODS};
use crate::store::{Change, ChangeType, DeleteOptions, Propagation, Store};

use status::{Outcome, Progress};

/// Keeps a pod until it is counted.
const TRACKING_FINALIZER: &str = "batch.kubernetes.io/job-tracking";
/// Changes of pods are collected for this long (`SyncJobBatchPeriod`).
const BATCH_PERIOD: Duration = Duration::from_secs(1);
/// First and longest delay before a failed pod is followed by another (`DefaultJobPodFailureBackOff`, `MaxJobPodFailureBackOff`).
const FAILURE_BACKOFF: SignedDuration = SignedDuration::from_secs(10);
const MAX_FAILURE_BACKOFF: SignedDuration = SignedDuration::from_mins(10);

pub(super) struct JobController {
    store: Arc<Store>,
    queue: WorkQueue,
    recorder: Recorder,
}

impl JobController {
    pub(super) fn new(store: Arc<Store>) -> Self {
        Self {
            queue: WorkQueue::default(),
            recorder: Recorder::new(Arc::clone(&store), "job-controller"),
            store,
        }
    }

    /// Takes the finalizer off a pod, so that it can go.
    fn release(&self, namespace: &str, pod: &str) -> Result<()> {
        self.store.modify::<Pod>(namespace, pod, |pod| {
            if let Some(finalizers) = &mut pod.metadata.finalizers {
                finalizers.retain(|finalizer| finalizer != TRACKING_FINALIZER);
                if finalizers.is_empty() {
                    pod.metadata.finalizers = None;
                }
            }
        })?;
        Ok(())
    }

    /// A pod whose Job is gone is counted by nobody (`orphan` handling of `syncOrphanPod`).
    fn release_orphans(&self, key: &Key) -> Result<()> {
        let tracked = |object: &serde_json::Value| {
            object["metadata"]["finalizers"]
                .as_array()
                .is_some_and(|list| list.iter().any(|f| f == TRACKING_FINALIZER))
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
                self.release(&key.namespace, pod.metadata.name.as_deref().unwrap_or(""))?;
            }
        }
        Ok(())
    }

    /// Counts pods that have ended, once each: counting and release are one step here, so there is nothing uncounted.
    fn count_ended(&self, key: &Key, pods: &[Pod], progress: &mut Progress) -> Result<()> {
        for pod in pods {
            let tracked = pod
                .metadata
                .finalizers
                .iter()
                .flatten()
                .any(|finalizer| finalizer == TRACKING_FINALIZER);
            if !tracked || !has_ended(pod) {
                continue;
            }
            if phase(pod) == "Succeeded" {
                progress.succeeded += 1;
            } else {
                progress.failed += 1;
            }
            self.release(&key.namespace, pod.metadata.name.as_deref().unwrap_or(""))?;
        }
        Ok(())
    }

    fn create_pods(&mut self, job: &Job, spec: &JobSpec, count: i32) -> Result<()> {
        let name = job.metadata.name.clone().unwrap_or_default();
        let job_uid = uid(&job.metadata).to_owned();
        let mut pod = pod_from_template(job, &spec.template);
        pod.metadata.labels.get_or_insert_default().extend([
            (
                "batch.kubernetes.io/controller-uid".to_owned(),
                job_uid.clone(),
            ),
            ("batch.kubernetes.io/job-name".to_owned(), name.clone()),
            ("controller-uid".to_owned(), job_uid),
            ("job-name".to_owned(), name),
        ]);
        pod.metadata
            .finalizers
            .get_or_insert_default()
            .push(TRACKING_FINALIZER.to_owned());
        for _ in 0..count {
            match self.store.create(&pod) {
                Ok(pod) => {
                    let name = pod.metadata.name.as_deref().unwrap_or("");
                    self.recorder.event(
                        &reference(job),
                        Kind::Normal,
                        "SuccessfulCreate",
                        &format!("Created pod: {name}"),
                    );
                }
                Err(error) if is_namespace_terminating(&error) => return Ok(()),
                Err(error) => {
                    self.recorder.event(
                        &reference(job),
                        Kind::Warning,
                        "FailedCreate",
                        &format!("Error creating: {error}"),
                    );
                    return Err(error);
                }
            }
        }
        Ok(())
    }

    fn delete_pods(&mut self, job: &Job, pods: &[Pod]) -> Result<()> {
        for pod in pods.iter().filter(|pod| is_active(pod)) {
            let namespace = pod.metadata.namespace.as_deref().unwrap_or("");
            let name = pod.metadata.name.as_deref().unwrap_or("");
            self.store
                .delete::<Pod>(namespace, name, &DeleteOptions::default())?;
            self.recorder.event(
                &reference(job),
                Kind::Normal,
                "SuccessfulDelete",
                &format!("Deleted pod: {name}"),
            );
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

    /// Pods to create now; if it is too early after a failure, the time at which it is not.
    fn missing(
        spec: &JobSpec,
        progress: &Progress,
        last_failure: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<i32, Timestamp> {
        let parallelism = spec.parallelism.unwrap_or(1);
        let left = spec
            .completions
            .map_or(parallelism, |completions| completions - progress.succeeded);
        let missing = (parallelism.min(left) - progress.active).max(0);
        if missing == 0 || progress.failed == 0 {
            return Ok(missing);
        }
        let doublings = u32::try_from(progress.failed - 1).unwrap_or(0).min(10);
        let delay = FAILURE_BACKOFF
            .saturating_mul(2_i32.saturating_pow(doublings))
            .min(MAX_FAILURE_BACKOFF);
        match last_failure.map(|failure| failure + delay) {
            Some(allowed) if allowed > now => Err(allowed),
            _ => Ok(missing),
        }
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
            return self.release_orphans(key);
        };
        let Some(spec) = job.spec.clone() else {
            return Ok(());
        };
        let now = self.store.clock().now();
        if job.status.as_ref().is_some_and(status::is_finished) {
            return self.expire(key, &job, &spec, now);
        }
        let pods: Vec<Pod> = controlled(&self.store, &key.namespace, uid(&job.metadata));
        let mut progress = Progress::of(job.status.as_ref());
        self.count_ended(key, &pods, &mut progress)?;
        let active: Vec<&Pod> = pods.iter().filter(|pod| is_active(pod)).collect();
        progress.active = count(active.len());
        progress.ready = count(
            active
                .iter()
                .filter(|pod| ready_since(pod).is_some())
                .count(),
        );
        progress.terminating = count(
            pods.iter()
                .filter(|pod| pod.metadata.deletion_timestamp.is_some() && !has_ended(pod))
                .count(),
        );

        let started = job
            .status
            .as_ref()
            .and_then(|status| status.start_time.clone());
        let suspended = spec.suspend == Some(true);
        let deadline = spec
            .active_deadline_seconds
            .zip(started.as_ref())
            .map(|(seconds, started)| started.0 + SignedDuration::from_secs(seconds));
        let outcome = Outcome::of(&spec, &progress, deadline.is_some_and(|at| at <= now));
        if outcome.is_some() || suspended {
            self.delete_pods(&job, &pods)?;
            progress.terminating += progress.active;
            progress.active = 0;
            progress.ready = 0;
        } else {
            if let Some(deadline) = deadline {
                let at = self.store.clock().instant_of(deadline);
                self.queue.add_at(key.clone(), at);
            }
            let last_failure = pods.iter().filter_map(status::failed_at).max();
            match Self::missing(&spec, &progress, last_failure, now) {
                Ok(missing) => {
                    // The start is written even when no pod can be created, so that the deadline counts.
                    let created = self.create_pods(&job, &spec, missing);
                    if created.is_ok() {
                        progress.active += missing;
                    }
                    self.write(key, &progress, None, suspended)?;
                    if created.is_ok()
                        && started.is_none()
                        && spec.active_deadline_seconds.is_some()
                    {
                        self.queue.add(key.clone());
                    }
                    return created;
                }
                Err(allowed) => {
                    let at = self.store.clock().instant_of(allowed);
                    self.queue.add_at(key.clone(), at);
                }
            }
        }
        // A Job is finished only when none of its pods is left running.
        let finished = outcome.filter(|_| progress.terminating == 0);
        if let Some(outcome) = finished {
            let (kind, reason, message) = outcome.event();
            self.recorder.event(&reference(&job), kind, reason, message);
        }
        self.write(key, &progress, outcome, suspended)
    }
}

impl JobController {
    fn write(
        &self,
        key: &Key,
        progress: &Progress,
        outcome: Option<Outcome>,
        suspended: bool,
    ) -> Result<()> {
        let time = self.store.clock().time();
        self.store.modify::<Job>(&key.namespace, &key.name, |job| {
            let old = job.status.take().unwrap_or_default();
            let mut status = JobStatus {
                start_time: old
                    .start_time
                    .or_else(|| (!suspended).then(|| time.clone())),
                conditions: old.conditions,
                ..progress.status()
            };
            if suspended {
                status.start_time = None;
            }
            status::set_suspended(&mut status, suspended, &time);
            if let Some(outcome) = outcome {
                outcome.write(&mut status, progress.terminating == 0, &time);
            }
            job.status = Some(status);
        })?;
        Ok(())
    }
}

fn count(pods: usize) -> i32 {
    i32::try_from(pods).unwrap_or(i32::MAX)
}
