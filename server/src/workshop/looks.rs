//! The HPA's looks: when its status changed, and what it read then.
//!
//! The HPA looks every 15 s and writes its status only if something changed. Kept by `memory.rs`, read by
//! `explain.rs`, `history.rs` and `reactions.rs`. How a look leads to what the HPA did stands in `looks/seen.rs`, when
//! the next one is due in `looks/beat.rs`.

mod beat;
mod seen;

use std::collections::BTreeMap;

use app::model::{AutoscalerState, Look, Rescale, TimeMs};
use autoscaling::replica_calculator::PodState;
use k8s_openapi::api::autoscaling::v2::{HorizontalPodAutoscaler, HorizontalPodAutoscalerStatus};

use super::autoscaler::has_reason;
use super::objects::PodSamples;

pub use seen::{Calculation, SeenLook};

/// Looks that are remembered: an hour of them and a little more.
const KEPT: usize = 256;

/// A changed status reaches the panel within this time of the look.
const SEEN_WITHIN_MS: i64 = 1_000;

/// What was seen of the HPA's looks.
#[derive(Clone, Debug, Default)]
pub struct Looks {
    uid: Option<String>,
    status: Option<HorizontalPodAutoscalerStatus>,
    seen: Vec<SeenLook>,
}

impl Looks {
    /// The newest look.
    pub fn newest(&self) -> Option<&SeenLook> {
        self.seen.last()
    }

    /// All remembered looks, oldest first.
    pub fn all(&self) -> &[SeenLook] {
        &self.seen
    }

    /// Takes the HPA as it is now. `pods` are the app's pods as they were just before, oldest first.
    ///
    /// `watched` is false if the HPA was not watched all the time since the last call, so that a change has no time.
    /// Returns the look for the history, if this is a new one.
    pub fn observe(
        &mut self,
        hpa: Option<(&HorizontalPodAutoscaler, &AutoscalerState)>,
        pods: &[PodState],
        rescales: &[Rescale],
        watched: bool,
        now: TimeMs,
    ) -> Option<Look> {
        let Some((hpa, state)) = hpa else {
            *self = Self::default();
            return None;
        };
        let first_sight = self.uid != hpa.metadata.uid;
        if first_sight {
            *self = Self {
                uid: hpa.metadata.uid.clone(),
                ..Self::default()
            };
        }
        if self.status == hpa.status {
            return None;
        }
        self.status.clone_from(&hpa.status);
        // Before its first look the status has no conditions.
        if state.conditions.is_empty() {
            return None;
        }
        let current = state.current_replicas.unwrap_or(0);
        // At the look there were as many pods as were asked for; newer ones are its consequence.
        let there = pods.iter().filter(|pod| !pod.deleting);
        let look = SeenLook {
            time: now,
            timed: watched && !first_sight,
            current,
            desired: state.desired_replicas,
            percent: state.utilization_percent,
            target: state.target_percent,
            held: has_reason(state, "AbleToScale", "ScaleDownStabilized"),
            added: seen::added_before(rescales, now),
            allowed: seen::allowed(hpa, current, rescales, now),
            read_at: now,
            sample: None,
            calculation: None,
            used: Vec::new(),
            pods: there.take(current as usize).cloned().collect(),
            samples: BTreeMap::new(),
        };
        let told = look.timed.then_some(Look {
            time: now,
            utilization_percent: look.percent,
            target_percent: look.target,
            current: state.current_replicas,
            desired: look.desired,
            held: look.held,
        });
        if self.seen.len() == KEPT {
            self.seen.remove(0);
        }
        self.seen.push(look);
        told
    }

    /// Works out the newest look from the samples known now. A sample is polled up to a few seconds after the HPA
    /// could read it, so this is done again until the samples are newer than the look. `pods` are the app's as now.
    pub fn calculate(
        &mut self,
        state: &AutoscalerState,
        pods: &[PodState],
        samples: &BTreeMap<String, PodSamples>,
        now: TimeMs,
    ) {
        // A look that would have changed something is seen within this time.
        let silent = self.last_before(now.plus_ms(-SEEN_WITHIN_MS));
        let Some(look) = self.seen.last_mut() else {
            return;
        };
        if let Some(silent) = silent
            && !look.rescaled()
        {
            look.goes_on(silent, pods);
        }
        look.calculate(state, samples);
    }

    /// The last recommendation of at least `replicas`, and its size: what holds the replicas up now.
    pub fn highest(&self, replicas: u32) -> Option<(TimeMs, u32)> {
        let wants = |look: &SeenLook| look.calculation.map(|calculation| calculation.wanted);
        let index = self
            .seen
            .iter()
            .rposition(|look| wants(look).is_some_and(|n| n >= replicas))?;
        let look = &self.seen[index];
        // Looks that changed nothing wrote no status: the value held until the look before the next change.
        let time = match self.seen.get(index + 1) {
            Some(next) if next.timed => self.before(next.time, look.time),
            _ => look.time,
        };
        Some((time, wants(look)?))
    }
}
