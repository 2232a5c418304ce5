//! Recognises the workshop's objects by what they are, not by their names: an attendee's own files may call them
//! anything. Pure.

use std::collections::BTreeMap;

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{Pod, PodSpec, Service};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::api::DynamicObject;

use crate::names::{PART_OF, PART_OF_LABEL};
use crate::workshop::manifests::APP;
use crate::workshop::recognise::runs_locust;

/// A load: a Job whose pods run Locust.
pub(super) fn is_load(job: &Job) -> bool {
    let template = job.spec.as_ref().map(|spec| &spec.template);
    template
        .and_then(|template| template.spec.as_ref())
        .is_some_and(runs_locust)
}

/// The Job is over, or about to be removed: no new load comes of it.
pub(super) fn is_over(job: &Job) -> bool {
    let conditions = job
        .status
        .iter()
        .filter_map(|status| status.conditions.as_ref());
    let finished = conditions.flatten().any(|condition| {
        ["Complete", "Failed"].contains(&condition.type_.as_str()) && condition.status == "True"
    });
    finished || is_terminating(&job.metadata)
}

pub(super) fn is_terminating(metadata: &ObjectMeta) -> bool {
    metadata.deletion_timestamp.is_some()
}

/// It bears the label that the panel gives to all it makes.
pub(super) fn is_labelled(metadata: &ObjectMeta) -> bool {
    label(metadata, PART_OF_LABEL) == Some(PART_OF)
}

fn label<'a>(metadata: &'a ObjectMeta, key: &str) -> Option<&'a str> {
    metadata.labels.as_ref()?.get(key).map(String::as_str)
}

/// The Deployment that a ScaledObject scales; the kind's default is Deployment.
pub(super) fn target(scaled_object: &DynamicObject) -> Option<&str> {
    let target = &scaled_object.data["spec"]["scaleTargetRef"];
    match target["kind"].as_str() {
        None | Some("Deployment") => target["name"].as_str(),
        Some(_) => None,
    }
}

/// The app: a Deployment with `app: webapp`, or one that a ScaledObject scales.
pub(super) fn is_app(deployment: &Deployment, scaled_objects: &[DynamicObject]) -> bool {
    let name = deployment.metadata.name.as_deref();
    label(&deployment.metadata, "app") == Some(APP)
        || pod_labels(deployment).get("app").map(String::as_str) == Some(APP)
        || scaled_objects.iter().any(|object| target(object) == name)
}

/// The labels of a Deployment's pods.
pub(super) fn pod_labels(deployment: &Deployment) -> BTreeMap<String, String> {
    let template = deployment.spec.as_ref().map(|spec| &spec.template);
    template
        .and_then(|template| template.metadata.as_ref()?.labels.clone())
        .unwrap_or_default()
}

/// The Service picks one of the given pods, or is the panel's.
pub(super) fn serves_app(service: &Service, pods: &[BTreeMap<String, String>]) -> bool {
    let selector = service
        .spec
        .as_ref()
        .and_then(|spec| spec.selector.as_ref());
    let picks = |pod: &BTreeMap<String, String>| {
        selector.is_some_and(|selector| {
            !selector.is_empty()
                && selector
                    .iter()
                    .all(|(key, value)| pod.get(key) == Some(value))
        })
    };
    is_labelled(&service.metadata)
        || service.metadata.name.as_deref() == Some(APP)
        || pods.iter().any(picks)
}

/// ConfigMaps that a pod mounts.
pub(super) fn config_maps(spec: Option<&PodSpec>) -> impl Iterator<Item = &str> {
    let volumes = spec
        .into_iter()
        .flat_map(|spec| spec.volumes.iter().flatten());
    volumes.filter_map(|volume| Some(volume.config_map.as_ref()?.name.as_str()))
}

/// A load pod whose Job is gone: it goes on until somebody deletes it.
pub(super) fn is_orphan(pod: &Pod, jobs: &[Job]) -> bool {
    let phase = pod
        .status
        .as_ref()
        .and_then(|status| status.phase.as_deref());
    let alive = !matches!(phase, Some("Succeeded" | "Failed")) && !is_terminating(&pod.metadata);
    let mut controllers = pod
        .metadata
        .owner_references
        .iter()
        .flatten()
        .filter(|owner| owner.controller == Some(true));
    let controlled = controllers.any(|owner| {
        owner.kind != "Job"
            || jobs
                .iter()
                .any(|job| job.metadata.uid.as_deref() == Some(&owner.uid))
    });
    alive && !controlled && pod.spec.as_ref().is_some_and(runs_locust)
}

#[cfg(test)]
mod tests {
    use serde_json::{from_value, json};

    use super::*;

    fn mk_job(image: &str, command: &[&str]) -> Job {
        from_value(json!({
            "metadata": { "name": "my-load", "uid": "1" },
            "spec": { "template": { "spec": { "containers": [{ "name": "c", "image": image, "command": command }] } } },
        }))
        .unwrap()
    }

    fn mk_pod(owner: Option<(&str, &str)>, phase: &str) -> Pod {
        let owners: Vec<_> = owner
            .into_iter()
            .map(|(kind, uid)| {
                json!({ "apiVersion": "v1", "kind": kind, "name": "x", "uid": uid, "controller": true })
            })
            .collect();
        from_value(json!({
            "metadata": { "name": "p", "ownerReferences": owners },
            "spec": { "containers": [{ "name": "c", "image": "locustio/locust:2.32.2" }] },
            "status": { "phase": phase },
        }))
        .unwrap()
    }

    #[test]
    fn load_is_known_by_image_or_command() {
        assert!(is_load(&mk_job("locustio/locust:2.32.2", &[])));
        assert!(is_load(&mk_job(
            "registry.local/load:1",
            &["locust", "--headless"]
        )));
        assert!(!is_load(&mk_job("busybox", &["sleep", "60"])));
    }

    #[test]
    fn load_is_over_when_finished_or_terminating() {
        let mut job = mk_job("locustio/locust:2.32.2", &[]);
        assert!(!is_over(&job));
        job.status =
            from_value(json!({ "conditions": [{ "type": "Failed", "status": "True" }] })).unwrap();
        assert!(is_over(&job));
        job.status =
            from_value(json!({ "conditions": [{ "type": "FailureTarget", "status": "True" }] }))
                .unwrap();
        assert!(!is_over(&job));
    }

    #[test]
    fn load_pod_without_its_job_is_an_orphan() {
        let jobs = [mk_job("locustio/locust:2.32.2", &[])];
        assert!(is_orphan(&mk_pod(None, "Running"), &jobs));
        assert!(is_orphan(&mk_pod(Some(("Job", "2")), "Running"), &jobs));
        assert!(!is_orphan(&mk_pod(Some(("Job", "1")), "Running"), &jobs));
        assert!(!is_orphan(
            &mk_pod(Some(("ReplicaSet", "2")), "Running"),
            &jobs
        ));
        assert!(!is_orphan(&mk_pod(None, "Succeeded"), &jobs));
    }

    #[test]
    fn service_is_the_apps_when_it_picks_its_pods() {
        let pods = [BTreeMap::from([("tier".to_owned(), "web".to_owned())])];
        let mk = |selector| -> Service {
            from_value(json!({ "metadata": { "name": "s" }, "spec": { "selector": selector } }))
                .unwrap()
        };
        assert!(serves_app(&mk(json!({ "tier": "web" })), &pods));
        assert!(!serves_app(&mk(json!({ "tier": "db" })), &pods));
        assert!(!serves_app(&mk(json!({})), &pods));
    }
}
