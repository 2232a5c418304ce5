//! Scrapes the kubelets every 15 s and keeps each pod's newest rate, with metrics-server's rules for new pods.
//!
//! Upstream: kubernetes-sigs/metrics-server `pkg/storage/pod.go`, `node.go`; the interval is the manifest's
//! `--metric-resolution=15s` (`manifests/base/deployment.yaml`).

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::core::v1::{Node, Pod};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, Time};
use parking_lot::Mutex;
use tokio::time::{Duration, Instant};

use super::ownership::{phase, uid};
use super::queue::{Key, WorkQueue};
use super::runtime::Runtime;
use super::{Controller, Surroundings};
use crate::api::{ContainerMetrics, NodeMetrics, PodMetrics};
use crate::clock::truncate_to_seconds;
use crate::faults::Faults;
use crate::random::Random;
use crate::status::Result;
use crate::store::pod_log::LogKey;
use crate::store::{Change, Store};

const RESOLUTION: Duration = Duration::from_secs(15);
/// A container of at least this age but younger than the resolution needs no second sample
/// (`freshContainerMinMetricsResolution`, `pkg/storage/pod.go`).
const FRESH: SignedDuration = SignedDuration::from_secs(10);

/// A container's CPU at a scrape.
#[derive(Clone, Copy, Debug)]
struct Point {
    started: Timestamp,
    time: Timestamp,
    cpu_s: f64,
}

pub(super) struct MetricsServer {
    store: Arc<Store>,
    runtime: Arc<Mutex<Runtime>>,
    faults: Arc<Faults>,
    queue: WorkQueue,
    next: Instant,
    scraped: Option<Instant>,
    last: BTreeMap<LogKey, Point>,
}

impl MetricsServer {
    /// The first scrape comes when it is told to, else within the first 15 s, at a phase that follows from the seed.
    pub(super) fn new(
        store: Arc<Store>,
        runtime: Arc<Mutex<Runtime>>,
        faults: Arc<Faults>,
        surroundings: Surroundings,
    ) -> Self {
        let phase = Random::new(surroundings.seed ^ 0x6d65_7472).fraction();
        let first = surroundings
            .first_scrape
            .unwrap_or(RESOLUTION.mul_f64(phase));
        let next = Instant::now() + first;
        let mut queue = WorkQueue::default();
        queue.add_at(Key::new("", "scrape"), next);
        Self {
            store,
            runtime,
            faults,
            queue,
            next,
            scraped: None,
            last: BTreeMap::new(),
        }
    }

    fn scrape(&mut self) {
        let now = self.store.clock().now();
        let mut runtime = self.runtime.lock();
        let mut points = BTreeMap::new();
        let mut rates: BTreeMap<String, Vec<(ContainerMetrics, SignedDuration)>> = BTreeMap::new();
        let mut counted: BTreeMap<String, usize> = BTreeMap::new();
        for key in runtime.containers() {
            let Some((cpu_s, started)) = runtime.cpu(&key) else {
                continue;
            };
            let point = Point {
                started,
                time: now,
                cpu_s,
            };
            *counted.entry(key.pod_uid.clone()).or_default() += 1;
            if let Some((rate, window)) = rate(self.last.get(&key), &point) {
                let memory = runtime.memory(&key).unwrap_or(0);
                let metrics = ContainerMetrics {
                    name: key.container.clone(),
                    usage: usage(rate, memory),
                };
                let pod = rates.entry(key.pod_uid.clone()).or_default();
                pod.push((metrics, window));
            }
            points.insert(key, point);
        }
        drop(runtime);
        self.last = points;
        // A pod has metrics only when each of its containers has.
        rates.retain(|uid, containers| counted.get(uid) == Some(&containers.len()));
        self.publish(now, rates);
    }

    fn publish(
        &self,
        now: Timestamp,
        mut rates: BTreeMap<String, Vec<(ContainerMetrics, SignedDuration)>>,
    ) {
        let timestamp = Time(truncate_to_seconds(now));
        // An idle node has metrics, too; what runs on it beside the pods is not simulated.
        let names = self.store.list::<Node>(None).into_iter();
        let names = names.filter_map(|node| node.metadata.name);
        let mut nodes: BTreeMap<String, (f64, i64)> = names.map(|name| (name, (0.0, 0))).collect();
        let mut pods = Vec::new();
        for pod in self.store.list::<Pod>(None) {
            if phase(&pod) != "Running" {
                continue;
            }
            let Some(containers) = rates.remove(uid(&pod.metadata)) else {
                continue;
            };
            let window = containers.iter().map(|(_, window)| *window).max();
            let containers: Vec<_> = containers.into_iter().map(|(metrics, _)| metrics).collect();
            if let Some(node) = pod.spec.as_ref().and_then(|spec| spec.node_name.clone()) {
                let sum = nodes.entry(node).or_default();
                for container in &containers {
                    sum.0 += quantity(container, "cpu").and_then(nanos).unwrap_or(0.0);
                    sum.1 += quantity(container, "memory").map_or(0, super::scheduler::bytes);
                }
            }
            pods.push(PodMetrics {
                metadata: ObjectMeta {
                    name: pod.metadata.name,
                    namespace: pod.metadata.namespace,
                    labels: pod.metadata.labels,
                    ..ObjectMeta::default()
                },
                timestamp: timestamp.clone(),
                window: go_duration(window.unwrap_or_default()),
                containers,
            });
        }
        self.store.metrics().set_pods(pods);
        let nodes = nodes.into_iter().map(|(name, (cpu, memory))| NodeMetrics {
            metadata: ObjectMeta {
                name: Some(name),
                ..ObjectMeta::default()
            },
            timestamp: timestamp.clone(),
            window: go_duration(SignedDuration::from_secs(15)),
            usage: usage(cpu / 1e9, memory),
        });
        self.store.metrics().set_nodes(nodes);
    }
}

impl Controller for MetricsServer {
    fn name(&self) -> &'static str {
        "metrics-server"
    }

    fn observe(&mut self, _change: &Change) {}

    fn queue(&mut self) -> &mut WorkQueue {
        &mut self.queue
    }

    fn reconcile(&mut self, key: &Key) -> Result<()> {
        // With a longer resolution most turns are left out.
        let resolution = self.faults.metric_resolution();
        let recent = |wait| self.scraped.is_some_and(|at| self.next - at < wait);
        if !resolution.is_some_and(recent) {
            self.scraped = Some(self.next);
            self.scrape();
        }
        self.next += RESOLUTION;
        self.queue.add_at(key.clone(), self.next);
        Ok(())
    }
}

/// Cores used between two scrapes of the same container; of a fresh one since its start.
fn rate(last: Option<&Point>, point: &Point) -> Option<(f64, SignedDuration)> {
    let age = point.time.duration_since(point.started);
    let (since, before) = match last {
        Some(last) if last.started == point.started => (last.time, last.cpu_s),
        _ if age >= FRESH && age < SignedDuration::from_secs(15) => (point.started, 0.0),
        _ => return None,
    };
    let window = point.time.duration_since(since);
    let seconds = window.as_secs_f64();
    (seconds > 0.0).then(|| (((point.cpu_s - before) / seconds).max(0.0), window))
}

fn usage(cores: f64, memory: i64) -> BTreeMap<String, Quantity> {
    [
        ("cpu".to_owned(), cpu(cores)),
        (
            "memory".to_owned(),
            Quantity(format!("{}Ki", memory / 1024)),
        ),
    ]
    .into()
}

/// Nanocores in the largest unit that is exact, as Go's quantities are written.
fn cpu(cores: f64) -> Quantity {
    let nanos = (cores * 1e9).round() as i64;
    Quantity(match nanos {
        0 => "0".to_owned(),
        nanos if nanos % 1_000_000 == 0 => format!("{}m", nanos / 1_000_000),
        nanos if nanos % 1_000 == 0 => format!("{}u", nanos / 1_000),
        nanos => format!("{nanos}n"),
    })
}

fn quantity<'a>(container: &'a ContainerMetrics, resource: &str) -> Option<&'a str> {
    container
        .usage
        .get(resource)
        .map(|quantity| quantity.0.as_str())
}

fn nanos(quantity: &str) -> Option<f64> {
    let split = quantity.len() - usize::from(quantity.ends_with(['n', 'u', 'm']));
    let (number, suffix) = quantity.split_at(split);
    let unit = match suffix {
        "n" => 1.0,
        "u" => 1e3,
        "m" => 1e6,
        _ => 1e9,
    };
    Some(number.parse::<f64>().ok()? * unit)
}

/// `15s`, `14.998s`, `1m30s`: as Go prints a duration below an hour.
fn go_duration(duration: SignedDuration) -> String {
    let (minutes, seconds) = (duration.as_secs() / 60, duration.as_secs() % 60);
    let text = format!("{seconds}.{:09}", duration.subsec_nanos());
    let seconds = text.trim_end_matches('0').trim_end_matches('.');
    match minutes {
        0 => format!("{seconds}s"),
        minutes => format!("{minutes}m{seconds}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mk_point(started: i64, time: i64, cpu_s: f64) -> Point {
        let at = |seconds| Timestamp::from_second(seconds).unwrap();
        Point {
            started: at(started),
            time: at(time),
            cpu_s,
        }
    }

    #[test]
    fn container_needs_two_scrapes_or_an_age_of_ten_seconds() {
        assert!(rate(None, &mk_point(0, 9, 0.3)).is_none());
        assert!(rate(None, &mk_point(0, 16, 0.3)).is_none());
        let (fresh, window) = rate(None, &mk_point(0, 12, 0.3)).unwrap();
        assert!((fresh - 0.025).abs() < 1e-9);
        assert_eq!(go_duration(window), "12s");
        let last = mk_point(0, 9, 0.3);
        let (second, _) = rate(Some(&last), &mk_point(0, 24, 1.8)).unwrap();
        assert!((second - 0.1).abs() < 1e-9);
    }

    #[test]
    fn restart_begins_anew() {
        let last = mk_point(0, 15, 5.0);
        assert!(rate(Some(&last), &mk_point(25, 30, 0.1)).is_none());
    }

    #[test]
    fn quantities_are_written_as_gos() {
        assert_eq!(cpu(0.099_814_706).0, "99814706n");
        assert_eq!(cpu(0.001_976).0, "1976u");
        assert_eq!(cpu(0.0).0, "0");
        assert_eq!(go_duration(SignedDuration::from_millis(14_998)), "14.998s");
        assert_eq!(go_duration(SignedDuration::from_secs(60)), "1m0s");
        assert_eq!(go_duration(SignedDuration::from_millis(90_500)), "1m30.5s");
    }
}
