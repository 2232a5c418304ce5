//! A Locust process: starts users in the load model, writes Locust's log, ends as Locust does.
//!
//! Run by [`super::Runtime`]. Upstream: `locust/main.py` and `locust/runners.py` of 2.32.2.

use autoscaling::CpuMillis;
use autoscaling::load::{
    Failure, Figures, GeneratorId, LoadPlan, Statistics, Traffic, computation_s,
};
use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::core::v1::{ConfigMap, Container, Pod};

use super::locustfile::{Arguments, Script};
use super::problem::Problem;
use super::{Endpoints, Exit, cpu_limit, report, split_image};
use crate::store::Store;
use crate::store::pod_log::LogKey;

/// `CONSOLE_STATS_INTERVAL_SEC`, `locust/stats.py`.
const TABLE_INTERVAL: SignedDuration = SignedDuration::from_secs(2);
/// CPU seconds from the container's start to Locust's first line, while Python loads gevent: under a limit of 400m the
/// recordings show 0.58 to 0.80 s.
const START_CPU_S: (f64, f64) = (0.22, 0.32);
/// CPU of a Locust that waits, in cores.
const IDLE_CORES: f64 = 0.002;
/// Between SIGTERM and the end of the process.
const SHUTDOWN: SignedDuration = SignedDuration::from_millis(350);

#[derive(Debug)]
pub(super) struct Locust {
    key: LogKey,
    /// The pod's name, which Locust takes for the host's.
    host: String,
    version: String,
    arguments: Arguments,
    script: Script,
    limit: Option<CpuMillis>,
    target: Target,
    state: State,
    /// What the start needs of CPU, and how long it takes for that.
    start_cpu_s: f64,
    start_s: f64,
    starts_at: Timestamp,
    spawned: bool,
    next_table: Timestamp,
    cpu_before_s: f64,
    problem: Option<Problem>,
}

#[derive(Debug)]
struct Target {
    service: String,
    namespace: String,
}

#[derive(Clone, Copy, Debug)]
enum State {
    Starting,
    Running(GeneratorId),
    Ending(Exit),
}

impl Locust {
    /// `wobble` is between 0 and 1, `slowness` the machine's.
    pub(super) fn new(
        store: &Store,
        pod: &Pod,
        container: &Container,
        key: LogKey,
        now: Timestamp,
        wobble: f64,
        slowness: f64,
    ) -> Self {
        let start_cpu_s = slowness * (START_CPU_S.0 + (START_CPU_S.1 - START_CPU_S.0) * wobble);
        let limit = cpu_limit(container);
        let cores = limit.map_or(1.0, |limit| limit.cores().clamp(0.01, 1.0));
        let start_s = start_cpu_s / cores;
        let starts_at = now + SignedDuration::try_from_secs_f64(start_s).unwrap_or_default();
        let namespace = pod.metadata.namespace.clone().unwrap_or_default();
        let variable = |name: &str| variable(pod, container, name);
        let words: Vec<String> = [&container.command, &container.args]
            .into_iter()
            .flatten()
            .flatten()
            .cloned()
            .collect();
        let arguments = Arguments::parse(&words, variable);
        let text = file(store, pod, container, &arguments.locustfile);
        let script = Script::parse(text.as_deref().unwrap_or(""), variable);
        let url = arguments.host.clone().or_else(|| script.host.clone());
        let problem = Problem::of(&arguments, text.as_deref(), &script, url.as_deref());
        let (_, tag) = split_image(container.image.as_deref().unwrap_or(""));
        Self {
            key,
            host: pod.metadata.name.clone().unwrap_or_default(),
            version: tag.to_owned(),
            target: Target::parse(url.as_deref().unwrap_or(""), &namespace),
            arguments,
            script,
            limit,
            state: State::Starting,
            start_cpu_s,
            start_s,
            starts_at,
            spawned: false,
            next_table: starts_at,
            cpu_before_s: 0.0,
            problem,
        }
    }

    /// The Service that the requests go to.
    pub(super) fn service(&self) -> &str {
        &self.target.service
    }

    pub(super) fn exit(&self) -> Option<Exit> {
        match self.state {
            State::Ending(exit) => Some(exit),
            State::Starting | State::Running(_) => None,
        }
    }

    pub(super) fn namespace(&self) -> &str {
        &self.target.namespace
    }

    pub(super) fn is_starting(&self) -> bool {
        matches!(self.state, State::Starting)
    }

    /// Connections go to these pods from now on.
    pub(super) fn set_endpoints(&self, traffic: &mut Traffic, endpoints: Endpoints) {
        if let State::Running(generator) = self.state {
            let failure = if endpoints.service_exists {
                Failure::ConnectionRefused
            } else {
                Failure::UnknownHost
            };
            traffic.set_endpoints(generator, endpoints.servers, failure);
        }
    }

    pub(super) fn tick(
        &mut self,
        store: &Store,
        traffic: &mut Traffic,
        endpoints: Endpoints,
        now: Timestamp,
    ) -> Option<Timestamp> {
        match self.state {
            State::Starting if now < self.starts_at => Some(self.starts_at),
            State::Starting => self.begin(store, traffic, endpoints, now),
            State::Running(generator) => self.run(store, traffic, generator, now),
            State::Ending(exit) => (exit.time > now).then_some(exit.time),
        }
    }

    fn begin(
        &mut self,
        store: &Store,
        traffic: &mut Traffic,
        endpoints: Endpoints,
        now: Timestamp,
    ) -> Option<Timestamp> {
        if let Some(problem) = self.problem.clone().filter(Problem::is_before_start) {
            return self.give_up(store, &problem, now);
        }
        self.say(
            store,
            now,
            "main",
            &format!("Starting Locust {}", self.version),
        );
        if let Some(problem) = self.problem.clone() {
            return self.give_up(store, &problem, now);
        }
        if !self.arguments.headless {
            self.say(
                store,
                now,
                "main",
                "Starting web interface at http://0.0.0.0:8089",
            );
            // Nobody opens it: it waits for SIGTERM.
            self.starts_at = Timestamp::MAX;
            return None;
        }
        if let Some(run_time) = self.arguments.run_time {
            let text = format!("Run time limit set to {} seconds", run_time.as_secs());
            self.say(store, now, "main", &text);
        }
        let plan = LoadPlan {
            users: self.arguments.users,
            spawn_rate: self.arguments.spawn_rate,
            pause: self.script.pause,
            cost_s: self
                .script
                .n
                .map_or_else(|| computation_s(0), computation_s),
            keep_alive: self.script.keep_alive,
            limit: self.limit,
        };
        let generator = traffic.start(plan, Vec::new());
        self.state = State::Running(generator);
        self.set_endpoints(traffic, endpoints);
        self.table(store, &traffic.figures(generator), now);
        self.say(
            store,
            now,
            "runners",
            &format!(
                "Ramping to {} users at a rate of {:.2} per second",
                self.arguments.users, self.arguments.spawn_rate
            ),
        );
        Some(self.next_table)
    }

    /// Says what is wrong and ends.
    fn give_up(&mut self, store: &Store, problem: &Problem, now: Timestamp) -> Option<Timestamp> {
        let (logger, text) = problem.says();
        let line = match logger {
            Some(logger) => report::message(now, &self.host, logger, &text),
            None => text,
        };
        self.write(store, now, [line]);
        let code = problem.exit_code();
        self.state = State::Ending(Exit { code, time: now });
        None
    }

    fn run(
        &mut self,
        store: &Store,
        traffic: &mut Traffic,
        generator: GeneratorId,
        now: Timestamp,
    ) -> Option<Timestamp> {
        if !self.spawned && traffic.users(generator) >= self.arguments.users {
            self.spawned = true;
            let text = format!(
                "All users spawned: {{\"{}\": {users}}} ({users} total users)",
                self.script.class.as_deref().unwrap_or("User"),
                users = self.arguments.users
            );
            self.say(store, now, "runners", &text);
        }
        let limit = self
            .arguments
            .run_time
            .map(|run_time| self.starts_at + run_time);
        if limit.is_some_and(|limit| limit <= now) {
            self.say(
                store,
                now,
                "main",
                "--run-time limit reached, shutting down",
            );
            self.finish(store, traffic, generator, now);
            return self.exit().map(|exit| exit.time);
        }
        if self.next_table <= now {
            let figures = traffic.figures(generator);
            self.table(store, &figures, now);
            if self.script.reports {
                let line = report::figures(traffic.users(generator), &figures);
                self.write(store, now, [line]);
            }
        }
        let ramp_ends = (!self.spawned).then(|| {
            let rate = self.arguments.spawn_rate.max(0.001);
            let batch = rate.floor().max(1.0);
            let batches = ((f64::from(self.arguments.users.max(1)) - 1.0) / batch).floor();
            let ramp =
                SignedDuration::try_from_secs_f64(batches * batch / rate).unwrap_or_default();
            (self.starts_at + ramp + SignedDuration::from_millis(9))
                .max(now + SignedDuration::from_millis(1))
        });
        [Some(self.next_table), limit, ramp_ends]
            .into_iter()
            .flatten()
            .min()
    }

    /// SIGTERM: writes the last tables and ends.
    pub(super) fn terminate(&mut self, store: &Store, traffic: &mut Traffic, now: Timestamp) {
        match self.state {
            State::Starting => self.state = State::Ending(Exit { code: 0, time: now }),
            State::Running(generator) => {
                self.say(store, now, "main", "Got SIGTERM signal");
                self.finish(store, traffic, generator, now);
            }
            State::Ending(_) => {}
        }
    }

    fn finish(
        &mut self,
        store: &Store,
        traffic: &mut Traffic,
        generator: GeneratorId,
        now: Timestamp,
    ) {
        let figures = traffic.figures(generator);
        self.cpu_before_s += traffic.generator_cpu_s(generator);
        let statistics = traffic.stop(generator).unwrap_or_default();
        let code = if figures.failures > 0 {
            self.arguments.exit_code_on_error
        } else {
            0
        };
        self.say(
            store,
            now,
            "main",
            &format!("Shutting down (exit code {code})"),
        );
        self.write(store, now, self.last_tables(&figures, &statistics));
        self.state = State::Ending(Exit {
            code,
            time: now + SHUTDOWN,
        });
    }

    fn last_tables(&self, figures: &Figures, statistics: &Statistics) -> Vec<String> {
        let name = &self.script.name;
        let rates = Some(statistics.total_rates());
        let mut lines = report::table(name, figures, rates);
        lines.extend(report::percentiles(name, statistics, figures.requests));
        lines.extend(report::errors(name, statistics.errors()));
        lines
    }

    /// The process was killed.
    pub(super) fn stop(&mut self, traffic: &mut Traffic) {
        if let State::Running(generator) = self.state {
            traffic.stop(generator);
        }
    }

    pub(super) fn cpu_s(&self, traffic: &Traffic, seconds: f64) -> f64 {
        let running = match self.state {
            State::Running(generator) => traffic.generator_cpu_s(generator),
            State::Starting | State::Ending(_) => 0.0,
        };
        let started = (seconds / self.start_s).min(1.0) * self.start_cpu_s;
        started + IDLE_CORES * seconds + self.cpu_before_s + running
    }

    fn table(&mut self, store: &Store, figures: &Figures, now: Timestamp) {
        let lines = report::table(&self.script.name, figures, None);
        self.write(store, now, lines);
        while self.next_table <= now {
            self.next_table += TABLE_INTERVAL;
        }
    }

    fn say(&self, store: &Store, now: Timestamp, logger: &str, text: &str) {
        self.write(
            store,
            now,
            [report::message(
                now,
                &self.host,
                &format!("INFO/locust.{logger}"),
                text,
            )],
        );
    }

    fn write(&self, store: &Store, now: Timestamp, lines: impl IntoIterator<Item = String>) {
        for line in lines {
            store.logs().append(&self.key, now, line);
        }
    }
}

impl Target {
    /// `http://webapp`, `http://webapp.namespace`, `http://webapp.namespace.svc.cluster.local:80/`.
    fn parse(url: &str, own_namespace: &str) -> Self {
        let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
        let host = rest.split(['/', ':']).next().unwrap_or("");
        let mut labels = host.split('.');
        let service = labels.next().unwrap_or("").to_owned();
        Self {
            namespace: labels.next().unwrap_or(own_namespace).to_owned(),
            service,
        }
    }
}

/// A variable of the container's environment; of the references, those to the pod's own metadata.
fn variable(pod: &Pod, container: &Container, name: &str) -> Option<String> {
    let variable = container
        .env
        .iter()
        .flatten()
        .find(|variable| variable.name == name)?;
    variable.value.clone().or_else(|| {
        let field = variable.value_from.as_ref()?.field_ref.as_ref()?;
        match field.field_path.as_str() {
            "metadata.namespace" => pod.metadata.namespace.clone(),
            "metadata.name" => pod.metadata.name.clone(),
            _ => None,
        }
    })
}

/// The text of a file that is mounted from a ConfigMap.
fn file(store: &Store, pod: &Pod, container: &Container, path: &str) -> Option<String> {
    let namespace = pod.metadata.namespace.as_deref()?;
    let volumes = pod.spec.as_ref()?.volumes.as_deref().unwrap_or_default();
    container.volume_mounts.iter().flatten().find_map(|mount| {
        let name = path
            .strip_prefix(&mount.mount_path)?
            .trim_start_matches('/');
        let key = match (&mount.sub_path, name) {
            (Some(sub_path), "") => sub_path,
            (_, name) => name,
        };
        let volume = volumes.iter().find(|volume| volume.name == mount.name)?;
        let source = volume.config_map.as_ref()?;
        let map: ConfigMap = store.get(namespace, &source.name)?;
        let item = source
            .items
            .iter()
            .flatten()
            .find(|item| item.path == key)
            .map_or(key, |item| item.key.as_str());
        map.data?.get(item).cloned()
    })
}
