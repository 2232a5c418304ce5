//! When a container's probes succeed, and when they fail, computed from when it listens. Called by the kubelet at
//! each start; pure.
//!
//! Upstream: `pkg/kubelet/prober/worker.go`. A probe by HTTP that has succeeded goes on as [`super::repeated`], which
//! feels the load; others that have succeeded go on to succeed.

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::core::v1::{Container, ExecAction, Probe};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::repeated::Repeated;
use crate::controllers::runtime::{Runtime, shell};
use crate::store::pod_log::LogKey;

/// The image's port, unless PORT says otherwise (tiangolo/uvicorn-gunicorn-docker, `gunicorn_conf.py`).
const DEFAULT_PORT: i32 = 80;
/// From a container's start to its first probe: measured. The probe's own clock ticks since the pod came, so it is
/// anything below its period.
const FIRST: SignedDuration = SignedDuration::from_millis(1_400);
/// The part of the app's start after which its port is bound: gunicorn binds it before its worker is there
/// (measured: never refused at a limit of 100m, where the slowest start takes 4.5 s; refused at 80m).
const BOUND: f64 = 0.31;

/// What the probes will tell. `None` is never.
#[derive(Clone, Debug, Default)]
pub(super) struct Plan {
    /// The startup probe succeeds, or the container starts if there is none.
    pub(super) started: Option<Timestamp>,
    /// The readiness probe succeeds, or the startup probe if there is none.
    pub(super) ready: Option<Timestamp>,
    pub(super) failing: Vec<Failing>,
    /// Probes that go on after their first success.
    pub(super) repeated: Vec<Repeated>,
}

/// A probe that fails for a while, or for ever.
#[derive(Clone, Debug)]
pub(super) struct Failing {
    kind: &'static str,
    why: String,
    next: Timestamp,
    period: SignedDuration,
    /// Until then the port is not bound, and the connection refused.
    refused: Option<(Timestamp, String)>,
    /// It succeeds then.
    end: Option<Timestamp>,
    /// After so many failures in a row the container is killed.
    threshold: Option<i32>,
    count: i32,
}

/// What a failed probe leads to.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Verdict {
    /// The event `Unhealthy`.
    pub(super) unhealthy: String,
    /// The probe's name, if the container is to be killed for it.
    pub(super) kills: Option<&'static str>,
}

impl Plan {
    /// When something changes after `now`.
    pub(super) fn due(&self, now: Timestamp) -> Option<Timestamp> {
        let turns = [self.started, self.ready].into_iter().flatten();
        turns
            .chain(self.failing.iter().map(|probe| probe.next))
            .chain(self.repeated.iter().map(|probe| probe.next))
            .filter(|at| *at > now)
            .min()
    }

    /// The probes that go on: those that have failed now. Keeps whether the container is ready.
    pub(super) fn repeat(
        &mut self,
        runtime: &mut Runtime,
        key: &LogKey,
        now: Timestamp,
    ) -> Vec<Verdict> {
        let mut verdicts = Vec::new();
        for probe in &mut self.repeated {
            let change = probe.step(runtime, key, now);
            verdicts.extend(change.verdict);
            match change.ready {
                Some(true) => self.ready = self.ready.or(Some(now)),
                Some(false) => self.ready = None,
                None => {}
            }
        }
        verdicts
    }

    /// The probes that have failed until `now`.
    pub(super) fn failures(&mut self, now: Timestamp) -> Vec<Verdict> {
        let mut verdicts = Vec::new();
        for probe in &mut self.failing {
            let end = probe.end;
            while probe.next <= now && end.is_none_or(|end| probe.next < end) {
                let why = match &probe.refused {
                    Some((bound, why)) if probe.next < *bound => why,
                    _ => &probe.why,
                };
                let unhealthy = format!("{} probe failed: {why}", probe.kind);
                probe.next += probe.period;
                probe.count += 1;
                verdicts.push(Verdict {
                    unhealthy,
                    kills: (probe.threshold == Some(probe.count)).then_some(probe.kind),
                });
            }
        }
        self.failing
            .retain(|probe| probe.end.is_none_or(|end| probe.next < end));
        verdicts
    }
}

/// The probes of a container that started at `now` and listens from `listens_at` on.
pub(super) fn plan(
    container: &Container,
    address: &str,
    now: Timestamp,
    listens_at: Option<Timestamp>,
) -> Plan {
    let mut plan = Plan {
        started: Some(now),
        ..Plan::default()
    };
    let look = |begin: Timestamp| Look {
        container,
        address,
        started: now,
        begin,
        listens_at,
    };
    if let Some(probe) = &container.startup_probe {
        let (success, failing) = look(now).outcome(probe, "Startup", true);
        plan.started = success;
        plan.failing.extend(failing);
    }
    let Some(started) = plan.started else {
        return plan;
    };
    plan.ready = Some(started);
    if let Some(probe) = &container.readiness_probe {
        let (success, failing) = look(started).outcome(probe, "Readiness", false);
        plan.ready = success;
        plan.failing.extend(failing);
        let why = look(started).timed_out(probe);
        plan.repeated
            .extend(Repeated::new(probe, "Readiness", why, success));
    }
    if let Some(probe) = &container.liveness_probe {
        let (success, failing) = look(started).outcome(probe, "Liveness", true);
        plan.failing.extend(failing);
        let why = look(started).timed_out(probe);
        plan.repeated
            .extend(Repeated::new(probe, "Liveness", why, success));
    }
    plan
}

/// What the probes of one container meet.
struct Look<'a> {
    container: &'a Container,
    address: &'a str,
    started: Timestamp,
    begin: Timestamp,
    listens_at: Option<Timestamp>,
}

impl Look<'_> {
    fn seconds(value: Option<i32>, default: i64) -> SignedDuration {
        SignedDuration::from_secs(value.map_or(default, i64::from))
    }

    /// When it succeeds first, and how it fails until then.
    fn outcome(
        &self,
        probe: &Probe,
        kind: &'static str,
        kills: bool,
    ) -> (Option<Timestamp>, Option<Failing>) {
        let period = Self::seconds(probe.period_seconds, 10).max(SignedDuration::from_secs(1));
        let timeout = Self::seconds(probe.timeout_seconds, 1).max(SignedDuration::from_secs(1));
        let threshold = probe.failure_threshold.unwrap_or(3).max(1);
        let delay = Self::seconds(probe.initial_delay_seconds, 0);
        // Once the container has started, the other probes run at once.
        let first = if self.begin == self.started {
            self.begin + delay + FIRST.min(period)
        } else {
            self.begin.max(self.started + delay)
        };
        let answers = self.listens_at.filter(|_| self.reaches(probe));
        let bound = answers.map(|at| {
            let whole = at.duration_since(self.started).max(SignedDuration::ZERO);
            self.started + whole.mul_f64(BOUND)
        });
        // The first try from `first` on that is not before `at`.
        let try_at = |at: Timestamp| {
            let mut next = first;
            while next < at {
                next += period;
            }
            next
        };
        let is_http = probe.http_get.is_some();
        // When it begins to succeed, and when that is known.
        let success = match (&probe.exec, bound, answers) {
            (Some(exec), ..) => (exit_code(exec) == 0).then_some((first, first)),
            // A request waits in the socket's queue until the app answers.
            (None, Some(bound), Some(answers)) if is_http => {
                let begin = try_at(bound.max(answers - timeout));
                Some((begin, begin.max(answers)))
            }
            (None, Some(bound), _) => {
                let begin = try_at(bound);
                Some((begin, begin))
            }
            _ => None,
        };
        let why = match (&probe.exec, bound) {
            (Some(_), _) => String::new(),
            (None, Some(_)) if is_http => self.timed_out(probe),
            _ => self.refused(probe),
        };
        let failing = |end| Failing {
            kind,
            why,
            next: first,
            period,
            refused: bound.map(|bound| (bound, self.refused(probe))),
            end,
            threshold: kills.then_some(threshold),
            count: 0,
        };
        let last_chance = first + period.saturating_mul(threshold - 1);
        match success {
            // It would succeed, but is killed before.
            Some((begin, _)) if kills && begin > last_chance => (None, Some(failing(None))),
            Some((begin, known)) if begin > first => (Some(known), Some(failing(Some(begin)))),
            Some((_, known)) => (Some(known), None),
            None => (None, Some(failing(None))),
        }
    }

    fn target(probe: &Probe) -> Option<&IntOrString> {
        let get = probe.http_get.as_ref().map(|get| &get.port);
        get.or_else(|| probe.tcp_socket.as_ref().map(|socket| &socket.port))
    }

    /// The port's number; a name is looked up in the container's ports.
    fn port(&self, probe: &Probe) -> Option<i32> {
        match Self::target(probe)? {
            IntOrString::Int(port) => Some(*port),
            IntOrString::String(name) => self
                .container
                .ports
                .iter()
                .flatten()
                .find(|port| port.name.as_ref() == Some(name))
                .map(|port| port.container_port),
        }
    }

    /// Whether the probe goes to the port that the program serves.
    fn reaches(&self, probe: &Probe) -> bool {
        let served = self
            .container
            .env
            .iter()
            .flatten()
            .find(|variable| variable.name == "PORT")
            .and_then(|variable| variable.value.as_ref()?.parse().ok())
            .unwrap_or(DEFAULT_PORT);
        Self::target(probe).is_none() || self.port(probe) == Some(served)
    }

    fn request(&self, probe: &Probe) -> Option<String> {
        let get = probe.http_get.as_ref()?;
        let scheme = get.scheme.as_deref().unwrap_or("HTTP").to_lowercase();
        let path = get.path.as_deref().unwrap_or("/");
        let port = self.port(probe).unwrap_or(0);
        Some(format!(
            "Get \"{scheme}://{}:{port}/{}\": ",
            self.address,
            path.trim_start_matches('/')
        ))
    }

    fn refused(&self, probe: &Probe) -> String {
        let port = self.port(probe).unwrap_or(0);
        format!(
            "{}dial tcp {}:{port}: connect: connection refused",
            self.request(probe).unwrap_or_default(),
            self.address
        )
    }

    fn timed_out(&self, probe: &Probe) -> String {
        format!(
            "{}context deadline exceeded (Client.Timeout exceeded while awaiting headers)",
            self.request(probe).unwrap_or_default()
        )
    }
}

fn exit_code(exec: &ExecAction) -> i32 {
    let words = exec.command.iter().flatten().map(String::as_str);
    shell::run(&words.collect::<Vec<_>>()).map_or(0, |script| script.code)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn mk_container(more: &serde_json::Value) -> Container {
        let mut container = json!({"name": "webapp"});
        for (key, value) in more.as_object().unwrap() {
            container[key] = value.clone();
        }
        serde_json::from_value(container).unwrap()
    }

    fn at(seconds: f64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_secs_f64(seconds)
    }

    fn plan_of(more: &serde_json::Value, start: f64, listens: Option<f64>) -> Plan {
        plan(&mk_container(more), "10.97.0.5", at(start), listens.map(at))
    }

    fn seconds(plan: &Plan) -> (Option<f64>, Option<f64>) {
        let seconds = |time: Timestamp| time.as_millisecond() as f64 / 1000.0;
        (plan.started.map(seconds), plan.ready.map(seconds))
    }

    #[test]
    fn workshop_probes_wait_for_the_app_and_never_fail() {
        // recordings: 3.5 to 4.4 s after the start, no event Unhealthy.
        let plan = plan_of(
            &json!({
                "startupProbe": {"httpGet": {"path": "/health", "port": 80}, "periodSeconds": 2, "timeoutSeconds": 5,
                    "failureThreshold": 60},
                "readinessProbe": {"tcpSocket": {"port": 80}, "periodSeconds": 5},
            }),
            0.7,
            Some(4.3),
        );
        assert_eq!(seconds(&plan), (Some(4.3), Some(4.3)));
        assert!(plan.failing.is_empty(), "{:?}", plan.failing);
    }

    #[test]
    fn impatient_probe_fails_until_the_app_answers() {
        let mut plan = plan_of(
            &json!({"startupProbe": {"httpGet": {"path": "/health", "port": 80}, "periodSeconds": 2,
                "failureThreshold": 60}}),
            0.0,
            Some(3.5),
        );
        // Tries at 1.4 and 3.4 s: the first hangs for a second, the second is answered at 3.5 s.
        assert_eq!(seconds(&plan), (Some(3.5), Some(3.5)));
        let told = plan.failures(at(10.0));
        assert_eq!(told.len(), 1);
        assert_eq!(
            told[0].unhealthy,
            "Startup probe failed: Get \"http://10.97.0.5:80/health\": context deadline exceeded (Client.Timeout exceeded while awaiting headers)"
        );
        assert!(told.iter().all(|verdict| verdict.kills.is_none()));
        assert!(plan.failing.is_empty());
    }

    #[test]
    fn slow_start_refuses_the_first_probe() {
        // recordings: at a limit of 80m.
        let mut plan = plan_of(
            &json!({"startupProbe": {"httpGet": {"path": "/health", "port": 80}, "periodSeconds": 2,
                "timeoutSeconds": 5, "failureThreshold": 60}}),
            0.0,
            Some(5.0),
        );
        let told = plan.failures(at(10.0));
        assert_eq!(told.len(), 1);
        assert_eq!(
            told[0].unhealthy,
            "Startup probe failed: Get \"http://10.97.0.5:80/health\": dial tcp 10.97.0.5:80: connect: connection refused"
        );
        assert_eq!(seconds(&plan), (Some(5.0), Some(5.0)));
    }

    #[test]
    fn readiness_probe_alone_waits_for_its_period() {
        let plan = plan_of(
            &json!({"readinessProbe": {"tcpSocket": {"port": 80}, "periodSeconds": 5, "initialDelaySeconds": 1}}),
            0.0,
            Some(10.0),
        );
        // Tries at 2.4 and 7.4 s; the port is bound at 3.1 s.
        assert_eq!(seconds(&plan), (Some(0.0), Some(7.4)));
    }

    #[test]
    fn container_without_probes_is_ready_at_once_and_a_wrong_port_never() {
        assert_eq!(
            seconds(&plan_of(&json!({}), 1.0, None)),
            (Some(1.0), Some(1.0))
        );
        let mut wrong = plan_of(
            &json!({"readinessProbe": {"tcpSocket": {"port": 8080}}}),
            1.0,
            Some(2.0),
        );
        assert_eq!(seconds(&wrong), (Some(1.0), None));
        let told = wrong.failures(at(3.0));
        assert_eq!(
            told[0].unhealthy,
            "Readiness probe failed: dial tcp 10.97.0.5:8080: connect: connection refused"
        );
        assert_eq!(wrong.due(at(3.0)), Some(at(12.4)));
    }

    #[test]
    fn startup_and_liveness_kill_at_their_threshold() {
        let mut plan = plan_of(
            &json!({"startupProbe": {"exec": {"command": ["sh", "-c", "exit 1"]}, "periodSeconds": 2,
                "failureThreshold": 2}}),
            0.0,
            None,
        );
        let kills: Vec<_> = plan
            .failures(at(6.0))
            .into_iter()
            .map(|verdict| verdict.kills)
            .collect();
        assert_eq!(kills, [None, Some("Startup"), None]);
        assert_eq!(seconds(&plan), (None, None));
    }
}
