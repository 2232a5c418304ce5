//! Polls metrics.k8s.io for all that a scope covers at once. It has no watch: metrics-server implements get and list only
//! (`pkg/api/pod.go` of kubernetes-sigs/metrics-server).

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use app::model::{SourceState, TimeMs};
use autoscaling::CpuMillis;
use http::{Request, StatusCode};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, Time};
use kube::Client;
use kube::client::Body;
use parking_lot::RwLock;
use serde::Deserialize;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::health::Health;
use super::reader::Shared;
use super::scope::Scope;
use crate::workshop::objects::{PodSample, PodSamples};
use crate::workshop::time::duration_ms;

const API: &str = "/apis/metrics.k8s.io/v1beta1";

/// One poll may take this long, waiting for its turn included.
const LIMIT: Duration = Duration::from_secs(10);

/// An absent metrics API is asked for again after this time.
const ABSENT_RETRY: Duration = Duration::from_secs(30);

/// The samples of every seat's pods. Written by the poll.
#[derive(Default)]
pub(super) struct Metrics {
    samples: RwLock<HashMap<String, BTreeMap<String, PodSamples>>>,
}

impl Metrics {
    /// The samples of a namespace by pod.
    pub(super) fn of(&self, namespace: &str) -> BTreeMap<String, PodSamples> {
        self.samples
            .read()
            .get(namespace)
            .cloned()
            .unwrap_or_default()
    }

    /// Takes a whole poll; returns the namespaces with new or vanished samples.
    fn replace(&self, polled: Vec<PodMetrics>, wanted: impl Fn(&str) -> bool) -> HashSet<String> {
        let mut all = self.samples.write();
        let mut before = std::mem::take(&mut *all);
        let mut changed = HashSet::new();
        for pod in polled {
            let Some((namespace, name, sample)) = pod.sample() else {
                continue;
            };
            if !wanted(&namespace) {
                continue;
            }
            let known = before
                .get_mut(&namespace)
                .and_then(|pods| pods.remove(&name));
            let samples = match known {
                // A poll between two scrapes brings the same sample again.
                Some(known) if known.newest.time == sample.time => known,
                known => {
                    changed.insert(namespace.clone());
                    PodSamples {
                        newest: sample,
                        before: known.map(|known| known.newest),
                    }
                }
            };
            all.entry(namespace).or_default().insert(name, samples);
        }
        let vanished = before.into_iter().filter(|(_, pods)| !pods.is_empty());
        changed.extend(vanished.map(|(namespace, _)| namespace));
        changed
    }
}

/// Why a poll brought nothing.
#[derive(Debug, thiserror::Error)]
enum Error {
    #[error("failed to list the pods' metrics")]
    List(#[source] kube::Error),
    #[error("the list of the pods' metrics was answered with status {0}")]
    Status(StatusCode),
    #[error("failed to read the pods' metrics")]
    Read(#[source] serde_json::Error),
    #[error("the pods' metrics were not listed within {} s", LIMIT.as_secs())]
    TimedOut,
}

#[derive(Deserialize)]
struct PodMetricsList {
    items: Vec<serde_json::Value>,
}

/// metrics.k8s.io/v1beta1 `PodMetrics`.
#[derive(Deserialize)]
struct PodMetrics {
    metadata: ObjectMeta,
    timestamp: Time,
    window: String,
    containers: Vec<ContainerMetrics>,
}

#[derive(Deserialize)]
struct ContainerMetrics {
    usage: Usage,
}

#[derive(Deserialize)]
struct Usage {
    cpu: String,
    memory: String,
}

impl PodMetrics {
    fn sample(self) -> Option<(String, String, PodSample)> {
        // Each container is rounded up by itself, as the HPA does (`pkg/controller/podautoscaler/metrics/client.go`).
        let mut usage = CpuMillis::default();
        let mut memory_bytes = 0;
        for container in &self.containers {
            usage += CpuMillis::parse(&container.usage.cpu)?;
            memory_bytes += bytes(&container.usage.memory).unwrap_or(0);
        }
        let sample = PodSample {
            usage_m: usage.0,
            memory_mi: memory_bytes / (1 << 20),
            time: TimeMs(self.timestamp.0.as_millisecond()),
            window_ms: duration_ms(&self.window)?,
        };
        Some((self.metadata.namespace?, self.metadata.name?, sample))
    }
}

/// A quantity of memory in bytes: `45678Ki`, `128Mi`, `1G`, `1024`.
fn bytes(quantity: &str) -> Option<i64> {
    let split = quantity
        .find(|c: char| c.is_ascii_alphabetic())
        .unwrap_or(quantity.len());
    let (number, unit) = quantity.split_at(split);
    let unit: f64 = match unit {
        "" => 1.0,
        "k" => 1e3,
        "M" => 1e6,
        "G" => 1e9,
        "Ki" => 1024.0,
        "Mi" => 1_048_576.0,
        "Gi" => 1_073_741_824.0,
        _ => return None,
    };
    Some((number.parse::<f64>().ok()? * unit) as i64)
}

/// The poll of one scope.
pub(super) struct Poll {
    pub(super) scope: Scope,
    pub(super) shared: Shared,
    pub(super) metrics: Arc<Metrics>,
    pub(super) health: Arc<Health>,
}

impl Poll {
    /// Polls until `stop`; returns the task's name.
    pub(super) async fn run(self, stop: CancellationToken) -> &'static str {
        stop.run_until_cancelled(self.poll()).await;
        "metrics"
    }

    async fn poll(&self) {
        let health = &self.health;
        loop {
            let listed = timeout(LIMIT, self.list()).await;
            let wait = match listed.unwrap_or(Err(Error::TimedOut)) {
                Ok(polled) => {
                    // Before the namespaces are known, all samples are kept.
                    let wanted = |name: &str| self.shared.seats.may_be_ours(name);
                    for namespace in self.metrics.replace(polled, wanted) {
                        self.shared.changes.mark(&namespace);
                    }
                    health.metrics(SourceState::Live);
                    self.shared.metrics_interval
                }
                Err(Error::Status(StatusCode::NOT_FOUND | StatusCode::FORBIDDEN)) => {
                    health.metrics(SourceState::Absent);
                    ABSENT_RETRY
                }
                Err(error) => {
                    let since = health.metrics_lost_since();
                    if since.is_none() {
                        tracing::warn!(
                            namespace = self.scope.namespace(),
                            error = &error as &dyn std::error::Error,
                            "the metrics API does not answer"
                        );
                    }
                    let since = since.unwrap_or_else(|| self.shared.reach.now());
                    health.metrics(SourceState::Lost { since });
                    self.shared.metrics_interval
                }
            };
            sleep(wait).await;
        }
    }

    async fn list(&self) -> Result<Vec<PodMetrics>, Error> {
        // It is never closed; should it be, a poll too many does no harm.
        let _turn = self.shared.polls.acquire().await;
        list(&self.shared.client, &self.scope.path(API, "pods")).await
    }
}

async fn list(client: &Client, path: &str) -> Result<Vec<PodMetrics>, Error> {
    let request = Request::get(path)
        .body(Body::empty())
        .map_err(|error| Error::List(kube::Error::HttpError(error)))?;
    let answer = client.send(request).await.map_err(Error::List)?;
    if !answer.status().is_success() {
        return Err(Error::Status(answer.status()));
    }
    let body = answer
        .into_body()
        .collect_bytes()
        .await
        .map_err(Error::List)?;
    let list: PodMetricsList = serde_json::from_slice(&body).map_err(Error::Read)?;
    // An item that cannot be read is skipped, like an object of a watch.
    let items = list.items.into_iter();
    Ok(items
        .filter_map(|item| serde_json::from_value(item).ok())
        .collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn mk_pod(name: &str, timestamp: &str, cpu: &str) -> PodMetrics {
        let pod = json!({
            "metadata": {"name": name, "namespace": "ws"},
            "timestamp": timestamp,
            "window": "14.998s",
            "containers": [{"name": "webapp", "usage": {"cpu": cpu, "memory": "51728Ki"}}],
        });
        serde_json::from_value(pod).unwrap()
    }

    #[test]
    fn the_same_sample_polled_again_is_no_change() {
        let metrics = Metrics::default();
        let first = || vec![mk_pod("a", "2026-11-24T12:00:00Z", "123456789n")];
        assert_eq!(
            metrics.replace(first(), |_| true),
            HashSet::from(["ws".to_owned()])
        );
        assert_eq!(metrics.replace(first(), |_| true), HashSet::new());
        let next = vec![mk_pod("a", "2026-11-24T12:00:15Z", "1976u")];
        assert_eq!(metrics.replace(next, |_| true).len(), 1);
        let samples = metrics.of("ws")["a"];
        assert_eq!(samples.newest.usage_m, 2);
        assert_eq!(samples.newest.memory_mi, 50);
        assert_eq!(samples.newest.window_ms, 14_998);
        assert_eq!(samples.before.map(|before| before.usage_m), Some(124));
    }

    #[test]
    fn a_vanished_pod_is_a_change() {
        let metrics = Metrics::default();
        metrics.replace(vec![mk_pod("a", "2026-11-24T12:00:00Z", "1n")], |_| true);
        assert_eq!(metrics.replace(vec![], |_| true).len(), 1);
        assert!(metrics.of("ws").is_empty());
    }

    #[test]
    fn other_namespaces_are_dropped() {
        let metrics = Metrics::default();
        let polled = vec![mk_pod("a", "2026-11-24T12:00:00Z", "1n")];
        assert!(
            metrics
                .replace(polled, |namespace| namespace != "ws")
                .is_empty()
        );
        assert!(metrics.of("ws").is_empty());
    }
}
