//! The watched kinds, and what of them is kept. What the workshop does not read is dropped before it is stored.

use std::fmt::Debug;

use k8s_openapi::api::apps::v1::{Deployment, ReplicaSet};
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{Event, Pod, PodSpec, ResourceQuota, Service};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ManagedFieldsEntry, ObjectMeta};
use kube::Resource;
use serde::de::DeserializeOwned;

use crate::workshop::objects::ScaledObject;

/// Environment variables that tell what a Locust container does; the others may hold secrets.
const LOCUST_ENV_PREFIX: &str = "LOCUST_";

/// A kind that can be watched and stored.
pub(super) trait Kind:
    Resource<DynamicType: Clone + Debug + Default + Send + Sync + Unpin>
    + Clone
    + Debug
    + DeserializeOwned
    + Send
    + Sync
    + 'static
{
    /// Drops what is not read.
    fn prune(&mut self);
}

impl Kind for Deployment {
    fn prune(&mut self) {
        prune_meta(&mut self.metadata);
        if let Some(pod) = self.spec.as_mut().and_then(|s| s.template.spec.as_mut()) {
            prune_pod_spec(pod);
        }
    }
}

impl Kind for ReplicaSet {
    fn prune(&mut self) {
        prune_meta(&mut self.metadata);
        if let Some(spec) = &mut self.spec {
            spec.template = None;
        }
    }
}

impl Kind for Pod {
    fn prune(&mut self) {
        prune_meta(&mut self.metadata);
        if let Some(spec) = &mut self.spec {
            prune_pod_spec(spec);
        }
        if let Some(status) = &mut self.status {
            status.host_ips = None;
            status.pod_ips = None;
            status.ephemeral_container_statuses = None;
        }
    }
}

impl Kind for Service {
    fn prune(&mut self) {
        prune_meta(&mut self.metadata);
        self.status = None;
    }
}

impl Kind for HorizontalPodAutoscaler {
    fn prune(&mut self) {
        prune_meta(&mut self.metadata);
    }
}

impl Kind for ScaledObject {
    fn prune(&mut self) {
        prune_meta(&mut self.metadata);
    }
}

impl Kind for Job {
    fn prune(&mut self) {
        prune_meta(&mut self.metadata);
        if let Some(pod) = self.spec.as_mut().and_then(|s| s.template.spec.as_mut()) {
            prune_pod_spec(pod);
        }
    }
}

impl Kind for Event {
    fn prune(&mut self) {
        prune_meta(&mut self.metadata);
    }
}

impl Kind for ResourceQuota {
    fn prune(&mut self) {
        prune_meta(&mut self.metadata);
    }
}

/// Keeps of `managedFields` only who applied or updated the object itself and when; of the annotations all but
/// kubectl's copy of the whole object.
pub(super) fn prune_meta(meta: &mut ObjectMeta) {
    if let Some(annotations) = &mut meta.annotations {
        annotations.remove("kubectl.kubernetes.io/last-applied-configuration");
    }
    if let Some(entries) = meta.managed_fields.take() {
        let kept = entries
            .into_iter()
            .filter(|entry| entry.subresource.as_deref().unwrap_or_default().is_empty())
            .map(|entry| ManagedFieldsEntry {
                manager: entry.manager,
                operation: entry.operation,
                time: entry.time,
                ..ManagedFieldsEntry::default()
            });
        meta.managed_fields = Some(kept.collect());
    }
}

fn prune_pod_spec(spec: &mut PodSpec) {
    spec.volumes = None;
    spec.tolerations = None;
    spec.affinity = None;
    spec.ephemeral_containers = None;
    let init = spec.init_containers.iter_mut().flatten();
    for container in spec.containers.iter_mut().chain(init) {
        container.volume_mounts = None;
        container.env_from = None;
        container.liveness_probe = None;
        container.readiness_probe = None;
        container.startup_probe = None;
        if let Some(env) = &mut container.env {
            env.retain(|var| var.name.starts_with(LOCUST_ENV_PREFIX));
        }
    }
}

#[cfg(test)]
mod tests {
    use k8s_openapi::api::core::v1::{Container, EnvVar};

    use super::*;

    #[test]
    fn of_the_environment_only_locusts_own_variables_stay() {
        let var = |name: &str| EnvVar {
            name: name.to_owned(),
            value: Some("x".to_owned()),
            ..EnvVar::default()
        };
        let mut pod = Pod {
            spec: Some(PodSpec {
                containers: vec![Container {
                    env: Some(vec![var("LOCUST_USERS"), var("DATABASE_PASSWORD")]),
                    ..Container::default()
                }],
                ..PodSpec::default()
            }),
            ..Pod::default()
        };
        pod.prune();
        let spec = pod.spec.unwrap();
        assert_eq!(spec.containers[0].env, Some(vec![var("LOCUST_USERS")]));
    }

    #[test]
    fn managed_fields_of_a_status_do_not_name_an_owner() {
        let entry = |manager: &str, subresource: Option<&str>| ManagedFieldsEntry {
            manager: Some(manager.to_owned()),
            subresource: subresource.map(str::to_owned),
            ..ManagedFieldsEntry::default()
        };
        let mut meta = ObjectMeta {
            managed_fields: Some(vec![
                entry("kube-controller-manager", Some("status")),
                entry("kubectl", None),
            ]),
            ..ObjectMeta::default()
        };
        prune_meta(&mut meta);
        assert_eq!(meta.managed_fields, Some(vec![entry("kubectl", None)]));
    }
}
