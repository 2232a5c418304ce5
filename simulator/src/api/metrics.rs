//! metrics.k8s.io/v1beta1, as metrics-server serves it.
//! Upstream: `staging/src/k8s.io/metrics/pkg/apis/metrics/v1beta1/types.go`.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, Time};
use k8s_openapi::{ClusterResourceScope, Metadata, NamespaceResourceScope, Resource};
use serde::{Deserialize, Serialize};

/// What a pod used in the window before the timestamp.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PodMetrics {
    /// Name, namespace and labels of the pod.
    pub metadata: ObjectMeta,
    /// End of the window: the last scrape.
    pub timestamp: Time,
    /// Length of the window as Go writes it, such as `14.998s`.
    pub window: String,
    /// One entry for each container.
    pub containers: Vec<ContainerMetrics>,
}

impl PodMetrics {
    /// The window in seconds; `None` if it is no duration below an hour as Go writes it.
    pub fn window_s(&self) -> Option<f64> {
        let text = self.window.strip_suffix('s')?;
        let (minutes, seconds) = text.split_once('m').unwrap_or(("0", text));
        Some(minutes.parse::<f64>().ok()? * 60.0 + seconds.parse::<f64>().ok()?)
    }
}

/// What a container used.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ContainerMetrics {
    /// The container's name.
    pub name: String,
    /// `cpu` in cores (`1829717n`), `memory` in bytes (`59692Ki`).
    pub usage: BTreeMap<String, Quantity>,
}

/// What a node used in the window before the timestamp.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NodeMetrics {
    /// Name and labels of the node.
    pub metadata: ObjectMeta,
    /// End of the window.
    pub timestamp: Time,
    /// Length of the window.
    pub window: String,
    /// `cpu` and `memory`.
    pub usage: BTreeMap<String, Quantity>,
}

impl Resource for PodMetrics {
    const API_VERSION: &'static str = "metrics.k8s.io/v1beta1";
    const GROUP: &'static str = "metrics.k8s.io";
    const KIND: &'static str = "PodMetrics";
    const VERSION: &'static str = "v1beta1";
    const URL_PATH_SEGMENT: &'static str = "pods";
    type Scope = NamespaceResourceScope;
}

impl Metadata for PodMetrics {
    type Ty = ObjectMeta;

    fn metadata(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn metadata_mut(&mut self) -> &mut ObjectMeta {
        &mut self.metadata
    }
}

impl Resource for NodeMetrics {
    const API_VERSION: &'static str = "metrics.k8s.io/v1beta1";
    const GROUP: &'static str = "metrics.k8s.io";
    const KIND: &'static str = "NodeMetrics";
    const VERSION: &'static str = "v1beta1";
    const URL_PATH_SEGMENT: &'static str = "nodes";
    type Scope = ClusterResourceScope;
}

impl Metadata for NodeMetrics {
    type Ty = ObjectMeta;

    fn metadata(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn metadata_mut(&mut self) -> &mut ObjectMeta {
        &mut self.metadata
    }
}
