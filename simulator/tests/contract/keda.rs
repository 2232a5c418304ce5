//! KEDA's admission webhook.

use std::time::Duration;

use k8s_openapi::api::apps::v1::Deployment;
use kube::api::PostParams;
use kube::core::Status;
use serde_json::{Value, json};
use simulator::api::ScaledObject;

use super::objects::mk_deployment;
use super::raw::MERGE;
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

/// Asks until the webhook refuses an object, which must never be made: it reads from a cache of its own.
async fn ask_until_refused(place: &Place, query: &str, object: &ScaledObject) {
    let path = place.group("keda.sh/v1alpha1", &format!("scaledobjects{query}"));
    while place.post(&path, &with_kind(object)).await.code != 403 {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Makes the app, and waits until the webhook knows it. Of an app that it does not find it says that and nothing else;
/// a dry run looks for none.
async fn make_app(place: &Place, deployment: &Deployment) {
    let made = place.api().create(&PostParams::default(), deployment).await;
    made.unwrap();
    ask_until_refused(place, "", &mk_scaled_object("webapp", 0, 10)).await;
}

fn assert_denied(status: &Status, why: &str) {
    assert_eq!(status.code, 403);
    assert_eq!(
        status.message,
        format!("admission webhook \"vscaledobject.kb.io\" denied the request: {why}")
    );
}

pub(crate) async fn minimum_zero_is_refused_for_cpu(place: Place) {
    make_app(&place, &mk_deployment("webapp")).await;
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
    make_app(&place, &deployment).await;
    let status = refusal(create(&place, &mk_scaled_object("webapp", 1, 10)).await);
    assert_denied(
        &status,
        "the scaledobject has a cpu trigger but the container webapp doesn't have the cpu request defined",
    );
}

pub(crate) async fn second_scaled_object_is_refused(place: Place) {
    make_app(&place, &mk_deployment("webapp")).await;
    create(&place, &mk_scaled_object("webapp", 1, 10))
        .await
        .unwrap();
    let second = mk_scaled_object("webapp-scaler", 1, 10);
    ask_until_refused(&place, "?dryRun=All", &second).await;
    let status = refusal(create(&place, &second).await);
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
    make_app(&place, &mk_deployment("webapp")).await;
    let status = refusal(create(&place, &mk_scaled_object("webapp", 5, 2)).await);
    // A rule of the CRD, which comes before the webhook.
    assert_eq!((status.code, status.reason.as_str()), (422, "Invalid"));
    assert_eq!(
        status.message,
        "ScaledObject.keda.sh \"webapp\" is invalid: spec: Invalid value: minReplicaCount must be less than or equal to maxReplicaCount"
    );
}

/// A ScaledObject for `webapp`, with more in its spec.
fn mk_with(spec: &Value) -> Value {
    let mut object = with_kind(&mk_scaled_object("webapp", 1, 10));
    json_patch::merge(&mut object["spec"], spec);
    object
}

async fn create_webapp(place: &Place) -> String {
    make_app(place, &mk_deployment("webapp")).await;
    place.group("keda.sh/v1alpha1", "scaledobjects")
}

pub(crate) async fn settings_without_meaning_are_warned_of(place: Place) {
    let path = create_webapp(&place).await;
    let object = mk_with(&json!({"pollingInterval": 5, "cooldownPeriod": 60}));
    let made = place.post(&path, &object).await;
    assert_eq!(made.code, 201);
    let polling = "PollingInterval is configured but is not relevant. PollingInterval is only relevant when minReplicaCount = 0 or idleReplicaCount = 0 or useCachedMetrics is enabled";
    let cooldown = "CooldownPeriod is configured but is not relevant. CooldownPeriod is only relevant when minReplicaCount = 0 or idleReplicaCount = 0";
    assert_eq!(made.warnings, [polling, cooldown]);
    let path = format!("{path}/webapp");
    let less = json!({"spec": {"cooldownPeriod": null, "foo": 1}});
    let patched = place.patch(&path, MERGE, &less).await;
    assert_eq!(patched.warnings, ["unknown field \"spec.foo\"", polling]);
    assert_eq!(patched.object()["spec"]["foo"], Value::Null);
    place.patch(&path, MERGE, &json!({"spec": {"minReplicaCount": 0}})).await.refused(
        403,
        "Forbidden",
        "admission webhook \"vscaledobject.kb.io\" denied the request: scaledobject has only cpu/memory triggers AND minReplica is 0 (scale to zero doesn't work in this case)",
    );
}

pub(crate) async fn webhook_names_what_it_misses(place: Place) {
    let path = create_webapp(&place).await;
    let denied = "admission webhook \"vscaledobject.kb.io\" denied the request: ";
    let missing = place
        .post(
            &path,
            &mk_with(&json!({"scaleTargetRef": {"name": "none"}})),
        )
        .await;
    missing.refused(
        404,
        "NotFound",
        &format!("{denied}Deployment.apps \"none\" not found"),
    );
    assert_eq!(
        missing.json()["details"],
        json!({"name": "none", "group": "apps", "kind": "Deployment"})
    );
    let memory =
        json!({"type": "memory", "metricType": "Utilization", "metadata": {"value": "60"}});
    for (spec, why) in [
        (
            json!({"idleReplicaCount": 1}),
            "IdleReplicaCount=1 must be less than MinReplicaCount=1",
        ),
        (
            json!({"triggers": [memory]}),
            "the scaledobject has a memory trigger but the container webapp doesn't have the memory request defined",
        ),
        (
            json!({"fallback": {"failureThreshold": 3, "replicas": 2}}),
            "at least one trigger (that is not cpu or memory) has to have the `AverageValue` type for the fallback to be enabled",
        ),
    ] {
        place.post(&path, &mk_with(&spec)).await.refused(
            403,
            "Forbidden",
            &format!("{denied}{why}"),
        );
    }
}

pub(crate) async fn schema_of_the_custom_resource_is_enforced(place: Place) {
    let path = create_webapp(&place).await;
    let unchecked = "<nil>: Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation";
    let trigger = |value: Value| {
        let mut trigger =
            json!({"type": "cpu", "metricType": "Utilization", "metadata": {"value": "60"}});
        json_patch::merge(&mut trigger, &value);
        json!({"triggers": [trigger]})
    };
    for (spec, error) in [
        (
            json!({"minReplicaCount": "one"}),
            "spec.minReplicaCount: Invalid value: \"string\": spec.minReplicaCount in body must be of type integer: \"string\"",
        ),
        (
            json!({"maxReplicaCount": 1.5}),
            "spec.maxReplicaCount: Invalid value: \"number\": spec.maxReplicaCount in body must be of type integer: \"number\"",
        ),
        (
            trigger(json!({"metadata": {"value": 60}})),
            "spec.triggers[0].metadata.value: Invalid value: \"integer\": spec.triggers[0].metadata.value in body must be of type string: \"integer\"",
        ),
        (
            trigger(json!({"type": null})),
            "spec.triggers[0].type: Required value",
        ),
        (
            trigger(json!({"metadata": null})),
            "spec.triggers[0].metadata: Required value",
        ),
        (json!({"triggers": null}), "spec.triggers: Required value"),
        (
            json!({"scaleTargetRef": null}),
            "spec.scaleTargetRef: Required value",
        ),
        (
            json!({"scaleTargetRef": {"name": null}}),
            "spec.scaleTargetRef.name: Required value",
        ),
    ] {
        let message = format!("ScaledObject.keda.sh \"webapp\" is invalid: [{error}, {unchecked}]");
        place
            .post(&path, &mk_with(&spec))
            .await
            .refused(422, "Invalid", &message);
    }
    place.post(&path, &mk_with(&json!({"triggers": []}))).await.refused(
        422,
        "Invalid",
        "ScaledObject.keda.sh \"webapp\" is invalid: spec.triggers: Invalid value: 0: spec.triggers in body should have at least 1 items",
    );
    let mut other = mk_with(&json!({}));
    other["kind"] = json!("ScaledJob");
    place.post(&path, &other).await.refused(
        422,
        "Invalid",
        "ScaledJob.keda.sh \"webapp\" is invalid: kind: Invalid value: \"ScaledJob\": must be ScaledObject",
    );
}

pub(crate) async fn unknown_fields_of_a_custom_resource_are_pruned(place: Place) {
    let path = create_webapp(&place).await;
    let mut object = mk_with(&json!({"foo": 1, "scaleTargetRef": {"bar": 1}}));
    object["spec"]["triggers"][0]["zip"] = json!(1);
    object["zap"] = json!(1);
    let fields = [
        "spec.foo",
        "spec.scaleTargetRef.bar",
        "spec.triggers[0].zip",
        "zap",
    ]
    .map(|field| format!("unknown field \"{field}\""));
    place.post(&format!("{path}?fieldValidation=Strict"), &object).await.refused(
        400,
        "BadRequest",
        &format!("ScaledObject in version \"v1alpha1\" cannot be handled as a ScaledObject: strict decoding error: {}", fields.join(", ")),
    );
    let made = place.post(&format!("{path}?dryRun=All"), &object).await;
    assert_eq!(made.warnings, fields);
    let made = made.object();
    assert_eq!(made["spec"], mk_with(&json!({}))["spec"]);
    assert_eq!(made["zap"], Value::Null);
}
