//! The newest load over time: a Job whose pods run Locust, what its log tells, and how it ended when it is gone.

use app::model::{LoadEnd, LoadMark, LoadOutcome, LoadStage, LoadState, Owner, TimeMs};
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{Pod, PodSpec};

use super::locust_log::LocustLog;
use super::pod;
use super::recognise::{Recognised, created, owner, words};
use super::run::Run;
use super::time::{duration_ms, time_ms};
use crate::names::GUESS_ANNOTATION;

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

#[derive(Clone, Debug)]
struct Known {
    job: String,
    uid: String,
    owner: Owner,
    created: TimeMs,
    /// What the attendee guessed, as it stands at the Job.
    guess: Option<u32>,
    plan: Plan,
    log: LocustLog,
    assumed_start: Option<TimeMs>,
    pods: u32,
    deleted: Option<TimeMs>,
    end: Option<LoadEnd>,
    /// When the marks were set, so that each is set once.
    marked_on: Option<TimeMs>,
    marked_off: Option<TimeMs>,
}

/// What a load was told to do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Plan {
    users: Option<u32>,
    spawn_rate: Option<u32>,
    run_time_s: Option<u32>,
}

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

impl Known {
    fn of_job(job: &Job) -> Self {
        let template = job
            .spec
            .as_ref()
            .and_then(|spec| spec.template.spec.as_ref());
        Self {
            job: job.metadata.name.clone().unwrap_or_default(),
            uid: job.metadata.uid.clone().unwrap_or_default(),
            owner: owner(&job.metadata),
            created: created(&job.metadata),
            guess: guess(job),
            plan: template.map(Plan::of).unwrap_or_default(),
            log: LocustLog::default(),
            assumed_start: None,
            pods: 0,
            deleted: None,
            end: None,
            marked_on: None,
            marked_off: None,
        }
    }

    fn of_pod(pod: &Pod) -> Option<Self> {
        let owners = pod.metadata.owner_references.as_deref().unwrap_or_default();
        let job = owners.iter().find(|owner| owner.kind == "Job")?;
        Some(Self {
            job: job.name.clone(),
            uid: job.uid.clone(),
            owner: owner(&pod.metadata),
            created: created(&pod.metadata),
            guess: None,
            plan: pod.spec.as_ref().map(Plan::of).unwrap_or_default(),
            log: LocustLog::default(),
            assumed_start: None,
            pods: 0,
            deleted: None,
            end: None,
            marked_on: None,
            marked_off: None,
        })
    }

    /// `None` if it had not ended when it was recorded.
    fn of_run(run: &Run) -> Option<Self> {
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
            guess: load.guess,
            plan: Plan {
                users: load.users_wanted,
                spawn_rate: load.spawn_rate,
                run_time_s: load.run_time_s,
            },
            log,
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
    fn mark(&mut self, (on, off): Marks) {
        self.marked_on = self.marked_on.or(on);
        self.marked_off = self.marked_off.or(off);
    }

    fn observe(
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
            && own
                .iter()
                .any(|pod| pod.metadata.uid.as_deref() == Some(uid))
        {
            self.log = log.clone();
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
                    self.end = finished(job, &self.log);
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
    }

    fn first_users(&self) -> Option<TimeMs> {
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

    fn marks(&mut self) -> Vec<LoadMark> {
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

    fn state(&self) -> LoadState {
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

/// The end of a Job that was not deleted. A Job is over when Complete or Failed is True, not before
/// (`isJobFinished` in `pkg/controller/job/utils.go`).
fn finished(job: &Job, log: &LocustLog) -> Option<LoadEnd> {
    let status = job.status.as_ref()?;
    let conditions = status.conditions.iter().flatten();
    let mut over = conditions.filter(|condition| condition.status == "True");
    over.find_map(|condition| {
        let outcome = match condition.type_.as_str() {
            "Complete" => LoadOutcome::Finished,
            "Failed" => LoadOutcome::Failed {
                reason: condition.reason.clone().unwrap_or_default(),
                error: log.error.clone(),
            },
            _ => return None,
        };
        let time = status
            .completion_time
            .as_ref()
            .or(condition.last_transition_time.as_ref());
        Some(LoadEnd {
            time: time.map(time_ms).unwrap_or_default(),
            outcome,
        })
    })
}

/// Whatever kubectl may have written there: only a number of pods is a guess.
fn guess(job: &Job) -> Option<u32> {
    let annotations = job.metadata.annotations.as_ref()?;
    let guess = annotations.get(GUESS_ANNOTATION)?.parse().ok();
    guess.filter(|pods| *pods > 0)
}

impl Plan {
    /// From Locust's flags, or their environment variables (`locust/argument_parser.py`).
    fn of(spec: &PodSpec) -> Self {
        let mut plan = Self::default();
        for container in &spec.containers {
            let words: Vec<&str> = words(container).collect();
            for (index, word) in words.iter().enumerate() {
                let (flag, value) = match word.split_once('=') {
                    Some((flag, value)) => (flag, Some(value)),
                    None => (*word, words.get(index + 1).copied()),
                };
                let Some(value) = value else { continue };
                plan.set(flag, value);
            }
            for var in container.env.iter().flatten() {
                if let Some(value) = &var.value {
                    plan.set_if_absent(&var.name, value);
                }
            }
        }
        plan
    }

    fn set(&mut self, flag: &str, value: &str) {
        match flag {
            "-u" | "--users" => self.users = value.parse().ok(),
            "-r" | "--spawn-rate" => self.spawn_rate = rate(value),
            "-t" | "--run-time" => self.run_time_s = run_time(value),
            _ => {}
        }
    }

    fn set_if_absent(&mut self, variable: &str, value: &str) {
        match variable {
            "LOCUST_USERS" => self.users = self.users.or_else(|| value.parse().ok()),
            "LOCUST_SPAWN_RATE" => self.spawn_rate = self.spawn_rate.or_else(|| rate(value)),
            "LOCUST_RUN_TIME" => self.run_time_s = self.run_time_s.or_else(|| run_time(value)),
            _ => {}
        }
    }
}

fn rate(value: &str) -> Option<u32> {
    value.parse::<f64>().ok().map(|rate| rate.round() as u32)
}

/// `300`, `300s`, `20m`, `3h`, `1h30m` (`parse_timespan` in `locust/util/timespan.py`).
fn run_time(value: &str) -> Option<u32> {
    let seconds = value.parse::<i64>().ok();
    let seconds = seconds.or_else(|| Some(duration_ms(value)? / 1000))?;
    u32::try_from(seconds).ok()
}

fn belongs(pod: &Pod, job_uid: &str) -> bool {
    let owners = pod.metadata.owner_references.iter().flatten();
    let labels = pod.metadata.labels.as_ref();
    let label = labels.and_then(|labels| labels.get("batch.kubernetes.io/controller-uid"));
    owners.into_iter().any(|owner| owner.uid == job_uid)
        || label.map(String::as_str) == Some(job_uid)
}

fn phase(pod: &Pod) -> &str {
    let phase = pod
        .status
        .as_ref()
        .and_then(|status| status.phase.as_deref());
    phase.unwrap_or("Pending")
}

fn has_started(pod: &Pod) -> bool {
    started(pod).is_some() || pod::finished(pod).is_some()
}

/// When the first container started that still runs.
fn started(pod: &Pod) -> Option<TimeMs> {
    let containers = pod.status.as_ref()?.container_statuses.iter().flatten();
    let running = containers.filter_map(|container| {
        let running = container.state.as_ref()?.running.as_ref()?;
        running.started_at.as_ref().map(time_ms)
    });
    running.min()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn plan(container: &serde_json::Value) -> Plan {
        let spec = json!({"containers": [container]});
        Plan::of(&serde_json::from_value(spec).unwrap())
    }

    #[test]
    fn the_plan_is_read_from_flags_in_every_form() {
        let wanted = Plan {
            users: Some(150),
            spawn_rate: Some(15),
            run_time_s: Some(300),
        };
        for container in [
            json!({"name": "l", "args": ["--headless", "-u", "150", "-r", "15", "--run-time", "300s"]}),
            json!({"name": "l", "command": ["sh", "-c", "exec locust --users=150 --spawn-rate 15.00 -t 5m"]}),
            json!({"name": "l", "env": [
                {"name": "LOCUST_USERS", "value": "150"},
                {"name": "LOCUST_SPAWN_RATE", "value": "15"},
                {"name": "LOCUST_RUN_TIME", "value": "300"},
            ]}),
        ] {
            assert_eq!(plan(&container), wanted, "{container}");
        }
    }

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

    #[test]
    fn a_flag_outranks_its_variable() {
        let container = json!({
            "name": "l",
            "args": ["-u", "10"],
            "env": [{"name": "LOCUST_USERS", "value": "150"}],
        });
        assert_eq!(plan(&container).users, Some(10));
    }
}
