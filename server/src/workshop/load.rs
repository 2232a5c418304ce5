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
        let is_known = |uid: &str| self.known.as_ref().is_some_and(|known| known.uid == uid);
        if let Some(job) = job {
            if !is_known(job.metadata.uid.as_deref().unwrap_or_default()) {
                self.known = Some(Known::of_job(job));
            }
        } else if self.known.is_none() {
            // A load whose Job was deleted before the panel looked, or was deleted without its pods.
            self.known = found.load_pods.iter().find_map(|pod| Known::of_pod(pod));
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
