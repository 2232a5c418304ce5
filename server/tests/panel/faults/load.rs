//! Loads that do not do what they were started for, each by a Job or a Service that is wrong.

use app::model::{Finding, LoadOutcome, LoadStage, Snapshot};
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{ConfigMap, Service};
use kube::api::DeleteParams;
use serde_json::{Value, json};
use server::workshop::manifests;

use super::{Class, LOAD};

/// An attendee's own load of a minute, with what is wrong in it merged into its container.
fn own_job(container: &Value, run_time: &str) -> Value {
    let mut own = json!({
        "name": "locust",
        "image": "locustio/locust:2.32.2",
        "env": [{ "name": "NAMESPACE", "valueFrom": { "fieldRef": { "fieldPath": "metadata.namespace" } } }],
        "args": ["-f", "/mnt/locust/locustfile.py", "--headless", "-u", "20", "-r", "10", "--run-time", run_time],
        "volumeMounts": [{ "name": "code", "mountPath": "/mnt/locust" }],
        "resources": { "requests": { "cpu": "50m" }, "limits": { "cpu": "400m" } },
    });
    for (key, value) in container.as_object().unwrap() {
        own[key] = value.clone();
    }
    json!({
        "metadata": { "name": "my-load" },
        "spec": { "backoffLimit": 0, "template": { "spec": {
            "restartPolicy": "Never",
            "containers": [own],
            "volumes": [{ "name": "code", "configMap": { "name": "my-locustfile" } }],
        } } },
    })
}

/// The panel's own locustfile as a file of the attendee's; with kept connections it has no `Connection: close`.
async fn locustfile(class: &Class, service: &str, keep_alive: bool) {
    let own = manifests::locustfile(service, 26);
    let text = own.data["data"]["locustfile.py"].as_str().unwrap();
    let close = ", headers={\"Connection\": \"close\"}";
    let text = if keep_alive {
        text.replace(close, "")
    } else {
        text.to_owned()
    };
    assert_eq!(text.contains("Connection"), !keep_alive);
    let map = json!({ "metadata": { "name": "my-locustfile" }, "data": { "locustfile.py": text } });
    class.create::<ConfigMap>(map).await;
}

fn ended(snapshot: &Snapshot) -> bool {
    let load = snapshot.load.as_ref();
    load.is_some_and(|load| load.stage == LoadStage::Ended)
}

/// The load is on, and the app answers it.
async fn users_are_answered(class: &Class) {
    class
        .within(60, "users", |s| {
            s.load
                .as_ref()
                .is_some_and(|l| l.figures.is_some_and(|f| f.requests > 20))
        })
        .await;
}

/// The app's Service leads to the pods with this label.
async fn leads_to(class: &Class, app: &str) {
    let selector = json!({ "spec": { "selector": { "app": app } } });
    class.patch::<Service>("webapp", &selector).await;
}

#[tokio::test(start_paused = true)]
async fn load_that_fails_at_once_is_told_as_failed() {
    let class = Class::deployed().await;
    class.break_seat("load-fails").await;
    class
        .within(30, "failed", |s| {
            let end = s.load.as_ref().and_then(|load| load.end.as_ref());
            end.is_some_and(|end| matches!(end.outcome, LoadOutcome::Failed { .. }))
        })
        .await;
    class.finds_one(|f| {
        matches!(
            f,
            Finding::LoadCannotStart {
                service_link: false,
                ..
            }
        )
    });
    // There is a load now.
    class.mend().await;
    class.healed(60).await;
    class.press("/api/start_load", LOAD).await;
}

#[tokio::test(start_paused = true)]
async fn variable_of_a_service_that_locust_takes_for_an_option_is_named() {
    let class = Class::deployed().await;
    locustfile(&class, "webapp", false).await;
    // What Kubernetes sets for a Service whose name makes it an option of Locust.
    let env = json!({ "env": [{ "name": "LOCUST_USERS", "value": "tcp://10.96.0.7:80" }], "args": ["-f", "/mnt/locust/locustfile.py", "--headless"] });
    class.create::<Job>(own_job(&env, "60s")).await;
    class
        .finds(60, "service links", |f| {
            matches!(f, Finding::LoadCannotStart { job, service_link: true, error: Some(error) }
                if job == "my-load" && error.contains("invalid int value: 'tcp://"))
        })
        .await;
    class.finds_one(|f| matches!(f, Finding::LoadCannotStart { .. }));
}

#[tokio::test(start_paused = true)]
async fn load_on_a_service_that_is_not_there_fails_as_a_whole() {
    let class = Class::deployed().await;
    locustfile(&class, "wepapp", false).await;
    class.create::<Job>(own_job(&json!({}), "60s")).await;
    class
        .finds(60, "all fails", |f| {
            matches!(f, Finding::LoadAllFails { job, requests, .. } if job == "my-load" && *requests >= 20)
        })
        .await;
    // Locust names the reason at its end; without LOCUST_EXIT_CODE_ON_ERROR the Job fails, which is no second trouble.
    class.within(120, "the end", ended).await;
    class.finds_one(|f| {
        matches!(f, Finding::LoadAllFails { error: Some(error), .. } if error.contains("Name or service not known"))
    });
    tokio::time::sleep(std::time::Duration::from_secs(200)).await;
    assert_eq!(class.findings(), [], "an end is told of for three minutes");
}

#[tokio::test(start_paused = true)]
async fn load_without_a_service_is_refused_and_that_is_one_trouble() {
    let class = Class::deployed().await;
    class.press("/api/start_load", LOAD).await;
    users_are_answered(&class).await;
    leads_to(&class, "nothing").await;
    class
        .finds(60, "all fails", |f| {
            matches!(f, Finding::LoadAllFails { .. })
        })
        .await;
    assert_eq!(class.findings().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn job_that_fails_though_the_load_ran_is_told_with_its_reason() {
    let class = Class::deployed().await;
    locustfile(&class, "webapp", false).await;
    class.create::<Job>(own_job(&json!({}), "60s")).await;
    users_are_answered(&class).await;
    // One moment without the app is enough for one failed request.
    leads_to(&class, "nothing").await;
    tokio::time::sleep(std::time::Duration::from_secs(3)).await;
    leads_to(&class, "webapp").await;
    class.within(120, "the end", ended).await;
    class.finds_one(|f| {
        matches!(f, Finding::LoadFailedAfterRun { reason, requests, failures, .. }
            if reason == "exit code 1" && requests > failures && *failures > 0)
    });
}

#[tokio::test(start_paused = true)]
async fn pod_that_was_left_by_its_job_is_named_until_it_is_stopped() {
    let class = Class::deployed().await;
    class.press("/api/start_load", LOAD).await;
    class
        .within(60, "users", |s| {
            s.load
                .as_ref()
                .is_some_and(|l| l.stage == LoadStage::Running)
        })
        .await;
    let params = DeleteParams {
        propagation_policy: Some(kube::api::PropagationPolicy::Orphan),
        ..DeleteParams::default()
    };
    class
        .api::<Job>()
        .delete("locust-headless", &params)
        .await
        .unwrap();
    class
        .finds(
            30,
            "an orphan",
            |f| matches!(f, Finding::LoadOrphaned { pod } if pod.starts_with("locust-headless-")),
        )
        .await;
    class.press("/api/stop_load", "foreign=false").await;
    let is_app = |pod: &app::model::PodState| pod.role == app::model::PodRole::App;
    class
        .within(60, "no load pod", |s| s.pods.iter().all(is_app))
        .await;
    assert_eq!(class.findings(), []);
}

#[tokio::test(start_paused = true)]
async fn load_that_goes_on_past_its_time_is_named() {
    let class = Class::deployed().await;
    locustfile(&class, "webapp", false).await;
    let sleeps = json!({ "command": ["sh", "-c", "sleep 600 && locust --headless --run-time 60s"], "args": [] });
    class.create::<Job>(own_job(&sleeps, "60s")).await;
    class.stays_quiet(80).await;
    class
        .finds(
            60,
            "past its time",
            |f| matches!(f, Finding::LoadPastTime { job, .. } if job == "my-load"),
        )
        .await;
    class.press("/api/stop_load", "foreign=true").await;
    class
        .within(60, "stopped", |s| ended(s) && s.findings.is_empty())
        .await;
}

#[tokio::test(start_paused = true)]
async fn kept_connections_leave_one_pod_hot() {
    let class = Class::deployed().await;
    locustfile(&class, "webapp", true).await;
    let args = json!({ "args": ["-f", "/mnt/locust/locustfile.py", "--headless", "-u", "30", "-r", "30", "--run-time", "300s"] });
    class.create::<Job>(own_job(&args, "300s")).await;
    class
        .finds(200, "one hot pod", |f| {
            matches!(f, Finding::OneHotPod { percent, idle, .. } if *percent >= 180 && *idle >= 1)
        })
        .await;
    class.press("/api/stop_load", "foreign=true").await;
    class.within(60, "quiet", |s| s.findings.is_empty()).await;
}
