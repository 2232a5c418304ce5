//! A simulated cluster with one seat, what is applied to it, and what a story watches.

use std::future::Future;
use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::autoscaling::v2::{HorizontalPodAutoscaler, HorizontalPodAutoscalerStatus};
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{ConfigMap, Event, Namespace, Pod, Service};
use serde_json::{Value, json};
use simulator::api::ScaledObject;
use simulator::store::pod_log::LogKey;
use simulator::store::{DeleteOptions, Object};
use simulator::{Options, Simulator};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// The seat of all stories.
pub(crate) const SEAT: &str = "seat";
/// Image of the web app.
pub(crate) const IMAGE: &str = "tiangolo/uvicorn-gunicorn-fastapi:python3.11";

/// A running cluster; its time is counted from [`World::begin`].
pub(crate) struct World {
    pub(crate) simulator: Simulator,
    begin: Instant,
}

/// Replicas asked for, and utilization in the status, at each change of the first.
pub(crate) type Rescale = (f64, i32, i32);

impl World {
    /// Runs a story on a cluster of this seed, and ends the cluster with it.
    pub(crate) async fn run<F: Future>(seed: u64, story: impl FnOnce(Self) -> F) -> F::Output {
        let simulator = Simulator::new(Options {
            seed,
            start: "2026-01-01T09:00:00Z".parse::<Timestamp>().unwrap(),
            ..Options::default()
        })
        .unwrap();
        let shutdown = CancellationToken::new();
        let controllers = {
            let (simulator, shutdown) = (simulator.clone(), shutdown.clone());
            tokio::spawn(async move { simulator.run(shutdown).await })
        };
        let world = Self {
            simulator,
            begin: Instant::now(),
        };
        world.create(json!({"metadata": {"name": SEAT}}), Some::<Namespace>);
        let outcome = story(world).await;
        shutdown.cancel();
        controllers.await.unwrap();
        outcome
    }

    /// Seconds since the beginning.
    pub(crate) fn time(&self) -> f64 {
        self.begin.elapsed().as_secs_f64()
    }

    /// Lets time pass.
    pub(crate) async fn pass(&self, seconds: f64) {
        tokio::time::sleep(Duration::from_secs_f64(seconds)).await;
    }

    /// Lets time pass until this many seconds after the beginning.
    pub(crate) async fn until(&self, seconds: f64) {
        tokio::time::sleep_until(self.begin + Duration::from_secs_f64(seconds)).await;
    }

    /// Looks every 100 ms until `holds`; the time at which it did.
    pub(crate) async fn wait(
        &self,
        limit_s: f64,
        what: &str,
        holds: impl Fn(&Self) -> bool,
    ) -> f64 {
        let limit = self.time() + limit_s;
        while !holds(self) {
            assert!(self.time() < limit, "not within {limit_s} s: {what}");
            self.pass(0.1).await;
        }
        self.time()
    }

    /// Creates an object from JSON; `_kind` only names the type.
    pub(crate) fn create<K: Object>(&self, mut object: Value, _kind: fn(K) -> Option<K>) -> K {
        if K::kind(&()) != "Namespace" {
            object["metadata"]["namespace"] = json!(SEAT);
        }
        let object: K = serde_json::from_value(object).unwrap();
        self.simulator.store().create(&object).unwrap()
    }

    /// The workshop's web app and its ScaledObject, as in `recordings/load-and-stop`.
    pub(crate) fn deploy(&self, image: &str) {
        self.create(
            json!({"metadata": {"name": "webapp-code"}, "data": {"main.py": "app = FastAPI()"}}),
            Some::<ConfigMap>,
        );
        self.create(mk_deployment(image), Some::<Deployment>);
        self.create(
            json!({"metadata": {"name": "webapp"},
                "spec": {"selector": {"app": "webapp"}, "ports": [{"port": 80}]}}),
            Some::<Service>,
        );
        self.create(mk_scaled_object(), Some::<ScaledObject>);
    }

    /// The load of the recordings.
    pub(crate) fn start_load(&self, keep_alive: bool) {
        let header = if keep_alive {
            ""
        } else {
            r#", headers={"Connection": "close"}"#
        };
        let file = format!(
            r#"
from locust import HttpUser, task, constant
class Visitor(HttpUser):
    host = f"http://webapp.{{os.environ['NAMESPACE']}}.svc.cluster.local"
    wait_time = constant(1)
    @task
    def fib(self):
        self.client.get("/fib?n=26", name="/fib"{header})
REPORT = "workshop_load"
"#
        );
        self.create(
            json!({"metadata": {"name": "locustfile"}, "data": {"locustfile.py": file}}),
            Some::<ConfigMap>,
        );
        self.create(mk_job(), Some::<Job>);
    }

    /// Deletes the load as the panel does.
    pub(crate) fn stop_load(&self) {
        let store = self.simulator.store();
        let background = DeleteOptions::background();
        store
            .delete::<Job>(SEAT, "locust-headless", &background)
            .unwrap();
        store
            .delete::<ConfigMap>(SEAT, "locustfile", &background)
            .unwrap();
    }

    pub(crate) fn get<K: Object>(&self, name: &str) -> Option<K> {
        self.simulator.store().get(SEAT, name)
    }

    pub(crate) fn list<K: Object>(&self) -> Vec<K> {
        self.simulator.store().list(Some(SEAT))
    }

    /// Pods with this value of the label `app`.
    pub(crate) fn pods(&self, app: &str) -> Vec<Pod> {
        let mut pods = self.list::<Pod>();
        pods.retain(|pod| {
            pod.metadata
                .labels
                .as_ref()
                .is_some_and(|labels| labels.get("app").is_some_and(|value| value == app))
        });
        pods
    }

    /// Ready and not being deleted.
    pub(crate) fn ready(&self) -> usize {
        let pods = self.pods("webapp");
        pods.iter().filter(|pod| is_ready(pod)).count()
    }

    /// `spec.replicas` of the web app.
    pub(crate) fn asked(&self) -> i32 {
        let webapp = self.get::<Deployment>("webapp").unwrap();
        webapp.spec.unwrap().replicas.unwrap()
    }

    pub(crate) fn hpa(&self) -> HorizontalPodAutoscalerStatus {
        let hpa = self
            .get::<HorizontalPodAutoscaler>("keda-hpa-webapp")
            .unwrap();
        hpa.status.unwrap_or_default()
    }

    /// Percent of the request, if the autoscaler has a value.
    pub(crate) fn utilization(&self) -> Option<i32> {
        self.hpa()
            .current_metrics?
            .first()?
            .resource
            .as_ref()?
            .current
            .average_utilization
    }

    /// Status and reason of a condition of the autoscaler.
    pub(crate) fn condition(&self, kind: &str) -> Option<(String, String)> {
        let conditions = self.hpa().conditions.unwrap_or_default();
        let condition = conditions
            .into_iter()
            .find(|condition| condition.type_ == kind)?;
        Some((condition.status, condition.reason.unwrap_or_default()))
    }

    /// Events with this reason.
    pub(crate) fn events(&self, reason: &str) -> Vec<Event> {
        let mut events = self.list::<Event>();
        events.retain(|event| event.reason.as_deref() == Some(reason));
        events
    }

    /// Messages of the events with this reason.
    pub(crate) fn messages(&self, reason: &str) -> Vec<String> {
        let events = self.events(reason).into_iter();
        events.filter_map(|event| event.message).collect()
    }

    /// All lines of the load pods' logs, oldest pod first.
    pub(crate) fn load_log(&self) -> Vec<String> {
        let logs = self.simulator.store().logs();
        let mut pods = self.pods("locust");
        pods.sort_by_key(|pod| pod.metadata.creation_timestamp.as_ref().map(|time| time.0));
        let lines = pods.iter().flat_map(|pod| {
            let key = LogKey::new(pod.metadata.uid.clone().unwrap(), "locust");
            logs.lines(&key).unwrap_or_default()
        });
        lines.map(|line| line.text.to_string()).collect()
    }

    /// The newest line of figures that the panel's own locustfile prints.
    pub(crate) fn figures(&self) -> Value {
        let log = self.load_log();
        let line = log
            .iter()
            .rev()
            .find(|line| line.starts_with(r#"{"workshop_load""#));
        let value: Value = serde_json::from_str(line.unwrap()).unwrap();
        value["workshop_load"].clone()
    }

    /// Watches `spec.replicas` until `end`: each change with its time and the utilization that caused it.
    pub(crate) async fn rescales(&self, end: impl Fn(&Self) -> bool, limit_s: f64) -> Vec<Rescale> {
        let limit = self.time() + limit_s;
        let (mut last, mut rescales) = (self.asked(), Vec::new());
        while !end(self) {
            assert!(self.time() < limit, "not within {limit_s} s: {rescales:?}");
            self.pass(0.1).await;
            let asked = self.asked();
            assert!((1..=10).contains(&asked), "{asked} replicas");
            if asked != last {
                let utilization = self.utilization().unwrap_or(-1);
                rescales.push((self.time(), asked, utilization));
                last = asked;
            }
        }
        rescales
    }
}

/// Whether a pod is ready and stays.
pub(crate) fn is_ready(pod: &Pod) -> bool {
    let conditions = pod
        .status
        .as_ref()
        .and_then(|status| status.conditions.as_ref());
    let ready = |(kind, status): (&str, &str)| kind == "Ready" && status == "True";
    pod.metadata.deletion_timestamp.is_none()
        && conditions
            .into_iter()
            .flatten()
            .any(|condition| ready((&condition.type_, &condition.status)))
}

pub(crate) fn mk_deployment(image: &str) -> Value {
    json!({
        "metadata": {"name": "webapp", "labels": {"app": "webapp"}},
        "spec": {
            "selector": {"matchLabels": {"app": "webapp"}},
            "template": {
                "metadata": {"labels": {"app": "webapp"}},
                "spec": {
                    "enableServiceLinks": false,
                    "containers": [{
                        "name": "webapp", "image": image,
                        "env": [{"name": "WEB_CONCURRENCY", "value": "1"}],
                        "ports": [{"containerPort": 80}],
                        "resources": {"requests": {"cpu": "50m", "memory": "64Mi"}, "limits": {"cpu": "100m", "memory": "256Mi"}},
                        "startupProbe": {"httpGet": {"path": "/health", "port": 80}, "periodSeconds": 2, "timeoutSeconds": 5, "failureThreshold": 60},
                        "readinessProbe": {"tcpSocket": {"port": 80}, "periodSeconds": 5},
                        "volumeMounts": [{"name": "code", "mountPath": "/app/main.py", "subPath": "main.py"}],
                    }],
                    "volumes": [{"name": "code", "configMap": {"name": "webapp-code"}}],
                },
            },
        },
    })
}

pub(crate) fn mk_scaled_object() -> Value {
    json!({
        "metadata": {"name": "webapp"},
        "spec": {
            "scaleTargetRef": {"name": "webapp"},
            "minReplicaCount": 1, "maxReplicaCount": 10,
            "pollingInterval": 5, "cooldownPeriod": 60,
            "advanced": {"horizontalPodAutoscalerConfig": {"behavior": {"scaleDown": {"stabilizationWindowSeconds": 60}}}},
            "triggers": [{"type": "cpu", "metricType": "Utilization", "metadata": {"value": "60"}}],
        },
    })
}

pub(crate) fn mk_job() -> Value {
    json!({
        "metadata": {"name": "locust-headless"},
        "spec": {
            "backoffLimit": 0, "activeDeadlineSeconds": 600,
            "template": {
                "metadata": {"labels": {"app": "locust"}},
                "spec": {
                    "restartPolicy": "Never", "enableServiceLinks": false,
                    "containers": [{
                        "name": "locust", "image": "locustio/locust:2.32.2",
                        "args": ["-f", "/mnt/locust/locustfile.py", "--headless", "-u", "150", "-r", "15", "--run-time", "420s"],
                        "env": [
                            {"name": "NAMESPACE", "valueFrom": {"fieldRef": {"fieldPath": "metadata.namespace"}}},
                            {"name": "LOCUST_EXIT_CODE_ON_ERROR", "value": "0"},
                        ],
                        "resources": {"requests": {"cpu": "100m"}, "limits": {"cpu": "400m"}},
                        "volumeMounts": [{"name": "code", "mountPath": "/mnt/locust"}],
                    }],
                    "volumes": [{"name": "code", "configMap": {"name": "locustfile"}}],
                },
            },
        },
    })
}
