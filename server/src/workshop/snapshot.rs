//! The objects of one namespace as the page shows them, and where the seat stands.

use app::model::{
    AutoscalerState, DeploymentState, Explanation, LoadStage, LoadState, Phase, PodRole, PodState,
    ScaledObjectState, ServiceState,
};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{PodSpec, Service};

use super::objects::{Objects, ScaledObject};
use super::pod::{self, Resource, cpu_sum};
use super::recognise::{Recognised, created, owner};
use crate::check::quantity;

/// Annotations that pause a ScaledObject; either deletes the HPA (`apis/keda/v1alpha1/scaledobject_types.go`).
const PAUSED: &str = "autoscaling.keda.sh/paused";
const PAUSED_REPLICAS: &str = "autoscaling.keda.sh/paused-replicas";

/// The Deployment for the page.
pub fn deployment(deployment: &Deployment) -> DeploymentState {
    let spec = deployment.spec.as_ref();
    let pod: Option<&PodSpec> = spec.and_then(|spec| spec.template.spec.as_ref());
    let image = pod.and_then(|pod| pod.containers.first()?.image.clone());
    DeploymentState {
        name: deployment.metadata.name.clone().unwrap_or_default(),
        owner: owner(&deployment.metadata),
        created: created(&deployment.metadata),
        // The API server fills in 1 (`pkg/apis/apps/v1/defaults.go`).
        asked: spec
            .and_then(|spec| u32::try_from(spec.replicas?).ok())
            .unwrap_or(1),
        terminating: deployment.metadata.deletion_timestamp.is_some(),
        image: image.unwrap_or_default(),
        cpu_request_m: pod.and_then(|pod| cpu_sum(pod, Resource::Request).ok()),
        cpu_limit_m: pod.and_then(|pod| cpu_sum(pod, Resource::Limit).ok()),
        memory_request_mi: pod.and_then(|pod| memory_sum(pod, Resource::Request)),
        memory_limit_mi: pod.and_then(|pod| memory_sum(pod, Resource::Limit)),
    }
}

/// The sum of the containers' memory in MiB; `None` if one has none.
fn memory_sum(pod: &PodSpec, which: Resource) -> Option<i64> {
    let bytes = pod.containers.iter().map(|container| {
        let resources = container.resources.as_ref()?;
        let quantities = match which {
            Resource::Request => resources.requests.as_ref()?,
            Resource::Limit => resources.limits.as_ref()?,
        };
        quantity::whole(&quantities.get("memory")?.0)
    });
    bytes.sum::<Option<i64>>().map(|bytes| bytes >> 20)
}

/// The Service for the page.
pub fn service(service: &Service) -> ServiceState {
    ServiceState {
        name: service.metadata.name.clone().unwrap_or_default(),
        owner: owner(&service.metadata),
        terminating: service.metadata.deletion_timestamp.is_some(),
    }
}

/// The ScaledObject for the page.
pub fn scaled_object(so: &ScaledObject) -> ScaledObjectState {
    let status = so.status.as_ref();
    let conditions = status.and_then(|status| status.conditions.as_ref());
    let condition = |type_: &str| conditions?.iter().find(|c| c.type_ == type_);
    let ready = condition("Ready");
    let paused = pause_annotation(so).is_some();
    let seconds = |value: Option<i32>| value.and_then(|value| u32::try_from(value).ok());
    ScaledObjectState {
        name: so.metadata.name.clone().unwrap_or_default(),
        owner: owner(&so.metadata),
        terminating: so.metadata.deletion_timestamp.is_some(),
        created: created(&so.metadata),
        hpa_name: status.and_then(|status| status.hpa_name.clone()),
        ready: ready.and_then(|ready| match ready.status.as_str() {
            "True" => Some(true),
            "False" => Some(false),
            _ => None,
        }),
        message: ready
            .filter(|ready| ready.status == "False")
            .and_then(|ready| ready.message.clone()),
        paused,
        polling_interval_s: seconds(so.spec.polling_interval),
        cooldown_period_s: seconds(so.spec.cooldown_period),
    }
}

/// The annotation that pauses a ScaledObject: anything but a false boolean, and `paused-replicas` whatever its value.
pub fn pause_annotation(so: &ScaledObject) -> Option<&'static str> {
    let annotation = |key: &str| so.metadata.annotations.as_ref()?.get(key);
    if annotation(PAUSED_REPLICAS).is_some() {
        Some(PAUSED_REPLICAS)
    } else {
        annotation(PAUSED)
            .is_some_and(|value| value != "false")
            .then_some(PAUSED)
    }
}

/// The app's and the load's pods, oldest first.
pub fn pods(found: &Recognised, objects: &Objects) -> Vec<PodState> {
    let samples = |name: Option<&String>| objects.samples.get(name?);
    let app = found.app_pods.iter().map(|pod| (pod, PodRole::App));
    let load = found.load_pods.iter().map(|pod| (pod, PodRole::Load));
    let mut pods: Vec<_> = app
        .chain(load)
        .map(|(pod, role)| pod::state(pod, role, samples(pod.metadata.name.as_ref())))
        .collect();
    pods.sort_by(|a, b| (a.created, &a.name).cmp(&(b.created, &b.name)));
    pods
}

/// What decides where a seat stands.
#[derive(Clone, Copy)]
pub struct Standing<'a> {
    pub deployment: Option<&'a DeploymentState>,
    pub service: Option<&'a ServiceState>,
    pub scaled_object: Option<&'a ScaledObjectState>,
    pub autoscaler: Option<&'a AutoscalerState>,
    pub pods: &'a [PodState],
    pub load: Option<&'a LoadState>,
    pub explanation: &'a Explanation,
    /// An app was there before.
    pub had_app: bool,
    /// The autoscaler went back to its minimum since the last load.
    pub came_down: bool,
}

/// Where a seat stands.
pub fn phase(standing: &Standing<'_>) -> Phase {
    let app = || standing.pods.iter().filter(|pod| pod.role == PodRole::App);
    let load = standing.load.filter(|load| load.stage != LoadStage::Ended);
    let Some(deployment) = standing
        .deployment
        .filter(|deployment| !deployment.terminating)
    else {
        let ends = standing.deployment.is_some()
            || standing.had_app
                && (app().next().is_some() || standing.scaled_object.is_some() || load.is_some())
            || standing.scaled_object.is_some_and(|so| so.terminating)
            || app().any(|pod| pod.terminating);
        return if ends {
            Phase::Removing
        } else if standing.scaled_object.is_some() || standing.service.is_some() {
            Phase::Deploying
        } else if standing.had_app {
            Phase::CleanedUp
        } else {
            Phase::NotStarted
        };
    };
    let ready = app().filter(|pod| pod.ready && !pod.terminating).count() as u32;
    let running =
        load.is_some_and(|load| matches!(load.stage, LoadStage::Starting | LoadStage::Running));
    if ready == 0 {
        return Phase::Deploying;
    }
    let minimum = standing
        .autoscaler
        .map_or(1, |autoscaler| autoscaler.min_replicas);
    if running {
        return match standing.explanation {
            Explanation::ScaledUp { .. }
            | Explanation::ScaledUpLimited { .. }
            | Explanation::RateUsedUp { .. }
            | Explanation::NewPodsCountAsZero { .. } => Phase::ScalingUp,
            Explanation::AtMaximum { .. } if ready < deployment.asked => Phase::ScalingUp,
            Explanation::AtMaximum { .. } => Phase::AtMaximum,
            Explanation::Settled { .. } => Phase::Settled,
            _ => Phase::LoadOn,
        };
    }
    if deployment.asked > minimum {
        return Phase::WaitingToScaleDown;
    }
    if standing.came_down {
        return Phase::BackToOne;
    }
    let value = standing
        .autoscaler
        .and_then(|autoscaler| autoscaler.utilization_percent);
    if value.is_none() {
        Phase::WaitingForCpu
    } else {
        Phase::Ready
    }
}
