//! The load that is known: its Job's plan, its pods, its log, and its end.

use app::model::{LoadEnd, LoadMark, LoadOutcome, LoadStage, LoadState, Owner, TimeMs};
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{Pod, PodSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::end::{explain, finished};
use super::plan::Plan;
use super::pods::{belongs, phase, started};
use super::{ASSUMED_START_MS, Marks};
use crate::names::GUESS_ANNOTATION;
use crate::workshop::locust_log::LocustLog;
use crate::workshop::recognise::{created, owner};
use crate::workshop::run::Run;

#[derive(Clone, Debug)]
pub(super) struct Known {
    job: String,
    pub(super) uid: String,
    owner: Owner,
    pub(super) created: TimeMs,
    /// Only a pod of it was seen, so the manager is the pod's and the plan may lack something.
    pub(super) of_pod: bool,
    /// What the attendee guessed, as it stands at the Job.
    guess: Option<u32>,
    plan: Plan,
    log: LocustLog,
    /// UID of the pod whose log it is, if one was read.
    log_pod: Option<String>,
    assumed_start: Option<TimeMs>,
    pods: u32,
    deleted: Option<TimeMs>,
    pub(super) end: Option<LoadEnd>,
    /// When the marks were set, so that each is set once.
    marked_on: Option<TimeMs>,
    marked_off: Option<TimeMs>,
}

impl Known {
    pub(super) fn of_job(job: &Job) -> Self {
        let template = job.spec.as_ref().map(|spec| &spec.template);
        let (meta, pod) = (&job.metadata, template.and_then(|t| t.spec.as_ref()));
        Self {
            guess: guess(job),
            ..Self::begun(meta.name.clone(), meta.uid.clone(), meta, pod)
        }
    }

    /// Of a pod that is being deleted and whose Job is not there.
    pub(super) fn of_deleted_pod(pod: &Pod) -> Option<Self> {
        pod.metadata.deletion_timestamp.as_ref()?;
        let owners = pod.metadata.owner_references.as_deref().unwrap_or_default();
        let job = owners.iter().find(|owner| owner.kind == "Job")?;
        let (name, uid) = (Some(job.name.clone()), Some(job.uid.clone()));
        Some(Self {
            of_pod: true,
            ..Self::begun(name, uid, &pod.metadata, pod.spec.as_ref())
        })
    }

    /// A load of which nothing was seen yet but the object with this metadata, and its pods' spec.
    fn begun(
        job: Option<String>,
        uid: Option<String>,
        meta: &ObjectMeta,
        pod: Option<&PodSpec>,
    ) -> Self {
        Self {
            job: job.unwrap_or_default(),
            uid: uid.unwrap_or_default(),
            owner: owner(meta),
            created: created(meta),
            of_pod: false,
            guess: None,
            plan: pod.map(Plan::of).unwrap_or_default(),
            log: LocustLog::default(),
            log_pod: None,
            assumed_start: None,
            pods: 0,
            deleted: None,
            end: None,
            marked_on: None,
            marked_off: None,
        }
    }

    /// `None` if it had not ended when it was recorded.
    pub(super) fn of_run(run: &Run) -> Option<Self> {
        let load = &run.load;
        let end = load.end.clone()?;
        let mut log = LocustLog::default();
        log.first_users = load.first_users;
        log.figures = load.figures;
        let (on, off) = run.marks();
        Some(Self {
            job: load.job.clone(),
            uid: load.uid.clone(),
            owner: Owner {
                manager: load.manager.clone(),
                own: load.own,
            },
            created: load.created,
            of_pod: false,
            guess: load.guess,
            plan: Plan {
                users: load.users_wanted,
                spawn_rate: load.spawn_rate,
                run_time_s: load.run_time_s,
            },
            log,
            log_pod: None,
            assumed_start: None,
            pods: 0,
            deleted: Some(end.time),
            // All that there was to mark is in the record.
            marked_on: on.or(Some(load.created)),
            marked_off: off.or(Some(end.time)),
            end: Some(end),
        })
    }

    /// Takes marks that are set already.
    pub(super) fn mark(&mut self, (on, off): Marks) {
        self.marked_on = self.marked_on.or(on);
        self.marked_off = self.marked_off.or(off);
    }

    pub(super) fn observe(
        &mut self,
        job: Option<&Job>,
        pods: &[std::sync::Arc<Pod>],
        log: Option<(&str, &LocustLog)>,
        now: TimeMs,
    ) {
        let own: Vec<&Pod> = pods
            .iter()
            .map(AsRef::as_ref)
            .filter(|pod| belongs(pod, &self.uid))
            .collect();
        if let Some((uid, log)) = log
            && (self.wrote(uid)
                || own
                    .iter()
                    .any(|pod| pod.metadata.uid.as_deref() == Some(uid)))
        {
            self.log = log.clone();
            self.log_pod = Some(uid.to_owned());
        }
        // A finished pod stays beside its finished Job; only one that is being deleted still has to go.
        let left = own.iter().filter(|pod| {
            pod.metadata.deletion_timestamp.is_some()
                || !matches!(phase(pod), "Succeeded" | "Failed")
        });
        self.pods = left.count() as u32;
        if self.log.first_users.is_none() && self.assumed_start.is_none() {
            let started = own.iter().filter_map(|pod| started(pod)).min();
            self.assumed_start = started.filter(|start| now.0 - start.0 >= ASSUMED_START_MS);
        }
        match job {
            Some(job) if job.metadata.deletion_timestamp.is_none() => {
                if self.end.is_none() {
                    self.end = finished(job);
                }
            }
            _ => {
                let deleted = *self.deleted.get_or_insert(now);
                // A deleted Job's pods may all have to go, also those that ended.
                if self.end.is_none() && own.is_empty() {
                    self.end = Some(LoadEnd {
                        time: now,
                        outcome: LoadOutcome::Stopped {
                            after_ms: now.0 - deleted.0,
                        },
                    });
                }
                if self.end.is_none() {
                    self.pods = own.len() as u32;
                }
            }
        }
        if let Some(end) = &mut self.end {
            explain(end, &own, &self.log);
        }
    }

    /// The pod with this UID is the one whose log was read. Its last lines may come when it is gone.
    pub(super) fn wrote(&self, pod_uid: &str) -> bool {
        self.log_pod.as_deref() == Some(pod_uid)
    }

    pub(super) fn first_users(&self) -> Option<TimeMs> {
        self.log.first_users.or(self.assumed_start)
    }

    fn stage(&self) -> LoadStage {
        if self.end.is_some() {
            LoadStage::Ended
        } else if self.deleted.is_some() {
            LoadStage::Stopping
        } else if self.first_users().is_some() {
            LoadStage::Running
        } else {
            LoadStage::Starting
        }
    }

    pub(super) fn marks(&mut self) -> Vec<LoadMark> {
        let mut marks = Vec::new();
        if self.marked_on.is_none()
            && let Some(time) = self.first_users()
        {
            self.marked_on = Some(time);
            marks.push(LoadMark { time, on: true });
        }
        let ended = || self.end.as_ref().map(|end| end.time);
        let off = self.log.ending.or(self.deleted).or_else(ended);
        if self.marked_off.is_none()
            && self.marked_on.is_some()
            && let Some(time) = off
        {
            self.marked_off = Some(time);
            marks.push(LoadMark { time, on: false });
        }
        marks
    }

    pub(super) fn state(&self) -> LoadState {
        let run_time_s = self.plan.run_time_s.or(self.log.run_time_s);
        let first_users = self.first_users();
        let ends = first_users.zip(run_time_s);
        LoadState {
            job: self.job.clone(),
            uid: self.uid.clone(),
            stage: self.stage(),
            manager: self.owner.manager.clone(),
            own: self.owner.own,
            created: self.created,
            guess: self.guess,
            deleted: self.deleted,
            users_wanted: self.plan.users.or(self.log.users_wanted),
            spawn_rate: self.plan.spawn_rate.or(self.log.spawn_rate),
            run_time_s,
            first_users,
            ends: ends.map(|(start, seconds)| start.plus_ms(i64::from(seconds) * 1000)),
            figures: self.log.figures,
            pods: self.pods,
            end: self.end.clone(),
        }
    }
}

/// Whatever kubectl may have written there: only a number of pods is a guess.
fn guess(job: &Job) -> Option<u32> {
    let annotations = job.metadata.annotations.as_ref()?;
    let guess = annotations.get(GUESS_ANNOTATION)?.parse().ok();
    guess.filter(|pods| *pods > 0)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_guess_is_a_number_of_pods_and_nothing_else() {
        let of = |text: &str| {
            let job = json!({"metadata": {"annotations": {GUESS_ANNOTATION: text}}});
            guess(&serde_json::from_value(job).unwrap())
        };
        assert_eq!(of("6"), Some(6));
        for text in ["", "0", "-1", "6.5", "<b>6</b>", "99999999999"] {
            assert_eq!(of(text), None, "{text}");
        }
        assert_eq!(guess(&Job::default()), None);
    }
}
