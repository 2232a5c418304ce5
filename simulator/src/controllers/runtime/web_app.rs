//! The web app of the workshop: uvicorn under gunicorn with one worker. Run by [`super::Runtime`].

use autoscaling::CpuMillis;
use autoscaling::load::{ServerId, Traffic};
use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::core::v1::Container;

use super::{Exit, cpu_limit};
use crate::store::Store;
use crate::store::pod_log::LogKey;

/// CPU seconds from the start of Python to the first answer: under a limit of 100m the recordings show 3.3 to 4.5 s.
const START_CPU_S: (f64, f64) = (0.33, 0.45);
/// An idle worker's share of a core: its heartbeat and the probes. The recordings show 1.3m to 3m.
const IDLE_CORES: f64 = 0.0018;
/// From SIGTERM to the end, without requests to finish.
const SHUTDOWN: SignedDuration = SignedDuration::from_millis(1_100);
/// How often a worker with requests looks whether they are finished.
const DRAIN_CHECK: SignedDuration = SignedDuration::from_millis(250);

/// What its limit leaves for requests, so that a saturated pod shows its limit and not more.
pub(super) fn share_for_requests(container: &Container) -> Option<CpuMillis> {
    let idle = (IDLE_CORES * 1000.0).ceil() as i64;
    cpu_limit(container).map(|limit| CpuMillis((limit.0 - idle).max(1)))
}

#[derive(Debug)]
pub(super) struct WebApp {
    server: ServerId,
    started: Timestamp,
    start_cpu_s: f64,
    listens_at: Timestamp,
    workers: u32,
    /// SIGTERM came: the earliest end.
    ends_at: Option<Timestamp>,
    exit: Option<Exit>,
}

impl WebApp {
    /// `wobble` is between 0 and 1, `slowness` the machine's.
    pub(super) fn new(
        server: ServerId,
        container: &Container,
        now: Timestamp,
        wobble: f64,
        slowness: f64,
    ) -> Self {
        let start_cpu_s = slowness * (START_CPU_S.0 + (START_CPU_S.1 - START_CPU_S.0) * wobble);
        let cores = cpu_limit(container).map_or(1.0, |limit| limit.cores().clamp(0.01, 1.0));
        let start = SignedDuration::try_from_secs_f64(start_cpu_s / cores).unwrap_or_default();
        let workers = container
            .env
            .iter()
            .flatten()
            .find(|variable| variable.name == "WEB_CONCURRENCY")
            .and_then(|variable| variable.value.as_ref()?.parse().ok())
            .unwrap_or(1);
        Self {
            server,
            started: now,
            start_cpu_s,
            listens_at: now + start,
            workers,
            ends_at: None,
            exit: None,
        }
    }

    pub(super) fn server(&self) -> ServerId {
        self.server
    }

    pub(super) fn listens_at(&self) -> Timestamp {
        self.listens_at
    }

    pub(super) fn exit(&self) -> Option<Exit> {
        self.exit
    }

    /// The image's first line is its configuration; the panel shows the number of workers from it.
    pub(super) fn write_start(&self, store: &Store, key: &LogKey) {
        let line = format!(
            r#"{{"loglevel": "info", "workers": {}, "bind": "0.0.0.0:80", "graceful_timeout": 120, "timeout": 120, "keepalive": 5, "errorlog": "-", "accesslog": "-", "workers_per_core": 1.0, "use_max_workers": null, "host": "0.0.0.0", "port": "80"}}"#,
            self.workers
        );
        store.logs().append(key, self.started, line);
    }

    /// SIGTERM: finishes its requests, takes no new ones.
    pub(super) fn terminate(&mut self, traffic: &mut Traffic, now: Timestamp) {
        traffic.drain_server(self.server);
        self.ends_at.get_or_insert(now + SHUTDOWN);
    }

    pub(super) fn tick(
        &mut self,
        store: &Store,
        key: &LogKey,
        traffic: &Traffic,
        now: Timestamp,
    ) -> Option<Timestamp> {
        if now < self.listens_at && self.ends_at.is_none() {
            return Some(self.listens_at);
        }
        let ends_at = self.ends_at?;
        if self.exit.is_some() {
            return None;
        }
        if now < ends_at {
            return Some(ends_at);
        }
        if traffic.pending(self.server) > 0 {
            return Some(now + DRAIN_CHECK);
        }
        self.exit = Some(Exit { code: 0, time: now });
        let stamp = now.strftime("%Y-%m-%d %H:%M:%S +0000").to_string();
        store.logs().append(
            key,
            now,
            format!("[{stamp}] [1] [INFO] Shutting down: Master"),
        );
        None
    }

    /// CPU seconds after `seconds` of running.
    pub(super) fn cpu_s(&self, traffic: &mut Traffic, seconds: f64) -> f64 {
        let start = self.listens_at.duration_since(self.started).as_secs_f64();
        let begun = if start > 0.0 {
            (seconds / start).min(1.0)
        } else {
            1.0
        };
        self.start_cpu_s * begun + IDLE_CORES * seconds + traffic.server_cpu_s(self.server)
    }
}
