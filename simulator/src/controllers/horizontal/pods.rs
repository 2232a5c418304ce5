//! What the autoscaler's arithmetic needs of the target's pods. Called by the HorizontalPodAutoscaler controller.

use std::collections::HashMap;

use autoscaling::CpuMillis;
use autoscaling::replica_calculator::{
    MilliValue, MissingRequest, Phase, PodState, Readiness, Sample,
};
use autoscaling::unavailable::Unavailable;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{Container, Pod};

use crate::api::PodMetrics;
use crate::controllers::ownership::{phase, selects};
use crate::store::Store;

/// The pods that a Deployment's selector matches, and the samples of these that the metrics API has.
pub(super) struct Pods {
    pods: Vec<Pod>,
    samples: HashMap<String, PodMetrics>,
}

impl Pods {
    pub(super) fn read(store: &Store, namespace: &str, deployment: &Deployment) -> Self {
        let Some(spec) = &deployment.spec else {
            return Self {
                pods: Vec::new(),
                samples: HashMap::new(),
            };
        };
        let mut pods = store.list::<Pod>(Some(namespace));
        pods.retain(|pod| selects(&spec.selector, pod.metadata.labels.as_ref()));
        let samples = store.metrics().pods(Some(namespace)).into_iter();
        Self {
            pods,
            samples: samples
                .filter(|sample| selects(&spec.selector, sample.metadata.labels.as_ref()))
                .map(|sample| (sample.metadata.name.clone().unwrap_or_default(), sample))
                .collect(),
        }
    }

    /// The pods as one resource sees them, of a container alone if it is named.
    pub(super) fn states(
        &self,
        resource: &str,
        container: Option<&str>,
    ) -> Result<Vec<PodState>, Unavailable> {
        if self.samples.is_empty() {
            return Err(Unavailable::NoMetrics);
        }
        let states: Vec<PodState> = self
            .pods
            .iter()
            .map(|pod| self.state(pod, resource, container))
            .collect();
        // There are metrics, but not of that container: upstream finds no pod that it may count.
        if states.iter().all(|state| state.sample.is_none()) {
            return Err(Unavailable::PodsMightBeUnready);
        }
        Ok(states)
    }

    fn state(&self, pod: &Pod, resource: &str, container: Option<&str>) -> PodState {
        let status = pod.status.as_ref();
        let name = pod.metadata.name.clone().unwrap_or_default();
        PodState {
            phase: match phase(pod) {
                "Pending" | "" => Phase::Pending,
                "Succeeded" | "Failed" => Phase::Terminal,
                _ => Phase::Running,
            },
            deleting: pod.metadata.deletion_timestamp.is_some(),
            start_time: status
                .and_then(|status| status.start_time.as_ref())
                .map(|time| time.0.as_millisecond()),
            ready: status
                .and_then(|status| status.conditions.as_ref())
                .into_iter()
                .flatten()
                .find(|condition| condition.type_ == "Ready")
                .map(|condition| Readiness {
                    ready: condition.status == "True",
                    since: condition
                        .last_transition_time
                        .as_ref()
                        .map_or(0, |time| time.0.as_millisecond()),
                }),
            request: request(pod, resource, container),
            sample: self
                .samples
                .get(&name)
                .and_then(|metrics| sample(metrics, resource, container)),
            name,
        }
    }
}

/// The containers' requests (`calculatePodRequestsFromContainers`): all that run beside each other, so also the
/// init containers that restart.
fn request(
    pod: &Pod,
    resource: &str,
    container: Option<&str>,
) -> Result<MilliValue, MissingRequest> {
    let spec = pod.spec.as_ref();
    let sidecars = spec
        .and_then(|spec| spec.init_containers.as_ref())
        .into_iter()
        .flatten()
        .filter(|container| container.restart_policy.as_deref() == Some("Always"));
    let containers = spec.into_iter().flat_map(|spec| &spec.containers);
    let mut sum = CpuMillis(0);
    for found in containers
        .chain(sidecars)
        .filter(|found| container.is_none_or(|name| name == found.name))
    {
        sum += requested(found, resource).ok_or_else(|| MissingRequest {
            container: found.name.clone(),
        })?;
    }
    Ok(sum)
}

fn requested(container: &Container, resource: &str) -> Option<MilliValue> {
    let requests = container.resources.as_ref()?.requests.as_ref()?;
    milli_value(resource, &requests.get(resource)?.0)
}

/// A quantity as `Quantity.MilliValue` has it.
pub(super) fn milli_value(resource: &str, quantity: &str) -> Option<MilliValue> {
    if resource == "cpu" {
        return CpuMillis::parse(quantity);
    }
    let bytes = crate::controllers::scheduler::bytes(quantity);
    Some(CpuMillis(bytes.saturating_mul(1000)))
}

fn sample(metrics: &PodMetrics, resource: &str, container: Option<&str>) -> Option<Sample> {
    let mut usage = None;
    for found in &metrics.containers {
        if container.is_none_or(|name| name == found.name) {
            let amount = milli_value(resource, &found.usage.get(resource)?.0)?;
            usage = Some(usage.unwrap_or(CpuMillis(0)) + amount);
        }
    }
    let seconds = metrics.window_s()?;
    Some(Sample {
        usage: usage?,
        timestamp: metrics.timestamp.0.as_millisecond(),
        window: (seconds * 1000.0).ceil() as i64,
    })
}
