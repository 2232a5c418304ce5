//! One pod's way from its node to its end, container by container. Called by the kubelet for each step.
//!
//! Upstream: `pkg/kubelet/pod_workers.go`, `kuberuntime/kuberuntime_manager.go` (`doBackOff`), `active_deadline.go`.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::core::v1::{Container, Pod};
use parking_lot::Mutex;

use super::container::{create, mount, of_container, start};
use super::probes::Plan;
use super::state::{Ended, State, Worked};
use super::timing;
use crate::controllers::ownership::uid;
use crate::controllers::recorder::{Kind, Recorder, reference};
use crate::controllers::runtime::{Exit, Runtime};
use crate::random::Random;
use crate::store::Store;
use crate::store::pod_log::LogKey;

/// From a pod's arrival at its node to its images: measured (`recordings`).
const PREPARE: (f64, f64) = (0.35, 0.60);
/// From a pod's last exit to its removal, and for one that never ran: measured.
const REMOVE: SignedDuration = SignedDuration::from_millis(300);
const REMOVE_UNSTARTED: SignedDuration = SignedDuration::from_millis(1_100);
/// Of a pod that was active for longer than it may be (`pkg/kubelet/active_deadline.go`).
pub(super) const DEADLINE_REASON: &str = "DeadlineExceeded";
pub(super) const DEADLINE_MESSAGE: &str =
    "Pod was active on the node longer than the specified deadline";

/// What a step may use.
pub(super) struct Sync<'a> {
    pub(super) store: &'a Arc<Store>,
    pub(super) runtime: &'a Mutex<Runtime>,
    pub(super) recorder: &'a mut Recorder,
    pub(super) random: &'a mut Random,
    pub(super) pod: &'a Pod,
    pub(super) now: Timestamp,
}

/// What follows from a step.
pub(super) struct Step {
    /// When the next one is due.
    pub(super) next: Option<Timestamp>,
    /// The pod has ended and can be taken out of the API.
    pub(super) remove: bool,
}

/// A pod on its node.
pub(super) struct Worker {
    pub(super) uid: String,
    pub(super) address: String,
    pub(super) arrived: Timestamp,
    pub(super) containers: Vec<Worked>,
    /// Its containers are ended for good: it is deleted, or its deadline is over.
    terminating: bool,
    deleting: bool,
    /// `activeDeadlineSeconds` are over.
    pub(super) expired: bool,
    kill_at: Option<Timestamp>,
    remove_at: Option<Timestamp>,
    /// The status in the API is out of date.
    report: bool,
}

impl Worker {
    pub(super) fn new(pod: &Pod, address: String, now: Timestamp, random: &mut Random) -> Self {
        let prepare = PREPARE.0 + (PREPARE.1 - PREPARE.0) * random.fraction();
        let at = now + SignedDuration::try_from_secs_f64(prepare).unwrap_or_default();
        let containers = pod.spec.iter().flat_map(|spec| &spec.containers);
        Self {
            uid: uid(&pod.metadata).to_owned(),
            address,
            arrived: now,
            containers: containers
                .map(|container| Worked::new(&container.name, at))
                .collect(),
            terminating: false,
            deleting: false,
            expired: false,
            kill_at: None,
            remove_at: None,
            report: true,
        }
    }

    /// The logs of its containers.
    pub(super) fn logs(&self) -> Vec<LogKey> {
        let log = |container: &Worked| LogKey::new(self.uid.clone(), container.name.clone());
        self.containers.iter().map(log).collect()
    }

    /// Whether there is something to report; asked once.
    pub(super) fn take_report(&mut self) -> bool {
        std::mem::take(&mut self.report)
    }

    /// Whether all containers have ended for good.
    pub(super) fn has_ended(&self) -> bool {
        let ended = |container: &Worked| matches!(container.state, State::Ended(_));
        self.containers.iter().all(ended)
    }

    /// Does what is due.
    pub(super) fn step(&mut self, sync: &mut Sync<'_>) -> Step {
        if sync.pod.metadata.deletion_timestamp.is_some() && !self.deleting {
            self.deleting = true;
            let grace = sync.pod.metadata.deletion_grace_period_seconds;
            self.terminate(grace.unwrap_or(30), sync);
        }
        let deadline = self.check_deadline(sync);
        let mut next: Vec<Timestamp> = deadline.into_iter().collect();
        let specs = sync.pod.spec.iter().flat_map(|spec| &spec.containers);
        for (index, spec) in specs.enumerate() {
            next.extend(self.step_container(index, spec, sync));
        }
        if self.deleting && self.has_ended() {
            let remove_at = *self.remove_at.get_or_insert(sync.now + REMOVE);
            return Step {
                next: (remove_at > sync.now).then_some(remove_at),
                remove: remove_at <= sync.now,
            };
        }
        if !self.has_ended() {
            next.extend(self.kill_at);
        }
        Step {
            next: next.into_iter().min(),
            remove: false,
        }
    }

    /// Ends a pod that was active for too long; else the time at which it will have been.
    fn check_deadline(&mut self, sync: &mut Sync<'_>) -> Option<Timestamp> {
        let spec = sync.pod.spec.as_ref()?;
        let deadline = self.arrived + SignedDuration::from_secs(spec.active_deadline_seconds?);
        if self.terminating || self.has_ended() {
            return None;
        }
        if sync.now < deadline {
            return Some(deadline);
        }
        self.expired = true;
        sync.recorder.event(
            &reference(sync.pod),
            Kind::Normal,
            DEADLINE_REASON,
            DEADLINE_MESSAGE,
        );
        self.terminate(spec.termination_grace_period_seconds.unwrap_or(30), sync);
        None
    }

    /// SIGTERM to what runs; what does not run yet never will.
    fn terminate(&mut self, grace_s: i64, sync: &mut Sync<'_>) {
        self.terminating = true;
        self.kill_at = Some(sync.now + SignedDuration::from_secs(grace_s));
        let runs = |container: &Worked| matches!(container.state, State::Running { .. });
        if !self.containers.iter().any(runs) {
            self.remove_at = Some(sync.now + REMOVE_UNSTARTED);
        }
        for container in &mut self.containers {
            let log = LogKey::new(self.uid.clone(), container.name.clone());
            let ended = match &container.state {
                State::Running { .. } => {
                    sync.recorder.event(
                        &of_container(sync.pod, &container.name),
                        Kind::Normal,
                        "Killing",
                        &format!("Stopping container {}", container.name),
                    );
                    sync.runtime.lock().terminate(&log);
                    continue;
                }
                State::Ended(_) => continue,
                State::Exited { ended, .. } => ended.clone(),
                State::Crashed { crash, .. } => crash.ended.clone(),
                _ => Ended {
                    code: 137,
                    reason: "ContainerStatusUnknown",
                    started: None,
                    finished: sync.now,
                },
            };
            container.state = State::Ended(ended);
        }
        self.report = true;
    }

    /// One container's step; when its next one is due.
    fn step_container(
        &mut self,
        index: usize,
        spec: &Container,
        sync: &mut Sync<'_>,
    ) -> Option<Timestamp> {
        let log = LogKey::new(self.uid.clone(), spec.name.clone());
        let state = self.containers.get(index)?.state.clone();
        let now = sync.now;
        let (state, next) = match state {
            State::Creating { at, .. } | State::Starting { at, .. } | State::Exited { at, .. }
                if now < at =>
            {
                return Some(at);
            }
            State::Creating { tries, .. } => mount(spec, tries, sync),
            State::Failing(failure) if now < failure.sync_at => return Some(failure.sync_at),
            State::Failing(failure) => {
                let again = failure.again.clone();
                create(spec, Some(failure), again, sync)
            }
            State::Starting { again, .. } => {
                let container = self.containers.get_mut(index)?;
                if let Some(crash) = again {
                    container.restarts += 1;
                    container.last = Some(crash.ended);
                }
                container.probed = (false, false);
                start(spec, &log, &self.address, sync)
            }
            State::Running {
                started,
                plan,
                kill_at,
            } => return self.step_running(index, started, plan, kill_at, &log, sync),
            State::Exited { ended, .. } => self.after_exit(index, spec, ended, sync),
            State::Crashed { sync_at, .. } if now < sync_at => return Some(sync_at),
            State::Crashed { crash, until, .. } => self.retry(index, spec, crash, until, sync),
            State::Ended(_) => return None,
        };
        let container = self.containers.get_mut(index)?;
        container.state = state;
        self.report = true;
        next
    }

    /// Probes, and whether it still runs.
    fn step_running(
        &mut self,
        index: usize,
        started: Timestamp,
        mut plan: Plan,
        mut kill_at: Option<Timestamp>,
        log: &LogKey,
        sync: &mut Sync<'_>,
    ) -> Option<Timestamp> {
        let now = sync.now;
        if !self.terminating {
            self.probe(index, &mut plan, &mut kill_at, log, sync);
        }
        let container = self.containers.get_mut(index)?;
        let probed = (container.started(now), container.ready(now));
        if container.probed != probed {
            container.probed = probed;
            self.report = true;
        }
        let mut runtime = sync.runtime.lock();
        let tick = runtime.tick(log);
        let over = [self.kill_at, kill_at].into_iter().flatten().min();
        let killed = over.is_some_and(|at| at <= now).then_some(Exit {
            code: 137,
            time: now,
        });
        let Some(exit) = runtime.exit(log).or(killed) else {
            let due = plan.due(now).filter(|_| !self.terminating);
            container.state = State::Running {
                started,
                plan,
                kill_at,
            };
            return due.into_iter().chain(tick).chain(kill_at).min();
        };
        let out_of_memory = runtime.is_out_of_memory(log);
        runtime.remove(log);
        drop(runtime);
        sync.store.logs().close(log);
        let ended = Ended {
            code: exit.code,
            reason: match exit.code {
                0 => "Completed",
                _ if out_of_memory => "OOMKilled",
                _ => "Error",
            },
            started: Some(started),
            finished: exit.time,
        };
        if self.terminating {
            container.state = State::Ended(ended);
            self.report = true;
            return Some(now);
        }
        // The kubelet learns it when it next asks the runtime.
        let at = now + timing::RELIST.mul_f64(sync.random.fraction());
        container.state = State::Exited { ended, at };
        Some(at)
    }

    /// Tells failed probes, and ends a container that failed too often.
    fn probe(
        &self,
        index: usize,
        plan: &mut Plan,
        kill_at: &mut Option<Timestamp>,
        log: &LogKey,
        sync: &mut Sync<'_>,
    ) {
        let Some(container) = self.containers.get(index) else {
            return;
        };
        let about = of_container(sync.pod, &container.name);
        let mut verdicts = plan.failures(sync.now);
        verdicts.extend(plan.repeat(&mut sync.runtime.lock(), log, sync.now));
        for verdict in verdicts {
            if kill_at.is_some() {
                break;
            }
            sync.recorder
                .event(&about, Kind::Warning, "Unhealthy", &verdict.unhealthy);
            let Some(probe) = verdict.kills else { continue };
            let message = format!(
                "Container {} failed {} probe, will be restarted",
                container.name,
                probe.to_lowercase()
            );
            sync.recorder
                .event(&about, Kind::Normal, "Killing", &message);
            sync.runtime.lock().terminate(log);
            let spec = sync.pod.spec.as_ref();
            let grace = spec.and_then(|spec| spec.termination_grace_period_seconds);
            *kill_at = Some(sync.now + SignedDuration::from_secs(grace.unwrap_or(30)));
        }
    }
}

/// Name, namespace and UID, as the kubelet writes a pod (`format.Pod`, `pkg/kubelet/util/format/pod.go`).
pub(super) fn format_pod(pod: &Pod) -> String {
    format!(
        "{}_{}({})",
        pod.metadata.name.as_deref().unwrap_or(""),
        pod.metadata.namespace.as_deref().unwrap_or(""),
        uid(&pod.metadata)
    )
}
