//! One pod's way from its node to its end, container by container. Called by the kubelet for each step.
//!
//! Upstream: `pkg/kubelet/pod_workers.go`, `kuberuntime/kuberuntime_container.go`, `images/image_manager.go`.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::core::v1::{Container, Pod};
use parking_lot::Mutex;

use super::container::{START, backoff, create, of_container, pull_again, start};
use crate::controllers::ownership::uid;
use crate::controllers::recorder::{Kind, Recorder};
use crate::controllers::runtime::{Exit, Runtime};
use crate::random::Random;
use crate::store::Store;
use crate::store::pod_log::LogKey;

/// From a pod's arrival at its node to its images: measured (`recordings`).
const PREPARE: (f64, f64) = (0.35, 0.60);
/// From a pod's last exit to its removal, and for one that never ran: measured.
const REMOVE: SignedDuration = SignedDuration::from_millis(300);
const REMOVE_UNSTARTED: SignedDuration = SignedDuration::from_millis(1_100);

/// What a step may use.
pub(super) struct Sync<'a> {
    pub(super) store: &'a Arc<Store>,
    pub(super) runtime: &'a Mutex<Runtime>,
    pub(super) recorder: &'a mut Recorder,
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
    pub(super) deleting: bool,
    kill_at: Option<Timestamp>,
    remove_at: Option<Timestamp>,
    /// The status in the API is out of date.
    report: bool,
}

/// A container of it.
pub(super) struct Worked {
    pub(super) name: String,
    pub(super) state: State,
    pub(super) restarts: i32,
    pub(super) last: Option<Ended>,
    /// Started and ready as they were last reported.
    probed: (bool, bool),
}

/// Where a container stands.
#[derive(Clone, Debug)]
pub(super) enum State {
    /// `ContainerCreating` until then.
    Creating {
        at: Timestamp,
    },
    /// The image could not be pulled.
    Pulling(PullFailure),
    /// Created, starts then.
    Starting {
        at: Timestamp,
    },
    Running {
        started: Timestamp,
        /// When the startup probe succeeds, or would.
        passes_at: Option<Timestamp>,
        ready_at: Option<Timestamp>,
    },
    /// `CrashLoopBackOff` until then.
    Crashed {
        until: Timestamp,
    },
    Ended(Ended),
}

#[derive(Clone, Debug)]
pub(super) struct PullFailure {
    pub(super) attempts: u32,
    pub(super) retry_at: Timestamp,
    pub(super) sync_at: Timestamp,
    /// The reason that the next step will report, since the status lags one step behind.
    pub(super) result: &'static str,
    /// The reason in the status; `None` is still `ContainerCreating`.
    pub(super) shown: Option<&'static str>,
    pub(super) message: String,
}

/// How a container ended.
#[derive(Clone, Debug)]
pub(super) struct Ended {
    pub(super) code: i32,
    pub(super) reason: &'static str,
    pub(super) started: Option<Timestamp>,
    pub(super) finished: Timestamp,
}

impl Worked {
    pub(super) fn ready(&self, now: Timestamp) -> bool {
        matches!(self.state, State::Running { ready_at: Some(at), .. } if at <= now)
    }

    pub(super) fn started(&self, now: Timestamp) -> bool {
        matches!(self.state, State::Running { passes_at: Some(at), .. } if at <= now)
    }
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
                .map(|container| Worked {
                    name: container.name.clone(),
                    state: State::Creating { at },
                    restarts: 0,
                    last: None,
                    probed: (false, false),
                })
                .collect(),
            deleting: false,
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
            self.begin_deletion(sync);
        }
        let mut next: Vec<Timestamp> = Vec::new();
        let specs = sync.pod.spec.iter().flat_map(|spec| &spec.containers);
        for (index, spec) in specs.enumerate() {
            next.extend(self.step_container(index, spec, sync));
        }
        if !self.deleting {
            let next = next.into_iter().min();
            return Step {
                next,
                remove: false,
            };
        }
        if self.has_ended() {
            let remove_at = *self.remove_at.get_or_insert(sync.now + REMOVE);
            return Step {
                next: (remove_at > sync.now).then_some(remove_at),
                remove: remove_at <= sync.now,
            };
        }
        next.extend(self.kill_at);
        Step {
            next: next.into_iter().min(),
            remove: false,
        }
    }

    /// SIGTERM to what runs; what does not run yet never will.
    fn begin_deletion(&mut self, sync: &mut Sync<'_>) {
        self.deleting = true;
        let grace = sync
            .pod
            .metadata
            .deletion_grace_period_seconds
            .unwrap_or(30);
        self.kill_at = Some(sync.now + SignedDuration::from_secs(grace));
        let unstarted = !self
            .containers
            .iter()
            .any(|container| matches!(container.state, State::Running { .. }));
        if unstarted {
            self.remove_at = Some(sync.now + REMOVE_UNSTARTED);
        }
        for container in &mut self.containers {
            let log = LogKey::new(self.uid.clone(), container.name.clone());
            match container.state {
                State::Running { .. } => {
                    sync.recorder.event(
                        &of_container(sync.pod, &container.name),
                        Kind::Normal,
                        "Killing",
                        &format!("Stopping container {}", container.name),
                    );
                    sync.runtime.lock().terminate(&log);
                }
                State::Ended(_) => {}
                _ => {
                    container.state = State::Ended(Ended {
                        code: 137,
                        reason: "ContainerStatusUnknown",
                        started: None,
                        finished: sync.now,
                    });
                }
            }
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
            State::Creating { at } | State::Crashed { until: at } | State::Starting { at }
                if now < at =>
            {
                return Some(at);
            }
            State::Creating { .. } | State::Crashed { .. } => create(spec, sync),
            State::Pulling(failure) if now < failure.sync_at => return Some(failure.sync_at),
            State::Pulling(failure) => pull_again(spec, failure, sync),
            State::Starting { .. } => start(spec, &log, sync),
            State::Running {
                started,
                passes_at,
                ready_at,
            } => {
                let due = [passes_at, ready_at].into_iter().flatten();
                let container = self.containers.get_mut(index)?;
                let probed = (container.started(now), container.ready(now));
                if container.probed != probed {
                    container.probed = probed;
                    self.report = true;
                }
                let mut runtime = sync.runtime.lock();
                let tick = runtime.tick(&log);
                let killed = self.kill_at.is_some_and(|at| at <= now).then_some(Exit {
                    code: 137,
                    time: now,
                });
                let exit = runtime.exit(&log).or(killed);
                let Some(exit) = exit else {
                    let next = due.filter(|at| *at > now).chain(tick).min();
                    return next;
                };
                let out_of_memory = runtime.is_out_of_memory(&log);
                runtime.remove(&log);
                drop(runtime);
                sync.store.logs().close(&log);
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
                self.after_exit(index, ended, sync)
            }
            State::Ended(_) => return None,
        };
        let container = self.containers.get_mut(index)?;
        container.state = state;
        self.report = true;
        next
    }

    /// Restarted at once the first time, then after a back-off, unless the pod or its policy is against it.
    fn after_exit(
        &mut self,
        index: usize,
        ended: Ended,
        sync: &mut Sync<'_>,
    ) -> (State, Option<Timestamp>) {
        let policy = sync
            .pod
            .spec
            .as_ref()
            .and_then(|spec| spec.restart_policy.as_deref());
        let again = match policy.unwrap_or("Always") {
            "Never" => false,
            "OnFailure" => ended.code != 0,
            _ => true,
        };
        let Some(container) = self.containers.get_mut(index) else {
            return (State::Ended(ended), None);
        };
        if self.deleting || !again {
            return (State::Ended(ended), Some(sync.now));
        }
        let until = if container.restarts == 0 {
            sync.now + START
        } else {
            let doublings = u32::try_from(container.restarts - 1).unwrap_or(0);
            sync.recorder.event(
                &of_container(sync.pod, &container.name),
                Kind::Warning,
                "BackOff",
                &format!(
                    "Back-off restarting failed container {} in pod {}_{}({})",
                    container.name,
                    sync.pod.metadata.name.as_deref().unwrap_or(""),
                    sync.pod.metadata.namespace.as_deref().unwrap_or(""),
                    self.uid
                ),
            );
            sync.now + backoff(doublings)
        };
        container.restarts += 1;
        container.last = Some(ended);
        (State::Crashed { until }, Some(until))
    }
}
