//! Pods that do not come up or do not stay, by what their own Deployment says.

use app::model::Finding;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{ConfigMap, LimitRange, ResourceQuota};
use kube::api::{DeleteParams, ListParams};
use serde_json::json;

use super::Class;

#[tokio::test(start_paused = true)]
async fn variable_from_a_missing_config_map_is_named_and_healed_by_it() {
    let class = Class::deployed().await;
    let env = json!([{ "name": "MODE", "valueFrom": { "configMapKeyRef": { "name": "settings", "key": "mode" } } }]);
    let containers = json!([{ "name": "webapp", "env": env }]);
    let patch = json!({ "spec": { "template": { "spec": { "containers": containers } } } });
    strategic(&class, &patch).await;
    class
        .finds(30, "config error", |f| {
            matches!(f, Finding::ConfigMissing { object, name, .. } if object == "ConfigMap" && name == "settings")
        })
        .await;
    class.finds_one(|f| matches!(f, Finding::ConfigMissing { .. }));
    class
        .create::<ConfigMap>(
            json!({ "metadata": { "name": "settings" }, "data": { "mode": "fast" } }),
        )
        .await;
    class.healed(90).await;
}

#[tokio::test(start_paused = true)]
async fn container_that_its_own_probe_kills_is_told_apart_from_one_that_ends() {
    let class = Class::deployed().await;
    let probe = json!({ "tcpSocket": { "port": 81 }, "periodSeconds": 5, "failureThreshold": 2 });
    let containers = json!([{ "name": "webapp", "livenessProbe": probe }]);
    let patch = json!({ "spec": { "template": { "spec": { "containers": containers } } } });
    strategic(&class, &patch).await;
    class
        .finds(120, "killed by its probe", |f| {
            matches!(f, Finding::CrashLoop { probe: Some(probe), restarts, .. } if probe == "liveness" && *restarts > 0)
        })
        .await;
}

#[tokio::test(start_paused = true)]
async fn namespace_whose_quota_wants_requests_refuses_pods_in_its_words() {
    let class = Class::new().await;
    class
        .api::<LimitRange>()
        .delete_collection(&DeleteParams::default(), &ListParams::default())
        .await
        .unwrap();
    let quota =
        json!({ "metadata": { "name": "memory" }, "spec": { "hard": { "limits.memory": "4Gi" } } });
    class.create::<ResourceQuota>(quota).await;
    let container =
        json!({ "name": "webapp", "image": "tiangolo/uvicorn-gunicorn-fastapi:python3.11" });
    let template = json!({ "metadata": { "labels": { "app": "webapp" } }, "spec": { "containers": [container] } });
    class
        .create::<Deployment>(json!({
            "metadata": { "name": "webapp", "labels": { "app": "webapp" } },
            "spec": { "selector": { "matchLabels": { "app": "webapp" } }, "template": template },
        }))
        .await;
    class
        .finds(30, "refused", |f| {
            matches!(f, Finding::PodsRefused { existing: 0, message, .. }
                if message.contains("failed quota: memory"))
        })
        .await;
    class.finds_one(|f| matches!(f, Finding::PodsRefused { .. }));
}

/// A strategic merge patch: containers are merged by their names.
async fn strategic(class: &Class, patch: &serde_json::Value) {
    let params = kube::api::PatchParams::default();
    let patch = kube::api::Patch::Strategic(patch);
    class
        .api::<Deployment>()
        .patch("webapp", &params, &patch)
        .await
        .unwrap();
}
