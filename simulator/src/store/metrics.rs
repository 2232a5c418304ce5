//! What metrics-server holds: the newest sample of each pod and node. The simulated metrics-server writes it
//! after each scrape, the API server reads it. No versions and no watch, as upstream.

use std::collections::BTreeMap;

use parking_lot::RwLock;

use crate::api::{NodeMetrics, PodMetrics};

/// The newest samples.
#[derive(Debug, Default)]
pub struct Metrics {
    pods: RwLock<BTreeMap<(String, String), PodMetrics>>,
    nodes: RwLock<BTreeMap<String, NodeMetrics>>,
}

impl Metrics {
    /// Replaces all samples of pods: one scrape. A pod that is not among them has none.
    pub fn set_pods(&self, pods: impl IntoIterator<Item = PodMetrics>) {
        let pods = pods.into_iter().map(|pod| {
            let key = (
                pod.metadata.namespace.clone().unwrap_or_default(),
                pod.metadata.name.clone().unwrap_or_default(),
            );
            (key, pod)
        });
        *self.pods.write() = pods.collect();
    }

    /// Replaces all samples of nodes.
    pub fn set_nodes(&self, nodes: impl IntoIterator<Item = NodeMetrics>) {
        let nodes = nodes
            .into_iter()
            .map(|node| (node.metadata.name.clone().unwrap_or_default(), node));
        *self.nodes.write() = nodes.collect();
    }

    /// One pod's sample.
    pub fn pod(&self, namespace: &str, name: &str) -> Option<PodMetrics> {
        let key = (namespace.to_owned(), name.to_owned());
        self.pods.read().get(&key).cloned()
    }

    /// The samples of one namespace, or of all.
    pub fn pods(&self, namespace: Option<&str>) -> Vec<PodMetrics> {
        self.pods
            .read()
            .iter()
            .filter(|((own, _), _)| namespace.is_none_or(|namespace| namespace == own))
            .map(|(_, pod)| pod.clone())
            .collect()
    }

    /// One node's sample.
    pub fn node(&self, name: &str) -> Option<NodeMetrics> {
        self.nodes.read().get(name).cloned()
    }

    /// The samples of all nodes.
    pub fn nodes(&self) -> Vec<NodeMetrics> {
        self.nodes.read().values().cloned().collect()
    }
}
