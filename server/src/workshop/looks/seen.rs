//! One look: what the HPA read, and how that leads to what it did, as far as it can be told from what was seen.

use std::collections::BTreeMap;

use app::model::{AutoscalerState, Counted, Counts, Rescale, TimeMs, UsedSample};
use autoscaling::behavior::Behavior;
use autoscaling::normalize::{ScaleEvents, default_scale_up_limit, scale_up_limit};
use autoscaling::replica_calculator::{
    self as calculator, PodState, Sample, Tolerances, utilization,
};
use autoscaling::{CpuMillis, desired_replicas, within_tolerance};
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;

use super::super::objects::{PodSample, PodSamples};

/// Policies of `behavior` count what happened within this time, by default.
const POLICY_PERIOD_MS: i64 = 15_000;

/// A rescale that belongs to this very look may be seen this long before the HPA's status, and one a whole period old,
/// which does not count any more, this much early.
const SEEN_EARLY_MS: i64 = 1_000;

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
    /// The most replicas that the rate allowed.
    pub allowed: u32,
    /// When the HPA read its value last: later than `time` after looks that changed nothing.
    pub read_at: TimeMs,
    /// The newest sample that the HPA can have read then.
    pub sample: Option<PodSample>,
    pub calculation: Option<Calculation>,
    /// The pods as they went into the calculation.
    pub used: Vec<UsedSample>,
    pub(super) pods: Vec<PodState>,
    /// The samples that it can have read, by the pods' names. A pod that the look removed takes its samples with it.
    pub(super) samples: BTreeMap<String, PodSamples>,
}

/// How the HPA came to its result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Calculation {
    /// The formula's result, before any limit.
    pub wanted: u32,
    pub counted: Counted,
    /// What the HPA did follows from it.
    pub reproduced: bool,
}

impl SeenLook {
    /// The look changed the replicas.
    pub fn rescaled(&self) -> bool {
        self.current != self.desired && self.desired != 0
    }

    /// There was a later look, which changed nothing in the status.
    pub(super) fn goes_on(&mut self, at: TimeMs, pods: &[PodState]) {
        if at <= self.read_at {
            return;
        }
        self.read_at = at;
        // Pods that became ready since may count by now.
        for known in &mut self.pods {
            let newer = pods.iter().find(|pod| pod.name == known.name);
            let since = |pod: &PodState| pod.ready.map_or(i64::MIN, |ready| ready.since);
            if let Some(newer) = newer.filter(|newer| since(newer) <= at.0) {
                known.clone_from(newer);
            }
        }
    }

    /// Works the look out from the samples known now.
    pub(super) fn calculate(
        &mut self,
        state: &AutoscalerState,
        samples: &BTreeMap<String, PodSamples>,
    ) {
        self.keep(samples);
        let newest = self.read(0).into_iter().filter_map(|pod| {
            let read = pod.sample?;
            let known = self.samples.get(&pod.name)?;
            let all = [Some(known.newest), known.before];
            let mut all = all.into_iter().flatten();
            all.find(|sample| sample.time.0 == read.timestamp)
        });
        let Some(newest) = newest.max_by_key(|sample| sample.time) else {
            if self.calculation.is_none() {
                self.calculation = self.by_counts(state, 0);
                self.used = self.used(&self.read(0));
            }
            return;
        };
        self.sample = Some(newest);
        // The HPA may not have got the newest one.
        let exact = [0, 1].into_iter().find_map(|older| {
            let pods = self.read(older);
            Some((self.exact(state, &pods)?, pods))
        });
        let read = match &exact {
            Some((_, pods)) => pods.clone(),
            None => self.read(0),
        };
        let exact = exact.map(|(calculation, _)| calculation);
        let uncounted = self.uncounted(&read);
        let calculation = exact
            .filter(|calculation| calculation.reproduced)
            .or_else(|| {
                // Which pods the HPA counted is uncertain by those that are new.
                let counts = std::iter::once(uncounted).chain(0..self.current);
                let mut tried = counts.filter_map(|uncounted| self.by_counts(state, uncounted));
                tried.find(|calculation| calculation.reproduced)
            })
            .or(exact)
            .or_else(|| self.by_counts(state, uncounted));
        if calculation.is_some() {
            self.calculation = calculation;
        }
        self.used = self.used(&read);
    }

    /// Keeps of the samples known now what this look can have read.
    fn keep(&mut self, samples: &BTreeMap<String, PodSamples>) {
        for pod in &self.pods {
            let Some(known) = samples.get(&pod.name) else {
                continue;
            };
            let mut all = [Some(known.newest), known.before].into_iter().flatten();
            if all.any(|sample| sample.time <= self.read_at) {
                self.samples.insert(pod.name.clone(), *known);
            }
        }
    }

    /// The pods with the samples that the HPA can have read; `older` 1 leaves out the newest of each.
    fn read(&self, older: usize) -> Vec<PodState> {
        let mut pods = self.pods.clone();
        for pod in &mut pods {
            let known = self.samples.get(&pod.name);
            let all = known
                .into_iter()
                .flat_map(|known| [Some(known.newest), known.before]);
            let mut readable = all.flatten().filter(|sample| sample.time <= self.read_at);
            pod.sample = readable.nth(older).map(sample);
        }
        pods
    }

    /// By the pods' own samples.
    fn exact(&self, state: &AutoscalerState, pods: &[PodState]) -> Option<Calculation> {
        let (percent, target) = (self.percent?, self.target?);
        let tolerances = Tolerances::default();
        let result = calculator::replicas(self.current, target, pods, tolerances, self.read_at.0);
        let result = result.ok()?;
        if result.utilization.abs_diff(percent) > 1 {
            return None;
        }
        Some(self.limited(state, result.replicas, self.uncounted(pods)))
    }

    /// How many of the pods the HPA cannot have counted.
    fn uncounted(&self, pods: &[PodState]) -> u32 {
        let target = self.target.unwrap_or(100);
        let uncounted = pods
            .iter()
            .filter(|pod| !counts(pod, target, self.read_at))
            .count();
        uncounted as u32
    }

    /// How each of the pods went into the calculation.
    fn used(&self, pods: &[PodState]) -> Vec<UsedSample> {
        let target = self.target.unwrap_or(100);
        let up = self.percent.is_none_or(|percent| percent > target);
        let used = pods.iter().map(|pod| {
            let counts = match (counts(pod, target, self.read_at), up) {
                (true, _) => Counts::Sample,
                (false, _) if self.percent.is_none() => Counts::Not,
                (false, true) => Counts::Zero,
                // Upstream assumes only for pods without any sample on the way down.
                (false, false) if pod.sample.is_none() => Counts::Full,
                (false, false) => Counts::Not,
            };
            let request = pod.request.as_ref().ok();
            UsedSample {
                pod: pod.name.clone(),
                usage_m: pod.sample.map(|sample| sample.usage.0),
                percent: pod
                    .sample
                    .zip(request)
                    .and_then(|(sample, request)| utilization(sample.usage, *request)),
                age_ms: pod.sample.map(|sample| self.read_at.0 - sample.timestamp),
                counts,
            }
        });
        used.collect()
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
        let expected = if wanted > self.current {
            wanted
                .min(self.allowed.max(self.current))
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
            counted: Counted {
                pods: self.there(),
                uncounted,
                diluted: self.diluted(percent, target, uncounted),
            },
            // On the way down the window may leave a smaller recommendation than was last seen.
            reproduced: expected == self.desired
                || (self.desired < self.current && wanted < self.current),
        }
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
pub(super) fn added_before(rescales: &[Rescale], now: TimeMs) -> u32 {
    let recent = rescales
        .iter()
        .filter(|rescale| (SEEN_EARLY_MS..POLICY_PERIOD_MS).contains(&(now.0 - rescale.time.0)));
    recent
        .map(|rescale| rescale.to.saturating_sub(rescale.from))
        .sum()
}

/// The most replicas that the rate allows: of the live `behavior`, or without one `max(2 × replicas, 4)`
/// (`calculateScaleUpLimit` in `pkg/controller/podautoscaler/horizontal.go`).
pub(super) fn allowed(
    hpa: &HorizontalPodAutoscaler,
    current: u32,
    rescales: &[Rescale],
    now: TimeMs,
) -> u32 {
    let behavior = hpa.spec.as_ref().and_then(|spec| spec.behavior.as_ref());
    // The types of the API and of `autoscaling` have the same form on the wire.
    let behavior = behavior
        .and_then(|behavior| serde_json::to_value(behavior).ok())
        .and_then(|behavior| serde_json::from_value::<Behavior>(behavior).ok());
    let Some(rules) = behavior.and_then(|behavior| behavior.with_defaults().scale_up) else {
        return default_scale_up_limit(current);
    };
    let (mut ups, mut downs) = (ScaleEvents::default(), ScaleEvents::default());
    let before = rescales
        .iter()
        .filter(|rescale| now.0 - rescale.time.0 >= SEEN_EARLY_MS);
    for rescale in before {
        let time = rescale.time.0 - SEEN_EARLY_MS;
        if rescale.to > rescale.from {
            ups.record(rescale.to - rescale.from, time, Some(&rules));
        } else {
            downs.record(rescale.from - rescale.to, time, Some(&rules));
        }
    }
    scale_up_limit(current, &rules, &ups, &downs, now.0)
}
