//! The four buttons and the status line: what can be pressed, why not, and what is going on. Pure; called by the
//! attendee's page on both sides. One branch a row of the table that the tests walk through.

use crate::figures::{Zone, seconds_between};
use crate::live::Connection;
use crate::model::{
    ClassPhase, Finding, LoadStage, LoadState, Owner, Phase, PodRole, Snapshot, SourceState, TimeMs,
};
use crate::words;

/// A container's first CPU value comes about 30 s after it started: two syncs of the HPA (measured, Kubernetes 1.35).
const FIRST_CPU_S: i64 = 30;

/// After this time a load pod that is left is named.
const STOPPING_IS_SLOW_S: i64 = 30;

/// How long the end of a load stays in the status line.
const ENDED_IS_NEWS_S: i64 = 120;

/// What a button asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    Deploy,
    StartLoad,
    StopLoad,
    CleanUp,
}

/// How a button stands there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ControlState {
    /// Enabled, and the sensible next step.
    Filled,
    /// Enabled.
    On,
    /// Working: `aria-busy`.
    Busy,
    Disabled,
}

/// One button.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Control {
    pub state: ControlState,
    /// Visible text below; always there for a disabled one.
    pub reason: Option<String>,
}

impl Control {
    const FILLED: Self = Self::plain(ControlState::Filled);
    const ON: Self = Self::plain(ControlState::On);
    const BUSY: Self = Self::plain(ControlState::Busy);

    const fn plain(state: ControlState) -> Self {
        Self {
            state,
            reason: None,
        }
    }

    fn off(reason: impl Into<String>) -> Self {
        Self {
            state: ControlState::Disabled,
            reason: Some(reason.into()),
        }
    }

    /// Busy and disabled buttons are natively disabled.
    pub fn enabled(&self) -> bool {
        matches!(self.state, ControlState::Filled | ControlState::On)
    }
}

/// The four buttons and the line below them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Controls {
    pub deploy: Control,
    pub start_load: Control,
    pub stop_load: Control,
    pub clean_up: Control,
    pub line: String,
}

impl Controls {
    /// The control of a command.
    pub fn of(&self, command: Command) -> &Control {
        match command {
            Command::Deploy => &self.deploy,
            Command::StartLoad => &self.start_load,
            Command::StopLoad => &self.stop_load,
            Command::CleanUp => &self.clean_up,
        }
    }

    fn of_mut(&mut self, command: Command) -> &mut Control {
        match command {
            Command::Deploy => &mut self.deploy,
            Command::StartLoad => &mut self.start_load,
            Command::StopLoad => &mut self.stop_load,
            Command::CleanUp => &mut self.clean_up,
        }
    }

    fn all_off(reason: &str, line: String) -> Self {
        Self {
            deploy: Control::off(reason),
            start_load: Control::off(reason),
            stop_load: Control::off(reason),
            clean_up: Control::off(reason),
            line,
        }
    }
}

/// The first object of the app that someone else applied, named as in the question: `ScaledObject webapp-scaler`.
pub fn foreign_object(snapshot: &Snapshot) -> Option<(String, Owner)> {
    let scaled = snapshot
        .scaled_object
        .as_ref()
        .map(|s| (format!("ScaledObject {}", s.name), &s.owner));
    let deployment = snapshot
        .deployment
        .as_ref()
        .map(|d| (format!("Deployment {}", d.name), &d.owner));
    let service = snapshot
        .service
        .as_ref()
        .map(|s| (format!("Service {}", s.name), &s.owner));
    let objects = [scaled, deployment, service];
    let foreign = objects
        .into_iter()
        .flatten()
        .find(|(_, owner)| !owner.own)?;
    Some((foreign.0, foreign.1.clone()))
}

/// What the page knows beside the snapshot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moment {
    pub connection: Connection,
    /// Whether attendees may act.
    pub class: ClassPhase,
    /// The command whose answer this page waits for.
    pub pending: Option<Command>,
    /// When the last load was seen to end: the history's newest mark, if it is an end.
    pub load_off: Option<TimeMs>,
    pub now: TimeMs,
    pub zone: Zone,
}

/// The state of the buttons.
pub fn controls(snapshot: &Snapshot, moment: Moment) -> Controls {
    let Moment {
        connection,
        pending,
        zone,
        ..
    } = moment;
    if connection == Connection::Lost {
        return Controls::all_off(words::NO_CONNECTION, words::LAST_KNOWN_STATE.to_owned());
    }
    if let SourceState::Lost { since } = snapshot.sources.cluster {
        let reason = words::cluster_away(since, zone);
        return Controls::all_off(&reason, words::LAST_KNOWN_STATE.to_owned());
    }
    if let SourceState::Unwatched { .. } = snapshot.sources.cluster {
        return Controls::all_off(words::NOT_WATCHED, words::KUBECTL_WORKS.to_owned());
    }
    let mut controls = by_state(snapshot, moment);
    if moment.class != ClassPhase::Running {
        // Stopping a load stays as it is, and so does the line while there is one.
        if !controls.stop_load.enabled() {
            words::YOU_CAN_LOOK.clone_into(&mut controls.line);
        }
        for command in [Command::Deploy, Command::StartLoad, Command::CleanUp] {
            *controls.of_mut(command) = Control::off(words::CLASS_IS_OVER);
        }
    }
    if let Some(command) = pending {
        *controls.of_mut(command) = Control::BUSY;
    }
    controls
}

fn by_state(snapshot: &Snapshot, moment: Moment) -> Controls {
    let Moment { pending, now, .. } = moment;
    if snapshot.phase == Phase::Removing {
        return removing(snapshot);
    }
    let missing = missing(snapshot);
    let active = snapshot
        .load
        .as_ref()
        .filter(|load| load.stage != LoadStage::Ended);
    let mut controls = match missing.len() {
        3 => nothing(snapshot),
        0 => deployed(snapshot, now),
        _ => half_made(&missing),
    };
    if pending == Some(Command::Deploy) {
        controls.line = words::created(objects(&missing));
        controls.start_load = Control::off(words::NOT_READY_YET);
    }
    if let Some(load) = active {
        with_load(&mut controls, snapshot, load, moment);
    } else if pending == Some(Command::StartLoad) {
        controls.line = match &snapshot.load {
            Some(_) => words::REMOVING_LAST_JOB.to_owned(),
            None => words::starting_locust(0),
        };
    }
    controls
}

fn removing(snapshot: &Snapshot) -> Controls {
    let line = if snapshot.scaled_object.is_some() {
        words::REMOVING_SCALED_OBJECT.to_owned()
    } else if snapshot.deployment.is_some() || snapshot.service.is_some() {
        words::REMOVING_DEPLOYMENT.to_owned()
    } else {
        words::pods_are_ending(u32::try_from(snapshot.pods.len()).unwrap_or(u32::MAX))
    };
    Controls {
        clean_up: Control::BUSY,
        ..Controls::all_off(words::BEING_REMOVED, line)
    }
}

fn nothing(snapshot: &Snapshot) -> Controls {
    let line = match snapshot.phase {
        Phase::CleanedUp => words::clean(&snapshot.namespace),
        _ => words::NOTHING_DEPLOYED.to_owned(),
    };
    Controls {
        deploy: Control::FILLED,
        start_load: Control::off(words::DEPLOY_FIRST),
        stop_load: Control::off(words::NO_LOAD),
        clean_up: Control::off(words::NOTHING_TO_REMOVE),
        line,
    }
}

/// Kinds of the app's objects that are not there.
fn missing(snapshot: &Snapshot) -> Vec<&'static str> {
    let there = [
        ("Deployment", snapshot.deployment.is_some()),
        ("Service", snapshot.service.is_some()),
        ("ScaledObject", snapshot.scaled_object.is_some()),
    ];
    let missing = there.iter().filter(|(_, there)| !there);
    missing.map(|(kind, _)| *kind).collect()
}

/// Objects that Deploy has made so far. The ConfigMap comes first and is not watched: it counts with the first other.
fn objects(missing: &[&str]) -> usize {
    match 3 - missing.len() {
        0 => 0,
        watched => watched + 1,
    }
}

fn half_made(missing: &[&str]) -> Controls {
    let missing = missing.join(" and ");
    Controls {
        deploy: Control::FILLED,
        start_load: Control::off(words::deploy_first_missing(&missing)),
        stop_load: Control::off(words::NO_LOAD),
        clean_up: Control::ON,
        line: words::parts_missing(&missing),
    }
}

fn deployed(snapshot: &Snapshot, now: TimeMs) -> Controls {
    let ready = snapshot.ready() > 0;
    let trouble = snapshot.findings.iter().find(|f| hinders_deploy(f));
    let mut controls = match (ready, trouble) {
        (true, _) => Controls {
            deploy: Control::off(words::ALREADY_DEPLOYED),
            start_load: Control::FILLED,
            stop_load: Control::off(words::NO_LOAD),
            clean_up: Control::ON,
            line: ready_line(snapshot, now),
        },
        (false, Some(finding)) => Controls {
            deploy: Control {
                reason: Some(words::DEPLOY_AGAIN.to_owned()),
                ..Control::FILLED
            },
            start_load: Control::off(words::not_ready_because(words::cause(finding))),
            stop_load: Control::off(words::NO_LOAD),
            clean_up: Control::ON,
            line: deploying_line(snapshot, now),
        },
        (false, None) => Controls {
            deploy: Control::BUSY,
            start_load: Control::off(words::NOT_READY_YET),
            stop_load: Control::off(words::NO_LOAD),
            clean_up: Control::ON,
            line: deploying_line(snapshot, now),
        },
    };
    if let Some((object, owner)) = foreign_object(snapshot) {
        // Start load is the next step if there is an app to load; else the choice is.
        controls.deploy = if ready { Control::ON } else { Control::FILLED };
        controls.line = words::found_your_own(&object, &owner);
    }
    controls
}

fn hinders_deploy(finding: &Finding) -> bool {
    finding.hinders_deploy()
}

fn deploying_line(snapshot: &Snapshot, now: TimeMs) -> String {
    let pod = snapshot
        .pods
        .iter()
        .find(|p| p.role == PodRole::App && !p.terminating);
    match pod {
        None => words::created(4),
        Some(pod) => match pod.started {
            Some(started) => words::starting_pod(seconds_between(started, now)),
            None => words::pulling(seconds_between(pod.created, now)),
        },
    }
}

fn ready_line(snapshot: &Snapshot, now: TimeMs) -> String {
    if let Some(load) = &snapshot.load
        && let Some(end) = &load.end
        && seconds_between(end.time, now) < ENDED_IS_NEWS_S
    {
        return words::load_ended(load, end);
    }
    let percent = snapshot
        .autoscaler
        .as_ref()
        .and_then(|a| a.utilization_percent);
    if snapshot.phase == Phase::WaitingForCpu && percent.is_none() {
        let started = snapshot.pods.iter().filter_map(|p| p.started).min();
        let left = started.map_or(FIRST_CPU_S, |s| FIRST_CPU_S - seconds_between(s, now));
        return words::first_cpu_in(left.max(5));
    }
    let target = snapshot.autoscaler.as_ref().and_then(|a| a.target_percent);
    words::ready(percent, target)
}

/// A load is there and not ended: `Stop load` works whatever else is going on.
fn with_load(controls: &mut Controls, snapshot: &Snapshot, load: &LoadState, moment: Moment) {
    let now = moment.now;
    let left = load.ends.map(|ends| seconds_between(now, ends));
    // A Deploy that is filled stays possible, outlined: stopping comes first.
    if controls.deploy.state == ControlState::Filled {
        controls.deploy.state = ControlState::On;
    }
    controls.clean_up = Control::ON;
    controls.stop_load = Control::FILLED;
    match load.stage {
        LoadStage::Starting => {
            controls.start_load = Control::BUSY;
            controls.line = words::starting_locust(seconds_between(load.created, now));
        }
        LoadStage::Running | LoadStage::Ended => {
            controls.start_load = Control::off(words::load_is_running(left));
            let users = load.figures.and_then(|f| f.users);
            controls.line = match (users, load.users_wanted) {
                (Some(users), Some(wanted)) if users < wanted => words::users_of(users, wanted),
                _ => words::load_is_on(users.or(load.users_wanted), left),
            };
        }
        LoadStage::Stopping => {
            controls.start_load = Control::off(words::STILL_STOPPING);
            controls.stop_load = Control::BUSY;
            controls.line = stopping_line(snapshot, load, moment);
        }
    }
}

fn stopping_line(snapshot: &Snapshot, load: &LoadState, moment: Moment) -> String {
    let seconds = moment.load_off.map(|off| seconds_between(off, moment.now));
    let pod = snapshot.pods.iter().find(|p| p.role == PodRole::Load);
    match (load.pods, pod, seconds) {
        (0, ..) => words::DELETING_JOB.to_owned(),
        (pods, Some(pod), Some(seconds)) if seconds > STOPPING_IS_SLOW_S => {
            words::still_stopping(pods, seconds, &pod.name, &pod.status)
        }
        (pods, ..) => words::locust_is_ending(pods),
    }
}

#[cfg(test)]
mod tests;
