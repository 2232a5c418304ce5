//! `cargo xtask bench speed`: how much faster than real time a whole class runs: 300 namespaces that each go from one
//! pod to ten under load. One thread, a paused clock, no panel: what is left is the controllers' and the load's own work.
//!
//! Printed, never judged. The limit beside it is the project's goal.

#![expect(
    clippy::expect_used,
    reason = "a benchmark that cannot run has nothing to print"
)]

use std::time::Duration;

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{ConfigMap, Namespace, Pod, Service};
use serde_json::{Value, json};
use simulator::api::ScaledObject;
use simulator::store::Object;
use simulator::{NodeSpec, Options, Simulator};
use tokio_util::sync::CancellationToken;

const NAMESPACES: usize = 300;
/// How many times faster than real time the loaded class shall run.
const GOAL: f64 = 20.0;

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime without I/O");
    runtime.block_on(class());
}

async fn class() {
    println!("a simulated class of {NAMESPACES} namespaces on one thread");
    println!(
        "{:<34} {:>9} {:>9} {:>12}",
        "", "simulated", "needed", "times faster"
    );
    let simulator = Simulator::new(Options {
        // A kubelet takes 110 pods; there are eleven in each namespace.
        nodes: (1..=NAMESPACES / 10 + 1)
            .map(|number| NodeSpec {
                name: format!("node-{number}"),
                cpu_millis: 16_000,
                memory_mi: 64 * 1024,
            })
            .collect(),
        ..Options::default()
    })
    .expect("nodes of different names");
    let running = tokio::spawn({
        let simulator = simulator.clone();
        async move { simulator.run(CancellationToken::new()).await }
    });

    for number in 0..NAMESPACES {
        deploy(&simulator, &format!("seat-{number}"));
    }
    phase("deployed, one idle pod each", 60).await;
    for number in 0..NAMESPACES {
        load(&simulator, &format!("seat-{number}"));
    }
    phase("load starts, one pod to ten", 150).await;
    let pods = simulator.store().list::<Pod>(None).len();
    let factor = phase("under load", 60).await;
    println!("{pods} pods under load: {factor:.1} times faster than real time (goal: {GOAL})");
    running.abort();
}

/// Lets simulated seconds pass; how many times faster than real time a core that does nothing else goes through them.
async fn phase(name: &str, seconds: u64) -> f64 {
    let begin = cpu_seconds();
    tokio::time::sleep(Duration::from_secs(seconds)).await;
    let needed = cpu_seconds() - begin;
    let factor = seconds as f64 / needed;
    println!("{name:<34} {seconds:>7} s {needed:>7.1} s {factor:>12.1}");
    factor
}

/// CPU that this thread has used: unlike a clock's time it is the same on a busy machine.
fn cpu_seconds() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").expect("Linux");
    let nanos = text.split(' ').next().and_then(|word| word.parse().ok());
    nanos.map_or(f64::NAN, |nanos: f64| nanos / 1e9)
}

fn create<K: Object>(simulator: &Simulator, namespace: &str, mut object: Value) -> Option<K> {
    object["metadata"]["namespace"] = namespace.into();
    let object: K = serde_json::from_value(object).ok()?;
    simulator.store().create(&object).ok()
}

fn deploy(simulator: &Simulator, namespace: &str) {
    let made: Namespace =
        serde_json::from_value(json!({"metadata": {"name": namespace}})).expect("a namespace");
    simulator.store().create(&made).expect("a new namespace");
    create::<Deployment>(simulator, namespace, json!({
        "metadata": {"name": "webapp"},
        "spec": {
            "selector": {"matchLabels": {"app": "webapp"}},
            "template": {
                "metadata": {"labels": {"app": "webapp"}},
                "spec": {"containers": [{
                    "name": "webapp", "image": "tiangolo/uvicorn-gunicorn-fastapi:python3.11",
                    "env": [{"name": "WEB_CONCURRENCY", "value": "1"}],
                    "resources": {"requests": {"cpu": "50m"}, "limits": {"cpu": "100m"}},
                    "startupProbe": {"httpGet": {"path": "/health", "port": 80}, "periodSeconds": 2},
                    "readinessProbe": {"tcpSocket": {"port": 80}, "periodSeconds": 5},
                }]},
            },
        },
    }))
    .expect("a Deployment");
    create::<Service>(
        simulator,
        namespace,
        json!({
            "metadata": {"name": "webapp"},
            "spec": {"selector": {"app": "webapp"}, "ports": [{"port": 80}]},
        }),
    )
    .expect("a Service");
    create::<ScaledObject>(simulator, namespace, json!({
        "metadata": {"name": "webapp"},
        "spec": {
            "scaleTargetRef": {"name": "webapp"}, "minReplicaCount": 1, "maxReplicaCount": 10,
            "triggers": [{"type": "cpu", "metricType": "Utilization", "metadata": {"value": "60"}}],
        },
    }))
    .expect("a ScaledObject");
}

fn load(simulator: &Simulator, namespace: &str) {
    let file = format!(
        "from locust import HttpUser, task, constant\n\
         class Visitor(HttpUser):\n    host = \"http://webapp.{namespace}.svc.cluster.local\"\n    \
         wait_time = constant(1)\n    @task\n    def fib(self):\n        \
         self.client.get(\"/fib?n=26\", headers={{\"Connection\": \"close\"}})\n"
    );
    create::<ConfigMap>(
        simulator,
        namespace,
        json!({
            "metadata": {"name": "locustfile"}, "data": {"locustfile.py": file},
        }),
    )
    .expect("a ConfigMap");
    create::<Job>(simulator, namespace, json!({
        "metadata": {"name": "locust-headless"},
        "spec": {"backoffLimit": 0, "template": {
            "metadata": {"labels": {"app": "locust"}},
            "spec": {"restartPolicy": "Never", "containers": [{
                "name": "locust", "image": "locustio/locust:2.32.2",
                "args": ["-f", "/mnt/locust/locustfile.py", "--headless", "-u", "150", "-r", "15", "--run-time", "600s"],
                "resources": {"requests": {"cpu": "100m"}, "limits": {"cpu": "400m"}},
                "volumeMounts": [{"name": "code", "mountPath": "/mnt/locust"}],
            }], "volumes": [{"name": "code", "configMap": {"name": "locustfile"}}]},
        }},
    }))
    .expect("a Job");
}
