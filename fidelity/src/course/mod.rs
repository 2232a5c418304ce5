//! What a run's lines tell: replicas, rescales, conditions, events, first samples, plateaus. Pure.
//!
//! Names differ from run to run (pods, hashes), so objects are known by their [`Role`].

mod conditions;
mod events;
mod figures;
mod load;
mod plateaus;
mod pods;
mod replicas;
mod rescales;
mod roles;

use std::collections::BTreeMap;

use crate::line::{Entry, Line};

pub use conditions::{ConditionChange, Conditions};
pub use events::{ObjectEvents, Reason, Sequence};
pub use load::Load;
pub use plateaus::{PLATEAU_S, Phase, Plateau};
pub use pods::PodStart;
pub use replicas::Replicas;
pub use rescales::Rescale;
pub use roles::Role;

use roles::Roles;

/// One run, in the terms in which runs are compared.
#[derive(Clone, Debug, Default)]
pub struct Course {
    /// Each step with its beginning, its end if it has one, and how a wait or a command ended.
    pub steps: Vec<StepSpan>,
    /// Each Deployment's counts, at each change.
    pub replicas: BTreeMap<String, Vec<Replicas>>,
    /// In order.
    pub rescales: Vec<Rescale>,
    /// By object and type of condition.
    pub conditions: BTreeMap<Role, Conditions>,
    /// By object; pods of one owner together.
    pub events: BTreeMap<Role, ObjectEvents>,
    /// In order of their creation.
    pub pods: Vec<PodStart>,
    /// The longest of each phase and number of ready pods.
    pub plateaus: Vec<Plateau>,
    /// When users came and went.
    pub loads: Vec<Load>,
    /// What the recorder could not see.
    pub troubles: Vec<String>,
}

/// When a step was taken.
#[derive(Clone, Debug, PartialEq)]
pub struct StepSpan {
    /// As it stands in `steps`.
    pub text: String,
    /// Seconds since the start.
    pub began: f64,
    /// Seconds since the start; `None` for a sleep.
    pub ended: Option<f64>,
    /// `held`, `not reached in time`, `exit 0`, …
    pub result: String,
}

impl Course {
    /// Reads a run.
    pub fn of(lines: &[Line]) -> Self {
        let start = lines.iter().find_map(|line| match &line.entry {
            Entry::Start(start) => Some(start.time),
            _ => None,
        });
        let start = start.unwrap_or_default();
        let roles = Roles::read(lines);
        let replicas = replicas::read(lines);
        let loads = load::read(lines);
        let pods = pods::read(lines, start, &roles);
        Self {
            steps: steps(lines),
            rescales: rescales::read(lines, &replicas),
            conditions: conditions::read(lines, &roles),
            events: events::read(lines, &roles),
            plateaus: plateaus::read(lines, start, &roles, &replicas, &loads),
            replicas,
            loads,
            pods,
            troubles: troubles(lines),
        }
    }
}

impl Course {
    /// CPU of one answer in ms, of all plateaus under load; `None` where there are none.
    #[must_use]
    pub fn request_cpu_ms(&self) -> Option<f64> {
        let loaded = self.plateaus.iter().filter_map(|plateau| {
            let seconds = plateau.to - plateau.from;
            let cpu = plateau.cpu_millis? * plateau.ready as f64;
            Some((cpu * seconds, plateau.requests_per_s? * seconds))
        });
        let (cpu, answers) = loaded.fold((0.0, 0.0), |sum, plateau| {
            (sum.0 + plateau.0, sum.1 + plateau.1)
        });
        (answers > 0.0).then(|| cpu / answers)
    }
}

fn steps(lines: &[Line]) -> Vec<StepSpan> {
    let mut steps: Vec<StepSpan> = Vec::new();
    for line in lines {
        match &line.entry {
            Entry::Step { step } => steps.push(StepSpan {
                text: step.clone(),
                began: line.t,
                ended: None,
                result: String::new(),
            }),
            Entry::StepEnd { exit, result, .. } => {
                if let Some(step) = steps.last_mut() {
                    step.ended = Some(line.t);
                    let exit = exit.map(|exit| format!("exit {exit}"));
                    step.result = result.clone().or(exit).unwrap_or_default();
                }
            }
            _ => {}
        }
    }
    steps
}

fn troubles(lines: &[Line]) -> Vec<String> {
    let troubles = lines.iter().filter_map(|line| match &line.entry {
        Entry::Trouble { what, message } => {
            let message = message.as_deref().unwrap_or_default();
            Some(format!("{:.1} {what}: {message}", line.t))
        }
        _ => None,
    });
    troubles.collect()
}
