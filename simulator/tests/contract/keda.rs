//! KEDA's admission webhook.

use kube::api::PostParams;
use kube::core::Status;
use serde_json::json;
use simulator::api::ScaledObject;

use super::objects::mk_deployment;
use super::{Place, from_json, refusal};

fn mk_scaled_object(name: &str, min: i32, max: i32) -> ScaledObject {
    from_json(json!({
        "metadata": {"name": name},
        "spec": {
            "scaleTargetRef": {"name": "webapp"}, "minReplicaCount": min, "maxReplicaCount": max,
            "triggers": [{"type": "cpu", "metricType": "Utilization", "metadata": {"value": "60"}}],
        },
    }))
}

/// The same as the API wants it: with its kind.
fn with_kind(object: &ScaledObject) -> serde_json::Value {
    let mut value = serde_json::to_value(object).unwrap();
    value["apiVersion"] = json!("keda.sh/v1alpha1");
    value["kind"] = json!("ScaledObject");
    value
}

async fn create(place: &Place, object: &ScaledObject) -> kube::Result<ScaledObject> {
    let path = format!(
        "/apis/keda.sh/v1alpha1/namespaces/{}/scaledobjects",
        place.namespace
    );
    let request = http::Request::post(path)
        .header("content-type", "application/json")
        .body(serde_json::to_vec(&with_kind(object)).unwrap())
        .unwrap();
    place.client.request(request).await
}

fn assert_denied(status: &Status, why: &str) {
    assert_eq!(status.code, 403);
    assert_eq!(
        status.message,
        format!("admission webhook \"vscaledobject.kb.io\" denied the request: {why}")
    );
}

pub(crate) async fn minimum_zero_is_refused_for_cpu(place: Place) {
    place
        .api()
        .create(&PostParams::default(), &mk_deployment("webapp"))
        .await
        .unwrap();
    let status = refusal(create(&place, &mk_scaled_object("webapp", 0, 10)).await);
    assert_denied(
        &status,
        "scaledobject has only cpu/memory triggers AND minReplica is 0 (scale to zero doesn't work in this case)",
    );
}

pub(crate) async fn container_without_request_is_refused(place: Place) {
    let mut deployment = mk_deployment("webapp");
    let pod = deployment
        .spec
        .as_mut()
        .unwrap()
        .template
        .spec
        .as_mut()
        .unwrap();
    pod.containers[0].resources = None;
    place
        .api()
        .create(&PostParams::default(), &deployment)
        .await
        .unwrap();
    let status = refusal(create(&place, &mk_scaled_object("webapp", 1, 10)).await);
    assert_denied(
        &status,
        "the scaledobject has a cpu trigger but the container webapp doesn't have the cpu request defined",
    );
}

pub(crate) async fn second_scaled_object_is_refused(place: Place) {
    place
        .api()
        .create(&PostParams::default(), &mk_deployment("webapp"))
        .await
        .unwrap();
    create(&place, &mk_scaled_object("webapp", 1, 10))
        .await
        .unwrap();
    let status = refusal(create(&place, &mk_scaled_object("webapp-scaler", 1, 10)).await);
    // The webhook's checks run in no fixed order: the other ScaledObject's HPA may be found first.
    let by_object = "the workload 'webapp' of type 'apps/v1.Deployment' is already managed by the ScaledObject 'webapp'";
    let by_hpa = "the workload 'webapp' of type 'apps/v1.Deployment' is already managed by the hpa 'keda-hpa-webapp'";
    assert_denied(
        &status,
        if status.message.contains("by the hpa") {
            by_hpa
        } else {
            by_object
        },
    );
}

pub(crate) async fn minimum_above_maximum_is_refused(place: Place) {
    place
        .api()
        .create(&PostParams::default(), &mk_deployment("webapp"))
        .await
        .unwrap();
    let status = refusal(create(&place, &mk_scaled_object("webapp", 5, 2)).await);
    assert_denied(
        &status,
        "MinReplicaCount=5 must be less than MaxReplicaCount=2",
    );
}
