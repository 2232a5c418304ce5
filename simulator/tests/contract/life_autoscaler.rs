//! The life of a ScaledObject and of the HorizontalPodAutoscaler that KEDA makes of it.

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use kube::ResourceExt;
use kube::api::{DeleteParams, PostParams};
use serde_json::{Value, json};
use simulator::api::ScaledObject;

use super::Place;
use super::life::{
    becomes, condition, gone, make_settings, merge, messages, mk_sleeper, needs_settings, says,
    told,
};

const HPA: &str = "keda-hpa-webapp";

fn cpu() -> Value {
    json!({"type": "cpu", "metricType": "Utilization", "metadata": {"value": "60"}})
}

async fn deploy(place: &Place) {
    let api = place.api::<Deployment>();
    let deployment = mk_sleeper(1, &json!({}));
    api.create(&PostParams::default(), &deployment)
        .await
        .unwrap();
    // KEDA's webhook reads Deployments from a cache of its own, which lags behind a little.
    available(place).await;
}

async fn available(place: &Place) {
    becomes(place, "webapp", 50, "a pod", |d: &Deployment| {
        d.status.as_ref().unwrap().available_replicas == Some(1)
    })
    .await;
}

/// A pod without CPU samples before [`make_settings`], however slow the cluster is.
async fn deploy_without_settings(place: &Place) {
    let template = json!({"metadata": {"labels": {"app": "webapp"}}, "spec": needs_settings()});
    place
        .api::<Deployment>()
        .create(
            &PostParams::default(),
            &mk_sleeper(1, &json!({"template": template})),
        )
        .await
        .unwrap();
    let waits = "configmap \"settings\" not found";
    told(place, 30, ("Pod", "webapp"), "FailedMount", waits).await;
}

/// A ScaledObject of `webapp`; `more` goes into its spec.
async fn scale(place: &Place, more: &Value) {
    let mut object = json!({
        "apiVersion": "keda.sh/v1alpha1", "kind": "ScaledObject",
        "metadata": {"name": "webapp"},
        "spec": {"scaleTargetRef": {"name": "webapp"}, "minReplicaCount": 1, "maxReplicaCount": 5,
            "pollingInterval": 5, "triggers": [cpu()]},
    });
    for (key, value) in more.as_object().unwrap() {
        object["spec"][key] = value.clone();
    }
    let path = format!(
        "/apis/keda.sh/v1alpha1/namespaces/{}/scaledobjects",
        place.namespace
    );
    let request = http::Request::post(path)
        .header("content-type", "application/json")
        .body(serde_json::to_vec(&object).unwrap())
        .unwrap();
    place.client.request::<Value>(request).await.unwrap();
    ready(place).await;
}

async fn ready(place: &Place) -> ScaledObject {
    becomes(
        place,
        "webapp",
        20,
        "a ready ScaledObject",
        |object: &ScaledObject| {
            says(object, "Ready", "True", "ScaledObjectReady")
                && says(object, "Active", "True", "ScalerActive")
                && says(object, "Fallback", "False", "NoFallbackFound")
        },
    )
    .await
}

async fn annotate(place: &Place, key: &str, value: Option<&str>) {
    let key = format!("autoscaling.keda.sh/{key}");
    let patch = json!({"metadata": {"annotations": {key: value}}});
    merge(&place.api::<ScaledObject>(), "webapp", &patch).await;
}

async fn hpa(place: &Place) -> HorizontalPodAutoscaler {
    becomes(place, HPA, 20, "an HPA", |_: &HorizontalPodAutoscaler| true).await
}

pub(crate) async fn autoscaler_is_made_of_the_scaled_object(place: Place) {
    deploy(&place).await;
    let memory =
        json!({"type": "memory", "metricType": "AverageValue", "metadata": {"value": "100Mi"}});
    scale(&place, &json!({"triggers": [cpu(), memory]})).await;
    let object = ready(&place).await;
    let hpa = hpa(&place).await;
    let spec = serde_json::to_value(hpa.spec.clone().unwrap()).unwrap();
    assert_eq!(
        spec["metrics"],
        json!([
            {"type": "Resource", "resource": {"name": "cpu",
                "target": {"type": "Utilization", "averageUtilization": 60}}},
            {"type": "Resource", "resource": {"name": "memory",
                "target": {"type": "AverageValue", "averageValue": "100Mi"}}},
        ])
    );
    assert_eq!(
        (&spec["minReplicas"], &spec["maxReplicas"]),
        (&json!(1), &json!(5))
    );
    assert_eq!(hpa.labels()["scaledobject.keda.sh/name"], "webapp");
    assert_eq!(
        hpa.labels()["app.kubernetes.io/managed-by"],
        "keda-operator"
    );
    assert_eq!(Some(&hpa.owner_references()[0].uid), object.uid().as_ref());
    assert_eq!(object.finalizers(), ["finalizer.keda.sh"]);
    let status = serde_json::to_value(object.status.unwrap()).unwrap();
    assert_eq!(status["hpaName"], HPA);
    assert_eq!(status["originalReplicaCount"], 1);
    assert_eq!(status["resourceMetricNames"], json!(["cpu", "memory"]));
    assert_eq!(status["scaleTargetKind"], "apps/v1.Deployment");
    assert_eq!(status["triggersTypes"], "cpu,memory");
    for (reason, text) in [
        ("KEDAScalersStarted", "Started scalers watch"),
        ("ScaledObjectReady", "ScaledObject is ready for scaling"),
    ] {
        told(&place, 20, ("ScaledObject", "webapp"), reason, text).await;
    }
    let built = messages(&place, "KEDAScalersStarted").await;
    assert!(built[0].starts_with("Scaler "), "{built:?}");
}

pub(crate) async fn autoscaler_gets_its_first_value(place: Place) {
    deploy_without_settings(&place).await;
    // Followed from before it is made: its first look comes 15 s later, and KEDA may take as long.
    let plain = json!({});
    let (new, ()) = tokio::join!(hpa(&place), scale(&place, &plain));
    let status = new.status.unwrap();
    assert_eq!((status.desired_replicas, status.conditions), (0, None));
    let waits = becomes(
        &place,
        HPA,
        30,
        "a first look",
        |hpa: &HorizontalPodAutoscaler| condition(hpa, "AbleToScale").is_some(),
    )
    .await;
    assert!(says(&waits, "AbleToScale", "True", "SucceededGetScale"));
    let [active, reason, message] = condition(&waits, "ScalingActive").unwrap();
    assert_eq!(
        (active.as_str(), reason.as_str()),
        ("False", "FailedGetResourceMetric")
    );
    let prefix = "the HPA was unable to compute the replica count: failed to get cpu utilization: ";
    assert!(message.starts_with(prefix), "{message}");
    assert_eq!(condition(&waits, "ScalingLimited"), None);
    let problem = message.trim_start_matches("the HPA was unable to compute the replica count: ");
    told(
        &place,
        20,
        ("HorizontalPodAutoscaler", HPA),
        "FailedGetResourceMetric",
        problem,
    )
    .await;
    let text = format!(
        "invalid metrics (1 invalid out of 1), first error is: failed to get cpu resource metric value: {problem}"
    );
    told(
        &place,
        20,
        ("HorizontalPodAutoscaler", HPA),
        "FailedComputeMetricsReplicas",
        &text,
    )
    .await;
    let mirrored = becomes(
        &place,
        "webapp",
        20,
        "HPAActive",
        |object: &ScaledObject| says(object, "HPAActive", "False", "FailedGetResourceMetric"),
    )
    .await;
    let [_, _, text] = condition(&mirrored, "HPAActive").unwrap();
    assert!(
        text.starts_with("HPA is not actively scaling: the HPA was unable"),
        "{text}"
    );

    make_settings(&place).await;
    available(&place).await;
    let valued = becomes(
        &place,
        HPA,
        58,
        "a value",
        |hpa: &HorizontalPodAutoscaler| says(hpa, "ScalingActive", "True", "ValidMetricFound"),
    )
    .await;
    assert_eq!(
        condition(&valued, "ScalingActive").unwrap()[2],
        "the HPA was able to successfully calculate a replica count from cpu resource utilization (percentage of request)"
    );
    let status = valued.status.clone().unwrap();
    assert_eq!(
        (status.current_replicas, status.desired_replicas),
        (Some(1), 1)
    );
    assert!(condition(&valued, "ScalingLimited").is_some());
    assert!(
        says(&valued, "AbleToScale", "True", "ReadyForNewScale")
            || says(&valued, "AbleToScale", "True", "ScaleDownStabilized")
    );
}

pub(crate) async fn edited_or_deleted_autoscaler_is_put_back(place: Place) {
    deploy(&place).await;
    scale(&place, &json!({})).await;
    let api = place.api::<HorizontalPodAutoscaler>();
    hpa(&place).await;
    let max = |hpa: &HorizontalPodAutoscaler| hpa.spec.as_ref().unwrap().max_replicas;
    let edited = merge(&api, HPA, &json!({"spec": {"maxReplicas": 3}})).await;
    assert_eq!(max(&edited), 3);
    becomes(
        &place,
        HPA,
        10,
        "the old maximum",
        |hpa: &HorizontalPodAutoscaler| max(hpa) == 5,
    )
    .await;
    let label = json!({"metadata": {"labels": {"app.kubernetes.io/part-of": "me"}}});
    merge(&api, HPA, &label).await;
    let back = becomes(
        &place,
        HPA,
        10,
        "the old label",
        |hpa: &HorizontalPodAutoscaler| hpa.labels()["app.kubernetes.io/part-of"] == "webapp",
    )
    .await;
    api.delete(HPA, &DeleteParams::background()).await.unwrap();
    becomes(
        &place,
        HPA,
        10,
        "another HPA",
        |hpa: &HorizontalPodAutoscaler| hpa.uid() != back.uid(),
    )
    .await;
    merge(
        &place.api::<ScaledObject>(),
        "webapp",
        &json!({"spec": {"maxReplicaCount": 4}}),
    )
    .await;
    becomes(
        &place,
        HPA,
        10,
        "the new maximum",
        |hpa: &HorizontalPodAutoscaler| max(hpa) == 4,
    )
    .await;
    // Ready is told when it becomes so, not at each change; two reconciliations may both see it the first time.
    let told = messages(&place, "ScaledObjectReady").await.len();
    assert!((1..=2).contains(&told), "{told}");
}

pub(crate) async fn pause_takes_the_autoscaler_away(place: Place) {
    deploy(&place).await;
    scale(&place, &json!({})).await;
    hpa(&place).await;
    annotate(&place, "paused-replicas", Some("2")).await;
    gone::<HorizontalPodAutoscaler>(&place, HPA, 20).await;
    becomes(&place, "webapp", 20, "two replicas", |d: &Deployment| {
        d.spec.as_ref().unwrap().replicas == Some(2)
    })
    .await;
    let paused = becomes(&place, "webapp", 20, "Paused", |object: &ScaledObject| {
        says(object, "Paused", "True", "ScaledObjectPaused")
            && condition(object, "Ready")
                .is_some_and(|[_, _, text]| text == "ScaledObject is paused")
    })
    .await;
    assert_eq!(
        condition(&paused, "Paused").unwrap()[2],
        "ScaledObject is paused"
    );
    let status = serde_json::to_value(paused.status.unwrap()).unwrap();
    assert_eq!(status["pausedReplicaCount"], 2);
    for (reason, text) in [
        ("ScaledObjectPaused", "ScaledObject is paused"),
        ("KEDAScalersStopped", "Stopped scalers watch"),
    ] {
        told(&place, 20, ("ScaledObject", "webapp"), reason, text).await;
    }
    annotate(&place, "paused-replicas", None).await;
    let unpaused = becomes(&place, "webapp", 20, "Unpaused", |object: &ScaledObject| {
        says(object, "Paused", "False", "ScaledObjectUnpaused")
    })
    .await;
    let text = "pause annotation removed for ScaledObject";
    assert_eq!(condition(&unpaused, "Paused").unwrap()[2], text);
    told(
        &place,
        20,
        ("ScaledObject", "webapp"),
        "ScaledObjectUnpaused",
        text,
    )
    .await;
    hpa(&place).await;
}

pub(crate) async fn paused_scale_in_disables_one_direction(place: Place) {
    deploy(&place).await;
    scale(&place, &json!({})).await;
    let before = hpa(&place).await;
    annotate(&place, "paused-scale-in", Some("true")).await;
    let policy = |hpa: &HorizontalPodAutoscaler| {
        let spec = serde_json::to_value(&hpa.spec).unwrap();
        spec["behavior"]["scaleDown"]["selectPolicy"].clone()
    };
    let disabled = becomes(
        &place,
        HPA,
        20,
        "Disabled",
        |hpa: &HorizontalPodAutoscaler| policy(hpa) == "Disabled",
    )
    .await;
    assert_eq!(disabled.uid(), before.uid());
    let spec = serde_json::to_value(&disabled.spec).unwrap();
    assert_eq!(spec["behavior"]["scaleUp"]["selectPolicy"], "Max");
    becomes(&place, "webapp", 20, "Paused", |object: &ScaledObject| {
        says(object, "Paused", "True", "ScaledObjectPaused")
    })
    .await;
    annotate(&place, "paused-scale-in", None).await;
    becomes(
        &place,
        HPA,
        20,
        "no behavior",
        |hpa: &HorizontalPodAutoscaler| policy(hpa).is_null(),
    )
    .await;
}

pub(crate) async fn deleted_scaled_object_takes_its_autoscaler_along(place: Place) {
    deploy(&place).await;
    scale(
        &place,
        &json!({"advanced": {"restoreToOriginalReplicaCount": true}}),
    )
    .await;
    hpa(&place).await;
    merge(
        &place.api::<Deployment>(),
        "webapp",
        &json!({"spec": {"replicas": 2}}),
    )
    .await;
    // While the Deployment is changing, KEDA's write of its scale conflicts and is not tried again.
    becomes(&place, "webapp", 30, "two pods", |d: &Deployment| {
        d.status.as_ref().unwrap().available_replicas == Some(2)
    })
    .await;
    let api = place.api::<ScaledObject>();
    api.delete("webapp", &DeleteParams::background())
        .await
        .unwrap();
    gone::<ScaledObject>(&place, "webapp", 20).await;
    gone::<HorizontalPodAutoscaler>(&place, HPA, 20).await;
    becomes(
        &place,
        "webapp",
        20,
        "the first replica count",
        |d: &Deployment| d.spec.as_ref().unwrap().replicas == Some(1),
    )
    .await;
    let event = told(
        &place,
        20,
        ("ScaledObject", "webapp"),
        "ScaledObjectDeleted",
        "ScaledObject was deleted",
    )
    .await;
    assert_eq!(event.type_.as_deref(), Some("Warning"));
    told(
        &place,
        20,
        ("ScaledObject", "webapp"),
        "KEDAScalersStopped",
        "Stopped scalers watch",
    )
    .await;
}

pub(crate) async fn missing_target_is_told_at_the_next_poll(place: Place) {
    deploy(&place).await;
    scale(&place, &json!({})).await;
    let api = place.api::<Deployment>();
    api.delete("webapp", &DeleteParams::background())
        .await
        .unwrap();
    let lost = becomes(
        &place,
        "webapp",
        20,
        "no target",
        |object: &ScaledObject| says(object, "Ready", "False", "ErrorGettingCurrentReplicas"),
    )
    .await;
    let [_, _, message] = condition(&lost, "Ready").unwrap();
    assert!(
        message.starts_with("Error getting current replicas count for ScaleTarget: Deployment.apps \"webapp\" not found"),
        "{message}"
    );
    hpa(&place).await;
    deploy(&place).await;
    ready(&place).await;
}
