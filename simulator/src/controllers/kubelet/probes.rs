//! When a container's probes succeed, computed from when it listens. Called by the kubelet at each start; pure.
//!
//! Upstream: `pkg/kubelet/prober/worker.go`. A probe's later failures are not modelled: a readiness probe keeps
//! succeeding under load, as a tcpSocket probe does.

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::core::v1::{Container, Probe};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

/// The image's port, unless PORT says otherwise (tiangolo/uvicorn-gunicorn-docker, `gunicorn_conf.py`).
const DEFAULT_PORT: i32 = 80;

/// `None` is never.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Times {
    /// The startup probe succeeds, or the container starts if there is none.
    pub(super) started: Option<Timestamp>,
    /// The readiness probe succeeds, or the startup probe if there is none.
    pub(super) ready: Option<Timestamp>,
}

/// The probes of a container that started at `now` and listens from `listens_at` on.
pub(super) fn times(container: &Container, now: Timestamp, listens_at: Option<Timestamp>) -> Times {
    let started = match &container.startup_probe {
        None => Some(now),
        Some(probe) => first_success(container, probe, now, now, listens_at),
    };
    let ready = match (&container.readiness_probe, started) {
        (_, None) => None,
        (None, started) => started,
        // After the startup probe the readiness probe runs at once.
        (Some(probe), Some(started)) if container.startup_probe.is_some() => {
            first_success(container, probe, started, started, listens_at)
        }
        (Some(probe), Some(_)) => first_success(container, probe, now, now, listens_at),
    };
    Times { started, ready }
}

fn first_success(
    container: &Container,
    probe: &Probe,
    begin: Timestamp,
    not_before: Timestamp,
    listens_at: Option<Timestamp>,
) -> Option<Timestamp> {
    let listens_at = listens_at?.max(not_before);
    if !reaches(container, probe) {
        return None;
    }
    let seconds = |value: Option<i32>, default| i64::from(value.unwrap_or(default));
    let period = SignedDuration::from_secs(seconds(probe.period_seconds, 10).max(1));
    let mut at = begin + SignedDuration::from_secs(seconds(probe.initial_delay_seconds, 0));
    while at < listens_at {
        at += period;
    }
    Some(at)
}

/// Whether the probe goes to the port that the program serves.
fn reaches(container: &Container, probe: &Probe) -> bool {
    let port = probe
        .http_get
        .as_ref()
        .map(|get| &get.port)
        .or_else(|| probe.tcp_socket.as_ref().map(|socket| &socket.port));
    let served = container
        .env
        .iter()
        .flatten()
        .find(|variable| variable.name == "PORT")
        .and_then(|variable| variable.value.as_ref()?.parse().ok())
        .unwrap_or(DEFAULT_PORT);
    match port {
        Some(IntOrString::Int(port)) => *port == served,
        Some(IntOrString::String(name)) => container
            .ports
            .iter()
            .flatten()
            .any(|port| port.name.as_ref() == Some(name) && port.container_port == served),
        // A command is taken to succeed once the program is up.
        None => true,
    }
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

    fn seconds(times: Times) -> (Option<f64>, Option<f64>) {
        let seconds = |time: Timestamp| time.as_millisecond() as f64 / 1000.0;
        (times.started.map(seconds), times.ready.map(seconds))
    }

    #[test]
    fn workshop_probes_succeed_at_the_first_even_second_after_the_start() {
        let container = mk_container(&json!({
            "startupProbe": {"httpGet": {"path": "/health", "port": 80}, "periodSeconds": 2},
            "readinessProbe": {"tcpSocket": {"port": 80}, "periodSeconds": 5},
        }));
        let times = times(&container, at(0.7), Some(at(4.3)));
        assert_eq!(seconds(times), (Some(4.7), Some(4.7)));
    }

    #[test]
    fn readiness_probe_alone_waits_for_its_period() {
        let container = mk_container(&json!({
            "readinessProbe": {"tcpSocket": {"port": 80}, "periodSeconds": 5, "initialDelaySeconds": 1},
        }));
        let times = times(&container, at(0.0), Some(at(3.6)));
        assert_eq!(seconds(times), (Some(0.0), Some(6.0)));
    }

    #[test]
    fn container_without_probes_is_ready_at_once_and_a_wrong_port_never() {
        let plain = mk_container(&json!({}));
        assert_eq!(
            seconds(times(&plain, at(1.0), None)),
            (Some(1.0), Some(1.0))
        );
        let wrong = mk_container(&json!({"readinessProbe": {"tcpSocket": {"port": 8080}}}));
        assert_eq!(
            seconds(times(&wrong, at(1.0), Some(at(2.0)))),
            (Some(1.0), None)
        );
    }
}
