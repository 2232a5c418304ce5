//! Server-Side Apply.

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::ConfigMap;
use kube::api::{Api, Patch, PatchParams, PostParams};
use serde_json::{Value, json};

use super::objects::mk_deployment;
use super::raw::{APPLY, Answer, MERGE};
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

/// An apply of a ConfigMap `a`, as it is on the wire.
async fn apply_map(place: &Place, manager: &str, change: Value) -> Answer {
    let mut map = mk_map(&json!({}));
    json_patch::merge(&mut map, &change);
    let path = place.core(&format!("configmaps/a?fieldManager={manager}"));
    place.patch(&path, APPLY, &map).await
}

/// Who owns what: manager, operation, subresource, fields. By manager: the server sorts by whole seconds first, which a
/// busy one may pass between two writes.
fn owners(object: &Value) -> Vec<Value> {
    let entries = object["metadata"]["managedFields"].as_array().unwrap();
    let mut owners: Vec<_> = entries
        .iter()
        .map(|e| {
            json!([
                e["manager"],
                e["operation"],
                e["subresource"],
                e["fieldsV1"]
            ])
        })
        .collect();
    owners.sort_by_key(|owner| owner[0].to_string());
    owners
}

pub(crate) async fn every_write_is_recorded_with_its_fields(place: Place) {
    let mut deployment = serde_json::to_value(mk_deployment("webapp")).unwrap();
    deployment["spec"]["paused"] = json!(true);
    let path = place.group("apps/v1", "deployments");
    let made = place
        .post(&format!("{path}?fieldManager=creator"), &deployment)
        .await
        .object();
    let container = json!({
        ".": {}, "f:image": {}, "f:imagePullPolicy": {}, "f:name": {},
        "f:ports": {".": {}, "k:{\"containerPort\":80,\"protocol\":\"TCP\"}": {".": {}, "f:containerPort": {}, "f:protocol": {}}},
        "f:resources": {".": {}, "f:limits": {".": {}, "f:cpu": {}}, "f:requests": {".": {}, "f:cpu": {}}},
        "f:terminationMessagePath": {}, "f:terminationMessagePolicy": {},
    });
    let fields = json!({
        "f:metadata": {"f:labels": {".": {}, "f:app": {}}},
        "f:spec": {
            "f:paused": {}, "f:progressDeadlineSeconds": {}, "f:replicas": {}, "f:revisionHistoryLimit": {}, "f:selector": {},
            "f:strategy": {"f:rollingUpdate": {".": {}, "f:maxSurge": {}, "f:maxUnavailable": {}}, "f:type": {}},
            "f:template": {"f:metadata": {"f:labels": {".": {}, "f:app": {}}}, "f:spec": {
                "f:containers": {"k:{\"name\":\"webapp\"}": container},
                "f:dnsPolicy": {}, "f:restartPolicy": {}, "f:schedulerName": {}, "f:securityContext": {}, "f:terminationGracePeriodSeconds": {},
            }},
        },
    });
    assert_eq!(owners(&made), [json!(["creator", "Update", null, fields])]);
    let entry = &made["metadata"]["managedFields"][0];
    assert_eq!(
        (&entry["apiVersion"], &entry["fieldsType"]),
        (&json!("apps/v1"), &json!("FieldsV1"))
    );
    assert_eq!(entry["time"], made["metadata"]["creationTimestamp"]);
    let status = json!({"status": {"collisionCount": 3}});
    let written = place
        .patch(
            &format!("{path}/webapp/status?fieldManager=keeper"),
            MERGE,
            &status,
        )
        .await
        .object();
    let keeper = json!(["keeper", "Update", "status", {"f:status": {"f:collisionCount": {}}}]);
    assert!(
        owners(&written).contains(&keeper),
        "{:#?}",
        owners(&written)
    );
}

pub(crate) async fn applied_deployment_owns_what_was_sent(place: Place) {
    let mut deployment = serde_json::to_value(mk_deployment("webapp")).unwrap();
    deployment["spec"]["paused"] = json!(true);
    let path = place.group("apps/v1", "deployments/webapp?fieldManager=panel");
    let made = place.patch(&path, APPLY, &deployment).await;
    assert_eq!(made.code, 201);
    let container = json!({
        ".": {}, "f:image": {}, "f:name": {},
        "f:ports": {"k:{\"containerPort\":80,\"protocol\":\"TCP\"}": {".": {}, "f:containerPort": {}}},
        "f:resources": {"f:limits": {"f:cpu": {}}, "f:requests": {"f:cpu": {}}},
    });
    let fields = json!({
        "f:metadata": {"f:labels": {"f:app": {}}},
        "f:spec": {"f:paused": {}, "f:replicas": {}, "f:selector": {}, "f:template": {
            "f:metadata": {"f:labels": {"f:app": {}}},
            "f:spec": {"f:containers": {"k:{\"name\":\"webapp\"}": container}},
        }},
    });
    assert_eq!(
        owners(&made.object()),
        [json!(["panel", "Apply", null, fields])]
    );
}

pub(crate) async fn same_value_is_owned_together(place: Place) {
    apply_map(&place, "one", json!({"data": {"x": "1", "y": "1"}}))
        .await
        .object();
    apply_map(&place, "two", json!({"data": {"x": "1", "z": "1"}}))
        .await
        .object();
    let refused = apply_map(&place, "three", json!({"data": {"x": "2", "y": "2"}})).await;
    refused.refused(
        409,
        "Conflict",
        "Apply failed with 3 conflicts: conflicts with \"one\":\n- .data.x\n- .data.y\nconflicts with \"two\":\n- .data.x",
    );
    assert_eq!(
        refused.json()["details"]["causes"]
            .as_array()
            .unwrap()
            .len(),
        3
    );
    let forced = apply_map(&place, "three&force=true", json!({"data": {"x": "2"}}))
        .await
        .object();
    let field = |name: &str| json!({"f:data": {name: {}}});
    assert_eq!(
        owners(&forced),
        [
            json!(["one", "Apply", null, field("f:y")]),
            json!(["three", "Apply", null, field("f:x")]),
            json!(["two", "Apply", null, field("f:z")]),
        ]
    );
    let changed = json!({"data": {"y": "9", "u": "1"}});
    let path = place.core("configmaps/a?fieldManager=updater");
    let updated = place.patch(&path, MERGE, &changed).await.object();
    assert_eq!(
        owners(&updated),
        [
            json!(["three", "Apply", null, field("f:x")]),
            json!(["two", "Apply", null, field("f:z")]),
            json!(["updater", "Update", null, {"f:data": {"f:u": {}, "f:y": {}}}]),
        ]
    );
    apply_map(&place, "one", json!({"data": {"y": "1"}}))
        .await
        .refused(
            409,
            "Conflict",
            "Apply failed with 1 conflict: conflict with \"updater\" using v1: .data.y",
        );
    apply_map(&place, "one", json!({"data": {"y": "9"}}))
        .await
        .object();
}

pub(crate) async fn apply_can_demand_a_version(place: Place) {
    let made = apply_map(
        &place,
        "one",
        json!({"metadata": {"resourceVersion": "5"}, "data": {"x": "1"}}),
    )
    .await;
    assert_eq!(made.code, 201, "what is not there has no version");
    let version = made.object()["metadata"]["resourceVersion"].clone();
    let same = json!({"metadata": {"resourceVersion": version}, "data": {"x": "2"}});
    apply_map(&place, "one", same).await.object();
    let stale = json!({"metadata": {"resourceVersion": "1"}, "data": {"x": "3"}});
    apply_map(&place, "one", stale).await.refused(
        409,
        "Conflict",
        "Operation cannot be fulfilled on configmaps \"a\": the object has been modified; please apply your changes to the latest version and try again",
    );
    let other = json!({"metadata": {"uid": "other"}, "data": {"x": "3"}});
    apply_map(&place, "one", other).await.refused(
        422,
        "Invalid",
        "ConfigMap \"a\" is invalid: metadata.uid: Invalid value: \"other\": field is immutable",
    );
    let owned = json!({
        "metadata": {"labels": {"l": "1"}, "annotations": {"n": "1"}, "finalizers": ["example.com/f"]},
        "data": {"x": "2"},
    });
    let applied = apply_map(&place, "one", owned).await.object();
    let fields = json!({
        "f:data": {"f:x": {}},
        "f:metadata": {"f:annotations": {"f:n": {}}, "f:finalizers": {"v:\"example.com/f\"": {}}, "f:labels": {"f:l": {}}},
    });
    assert_eq!(owners(&applied), [json!(["one", "Apply", null, fields])]);
    let freed = apply_map(&place, "one", json!({"data": {"x": "2"}}))
        .await
        .object();
    assert_eq!(freed["metadata"]["finalizers"], Value::Null);
    assert_eq!(freed["metadata"]["labels"], Value::Null);
}

pub(crate) async fn apply_must_be_complete_and_fit_the_schema(place: Place) {
    let path = place.core("configmaps/a");
    place.patch(&path, APPLY, &mk_map(&json!({}))).await.refused(
        422,
        "Invalid",
        "PatchOptions.meta.k8s.io \"\" is invalid: fieldManager: Required value: is required for apply patch",
    );
    let path = format!("{path}?fieldManager=p");
    for (body, message) in [
        (
            json!({"metadata": {"name": "a"}}),
            "invalid object type: /, Kind=",
        ),
        (
            json!({"apiVersion": "v1", "metadata": {"name": "a"}}),
            "invalid object type: /v1, Kind=",
        ),
        (
            json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}}),
            "invalid object type: /v1, Kind=Secret",
        ),
        (
            json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "a"}}),
            "invalid object type: apps/v1, Kind=Deployment",
        ),
        (
            json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "managedFields": [{"manager": "x", "operation": "Apply", "apiVersion": "v1", "fieldsType": "FieldsV1", "fieldsV1": {"f:data": {}}}]}}),
            "metadata.managedFields must be nil",
        ),
    ] {
        place
            .patch(&path, APPLY, &body)
            .await
            .refused(400, "BadRequest", message);
    }
    apply_map(&place, "p", json!({"dat": {"x": "1"}})).await.refused(
        500,
        "",
        "failed to create typed patch object (/a; /v1, Kind=ConfigMap): .dat: field not declared in schema",
    );
    apply_map(&place, "p", json!({"data": {"x": 1}})).await.refused(
        500,
        "",
        "failed to create typed patch object (/a; /v1, Kind=ConfigMap): .data.x: expected string, got &value.valueUnstructured{Value:1}",
    );
    let deployment = |spec: Value| json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "a"}, "spec": spec});
    let path = place.group("apps/v1", "deployments/a?fieldManager=p");
    place.patch(&path, APPLY, &deployment(json!({"replicas": "x"}))).await.refused(
        500,
        "",
        "failed to create typed patch object (/a; apps/v1, Kind=Deployment): .spec.replicas: expected numeric (int or float), got string",
    );
    let twice = json!({"template": {"spec": {"containers": [{"name": "a"}, {"name": "a"}]}}});
    place.patch(&path, APPLY, &deployment(twice)).await.refused(
        500,
        "",
        "failed to create typed patch object (/a; apps/v1, Kind=Deployment): .spec.template.spec.containers: duplicate entries for key [name=\"a\"]",
    );
}
