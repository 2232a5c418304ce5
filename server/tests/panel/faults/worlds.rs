//! Namespaces with objects of others, and with objects that are half of something: each is told in a sentence, and
//! nothing is lost.

use app::model::{Finding, Notice, Phase};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{Event, Pod};
use serde_json::{Value, json};

use super::Class;

#[expect(
    clippy::needless_pass_by_value,
    reason = "a fixture reads better without references"
)]
fn deployment(name: &str, labels: Value) -> Value {
    let resources = json!({ "requests": { "cpu": "10m" }, "limits": { "cpu": "20m" } });
    let image = "tiangolo/uvicorn-gunicorn-fastapi:python3.11";
    json!({
        "metadata": { "name": name, "labels": labels },
        "spec": {
            "selector": { "matchLabels": { "run": name } },
            "template": {
                "metadata": { "labels": { "run": name } },
                "spec": { "containers": [{ "name": "c", "image": image, "resources": resources }] },
            },
        },
    })
}

#[tokio::test(start_paused = true)]
async fn deployment_without_the_label_is_named_and_taken_once_it_has_it() {
    let class = Class::new().await;
    class
        .create::<Deployment>(deployment("my-app", json!({})))
        .await;
    class
        .finds(
            30,
            "not recognised",
            |f| matches!(f, Finding::NotRecognised { deployments } if *deployments == ["my-app"]),
        )
        .await;
    assert_eq!(class.snapshot().phase, Phase::NotStarted);
    class
        .patch::<Deployment>(
            "my-app",
            &json!({ "metadata": { "labels": { "app": "webapp" } } }),
        )
        .await;
    class
        .within(10, "it is the app", |s| {
            s.deployment.as_ref().is_some_and(|d| d.name == "my-app")
        })
        .await;
    assert_eq!(class.findings(), []);
}

#[tokio::test(start_paused = true)]
async fn what_is_no_part_of_the_workshop_is_told_and_is_no_trouble() {
    let class = Class::deployed().await;
    class
        .create::<Deployment>(deployment("database", json!({ "app": "webapp" })))
        .await;
    class
        .create::<HorizontalPodAutoscaler>(json!({
            "metadata": { "name": "mine" },
            "spec": {
                "maxReplicas": 2,
                "scaleTargetRef": { "apiVersion": "apps/v1", "kind": "Deployment", "name": "database" },
                "metrics": [{ "type": "Resource", "resource": { "name": "cpu", "target": { "type": "Utilization", "averageUtilization": 90 } } }],
            },
        }))
        .await;
    let container = json!({ "name": "c", "image": "tiangolo/uvicorn-gunicorn-fastapi:python3.11", "command": ["sleep", "600"] });
    class
        .create::<Job>(json!({
            "metadata": { "name": "backup" },
            "spec": { "template": { "spec": { "restartPolicy": "Never", "containers": [container] } } },
        }))
        .await;
    class
        .create::<Pod>(
            json!({ "metadata": { "name": "debug" }, "spec": { "containers": [container] } }),
        )
        .await;
    let names = |name: &str| vec![name.to_owned()];
    class
        .within(30, "all four", |s| {
            s.notices
                == [
                    Notice::Deployments {
                        names: names("database"),
                        app: "webapp".to_owned(),
                    },
                    Notice::Autoscaler {
                        name: "mine".to_owned(),
                        target: "database".to_owned(),
                    },
                    Notice::Jobs {
                        names: names("backup"),
                    },
                    Notice::Pods {
                        names: names("debug"),
                    },
                ]
        })
        .await;
    class.stays_quiet(60).await;
    let snapshot = class.snapshot();
    assert_eq!(snapshot.deployment.unwrap().name, "webapp");
    assert_eq!(snapshot.pods.len(), 1);
    assert_eq!(snapshot.load, None);
    // Clean up takes the workshop's objects alone.
    class.press("/api/clean_up", "").await;
    class
        .within(60, "the app is gone", |s| s.scaled_object.is_none())
        .await;
    assert!(class.api::<Pod>().get_opt("debug").await.unwrap().is_some());
    assert!(
        class
            .api::<Job>()
            .get_opt("backup")
            .await
            .unwrap()
            .is_some()
    );
}

#[tokio::test(start_paused = true)]
async fn app_with_an_hpa_of_its_own_is_no_trouble_but_kedas_absence_is_told() {
    let class = Class::new().await;
    class
        .create::<Deployment>(deployment("webapp", json!({ "app": "webapp" })))
        .await;
    class
        .create::<HorizontalPodAutoscaler>(json!({
            "metadata": { "name": "mine" },
            "spec": {
                "maxReplicas": 5,
                "scaleTargetRef": { "apiVersion": "apps/v1", "kind": "Deployment", "name": "webapp" },
                "metrics": [{ "type": "Resource", "resource": { "name": "cpu", "target": { "type": "Utilization", "averageUtilization": 50 } } }],
            },
        }))
        .await;
    let told = Notice::AutoscalerWithoutKeda {
        name: "mine".to_owned(),
    };
    class
        .within(20, "the notice", |s| s.notices.contains(&told))
        .await;
    class.stays_quiet(120).await;
    assert!(class.snapshot().autoscaler.is_some());
}

#[tokio::test(start_paused = true)]
async fn markup_in_an_event_is_shown_as_text() {
    let class = Class::deployed().await;
    let message = "<script>alert(1)</script><img src=x onerror=alert(2)>";
    class
        .create::<Event>(json!({
            "metadata": { "name": "mine.1" },
            "involvedObject": { "kind": "Deployment", "name": "webapp", "namespace": class.namespace() },
            "type": "Warning", "reason": "<b>Bold</b>", "message": message,
            "firstTimestamp": "2026-11-23T09:00:30Z", "lastTimestamp": "2026-11-23T09:00:30Z", "count": 1,
        }))
        .await;
    class
        .within(10, "the event", |_| {
            let history = class.world.published.history(class.namespace()).unwrap();
            history.events.iter().any(|event| event.message == message)
        })
        .await;
    let page = class.attendee.get("/").await.body;
    assert!(page.contains("&lt;script&gt;alert(1)"));
    assert!(!page.contains("<script>alert(1)") && !page.contains("<b>Bold"));
}
