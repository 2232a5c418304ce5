//! What was observed of one namespace, for the chart: states, samples and observed intervals.
//!
//! Every list is in order of time. A page merges newer pieces with [`History::append`].

use serde::{Deserialize, Serialize};

use super::{EventLine, LoadLogTail, MOST_REACTIONS, MOST_TOLD, Reaction, TimeMs, Told, event};

/// A window of what was observed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct History {
    /// States: each holds until the next one, as far as `observed.cluster` reaches.
    pub pods: Vec<PodCounts>,
    /// Samples of metrics-server, each as long as its window.
    pub cpu: Vec<CpuSample>,
    /// What the HPA read at its looks (changes of its status).
    pub looks: Vec<Look>,
    pub rescales: Vec<Rescale>,
    /// Samples of Locust's log.
    pub load: Vec<LoadSample>,
    /// When loads went on and off.
    pub marks: Vec<LoadMark>,
    /// The end of the newest load's log: lines that are new, and the last tables.
    #[serde(default, skip_serializing_if = "LoadLogTail::is_empty")]
    pub log: LoadLogTail,
    /// The newest events of the namespace; a repeat replaces the one of the same `uid`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<EventLine>,
    /// What the why panel said, at most [`MOST_TOLD`]; the last one holds now.
    #[serde(default)]
    pub told: Vec<Told>,
    /// The scale-ups, at most [`MOST_REACTIONS`].
    #[serde(default)]
    pub reactions: Vec<Reaction>,
    pub observed: Observed,
    /// When each of the six steps was done first; never forgotten.
    #[serde(default)]
    pub steps: StepTimes,
}

/// By the order of [`crate::steps::Step::ALL`].
pub type StepTimes = [Option<TimeMs>; 6];

/// Counts of the app's pods from `time` on.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct PodCounts {
    pub time: TimeMs,
    /// Deployment `spec.replicas`; `None` if there is no Deployment.
    pub asked: Option<u32>,
    pub ready: u32,
    /// The formula's result before limits, where it can be told; `None` otherwise.
    pub wanted: Option<u32>,
    /// The HPA's limits at that time.
    pub min: Option<u32>,
    pub max: Option<u32>,
}

/// The mean over the pods that had a sample with this timestamp (same scrape).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct CpuSample {
    /// End of the window.
    pub time: TimeMs,
    pub window_ms: i64,
    /// Pods with a sample.
    pub pods: u32,
    /// Sum of usage over sum of requests in percent, not truncated.
    pub percent: f64,
    /// The busiest pod's percent.
    pub highest_percent: f64,
    /// CPU limit in percent of the request, if every pod has one.
    pub limit_percent: Option<f64>,
}

/// One change of the HPA's status.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Look {
    pub time: TimeMs,
    pub utilization_percent: Option<u32>,
    pub target_percent: Option<u32>,
    pub current: Option<u32>,
    pub desired: u32,
    /// Kept up by the scale-down window (`ScaleDownStabilized`).
    pub held: bool,
}

/// One change of the Deployment's `spec.replicas`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rescale {
    pub time: TimeMs,
    pub from: u32,
    pub to: u32,
}

/// One line of figures of Locust's log.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct LoadSample {
    pub time: TimeMs,
    pub users: Option<u32>,
    pub rps: f64,
    pub failures_per_s: f64,
    pub p50_ms: Option<u32>,
    pub p95_ms: Option<u32>,
}

/// A load went on or off.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct LoadMark {
    pub time: TimeMs,
    /// `true` when users start, `false` when the load ends.
    pub on: bool,
}

/// When each source was observed. Outside these intervals the chart is blank.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Observed {
    pub cluster: Vec<Interval>,
    pub metrics: Vec<Interval>,
    pub load: Vec<Interval>,
}

/// A stretch of time; `to` is `None` while it goes on.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    pub from: TimeMs,
    pub to: Option<TimeMs>,
}

impl History {
    /// Adds what is newer and forgets what is older than `keep_from`.
    ///
    /// `observed` is always sent whole and replaces the older one. Of the states the last one before
    /// `keep_from` stays, since it still holds.
    pub fn append(&mut self, newer: Self, keep_from: TimeMs) {
        self.pods.extend(newer.pods);
        self.cpu.extend(newer.cpu);
        self.looks.extend(newer.looks);
        self.rescales.extend(newer.rescales);
        self.load.extend(newer.load);
        self.marks.extend(newer.marks);
        self.log.append(newer.log);
        event::append(&mut self.events, newer.events);
        take(&mut self.told, newer.told, |told| told.time, MOST_TOLD);
        take(
            &mut self.reactions,
            newer.reactions,
            |reaction| reaction.decision,
            MOST_REACTIONS,
        );
        self.observed = newer.observed;
        for (known, newer) in self.steps.iter_mut().zip(newer.steps) {
            *known = known.or(newer);
        }
        self.forget_before(keep_from);
    }

    /// Forgets what is older than `keep_from`, but not the state that holds then.
    pub fn forget_before(&mut self, keep_from: TimeMs) {
        let holds = self
            .pods
            .partition_point(|p| p.time <= keep_from)
            .saturating_sub(1);
        self.pods.drain(..holds);
        self.cpu
            .drain(..self.cpu.partition_point(|s| s.time < keep_from));
        self.looks
            .drain(..self.looks.partition_point(|l| l.time < keep_from));
        self.rescales
            .drain(..self.rescales.partition_point(|r| r.time < keep_from));
        self.load
            .drain(..self.load.partition_point(|s| s.time < keep_from));
        self.marks
            .drain(..self.marks.partition_point(|m| m.time < keep_from));
        self.events
            .drain(..self.events.partition_point(|e| e.time < keep_from));
        // What holds now stays, however long it has held.
        let past = self.told.partition_point(|t| t.time < keep_from);
        self.told
            .drain(..past.min(self.told.len().saturating_sub(1)));
        self.reactions
            .drain(..self.reactions.partition_point(|r| r.decision < keep_from));
    }

    /// True if there is nothing to draw.
    pub fn is_empty(&self) -> bool {
        self.pods.is_empty() && self.cpu.is_empty() && self.load.is_empty()
    }
}

/// Adds the newer ones, each in the place of the one that has its name, and keeps the last `most`.
fn take<T>(all: &mut Vec<T>, newer: Vec<T>, name: fn(&T) -> TimeMs, most: usize) {
    for item in newer {
        match all.iter_mut().rfind(|known| name(known) == name(&item)) {
            Some(known) => *known = item,
            None => all.push(item),
        }
    }
    all.drain(..all.len().saturating_sub(most));
}
