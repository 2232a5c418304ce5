//! Writes down what a cluster does in one namespace, real or simulated: it knows only a `kube::Client` and tokio's clock.
//!
//! [`Recorder::begin`] opens the watches, [`play`] takes the steps, [`Recorder::end`] gives the lines.

mod log;
mod metrics;
mod notes;
mod player;
pub mod real;
mod watches;

use std::time::Duration;

use k8s_openapi::api::core::v1::Node as ClusterNode;
use kube::api::{Api, ListParams};
use kube::core::{ApiResource, GroupVersionKind};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::error::{Error, Result};
use crate::line::{Entry, Line, Node, Start};

pub use notes::Notes;
pub use player::{Answer, Kubectl, play};

/// How often metrics.k8s.io is asked.
pub const METRICS_EVERY: Duration = Duration::from_secs(5);

/// The kinds that are watched: API version, kind, the path's segment.
pub const WATCHED: [(&str, &str, &str); 9] = [
    ("apps/v1", "Deployment", "deployments"),
    ("apps/v1", "ReplicaSet", "replicasets"),
    ("v1", "Pod", "pods"),
    ("v1", "Event", "events"),
    ("batch/v1", "Job", "jobs"),
    (
        "autoscaling/v2",
        "HorizontalPodAutoscaler",
        "horizontalpodautoscalers",
    ),
    ("keda.sh/v1alpha1", "ScaledObject", "scaledobjects"),
    ("discovery.k8s.io/v1", "EndpointSlice", "endpointslices"),
    ("v1", "ResourceQuota", "resourcequotas"),
];

/// A recording under way.
pub struct Recorder {
    client: kube::Client,
    namespace: String,
    notes: Notes,
    shutdown: CancellationToken,
    tasks: JoinSet<()>,
}

impl Recorder {
    /// Opens the watches in a namespace that exists; from now on nothing is missed.
    ///
    /// # Errors
    /// When a kind cannot be listed.
    pub async fn begin(client: kube::Client, namespace: &str) -> Result<Self> {
        let mut recorder = Self {
            client,
            namespace: namespace.to_owned(),
            notes: Notes::default(),
            shutdown: CancellationToken::new(),
            tasks: JoinSet::new(),
        };
        let (pods, mut running) = tokio::sync::mpsc::unbounded_channel();
        for (api_version, kind, plural) in WATCHED {
            let watch = watches::Watch::open(
                Api::namespaced_with(
                    recorder.client.clone(),
                    namespace,
                    &api_resource(api_version, kind, plural),
                ),
                kind,
                recorder.notes.clone(),
                pods.clone(),
            )
            .await?;
            recorder.spawn(watch.follow());
        }
        let api = Api::namespaced(recorder.client.clone(), namespace);
        let notes = recorder.notes.clone();
        recorder.spawn(async move {
            let mut logs = JoinSet::new();
            while let Some(pod) = running.recv().await {
                logs.spawn(log::follow(api.clone(), pod, notes.clone()));
            }
        });
        Ok(recorder)
    }

    /// Sets the clock to zero and begins to ask for metrics.
    ///
    /// # Errors
    /// When the nodes cannot be listed.
    pub async fn start(&mut self, time: jiff::Timestamp, kubernetes: String) -> Result<()> {
        let nodes = nodes(self.client.clone()).await?;
        self.notes.start();
        self.notes.add(Entry::Start(Start {
            time,
            namespace: self.namespace.clone(),
            kubernetes,
            metrics_polled_every: METRICS_EVERY.as_secs(),
            nodes,
        }));
        let api = Api::namespaced_with(
            self.client.clone(),
            &self.namespace,
            &api_resource("metrics.k8s.io/v1beta1", "PodMetrics", "pods"),
        );
        let notes = self.notes.clone();
        self.spawn(metrics::poll(api, notes));
        Ok(())
    }

    /// What was written down so far, and what is known of the objects.
    pub fn notes(&self) -> &Notes {
        &self.notes
    }

    /// Stops watching. The lines are in order of time.
    pub async fn end(mut self) -> Vec<Line> {
        self.notes.add(Entry::End);
        self.shutdown.cancel();
        while self.tasks.join_next().await.is_some() {}
        self.notes.take()
    }

    fn spawn(&mut self, task: impl Future<Output = ()> + Send + 'static) {
        let shutdown = self.shutdown.clone();
        self.tasks.spawn(async move {
            shutdown.run_until_cancelled_owned(task).await;
        });
    }
}

async fn nodes(client: kube::Client) -> Result<Vec<Node>> {
    let nodes: Api<ClusterNode> = Api::all(client);
    let nodes = nodes.list(&ListParams::default()).await;
    let nodes = nodes.map_err(Error::api("list the nodes"))?;
    let nodes = nodes.items.into_iter().filter_map(|node| {
        let mut allocatable = node.status?.allocatable?;
        Some(Node {
            name: node.metadata.name?,
            cpu: allocatable.remove("cpu")?.0,
            memory: allocatable.remove("memory")?.0,
        })
    });
    Ok(nodes.collect())
}

fn api_resource(api_version: &str, kind: &str, plural: &str) -> ApiResource {
    let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
    let kind = GroupVersionKind::gvk(group, version, kind);
    ApiResource::from_gvk_with_plural(&kind, plural)
}
