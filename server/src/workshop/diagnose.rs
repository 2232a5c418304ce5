//! Troubles, each with what the words need. No alarm for what a healthy start or a healthy run shows.

use app::model::{
    DeploymentState, Explanation, Finding, LoadStage, LoadState, PodState, ScaledObjectState,
    SourceState, Sources, TimeMs,
};
use k8s_openapi::api::apps::v1::{Deployment, ReplicaSet};

use super::objects::Objects;
use super::recognise::Recognised;

/// metrics-server may miss one poll, as when it is restarted.
const METRICS_LOST_MS: i64 = 10_000;

/// What the findings are made of.
#[derive(Clone, Copy)]
pub struct Symptoms<'a> {
    pub objects: &'a Objects,
    pub found: &'a Recognised,
    pub deployment: Option<&'a DeploymentState>,
    pub scaled_object: Option<&'a ScaledObjectState>,
    pub pods: &'a [PodState],
    pub load: Option<&'a LoadState>,
    pub explanation: &'a Explanation,
    pub sources: &'a Sources,
    pub now: TimeMs,
}

/// All findings, most important first.
pub fn diagnose(symptoms: &Symptoms<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let SourceState::Lost { since } = symptoms.sources.cluster {
        findings.push(Finding::ClusterUnreachable { since });
    }
    findings.extend(symptoms.image_pull());
    findings.extend(symptoms.crash_loop());
    findings.extend(symptoms.refused());
    findings.extend(symptoms.unschedulable());
    if symptoms.sources.keda == SourceState::Absent {
        findings.push(Finding::KedaAbsent);
    }
    findings.extend(symptoms.scaled_object());
    match symptoms.sources.metrics {
        SourceState::Absent => findings.push(Finding::MetricsAbsent),
        SourceState::Lost { since } if symptoms.now.0 - since.0 >= METRICS_LOST_MS => {
            findings.push(Finding::MetricsUnavailable { since });
        }
        SourceState::Lost { .. } | SourceState::Live | SourceState::Unwatched { .. } => {}
    }
    if let Explanation::NoCpuValue { since, message } = symptoms.explanation {
        findings.push(Finding::NoCpuValue {
            since: *since,
            message: message.clone(),
        });
    }
    findings
}

/// When a finding appears by the time alone.
pub fn recheck(sources: &Sources, now: TimeMs) -> Option<TimeMs> {
    let SourceState::Lost { since } = sources.metrics else {
        return None;
    };
    let at = since.plus_ms(METRICS_LOST_MS);
    (at > now).then_some(at)
}

impl Symptoms<'_> {
    fn image_pull(&self) -> Option<Finding> {
        let pod = self.pods.iter().find(|pod| {
            let word = pod.status.strip_prefix("Init:").unwrap_or(&pod.status);
            matches!(
                word,
                "ErrImagePull" | "ImagePullBackOff" | "InvalidImageName" | "ErrImageNeverPull"
            )
        })?;
        let all = self.found.app_pods.iter().chain(&self.found.load_pods);
        let image = all
            .filter(|known| known.metadata.name.as_deref() == Some(&pod.name))
            .find_map(|known| known.spec.as_ref()?.containers.first()?.image.clone());
        Some(Finding::ImagePull {
            pod: pod.name.clone(),
            image: image.unwrap_or_default(),
            message: pod.message.clone().unwrap_or_default(),
        })
    }

    fn crash_loop(&self) -> Option<Finding> {
        let pod = self
            .pods
            .iter()
            .find(|pod| pod.status == "CrashLoopBackOff")?;
        Some(Finding::CrashLoop {
            pod: pod.name.clone(),
            restarts: pod.restarts,
        })
    }

    /// Pods that an admission check refuses do not exist; the ReplicaSet's condition tells it.
    fn refused(&self) -> Option<Finding> {
        let deployment = self.deployment.filter(|deployment| !deployment.terminating);
        if let Some(deployment) = deployment {
            let existing = self.found.app_pods.iter();
            let existing = existing
                .filter(|pod| pod.metadata.deletion_timestamp.is_none())
                .count() as u32;
            if existing < deployment.asked
                && let Some(message) = self.replica_failure()
            {
                return Some(Finding::PodsRefused {
                    asked: deployment.asked,
                    existing,
                    message,
                });
            }
        }
        let load = self
            .load
            .filter(|load| load.stage == LoadStage::Starting && load.pods == 0)?;
        let refused = self.objects.events.iter().find(|event| {
            event.reason.as_deref() == Some("FailedCreate")
                && event.involved_object.uid.as_deref() == Some(&load.uid)
        })?;
        Some(Finding::PodsRefused {
            asked: 1,
            existing: 0,
            message: refused.message.clone().unwrap_or_default(),
        })
    }

    fn replica_failure(&self) -> Option<String> {
        let deployment = self.found.deployment.as_ref()?;
        let of_deployment = self
            .objects
            .replica_sets
            .iter()
            .filter(|set| owned(set, deployment));
        of_deployment.into_iter().find_map(|set| {
            let conditions = set.status.as_ref()?.conditions.as_ref()?;
            let failure = conditions.iter().find(|condition| {
                condition.type_ == "ReplicaFailure" && condition.status == "True"
            })?;
            failure.message.clone()
        })
    }

    fn unschedulable(&self) -> Option<Finding> {
        let all = self.found.app_pods.iter().chain(&self.found.load_pods);
        let mut messages = all.filter_map(|pod| {
            let scheduled = super::pod::condition(pod, "PodScheduled")?;
            let waits = scheduled.status == "False"
                && scheduled.reason.as_deref() == Some("Unschedulable")
                && pod.metadata.deletion_timestamp.is_none();
            waits.then(|| scheduled.message.clone().unwrap_or_default())
        });
        let message = messages.next()?;
        Some(Finding::Unschedulable {
            pods: 1 + messages.count() as u32,
            message,
        })
    }

    fn scaled_object(&self) -> Option<Finding> {
        let so = self
            .scaled_object
            .filter(|so| so.ready == Some(false) && !so.terminating)?;
        // KEDA refuses a ScaledObject without its Deployment; then the missing Deployment is the trouble.
        self.deployment?;
        Some(Finding::ScaledObjectNotReady {
            name: so.name.clone(),
            message: so.message.clone().unwrap_or_default(),
        })
    }
}

fn owned(set: &ReplicaSet, deployment: &Deployment) -> bool {
    let mut owners = set.metadata.owner_references.iter().flatten();
    owners.any(|owner| Some(&owner.uid) == deployment.metadata.uid.as_ref())
}
