//! Autoscaling that is paused, doubled, without a target, or set back by hand.

use app::model::{Explanation, Finding};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use k8s_openapi::api::core::v1::{LimitRange, ResourceQuota};
use kube::Api;
use kube::api::{DeleteParams, DynamicObject, ListParams, Patch, PatchParams};
use serde_json::{Value, json};
use server::workshop::manifests::scaled_object_resource;

use super::{Class, LOAD};

async fn annotate(class: &Class, annotations: Value) {
    let resource = scaled_object_resource();
    let api: Api<DynamicObject> =
        Api::namespaced_with(class.world.admin(), class.namespace(), &resource);
    let patch = json!({ "metadata": { "annotations": annotations } });
    api.patch("webapp", &PatchParams::default(), &Patch::Merge(patch))
        .await
        .unwrap();
}

#[tokio::test(start_paused = true)]
async fn paused_scaled_object_is_named_with_its_annotation() {
    for (annotation, value) in [
        ("autoscaling.keda.sh/paused", "true"),
        ("autoscaling.keda.sh/paused-replicas", "0"),
    ] {
        let class = Class::deployed().await;
        annotate(&class, json!({ annotation: value })).await;
        class
            .finds(10, "paused", |f| {
                matches!(f, Finding::ScaledObjectPaused { annotation: told, .. } if told == annotation)
            })
            .await;
        class.within(10, "no HPA", |s| s.autoscaler.is_none()).await;
        tokio::time::sleep(std::time::Duration::from_secs(30)).await;
        class.finds_one(|f| matches!(f, Finding::ScaledObjectPaused { .. }));
        annotate(&class, json!({ annotation: null })).await;
        class
            .within(10, "no finding", |s| {
                s.findings
                    .iter()
                    .all(|f| !matches!(f, Finding::ScaledObjectPaused { .. }))
            })
            .await;
    }
}

#[tokio::test(start_paused = true)]
async fn second_hpa_on_the_app_is_named_with_both_names() {
    let class = Class::deployed().await;
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
    let both = ["keda-hpa-webapp", "mine"];
    class
        .finds(
            20,
            "two",
            |f| matches!(f, Finding::TwoAutoscalers { names, .. } if *names == both),
        )
        .await;
    tokio::time::sleep(std::time::Duration::from_secs(200)).await;
    class.finds_one(|f| matches!(f, Finding::TwoAutoscalers { .. }));
    class
        .api::<HorizontalPodAutoscaler>()
        .delete("mine", &DeleteParams::default())
        .await
        .unwrap();
    class.healed(60).await;
}

#[tokio::test(start_paused = true)]
async fn deployment_that_was_set_to_zero_is_named_and_healed_by_one() {
    let class = Class::deployed().await;
    class
        .patch::<Deployment>("webapp", &json!({ "spec": { "replicas": 0 } }))
        .await;
    class
        .finds(
            10,
            "zero",
            |f| matches!(f, Finding::ScaledToZero { name } if name == "webapp"),
        )
        .await;
    tokio::time::sleep(std::time::Duration::from_secs(120)).await;
    class.finds_one(|f| matches!(f, Finding::ScaledToZero { .. }));
    assert_eq!(class.snapshot().explanation, Explanation::Disabled);
    class
        .patch::<Deployment>("webapp", &json!({ "spec": { "replicas": 1 } }))
        .await;
    class.healed(60).await;
}

#[tokio::test(start_paused = true)]
async fn apply_with_replicas_in_the_manifest_is_told_from_the_hpas_own_step_down() {
    let class = Class::deployed().await;
    class.press("/api/start_load", LOAD).await;
    class.within(240, "some pods", |s| s.ready() >= 4).await;
    let from = class.snapshot().asked();
    class
        .patch::<Deployment>("webapp", &json!({ "spec": { "replicas": 1 } }))
        .await;
    class
        .finds(
            10,
            "set back",
            |f| matches!(f, Finding::SetBack { to: 1, by, .. } if by == "kubectl"),
        )
        .await;
    assert!(from >= 4);
    class
        .within(200, "it is forgotten", |s| s.findings.is_empty())
        .await;
}

#[tokio::test(start_paused = true)]
async fn scaled_object_of_a_deployment_that_was_deleted_is_named() {
    let class = Class::deployed().await;
    class
        .api::<Deployment>()
        .delete("webapp", &DeleteParams::background())
        .await
        .unwrap();
    class
        .finds(30, "no target", |f| {
            matches!(f, Finding::TargetMissing { name, target } if name == "webapp" && target == "webapp")
        })
        .await;
    class.finds_one(|f| matches!(f, Finding::TargetMissing { .. }));
}

#[tokio::test(start_paused = true)]
async fn scaled_object_with_the_type_that_keda_has_removed_is_told_in_its_words() {
    let class = Class::deployed().await;
    let resource = scaled_object_resource();
    let api: Api<DynamicObject> =
        Api::namespaced_with(class.world.admin(), class.namespace(), &resource);
    let triggers = json!([{ "type": "cpu", "metadata": { "type": "Utilization", "value": "60" } }]);
    let patch = json!({ "spec": { "triggers": triggers } });
    api.patch("webapp", &PatchParams::default(), &Patch::Merge(patch))
        .await
        .unwrap();
    class
        .finds(30, "not accepted", |f| {
            matches!(f, Finding::ScaledObjectNotReady { name, message } if name == "webapp" && !message.is_empty())
        })
        .await;
}

#[tokio::test(start_paused = true)]
async fn container_without_a_request_is_named_at_the_first_look() {
    let class = Class::deployed().await;
    // The seat's LimitRange would fill a request in, and its quota wants one.
    class
        .api::<ResourceQuota>()
        .delete_collection(&DeleteParams::default(), &ListParams::default())
        .await
        .unwrap();
    class
        .api::<LimitRange>()
        .delete_collection(&DeleteParams::default(), &ListParams::default())
        .await
        .unwrap();
    // A sidecar that somebody added: the webhook checks a ScaledObject, not a Deployment.
    let containers = json!([
        { "name": "webapp", "image": "tiangolo/uvicorn-gunicorn-fastapi:python3.11", "resources": { "requests": { "cpu": "50m" } } },
        { "name": "sidecar", "image": "tiangolo/uvicorn-gunicorn-fastapi:python3.11" },
    ]);
    class
        .patch::<Deployment>(
            "webapp",
            &json!({ "spec": { "template": { "spec": { "containers": containers } } } }),
        )
        .await;
    class
        .finds(
            90,
            "no request",
            |f| matches!(f, Finding::NoCpuRequest { container, .. } if container == "sidecar"),
        )
        .await;
    class.finds_one(|f| matches!(f, Finding::NoCpuRequest { .. }));
}
