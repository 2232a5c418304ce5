//! Deploy, start, stop and clean up: through the routes, with the attendee's rights, on the simulator.

mod clean_up;
mod deploy;
mod devices;
mod start_load;
mod stop_load;

use crate::world::{self, Browser, World};
use app::model::{LoadStage, Phase};
use http::StatusCode;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{ConfigMap, Pod, Service};
use kube::api::{ApiResource, DeleteParams, DynamicObject, Patch, PatchParams, PostParams};
use kube::{Api, ResourceExt};
use serde_json::{Value, json};
use server::workshop::manifests::scaled_object_resource;

const LOAD: &str = "users=20&spawn_rate=10&run_time_s=120&n=26";

async fn ok(browser: &Browser, path: &str, form: &str) {
    let answer = browser.post(path, form).await;
    assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.body);
}

async fn refused(browser: &Browser, path: &str, form: &str) -> String {
    let answer = browser.post(path, form).await;
    assert_eq!(
        answer.status,
        StatusCode::CONFLICT,
        "{path}: {}",
        answer.body
    );
    answer.refusal().1["message"].as_str().unwrap().to_owned()
}

/// Deployed, with one pod ready.
async fn deployed() -> (World, Browser) {
    let world = World::new(1).await;
    let attendee = world.attendee().await;
    ok(&attendee, "/api/deploy", "take_over=false").await;
    world.until("one pod is ready", |s| s.ready() == 1).await;
    (world, attendee)
}

fn deployments(world: &World) -> Api<Deployment> {
    Api::namespaced(world.admin(), &world.seats[0].namespace)
}

fn jobs(world: &World) -> Api<Job> {
    Api::namespaced(world.admin(), &world.seats[0].namespace)
}

fn scaled_objects(world: &World) -> Api<DynamicObject> {
    let resource = scaled_object_resource();
    Api::namespaced_with(world.admin(), &world.seats[0].namespace, &resource)
}

async fn names<K>(api: &Api<K>) -> Vec<String>
where
    K: kube::Resource + Clone + std::fmt::Debug + serde::de::DeserializeOwned,
{
    let list = api.list(&Default::default()).await.unwrap();
    list.items.iter().map(ResourceExt::name_any).collect()
}

/// Everything of the workshop's kinds that is in the attendee's namespace.
async fn everything(world: &World) -> Vec<String> {
    let namespace = &world.seats[0].namespace;
    let client = world.admin();
    let mut all = names(&deployments(world)).await;
    all.extend(names(&jobs(world)).await);
    all.extend(names(&scaled_objects(world)).await);
    all.extend(names(&Api::<Service>::namespaced(client.clone(), namespace)).await);
    all.extend(names(&Api::<Pod>::namespaced(client.clone(), namespace)).await);
    let maps = names(&Api::<ConfigMap>::namespaced(client, namespace)).await;
    all.extend(maps.into_iter().filter(|name| name != "kube-root-ca.crt"));
    all
}

/// What `kubectl apply` does for an attendee who has files of their own.
async fn apply(world: &World, kind: ApiResource, object: Value) {
    let api: Api<DynamicObject> =
        Api::namespaced_with(world.admin(), &world.seats[0].namespace, &kind);
    let name = object["metadata"]["name"].as_str().unwrap().to_owned();
    let params = PatchParams::apply("kubectl");
    api.patch(&name, &params, &Patch::Apply(&object))
        .await
        .unwrap();
}

async fn apply_own_files(world: &World) {
    let labels = json!({ "app": "webapp" });
    let resources = json!({
        "requests": { "cpu": "50m", "memory": "64Mi" },
        "limits": { "cpu": "100m", "memory": "256Mi" },
    });
    let container = json!({
        "name": "web",
        "image": "tiangolo/uvicorn-gunicorn-fastapi:python3.11",
        "resources": resources,
    });
    let deployment = json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": { "name": "my-app", "labels": labels },
        "spec": {
            "selector": { "matchLabels": labels },
            "template": { "metadata": { "labels": labels }, "spec": { "containers": [container] } },
        },
    });
    apply(world, ApiResource::erase::<Deployment>(&()), deployment).await;
    let scaled_object = json!({
        "apiVersion": "keda.sh/v1alpha1",
        "kind": "ScaledObject",
        "metadata": { "name": "webapp-scaler" },
        "spec": {
            "scaleTargetRef": { "name": "my-app" },
            "minReplicaCount": 1,
            "maxReplicaCount": 3,
            "triggers": [{ "type": "cpu", "metricType": "Utilization", "metadata": { "value": "60" } }],
        },
    });
    apply(world, scaled_object_resource(), scaled_object).await;
    world
        .until("the own files are seen", |s| {
            s.scaled_object.is_some() && s.deployment.is_some()
        })
        .await;
}

fn load_job(name: &str) -> Value {
    let container = json!({
        "name": "locust",
        "image": "locustio/locust:2.32.2",
        "args": ["-f", "/mnt/locust/locustfile.py", "--headless", "-u", "5", "-r", "5", "--run-time", "300s"],
        "resources": {
            "requests": { "cpu": "50m", "memory": "64Mi" },
            "limits": { "cpu": "100m", "memory": "128Mi" },
        },
    });
    json!({
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": { "name": name },
        "spec": { "template": { "spec": { "restartPolicy": "Never", "containers": [container] } } },
    })
}

#[tokio::test(start_paused = true)]
async fn whole_journey_leaves_nothing_behind() {
    let (world, attendee) = deployed().await;
    ok(&attendee, "/api/start_load", LOAD).await;
    world
        .until("users are on", |s| {
            s.load
                .as_ref()
                .is_some_and(|load| load.stage == LoadStage::Running)
        })
        .await;
    ok(&attendee, "/api/stop_load", "foreign=false").await;
    world
        .until("the load ended", |s| {
            s.load
                .as_ref()
                .is_none_or(|load| load.stage == LoadStage::Ended)
        })
        .await;
    ok(&attendee, "/api/clean_up", "").await;
    world
        .until("it is clean", |s| {
            matches!(s.phase, Phase::CleanedUp | Phase::NotStarted)
        })
        .await;
    world::settle().await;
    assert_eq!(everything(&world).await, Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn every_write_is_made_as_the_attendee() {
    let (world, attendee) = deployed().await;
    ok(&attendee, "/api/start_load", LOAD).await;
    ok(&attendee, "/api/clean_up", "").await;
    let namespace = &world.seats[0].namespace;
    let account = format!("system:serviceaccount:{namespace}:attendee");
    let writes: Vec<_> = world
        .simulator
        .audit()
        .events()
        .into_iter()
        .filter(|event| event.user == "system:serviceaccount:workshop:panel")
        .filter(|event| event.namespace == *namespace)
        .filter(|event| !["get", "list", "watch"].contains(&event.verb.as_str()))
        .collect();
    assert!(writes.len() >= 10, "{writes:?}");
    for write in writes {
        assert_eq!(
            write.impersonated_user.as_deref(),
            Some(account.as_str()),
            "{write:?}"
        );
        assert!(write.code < 400, "{write:?}");
    }
}
