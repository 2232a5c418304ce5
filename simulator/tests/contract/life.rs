//! What the tests of objects' lives share: small objects, and waiting for what happens to them.

use std::time::Duration;

use futures::{StreamExt, TryStreamExt};
use k8s_openapi::NamespaceResourceScope;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{Event, Pod};
use kube::ResourceExt;
use kube::api::{Api, ListParams, Patch, PatchParams, PostParams};
use kube::runtime::{WatchStreamExt, watcher};
use serde_json::{Value, json};

use super::{Place, from_json, mk_config_map};

/// The image of the workshop's web app, which both clusters have.
pub(crate) const IMAGE: &str = "tiangolo/uvicorn-gunicorn-fastapi:python3.11";
/// An image whose registry refuses connections.
pub(crate) const UNREACHABLE: &str = "10.99.0.1:5000/workshop/webapp:v2";

/// A container that does what a shell is told.
pub(crate) fn shell(script: &str) -> Value {
    json!({
        "name": "main", "image": IMAGE, "imagePullPolicy": "IfNotPresent",
        "command": ["sh", "-c", script],
        "resources": {"requests": {"cpu": "5m", "memory": "8Mi"}},
    })
}

/// The spec of a pod with one container, which ends a second after it is asked to.
pub(crate) fn pod_spec(container: &Value) -> Value {
    json!({"terminationGracePeriodSeconds": 1, "enableServiceLinks": false, "containers": [container]})
}

/// The spec of a pod that cannot start before [`make_settings`].
pub(crate) fn needs_settings() -> Value {
    let mut container = shell("sleep 600");
    container["volumeMounts"] = json!([{"name": "code", "mountPath": "/code"}]);
    let mut spec = pod_spec(&container);
    spec["volumes"] = json!([{"name": "code", "configMap": {"name": "settings"}}]);
    spec
}

pub(crate) async fn make_settings(place: &Place) {
    place
        .api()
        .create(&PostParams::default(), &mk_config_map("settings", "1"))
        .await
        .unwrap();
}

pub(crate) fn mk_pod(name: &str, spec: &Value) -> Pod {
    from_json(json!({"metadata": {"name": name}, "spec": spec}))
}

/// A Deployment whose pods sleep; `more` goes into its spec.
pub(crate) fn mk_sleeper(replicas: i32, more: &Value) -> Deployment {
    let mut deployment = json!({
        "metadata": {"name": "webapp"},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": "webapp"}},
            "template": {
                "metadata": {"labels": {"app": "webapp"}},
                "spec": pod_spec(&shell("sleep 600")),
            },
        },
    });
    for (key, value) in more.as_object().unwrap() {
        deployment["spec"][key] = value.clone();
    }
    from_json(deployment)
}

/// A merge patch.
pub(crate) async fn merge<K>(api: &Api<K>, name: &str, patch: &Value) -> K
where
    K: Clone + serde::de::DeserializeOwned + std::fmt::Debug,
{
    api.patch(name, &PatchParams::default(), &Patch::Merge(patch))
        .await
        .unwrap()
}

/// Gives the pods of a Deployment another image.
pub(crate) async fn set_image(api: &Api<Deployment>, image: &str) {
    let patch =
        json!({"spec": {"template": {"spec": {"containers": [{"name": "main", "image": image}]}}}});
    api.patch("webapp", &PatchParams::default(), &Patch::Strategic(patch))
        .await
        .unwrap();
}

/// A kind in a namespace that can be followed.
pub(crate) trait Watched:
    kube::Resource<Scope = NamespaceResourceScope, DynamicType = ()>
    + Clone
    + serde::de::DeserializeOwned
    + std::fmt::Debug
    + Send
    + 'static
{
}

impl<K> Watched for K where
    K: kube::Resource<Scope = NamespaceResourceScope, DynamicType = ()>
        + Clone
        + serde::de::DeserializeOwned
        + std::fmt::Debug
        + Send
        + 'static
{
}

/// Follows the objects that `config` selects until one of them is as wanted.
pub(crate) async fn first<K: Watched>(
    api: Api<K>,
    config: watcher::Config,
    limit_s: u64,
    what: &str,
    wanted: impl Fn(&K) -> bool,
) -> K {
    let mut last = None;
    let found = tokio::time::timeout(Duration::from_secs(limit_s), async {
        let mut objects = watcher(api, config).applied_objects().boxed();
        while let Some(object) = objects.try_next().await.unwrap() {
            if wanted(&object) {
                return object;
            }
            last = Some(object);
        }
        panic!("the watch ended: {what}")
    })
    .await;
    found.unwrap_or_else(|_| panic!("not within {limit_s} s: {what}; last seen: {last:#?}"))
}

/// Waits until the object of this name is as wanted.
pub(crate) async fn becomes<K: Watched>(
    place: &Place,
    name: &str,
    limit_s: u64,
    what: &str,
    wanted: impl Fn(&K) -> bool,
) -> K {
    let config = watcher::Config::default().fields(&format!("metadata.name={name}"));
    first(place.api(), config, limit_s, what, wanted).await
}

/// Waits until there is no object of this name.
pub(crate) async fn gone<K: Watched>(place: &Place, name: &str, limit_s: u64) {
    let none =
        kube::runtime::wait::await_condition(place.api::<K>(), name, |object: Option<&K>| {
            object.is_none()
        });
    tokio::time::timeout(Duration::from_secs(limit_s), none)
        .await
        .unwrap_or_else(|_| panic!("{name} is there after {limit_s} s"))
        .unwrap();
}

/// Waits for an event about an object whose name begins so, with this reason and a message that contains `part`.
pub(crate) async fn told(
    place: &Place,
    limit_s: u64,
    (kind, name): (&str, &str),
    reason: &str,
    part: &str,
) -> Event {
    let what = format!("event {reason} about {kind} {name}: {part}");
    let config = watcher::Config::default();
    first(place.api::<Event>(), config, limit_s, &what, |event| {
        let about = &event.involved_object;
        about.kind.as_deref() == Some(kind)
            && about
                .name
                .as_ref()
                .is_some_and(|about| about.starts_with(name))
            && event.reason.as_deref() == Some(reason)
            && event
                .message
                .as_ref()
                .is_some_and(|message| message.contains(part))
    })
    .await
}

/// Messages of all events with this reason, in the order in which they were first written.
pub(crate) async fn messages(place: &Place, reason: &str) -> Vec<String> {
    let list = place
        .api::<Event>()
        .list(&ListParams::default())
        .await
        .unwrap();
    let mut events: Vec<Event> = list
        .into_iter()
        .filter(|event| event.reason.as_deref() == Some(reason))
        .collect();
    events.sort_by_key(|event| {
        // Names end in the nanoseconds of the first occurrence.
        let name = event.name_any();
        name.rsplit('.')
            .next()
            .and_then(|nanos| u64::from_str_radix(nanos, 16).ok())
    });
    events
        .into_iter()
        .filter_map(|event| event.message)
        .collect()
}

/// Status, reason and message of a condition; conditions of all kinds look alike in JSON.
pub(crate) fn condition<K: serde::Serialize>(object: &K, kind: &str) -> Option<[String; 3]> {
    let value = serde_json::to_value(object).unwrap();
    let conditions = value["status"]["conditions"].as_array()?.clone();
    let condition = conditions
        .iter()
        .find(|condition| condition["type"] == kind)?;
    let text = |field: &str| condition[field].as_str().unwrap_or("").to_owned();
    Some([text("status"), text("reason"), text("message")])
}

/// Whether a condition has this status and reason.
pub(crate) fn says<K: serde::Serialize>(
    object: &K,
    kind: &str,
    status: &str,
    reason: &str,
) -> bool {
    condition(object, kind).is_some_and(|[is, why, _]| is == status && why == reason)
}

/// The state of the only container, as JSON.
pub(crate) fn state(pod: &Pod) -> Value {
    let value = serde_json::to_value(pod).unwrap();
    value["status"]["containerStatuses"][0]["state"].clone()
}
