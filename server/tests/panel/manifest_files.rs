//! The workshop's files as they stand: read, downloaded, and applied again, on the simulator.

use crate::world::{Browser, World};
use http::StatusCode;
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use kube::Api;
use kube::api::{ApiResource, DynamicObject, Patch, PatchParams};
use serde_json::Value;
use server::workshop::manifests::{
    self, APP, Settings, scaled_object_resource, to_yaml, webapp_code,
};

const LOAD: &str = "users=20&spawn_rate=10&run_time_s=120&n=26";

async fn ok(browser: &Browser, path: &str, form: &str) {
    let answer = browser.post(path, form).await;
    assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.body);
}

async fn file(browser: &Browser, name: &str) -> String {
    let answer = browser.get(&format!("/manifests/{name}")).await;
    assert_eq!(answer.status, StatusCode::OK, "{name}: {}", answer.body);
    let kind = answer.headers[CONTENT_TYPE].to_str().unwrap();
    assert_eq!(kind, "text/plain; charset=utf-8");
    let named = answer.headers[CONTENT_DISPOSITION].to_str().unwrap();
    assert_eq!(named, format!("inline; filename=\"{name}\""));
    answer.body
}

/// The YAML documents of a file.
fn documents(text: &str) -> Vec<Value> {
    let texts = text.split("---\n");
    texts
        .map(|text| serde_saphyr::from_str(text).unwrap())
        .collect()
}

/// What `kubectl apply -f` does with a file.
async fn kubectl_apply(world: &World, text: &str) {
    for document in documents(text) {
        let field = |name: &str| document[name].as_str().unwrap().to_owned();
        let (version, kind) = (field("apiVersion"), field("kind"));
        let (group, number) = version.rsplit_once('/').unwrap_or(("", &version));
        let resource = ApiResource {
            group: group.to_owned(),
            version: number.to_owned(),
            api_version: version.clone(),
            plural: format!("{}s", kind.to_lowercase()),
            kind,
        };
        let namespace = &world.seats[0].namespace;
        let api: Api<DynamicObject> = Api::namespaced_with(world.admin(), namespace, &resource);
        let name = document["metadata"]["name"].as_str().unwrap();
        let params = PatchParams::apply("kubectl").validation_strict();
        let applied = api.patch(name, &params, &Patch::Apply(&document)).await;
        applied.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn files_of_nothing_are_those_that_deploy_makes() {
    let world = World::new(1).await;
    let attendee = world.attendee().await;
    let settings = Settings::default();
    let expected = format!(
        "{}---\n{}",
        to_yaml(&webapp_code()).unwrap(),
        to_yaml(&manifests::deployment(&settings)).unwrap()
    );
    assert_eq!(file(&attendee, "webapp-deployment.yaml").await, expected);
    assert_eq!(file(&attendee, "locust-deployment.yaml").await, expected);
    let all = file(&attendee, "workshop.yaml").await;
    assert_eq!(documents(&all).len(), 6);
}

#[tokio::test(start_paused = true)]
async fn what_deploy_made_is_read_back_as_it_was_made() {
    let world = World::new(1).await;
    let attendee = world.attendee().await;
    let before = file(&attendee, "workshop.yaml").await;
    ok(&attendee, "/api/deploy", "take_over=false").await;
    world
        .until("it runs", |s| s.ready() == 1 && s.autoscaler.is_some())
        .await;
    ok(
        &attendee,
        "/api/start_load",
        "users=150&spawn_rate=15&run_time_s=300&n=26",
    )
    .await;
    world.until("the load is seen", |s| s.load.is_some()).await;
    // The pods are more than one by then, which the file says nothing of.
    world.until("it scales", |s| s.asked() > 1).await;
    let after = file(&attendee, "workshop.yaml").await;
    assert_eq!(documents(&after), documents(&before));
    let answer = attendee.post("/api/read_files", "").await;
    let files = answer.json();
    for file in files.as_array().unwrap() {
        assert_eq!(file["stands"], "there", "{file}");
    }
}

#[tokio::test(start_paused = true)]
async fn downloaded_files_make_the_same_workshop_again() {
    let world = World::new(1).await;
    let attendee = world.attendee().await;
    ok(&attendee, "/api/deploy", "take_over=false").await;
    world
        .until("it runs", |s| s.ready() == 1 && s.autoscaler.is_some())
        .await;
    let were = "were=60%2C1%2C10%2C80%2C50%2C100%2C64%2C256&target=50&minimum=1&maximum=6&window_s=80&cpu_request_m=50&cpu_limit_m=100&memory_request_mi=64&memory_limit_mi=256";
    ok(&attendee, "/api/change_settings", were).await;
    ok(&attendee, "/api/start_load", LOAD).await;
    world.until("the load is seen", |s| s.load.is_some()).await;
    let before = file(&attendee, "workshop.yaml").await;
    ok(&attendee, "/api/clean_up", "").await;
    tokio::time::sleep(std::time::Duration::from_secs(60)).await;
    world
        .until("it is clean", |s| {
            s.deployment.is_none() && s.scaled_object.is_none() && s.service.is_none()
        })
        .await;

    kubectl_apply(&world, &before).await;
    world
        .until("the same is there", |s| {
            let hpa = s.autoscaler.as_ref();
            s.ready() >= 1
                && hpa.is_some_and(|hpa| hpa.max_replicas == 6 && hpa.target_percent == Some(50))
                && s.load.as_ref().is_some_and(|load| load.end.is_none())
        })
        .await;
    let snapshot = world.snapshot();
    assert_eq!(snapshot.deployment.as_ref().unwrap().name, APP);
    assert_eq!(snapshot.load.as_ref().unwrap().users_wanted, Some(20));
    let after = file(&attendee, "workshop.yaml").await;
    assert_eq!(documents(&after), documents(&before));
    // Over what is there already it changes nothing.
    kubectl_apply(&world, &after).await;
}

#[tokio::test(start_paused = true)]
async fn each_seat_reads_its_own_and_only_known_names() {
    let world = World::new(2).await;
    let (first, second) = (
        world.attendee().await,
        world.sign_in(&world.seats[1].code).await,
    );
    ok(&first, "/api/deploy", "take_over=false").await;
    let change = "were=%2C%2C10%2C&maximum=4";
    world.until("it is there", |s| s.autoscaler.is_some()).await;
    ok(&first, "/api/change_settings", change).await;
    let name = "keda-scaledobject.yaml?namespace=workshop-user-1&ns=workshop-user-1";
    let other = second.get(&format!("/manifests/{name}")).await;
    assert!(other.body.contains("maxReplicaCount: 10"), "{}", other.body);
    let own = first.get(&format!("/manifests/{name}")).await;
    assert!(own.body.contains("maxReplicaCount: 4"), "{}", own.body);
    for name in [
        "secrets.yaml",
        "..%2Fworkshop.yaml",
        "workshop.yaml%00",
        "WORKSHOP.YAML",
        "webapp-deployment.yaml%22",
    ] {
        let answer = first.get(&format!("/manifests/{name}")).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn reading_the_files_writes_nothing() {
    let world = World::new(1).await;
    let attendee = world.attendee().await;
    file(&attendee, "workshop.yaml").await;
    let account = "system:serviceaccount:workshop-user-1:attendee";
    let events = world.simulator.audit().events();
    let own = events
        .iter()
        .filter(|event| event.impersonated_user.as_deref() == Some(account));
    let verbs: Vec<_> = own.map(|event| event.verb.as_str()).collect();
    assert!(
        !verbs.is_empty() && verbs.iter().all(|verb| *verb == "get"),
        "{verbs:?}"
    );
    let resource = scaled_object_resource();
    let api: Api<DynamicObject> =
        Api::namespaced_with(world.admin(), &world.seats[0].namespace, &resource);
    assert!(
        api.list(&Default::default())
            .await
            .unwrap()
            .items
            .is_empty()
    );
}
