//! Why the autoscaler did, or did not yet, act. Called for each snapshot; the words stand in `app`.
//!
//! The figures are the HPA's own status; what it cannot tell (the formula's result before the limits) is worked out
//! by `looks/seen.rs` from the samples seen.

use app::model::{
    AutoscalerState, Counted, DeploymentState, Explanation, LoadStage, LoadState, PodRole,
    PodState, ScaledObjectState, TimeMs,
};
use autoscaling::{desired_replicas, within_tolerance};
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;

use super::autoscaler::{condition, has_reason};
use super::hot_pod::HotPod;
use super::looks::{Looks, SeenLook};
use super::time::time_ms;

/// A healthy start has a value within this time: metrics-server's first sample about 25 s after the container's
/// start, the HPA's look up to 15 s later, and both once more if a sample was not a whole window old.
pub const FIRST_VALUE_MS: i64 = 90_000;

/// KEDA makes the HPA within a second; after this time it is missing.
const HPA_WITHIN_MS: i64 = 20_000;

/// What an explanation is made of.
#[derive(Clone, Copy)]
pub struct Situation<'a> {
    pub deployment: Option<&'a DeploymentState>,
    pub scaled_object: Option<&'a ScaledObjectState>,
    pub hpa: Option<&'a HorizontalPodAutoscaler>,
    pub autoscaler: Option<&'a AutoscalerState>,
    pub pods: &'a [PodState],
    pub load: Option<&'a LoadState>,
    pub looks: &'a Looks,
    /// One pod has all of the load that is on.
    pub hot_pod: Option<HotPod>,
    pub now: TimeMs,
}

/// The situation of a namespace.
pub fn explain(situation: &Situation<'_>) -> Explanation {
    let Some(deployment) = situation.deployment else {
        let left = situation.scaled_object.is_some() || situation.app().next().is_some();
        return if left {
            Explanation::Deploying
        } else {
            Explanation::NothingDeployed
        };
    };
    if deployment.asked == 0 {
        return Explanation::Disabled;
    }
    let ready = situation.app().any(|pod| pod.ready && !pod.terminating);
    let Some(autoscaler) = situation.autoscaler else {
        return situation.without_autoscaler(deployment, ready);
    };
    let (Some(percent), Some(target)) = (autoscaler.utilization_percent, autoscaler.target_percent)
    else {
        return if ready {
            situation.without_value(autoscaler)
        } else {
            Explanation::Deploying
        };
    };
    match situation.looks.newest() {
        Some(look) => situation.of_look(autoscaler, look, percent, target),
        None => Explanation::NoCpuYet,
    }
}

/// When an explanation becomes another one by the time alone.
pub fn recheck(situation: &Situation<'_>) -> Option<TimeMs> {
    let at = match explain(situation) {
        Explanation::NoCpuYet => match situation.autoscaler {
            Some(autoscaler) => situation.first_value_due(autoscaler)?,
            None => situation.hpa_due()?,
        },
        Explanation::Deploying => situation.hpa_due()?,
        Explanation::SampleBeforeLoad { .. } => situation.looks.next(situation.now)?.plus_ms(1_100),
        _ => return None,
    };
    (at > situation.now).then_some(at)
}

impl Situation<'_> {
    fn app(&self) -> impl Iterator<Item = &PodState> {
        self.pods.iter().filter(|pod| pod.role == PodRole::App)
    }

    fn hpa_due(&self) -> Option<TimeMs> {
        let made = self.scaled_object?.created;
        Some(made.plus_ms(HPA_WITHIN_MS))
    }

    fn without_autoscaler(&self, deployment: &DeploymentState, ready: bool) -> Explanation {
        let paused = self.scaled_object.is_some_and(|so| so.paused);
        let due = match self.hpa_due() {
            Some(due) => due,
            // Applied by hand, one file after the other.
            None => deployment.created.plus_ms(HPA_WITHIN_MS),
        };
        if !ready {
            Explanation::Deploying
        } else if paused || self.now >= due {
            Explanation::NoAutoscaler
        } else {
            Explanation::NoCpuYet
        }
    }

    /// When a healthy start would have had a value.
    fn first_value_due(&self, autoscaler: &AutoscalerState) -> Option<TimeMs> {
        let first = self.app().filter_map(|pod| pod.started).min()?;
        Some(first.max(autoscaler.created).plus_ms(FIRST_VALUE_MS))
    }

    fn without_value(&self, autoscaler: &AutoscalerState) -> Explanation {
        let due = self.first_value_due(autoscaler);
        if due.is_none_or(|due| self.now < due) {
            return Explanation::NoCpuYet;
        }
        let inactive = condition(autoscaler, "ScalingActive").filter(|c| c.status == "False");
        let since = self.hpa.and_then(|hpa| {
            let conditions = hpa.status.as_ref()?.conditions.as_ref()?;
            let active = conditions.iter().find(|c| c.type_ == "ScalingActive")?;
            active.last_transition_time.as_ref().map(time_ms)
        });
        Explanation::NoCpuValue {
            since: since.unwrap_or(autoscaler.created),
            message: inactive.map(|c| c.message.clone()).unwrap_or_default(),
        }
    }

    fn of_look(
        &self,
        autoscaler: &AutoscalerState,
        look: &SeenLook,
        percent: u32,
        target: u32,
    ) -> Explanation {
        let (from, to, maximum) = (look.current, look.desired, autoscaler.max_replicas);
        let at = look.time;
        let (wanted, counted) = match look.calculation {
            Some(calculation) => (calculation.wanted, calculation.counted),
            None => {
                let counted = Counted {
                    pods: from,
                    uncounted: 0,
                    diluted: percent,
                };
                (desired_replicas(from, percent, target), counted)
            }
        };
        let reproduced = look
            .calculation
            .is_none_or(|calculation| calculation.reproduced);
        let not_reproducible = Explanation::NotReproducible {
            asked: to,
            formula: wanted.clamp(autoscaler.min_replicas, maximum),
            percent,
            target,
        };
        let rules = autoscaler.rules;
        let rule = rules
            .behavior_set
            .then_some((rules.up_pods, rules.up_percent));
        if to > from && look.rescaled() {
            if !reproduced {
                return not_reproducible;
            }
            if has_reason(autoscaler, "ScalingLimited", "ScaleUpLimit") {
                return Explanation::ScaledUpLimited {
                    at,
                    from,
                    to,
                    wanted,
                    percent,
                    target,
                    counted,
                    rule,
                };
            }
            if to == maximum && wanted > maximum {
                return Explanation::AtMaximum {
                    from: Some(from),
                    maximum,
                    wanted,
                    percent,
                    target,
                    counted,
                };
            }
            return Explanation::ScaledUp {
                at,
                from,
                to,
                percent,
                target,
                counted,
                allowed: look.allowed,
            };
        }
        if to < from && look.rescaled() {
            return Explanation::ScaledDown {
                at,
                from,
                to,
                percent,
                target,
                wanted,
                minimum: autoscaler.min_replicas,
            };
        }
        if let Some(HotPod { idle, percent }) = self.hot_pod {
            return Explanation::OneHotPod {
                replicas: from,
                idle,
                percent,
                target,
            };
        }
        if look.held {
            return self.held(autoscaler, look, wanted, percent, target);
        }
        // What is above the target already is of the load, though its sample may have begun before.
        if wanted <= from && percent <= target && self.read_before_load(look) {
            return Explanation::SampleBeforeLoad {
                next_sample: self.next_sample(),
            };
        }
        if from == maximum && wanted > maximum {
            return Explanation::AtMaximum {
                from: None,
                maximum,
                wanted,
                percent,
                target,
                counted,
            };
        }
        if wanted > from {
            return if look.added > 0 {
                Explanation::RateUsedUp {
                    replicas: from,
                    wanted,
                    percent,
                    target,
                    counted,
                    added: look.added,
                    rule,
                }
            } else {
                not_reproducible
            };
        }
        let close = within_tolerance(percent, target);
        if percent > target && !close && counted.uncounted > 0 {
            return Explanation::NewPodsCountAsZero {
                replicas: from,
                percent,
                target,
                counted,
            };
        }
        if from <= autoscaler.min_replicas && !close {
            return Explanation::EnoughAtMinimum {
                replicas: from,
                percent,
                target,
                minimum: autoscaler.min_replicas,
            };
        }
        Explanation::Settled {
            replicas: from,
            percent,
            target,
        }
    }

    fn held(
        &self,
        autoscaler: &AutoscalerState,
        look: &SeenLook,
        wanted: u32,
        percent: u32,
        target: u32,
    ) -> Explanation {
        let window_s = autoscaler.rules.down_window_s;
        let highest = self.looks.highest(look.current);
        let until = highest.and_then(|(at, _)| {
            // A recommendation exactly one window old no longer counts (recorded: 181.0 to 241.0 s with 60 s).
            self.looks
                .first_at_or_after(at.plus_ms(i64::from(window_s) * 1000))
        });
        Explanation::HeldByWindow {
            replicas: look.current,
            percent,
            target,
            would_do: wanted.max(autoscaler.min_replicas),
            window_s,
            highest_at: highest.map(|(at, _)| at),
            highest: highest.map(|(_, wanted)| wanted),
            until,
        }
    }

    /// True if users are active, and the newest sample that the HPA has read began before them.
    fn read_before_load(&self, look: &SeenLook) -> bool {
        let load = self.load.filter(|load| load.stage == LoadStage::Running);
        let Some(first_users) = load.and_then(|load| load.first_users) else {
            return false;
        };
        match look.sample {
            Some(sample) => sample.time.plus_ms(-sample.window_ms) < first_users,
            None => look.read_at < first_users,
        }
    }

    /// When metrics-server will have the next sample; `None` if that is due, or if the newest one is all of the load's
    /// time and waits for the HPA's look.
    fn next_sample(&self) -> Option<TimeMs> {
        let first_users = self.load.and_then(|load| load.first_users)?;
        let newest = self
            .app()
            .filter_map(|pod| pod.cpu)
            .max_by_key(|cpu| cpu.time)?;
        let next = newest.time.plus_ms(newest.window_ms);
        let covers = newest.time.plus_ms(-newest.window_ms) >= first_users;
        (next > self.now && !covers).then_some(next)
    }
}
