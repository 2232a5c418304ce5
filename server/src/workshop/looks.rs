//! The HPA's looks: when its status changed, what it read then, and how that leads to what it did.
//!
//! The HPA looks every 15 s and writes its status only if something changed. Kept by `memory.rs`, read by
//! `explain.rs` and `history.rs`.

use std::collections::BTreeMap;

use app::model::{AutoscalerState, Look, Rescale, TimeMs};
use autoscaling::normalize::default_scale_up_limit;
use autoscaling::replica_calculator::{self as calculator, PodState, Sample, Tolerances};
use autoscaling::{CpuMillis, SYNC_PERIOD_MS, desired_replicas, within_tolerance};
use k8s_openapi::api::autoscaling::v2::{HorizontalPodAutoscaler, HorizontalPodAutoscalerStatus};

use super::autoscaler::has_reason;
use super::objects::{PodSample, PodSamples};

/// Looks that are remembered: an hour of them and a little more.
const KEPT: usize = 256;

/// The looks of a real cluster keep their beat within a few hundredths of a second; more than this is another beat.
const BEAT_TOLERANCE_MS: i64 = 1_500;

/// A changed status reaches the panel within this time of the look.
const SEEN_WITHIN_MS: i64 = 1_000;

/// Policies of `behavior` count what happened within this time.
const POLICY_PERIOD_MS: i64 = 15_000;

/// What was seen of the HPA's looks.
#[derive(Clone, Debug, Default)]
pub struct Looks {
    uid: Option<String>,
    status: Option<HorizontalPodAutoscalerStatus>,
    seen: Vec<SeenLook>,
}

/// One look.
#[derive(Clone, Debug)]
pub struct SeenLook {
    /// When the panel saw the status change.
    pub time: TimeMs,
    /// False for a status that was there before the panel watched: its time is not known.
    pub timed: bool,
    /// What the Deployment was asked for when the HPA looked.
    pub current: u32,
    pub desired: u32,
    pub percent: Option<u32>,
    pub target: Option<u32>,
    pub held: bool,
    /// Pods added in the 15 s before.
    pub added: u32,
    /// When the HPA read its value last: later than `time` after looks that changed nothing.
    pub read_at: TimeMs,
    /// The newest sample that the HPA can have read then.
    pub sample: Option<PodSample>,
    pub calculation: Option<Calculation>,
    pods: Vec<PodState>,
}

/// How the HPA came to its result, as far as it can be told from what was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Calculation {
    /// The formula's result, before any limit.
    pub wanted: u32,
    /// Pods without a valid sample.
    pub uncounted: u32,
    /// The utilisation with these counted as 0 % (on the way up) or 100 % (on the way down).
    pub diluted: u32,
    /// The most replicas that the rate allowed.
    pub allowed: u32,
    /// What the HPA did follows from it.
    pub reproduced: bool,
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
            added: added_before(rescales, now),
            read_at: now,
            sample: None,
            calculation: None,
            pods: there.take(current as usize).cloned().collect(),
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
    /// could read it, so this is done again until the samples are newer than the look.
    pub fn calculate(
        &mut self,
        state: &AutoscalerState,
        samples: &BTreeMap<String, PodSamples>,
        now: TimeMs,
    ) {
        // A look that would have changed something is seen within this time.
        let silent = self
            .next(now.plus_ms(-SEEN_WITHIN_MS))
            .zip(self.beat())
            .map(|(next, (_, period))| next.plus_ms(-period));
        let Some(look) = self.seen.last_mut() else {
            return;
        };
        if let Some(silent) = silent
            && !look.rescaled()
        {
            look.read_at = look.read_at.max(silent);
        }
        let readable = |samples: &PodSamples| {
            let candidates = [Some(samples.newest), samples.before];
            candidates
                .into_iter()
                .flatten()
                .find(|sample| sample.time <= look.read_at)
        };
        let newest = look
            .pods
            .iter()
            .filter_map(|pod| readable(samples.get(&pod.name)?));
        let Some(newest) = newest.max_by_key(|sample| sample.time) else {
            if look.calculation.is_none() {
                look.calculation = look.by_counts(state, 0);
            }
            return;
        };
        look.sample = Some(newest);
        let exact = [0, 1]
            .into_iter()
            .find_map(|older| look.exact(state, samples, older));
        let uncounted = look.uncounted(samples);
        let calculation = exact
            .filter(|calculation| calculation.reproduced)
            .or_else(|| {
                // Which pods the HPA counted is uncertain by those that are new.
                let counts = std::iter::once(uncounted).chain(0..look.current);
                let mut tried = counts.filter_map(|uncounted| look.by_counts(state, uncounted));
                tried.find(|calculation| calculation.reproduced)
            })
            .or(exact)
            .or_else(|| look.by_counts(state, uncounted));
        if calculation.is_some() {
            look.calculation = calculation;
        }
    }

    /// When the next look is expected: known after two looks that fit the beat.
    pub fn next(&self, now: TimeMs) -> Option<TimeMs> {
        self.first_at_or_after(now.plus_ms(1))
    }

    /// The first expected look at `time` or after it.
    pub fn first_at_or_after(&self, time: TimeMs) -> Option<TimeMs> {
        let (last, period) = self.beat()?;
        let looks = (time.0 - last.0 + period - 1).div_euclid(period);
        Some(last.plus_ms(looks * period))
    }

    /// The last expected look before the seen one, but none before `earliest`.
    fn before(&self, seen: TimeMs, earliest: TimeMs) -> TimeMs {
        let period = self.beat().map_or(SYNC_PERIOD_MS, |(_, period)| period);
        seen.plus_ms(-period).max(earliest)
    }

    /// The last seen look and the learned period in milliseconds.
    fn beat(&self) -> Option<(TimeMs, i64)> {
        let mut timed = self.seen.iter().rev().filter(|look| look.timed);
        let last = timed.next()?.time;
        let before = timed.next()?.time;
        let round = |ms: i64| (ms + SYNC_PERIOD_MS / 2).div_euclid(SYNC_PERIOD_MS);
        let looks = round(last.0 - before.0);
        if looks == 0 || (last.0 - before.0 - looks * SYNC_PERIOD_MS).abs() > BEAT_TOLERANCE_MS {
            return None;
        }
        // Over many looks the beat is known better than a few hundredths of a second.
        let first = timed.next_back().map_or(before, |look| look.time);
        let span = last.0 - first.0;
        let period = span / round(span).max(1);
        let drifted = (period - SYNC_PERIOD_MS).abs() > SYNC_PERIOD_MS / 100;
        Some((last, if drifted { SYNC_PERIOD_MS } else { period }))
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

impl SeenLook {
    /// The look changed the replicas.
    pub fn rescaled(&self) -> bool {
        self.current != self.desired && self.desired != 0
    }

    /// By the pods' own samples: `older` 1 leaves out the newest, in case the HPA had not got it.
    fn exact(
        &self,
        state: &AutoscalerState,
        samples: &BTreeMap<String, PodSamples>,
        older: usize,
    ) -> Option<Calculation> {
        let (percent, target) = (self.percent?, self.target?);
        let mut pods = self.pods.clone();
        for pod in &mut pods {
            let known = samples.get(&pod.name);
            let all = known
                .into_iter()
                .flat_map(|known| [Some(known.newest), known.before]);
            let mut readable = all.flatten().filter(|sample| sample.time <= self.read_at);
            pod.sample = readable.nth(older).map(sample);
        }
        let result = calculator::replicas(
            self.current,
            target,
            &pods,
            Tolerances::default(),
            self.read_at.0,
        );
        let result = result.ok()?;
        if result.utilization.abs_diff(percent) > 1 {
            return None;
        }
        let uncounted = pods
            .iter()
            .filter(|pod| !counts(pod, target, self.read_at))
            .count();
        Some(self.limited(state, result.replicas, uncounted as u32))
    }

    /// How many of the pods the HPA cannot have counted, by the samples known now.
    fn uncounted(&self, samples: &BTreeMap<String, PodSamples>) -> u32 {
        let target = self.target.unwrap_or(100);
        let uncounted = self.pods.iter().filter(|pod| {
            let known = samples.get(&pod.name);
            let all = known
                .into_iter()
                .flat_map(|known| [Some(known.newest), known.before]);
            let readable = all.flatten().find(|sample| sample.time <= self.read_at);
            let mut pod = (*pod).clone();
            pod.sample = readable.map(sample);
            !counts(&pod, target, self.read_at)
        });
        uncounted.count() as u32
    }

    /// By the HPA's own percent, with `uncounted` pods that have no valid sample; all pods have the same request.
    fn by_counts(&self, state: &AutoscalerState, uncounted: u32) -> Option<Calculation> {
        let (percent, target) = (self.percent?, self.target?);
        let diluted = self.diluted(percent, target, uncounted);
        let (there, counted) = (self.there(), self.there().saturating_sub(uncounted));
        let wanted = if within_tolerance(percent, target) {
            self.current
        } else if uncounted == 0 {
            desired_replicas(counted, percent, target)
        } else if within_tolerance(diluted, target) || (percent > target) != (diluted > target) {
            self.current
        } else if percent > target {
            desired_replicas(there, diluted, target).max(self.current)
        } else {
            desired_replicas(there, diluted, target).min(self.current)
        };
        Some(self.limited(state, wanted, uncounted))
    }

    /// Pods that existed at the look: a quota may leave fewer than were asked for, and the HPA counts what exists.
    fn there(&self) -> u32 {
        if self.pods.is_empty() {
            self.current
        } else {
            self.pods.len() as u32
        }
    }

    fn diluted(&self, percent: u32, target: u32, uncounted: u32) -> u32 {
        let assumed = if percent > target { 0 } else { target.max(100) };
        let counted = self.there().saturating_sub(uncounted);
        (percent * counted + assumed * uncounted) / (counted + uncounted).max(1)
    }

    /// Applies the limits to what the formula wants, and compares with what the HPA did.
    fn limited(&self, state: &AutoscalerState, wanted: u32, uncounted: u32) -> Calculation {
        let allowed = self.allowed(state);
        let expected = if wanted > self.current {
            wanted
                .min(allowed.max(self.current))
                .min(state.max_replicas)
        } else if self.held {
            // The window decides, not the formula.
            self.desired
        } else {
            wanted.max(state.min_replicas)
        };
        let (percent, target) = (self.percent.unwrap_or(0), self.target.unwrap_or(100));
        Calculation {
            wanted,
            uncounted,
            diluted: self.diluted(percent, target, uncounted),
            allowed,
            // On the way down the window may leave a smaller recommendation than was last seen.
            reproduced: expected == self.desired
                || (self.desired < self.current && wanted < self.current),
        }
    }

    /// The most replicas that the rate allows (`calculateScaleUpLimitWithScalingRules` and `calculateScaleUpLimit`
    /// in `pkg/controller/podautoscaler/horizontal.go`).
    fn allowed(&self, state: &AutoscalerState) -> u32 {
        let rules = state.rules;
        if !rules.behavior_set {
            return default_scale_up_limit(self.current);
        }
        let base = self.current.saturating_sub(self.added);
        let by_percent = (base * (100 + rules.up_percent)).div_ceil(100);
        by_percent.max(base + rules.up_pods)
    }
}

fn sample(sample: PodSample) -> Sample {
    Sample {
        usage: CpuMillis(sample.usage_m),
        timestamp: sample.time.0,
        window: sample.window_ms,
    }
}

/// Whether the HPA takes the pod's sample: alone it gives a result.
fn counts(pod: &PodState, target: u32, now: TimeMs) -> bool {
    let alone = std::slice::from_ref(pod);
    calculator::replicas(1, target, alone, Tolerances::default(), now.0).is_ok()
}

/// Replicas that rescales added in the policies' period before `now`.
fn added_before(rescales: &[Rescale], now: TimeMs) -> u32 {
    // A rescale at the look before is a little more than a period old and does not count; one that belongs to this
    // very look may be seen just before the HPA's status.
    let recent = rescales
        .iter()
        .filter(|rescale| (1_000..POLICY_PERIOD_MS).contains(&(now.0 - rescale.time.0)));
    recent
        .map(|rescale| rescale.to.saturating_sub(rescale.from))
        .sum()
}
