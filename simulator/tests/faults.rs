//! Each switch on, what a client of the API sees then, and off again: the cluster heals.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use std::time::Duration;

use futures::StreamExt;
use k8s_openapi::api::admissionregistration::v1::ValidatingWebhookConfiguration;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::api::core::v1::{ConfigMap, Namespace, Node, Pod};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use k8s_openapi::kube_aggregator::pkg::apis::apiregistration::v1::APIService;
use kube::api::{Api, DeleteParams, ListParams, PostParams, WatchEvent, WatchParams};
use kube::{Client, ResourceExt};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use simulator::api::{PodMetrics, ScaledObject};
use simulator::faults::{Setting, Switch};
use simulator::{Identity, Options, Simulator};
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

const NAMESPACE: &str = "seat";

/// A running cluster with an app that KEDA scales.
struct Cluster {
    simulator: Simulator,
    shutdown: CancellationToken,
}

fn from_json<K: DeserializeOwned>(value: Value) -> K {
    serde_json::from_value(value).unwrap()
}

impl Cluster {
    async fn new() -> Self {
        let simulator = Simulator::new(Options {
            start: "2026-01-01T09:00:00Z".parse().unwrap(),
            ..Options::default()
        })
        .unwrap();
        let shutdown = CancellationToken::new();
        let (running, ended) = (simulator.clone(), shutdown.clone());
        tokio::spawn(async move { running.run(ended).await });
        let cluster = Self {
            simulator,
            shutdown,
        };
        let namespace: Namespace = from_json(json!({"metadata": {"name": NAMESPACE}}));
        cluster.simulator.store().create(&namespace).unwrap();
        let app: Deployment = from_json(json!({
            "metadata": {"name": "webapp", "namespace": NAMESPACE},
            "spec": {
                "selector": {"matchLabels": {"app": "webapp"}},
                "template": {
                    "metadata": {"labels": {"app": "webapp"}},
                    "spec": {"containers": [{
                        "name": "webapp",
                        "image": "tiangolo/uvicorn-gunicorn-fastapi:python3.11",
                        "resources": {"requests": {"cpu": "50m"}, "limits": {"cpu": "100m"}},
                    }]},
                },
            },
        }));
        cluster.simulator.store().create(&app).unwrap();
        let scaled: ScaledObject = from_json(json!({
            "apiVersion": "keda.sh/v1alpha1", "kind": "ScaledObject",
            "metadata": {"name": "webapp", "namespace": NAMESPACE},
            "spec": {
                "scaleTargetRef": {"name": "webapp"}, "minReplicaCount": 1, "maxReplicaCount": 4,
                "triggers": [{"type": "cpu", "metricType": "Utilization", "metadata": {"value": "60"}}],
            },
        }));
        cluster.simulator.store().create(&scaled).unwrap();
        cluster
            .until("the pod has a sample", |cluster| {
                let metrics = cluster.simulator.store().metrics();
                metrics.pods(Some(NAMESPACE)).len() == 1
            })
            .await;
        cluster
            .until("the autoscaler is there", |cluster| {
                cluster.autoscaler().is_some()
            })
            .await;
        cluster
    }

    fn client(&self) -> Client {
        self.simulator.client(Identity::admin())
    }

    fn all<K>(&self) -> Api<K>
    where
        K: kube::Resource<DynamicType = ()>,
    {
        Api::all(self.client())
    }

    fn own<K>(&self) -> Api<K>
    where
        K: kube::Resource<DynamicType = (), Scope = kube::core::NamespaceResourceScope>,
    {
        Api::namespaced(self.client(), NAMESPACE)
    }

    fn on(&self, setting: &str) {
        let setting: Setting = setting.parse().unwrap();
        self.simulator.faults().turn_on(setting);
    }

    fn autoscaler(&self) -> Option<HorizontalPodAutoscaler> {
        let store = self.simulator.store();
        store.get::<HorizontalPodAutoscaler>(NAMESPACE, "keda-hpa-webapp")
    }

    async fn until(&self, what: &str, is: impl Fn(&Self) -> bool) {
        let reached = async {
            while !is(self) {
                sleep(Duration::from_millis(100)).await;
            }
        };
        assert!(
            timeout(Duration::from_secs(300), reached).await.is_ok(),
            "never happened: {what}"
        );
    }

    /// How old the newest sample of the app's pod is, and over which window it was taken.
    async fn sample(&self) -> (i64, String) {
        let list = self.own::<PodMetrics>().list(&ListParams::default()).await;
        let sample = &list.unwrap().items[0];
        let age = self
            .simulator
            .clock()
            .now()
            .duration_since(sample.timestamp.0);
        (age.as_secs(), sample.window.clone())
    }

    /// Seconds since KEDA's operator renewed its Lease.
    fn lease_age(&self) -> i64 {
        let store = self.simulator.store();
        let lease = store.get::<Lease>("keda", "operator.keda.sh").unwrap();
        let renewed = lease.spec.unwrap().renew_time.unwrap().0;
        self.simulator
            .clock()
            .now()
            .duration_since(renewed)
            .as_secs()
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}

fn message<T: std::fmt::Debug>(result: kube::Result<T>) -> String {
    match result.unwrap_err() {
        kube::Error::Api(status) => format!("{} {}", status.code, status.message),
        other => panic!("no answer of the API: {other}"),
    }
}

/// Whether the metrics API is available, and why.
async fn available(cluster: &Cluster) -> (String, String) {
    let services = cluster.all::<APIService>();
    let service = services.get("v1beta1.metrics.k8s.io").await.unwrap();
    let condition = service.status.unwrap().conditions.unwrap().remove(0);
    (condition.status, condition.reason.unwrap())
}

#[tokio::test(start_paused = true)]
async fn absent_metrics_api_is_not_registered() {
    let cluster = Cluster::new().await;
    cluster.on("metrics-absent");
    let metrics = cluster.own::<PodMetrics>();
    assert!(message(metrics.list(&ListParams::default()).await).starts_with("404 "));
    let services = cluster.all::<APIService>();
    assert_eq!(
        services.get_opt("v1beta1.metrics.k8s.io").await.unwrap(),
        None
    );
    cluster.simulator.faults().turn_off(Switch::MetricsAbsent);
    metrics.list(&ListParams::default()).await.unwrap();
    assert_eq!(
        available(&cluster).await,
        ("True".to_owned(), "Passed".to_owned())
    );
}

#[tokio::test(start_paused = true)]
async fn unavailable_metrics_api_is_registered_and_says_why() {
    let cluster = Cluster::new().await;
    cluster.on("metrics-unavailable");
    let metrics = cluster.own::<PodMetrics>();
    assert!(message(metrics.list(&ListParams::default()).await).starts_with("503 "));
    let missing = ("False".to_owned(), "MissingEndpoints".to_owned());
    assert_eq!(available(&cluster).await, missing);
    // Absent is stronger, and leaves it behind.
    cluster.on("metrics-absent");
    cluster.simulator.faults().turn_off(Switch::MetricsAbsent);
    assert_eq!(available(&cluster).await, missing);
    cluster.simulator.faults().heal();
    metrics.list(&ListParams::default()).await.unwrap();
    assert_eq!(available(&cluster).await.0, "True");
}

#[tokio::test(start_paused = true)]
async fn late_metrics_are_old_and_of_long_windows() {
    let cluster = Cluster::new().await;
    cluster.on("metrics-late=90");
    let mut oldest = 0;
    let mut windows = std::collections::BTreeSet::new();
    for _ in 0..300 {
        let (age, window) = cluster.sample().await;
        oldest = oldest.max(age);
        windows.insert(window);
        sleep(Duration::from_secs(1)).await;
    }
    assert!((85..=90).contains(&oldest), "{oldest}");
    assert!(windows.contains("1m30s"), "{windows:?}");
    cluster.simulator.faults().turn_off(Switch::MetricsLate);
    sleep(Duration::from_secs(31)).await;
    let (age, window) = cluster.sample().await;
    assert!(age <= 15 && window == "15s", "{age} {window}");
}

#[tokio::test(start_paused = true)]
async fn without_keda_its_kind_its_webhook_and_its_autoscalers_are_gone() {
    let cluster = Cluster::new().await;
    let scaled = cluster.own::<ScaledObject>();
    let before = scaled.get("webapp").await.unwrap();
    let mut watch = scaled
        .watch(&WatchParams::default(), &before.resource_version().unwrap())
        .await
        .unwrap()
        .boxed();
    cluster.on("keda-absent");
    let ended = async { while watch.next().await.is_some() {} };
    timeout(Duration::from_secs(1), ended).await.unwrap();
    assert_eq!(
        message(scaled.list(&ListParams::default()).await),
        "404 404 page not found"
    );
    let definitions = cluster.all::<CustomResourceDefinition>();
    assert!(
        definitions
            .get_opt("scaledobjects.keda.sh")
            .await
            .unwrap()
            .is_none()
    );
    let webhooks = cluster.all::<ValidatingWebhookConfiguration>();
    assert!(webhooks.get_opt("keda-admission").await.unwrap().is_none());
    cluster
        .until("garbage collection took the autoscaler", |cluster| {
            cluster.autoscaler().is_none()
        })
        .await;

    cluster.simulator.faults().turn_off(Switch::KedaAbsent);
    let after = scaled.get("webapp").await.unwrap();
    assert_eq!(after.spec, before.spec);
    assert_ne!(after.uid(), before.uid());
    definitions.get("scaledobjects.keda.sh").await.unwrap();
    webhooks.get("keda-admission").await.unwrap();
    cluster
        .until("KEDA made the autoscaler again", |cluster| {
            cluster.autoscaler().is_some()
        })
        .await;
    cluster
        .until("the Lease is fresh", |cluster| cluster.lease_age() <= 1)
        .await;
}

#[tokio::test(start_paused = true)]
async fn without_its_operator_kedas_objects_stay_and_its_finalizer_hangs() {
    let cluster = Cluster::new().await;
    cluster.on("keda-operator-away");
    sleep(Duration::from_secs(120)).await;
    assert!(cluster.lease_age() >= 110);
    let scaled = cluster.own::<ScaledObject>();
    scaled
        .delete("webapp", &DeleteParams::default())
        .await
        .unwrap();
    sleep(Duration::from_secs(60)).await;
    let hanging = scaled.get("webapp").await.unwrap();
    assert!(hanging.metadata.deletion_timestamp.is_some());
    assert_eq!(hanging.finalizers(), ["finalizer.keda.sh"]);
    assert!(cluster.autoscaler().is_some());

    cluster
        .simulator
        .faults()
        .turn_off(Switch::KedaOperatorAway);
    cluster
        .until("KEDA let it go", |cluster| cluster.autoscaler().is_none())
        .await;
    assert!(scaled.get_opt("webapp").await.unwrap().is_none());
    cluster
        .until("the Lease is fresh", |cluster| cluster.lease_age() <= 1)
        .await;
}

#[tokio::test(start_paused = true)]
async fn slow_api_server_answers_after_that_time() {
    let cluster = Cluster::new().await;
    cluster.on("api-server-slow=1500");
    let pods = cluster.own::<Pod>();
    let asked = Instant::now();
    pods.list(&ListParams::default()).await.unwrap();
    assert_eq!(asked.elapsed(), Duration::from_millis(1500));
    cluster.simulator.faults().turn_off(Switch::ApiServerSlow);
    let asked = Instant::now();
    pods.list(&ListParams::default()).await.unwrap();
    assert_eq!(asked.elapsed(), Duration::ZERO);
}

/// How many of 200 requests of somebody without privileges were answered with each status.
async fn statuses(cluster: &Cluster) -> std::collections::BTreeMap<u16, u32> {
    let client = cluster
        .simulator
        .client(Identity::service_account(NAMESPACE, "default"));
    let mut statuses = std::collections::BTreeMap::new();
    for _ in 0..200 {
        let request = http::Request::get("/version").body(kube::client::Body::empty());
        let answer = client.send(request.unwrap()).await.unwrap();
        if answer.status() == 429 {
            assert_eq!(answer.headers()[http::header::RETRY_AFTER], "1");
        }
        *statuses.entry(answer.status().as_u16()).or_default() += 1;
    }
    statuses
}

#[tokio::test(start_paused = true)]
async fn share_of_the_requests_is_throttled_but_no_masters() {
    let cluster = Cluster::new().await;
    cluster.on("api-server-throttles=30");
    let told = statuses(&cluster).await;
    assert!((40..=80).contains(&told[&429]), "{told:?}");
    assert_eq!(told[&429] + told[&200], 200);
    for _ in 0..50 {
        cluster
            .own::<Pod>()
            .list(&ListParams::default())
            .await
            .unwrap();
    }
    cluster.simulator.faults().heal();
    assert_eq!(statuses(&cluster).await.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn share_of_the_requests_fails() {
    let cluster = Cluster::new().await;
    cluster.on("api-server-fails=100");
    let pods = cluster.own::<Pod>();
    assert_eq!(
        message(pods.list(&ListParams::default()).await),
        "500 etcdserver: request timed out"
    );
    cluster.on("api-server-fails=30");
    let told = statuses(&cluster).await;
    assert!((40..=80).contains(&told[&500]), "{told:?}");
    cluster.simulator.faults().heal();
    assert_eq!(statuses(&cluster).await.len(), 1);
}

/// How long a watch lasts that begins at this version, at most ten minutes; and the error that it ends with.
async fn watched(cluster: &Cluster, version: &str) -> (u64, Option<u16>) {
    let begun = Instant::now();
    let nodes = cluster.all::<Node>();
    let params = WatchParams::default().timeout(290);
    let mut watch = nodes.watch(&params, version).await.unwrap().boxed();
    let mut error = None;
    while let Some(event) = watch.next().await {
        if let Ok(WatchEvent::Error(status)) = event {
            error = Some(status.code);
        }
    }
    (begun.elapsed().as_secs(), error)
}

async fn newest(cluster: &Cluster) -> String {
    let nodes = cluster.all::<Node>().list(&ListParams::default()).await;
    nodes.unwrap().metadata.resource_version.unwrap()
}

#[tokio::test(start_paused = true)]
async fn cut_watches_last_that_long_and_running_ones_end_at_once() {
    let cluster = Cluster::new().await;
    let version = newest(&cluster).await;
    let (running, ()) = tokio::join!(watched(&cluster, &version), async {
        sleep(Duration::from_secs(5)).await;
        cluster.on("watches-cut=20");
    });
    assert_eq!(running, (5, None));
    assert_eq!(watched(&cluster, &version).await, (20, None));
    cluster.simulator.faults().heal();
    assert_eq!(watched(&cluster, &version).await, (290, None));
}

#[tokio::test(start_paused = true)]
async fn expired_watches_begin_from_the_newest_version_alone() {
    let cluster = Cluster::new().await;
    let old = newest(&cluster).await;
    let map: ConfigMap = from_json(json!({"metadata": {"name": "change"}}));
    cluster
        .own()
        .create(&PostParams::default(), &map)
        .await
        .unwrap();
    cluster.on("watches-expired=20");
    assert_eq!(watched(&cluster, &old).await, (0, Some(410)));
    let fresh = newest(&cluster).await;
    assert_eq!(watched(&cluster, &fresh).await, (20, None));
    cluster.simulator.faults().heal();
    assert_eq!(watched(&cluster, &old).await, (290, None));
}

#[tokio::test(start_paused = true)]
async fn skewed_api_server_stamps_and_tells_another_time() {
    let cluster = Cluster::new().await;
    for skew_s in [300, -300, 0] {
        match skew_s {
            0 => cluster.simulator.faults().heal(),
            skew_s => cluster.on(&format!("clock-skew={skew_s}")),
        }
        let name = format!("made{skew_s}");
        let map: ConfigMap = from_json(json!({"metadata": {"name": name}}));
        let made = cluster
            .own()
            .create(&PostParams::default(), &map)
            .await
            .unwrap();
        let made = made.metadata.creation_timestamp.unwrap().0;
        let request = http::Request::get("/version").body(kube::client::Body::empty());
        let answer = cluster.client().send(request.unwrap()).await.unwrap();
        let date = answer.headers()[http::header::DATE].to_str().unwrap();
        let date = jiff::fmt::rfc2822::DateTimeParser::new()
            .parse_timestamp(date)
            .unwrap();
        for told in [made, date] {
            let off = told
                .duration_since(cluster.simulator.clock().now())
                .as_secs();
            assert!((skew_s - 1..=skew_s).contains(&off), "{off}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn cordoned_nodes_take_no_new_pods_until_they_are_uncordoned() {
    let cluster = Cluster::new().await;
    cluster.on("nodes-cordoned=3");
    let nodes = cluster.all::<Node>();
    let cordoned = async || {
        let nodes = nodes.list(&ListParams::default()).await.unwrap();
        let cordoned = nodes.into_iter().filter(|node| {
            let spec = node.spec.clone().unwrap();
            assert_eq!(spec.unschedulable == Some(true), spec.taints.is_some());
            spec.unschedulable == Some(true)
        });
        cordoned.count()
    };
    assert_eq!(cordoned().await, 3);
    let pod: Pod = from_json(json!({
        "metadata": {"name": "late"}, "spec": {"containers": [{"name": "a", "image": "locust:1"}]},
    }));
    let pods = cluster.own::<Pod>();
    pods.create(&PostParams::default(), &pod).await.unwrap();
    sleep(Duration::from_secs(10)).await;
    let waiting = pods.get("late").await.unwrap().status.unwrap();
    let scheduled = waiting.conditions.unwrap().remove(0).message.unwrap();
    let why = "0/3 nodes are available: 3 node(s) were unschedulable.";
    assert!(scheduled.starts_with(why), "{scheduled}");
    cluster.on("nodes-cordoned=1");
    assert_eq!(cordoned().await, 1);
    sleep(Duration::from_secs(10)).await;
    let placed = pods.get("late").await.unwrap().spec.unwrap().node_name;
    assert_ne!(placed.as_deref(), Some("node-3"));
    assert!(placed.is_some());
    cluster.simulator.faults().heal();
    assert_eq!(cordoned().await, 0);
}
