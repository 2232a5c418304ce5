//! Which objects are the workshop's: by what they are, not by their names, since attendees bring files of their own.

use std::collections::BTreeMap;
use std::sync::Arc;

use app::model::{Owner, TimeMs};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{Container, Pod, PodSpec, Service};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, ObjectMeta};

use super::objects::{Objects, ScaledObject};
use super::time::time_ms;
use crate::names::{FIELD_MANAGER, PART_OF, PART_OF_LABEL};

/// The label of the workshop's app and of its pods.
const APP_LABEL: (&str, &str) = ("app", "webapp");

/// The workshop's objects among those of a namespace.
#[derive(Clone, Debug, Default)]
pub struct Recognised {
    pub deployment: Option<Arc<Deployment>>,
    pub service: Option<Arc<Service>>,
    pub scaled_object: Option<Arc<ScaledObject>>,
    pub autoscaler: Option<Arc<HorizontalPodAutoscaler>>,
    /// Pods of the app.
    pub app_pods: Vec<Arc<Pod>>,
    /// Pods that run Locust.
    pub load_pods: Vec<Arc<Pod>>,
    /// Jobs whose pods run Locust, newest first.
    pub load_jobs: Vec<Arc<Job>>,
}

/// Finds the workshop's objects.
///
/// The app is the Deployment that a ScaledObject targets, or else the one with the label `app: webapp`. A load is a
/// Job whose pods run Locust. The HPA is the ScaledObject's, or the one that targets the app.
pub fn recognise(objects: &Objects) -> Recognised {
    let deployment = deployment(objects);
    let name = deployment.as_ref().and_then(|d| d.metadata.name.as_deref());
    let scaled_object = objects.scaled_objects.iter().find(|so| match name {
        Some(name) => so.deployment() == Some(name),
        // Left over while the app is removed.
        None => true,
    });
    let hpa_name = scaled_object.and_then(|so| so.status.as_ref()?.hpa_name.as_deref());
    let autoscaler = objects.autoscalers.iter().find(|hpa| {
        hpa.metadata.name.as_deref() == hpa_name && hpa_name.is_some()
            || name.is_some() && target(hpa) == name
    });
    let is_load = |pod: &&Arc<Pod>| pod.spec.as_ref().is_some_and(runs_locust);
    let selector = deployment
        .as_ref()
        .and_then(|d| Some(&d.spec.as_ref()?.selector));
    let is_app = |pod: &&Arc<Pod>| {
        let labels = pod.metadata.labels.as_ref();
        !is_load(pod)
            && match selector {
                Some(selector) => selects(selector, labels),
                None => has_app_label(labels),
            }
    };
    let mut load_jobs: Vec<_> = objects
        .jobs
        .iter()
        .filter(|job| is_load_job(job))
        .cloned()
        .collect();
    load_jobs.sort_by_key(|job| std::cmp::Reverse(created(&job.metadata)));
    let oldest_first = |mut pods: Vec<Arc<Pod>>| {
        pods.sort_by(|a, b| {
            let key = |pod: &Pod| (created(&pod.metadata), pod.metadata.name.clone());
            key(a).cmp(&key(b))
        });
        pods
    };
    Recognised {
        service: service(objects, deployment.as_deref()),
        scaled_object: scaled_object.cloned(),
        autoscaler: autoscaler.cloned(),
        app_pods: oldest_first(objects.pods.iter().filter(is_app).cloned().collect()),
        load_pods: oldest_first(objects.pods.iter().filter(is_load).cloned().collect()),
        load_jobs,
        deployment,
    }
}

fn deployment(objects: &Objects) -> Option<Arc<Deployment>> {
    let named = |name: &str| {
        let is = |d: &&Arc<Deployment>| d.metadata.name.as_deref() == Some(name);
        objects.deployments.iter().find(is)
    };
    let targeted = objects
        .scaled_objects
        .iter()
        .find_map(|so| named(so.deployment()?));
    let labelled = || {
        let labelled = |d: &&Arc<Deployment>| has_app_label(d.metadata.labels.as_ref());
        objects.deployments.iter().find(labelled)
    };
    targeted.or_else(labelled).cloned()
}

fn service(objects: &Objects, deployment: Option<&Deployment>) -> Option<Arc<Service>> {
    let labels = deployment.and_then(|d| {
        let template = &d.spec.as_ref()?.template;
        template.metadata.as_ref()?.labels.as_ref()
    });
    let leads_to_app = |service: &&Arc<Service>| {
        let selector = service
            .spec
            .as_ref()
            .and_then(|spec| spec.selector.as_ref());
        selector.is_some_and(|selector| match labels {
            Some(labels) => !selector.is_empty() && contains(labels, selector),
            None => selector.get(APP_LABEL.0).map(String::as_str) == Some(APP_LABEL.1),
        })
    };
    objects.services.iter().find(leads_to_app).cloned()
}

/// The Deployment that an HPA scales.
pub fn target(hpa: &HorizontalPodAutoscaler) -> Option<&str> {
    let target = &hpa.spec.as_ref()?.scale_target_ref;
    (target.kind == "Deployment").then_some(target.name.as_str())
}

fn has_app_label(labels: Option<&BTreeMap<String, String>>) -> bool {
    let value = labels.and_then(|labels| labels.get(APP_LABEL.0));
    value.map(String::as_str) == Some(APP_LABEL.1)
}

fn contains(labels: &BTreeMap<String, String>, wanted: &BTreeMap<String, String>) -> bool {
    wanted
        .iter()
        .all(|(key, value)| labels.get(key) == Some(value))
}

/// Whether a label selector matches (`apimachinery/pkg/apis/meta/v1/helpers.go`); an empty one matches nothing here.
fn selects(selector: &LabelSelector, labels: Option<&BTreeMap<String, String>>) -> bool {
    let none = BTreeMap::new();
    let labels = labels.unwrap_or(&none);
    let wanted = selector.match_labels.as_ref().unwrap_or(&none);
    let expressions = selector.match_expressions.as_deref().unwrap_or_default();
    let holds = expressions.iter().all(|expression| {
        let value = labels.get(&expression.key);
        let values = expression.values.as_deref().unwrap_or_default();
        match expression.operator.as_str() {
            "In" => value.is_some_and(|value| values.contains(value)),
            "NotIn" => value.is_none_or(|value| !values.contains(value)),
            "Exists" => value.is_some(),
            "DoesNotExist" => value.is_none(),
            _ => false,
        }
    });
    !(wanted.is_empty() && expressions.is_empty()) && contains(labels, wanted) && holds
}

fn is_load_job(job: &Job) -> bool {
    let template = job
        .spec
        .as_ref()
        .and_then(|spec| spec.template.spec.as_ref());
    template.is_some_and(runs_locust)
}

/// True if a container runs Locust: by the name of its image, or because its command does.
pub fn runs_locust(spec: &PodSpec) -> bool {
    spec.containers.iter().any(container_runs_locust)
}

fn container_runs_locust(container: &Container) -> bool {
    let image = container.image.as_deref().unwrap_or_default();
    image.contains("locust")
        || words(container).any(|word| word.rsplit('/').next() == Some("locust"))
}

/// The words of a container's command and arguments, those inside `sh -c "…"` too.
pub fn words(container: &Container) -> impl Iterator<Item = &str> {
    let command = container.command.iter().flatten();
    let args = container.args.iter().flatten();
    command.chain(args).flat_map(|word| word.split_whitespace())
}

/// The creation of an object; the epoch if it has none.
pub fn created(meta: &ObjectMeta) -> TimeMs {
    meta.creation_timestamp
        .as_ref()
        .map(time_ms)
        .unwrap_or_default()
}

/// Who made an object: its first field manager. kubectl has several names for itself.
///
/// What the panel makes bears its label. An object without it that the panel changed a setting of is still somebody
/// else's, even after that one wrote it again.
pub fn owner(meta: &ObjectMeta) -> Owner {
    let labels = meta.labels.as_ref();
    let labelled = labels
        .and_then(|labels| labels.get(PART_OF_LABEL))
        .map(String::as_str)
        == Some(PART_OF);
    let entries = meta.managed_fields.iter().flatten();
    let entries =
        entries.filter(|entry| labelled || entry.manager.as_deref() != Some(FIELD_MANAGER));
    let first = entries.min_by_key(|entry| entry.time.as_ref().map(time_ms));
    let manager = first
        .and_then(|entry| entry.manager.as_deref())
        .unwrap_or("unknown");
    let manager = if manager.starts_with("kubectl") {
        "kubectl"
    } else {
        manager
    };
    Owner {
        manager: manager.to_owned(),
        own: manager == FIELD_MANAGER,
    }
}

/// Who wrote an object last, its status and its scale aside, and when.
pub fn newest_writer(meta: &ObjectMeta) -> Option<(String, TimeMs)> {
    let entries = meta.managed_fields.iter().flatten();
    let newest = entries
        .filter_map(|entry| Some((entry.manager.as_ref()?, time_ms(entry.time.as_ref()?))))
        .max_by_key(|(_, time)| *time);
    let (manager, time) = newest?;
    let name = if manager.starts_with("kubectl") {
        "kubectl"
    } else {
        manager
    };
    Some((name.to_owned(), time))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn from<T: serde::de::DeserializeOwned>(value: serde_json::Value) -> Arc<T> {
        Arc::new(serde_json::from_value(value).unwrap())
    }

    #[test]
    fn objects_with_names_of_their_own_are_recognised() {
        let objects = Objects {
            deployments: vec![
                from(json!({"metadata": {"name": "database"}})),
                from(json!({
                    "metadata": {"name": "my-app"},
                    "spec": {
                        "selector": {"matchLabels": {"run": "my-app"}},
                        "template": {"metadata": {"labels": {"run": "my-app"}}},
                    },
                })),
            ],
            scaled_objects: vec![from(json!({
                "metadata": {"name": "webapp-scaler"},
                "spec": {"scaleTargetRef": {"name": "my-app"}},
                "status": {"hpaName": "keda-hpa-webapp-scaler"},
            }))],
            services: vec![from(
                json!({"metadata": {"name": "front"}, "spec": {"selector": {"run": "my-app"}}}),
            )],
            autoscalers: vec![from(json!({
                "metadata": {"name": "keda-hpa-webapp-scaler"},
                "spec": {"maxReplicas": 3, "scaleTargetRef": {"kind": "Deployment", "name": "my-app"}},
            }))],
            pods: vec![
                from(
                    json!({"metadata": {"name": "p1", "labels": {"run": "my-app"}}, "spec": {"containers": []}}),
                ),
                from(json!({"metadata": {"name": "p2"}, "spec": {"containers": []}})),
            ],
            ..Objects::default()
        };
        let found = recognise(&objects);
        let name = |meta: &ObjectMeta| meta.name.clone().unwrap();
        assert_eq!(
            found.deployment.map(|d| name(&d.metadata)).as_deref(),
            Some("my-app")
        );
        assert_eq!(
            found.service.map(|s| name(&s.metadata)).as_deref(),
            Some("front")
        );
        assert!(found.scaled_object.is_some());
        assert!(found.autoscaler.is_some());
        assert_eq!(found.app_pods.len(), 1);
    }

    #[test]
    fn a_job_that_runs_locust_from_another_image_is_a_load() {
        for (container, load) in [
            (
                json!({"name": "c", "image": "locustio/locust:2.32.2"}),
                true,
            ),
            (
                json!({"name": "c", "image": "registry.local/tools:1", "command": ["/usr/bin/locust", "-u", "5"]}),
                true,
            ),
            (
                json!({"name": "c", "image": "python:3.12", "args": ["sh", "-c", "pip install locust && locust --headless"]}),
                true,
            ),
            (
                json!({"name": "c", "image": "busybox", "command": ["echo", "locusts"]}),
                false,
            ),
        ] {
            let spec: PodSpec = serde_json::from_value(json!({"containers": [container]})).unwrap();
            assert_eq!(runs_locust(&spec), load, "{container}");
        }
    }

    #[test]
    fn kubectl_is_named_kubectl_whatever_it_calls_itself() {
        let meta = |manager: &str| -> ObjectMeta {
            serde_json::from_value(json!({"managedFields": [
                {"manager": "workshop-panel", "operation": "Apply", "time": "2026-11-24T12:00:05Z"},
                {"manager": manager, "operation": "Update", "time": "2026-11-24T12:00:00Z"},
            ]}))
            .unwrap()
        };
        assert_eq!(owner(&meta("kubectl-client-side-apply")).manager, "kubectl");
        assert!(!owner(&meta("kubectl")).own);
        assert_eq!(owner(&ObjectMeta::default()).manager, "unknown");
    }
}
