//! What clients can and cannot say in `metadata`.

use serde_json::{Value, json};

use super::Place;
use super::raw::MERGE;

const SUBDOMAIN: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const LABEL_NAME: &str = "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
const LABEL_VALUE: &str = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

pub(crate) async fn names_have_a_length(place: Place) {
    let maps = place.core("configmaps");
    let longest = "n".repeat(253);
    let made = place
        .post(&maps, &json!({"metadata": {"name": longest}}))
        .await;
    assert_eq!(made.object()["metadata"]["name"], longest);
    let long = "n".repeat(254);
    place.post(&maps, &json!({"metadata": {"name": long}})).await.refused(
        422,
        "Invalid",
        &format!("ConfigMap \"{long}\" is invalid: metadata.name: Invalid value: \"{long}\": must be no more than 253 characters"),
    );
    let long = "s".repeat(64);
    let service = json!({"metadata": {"name": long}, "spec": {"ports": [{"port": 80}]}});
    place.post(&place.core("services"), &service).await.refused(
        422,
        "Invalid",
        &format!("Service \"{long}\" is invalid: metadata.name: Invalid value: \"{long}\": must be no more than 63 characters"),
    );
    place.post("/api/v1/namespaces", &json!({"metadata": {"name": long}})).await.refused(
        422,
        "Invalid",
        &format!("Namespace \"{long}\" is invalid: [metadata.name: Invalid value: \"{long}\": must be no more than 63 characters, metadata.labels: Invalid value: \"{long}\": must be no more than 63 bytes]"),
    );
    place
        .post(&maps, &json!({"metadata": {"name": "a..b"}}))
        .await
        .refused(
            422,
            "Invalid",
            &format!(
                "ConfigMap \"a..b\" is invalid: metadata.name: Invalid value: \"a..b\": {SUBDOMAIN}"
            ),
        );
}

pub(crate) async fn generated_name_keeps_what_fits_of_its_base(place: Place) {
    let maps = place.core("configmaps");
    let base = "g".repeat(100);
    let made = place
        .post(&maps, &json!({"metadata": {"generateName": base}}))
        .await
        .object();
    let name = made["metadata"]["name"].as_str().unwrap();
    assert_eq!((name.len(), &name[..58]), (63, &base[..58]));
    assert_eq!(made["metadata"]["generateName"], base);
    let bad = place
        .post(&maps, &json!({"metadata": {"generateName": "Bad_"}}))
        .await;
    let message = bad.message();
    assert!(message.starts_with("ConfigMap \"Bad_"), "{message}");
    assert!(
        message.contains(&format!("\" is invalid: [metadata.generateName: Invalid value: \"Bad_\": {SUBDOMAIN}, metadata.name: Invalid value: \"Bad_")),
        "{message}"
    );
}

pub(crate) async fn labels_and_references_are_checked(place: Place) {
    let maps = place.core("configmaps");
    for (metadata, error) in [
        (json!({"labels": {"a b": "c"}}), format!("metadata.labels: Invalid value: \"a b\": {LABEL_NAME}")),
        (json!({"labels": {"x": "-"}}), format!("metadata.labels: Invalid value: \"-\": {LABEL_VALUE}")),
        (
            json!({"labels": {"x": "v".repeat(64)}}),
            format!("metadata.labels: Invalid value: \"{}\": must be no more than 63 bytes", "v".repeat(64)),
        ),
        (json!({"annotations": {"a b": "c"}}), format!("metadata.annotations: Invalid value: \"a b\": {LABEL_NAME}")),
        (
            json!({"finalizers": ["nodomain"]}),
            "metadata.finalizers[0]: Invalid value: \"nodomain\": name is neither a standard finalizer name nor is it fully qualified".to_owned(),
        ),
        (
            json!({"ownerReferences": [{"apiVersion": "v1", "kind": "ConfigMap", "name": "b", "uid": ""}]}),
            "metadata.ownerReferences.uid: Invalid value: \"\": must not be empty".to_owned(),
        ),
        (
            json!({"ownerReferences": [
                {"apiVersion": "v1", "kind": "ConfigMap", "name": "b", "uid": "u1", "controller": true},
                {"apiVersion": "v1", "kind": "ConfigMap", "name": "c", "uid": "u2", "controller": true},
            ]}),
            "metadata.ownerReferences: Invalid value: [{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"name\":\"b\",\"uid\":\"u1\",\"controller\":true},{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"name\":\"c\",\"uid\":\"u2\",\"controller\":true}]: Only one reference can have Controller set to true. Found \"true\" in references for ConfigMap/b and ConfigMap/c".to_owned(),
        ),
    ] {
        let mut map = json!({"metadata": metadata});
        map["metadata"]["name"] = json!("a");
        let message = format!("ConfigMap \"a\" is invalid: {error}");
        place.post(&maps, &map).await.refused(422, "Invalid", &message);
    }
    let key = json!({"metadata": {"name": "a"}, "data": {"a/b": "1"}});
    place.post(&maps, &key).await.refused(
        422,
        "Invalid",
        "ConfigMap \"a\" is invalid: data[a/b]: Invalid value: \"a/b\": a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')",
    );
}

pub(crate) async fn created_object_gets_the_servers_metadata(place: Place) {
    let map = json!({"metadata": {
        "name": "a", "uid": "mine", "creationTimestamp": "2020-01-01T00:00:00Z",
        "deletionTimestamp": "2020-01-01T00:00:00Z", "deletionGracePeriodSeconds": 5,
        "selfLink": "/x", "resourceVersion": "0", "managedFields": [{"manager": "x"}],
    }});
    let maps = place.core("configmaps");
    let made = place.post(&maps, &map).await.object()["metadata"].clone();
    assert_eq!(made["uid"].as_str().unwrap().len(), 36);
    assert_ne!(made["creationTimestamp"], "2020-01-01T00:00:00Z");
    assert_ne!(made["resourceVersion"], "0");
    for field in [
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
        "selfLink",
    ] {
        assert_eq!(made[field], Value::Null, "{field}");
    }
    let map = json!({"metadata": {"name": "b", "resourceVersion": "1"}});
    place.post(&maps, &map).await.refused(
        500,
        "",
        "resourceVersion should not be set on objects to be created",
    );
}

pub(crate) async fn replace_leaves_the_servers_metadata(place: Place) {
    let maps = place.core("configmaps");
    let made = place
        .post(
            &maps,
            &json!({"metadata": {"name": "a", "labels": {"x": "1"}}}),
        )
        .await
        .object();
    let path = format!("{maps}/a");
    let with = |field: &str, value: Value| {
        let mut map = made.clone();
        map["metadata"][field] = value;
        map
    };
    for (field, value) in [
        ("creationTimestamp", json!("2020-01-01T00:00:00Z")),
        ("creationTimestamp", Value::Null),
        ("selfLink", json!("/x")),
        ("generation", json!(9)),
    ] {
        let kept = place.put(&path, &with(field, value)).await.object();
        assert_eq!(
            kept["metadata"]["resourceVersion"], made["metadata"]["resourceVersion"],
            "{field}"
        );
        assert_eq!(
            kept["metadata"]["creationTimestamp"],
            made["metadata"]["creationTimestamp"]
        );
    }
    let answer = place.put(&path, &with("uid", json!("other"))).await;
    let uid = made["metadata"]["uid"].as_str().unwrap();
    assert_eq!(answer.code, 409);
    assert!(
        answer.message().ends_with(&format!(
            "Precondition failed: UID in precondition: other, UID in object meta: {uid}"
        )),
        "{answer:?}"
    );
    let deleting = json!("2020-01-01T00:00:00Z");
    place.put(&path, &with("deletionTimestamp", deleting)).await.refused(
        422,
        "Invalid",
        "ConfigMap \"a\" is invalid: metadata.deletionTimestamp: Invalid value: \"2020-01-01T00:00:00Z\": field is immutable",
    );
    place
        .put(&path, &with("resourceVersion", json!("abc")))
        .await
        .refused(
            500,
            "",
            "strconv.ParseUint: parsing \"abc\": invalid syntax",
        );
    place
        .patch(&path, MERGE, &json!({"metadata": {"uid": "other"}}))
        .await
        .refused(
            422,
            "Invalid",
            "ConfigMap \"a\" is invalid: metadata.uid: Invalid value: \"other\": field is immutable",
        );
}

pub(crate) async fn nothing_is_added_while_an_object_is_deleted(place: Place) {
    let maps = place.core("configmaps");
    let path = format!("{maps}/a");
    let map = json!({"metadata": {"name": "a", "finalizers": ["example.com/hold"]}});
    place.post(&maps, &map).await.object();
    let marked = place.delete(&path).await.object();
    assert!(marked["metadata"]["deletionTimestamp"].is_string());
    assert_eq!(marked["metadata"]["deletionGracePeriodSeconds"], 0);
    let more = json!({"metadata": {"finalizers": ["example.com/hold", "example.com/more"]}});
    place.patch(&path, MERGE, &more).await.refused(
        422,
        "Invalid",
        "ConfigMap \"a\" is invalid: metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{\"example.com/more\"}",
    );
    let changed = place
        .patch(&path, MERGE, &json!({"data": {"x": "1"}}))
        .await
        .object();
    assert_eq!(changed["data"]["x"], "1", "the rest can still change");
    let undone = json!({"metadata": {"deletionTimestamp": null}});
    let kept = place.patch(&path, MERGE, &undone).await.object();
    assert_eq!(
        kept["metadata"]["deletionTimestamp"],
        marked["metadata"]["deletionTimestamp"]
    );
    let again = place.delete(&path).await.object();
    assert_eq!(
        again["metadata"]["resourceVersion"],
        kept["metadata"]["resourceVersion"]
    );
    place
        .patch(&path, MERGE, &json!({"metadata": {"finalizers": []}}))
        .await
        .object();
    assert_eq!(place.get(&path).await.code, 404);
}
