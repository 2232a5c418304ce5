//! What runs inside the pods: web apps that serve, Locust that loads them, and the CPU that both use.
//!
//! The kubelet starts and ends processes here and asks when they listen or exit; metrics-server reads their CPU.
//! Requests never leave the load model, one [`Traffic`] for each namespace.

mod locust;
mod locustfile;
mod problem;
mod program;
mod report;
pub(in crate::controllers) mod shell;
mod web_app;

use std::collections::BTreeMap;
use std::sync::Arc;

use autoscaling::load::{Micros, ProbeId, ServerId, Traffic};
use jiff::Timestamp;
use k8s_openapi::api::core::v1::{Container, Pod};

use super::Surroundings;
use super::ownership::uid;
use crate::random::Random;
use crate::store::Store;
use crate::store::pod_log::LogKey;

use locust::Locust;
use program::{WEB_APP_BYTES, cpu_limit, script};
use web_app::WebApp;

pub(super) use program::{Program, split_image};

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Exit {
    pub(super) code: i32,
    pub(super) time: Timestamp,
}

#[derive(Debug)]
enum Process {
    WebApp(WebApp),
    Locust(Box<Locust>),
    /// Does nothing, and ends so.
    Ending(Exit),
    /// A script. As process 1 it does not hear SIGTERM.
    Shell(Exit),
    /// Is killed then by the kernel.
    OutOfMemory(Exit),
}

#[derive(Debug)]
struct Running {
    namespace: String,
    started: Timestamp,
    process: Process,
}

/// All processes of the cluster.
#[derive(Debug)]
pub(super) struct Runtime {
    store: Arc<Store>,
    random: Random,
    slowness: f64,
    origin: Timestamp,
    traffic: BTreeMap<String, Traffic>,
    running: BTreeMap<LogKey, Running>,
    /// UIDs of the ready pods of each Service, by namespace and name.
    services: BTreeMap<(String, String), Vec<String>>,
}

/// Where the connections of a Service lead.
#[derive(Clone, Debug, Default)]
struct Endpoints {
    service_exists: bool,
    servers: Vec<ServerId>,
}

/// How long the crash sentinel runs.
const CRASH_AFTER: jiff::SignedDuration = jiff::SignedDuration::from_secs(1);
/// How long a shell runs.
const SHELL_FOR: jiff::SignedDuration = jiff::SignedDuration::from_millis(100);

impl Runtime {
    pub(super) fn new(store: Arc<Store>, surroundings: Surroundings) -> Self {
        Self {
            origin: store.clock().now(),
            store,
            random: Random::new(surroundings.seed ^ 0x5eed_10ad),
            slowness: surroundings.slowness,
            traffic: BTreeMap::new(),
            running: BTreeMap::new(),
            services: BTreeMap::new(),
        }
    }

    /// Starts a container's process.
    pub(super) fn start(&mut self, pod: &Pod, container: &Container, program: Program) {
        let now = self.store.clock().now();
        let namespace = pod.metadata.namespace.clone().unwrap_or_default();
        let key = LogKey::new(uid(&pod.metadata), container.name.clone());
        let wobble = Random::new(self.random.next_u64()).fraction();
        let slowness = self.slowness;
        let traffic = self.traffic(&namespace);
        let process = match program {
            Program::WebApp => {
                let server = traffic.add_server(web_app::share_for_requests(container));
                Process::WebApp(WebApp::new(server, container, now, wobble, slowness))
            }
            Program::Locust => Process::Locust(Box::new(Locust::new(
                &self.store,
                pod,
                container,
                key.clone(),
                now,
                wobble,
                slowness,
            ))),
            Program::Crash => Process::Ending(Exit {
                code: 1,
                time: now + CRASH_AFTER,
            }),
            // With `memory.oom.group` the kernel kills all of the container by SIGKILL.
            Program::OutOfMemory => Process::OutOfMemory(Exit {
                code: 137,
                time: now + CRASH_AFTER,
            }),
            Program::Shell => {
                let script = script(container);
                let lasts = script.as_ref().map(|script| script.lasts);
                Process::Shell(Exit {
                    code: script.map_or(0, |script| script.code),
                    time: now + SHELL_FOR + lasts.unwrap_or_default(),
                })
            }
        };
        self.store.logs().open(key.clone());
        for (after, line) in script(container).iter().flat_map(|script| &script.lines) {
            // Written ahead of time: nobody reads a sleeping shell's log by the second.
            self.store.logs().append(&key, now + *after, line.as_str());
        }
        if let Process::WebApp(app) = &process {
            app.write_start(&self.store, &key);
        }
        self.running.insert(
            key,
            Running {
                namespace,
                started: now,
                process,
            },
        );
    }

    /// Lets a process do what is due; the time at which it wants to be called again.
    pub(super) fn tick(&mut self, key: &LogKey) -> Option<Timestamp> {
        let now = self.store.clock().now();
        let micros = self.micros(now);
        let running = self.running.get(key)?;
        let namespace = running.namespace.clone();
        let endpoints = match &running.process {
            Process::Locust(locust) if locust.is_starting() => {
                self.endpoints(locust.namespace(), locust.service())
            }
            _ => Endpoints::default(),
        };
        let (traffic, running) = (
            self.traffic.get_mut(&namespace)?,
            self.running.get_mut(key)?,
        );
        traffic.advance(micros);
        match &mut running.process {
            Process::WebApp(app) => app.tick(&self.store, key, traffic, now),
            Process::Locust(locust) => locust.tick(&self.store, traffic, endpoints, now),
            Process::Ending(exit) | Process::OutOfMemory(exit) | Process::Shell(exit) => {
                (exit.time > now).then_some(exit.time)
            }
        }
    }

    /// How the process ended, if it has.
    pub(super) fn exit(&self, key: &LogKey) -> Option<Exit> {
        let now = self.store.clock().now();
        let exit = match &self.running.get(key)?.process {
            Process::WebApp(app) => app.exit(),
            Process::Locust(locust) => locust.exit(),
            Process::Ending(exit) | Process::OutOfMemory(exit) | Process::Shell(exit) => {
                Some(*exit)
            }
        };
        exit.filter(|exit| exit.time <= now)
    }

    /// When the process answers on its port; `None` for one that never does.
    pub(super) fn listens_at(&self, key: &LogKey) -> Option<Timestamp> {
        match &self.running.get(key)?.process {
            Process::WebApp(app) => Some(app.listens_at()),
            Process::Locust(_)
            | Process::Ending(_)
            | Process::OutOfMemory(_)
            | Process::Shell(_) => None,
        }
    }

    /// Whether the process ends for its memory.
    pub(super) fn is_out_of_memory(&self, key: &LogKey) -> bool {
        let running = self.running.get(key);
        running.is_some_and(|running| matches!(running.process, Process::OutOfMemory(_)))
    }

    /// A GET of `/health`, which the process answers as fast as its present load lets it; `None` where nothing serves.
    pub(super) fn probe(&mut self, key: &LogKey) -> Option<ProbeId> {
        let micros = self.micros(self.store.clock().now());
        let running = self.running.get(key)?;
        let Process::WebApp(app) = &running.process else {
            return None;
        };
        let traffic = self.traffic.get_mut(&running.namespace)?;
        traffic.advance(micros);
        traffic.probe(app.server())
    }

    /// Whether the probe has been answered by now. One that is over is forgotten.
    pub(super) fn probe_answered(&mut self, key: &LogKey, probe: ProbeId, over: bool) -> bool {
        let micros = self.micros(self.store.clock().now());
        let Some(traffic) = self
            .running
            .get(key)
            .and_then(|running| self.traffic.get_mut(&running.namespace))
        else {
            return false;
        };
        traffic.advance(micros);
        let answered = traffic.probe_latency(probe).is_some();
        if answered || over {
            traffic.end_probe(probe);
        }
        answered
    }

    /// SIGTERM.
    pub(super) fn terminate(&mut self, key: &LogKey) {
        let now = self.store.clock().now();
        let micros = self.micros(now);
        let Some(running) = self.running.get_mut(key) else {
            return;
        };
        let Some(traffic) = self.traffic.get_mut(&running.namespace) else {
            return;
        };
        traffic.advance(micros);
        match &mut running.process {
            Process::WebApp(app) => app.terminate(traffic, now),
            Process::Locust(locust) => locust.terminate(&self.store, traffic, now),
            Process::Ending(exit) | Process::OutOfMemory(exit) => exit.time = exit.time.min(now),
            Process::Shell(_) => {}
        }
    }

    /// The process is gone, whatever it was doing.
    pub(super) fn remove(&mut self, key: &LogKey) {
        let micros = self.micros(self.store.clock().now());
        let Some(running) = self.running.remove(key) else {
            return;
        };
        let Some(traffic) = self.traffic.get_mut(&running.namespace) else {
            return;
        };
        traffic.advance(micros);
        match running.process {
            Process::WebApp(app) => traffic.remove_server(app.server()),
            Process::Locust(mut locust) => locust.stop(traffic),
            Process::Ending(_) | Process::OutOfMemory(_) | Process::Shell(_) => {}
        }
        let namespace = running.namespace;
        let alone = |other: &Running| other.namespace != namespace;
        if self.running.values().all(alone) {
            self.traffic.remove(&namespace);
        }
    }

    /// The ready pods of a Service changed; `None` when the Service is gone.
    pub(super) fn set_endpoints(
        &mut self,
        namespace: &str,
        service: &str,
        pods: Option<Vec<String>>,
    ) {
        let micros = self.micros(self.store.clock().now());
        let key = (namespace.to_owned(), service.to_owned());
        match pods {
            Some(pods) => self.services.insert(key, pods),
            None => self.services.remove(&key),
        };
        let endpoints = self.endpoints(namespace, service);
        let Some(traffic) = self.traffic.get_mut(namespace) else {
            return;
        };
        traffic.advance(micros);
        for running in self.running.values_mut() {
            if running.namespace != namespace {
                continue;
            }
            if let Process::Locust(locust) = &mut running.process
                && locust.service() == service
            {
                locust.set_endpoints(traffic, endpoints.clone());
            }
        }
    }

    fn endpoints(&self, namespace: &str, service: &str) -> Endpoints {
        let key = (namespace.to_owned(), service.to_owned());
        let Some(pods) = self.services.get(&key) else {
            return Endpoints::default();
        };
        let server = |uid: &String| {
            let first = LogKey::new(uid.clone(), "");
            let mut containers = self
                .running
                .range(first..)
                .take_while(|(key, _)| key.pod_uid == *uid);
            containers.find_map(|(_, running)| match &running.process {
                Process::WebApp(app) if running.namespace == namespace => Some(app.server()),
                _ => None,
            })
        };
        Endpoints {
            service_exists: true,
            servers: pods.iter().filter_map(server).collect(),
        }
    }

    /// CPU seconds that the process has used since its start, and when that was.
    pub(super) fn cpu(&mut self, key: &LogKey) -> Option<(f64, Timestamp)> {
        let now = self.store.clock().now();
        let micros = self.micros(now);
        let running = self.running.get(key)?;
        let traffic = self.traffic.get_mut(&running.namespace)?;
        traffic.advance(micros);
        let seconds = now.duration_since(running.started).as_secs_f64();
        let used = match &running.process {
            Process::WebApp(app) => app.cpu_s(traffic, seconds),
            Process::Locust(locust) => locust.cpu_s(traffic, seconds),
            Process::Ending(_) | Process::OutOfMemory(_) | Process::Shell(_) => {
                0.05 * seconds.min(1.0)
            }
        };
        Some((used, running.started))
    }

    /// Resident memory in bytes, about what the recordings show.
    pub(super) fn memory(&self, key: &LogKey) -> Option<i64> {
        match &self.running.get(key)?.process {
            Process::WebApp(_) | Process::OutOfMemory(_) => Some(WEB_APP_BYTES),
            Process::Locust(_) => Some(52_300 << 10),
            Process::Ending(_) | Process::Shell(_) => Some(8_000 << 10),
        }
    }

    /// All processes that run now.
    pub(super) fn containers(&self) -> Vec<LogKey> {
        self.running.keys().cloned().collect()
    }

    fn traffic(&mut self, namespace: &str) -> &mut Traffic {
        let micros = self.micros(self.store.clock().now());
        let random = &mut self.random;
        let traffic = self
            .traffic
            .entry(namespace.to_owned())
            .or_insert_with(|| Traffic::new(random.next_u64()).slowed(self.slowness));
        traffic.advance(micros);
        traffic
    }

    fn micros(&self, time: Timestamp) -> Micros {
        Micros::try_from(time.duration_since(self.origin).as_micros()).unwrap_or(Micros::MAX)
    }
}
