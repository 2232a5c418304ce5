//! A run: one load and what was observed around it. Cut out of a namespace's history for a record, merged with what
//! another replica of the panel saw, and put back into the memory of a panel that has just started.
//!
//! `runs/` keeps the records; nothing here knows where.

pub mod csv;
mod merge;
mod record;
mod stretches;
mod summary;

use app::model::{AutoscalerState, History, LoadLogTail, LoadState, Snapshot, SourceState, TimeMs};
use serde::{Deserialize, Serialize};

pub use merge::merge;
pub use record::{RecordError, decode, encode};

use stretches::{clip, length, minus, stretches};

/// What was before the load: the app at rest.
const LEAD_MS: i64 = 60_000;

/// After a load's end at least this much belongs to its run: its last CPU samples reach the HPA up to half a minute later.
const TAIL_LEAST_MS: i64 = 60_000;

/// After a load's end at most this much belongs to its run.
const TAIL_MOST_MS: i64 = 15 * 60_000;

/// A node's clock, which the log's times are of, may be behind the API server's.
const CLOCKS_APART_MS: i64 = 5_000;

/// A stretch that misses less at its start has no hole there.
const HOLE_MS: i64 = 1_000;

/// One load and what was observed around it.
///
/// NB: records of earlier versions of the program hold this, and the types of `app::model` in it, as JSON. A change that
/// cannot read them any more needs another version in `run/record.rs`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Run {
    pub namespace: String,
    /// As it was last seen: its settings, its last figures, and how it ended.
    pub load: LoadState,
    /// One pod's CPU in milli-cores.
    pub cpu_request_m: Option<i64>,
    pub cpu_limit_m: Option<i64>,
    /// The HPA as it was last seen: what its explanations are told with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub autoscaler: Option<AutoscalerState>,
    /// What of the history belongs to it.
    pub from: TimeMs,
    pub until: TimeMs,
    /// Set when nothing will be added any more.
    pub over: Option<Over>,
    pub history: History,
}

/// Why a run is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Over {
    /// The load had ended, and the replicas went back to the minimum.
    BackAtMinimum,
    /// Another load was started.
    NextLoad,
    /// A quarter of an hour passed since the load's end.
    TimeUp,
}

impl Over {
    /// Whether the run of `load` is over, and since when. `snapshot` is its namespace now.
    pub fn of(load: &LoadState, snapshot: &Snapshot, now: TimeMs) -> Option<(TimeMs, Self)> {
        let next = snapshot.load.as_ref().filter(|next| next.uid != load.uid);
        if let Some(next) = next {
            return Some((next.created, Self::NextLoad));
        }
        let end = load.end.as_ref()?.time;
        let last = end.plus_ms(TAIL_MOST_MS);
        if now >= last {
            return Some((last, Self::TimeUp));
        }
        let minimum = snapshot.autoscaler.as_ref().map_or(1, |a| a.min_replicas);
        let back = snapshot.sources.cluster == SourceState::Live
            && snapshot.asked() <= minimum
            && snapshot.ready() <= minimum;
        (back && now >= end.plus_ms(TAIL_LEAST_MS)).then_some((now, Self::BackAtMinimum))
    }
}

impl Run {
    /// The run of `load`, as far as it was observed until now; `None` if nothing of it was.
    ///
    /// `load` need not be the newest one: then the newest one ended its run.
    pub fn cut(
        history: &History,
        snapshot: &Snapshot,
        load: &LoadState,
        now: TimeMs,
    ) -> Option<Self> {
        let over = Over::of(load, snapshot, now);
        let from = load.created.plus_ms(-LEAD_MS);
        let until = over.map_or(now, |(at, _)| at.min(now));
        let mut history = merge::cut(history, from, until);
        if history.log.load != load.uid {
            history.log = LoadLogTail::default();
        }
        if history.observed.cluster.is_empty() {
            return None;
        }
        let app = snapshot.deployment.as_ref();
        Some(Self {
            namespace: snapshot.namespace.clone(),
            load: load.clone(),
            cpu_request_m: app.and_then(|app| app.cpu_request_m),
            cpu_limit_m: app.and_then(|app| app.cpu_limit_m),
            autoscaler: snapshot.autoscaler.clone(),
            from,
            until,
            over: over.map(|(_, why)| why),
            history,
        })
    }

    /// What two replicas saw of the same run, as one. The one that watched longer tells; the other fills its holes.
    #[must_use]
    pub fn merge(&self, other: &Self) -> Self {
        let watched = |run: &Self| length(&stretches(&run.history.observed.cluster));
        let (base, more) = if watched(other) > watched(self) {
            (other, self)
        } else {
            (self, other)
        };
        let ended = |run: &Self| (run.load.end.is_some(), run.until);
        let newer = if ended(more) > ended(base) {
            more
        } else {
            base
        };
        let over = [base, more].into_iter().filter(|run| run.over.is_some());
        let over = over.min_by_key(|run| run.until);
        let from = base.from.min(more.from);
        let until = over.map_or(base.until.max(more.until), |run| run.until);
        Self {
            namespace: base.namespace.clone(),
            load: newer.load.clone(),
            cpu_request_m: newer.cpu_request_m.or(base.cpu_request_m),
            cpu_limit_m: newer.cpu_limit_m.or(base.cpu_limit_m),
            autoscaler: newer.autoscaler.clone().or_else(|| base.autoscaler.clone()),
            from,
            until,
            over: over.and_then(|run| run.over),
            history: merge::cut(&merge(&base.history, &more.history), from, until),
        }
    }

    /// How long `other` observed a source that this did not, in milliseconds. What comes after a run is no part of it.
    pub fn lacks_ms(&self, other: &Self) -> i64 {
        let until = self.over.map_or(other.until, |_| self.until);
        let (own, theirs) = (&self.history.observed, &other.history.observed);
        let lacks = |own: &_, theirs: &_| {
            let theirs = clip(&stretches(theirs), other.from, until);
            length(&minus(&theirs, &stretches(own)))
        };
        lacks(&own.cluster, &theirs.cluster)
            .max(lacks(&own.metrics, &theirs.metrics))
            .max(lacks(&own.load, &theirs.load))
    }

    /// Holds as much as `other`, but for so many milliseconds, and knows its ends.
    pub fn holds(&self, other: &Self, slack_ms: i64) -> bool {
        (self.over.is_some() || other.over.is_none())
            && (self.load.end.is_some() || other.load.end.is_none())
            && (self.history.log.tables.is_some() || other.history.log.tables.is_none())
            && self.lacks_ms(other) <= slack_ms
    }

    /// What was observed before `now`.
    pub fn history_before(&self, now: TimeMs) -> History {
        merge::cut(&self.history, self.from, self.until.min(now))
    }

    /// The autoscaler took replicas away after the load.
    pub fn came_down(&self) -> bool {
        let ended = self.load.end.as_ref().map(|end| end.time);
        let mut rescales = self.history.rescales.iter();
        rescales.any(|rescale| rescale.to < rescale.from && Some(rescale.time) > ended)
    }

    /// When users started and when the load ended, as marked in the history.
    pub fn marks(&self) -> (Option<TimeMs>, Option<TimeMs>) {
        // The mark of the load before it may be in its lead.
        let marks = self.history.marks.iter();
        let earliest = self.load.created.plus_ms(-CLOCKS_APART_MS);
        let own = marks.filter(|mark| mark.time >= earliest);
        let on = own.clone().find(|mark| mark.on).map(|mark| mark.time);
        let off = own
            .clone()
            .find(|mark| !mark.on && on.is_some_and(|on| mark.time >= on));
        (on, off.map(|mark| mark.time))
    }

    /// The cluster was not observed all the time.
    pub fn has_hole(&self) -> bool {
        match stretches(&self.history.observed.cluster)[..] {
            [(from, _)] => from > self.from.0 + HOLE_MS,
            _ => true,
        }
    }
}

#[cfg(test)]
mod tests;
