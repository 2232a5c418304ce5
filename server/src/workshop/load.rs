//! The newest load over time: a Job whose pods run Locust, what its log tells, and how it ended when it is gone.

mod end;
mod known;
mod plan;
mod pods;

use app::model::{LoadMark, LoadState, TimeMs};
use k8s_openapi::api::core::v1::Pod;

use super::locust_log::LocustLog;
use super::recognise::{Recognised, created};
use super::run::Run;
use known::Known;
pub(super) use pods::belongs;
use pods::{has_started, started};

/// A load without a readable log counts as running when its container has run for this long: Locust starts its users
/// about a second after its container (recorded: 1.1 s).
const ASSUMED_START_MS: i64 = 10_000;

/// What is remembered of the newest load.
#[derive(Clone, Debug, Default)]
pub struct LoadMemory {
    known: Option<Known>,
    /// A load that a record tells of: its UID and its marks, which are not set again.
    recorded: Option<(String, Marks)>,
}

/// When users started, and when the load ended.
type Marks = (Option<TimeMs>, Option<TimeMs>);

impl LoadMemory {
    /// Takes the load's objects and log as they are now; returns new marks for the history.
    ///
    /// `log` is that of the pod with the given UID.
    pub fn observe(
        &mut self,
        found: &Recognised,
        log: Option<(&str, &LocustLog)>,
        now: TimeMs,
    ) -> Vec<LoadMark> {
        let newest = found.load_jobs.first();
        let job = newest.filter(|job| {
            let known = self.known.as_ref();
            known.is_none_or(|known| {
                job.metadata.uid.as_deref() == Some(&known.uid)
                    || created(&job.metadata) >= known.created
            })
        });
        if let Some(job) = job {
            let uid = job.metadata.uid.as_deref().unwrap_or_default();
            let known = self.known.as_ref();
            if known.is_none_or(|known| known.uid != uid || known.of_pod) {
                self.known = Some(Known::of_job(job));
            }
        } else if self.known.is_none() {
            // A load whose Job was deleted before the panel looked. The pods of a Job that the watch has not told of yet are
            // not on their way out.
            let mut pods = found.load_pods.iter();
            self.known = pods.find_map(|pod| Known::of_deleted_pod(pod));
        }
        let Some(known) = &mut self.known else {
            return Vec::new();
        };
        if let Some((uid, marks)) = &self.recorded
            && *uid == known.uid
        {
            known.mark(*marks);
        }
        known.observe(job.map(AsRef::as_ref), &found.load_pods, log, now);
        known.marks()
    }

    /// Takes a load that a record tells of, in order of time. One that has ended is known from then on; one that ran when
    /// it was recorded has to be seen again.
    pub fn resume(&mut self, run: &Run) {
        let marks = run.marks();
        match &mut self.known {
            Some(known) if known.uid == run.load.uid => known.mark(marks),
            Some(known) if known.created >= run.load.created => return,
            _ => {
                if let Some(known) = Known::of_run(run) {
                    self.known = Some(known);
                }
            }
        }
        self.recorded = Some((run.load.uid.clone(), marks));
    }

    /// The load for the page.
    pub fn state(&self) -> Option<LoadState> {
        self.known.as_ref().map(Known::state)
    }

    /// UID of the load whose pod this is, if its log is that load's.
    pub fn of_pod(&self, pod_uid: &str) -> Option<&str> {
        let known = self.known.as_ref().filter(|known| known.wrote(pod_uid))?;
        Some(&known.uid)
    }

    /// The pod whose log is to be followed: the newest of this load whose container has started.
    pub fn pod_to_follow<'a>(&self, found: &'a Recognised) -> Option<&'a Pod> {
        let known = self.known.as_ref()?;
        let mut pods = found.load_pods.iter().rev();
        let pod = pods.find(|pod| belongs(pod, &known.uid) && has_started(pod))?;
        Some(pod)
    }

    /// When the state must be looked at again though nothing may change.
    pub fn recheck(&self, found: &Recognised, now: TimeMs) -> Option<TimeMs> {
        let known = self.known.as_ref()?;
        if known.first_users().is_some() || known.end.is_some() {
            return None;
        }
        let started = found
            .load_pods
            .iter()
            .filter_map(|pod| started(pod))
            .min()?;
        let at = started.plus_ms(ASSUMED_START_MS);
        (at > now).then_some(at)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use app::model::LoadStage;
    use k8s_openapi::api::batch::v1::Job;
    use serde_json::json;

    use super::*;
    use crate::names::{FIELD_MANAGER, PART_OF, PART_OF_LABEL};

    const CREATED: &str = "2026-03-02T09:00:00Z";
    const NOW: TimeMs = TimeMs(1_772_442_001_000);

    fn job() -> Arc<Job> {
        let job = json!({"metadata": {
            "name": "locust", "uid": "job-1", "creationTimestamp": CREATED,
            "labels": {PART_OF_LABEL: PART_OF},
            "managedFields": [{"manager": FIELD_MANAGER, "time": CREATED}],
        }});
        Arc::new(serde_json::from_value(job).unwrap())
    }

    fn pod(deleted: Option<&str>) -> Arc<Pod> {
        let pod = json!({"metadata": {
            "name": "locust-x", "uid": "pod-1", "creationTimestamp": CREATED, "deletionTimestamp": deleted,
            "ownerReferences": [{"apiVersion": "batch/v1", "kind": "Job", "name": "locust", "uid": "job-1"}],
            "managedFields": [{"manager": "kube-controller-manager", "time": CREATED}],
        }});
        Arc::new(serde_json::from_value(pod).unwrap())
    }

    fn found(job: Option<Arc<Job>>, pod: Arc<Pod>) -> Recognised {
        Recognised {
            load_jobs: job.into_iter().collect(),
            load_pods: vec![pod],
            ..Recognised::default()
        }
    }

    /// Watches run on their own: that of pods may be first.
    #[test]
    fn a_pod_seen_before_its_job_does_not_make_the_load_a_deleted_one() {
        let mut memory = LoadMemory::default();
        memory.observe(&found(None, pod(None)), None, NOW);
        assert_eq!(memory.state(), None);
        memory.observe(&found(Some(job()), pod(None)), None, NOW);
        let load = memory.state().unwrap();
        assert_eq!((load.stage, load.own), (LoadStage::Starting, true));
    }

    #[test]
    fn a_load_whose_job_is_gone_is_stopping_while_its_pod_ends() {
        let mut memory = LoadMemory::default();
        memory.observe(&found(None, pod(Some(CREATED))), None, NOW);
        let load = memory.state().unwrap();
        assert_eq!((load.stage, load.pods), (LoadStage::Stopping, 1));
        // Its Job was there after all, and tells who made it.
        memory.observe(&found(Some(job()), pod(Some(CREATED))), None, NOW);
        let load = memory.state().unwrap();
        assert_eq!((load.stage, load.own), (LoadStage::Starting, true));
    }
}
