//! Pods that do not come up, or do not stay.

use app::model::{Finding, LoadStage, PodState, TimeMs};
use k8s_openapi::api::apps::v1::{Deployment, ReplicaSet};
use k8s_openapi::api::core::v1::{ContainerStatus, Event, Pod};

use super::Symptoms;
use super::patience::Patience;
use crate::workshop::autoscaler::event_time;
use crate::workshop::pod::{condition, container_statuses, memory_limit, waiting};
use crate::workshop::time::time_ms;

/// Files that are applied one after the other: the kubelet tries a volume again after half a second.
const CONFIG_WITHIN_MS: i64 = 8_000;

/// A healthy app is ready 3 to 5 s after its container's start (recorded); a slow one has a startup probe that waits.
const READY_WITHIN_MS: i64 = 45_000;

/// A pod that was ready may miss some probes.
const UNREADY_FOR_MS: i64 = 20_000;

/// Ready's last change at the container's start is that of the pod's birth: it never was ready.
const BORN_MS: i64 = 2_000;

/// A container that was killed for its memory is told of for so long after it runs again.
const KILLED_TOLD_MS: i64 = 120_000;

impl Symptoms<'_> {
    pub(super) fn of_pods(&self, patience: &mut Patience) -> Vec<Finding> {
        let mut findings = Vec::new();
        findings.extend(self.image_pull());
        findings.extend(self.config_missing(patience));
        let killed = self.out_of_memory(patience);
        let loops = self.crash_loop(killed.as_ref());
        findings.extend(killed);
        findings.extend(loops);
        findings.extend(self.refused());
        findings.extend(self.unschedulable());
        findings.extend(self.not_ready(patience));
        findings
    }

    /// Pods of the app and the load that are to stay.
    fn objects_of_pods(&self) -> impl Iterator<Item = &Pod> {
        let all = self.found.app_pods.iter().chain(&self.found.load_pods);
        let all = all.map(AsRef::as_ref);
        all.filter(|pod| pod.metadata.deletion_timestamp.is_none())
    }

    fn object_of(&self, name: &str) -> Option<&Pod> {
        self.objects_of_pods()
            .find(|pod| pod.metadata.name.as_deref() == Some(name))
    }

    /// The newest event about a pod that fits.
    fn event_of(&self, pod: &Pod, fits: impl Fn(&Event) -> bool) -> Option<&Event> {
        let uid = pod.metadata.uid.as_ref()?;
        let own = self.objects.events.iter().map(AsRef::as_ref);
        own.filter(|event: &&Event| event.involved_object.uid.as_ref() == Some(uid) && fits(event))
            .max_by_key(|event| event_time(event))
    }

    fn image_pull(&self) -> Option<Finding> {
        let pod = self.pods.iter().find(|pod| {
            let word = pod.status.strip_prefix("Init:").unwrap_or(&pod.status);
            matches!(
                word,
                "ErrImagePull" | "ImagePullBackOff" | "InvalidImageName" | "ErrImageNeverPull"
            )
        })?;
        let known = self.object_of(&pod.name)?;
        let image = known.spec.as_ref()?.containers.first()?.image.clone();
        Some(Finding::ImagePull {
            pod: pod.name.clone(),
            image: image.unwrap_or_default(),
            message: pod.message.clone().unwrap_or_default(),
        })
    }

    /// A volume or a variable: the pod stays in `ContainerCreating`, or says `CreateContainerConfigError`.
    fn config_missing(&self, patience: &mut Patience) -> Option<Finding> {
        let waits = self.pods.iter().filter(|pod| pod.started.is_none());
        let mut found = waits.filter_map(|pod| {
            let known = self.object_of(&pod.name)?;
            let message = match waiting(known) {
                Some(("CreateContainerConfigError", message)) => message.map(str::to_owned),
                _ => {
                    let mount = |event: &Event| {
                        let message = event.message.as_deref().unwrap_or_default();
                        event.reason.as_deref() == Some("FailedMount")
                            && (message.contains("not found") || message.contains("non-existent"))
                    };
                    self.event_of(known, mount)?.message.clone()
                }
            };
            Some((pod, message.unwrap_or_default()))
        });
        let (pod, message) = found.next()?;
        if !patience.from(pod.created.plus_ms(CONFIG_WITHIN_MS)) {
            return None;
        }
        let (object, name) = missing(&message);
        Some(Finding::ConfigMissing {
            pod: pod.name.clone(),
            object: object.to_owned(),
            name: name.to_owned(),
            message,
        })
    }

    fn out_of_memory(&self, patience: &mut Patience) -> Option<Finding> {
        let mut killed = self.objects_of_pods().filter_map(|pod| {
            let container = container_statuses(pod)
                .iter()
                .find_map(|status| Some((status, oom_killed(status)?)));
            Some((pod, container?))
        });
        let (pod, (status, _)) = killed.find(|(_, (status, at))| {
            !status.ready || at.is_some_and(|at| patience.until(at.plus_ms(KILLED_TOLD_MS)))
        })?;
        Some(Finding::OutOfMemory {
            pod: pod.metadata.name.clone().unwrap_or_default(),
            container: status.name.clone(),
            limit: memory_limit(pod, &status.name),
            restarts: u32::try_from(status.restart_count).unwrap_or(0),
        })
    }

    fn crash_loop(&self, killed: Option<&Finding>) -> Option<Finding> {
        let mut pods = self.objects_of_pods().filter(|pod| {
            let name = pod.metadata.name.as_deref();
            !matches!(killed, Some(Finding::OutOfMemory { pod, .. }) if Some(pod.as_str()) == name)
        });
        let pod = pods.find(|pod| container_statuses(pod).iter().any(crashes))?;
        let restarts = container_statuses(pod).iter().map(|c| c.restart_count);
        Some(Finding::CrashLoop {
            pod: pod.metadata.name.clone().unwrap_or_default(),
            restarts: u32::try_from(restarts.sum::<i32>()).unwrap_or(0),
            probe: self.killing_probe(pod),
        })
    }

    /// The kubelet's `Container webapp failed liveness probe, will be restarted`.
    fn killing_probe(&self, pod: &Pod) -> Option<String> {
        let killing = |event: &Event| event.reason.as_deref() == Some("Killing");
        let message = self.event_of(pod, killing)?.message.as_deref()?;
        let (before, _) = message.split_once(" probe, will be restarted")?;
        before.rsplit(' ').next().map(str::to_lowercase)
    }

    /// Pods that an admission check refuses do not exist; the ReplicaSet's condition tells it.
    fn refused(&self) -> Option<Finding> {
        let deployment = self.deployment.filter(|deployment| !deployment.terminating);
        if let Some(deployment) = deployment {
            let existing = self.found.app_pods.iter();
            let existing = existing
                .filter(|pod| pod.metadata.deletion_timestamp.is_none())
                .count() as u32;
            if let Some((wanted, there, message)) = self.replica_failure() {
                // In a rolling update the old pods stay, and the new ones are refused.
                let (asked, existing) = match existing < deployment.asked {
                    true => (deployment.asked, existing),
                    false => (wanted, there),
                };
                if existing < asked {
                    return Some(Finding::PodsRefused {
                        asked,
                        existing,
                        message,
                    });
                }
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

    /// What a ReplicaSet that is refused pods wants and has, and why.
    fn replica_failure(&self) -> Option<(u32, u32, String)> {
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
            let count = |count: i32| u32::try_from(count).unwrap_or(0);
            let wanted = count(set.spec.as_ref()?.replicas.unwrap_or(0));
            let there = count(set.status.as_ref()?.replicas);
            Some((wanted, there, failure.message.clone()?))
        })
    }

    fn unschedulable(&self) -> Option<Finding> {
        let mut messages = self.objects_of_pods().filter_map(|pod| {
            let scheduled = condition(pod, "PodScheduled")?;
            let waits =
                scheduled.status == "False" && scheduled.reason.as_deref() == Some("Unschedulable");
            waits.then(|| scheduled.message.clone().unwrap_or_default())
        });
        let message = messages.next()?;
        Some(Finding::Unschedulable {
            pods: 1 + messages.count() as u32,
            message,
        })
    }

    /// A pod of the app whose container runs, and that is not ready for longer than a start or a missed probe explains.
    fn not_ready(&self, patience: &mut Patience) -> Option<Finding> {
        let waits: Vec<_> = self
            .app()
            .filter(|pod| !pod.ready && !pod.terminating && pod.status == "Running")
            .filter_map(|pod| Some((pod, self.unready_since(pod, patience)?)))
            .collect();
        let (pod, (since, never)) = *waits.iter().min_by_key(|(_, (since, _))| *since)?;
        let known = self.object_of(&pod.name)?;
        // A container that ends again and again is told as that.
        if container_statuses(known).iter().any(crashes) {
            return None;
        }
        let unhealthy = |event: &Event| event.reason.as_deref() == Some("Unhealthy");
        let event = self.event_of(known, unhealthy);
        Some(Finding::NotReady {
            pods: waits.len() as u32,
            pod: pod.name.clone(),
            since,
            never,
            message: event
                .and_then(|event| event.message.clone())
                .unwrap_or_default(),
        })
    }

    /// Since when, and whether it never was; `None` while that is not long.
    fn unready_since(&self, pod: &PodState, patience: &mut Patience) -> Option<(TimeMs, bool)> {
        let started = pod.started?;
        let ready = condition(self.object_of(&pod.name)?, "Ready")?;
        let changed = ready.last_transition_time.as_ref().map(time_ms);
        let never = changed.is_none_or(|changed| changed < started.plus_ms(BORN_MS));
        match changed {
            Some(changed) if !never => {
                patience.lasts("not ready any more", UNREADY_FOR_MS)?;
                Some((changed, never))
            }
            // The node's clock may be behind the API server's, which the pod's creation is of.
            _ => {
                let since = started.max(pod.created);
                let long = patience.from(since.plus_ms(READY_WITHIN_MS));
                long.then_some((since, never))
            }
        }
    }
}

fn owned(set: &ReplicaSet, deployment: &Deployment) -> bool {
    let mut owners = set.metadata.owner_references.iter().flatten();
    owners.any(|owner| Some(&owner.uid) == deployment.metadata.uid.as_ref())
}

/// When it was killed for its memory, now or before its restart.
fn oom_killed(status: &ContainerStatus) -> Option<Option<TimeMs>> {
    let states = [status.state.as_ref(), status.last_state.as_ref()];
    states.into_iter().flatten().find_map(|state| {
        let ended = state.terminated.as_ref()?;
        (ended.reason.as_deref() == Some("OOMKilled"))
            .then(|| ended.finished_at.as_ref().map(time_ms))
    })
}

/// It waits for its next start, or was started again after an error and is not ready.
fn crashes(status: &ContainerStatus) -> bool {
    let state = status.state.as_ref();
    let waiting = state.and_then(|state| state.waiting.as_ref()?.reason.as_deref());
    let ended = status
        .last_state
        .as_ref()
        .and_then(|state| state.terminated.as_ref());
    let failed = ended.is_some_and(|ended| ended.exit_code != 0);
    waiting == Some("CrashLoopBackOff") || status.restart_count > 0 && !status.ready && failed
}

/// Kind and name of what is missing, in the kubelet's words (`pkg/kubelet/kubelet_pods.go`,
/// `pkg/volume/configmap/configmap.go`): `configmap "a" not found`, `couldn't find key k in ConfigMap ns/a`.
fn missing(message: &str) -> (&'static str, &str) {
    let lower = message.to_lowercase();
    let object = if lower.contains("secret") && !lower.contains("configmap") {
        "Secret"
    } else {
        "ConfigMap"
    };
    let quoted = || {
        let (_, rest) = message.split_once(&format!("{} \"", object.to_lowercase()))?;
        rest.split('"').next()
    };
    let of_key = || {
        let (_, rest) = message.split_once(&format!(" in {object} "))?;
        rest.split('/').nth(1)
    };
    (object, quoted().or_else(of_key).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::missing;

    #[test]
    fn missing_object_is_read_from_the_kubelets_words() {
        for (message, kind, name) in [
            (
                "MountVolume.SetUp failed for volume \"code\" : configmap \"webapp-code\" not found",
                "ConfigMap",
                "webapp-code",
            ),
            ("configmap \"settings\" not found", "ConfigMap", "settings"),
            ("secret \"token\" not found", "Secret", "token"),
            (
                "couldn't find key mode in ConfigMap workshop-user-7/settings",
                "ConfigMap",
                "settings",
            ),
            (
                "couldn't find key mode in Secret workshop-user-7/token",
                "Secret",
                "token",
            ),
            (
                "MountVolume.SetUp failed for volume \"code\" : configmap references non-existent config key: main.py",
                "ConfigMap",
                "",
            ),
        ] {
            assert_eq!(missing(message), (kind, name), "{message}");
        }
    }
}
