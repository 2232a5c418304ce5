//! Settings on a running workshop: through the route, with the attendee's rights, on the simulator.

mod owners;

use crate::world::{self, Browser, World};
use http::StatusCode;
use http::header::ACCEPT;
use k8s_openapi::api::apps::v1::Deployment;
use kube::Api;
use kube::api::{ApiResource, DynamicObject, Patch, PatchParams};
use serde_json::{Value, json};
use server::workshop::manifests::scaled_object_resource;

const PATH: &str = "/api/change_settings";
const NAMES: [&str; 8] = [
    "target",
    "minimum",
    "maximum",
    "window_s",
    "cpu_request_m",
    "cpu_limit_m",
    "memory_request_mi",
    "memory_limit_mi",
];
const DEFAULTS: &str = "60,1,10,80,50,100,64,256";

/// The form as it was filled in from `were`, with some fields changed.
fn form(were: &str, changes: &[(&str, &str)]) -> String {
    let mut form = format!("were={}", were.replace(',', "%2C"));
    for (name, value) in NAMES.into_iter().zip(were.split(',')) {
        let changed = changes.iter().find(|(changed, _)| *changed == name);
        let value = changed.map_or(value, |(_, value)| value);
        form.push_str(&format!("&{name}={value}"));
    }
    form
}

/// What a refusal holds for the form alone.
fn opened(sealed: &Value) -> Value {
    serde_json::from_str(sealed.as_str().unwrap()).unwrap()
}

async fn change(browser: &Browser, changes: &[(&str, &str)]) -> Value {
    let answer = browser.post(PATH, &form(DEFAULTS, changes)).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    answer.json()
}

/// Deployed, with its HPA and one pod ready.
async fn deployed() -> (World, Browser) {
    let world = World::new(1).await;
    let attendee = world.attendee().await;
    let answer = attendee.post("/api/deploy", "take_over=false").await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    world
        .until("it runs", |s| s.ready() == 1 && s.autoscaler.is_some())
        .await;
    (world, attendee)
}

fn scaled_objects(world: &World) -> Api<DynamicObject> {
    let resource = scaled_object_resource();
    Api::namespaced_with(world.admin(), &world.seats[0].namespace, &resource)
}

fn deployments(world: &World) -> Api<DynamicObject> {
    let resource = ApiResource::erase::<Deployment>(&());
    Api::namespaced_with(world.admin(), &world.seats[0].namespace, &resource)
}

/// What `kubectl apply --server-side --force-conflicts` does.
async fn kubectl(api: &Api<DynamicObject>, object: &Value) {
    let name = object["metadata"]["name"].as_str().unwrap();
    let params = PatchParams::apply("kubectl").force();
    api.patch(name, &params, &Patch::Apply(object))
        .await
        .unwrap();
}

fn scaled_object(name: &str, spec: &Value) -> Value {
    json!({
        "apiVersion": "keda.sh/v1alpha1",
        "kind": "ScaledObject",
        "metadata": { "name": name },
        "spec": spec,
    })
}

fn own_spec(maximum: u32) -> Value {
    json!({
        "scaleTargetRef": { "name": "shop" },
        "minReplicaCount": 1,
        "maxReplicaCount": maximum,
        "triggers": [{ "type": "cpu", "metricType": "Utilization", "metadata": { "value": "70" } }],
    })
}

/// Files of an attendee's own, with names of their own.
async fn own_files(world: &World) {
    let labels = json!({ "run": "shop" });
    let resources = json!({
        "requests": { "cpu": "60m", "memory": "64Mi" },
        "limits": { "cpu": "120m", "memory": "256Mi" },
    });
    let container = json!({
        "name": "web",
        "image": "tiangolo/uvicorn-gunicorn-fastapi:python3.11",
        "env": [{ "name": "WEB_CONCURRENCY", "value": "1" }],
        "resources": resources,
    });
    let deployment = json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": { "name": "shop" },
        "spec": {
            "selector": { "matchLabels": labels },
            "template": { "metadata": { "labels": labels }, "spec": { "containers": [container] } },
        },
    });
    kubectl(&deployments(world), &deployment).await;
    let spec = own_spec(3);
    kubectl(&scaled_objects(world), &scaled_object("shop-scaler", &spec)).await;
    world
        .until("the own files are seen", |s| {
            s.autoscaler.is_some() && s.deployment.is_some()
        })
        .await;
}

#[tokio::test(start_paused = true)]
async fn change_reaches_the_hpa_and_touches_no_other_object() {
    let (world, attendee) = deployed().await;
    let before = deployments(&world).get("webapp").await.unwrap();
    let done = change(
        &attendee,
        &[("maximum", "4"), ("target", "50"), ("window_s", "30")],
    )
    .await;
    world
        .until("the HPA took it", |s| {
            let hpa = s.autoscaler.as_ref();
            hpa.is_some_and(|hpa| {
                hpa.max_replicas == 4
                    && hpa.target_percent == Some(50)
                    && hpa.rules.down_window_s == 30
            })
        })
        .await;
    let acts = done["acts"].as_array().unwrap();
    assert_eq!(acts.len(), 1, "{done}");
    assert_eq!(acts[0]["kind"], "ScaledObject");
    assert_eq!(acts[0]["manager"], "workshop-panel");
    let command = acts[0]["command"].as_str().unwrap();
    assert!(command.starts_with("kubectl patch scaledobject webapp -n workshop-user-1"));
    assert_eq!(done["finished"], true);
    let after = deployments(&world).get("webapp").await.unwrap();
    assert_eq!(before.metadata.generation, after.metadata.generation);
    // All of its own fields are still the panel's.
    let object = scaled_objects(&world).get("webapp").await.unwrap();
    assert_eq!(object.data["spec"]["minReplicaCount"], 1);
    assert_eq!(object.data["spec"]["pollingInterval"], 5);
    assert_eq!(object.metadata.labels.unwrap().len(), 2, "KEDA's and ours");
}

#[tokio::test(start_paused = true)]
async fn change_of_requests_makes_new_pods() {
    let (world, attendee) = deployed().await;
    let first = world.snapshot().pods[0].name.clone();
    let done = change(
        &attendee,
        &[("cpu_request_m", "80"), ("memory_limit_mi", "300")],
    )
    .await;
    assert_eq!(
        done["acts"][0]["command"],
        "kubectl set resources deployment webapp -n workshop-user-1 -c webapp --requests=cpu=80m --limits=memory=300Mi"
    );
    world
        .until("a new pod runs", |s| {
            s.ready() == 1 && s.pods.len() == 1 && s.pods[0].name != first
        })
        .await;
    let snapshot = world.snapshot();
    let app = snapshot.deployment.as_ref().unwrap();
    assert_eq!(app.cpu_request_m, Some(80));
    assert_eq!(app.memory_limit_mi, Some(300));
    assert_eq!(app.memory_request_mi, Some(64), "it was not asked for");
}

#[tokio::test(start_paused = true)]
async fn bad_values_are_told_by_field_and_nothing_is_written() {
    let (world, attendee) = deployed().await;
    let version = |object: DynamicObject| object.metadata.generation;
    let before = version(scaled_objects(&world).get("webapp").await.unwrap());
    for (changes, told) in [
        (&[("maximum", "")][..], "Maximum is empty"),
        (&[("maximum", "-3")], "not “-3”"),
        (&[("maximum", "1e9")], "not “1e9”"),
        (
            &[("maximum", "999999999999999999999")],
            "Maximum must be 1 to 50.",
        ),
        (&[("minimum", "0")], "Minimum must be 1 to 50."),
        (
            &[("minimum", "11")],
            "Maximum must be at least the minimum, 11.",
        ),
        (&[("target", "60%25")], "not “60%”"),
        (&[("target", "%3Cscript%3E")], "not “<script>”"),
        (&[("target", "200")], "nothing would ever scale"),
        (
            &[("window_s", "3601")],
            "Scale-down window must be 0 to 3,600.",
        ),
        (&[("cpu_request_m", "0.5")], "not “0.5”"),
        (
            &[("cpu_limit_m", "40")],
            "CPU limit must be at least the request, 50m.",
        ),
        (
            &[("memory_limit_mi", "32")],
            "Memory limit must be at least the request, 64Mi.",
        ),
        (
            &[("cpu_request_m", "4000"), ("cpu_limit_m", "4000")],
            "quota workshop has room for",
        ),
        (&[], "Nothing is changed in the form."),
    ] {
        let answer = attendee.post(PATH, &form(DEFAULTS, changes)).await;
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        assert_eq!(answer.status, status, "{changes:?}: {}", answer.body);
        let error: app::Error = serde_json::from_str(&answer.body).unwrap();
        let sentence = app::words::error(&error);
        assert!(sentence.contains(told), "{changes:?}: {sentence}");
    }
    // Several at once are all told.
    let both = form(DEFAULTS, &[("target", "x"), ("window_s", "y")]);
    let body = attendee.post(PATH, &both).await.body;
    let error: app::Error = serde_json::from_str(&body).unwrap();
    let sentence = app::words::error(&error);
    assert!(
        sentence.contains("“x”") && sentence.contains("“y”"),
        "{sentence}"
    );
    let after = version(scaled_objects(&world).get("webapp").await.unwrap());
    assert_eq!(before, after);
}

#[tokio::test(start_paused = true)]
async fn more_pods_than_the_quota_has_room_for_are_told_beforehand() {
    let (_world, attendee) = deployed().await;
    let done = change(&attendee, &[("maximum", "50")]).await;
    let room = done["room"].as_u64().unwrap();
    assert!((10..50).contains(&room), "{done}");
}

#[tokio::test(start_paused = true)]
async fn what_has_no_place_is_told() {
    let world = World::new(1).await;
    let attendee = world.attendee().await;
    let answer = attendee
        .post(PATH, &form(DEFAULTS, &[("maximum", "4")]))
        .await;
    assert_eq!(answer.status, StatusCode::CONFLICT);
    assert_eq!(
        answer.refusal().1["message"],
        "Nothing is deployed yet. Deploy first."
    );
    own_files(&world).await;
    let params = kube::api::DeleteParams::background();
    let api = scaled_objects(&world);
    api.delete("shop-scaler", &params).await.unwrap();
    let name = "app.kubernetes.io/part-of";
    let label = json!({ "metadata": { "labels": { "app": "webapp", name: null } } });
    deployments(&world)
        .patch("shop", &PatchParams::default(), &Patch::Merge(&label))
        .await
        .unwrap();
    world
        .until("the ScaledObject is gone", |s| {
            s.scaled_object.is_none() && s.deployment.is_some()
        })
        .await;
    let answer = attendee
        .post(PATH, &form(",,,,60,120,64,256", &[("maximum", "4")]))
        .await;
    let error: app::Error = serde_json::from_str(&answer.body).unwrap();
    let sentence = app::words::error(&error);
    assert!(sentence.contains("there is no ScaledObject"), "{sentence}");
}

#[tokio::test(start_paused = true)]
async fn settings_are_changed_as_the_attendee_in_no_other_seat_and_not_after_the_class() {
    let world = World::new(2).await;
    let (first, second) = (
        world.attendee().await,
        world.sign_in(&world.seats[1].code).await,
    );
    first.post("/api/deploy", "take_over=false").await;
    world.until("it is there", |s| s.autoscaler.is_some()).await;
    let wanted = format!(
        "{}&namespace=workshop-user-1",
        form(DEFAULTS, &[("maximum", "4")])
    );
    let answer = second.post(PATH, &wanted).await;
    assert_eq!(answer.status, StatusCode::CONFLICT, "nothing is there");
    change(&first, &[("maximum", "4")]).await;
    let writes = world.simulator.audit().events();
    let mut writes = writes.iter().filter(|event| {
        event.user == "system:serviceaccount:workshop:panel"
            && event.verb == "patch"
            && event.namespace == "workshop-user-1"
    });
    let account = "system:serviceaccount:workshop-user-1:attendee";
    assert!(writes.all(|write| write.impersonated_user.as_deref() == Some(account)));

    let instructor = world.sign_in(&world.instructor).await;
    instructor
        .post("/api/set_class_phase", "phase=read_only")
        .await;
    let answer = first.post(PATH, &form(DEFAULTS, &[("maximum", "9")])).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN, "{}", answer.body);
}

#[tokio::test(start_paused = true)]
async fn without_scripts_a_refusal_comes_back_with_all_that_was_typed() {
    let (_world, mut attendee) = deployed().await;
    attendee
        .headers
        .insert(ACCEPT, "text/html,application/xhtml+xml".parse().unwrap());
    attendee
        .headers
        .insert("referer", "https://workshop.example.org/".parse().unwrap());
    let wanted = form(DEFAULTS, &[("maximum", "many"), ("window_s", "45")]);
    let answer = attendee.post(PATH, &wanted).await;
    assert_eq!(answer.status, StatusCode::FOUND);
    let to = answer.location().to_owned();
    let page = attendee
        .get(to.strip_prefix("https://workshop.example.org").unwrap())
        .await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.body.contains("not “many”"), "the sentence");
    for typed in ["value=\"many\"", "value=\"45\""] {
        assert!(page.body.contains(typed), "{typed}");
    }
}

#[tokio::test(start_paused = true)]
async fn fields_without_effect_are_shown_as_they_stand() {
    let (world, attendee) = deployed().await;
    let shown = async |seconds: &str| {
        let page = attendee.get("/?tab=settings").await.body;
        assert!(page.contains(&format!("value=\"{seconds}\"")), "{page}");
        page
    };
    shown("5 s").await;
    let page = shown("60 s").await;
    assert!(!page.contains("own value"), "{page}");

    let spec = json!({ "pollingInterval": 20, "cooldownPeriod": null });
    scaled_objects(&world)
        .patch(
            "webapp",
            &PatchParams::default(),
            &Patch::Merge(json!({ "spec": spec })),
        )
        .await
        .unwrap();
    world
        .until("the change is seen", |s| {
            let there = s.scaled_object.as_ref();
            there.is_some_and(|there| there.polling_interval_s == Some(20))
        })
        .await;
    shown("20 s").await;
    let page = shown("300 s").await;
    assert_eq!(
        page.matches("own value, as none is set").count(),
        1,
        "{page}"
    );
}
