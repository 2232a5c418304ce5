//! What the autoscaler's arithmetic needs of the target's pods. Called by the HorizontalPodAutoscaler controller.

use std::collections::HashMap;

use autoscaling::CpuMillis;
use autoscaling::replica_calculator::{MissingRequest, Phase, PodState, Readiness, Sample};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::Pod;

use crate::api::PodMetrics;
use crate::controllers::ownership::{phase, selects};
use crate::store::Store;

/// The pods that the Deployment's selector matches, with their samples.
pub(super) fn read(store: &Store, namespace: &str, deployment: &Deployment) -> Vec<PodState> {
    let Some(spec) = &deployment.spec else {
        return Vec::new();
    };
    let samples: HashMap<String, PodMetrics> = store
        .metrics()
        .pods(Some(namespace))
        .into_iter()
        .map(|sample| (sample.metadata.name.clone().unwrap_or_default(), sample))
        .collect();
    store
        .list::<Pod>(Some(namespace))
        .iter()
        .filter(|pod| selects(&spec.selector, pod.metadata.labels.as_ref()))
        .map(|pod| {
            state(
                pod,
                pod.metadata
                    .name
                    .as_ref()
                    .and_then(|name| samples.get(name)),
            )
        })
        .collect()
}

fn state(pod: &Pod, sample: Option<&PodMetrics>) -> PodState {
    let status = pod.status.as_ref();
    PodState {
        name: pod.metadata.name.clone().unwrap_or_default(),
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
        request: request(pod),
        sample: sample.and_then(read_sample),
    }
}

/// The sum of the containers' CPU requests (`calculatePodRequestsFromContainers`).
fn request(pod: &Pod) -> Result<CpuMillis, MissingRequest> {
    let mut sum = CpuMillis(0);
    for container in pod.spec.iter().flat_map(|spec| &spec.containers) {
        let request = container
            .resources
            .as_ref()
            .and_then(|resources| resources.requests.as_ref()?.get("cpu"))
            .and_then(|quantity| CpuMillis::parse(&quantity.0));
        match request {
            Some(request) => sum += request,
            None => {
                return Err(MissingRequest {
                    container: container.name.clone(),
                });
            }
        }
    }
    Ok(sum)
}

fn read_sample(metrics: &PodMetrics) -> Option<Sample> {
    let mut usage = CpuMillis(0);
    for container in &metrics.containers {
        usage += CpuMillis::parse(&container.usage.get("cpu")?.0)?;
    }
    let seconds = metrics.window_s()?;
    Some(Sample {
        usage,
        timestamp: metrics.timestamp.0.as_millisecond(),
        window: (seconds * 1000.0).ceil() as i64,
    })
}
