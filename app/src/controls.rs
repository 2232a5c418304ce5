//! The four buttons and the status line: what can be pressed, why not, and what is going on. Pure; called by the
//! attendee's page on both sides. One branch a row of the table that the tests walk through.

mod lines;

use crate::figures::Zone;
use crate::live::Connection;
use crate::model::{
    ClassPhase, Finding, LoadStage, LoadState, Owner, Phase, PodRole, Snapshot, SourceState, TimeMs,
};
use crate::words;

/// What a button asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    Deploy,
    StartLoad,
    StopLoad,
    CleanUp,
}

impl Command {
    /// In the order of the buttons.
    pub const ALL: [Self; 4] = [Self::Deploy, Self::StartLoad, Self::StopLoad, Self::CleanUp];

    /// Its name in ids and addresses.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Deploy => "deploy",
            Self::StartLoad => "start_load",
            Self::StopLoad => "stop_load",
            Self::CleanUp => "clean_up",
        }
    }

    /// What stands on the button; it never changes.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Deploy => words::DEPLOY,
            Self::StartLoad => words::START_LOAD,
            Self::StopLoad => words::STOP_LOAD,
            Self::CleanUp => words::CLEAN_UP,
        }
    }
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

/// One reason, and the buttons that it holds for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    pub commands: Vec<Command>,
    pub text: String,
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

    /// The one button that a phone shows: the filled one, else the one that works, else one that can be pressed.
    pub fn sensible(&self) -> Command {
        let first = |state| {
            let mut all = Command::ALL.into_iter();
            all.find(|command| self.of(*command).state == state)
        };
        first(ControlState::Filled)
            .or_else(|| first(ControlState::Busy))
            .or_else(|| first(ControlState::On))
            .unwrap_or(Command::Deploy)
    }

    /// The reasons in the order of the buttons; one that holds for several buttons is told once.
    pub fn reasons(&self) -> Vec<Reason> {
        let mut reasons: Vec<Reason> = Vec::new();
        for command in Command::ALL {
            let Some(text) = &self.of(command).reason else {
                continue;
            };
            match reasons.iter_mut().find(|reason| reason.text == *text) {
                Some(reason) => reason.commands.push(command),
                None => reasons.push(Reason {
                    commands: vec![command],
                    text: text.clone(),
                }),
            }
        }
        reasons
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
    pub now: TimeMs,
    pub zone: Zone,
}

/// The state of the buttons.
pub fn controls(snapshot: &Snapshot, moment: Moment) -> Controls {
    if moment.connection == Connection::Lost {
        return Controls::all_off(words::NO_CONNECTION, words::LAST_KNOWN_STATE.to_owned());
    }
    if let SourceState::Lost { since } = snapshot.sources.cluster {
        let reason = words::cluster_away(since, moment.zone);
        return Controls::all_off(&reason, words::LAST_KNOWN_STATE.to_owned());
    }
    if let SourceState::Unwatched { .. } = snapshot.sources.cluster {
        return Controls::all_off(words::NOT_WATCHED, words::KUBECTL_WORKS.to_owned());
    }
    let mut controls = by_state(snapshot, moment);
    if moment.class != ClassPhase::Running {
        // Stopping a load stays as it is, and so does the line while there is one.
        if active(snapshot).is_none() {
            words::YOU_CAN_LOOK.clone_into(&mut controls.line);
        }
        for command in [Command::Deploy, Command::StartLoad, Command::CleanUp] {
            *controls.of_mut(command) = Control::off(words::CLASS_IS_OVER);
        }
    }
    if let Some(command) = moment.pending {
        *controls.of_mut(command) = Control::BUSY;
    }
    controls
}

/// The load, unless it has ended.
fn active(snapshot: &Snapshot) -> Option<&LoadState> {
    let load = snapshot.load.as_ref();
    load.filter(|load| load.stage != LoadStage::Ended)
}

fn by_state(snapshot: &Snapshot, moment: Moment) -> Controls {
    let Moment { pending, now, .. } = moment;
    if pending == Some(Command::CleanUp) || is_removing(snapshot) {
        return removing(snapshot);
    }
    let missing = missing(snapshot);
    let mut controls = match missing.len() {
        3 => nothing(snapshot),
        0 => deployed(snapshot, now),
        _ => half_made(&missing),
    };
    if pending == Some(Command::Deploy) {
        controls.line = words::created(objects(&missing));
        controls.start_load = Control::off(words::NOT_READY_YET);
        controls.clean_up = Control::ON;
    }
    if let Some(load) = active(snapshot) {
        with_load(&mut controls, snapshot, load, moment);
    } else if pending == Some(Command::StartLoad) {
        // A start that waits for the last load's pods is broken off by Stop load.
        controls.stop_load = Control::FILLED;
        controls.line = lines::before_the_job(snapshot);
    }
    controls
}

/// Something is on its way out. A Deployment that kubectl deleted alone leaves parts, which nobody is removing.
fn is_removing(snapshot: &Snapshot) -> bool {
    let ends = [
        snapshot.scaled_object.as_ref().map(|s| s.terminating),
        snapshot.deployment.as_ref().map(|d| d.terminating),
        snapshot.service.as_ref().map(|s| s.terminating),
    ];
    let app_pods = || snapshot.pods.iter().any(|pod| pod.role == PodRole::App);
    ends.contains(&Some(true)) || snapshot.phase == Phase::Removing && app_pods()
}

fn removing(snapshot: &Snapshot) -> Controls {
    let mut controls = Controls {
        clean_up: Control::BUSY,
        ..Controls::all_off(words::BEING_REMOVED, lines::removing(snapshot))
    };
    // Stop load never waits for another command.
    match active(snapshot).map(|load| load.stage) {
        Some(LoadStage::Stopping) => controls.stop_load = Control::BUSY,
        Some(_) => controls.stop_load = Control::ON,
        None => {}
    }
    controls
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
    Controls {
        deploy: Control::FILLED,
        start_load: Control::off(words::deploy_first_missing(missing)),
        stop_load: Control::off(words::NO_LOAD),
        clean_up: Control::ON,
        line: words::parts_missing(missing),
    }
}

fn deployed(snapshot: &Snapshot, now: TimeMs) -> Controls {
    let ready = snapshot.ready() > 0;
    let trouble = snapshot.findings.iter().find(|f| hinders_deploy(f));
    let deploying = |deploy, start_load: String, line| Controls {
        deploy,
        start_load: Control::off(start_load),
        stop_load: Control::off(words::NO_LOAD),
        clean_up: Control::ON,
        line,
    };
    let mut controls = match (ready, trouble) {
        (true, _) => Controls {
            deploy: Control::off(words::ALREADY_DEPLOYED),
            start_load: Control::FILLED,
            stop_load: Control::off(words::NO_LOAD),
            clean_up: Control::ON,
            line: lines::ready(snapshot, now),
        },
        (false, Some(finding)) => {
            let cause = words::cause(finding);
            let again = Control {
                reason: Some(words::DEPLOY_AGAIN.to_owned()),
                ..Control::FILLED
            };
            let line = words::deploy_hangs(cause);
            deploying(again, words::not_ready_because(cause), line)
        }
        (false, None) => {
            let line = lines::deploying(snapshot, now);
            deploying(Control::BUSY, words::NOT_READY_YET.to_owned(), line)
        }
    };
    if let Some((object, owner)) = foreign_object(snapshot) {
        // Start load is the next step if there is an app to load; else the choice is.
        controls.deploy = if ready { Control::ON } else { Control::FILLED };
        if lines::news_of_the_end(snapshot, now).is_none() {
            controls.line = words::found_your_own(&object, &owner);
        }
    }
    controls
}

fn hinders_deploy(finding: &Finding) -> bool {
    finding.hinders_deploy()
}

/// A load is there and not ended: `Stop load` works whatever else is going on.
fn with_load(controls: &mut Controls, snapshot: &Snapshot, load: &LoadState, moment: Moment) {
    // A Deploy that is filled stays possible, outlined: stopping comes first.
    if controls.deploy.state == ControlState::Filled {
        controls.deploy.state = ControlState::On;
    }
    controls.clean_up = Control::ON;
    controls.stop_load = Control::FILLED;
    controls.line = lines::load(snapshot, load, moment.now);
    match load.stage {
        LoadStage::Starting => controls.start_load = Control::BUSY,
        LoadStage::Running | LoadStage::Ended if lines::is_ramping(load, moment.now) => {
            controls.start_load = Control::BUSY;
        }
        LoadStage::Running | LoadStage::Ended => {
            controls.start_load =
                Control::off(words::load_is_running(lines::left(load, moment.now)));
        }
        LoadStage::Stopping => {
            controls.start_load = Control::off(words::STILL_STOPPING);
            controls.stop_load = Control::BUSY;
        }
    }
    if moment.pending == Some(Command::StopLoad) && load.stage != LoadStage::Stopping {
        controls.start_load = Control::off(words::STILL_STOPPING);
        words::DELETING_JOB.clone_into(&mut controls.line);
    }
}

#[cfg(test)]
mod tests;
