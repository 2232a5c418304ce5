//! Deploy, start, stop and clean up: through the routes, with the attendee's rights, on the simulator.

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
async fn deploy_twice_is_harmless() {
    let (world, attendee) = deployed().await;
    let before = deployments(&world).get("webapp").await.unwrap();
    ok(&attendee, "/api/deploy", "take_over=false").await;
    let after = deployments(&world).get("webapp").await.unwrap();
    assert_eq!(before.metadata.generation, after.metadata.generation);
    assert_eq!(names(&scaled_objects(&world)).await, ["webapp"]);
}

/// The same person on two devices: two sessions of one seat.
async fn two_devices() -> (World, Browser, Browser) {
    let world = World::new(1).await;
    let (laptop, phone) = (world.attendee().await, world.attendee().await);
    assert_ne!(laptop.cookie, phone.cookie);
    (world, laptop, phone)
}

#[tokio::test(start_paused = true)]
async fn two_devices_deploy_at_once_and_make_one_app() {
    let (world, laptop, phone) = two_devices().await;
    tokio::join!(
        ok(&laptop, "/api/deploy", "take_over=false"),
        ok(&phone, "/api/deploy", "take_over=false"),
    );
    world.until("one pod is ready", |s| s.ready() == 1).await;
    let webapp = deployments(&world).get("webapp").await.unwrap();
    assert_eq!(webapp.metadata.generation, Some(1));
    assert_eq!(names(&scaled_objects(&world)).await, ["webapp"]);
}

#[tokio::test(start_paused = true)]
async fn two_devices_start_at_once_and_make_one_load_with_its_own_values() {
    let (world, laptop, phone) = two_devices().await;
    ok(&laptop, "/api/deploy", "take_over=false").await;
    world.until("one pod is ready", |s| s.ready() == 1).await;
    let other = "users=30&spawn_rate=10&run_time_s=120&n=20";
    let (first, second) = tokio::join!(
        laptop.post("/api/start_load", LOAD),
        phone.post("/api/start_load", other),
    );
    let (started, refused) = match first.status {
        StatusCode::OK => ("26", second),
        _ => ("20", first),
    };
    assert_eq!(refused.status, StatusCode::CONFLICT, "{}", refused.body);
    assert_eq!(
        refused.refusal().1["message"],
        "A load is running. Stop it before you start another."
    );
    assert_eq!(names(&jobs(&world)).await, ["locust-headless"]);
    // The file is that of the load that runs, not of the one that was refused.
    let namespace = &world.seats[0].namespace;
    let maps: Api<ConfigMap> = Api::namespaced(world.admin(), namespace);
    let file = maps.get("locustfile").await.unwrap().data.unwrap();
    assert!(file["locustfile.py"].contains(&format!("/fib?n={started}")));
}

#[tokio::test(start_paused = true)]
async fn two_devices_stop_and_clean_up_at_once() {
    let (world, laptop, phone) = two_devices().await;
    ok(&laptop, "/api/deploy", "take_over=false").await;
    world.until("one pod is ready", |s| s.ready() == 1).await;
    ok(&laptop, "/api/start_load", LOAD).await;
    tokio::join!(
        ok(&laptop, "/api/stop_load", "foreign=false"),
        ok(&phone, "/api/stop_load", "foreign=false"),
    );
    ok(&phone, "/api/stop_load", "foreign=false").await;
    assert_eq!(names(&jobs(&world)).await, Vec::<String>::new());
    tokio::join!(
        ok(&laptop, "/api/clean_up", ""),
        ok(&phone, "/api/clean_up", ""),
    );
    tokio::time::sleep(std::time::Duration::from_secs(60)).await;
    assert_eq!(everything(&world).await, Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn kubectl_beside_the_panel_is_harmless() {
    let (world, attendee) = deployed().await;
    apply(
        &world,
        ApiResource::erase::<Job>(&()),
        load_job("locust-headless"),
    )
    .await;
    let told = refused(&attendee, "/api/start_load", LOAD).await;
    assert_eq!(
        told,
        "Job locust-headless, which kubectl started, is running. Stop it before you start another."
    );
    let now = DeleteParams::background();
    drop(jobs(&world).delete("locust-headless", &now).await.unwrap());
    ok(&attendee, "/api/stop_load", "foreign=false").await;
    world
        .until("the load is gone", |s| {
            s.load.as_ref().is_none_or(|l| l.end.is_some())
        })
        .await;
    ok(&attendee, "/api/start_load", LOAD).await;
}

#[tokio::test(start_paused = true)]
async fn guess_is_kept_at_the_job_and_seen_by_every_device() {
    let (world, attendee) = deployed().await;
    world
        .until("the HPA is there", |s| s.autoscaler.is_some())
        .await;
    for (guess, sentence) in [
        (
            "11",
            "Your guess must be between 1 and 10, or empty, not 11.",
        ),
        ("0", "Your guess must be between 1 and 10, or empty, not 0."),
        (
            "many",
            "Your guess must be a whole number between 1 and 10, or empty, not “many”.",
        ),
    ] {
        let answer = attendee
            .post("/api/start_load", &format!("{LOAD}&guess={guess}"))
            .await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(answer.refusal().1["message"], sentence);
    }
    ok(&attendee, "/api/start_load", &format!("{LOAD}&guess=6")).await;
    world.until("the load is seen", |s| s.load.is_some()).await;
    assert_eq!(world.snapshot().load.as_ref().unwrap().guess, Some(6));
    // Another replica reads it from the Job, too.
    let replica = world.replica().await;
    let namespace = &world.seats[0].namespace;
    let load = replica.published.snapshot(namespace).unwrap().load.clone();
    assert_eq!(load.unwrap().guess, Some(6));

    ok(&attendee, "/api/stop_load", "foreign=false").await;
    world
        .until("it has ended", |s| {
            s.load.as_ref().is_some_and(|l| l.end.is_some())
        })
        .await;
    assert_eq!(world.snapshot().load.as_ref().unwrap().guess, Some(6));
    ok(&attendee, "/api/start_load", LOAD).await;
    world
        .until("the next load is seen", |s| {
            s.load.as_ref().is_some_and(|l| l.end.is_none())
        })
        .await;
    assert_eq!(world.snapshot().load.as_ref().unwrap().guess, None);
}

#[tokio::test(start_paused = true)]
async fn bad_values_are_told_in_a_sentence_and_nothing_typed_is_lost() {
    let (world, mut attendee) = deployed().await;
    let form = |users: &str| format!("users={users}&spawn_rate=10&run_time_s=120&n=26");
    for (users, sentence) in [
        (
            "",
            "Users must be a whole number between 1 and 500: the field is empty.",
        ),
        (
            "abc",
            "Users must be a whole number between 1 and 500, not “abc”.",
        ),
        (
            "2.5",
            "Users must be a whole number between 1 and 500, not “2.5”.",
        ),
        (
            "%3Cb%3E5",
            "Users must be a whole number between 1 and 500, not “<b>5”.",
        ),
        ("-5", "Users must be between 1 and 500, not -5."),
        (
            "99999999999999",
            "Users must be between 1 and 500, not 99999999999999.",
        ),
    ] {
        let answer = attendee.post("/api/start_load", &form(users)).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{users}");
        assert_eq!(answer.refusal().1["message"], sentence);
    }
    assert_eq!(names(&jobs(&world)).await, Vec::<String>::new());

    // Without JavaScript the page comes back with the sentence, and with what was typed.
    let page = "https://workshop.example.org/";
    attendee
        .headers
        .insert("accept", "text/html".parse().unwrap());
    attendee.headers.insert("referer", page.parse().unwrap());
    let answer = attendee.post("/api/start_load", &form("%3Cb%3E5")).await;
    assert_eq!(answer.status, StatusCode::FOUND);
    let path = answer.location().strip_prefix(page).unwrap();
    let html = attendee.get(&format!("/{path}")).await.body;
    assert!(html.contains("not “&lt;b&gt;5”."), "the sentence");
    assert!(html.contains("value=\"&lt;b&gt;5\""), "what was typed");
    assert!(html.contains("value=\"120\""), "the other fields");

    // The longest that a form may hold does not make an address that nobody takes.
    let answer = attendee
        .post("/api/start_load", &form(&"9".repeat(60_000)))
        .await;
    assert!(
        answer.location().len() < 2_000,
        "{}",
        answer.location().len()
    );
}

#[tokio::test(start_paused = true)]
async fn question_that_was_answered_without_javascript_is_not_asked_again() {
    let (_world, mut attendee) = deployed().await;
    let asks = "https://workshop.example.org/?confirm=clean_up";
    attendee
        .headers
        .insert("accept", "text/html".parse().unwrap());
    attendee.headers.insert("referer", asks.parse().unwrap());
    let question = "Remove the workshop from";
    assert!(
        attendee
            .get("/?confirm=clean_up")
            .await
            .body
            .contains(question)
    );
    let answer = attendee.post("/api/clean_up", "").await;
    // What leptos adds to an address that it redirects to is as it may be, but for the question.
    let location = answer.location().trim_end_matches('?');
    assert_eq!(location, "https://workshop.example.org/");
}

#[tokio::test(start_paused = true)]
async fn deploy_puts_back_what_is_missing() {
    let (world, attendee) = deployed().await;
    let namespace = &world.seats[0].namespace;
    let services: Api<Service> = Api::namespaced(world.admin(), namespace);
    services
        .delete("webapp", &DeleteParams::default())
        .await
        .unwrap();
    world
        .until("the Service is gone", |s| s.service.is_none())
        .await;
    ok(&attendee, "/api/deploy", "take_over=false").await;
    services.get("webapp").await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn changed_by_kubectl_is_told_and_taken_over_only_on_demand() {
    let (world, attendee) = deployed().await;
    let change = json!({
        "apiVersion": "keda.sh/v1alpha1",
        "kind": "ScaledObject",
        "metadata": { "name": "webapp" },
        "spec": { "maxReplicaCount": 3 },
    });
    let params = PatchParams::apply("kubectl").force();
    let api = scaled_objects(&world);
    api.patch("webapp", &params, &Patch::Apply(&change))
        .await
        .unwrap();
    let told = refused(&attendee, "/api/deploy", "take_over=false").await;
    assert!(
        told.contains("ScaledObject webapp was changed with kubectl"),
        "{told}"
    );
    ok(&attendee, "/api/deploy", "take_over=true").await;
    let object = api.get("webapp").await.unwrap();
    assert_eq!(object.data["spec"]["maxReplicaCount"], 10);
}

#[tokio::test(start_paused = true)]
async fn own_files_are_used_as_they_are() {
    let world = World::new(1).await;
    let attendee = world.attendee().await;
    apply_own_files(&world).await;
    ok(&attendee, "/api/deploy", "take_over=false").await;
    assert_eq!(names(&deployments(&world)).await, ["my-app"]);
    assert_eq!(names(&scaled_objects(&world)).await, ["webapp-scaler"]);
    // Only what was missing is made, and for the Deployment that is there.
    let services: Api<Service> = Api::namespaced(world.admin(), &world.seats[0].namespace);
    let service = services.get("webapp").await.unwrap();
    let selector = service.spec.unwrap().selector.unwrap();
    assert_eq!(selector["app"], "webapp");
}

#[tokio::test(start_paused = true)]
async fn own_files_are_replaced_on_demand() {
    let world = World::new(1).await;
    let attendee = world.attendee().await;
    apply_own_files(&world).await;
    ok(&attendee, "/api/deploy", "take_over=true").await;
    world::settle().await;
    world
        .until("the panel's own is there", |s| {
            s.scaled_object
                .as_ref()
                .is_some_and(|object| object.name == "webapp")
        })
        .await;
    assert_eq!(names(&deployments(&world)).await, ["webapp"]);
    assert_eq!(names(&scaled_objects(&world)).await, ["webapp"]);
}

#[tokio::test(start_paused = true)]
async fn start_is_refused_before_deploy_and_while_a_load_runs() {
    let world = World::new(1).await;
    let attendee = world.attendee().await;
    let told = refused(&attendee, "/api/start_load", LOAD).await;
    assert_eq!(told, "Nothing is deployed yet. Deploy first.");
    ok(&attendee, "/api/deploy", "take_over=false").await;
    world
        .until("it is deployed", |s| s.deployment.is_some())
        .await;
    ok(&attendee, "/api/start_load", LOAD).await;
    let told = refused(&attendee, "/api/start_load", LOAD).await;
    assert_eq!(told, "A load is running. Stop it before you start another.");
}

#[tokio::test(start_paused = true)]
async fn start_waits_for_the_old_job_that_is_still_terminating() {
    let (world, attendee) = deployed().await;
    ok(&attendee, "/api/start_load", LOAD).await;
    let first = jobs(&world).get("locust-headless").await.unwrap();
    // Whoever writes within the second of the creation may come first in managedFields.
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    // Held by a finalizer, as foreground deletion would.
    let hold = json!({ "metadata": { "finalizers": ["test/hold"] } });
    let params = PatchParams::default();
    let patch = |value: Value| Patch::Merge(value);
    jobs(&world)
        .patch("locust-headless", &params, &patch(hold))
        .await
        .unwrap();
    ok(&attendee, "/api/stop_load", "foreign=false").await;

    // The answer comes before the old Job is gone; the start goes on by itself.
    ok(&attendee, "/api/start_load", LOAD).await;
    let held = jobs(&world).get("locust-headless").await.unwrap();
    assert_eq!(held.uid(), first.uid());
    let free = json!({ "metadata": { "finalizers": null } });
    jobs(&world)
        .patch("locust-headless", &params, &patch(free))
        .await
        .unwrap();
    world
        .until("the second load is there", |s| {
            s.load
                .as_ref()
                .is_some_and(|load| Some(&load.uid) != first.uid().as_ref())
        })
        .await;
}

#[tokio::test(start_paused = true)]
async fn stop_breaks_off_a_start_that_waits() {
    let (world, attendee) = deployed().await;
    ok(&attendee, "/api/start_load", LOAD).await;
    // As above.
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    let params = PatchParams::default();
    let hold = Patch::Merge(json!({ "metadata": { "finalizers": ["test/hold"] } }));
    jobs(&world)
        .patch("locust-headless", &params, &hold)
        .await
        .unwrap();
    ok(&attendee, "/api/stop_load", "foreign=false").await;
    ok(&attendee, "/api/start_load", LOAD).await;
    ok(&attendee, "/api/stop_load", "foreign=false").await;
    let free = Patch::Merge(json!({ "metadata": { "finalizers": null } }));
    jobs(&world)
        .patch("locust-headless", &params, &free)
        .await
        .unwrap();
    tokio::time::sleep(std::time::Duration::from_secs(60)).await;
    assert_eq!(names(&jobs(&world)).await, Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn foreign_load_is_stopped_only_on_demand() {
    let (world, attendee) = deployed().await;
    apply(&world, ApiResource::erase::<Job>(&()), load_job("my-load")).await;
    world.until("it is seen", |s| s.load.is_some()).await;
    let told = refused(&attendee, "/api/stop_load", "foreign=false").await;
    assert!(
        told.contains("Job my-load, which kubectl started"),
        "{told}"
    );
    ok(&attendee, "/api/stop_load", "foreign=true").await;
    assert_eq!(names(&jobs(&world)).await, Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn pods_orphaned_by_kubectl_are_stopped() {
    let (world, attendee) = deployed().await;
    ok(&attendee, "/api/start_load", LOAD).await;
    let pods: Api<Pod> = Api::namespaced(world.admin(), &world.seats[0].namespace);
    let load_pods = || {
        let params = kube::api::ListParams::default().labels("app=locust");
        let pods = pods.clone();
        async move { pods.list(&params).await.unwrap().items.len() }
    };
    world
        .until("Locust runs", |s| {
            s.load.as_ref().is_some_and(|load| load.pods > 0)
        })
        .await;
    jobs(&world)
        .delete("locust-headless", &DeleteParams::orphan())
        .await
        .unwrap();
    world::settle().await;
    assert_eq!(load_pods().await, 1);
    ok(&attendee, "/api/stop_load", "foreign=false").await;
    tokio::time::sleep(std::time::Duration::from_secs(40)).await;
    assert_eq!(load_pods().await, 0);
}

#[tokio::test(start_paused = true)]
async fn clean_up_works_in_every_half_made_state() {
    for missing in 0..4 {
        let (world, attendee) = deployed().await;
        let namespace = &world.seats[0].namespace;
        let now = DeleteParams::background();
        let client = world.admin();
        match missing {
            0 => drop(deployments(&world).delete("webapp", &now).await.unwrap()),
            1 => drop(scaled_objects(&world).delete("webapp", &now).await.unwrap()),
            2 => {
                let services: Api<Service> = Api::namespaced(client, namespace);
                drop(services.delete("webapp", &now).await.unwrap());
            }
            _ => {
                let maps: Api<ConfigMap> = Api::namespaced(client, namespace);
                drop(maps.delete("webapp-code", &now).await.unwrap());
            }
        }
        ok(&attendee, "/api/clean_up", "").await;
        tokio::time::sleep(std::time::Duration::from_secs(60)).await;
        assert_eq!(
            everything(&world).await,
            Vec::<String>::new(),
            "without part {missing}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn clean_up_removes_own_files_and_leaves_what_is_not_the_workshops() {
    let world = World::new(1).await;
    let attendee = world.attendee().await;
    apply_own_files(&world).await;
    let namespace = &world.seats[0].namespace;
    let maps: Api<ConfigMap> = Api::namespaced(world.admin(), namespace);
    let notes = serde_json::from_value(json!({ "metadata": { "name": "notes" } })).unwrap();
    maps.create(&PostParams::default(), &notes).await.unwrap();
    ok(&attendee, "/api/clean_up", "").await;
    tokio::time::sleep(std::time::Duration::from_secs(60)).await;
    assert_eq!(everything(&world).await, ["notes"]);
}

#[tokio::test(start_paused = true)]
async fn clean_up_of_nothing_is_harmless() {
    let world = World::new(1).await;
    ok(&world.attendee().await, "/api/clean_up", "").await;
}

#[tokio::test(start_paused = true)]
async fn instructor_stops_every_load() {
    let world = World::new(2).await;
    for seat in &world.seats {
        let attendee = world.sign_in(&seat.code).await;
        ok(&attendee, "/api/deploy", "take_over=false").await;
        world::until("it is deployed", || {
            let snapshot = world.published.snapshot(&seat.namespace);
            snapshot.is_some_and(|snapshot| snapshot.deployment.is_some())
        })
        .await;
        ok(&attendee, "/api/start_load", LOAD).await;
    }
    world::until("both loads are on", || {
        world.published.overview().seats.iter().all(|row| row.load)
    })
    .await;
    let instructor = world.sign_in(&world.instructor).await;
    let answer = instructor.post("/api/stop_all_loads", "").await;
    assert_eq!((answer.status, answer.body.as_str()), (StatusCode::OK, "2"));
    assert_eq!(
        names(&Api::<Job>::all(world.admin())).await,
        Vec::<String>::new()
    );
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
