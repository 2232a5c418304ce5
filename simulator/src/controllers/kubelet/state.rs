//! Where a container stands. Written by [`super::worker`], read by [`super::status`].

use jiff::{SignedDuration, Timestamp};

use super::probes::Plan;

/// A container of a pod.
pub(super) struct Worked {
    pub(super) name: String,
    pub(super) state: State,
    pub(super) restarts: i32,
    pub(super) last: Option<Ended>,
    /// The back-off of its restarts, and since when.
    pub(super) backoff: Option<(SignedDuration, Timestamp)>,
    /// Started and ready as they were last reported.
    pub(super) probed: (bool, bool),
}

/// Where it stands.
#[derive(Clone, Debug)]
pub(super) enum State {
    /// `ContainerCreating` until then, after so many vain tries to mount.
    Creating {
        at: Timestamp,
        tries: u32,
    },
    /// It cannot be created.
    Failing(Failure),
    /// Created, starts then; `again` if it is a restart.
    Starting {
        at: Timestamp,
        again: Option<Crash>,
    },
    Running {
        started: Timestamp,
        plan: Plan,
        /// A probe has failed too often: SIGKILL then.
        kill_at: Option<Timestamp>,
    },
    /// It has ended, which the kubelet notices then.
    Exited {
        ended: Ended,
        at: Timestamp,
    },
    /// It has ended and waits for its restart.
    Crashed {
        crash: Crash,
        until: Timestamp,
        sync_at: Timestamp,
    },
    Ended(Ended),
}

/// Why a container cannot be created: reasons and messages of the status.
#[derive(Clone, Debug)]
pub(super) struct Failure {
    pub(super) sync_at: Timestamp,
    /// What the next step will report, since the status lags one step behind.
    pub(super) result: (&'static str, String),
    /// What the status says; `None` is still `ContainerCreating`.
    pub(super) shown: Option<(&'static str, String)>,
    pub(super) pull: Option<Pull>,
    pub(super) again: Option<Crash>,
}

/// A pull that failed.
#[derive(Clone, Debug)]
pub(super) struct Pull {
    pub(super) backoff: SignedDuration,
    pub(super) retry_at: Timestamp,
}

/// A container that will be restarted.
#[derive(Clone, Debug)]
pub(super) struct Crash {
    pub(super) ended: Ended,
    /// The back-off, once the status says `CrashLoopBackOff`.
    pub(super) shown: Option<SignedDuration>,
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
    pub(super) fn new(name: &str, at: Timestamp) -> Self {
        Self {
            name: name.to_owned(),
            state: State::Creating { at, tries: 0 },
            restarts: 0,
            last: None,
            backoff: None,
            probed: (false, false),
        }
    }

    pub(super) fn ready(&self, now: Timestamp) -> bool {
        let ready_at = match &self.state {
            State::Running { plan, .. } => plan.ready,
            _ => None,
        };
        ready_at.is_some_and(|at| at <= now)
    }

    pub(super) fn started(&self, now: Timestamp) -> bool {
        let started_at = match &self.state {
            State::Running { plan, .. } => plan.started,
            _ => None,
        };
        started_at.is_some_and(|at| at <= now)
    }
}
