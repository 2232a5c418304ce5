//! Server-Side Apply.

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::ConfigMap;
use kube::api::{Api, Patch, PatchParams, PostParams};
use serde_json::{Value, json};

use super::objects::mk_deployment;
use super::{Place, refusal};

fn mk_map(data: &Value) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": data})
}

async fn apply(api: &Api<ConfigMap>, manager: &str, data: &Value) -> kube::Result<ConfigMap> {
    let params = PatchParams::apply(manager);
    api.patch("a", &params, &Patch::Apply(mk_map(data))).await
}

pub(crate) async fn apply_creates_and_owns(place: Place) {
    let applied = apply(&place.api(), "panel", &json!({"x": "1"}))
        .await
        .unwrap();
    let fields = applied.metadata.managed_fields.unwrap();
    assert_eq!(fields.len(), 1);
    assert_eq!(fields[0].manager.as_deref(), Some("panel"));
    assert_eq!(fields[0].operation.as_deref(), Some("Apply"));
    assert_eq!(
        fields[0].fields_v1.as_ref().unwrap().0,
        json!({"f:data": {"f:x": {}}})
    );
}

pub(crate) async fn conflict_names_the_other_manager(place: Place) {
    let api = place.api();
    apply(&api, "kubectl", &json!({"x": "1", "y": "1"}))
        .await
        .unwrap();
    let status = refusal(apply(&api, "panel", &json!({"x": "2"})).await);
    assert_eq!((status.code, status.reason.as_str()), (409, "Conflict"));
    assert_eq!(
        status.message,
        "Apply failed with 1 conflict: conflict with \"kubectl\": .data.x"
    );
    let cause = &status.details.unwrap().causes[0];
    assert_eq!(cause.reason, "FieldManagerConflict");
    assert_eq!(cause.message, "conflict with \"kubectl\"");
    assert_eq!(cause.field, ".data.x");
    let status = refusal(apply(&api, "panel", &json!({"x": "2", "y": "2"})).await);
    assert_eq!(
        status.message,
        "Apply failed with 2 conflicts: conflicts with \"kubectl\":\n- .data.x\n- .data.y"
    );
}

pub(crate) async fn force_takes_the_field(place: Place) {
    let api = place.api();
    apply(&api, "kubectl", &json!({"x": "1", "y": "1"}))
        .await
        .unwrap();
    let params = PatchParams::apply("panel").force();
    let patch = Patch::Apply(mk_map(&json!({"x": "2"})));
    let taken: ConfigMap = api.patch("a", &params, &patch).await.unwrap();
    assert_eq!(taken.data.unwrap()["x"], "2");
    let status = refusal(apply(&api, "kubectl", &json!({"x": "1", "y": "1"})).await);
    assert!(
        status.message.contains("conflict with \"panel\": .data.x"),
        "{}",
        status.message
    );
}

pub(crate) async fn field_left_out_is_removed(place: Place) {
    let api = place.api();
    apply(&api, "panel", &json!({"x": "1", "y": "1"}))
        .await
        .unwrap();
    apply(&api, "kubectl", &json!({"y": "1", "z": "1"}))
        .await
        .unwrap();
    let applied = apply(&api, "panel", &json!({"x": "1"})).await.unwrap();
    let keys: Vec<_> = applied.data.unwrap().into_keys().collect();
    assert_eq!(
        keys,
        ["x", "y", "z"],
        "y stays: another manager owns it too"
    );
    let applied = apply(&api, "kubectl", &json!({"z": "1"})).await.unwrap();
    let keys: Vec<_> = applied.data.unwrap().into_keys().collect();
    assert_eq!(keys, ["x", "z"]);
}

pub(crate) async fn scaled_replicas_conflict_with_an_apply(place: Place) {
    let api = place.api::<Deployment>();
    let mut paused = mk_deployment("webapp");
    paused.spec.as_mut().unwrap().paused = Some(true);
    let params = PatchParams::apply("panel");
    api.patch("webapp", &params, &Patch::Apply(&paused))
        .await
        .unwrap();
    let scale = Patch::Merge(json!({"spec": {"replicas": 2}}));
    let scaler = PatchParams {
        field_manager: Some("scaler".to_owned()),
        ..PatchParams::default()
    };
    api.patch_scale("webapp", &scaler, &scale).await.unwrap();
    let status = refusal(api.patch("webapp", &params, &Patch::Apply(&paused)).await);
    assert_eq!(
        status.message,
        "Apply failed with 1 conflict: conflict with \"scaler\" with subresource \"scale\" using apps/v1: .spec.replicas"
    );
}

pub(crate) async fn apply_needs_no_replicas(place: Place) {
    let api = place.api::<Deployment>();
    let mut deployment = serde_json::to_value(mk_deployment("webapp")).unwrap();
    deployment["spec"]
        .as_object_mut()
        .unwrap()
        .remove("replicas");
    deployment["spec"]["paused"] = json!(true);
    let mut existing = mk_deployment("webapp");
    existing.spec.as_mut().unwrap().paused = Some(true);
    existing.spec.as_mut().unwrap().replicas = Some(3);
    api.create(&PostParams::default(), &existing).await.unwrap();
    let params = PatchParams::apply("panel");
    let applied = api
        .patch("webapp", &params, &Patch::Apply(deployment))
        .await
        .unwrap();
    assert_eq!(applied.spec.unwrap().replicas, Some(3));
}
