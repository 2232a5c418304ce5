//! A probe by HTTP that goes on while the container serves, and feels its load. Called by [`super::worker`].
//!
//! Upstream: `pkg/kubelet/prober/worker.go` `doProbe`. The probe is a request like any other: under overload it waits
//! with them, and after its timeout it has failed. A tcpSocket probe needs the kernel only and keeps succeeding.

use autoscaling::load::ProbeId;
use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::core::v1::Probe;

use super::probes::Verdict;
use crate::controllers::runtime::Runtime;
use crate::store::pod_log::LogKey;

/// An answer is looked for after this, and then at the timeout.
const SOON: SignedDuration = SignedDuration::from_millis(100);

#[derive(Clone, Debug)]
pub(super) struct Repeated {
    /// `Readiness` or `Liveness`.
    kind: &'static str,
    /// What a failure says.
    why: String,
    period: SignedDuration,
    timeout: SignedDuration,
    /// After so many failures in a row it counts as failed.
    failure_threshold: i32,
    /// After so many successes in a row it counts as succeeded again.
    success_threshold: i32,
    pub(super) next: Timestamp,
    sent: Option<(ProbeId, Timestamp)>,
    failures: i32,
    successes: i32,
}

/// What a probe's turn changes.
#[derive(Debug, Default)]
pub(super) struct Change {
    pub(super) verdict: Option<Verdict>,
    /// The container is ready, or no more.
    pub(super) ready: Option<bool>,
}

impl Repeated {
    /// The probe after its first success; `None` for one that does not ask the app.
    pub(super) fn new(
        probe: &Probe,
        kind: &'static str,
        why: String,
        success: Option<Timestamp>,
    ) -> Option<Self> {
        probe.http_get.as_ref()?;
        let seconds = |value: Option<i32>, default| value.unwrap_or(default).max(1);
        let period = SignedDuration::from_secs(seconds(probe.period_seconds, 10).into());
        Some(Self {
            kind,
            why,
            period,
            timeout: SignedDuration::from_secs(seconds(probe.timeout_seconds, 1).into()),
            failure_threshold: seconds(probe.failure_threshold, 3),
            success_threshold: seconds(probe.success_threshold, 1),
            next: success? + period,
            sent: None,
            failures: 0,
            successes: 0,
        })
    }

    /// Sends the probe, or looks for its answer, whichever is due.
    pub(super) fn step(&mut self, runtime: &mut Runtime, key: &LogKey, now: Timestamp) -> Change {
        if now < self.next {
            return Change::default();
        }
        let Some((probe, sent)) = self.sent else {
            self.sent = runtime.probe(key).map(|probe| (probe, now));
            self.next = match self.sent {
                Some(_) => now + SOON.min(self.timeout),
                None => now + self.period,
            };
            return Change::default();
        };
        let over = now >= sent + self.timeout;
        let answered = runtime.probe_answered(key, probe, over);
        if !answered && !over {
            self.next = sent + self.timeout;
            return Change::default();
        }
        self.sent = None;
        self.next = (sent + self.period).max(now);
        if answered {
            self.succeeded()
        } else {
            self.failed()
        }
    }

    fn succeeded(&mut self) -> Change {
        self.failures = 0;
        self.successes = self.successes.saturating_add(1);
        let turns = self.kind == "Readiness" && self.successes >= self.success_threshold;
        Change {
            verdict: None,
            ready: turns.then_some(true),
        }
    }

    fn failed(&mut self) -> Change {
        self.successes = 0;
        self.failures = self.failures.saturating_add(1);
        let over = self.failures >= self.failure_threshold;
        let readiness = self.kind == "Readiness";
        Change {
            verdict: Some(Verdict {
                unhealthy: format!("{} probe failed: {}", self.kind, self.why),
                kills: (over && !readiness).then_some(self.kind),
            }),
            ready: (over && readiness).then_some(false),
        }
    }
}
