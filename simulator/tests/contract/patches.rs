//! JSON patch, merge patch and strategic merge patch; the subresources status and scale.

use http::Method;
use serde_json::{Value, json};

use super::Place;
use super::objects::mk_deployment;
use super::raw::{JSON_PATCH, MERGE, STRATEGIC};

const NO_DETAIL: &str = "the server rejected our request due to an error in our request";

async fn create_map(place: &Place) -> String {
    let map = json!({"metadata": {"name": "a"}, "data": {"key": "1"}});
    place.post(&place.core("configmaps"), &map).await.object();
    place.core("configmaps/a")
}

/// A Deployment that its controller leaves alone.
async fn create_deployment(place: &Place) -> String {
    let mut deployment = serde_json::to_value(mk_deployment("webapp")).unwrap();
    deployment["spec"]["paused"] = json!(true);
    let deployments = place.group("apps/v1", "deployments");
    place.post(&deployments, &deployment).await.object();
    format!("{deployments}/webapp")
}

pub(crate) async fn json_patch_applies_whole_or_not_at_all(place: Place) {
    let path = create_map(&place).await;
    let patched = place
        .patch(
            &path,
            JSON_PATCH,
            &json!([
                {"op": "test", "path": "/data/key", "value": "1"},
                {"op": "replace", "path": "/data/key", "value": "2"},
                {"op": "add", "path": "/data/more", "value": "3"},
                {"op": "copy", "from": "/data/more", "path": "/data/copy"},
                {"op": "move", "from": "/data/more", "path": "/data/moved"},
            ]),
        )
        .await
        .object();
    assert_eq!(
        patched["data"],
        json!({"key": "2", "copy": "3", "moved": "3"})
    );
    for patch in [
        json!([{"op": "add", "path": "/data/x", "value": "1"}, {"op": "test", "path": "/data/key", "value": "1"}]),
        json!([{"op": "test", "path": "/metadata/resourceVersion", "value": "1"}]),
        json!([{"op": "remove", "path": "/spec/none"}]),
        json!([{"op": "add", "path": "/a/b/c", "value": 1}]),
        json!([{"op": "foo", "path": "/data/x", "value": "2"}]),
    ] {
        place
            .patch(&path, JSON_PATCH, &patch)
            .await
            .refused(422, "Invalid", NO_DETAIL);
    }
    let left = place.get(&path).await.object();
    assert_eq!(
        left["metadata"]["resourceVersion"],
        patched["metadata"]["resourceVersion"]
    );
    place.patch_text(&path, JSON_PATCH, "[{").await.refused(
        400,
        "BadRequest",
        "error decoding patch: unexpected end of JSON input",
    );
    place.patch_text(&path, JSON_PATCH, "{}").await.refused(
        400,
        "BadRequest",
        "error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp",
    );
}

pub(crate) async fn merge_patch_must_be_an_object_that_fits(place: Place) {
    let path = create_map(&place).await;
    for (body, message) in [
        ("{", "error decoding patch: unexpected end of JSON input"),
        ("", "error decoding patch: unexpected end of JSON input"),
        (
            "[]",
            "error decoding patch: json: cannot unmarshal array into Go value of type map[string]interface {}",
        ),
        (
            "\"\"",
            "error decoding patch: json: cannot unmarshal string into Go value of type map[string]interface {}",
        ),
        ("null", "Invalid JSON Patch"),
    ] {
        place
            .patch_text(&path, MERGE, body)
            .await
            .refused(400, "BadRequest", message);
    }
    let answer = place.patch(&path, MERGE, &json!({"data": {"x": 1}})).await;
    assert_eq!(
        (answer.code, answer.json()["reason"].as_str()),
        (422, Some("Invalid"))
    );
    let message = answer.message();
    assert!(
        message.starts_with(" \"\" is invalid: patch: Invalid value: \"{\\\"apiVersion\\\":\\\"v1\\\",\\\"data\\\":{\\\"key\\\":\\\"1\\\",\\\"x\\\":1},\\\"kind\\\":\\\"ConfigMap\\\",\\\"metadata\\\":{\\\"name\\\":\\\"a\\\","),
        "{message}"
    );
    assert!(
        message.ends_with(
            "\": json: cannot unmarshal number into Go struct field ConfigMap.data of type string"
        ),
        "{message}"
    );
    let stale = json!({"metadata": {"resourceVersion": "1"}, "data": {"x": "1"}});
    place.patch(&path, MERGE, &stale).await.refused(
        409,
        "Conflict",
        "Operation cannot be fulfilled on configmaps \"a\": the object has been modified; please apply your changes to the latest version and try again",
    );
    let emptied = place
        .patch(&path, MERGE, &json!({"data": null}))
        .await
        .object();
    assert_eq!(emptied["data"], Value::Null);
    place
        .patch(&place.core("configmaps/none"), MERGE, &json!({}))
        .await
        .refused(404, "NotFound", "configmaps \"none\" not found");
}

pub(crate) async fn strategic_patch_knows_containers_by_name(place: Place) {
    let path = create_deployment(&place).await;
    let containers = async |patch: Value| {
        let patch = json!({"spec": {"template": {"spec": patch}}});
        let object = place.patch(&path, STRATEGIC, &patch).await.object();
        let containers = object["spec"]["template"]["spec"]["containers"].clone();
        let list = containers.as_array().unwrap().iter();
        list.map(|c| json!([c["name"], c["image"], c["env"], c["args"]]))
            .collect::<Vec<_>>()
    };
    let (webapp, side) = ("registry.invalid/webapp:1", "registry.invalid/side:1");
    let env = json!([{"name": "A", "value": "1"}]);
    let first = containers(json!({"containers": [
        {"name": "webapp", "env": env, "args": ["a", "b"]}, {"name": "side", "image": side},
    ]}));
    assert_eq!(
        first.await,
        [
            json!(["webapp", webapp, env, ["a", "b"]]),
            json!(["side", side, null, null])
        ]
    );
    let second = containers(json!({"containers": [
        {"name": "webapp", "args": ["c"], "env": [{"name": "A", "$patch": "delete"}]}, {"name": "side", "$patch": "delete"},
    ]}));
    assert_eq!(second.await, [json!(["webapp", webapp, null, ["c"]])]);
    let ordered = containers(json!({
        "$setElementOrder/containers": [{"name": "new"}, {"name": "webapp"}],
        "containers": [{"name": "new", "image": side}],
    }));
    assert_eq!(
        ordered.await,
        [
            json!(["new", side, null, null]),
            json!(["webapp", webapp, null, ["c"]])
        ]
    );
    let replaced =
        containers(json!({"containers": [{"$patch": "replace"}, {"name": "only", "image": side}]}));
    assert_eq!(replaced.await, [json!(["only", side, null, null])]);
    let nameless = json!({"spec": {"template": {"spec": {"containers": [{"image": "x"}]}}}});
    place.patch(&path, STRATEGIC, &nameless).await.refused(
        500,
        "",
        "map: map[image:x] does not contain declared merge key: name",
    );
    place.patch_text(&path, STRATEGIC, "[]").await.refused(
        400,
        "BadRequest",
        "json: cannot unmarshal array into Go value of type map[string]interface {}",
    );
    place.patch(&path, STRATEGIC, &json!({"spec": {"replicas": "x"}})).await.refused(
        422,
        "Invalid",
        " \"\" is invalid: patch: Invalid value: \"map[spec:map[replicas:x]]\": unrecognized type: int32",
    );
}

pub(crate) async fn strategic_patch_merges_finalizers_as_a_set(place: Place) {
    let path = create_map(&place).await;
    let finalizers = async |metadata: Value| {
        let object = place
            .patch(&path, STRATEGIC, &json!({"metadata": metadata}))
            .await;
        object.object()["metadata"]["finalizers"].clone()
    };
    let (a, b, c) = ("example.com/a", "example.com/b", "example.com/c");
    assert_eq!(
        finalizers(json!({"finalizers": [a, b]})).await,
        json!([a, b])
    );
    assert_eq!(
        finalizers(json!({"finalizers": [c]})).await,
        json!([c, a, b])
    );
    assert_eq!(
        finalizers(json!({"$deleteFromPrimitiveList/finalizers": [a]})).await,
        json!([c, b])
    );
    assert_eq!(finalizers(json!({"finalizers": null})).await, Value::Null);
}

pub(crate) async fn status_and_the_rest_are_written_apart(place: Place) {
    let path = create_deployment(&place).await;
    let status = json!({"status": {"replicas": 9}});
    let untouched = place.patch(&path, MERGE, &status).await.object();
    assert_ne!(untouched["status"]["replicas"], 9);
    let both = json!({"metadata": {"labels": {"zz": "1"}}, "spec": {"replicas": 9}, "status": {"collisionCount": 7}});
    let written = place
        .patch(&format!("{path}/status"), MERGE, &both)
        .await
        .object();
    assert_eq!(written["status"]["collisionCount"], 7);
    assert_eq!(written["spec"]["replicas"], 0);
    assert_eq!(
        written["metadata"]["generation"], 1,
        "a status is nothing that is wanted"
    );
    assert_eq!(written["metadata"]["labels"], json!({"app": "webapp"}));
    let read = place.get(&format!("{path}/status")).await.object();
    assert_eq!(read["kind"], "Deployment");
    place.get(&place.core("configmaps/a/status")).await.refused(
        404,
        "NotFound",
        "the server could not find the requested resource",
    );
}

pub(crate) async fn scale_is_read_written_and_checked(place: Place) {
    let path = format!("{}/scale", create_deployment(&place).await);
    let read = place.get(&path).await.object();
    assert_eq!(
        (&read["kind"], &read["apiVersion"]),
        (&json!("Scale"), &json!("autoscaling/v1"))
    );
    assert_eq!(read["spec"], json!({}), "zero is left out");
    assert_eq!(
        read["status"],
        json!({"replicas": 0, "selector": "app=webapp"})
    );
    let scale = |replicas: Value| json!({"kind": "Scale", "apiVersion": "autoscaling/v1", "metadata": {"name": "webapp"}, "spec": {"replicas": replicas}});
    let put = place
        .put(&format!("{path}?dryRun=All"), &scale(json!(2)))
        .await
        .object();
    assert_eq!(put["spec"]["replicas"], 2);
    for (media, patch) in [
        (MERGE, json!({"spec": {"replicas": 3}})),
        (STRATEGIC, json!({"spec": {"replicas": 3}})),
        (
            JSON_PATCH,
            json!([{"op": "add", "path": "/spec/replicas", "value": 3}]),
        ),
    ] {
        let patched = place
            .patch(&format!("{path}?dryRun=All"), media, &patch)
            .await;
        assert_eq!(patched.object()["spec"]["replicas"], 3, "{media}");
    }
    place.put(&path, &scale(json!(-1))).await.refused(
        422,
        "Invalid",
        "Scale.autoscaling \"webapp\" is invalid: spec.replicas: Invalid value: -1: must be greater than or equal to 0",
    );
    let mut stale = scale(json!(1));
    stale["metadata"]["resourceVersion"] = json!("1");
    place.put(&path, &stale).await.refused(
        409,
        "Conflict",
        "Operation cannot be fulfilled on deployments.apps \"webapp\": the object has been modified; please apply your changes to the latest version and try again",
    );
    let deployment = serde_json::to_value(mk_deployment("webapp")).unwrap();
    place.put(&path, &deployment).await.refused(
        400,
        "BadRequest",
        "Deployment in version \"v1\" cannot be handled as a Scale: converting (v1.Deployment) to (autoscaling.Scale): unknown conversion",
    );
    let warned = place
        .patch(&path, MERGE, &json!({"spec": {"foo": 1}}))
        .await;
    assert_eq!(warned.warnings, ["unknown field \"spec.foo\""]);
    let wrong = place
        .patch(&path, MERGE, &json!({"spec": {"replicas": "x"}}))
        .await;
    assert_eq!(wrong.code, 422);
    assert!(
        wrong.message().ends_with("\": json: cannot unmarshal string into Go struct field ScaleSpec.spec.replicas of type int32"),
        "{wrong:?}"
    );
    let none = place.group("apps/v1", "deployments/none/scale");
    place
        .get(&none)
        .await
        .refused(404, "NotFound", "deployments.apps \"none\" not found");
    let not_allowed = "the server does not allow this method on the requested resource";
    for method in [Method::DELETE, Method::POST] {
        place
            .ask(method, &path, &[], "{}")
            .await
            .refused(405, "MethodNotAllowed", not_allowed);
    }
}
