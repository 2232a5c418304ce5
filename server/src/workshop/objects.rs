//! What the pure code is given: the objects of one namespace, as the watches and polls last saw them.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use app::model::TimeMs;
use k8s_openapi::api::apps::v1::{Deployment, ReplicaSet};
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{Event, Pod, ResourceQuota, Service};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde::{Deserialize, Serialize};

/// Everything of one namespace, each kind in order of name.
#[derive(Clone, Debug, Default)]
pub struct Objects {
    pub namespace: String,
    pub deployments: Vec<Arc<Deployment>>,
    pub replica_sets: Vec<Arc<ReplicaSet>>,
    pub pods: Vec<Arc<Pod>>,
    pub services: Vec<Arc<Service>>,
    pub autoscalers: Vec<Arc<HorizontalPodAutoscaler>>,
    pub scaled_objects: Vec<Arc<ScaledObject>>,
    pub jobs: Vec<Arc<Job>>,
    pub events: Vec<Arc<Event>>,
    pub quotas: Vec<Arc<ResourceQuota>>,
    /// The newest samples of metrics.k8s.io by pod.
    pub samples: BTreeMap<String, PodSamples>,
}

/// The two newest samples of one pod: the HPA may have read the older one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PodSamples {
    pub newest: PodSample,
    pub before: Option<PodSample>,
}

/// One sample of metrics.k8s.io, summed over the pod's containers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PodSample {
    /// Milli-cores, each container rounded up.
    pub usage_m: i64,
    pub memory_mi: i64,
    /// End of the window.
    pub time: TimeMs,
    pub window_ms: i64,
}

/// keda.sh/v1alpha1 `ScaledObject`, as far as it is read (`apis/keda/v1alpha1/scaledobject_types.go` of kedacore/keda).
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ScaledObject {
    pub metadata: ObjectMeta,
    #[serde(default)]
    pub spec: ScaledObjectSpec,
    #[serde(default)]
    pub status: Option<ScaledObjectStatus>,
}

/// What is scaled.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ScaledObjectSpec {
    #[serde(default)]
    pub scale_target_ref: ScaleTarget,
    #[serde(default)]
    pub polling_interval: Option<i32>,
    #[serde(default)]
    pub cooldown_period: Option<i32>,
}

/// The Deployment that is scaled; other kinds are no app of the workshop.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ScaleTarget {
    pub name: String,
    /// `Deployment` if absent.
    #[serde(default)]
    pub kind: Option<String>,
}

/// What KEDA says of it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ScaledObjectStatus {
    #[serde(default)]
    pub hpa_name: Option<String>,
    #[serde(default)]
    pub conditions: Option<Vec<ScaledObjectCondition>>,
}

/// A condition of KEDA has no transition time.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ScaledObjectCondition {
    #[serde(rename = "type")]
    pub type_: String,
    pub status: String,
    #[serde(default)]
    pub reason: Option<String>,
    #[serde(default)]
    pub message: Option<String>,
}

impl ScaledObject {
    /// The Deployment it targets.
    pub fn deployment(&self) -> Option<&str> {
        let target = &self.spec.scale_target_ref;
        let kind = target.kind.as_deref().unwrap_or("Deployment");
        (kind == "Deployment").then_some(target.name.as_str())
    }
}

impl kube::Resource for ScaledObject {
    type DynamicType = ();
    type Scope = kube::core::NamespaceResourceScope;

    fn kind((): &()) -> Cow<'_, str> {
        "ScaledObject".into()
    }

    fn group((): &()) -> Cow<'_, str> {
        "keda.sh".into()
    }

    fn version((): &()) -> Cow<'_, str> {
        "v1alpha1".into()
    }

    fn plural((): &()) -> Cow<'_, str> {
        "scaledobjects".into()
    }

    fn meta(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.metadata
    }
}
