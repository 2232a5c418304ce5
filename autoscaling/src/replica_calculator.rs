//! How many replicas a resource metric asks for, before any limit.
//!
//! Follows upstream's `pkg/controller/podautoscaler/replica_calculator.go` (`GetResourceReplicas`,
//! `GetRawResourceReplicas`, `groupPods`) and `metrics/utilization.go`. Called by [`crate::metric`] and, for the small
//! helpers, by the "why" sentences.

use serde::{Deserialize, Serialize};

pub use crate::unavailable::Unavailable;
use crate::{CpuMillis, TOLERANCE};

/// How long after its start a pod's CPU samples must be newer than its readiness, in milliseconds.
///
/// `--horizontal-pod-autoscaler-cpu-initialization-period`, 5 min.
pub const CPU_INITIALIZATION_PERIOD_MS: i64 = 300_000;

/// A pod that became unready within this time of its start was never really ready, in milliseconds.
///
/// `--horizontal-pod-autoscaler-initial-readiness-delay`, 30 s.
pub const INITIAL_READINESS_DELAY_MS: i64 = 30_000;

/// Upstream's `MilliValue`: thousandths of the resource's unit, so of a core for CPU and of a byte for memory.
pub type MilliValue = CpuMillis;

/// What the calculation knows of one pod that the selector matches, for one resource.
///
/// Where the metric is a container's, the amounts are that container's alone.
#[derive(Clone, Debug, PartialEq)]
pub struct PodState {
    pub name: String,
    pub phase: Phase,
    /// `metadata.deletionTimestamp` is set.
    pub deleting: bool,
    /// `status.startTime`.
    pub start_time: Option<i64>,
    /// The Ready condition: is it `True`, and since when.
    pub ready: Option<Readiness>,
    /// Sum of the containers' requests, or the container that has none.
    pub request: Result<MilliValue, MissingRequest>,
    /// The pod's sample of the metrics API, summed over its containers.
    pub sample: Option<Sample>,
}

/// `status.phase`, as far as the calculation tells phases apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    Pending,
    Running,
    /// Succeeded or Failed.
    Terminal,
}

/// A pod's Ready condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Readiness {
    pub ready: bool,
    /// `lastTransitionTime` in milliseconds.
    pub since: i64,
}

/// One pod's value in the metrics API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    pub usage: MilliValue,
    /// End of the measured interval, in milliseconds.
    pub timestamp: i64,
    /// Length of the measured interval, in milliseconds.
    pub window: i64,
}

/// A container without a request of the resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissingRequest {
    pub container: String,
}

/// The ratios of usage to target between which nothing changes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tolerances {
    pub scale_up: f64,
    pub scale_down: f64,
}

impl Default for Tolerances {
    fn default() -> Self {
        Self {
            scale_up: TOLERANCE,
            scale_down: TOLERANCE,
        }
    }
}

impl Tolerances {
    fn is_within(self, ratio: f64) -> bool {
        (1.0 - self.scale_down) <= ratio && ratio <= (1.0 + self.scale_up)
    }
}

/// What the metric's value is held against.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Target {
    /// `averageUtilization`, percent of the request.
    Utilization(u32),
    /// `averageValue` for each pod.
    AverageValue(MilliValue),
}

/// Which rule of readiness a resource has: only CPU is distrusted while a pod starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResourceKind {
    Cpu,
    Other,
}

/// The result of one metric, with the figures that the status shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MetricCalculation {
    /// Replicas wanted, before any limit.
    pub replicas: u32,
    /// Percent of the request, truncated; `None` where the target is an average value.
    pub utilization: Option<u32>,
    /// Mean usage of the pods that have a valid sample.
    pub average: MilliValue,
}

/// The result for CPU by utilisation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Calculation {
    /// Replicas wanted, before any limit.
    pub replicas: u32,
    /// Percent of the request, truncated; over the pods that have a valid sample.
    pub utilization: u32,
    /// Mean usage of these pods.
    pub average: CpuMillis,
}

/// Replicas that `pods` ask for at `target` percent of their CPU request.
///
/// `current` is the scale's `spec.replicas`, `now` in milliseconds.
///
/// # Errors
/// When there is no usable sample; the text is upstream's.
pub fn replicas(
    current: u32,
    target: u32,
    pods: &[PodState],
    tolerances: Tolerances,
    now: i64,
) -> Result<Calculation, Unavailable> {
    let target = Target::Utilization(target);
    let result = metric_replicas(current, target, ResourceKind::Cpu, pods, tolerances, now)?;
    Ok(Calculation {
        replicas: result.replicas,
        utilization: result.utilization.unwrap_or(0),
        average: result.average,
    })
}

/// Replicas that `pods` ask for, by any resource and either kind of target.
///
/// # Errors
/// When there is no usable sample; the text is [`Unavailable::message`].
pub fn metric_replicas(
    current: u32,
    target: Target,
    kind: ResourceKind,
    pods: &[PodState],
    tolerances: Tolerances,
    now: i64,
) -> Result<MetricCalculation, Unavailable> {
    if pods.iter().all(|pod| pod.sample.is_none()) {
        return Err(Unavailable::NoMetrics);
    }
    let mut measured = Vec::with_capacity(pods.len());
    let (mut unready, mut missing) = (Vec::new(), Vec::new());
    let mut ready_pods = 0;
    for pod in pods {
        match group(pod, kind, now) {
            Group::Ignored => {}
            Group::Unready => unready.push(pod),
            Group::Missing => missing.push(pod),
            Group::Ready(usage) => {
                ready_pods += 1;
                measured.push((pod, usage));
            }
        }
    }
    if measured.is_empty() {
        return Err(Unavailable::PodsMightBeUnready);
    }
    if matches!(target, Target::Utilization(_)) {
        all_have_requests(pods)?;
    }

    let usage = Usage::of(&measured, target)?;
    let answer = |replicas| {
        Ok(MetricCalculation {
            replicas,
            utilization: usage.utilization,
            average: usage.average,
        })
    };
    let ratio = usage.ratio;
    let scale_up_with_unready = !unready.is_empty() && ratio > 1.0;
    if !scale_up_with_unready && missing.is_empty() {
        if tolerances.is_within(ratio) {
            return answer(current);
        }
        return answer(ceil(ratio, ready_pods));
    }

    // A pod without a sample must not push the count in either direction: on the way down it counts as
    // fully used (or, by value, as on target), on the way up as idle.
    if ratio < 1.0 {
        measured.extend(missing.iter().map(|pod| (*pod, full(pod, target))));
    } else if ratio > 1.0 {
        measured.extend(missing.iter().map(|pod| (*pod, CpuMillis(0))));
    }
    if scale_up_with_unready {
        measured.extend(unready.iter().map(|pod| (*pod, CpuMillis(0))));
    }
    let new_ratio = Usage::of(&measured, target)?.ratio;
    let flips = (ratio < 1.0 && new_ratio > 1.0) || (ratio > 1.0 && new_ratio < 1.0);
    if tolerances.is_within(new_ratio) || flips {
        return answer(current);
    }
    let wanted = ceil(new_ratio, measured.len());
    let against = (new_ratio < 1.0 && wanted > current) || (new_ratio > 1.0 && wanted < current);
    answer(if against { current } else { wanted })
}

/// `ceil(ready × utilization / target)`: what the formula asks for when every pod has a valid sample.
#[must_use]
pub fn desired_replicas(ready: u32, utilization: u32, target: u32) -> u32 {
    if target == 0 {
        return ready;
    }
    ceil(f64::from(utilization) / f64::from(target), ready as usize)
}

/// Whether `utilization` is so close to `target` that the autoscaler changes nothing (0.9 to 1.1).
#[must_use]
pub fn within_tolerance(utilization: u32, target: u32) -> bool {
    target != 0 && Tolerances::default().is_within(f64::from(utilization) / f64::from(target))
}

/// The share of the pods' requests that they use, in whole percent, truncated.
#[must_use]
pub fn utilization(usage: MilliValue, request: MilliValue) -> Option<u32> {
    if request.0 <= 0 {
        return None;
    }
    // In 128 bits: thousandths of bytes times a hundred are more than 64 hold. Go's int32 would wrap where this
    // stops at its maximum.
    let percent = i128::from(usage.0.max(0)) * 100 / i128::from(request.0);
    Some(u32::try_from(percent).unwrap_or(u32::MAX))
}

enum Group {
    Ignored,
    Unready,
    Missing,
    Ready(CpuMillis),
}

/// Upstream's `groupPods`, for one pod.
fn group(pod: &PodState, kind: ResourceKind, now: i64) -> Group {
    if pod.deleting || pod.phase == Phase::Terminal {
        return Group::Ignored;
    }
    if pod.phase == Phase::Pending {
        return Group::Unready;
    }
    let Some(sample) = pod.sample else {
        return Group::Missing;
    };
    if kind == ResourceKind::Other {
        return Group::Ready(sample.usage);
    }
    let (Some(readiness), Some(start)) = (pod.ready, pod.start_time) else {
        return Group::Unready;
    };
    let unready = if start.saturating_add(CPU_INITIALIZATION_PERIOD_MS) > now {
        !readiness.ready || sample.timestamp < readiness.since.saturating_add(sample.window)
    } else {
        !readiness.ready && start.saturating_add(INITIAL_READINESS_DELAY_MS) > readiness.since
    };
    if unready {
        Group::Unready
    } else {
        Group::Ready(sample.usage)
    }
}

fn request(pod: &PodState) -> MilliValue {
    pod.request.as_ref().copied().unwrap_or_default()
}

/// `calculateRequests`: of all pods that the selector matches, also of those that are not counted.
fn all_have_requests(pods: &[PodState]) -> Result<(), Unavailable> {
    for pod in pods {
        if let Err(missing) = &pod.request {
            return Err(Unavailable::MissingRequest {
                container: missing.container.clone(),
                pod: pod.name.clone(),
            });
        }
    }
    Ok(())
}

/// What a pod without a sample counts as on the way down.
fn full(pod: &PodState, target: Target) -> MilliValue {
    match target {
        Target::Utilization(target) => {
            let percent = i128::from(target.max(100));
            let usage = i128::from(request(pod).0) * percent / 100;
            CpuMillis(i64::try_from(usage).unwrap_or(i64::MAX))
        }
        Target::AverageValue(target) => target,
    }
}

/// Usage against a target, over some pods.
struct Usage {
    ratio: f64,
    utilization: Option<u32>,
    average: MilliValue,
}

impl Usage {
    /// Upstream's `GetResourceUtilizationRatio` and `GetMetricUsageRatio`.
    fn of(measured: &[(&PodState, MilliValue)], target: Target) -> Result<Self, Unavailable> {
        let sum = |amounts: &mut dyn Iterator<Item = MilliValue>| {
            CpuMillis(amounts.fold(0_i64, |sum, amount| sum.saturating_add(amount.0)))
        };
        let usage = sum(&mut measured.iter().map(|(_, usage)| *usage));
        let average = CpuMillis(usage.0 / measured.len().max(1) as i64);
        let (ratio, utilization) = match target {
            Target::Utilization(target) => {
                let requests = sum(&mut measured.iter().map(|(pod, _)| request(pod)));
                let percent = utilization(usage, requests).ok_or(Unavailable::NoMetricsMatched)?;
                (f64::from(percent) / f64::from(target.max(1)), Some(percent))
            }
            Target::AverageValue(target) => (average.0 as f64 / target.0.max(1) as f64, None),
        };
        Ok(Self {
            ratio,
            utilization,
            average,
        })
    }
}

/// Saturates where Go's conversion to int32 would be undefined.
fn ceil(ratio: f64, pods: usize) -> u32 {
    (ratio * pods as f64).ceil().clamp(0.0, f64::from(i32::MAX)) as u32
}
