//! The kubelet's delays. Pure.

use jiff::{SignedDuration, Timestamp};

use crate::random::Random;

/// From a container's creation to its start: measured (`recordings`).
pub(super) const START: SignedDuration = SignedDuration::from_millis(200);
/// A pull of an image whose layers are there: measured in no recording, only plausible.
pub(super) const PULL: SignedDuration = SignedDuration::from_millis(350);
/// How often the kubelet asks the runtime what has changed (`genericPlegRelistPeriod`, `pkg/kubelet/kubelet.go`).
pub(super) const RELIST: SignedDuration = SignedDuration::from_secs(1);
/// After an error a pod is looked at again after this long, and up to half as much more
/// (`backOffPeriod` in `pkg/kubelet/kubelet.go`, `workerBackOffPeriodJitterFactor` in `pod_workers.go`).
pub(super) const SYNC_BACKOFF: SignedDuration = SignedDuration::from_secs(10);
/// The longest wait for the end of a back-off before the jitter (`resyncInterval`).
const RESYNC: SignedDuration = SignedDuration::from_mins(1);
/// First and longest back-off of an image and of a crashing container
/// (`imageBackOffPeriod`, `MaxImageBackOff`, `MaxCrashLoopBackOff` in `pkg/kubelet/kubelet.go`).
const BACKOFF: SignedDuration = SignedDuration::from_secs(10);
const MAX_BACKOFF: SignedDuration = SignedDuration::from_mins(5);
/// First and longest delay after a volume that could not be mounted
/// (`pkg/util/goroutinemap/exponentialbackoff/exponential_backoff.go`).
const MOUNT_BACKOFF: SignedDuration = SignedDuration::from_millis(500);
const MAX_MOUNT_BACKOFF: SignedDuration = SignedDuration::from_secs(122);

/// 10 s, doubled each time up to 5 minutes.
pub(super) fn next_backoff(last: Option<SignedDuration>) -> SignedDuration {
    last.map_or(BACKOFF, |last| last.saturating_mul(2).min(MAX_BACKOFF))
}

/// Whether a back-off of that time is forgotten (`hasExpired`, client-go `util/flowcontrol/backoff.go`).
pub(super) fn has_expired(last: Timestamp, now: Timestamp) -> bool {
    now.duration_since(last) > MAX_BACKOFF.saturating_mul(2)
}

pub(super) fn mount_backoff(tries: u32) -> SignedDuration {
    MOUNT_BACKOFF
        .saturating_mul(2_i32.saturating_pow(tries.min(10)))
        .min(MAX_MOUNT_BACKOFF)
}

/// Up to half as much more (`wait.Jitter`).
pub(super) fn jittered(delay: SignedDuration, random: &mut Random) -> SignedDuration {
    let seconds = delay.as_secs_f64() * (1.0 + 0.5 * random.fraction());
    SignedDuration::try_from_secs_f64(seconds).unwrap_or(delay)
}

/// The wait for the end of a back-off (`completeWork` in `pkg/kubelet/pod_workers.go`).
pub(super) fn until(end: Timestamp, now: Timestamp, random: &mut Random) -> SignedDuration {
    let left = end.duration_since(now).max(SignedDuration::ZERO);
    jittered(left.min(RESYNC), random)
}

/// `10s`, `1m20s`, `350ms`: as Go prints a duration.
pub(super) fn go_duration(duration: SignedDuration) -> String {
    let (seconds, millis) = (duration.as_secs(), duration.subsec_millis());
    match (seconds / 60, seconds % 60) {
        (0, 0) => format!("{millis}ms"),
        (0, seconds) => format!("{seconds}s"),
        (minutes, seconds) => format!("{minutes}m{seconds}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backoff_doubles_up_to_five_minutes() {
        let mut last = None;
        let texts: Vec<String> = (0..7)
            .map(|_| {
                last = Some(next_backoff(last));
                go_duration(last.unwrap_or_default())
            })
            .collect();
        assert_eq!(
            texts,
            ["10s", "20s", "40s", "1m20s", "2m40s", "5m0s", "5m0s"]
        );
    }

    #[test]
    fn mounts_are_tried_as_often_as_on_the_real_cluster() {
        // Kubernetes 1.35: events at 0, 0.5, 1.5, 3.5, 7.5, 15.5, 31.5 and 63.5 s.
        let mut at = SignedDuration::ZERO;
        let times: Vec<f64> = (0..7)
            .map(|tries| {
                at += mount_backoff(tries);
                at.as_secs_f64()
            })
            .collect();
        assert_eq!(times, [0.5, 1.5, 3.5, 7.5, 15.5, 31.5, 63.5]);
        assert_eq!(mount_backoff(9), MAX_MOUNT_BACKOFF);
    }
}
