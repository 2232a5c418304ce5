//! How many replicas a CPU utilisation asks for, before any limit.
//!
//! Follows upstream's `pkg/controller/podautoscaler/replica_calculator.go` (`GetResourceReplicas`, `groupPods`)
//! and `metrics/utilization.go`. Called by [`crate::autoscaler`] and, for the small helpers, by the "why" sentences.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{CpuMillis, TOLERANCE};

/// How long after its start a pod's CPU samples must be newer than its readiness, in milliseconds.
///
/// `--horizontal-pod-autoscaler-cpu-initialization-period`, 5 min.
pub const CPU_INITIALIZATION_PERIOD_MS: i64 = 300_000;

/// A pod that became unready within this time of its start was never really ready, in milliseconds.
///
/// `--horizontal-pod-autoscaler-initial-readiness-delay`, 30 s.
pub const INITIAL_READINESS_DELAY_MS: i64 = 30_000;

/// What the calculation knows of one pod that the selector matches.
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
    /// Sum of the containers' CPU requests, or the container that has none.
    pub request: Result<CpuMillis, MissingRequest>,
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
    pub usage: CpuMillis,
    /// End of the measured interval, in milliseconds.
    pub timestamp: i64,
    /// Length of the measured interval, in milliseconds.
    pub window: i64,
}

/// A container without a CPU request.
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

/// The result, with the figures that the status shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Calculation {
    /// Replicas wanted, before any limit.
    pub replicas: u32,
    /// Percent of the request, truncated; over the pods that have a valid sample.
    pub utilization: u32,
    /// Mean usage of these pods.
    pub average: CpuMillis,
}

/// Why no replica count could be computed. `Display` is upstream's text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unavailable {
    /// The metrics API answered with an empty list.
    NoMetrics,
    /// The metrics API answered with an error.
    MetricsApi(String),
    /// There are samples, none of which may be used yet.
    PodsMightBeUnready,
    /// A container has no CPU request.
    MissingRequest { container: String, pod: String },
    /// Only samples of pods that the selector does not match.
    NoMetricsMatched,
}

impl fmt::Display for Unavailable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoMetrics => f.write_str(
                "unable to get metrics for resource cpu: no metrics returned from resource metrics API",
            ),
            Self::MetricsApi(answer) => write!(
                f,
                "unable to get metrics for resource cpu: unable to fetch metrics from resource metrics API: {answer}"
            ),
            Self::PodsMightBeUnready => f.write_str(
                "did not receive metrics for targeted pods (pods might be unready)",
            ),
            Self::MissingRequest { container, pod } => {
                write!(f, "missing request for cpu in container {container} of Pod {pod}")
            }
            Self::NoMetricsMatched => f.write_str("no metrics returned matched known pods"),
        }
    }
}

impl std::error::Error for Unavailable {}

/// Replicas that `pods` ask for at `target` percent of their request.
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
    if pods.iter().all(|pod| pod.sample.is_none()) {
        return Err(Unavailable::NoMetrics);
    }
    let mut measured = Vec::with_capacity(pods.len());
    let (mut unready, mut missing) = (Vec::new(), Vec::new());
    let mut ready_pods = 0;
    for pod in pods {
        match group(pod, now) {
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
    for pod in pods {
        if let Err(missing) = &pod.request {
            return Err(Unavailable::MissingRequest {
                container: missing.container.clone(),
                pod: pod.name.clone(),
            });
        }
    }

    let (ratio, utilization, average) = utilization_ratio(&measured, target)?;
    let answer = |replicas| {
        Ok(Calculation {
            replicas,
            utilization,
            average,
        })
    };
    let scale_up_with_unready = !unready.is_empty() && ratio > 1.0;
    if !scale_up_with_unready && missing.is_empty() {
        if tolerances.is_within(ratio) {
            return answer(current);
        }
        return answer(ceil(ratio, ready_pods));
    }

    // A pod without a sample must not push the count in either direction: on the way down it counts as
    // fully used, on the way up as idle.
    if ratio < 1.0 {
        let fallback = i64::from(target.max(100));
        measured.extend(
            missing
                .iter()
                .map(|pod| (*pod, CpuMillis(request(pod).0 * fallback / 100))),
        );
    } else if ratio > 1.0 {
        measured.extend(missing.iter().map(|pod| (*pod, CpuMillis(0))));
    }
    if scale_up_with_unready {
        measured.extend(unready.iter().map(|pod| (*pod, CpuMillis(0))));
    }
    let (new_ratio, _, _) = utilization_ratio(&measured, target)?;
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
pub fn utilization(usage: CpuMillis, request: CpuMillis) -> Option<u32> {
    if request.0 <= 0 {
        return None;
    }
    u32::try_from(usage.0 * 100 / request.0).ok()
}

enum Group {
    Ignored,
    Unready,
    Missing,
    Ready(CpuMillis),
}

/// Upstream's `groupPods`, for one pod and the resource CPU.
fn group(pod: &PodState, now: i64) -> Group {
    if pod.deleting || pod.phase == Phase::Terminal {
        return Group::Ignored;
    }
    if pod.phase == Phase::Pending {
        return Group::Unready;
    }
    let Some(sample) = pod.sample else {
        return Group::Missing;
    };
    let (Some(readiness), Some(start)) = (pod.ready, pod.start_time) else {
        return Group::Unready;
    };
    let unready = if start + CPU_INITIALIZATION_PERIOD_MS > now {
        !readiness.ready || sample.timestamp < readiness.since + sample.window
    } else {
        !readiness.ready && start + INITIAL_READINESS_DELAY_MS > readiness.since
    };
    if unready {
        Group::Unready
    } else {
        Group::Ready(sample.usage)
    }
}

fn request(pod: &PodState) -> CpuMillis {
    pod.request.as_ref().copied().unwrap_or_default()
}

/// Upstream's `GetResourceUtilizationRatio`: ratio to the target, whole percent, mean usage.
fn utilization_ratio(
    measured: &[(&PodState, CpuMillis)],
    target: u32,
) -> Result<(f64, u32, CpuMillis), Unavailable> {
    let mut usage_total = CpuMillis::default();
    let mut request_total = CpuMillis::default();
    for (pod, usage) in measured {
        usage_total += *usage;
        request_total += request(pod);
    }
    let utilization =
        utilization(usage_total, request_total).ok_or(Unavailable::NoMetricsMatched)?;
    let ratio = f64::from(utilization) / f64::from(target.max(1));
    let average = CpuMillis(usage_total.0 / measured.len().max(1) as i64);
    Ok((ratio, utilization, average))
}

fn ceil(ratio: f64, pods: usize) -> u32 {
    (ratio * pods as f64).ceil() as u32
}
