//! `workshop prepull` on the simulator: every node gets both images, or tells why not; no pod stays.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends")]

use std::time::Duration;

use k8s_openapi::api::core::v1::{Namespace, Node, Pod};
use kube::api::{ListParams, Patch, PatchParams, PostParams};
use kube::{Api, Client};
use serde_json::json;
use server::prepull::{Error, Options, Summary, Told, prepull};
use server::workshop::manifests::Settings;
use simulator::{Identity, Simulator};
use tokio_util::sync::CancellationToken;

const NAMESPACE: &str = "workshop";

struct World {
    simulator: Simulator,
    shutdown: CancellationToken,
}

impl World {
    /// Three nodes.
    async fn new() -> Self {
        let simulator = Simulator::new(simulator::Options::default()).unwrap();
        let shutdown = CancellationToken::new();
        let (controllers, ended) = (simulator.clone(), shutdown.clone());
        tokio::spawn(async move { controllers.run(ended).await });
        let world = Self {
            simulator,
            shutdown,
        };
        let namespaces: Api<Namespace> = Api::all(world.admin());
        let namespace = json!({ "metadata": { "name": NAMESPACE } });
        let namespace = serde_json::from_value(namespace).unwrap();
        namespaces
            .create(&PostParams::default(), &namespace)
            .await
            .unwrap();
        world
    }

    fn admin(&self) -> Client {
        self.simulator.client(Identity::admin())
    }

    fn pods(&self) -> Api<Pod> {
        Api::namespaced(self.admin(), NAMESPACE)
    }

    async fn prepull(&self, settings: Settings) -> (Summary, Vec<Told>) {
        let mut told = Vec::new();
        let shutdown = CancellationToken::new();
        let summary = self.run(&options(settings), &shutdown, &mut told).await;
        self.is_clean().await;
        (summary.unwrap(), told)
    }

    async fn run(
        &self,
        options: &Options,
        shutdown: &CancellationToken,
        told: &mut Vec<Told>,
    ) -> Result<Summary, Error> {
        prepull(&self.admin(), options, shutdown, |t| told.push(t.clone())).await
    }

    /// No pod stays, once the nodes have let go of them.
    async fn is_clean(&self) {
        tokio::time::sleep(Duration::from_secs(5)).await;
        let pods = self.pods().list(&ListParams::default()).await.unwrap();
        assert!(pods.items.is_empty(), "{:?}", pods.items);
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}

fn options(settings: Settings) -> Options {
    Options {
        namespace: NAMESPACE.to_owned(),
        timeout: Duration::from_secs(600),
        settings,
    }
}

fn missing() -> Settings {
    Settings {
        load_image: "locustio/locust:missing".to_owned(),
        ..Settings::default()
    }
}

#[tokio::test(start_paused = true)]
async fn every_node_gets_both_images() {
    let world = World::new().await;
    let (summary, told) = world.prepull(Settings::default()).await;
    assert!(summary.is_complete(), "{summary:?}");
    assert_eq!(summary.ready, ["node-1", "node-2", "node-3"]);
    assert_eq!(told.len(), 6);
}

#[tokio::test(start_paused = true)]
async fn image_that_no_registry_has_is_told_for_each_node() {
    let world = World::new().await;
    let begun = tokio::time::Instant::now();
    let (summary, told) = world.prepull(missing()).await;
    // The second failed pull decides, long before the timeout.
    assert!(
        begun.elapsed() < Duration::from_secs(60),
        "{:?}",
        begun.elapsed()
    );
    assert!(!summary.is_complete());
    assert_eq!(summary.failed.len(), 3);
    let why = summary.failed[0].result.clone().unwrap_err();
    assert!(why.ends_with("locustio/locust:missing: not found"), "{why}");
    // The other image is there nevertheless.
    assert_eq!(told.iter().filter(|told| told.result.is_ok()).count(), 3);
}

#[tokio::test(start_paused = true)]
async fn cordoned_node_is_left_out() {
    let world = World::new().await;
    let nodes: Api<Node> = Api::all(world.admin());
    let cordon = Patch::Merge(json!({ "spec": { "unschedulable": true } }));
    nodes
        .patch("node-2", &PatchParams::default(), &cordon)
        .await
        .unwrap();
    let (summary, _) = world.prepull(Settings::default()).await;
    assert!(summary.is_complete());
    assert_eq!(summary.skipped, ["node-2"]);
    assert_eq!(summary.ready, ["node-1", "node-3"]);
}

#[tokio::test(start_paused = true)]
async fn pods_are_removed_on_interruption_and_on_timeout() {
    let world = World::new().await;
    let shutdown = CancellationToken::new();
    let interrupt = shutdown.clone();
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_secs(5)).await;
        interrupt.cancel();
    });
    let mut told = Vec::new();
    let summary = world.run(&options(missing()), &shutdown, &mut told).await;
    let summary = summary.unwrap();
    assert!(summary.interrupted && !summary.is_complete());
    world.is_clean().await;

    let short = Options {
        timeout: Duration::from_secs(3),
        ..options(missing())
    };
    let shutdown = CancellationToken::new();
    let summary = world.run(&short, &shutdown, &mut told).await.unwrap();
    assert_eq!(summary.failed.len(), 3);
    let why = summary.failed[0].result.clone().unwrap_err();
    assert!(why.starts_with("not pulled within 3 s: "), "{why}");
    world.is_clean().await;
}

#[tokio::test(start_paused = true)]
async fn pods_of_an_interrupted_run_are_removed_first() {
    let world = World::new().await;
    let left = json!({
        "metadata": { "name": "prepull-left", "labels": { "autoscaling-workshop/prepull": "00" } },
        "spec": { "nodeName": "node-1", "containers": [{ "name": "app", "image": "nginx" }] },
    });
    let left = serde_json::from_value(left).unwrap();
    world
        .pods()
        .create(&PostParams::default(), &left)
        .await
        .unwrap();
    let (summary, _) = world.prepull(Settings::default()).await;
    assert!(summary.is_complete());
}

#[tokio::test(start_paused = true)]
async fn missing_secret_is_told_before_any_pod_is_made() {
    let world = World::new().await;
    let settings = Settings {
        image_pull_secrets: vec!["registry".to_owned()],
        ..Settings::default()
    };
    let shutdown = CancellationToken::new();
    let mut told = Vec::new();
    let options = options(settings);
    let done = world.run(&options, &shutdown, &mut told).await;
    let error = done.unwrap_err();
    assert!(matches!(error, Error::NoPullSecret { .. }), "{error}");
}
