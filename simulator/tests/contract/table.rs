//! Objects in other shapes: rows for kubectl, metadata alone.

use http::Method;
use serde_json::{Value, json};

use super::Place;
use super::objects::mk_deployment;
use super::raw::Answer;

const TABLE: &str = "application/json;as=Table;v=v1;g=meta.k8s.io";

async fn get(place: &Place, accept: &str, path: &str) -> Answer {
    place
        .ask(Method::GET, path, &[("accept", accept)], "")
        .await
}

fn columns(table: &Value) -> Vec<String> {
    let columns = table["columnDefinitions"].as_array().unwrap().iter();
    columns
        .map(|c| format!("{}{}", c["name"].as_str().unwrap(), c["priority"]))
        .collect()
}

pub(crate) async fn kubectl_gets_rows(place: Place) {
    let maps = place.core("configmaps");
    for name in ["a", "b"] {
        let map = json!({"metadata": {"name": name, "labels": {"mine": "yes"}}, "data": {"x": "1", "y": "2"}});
        place.post(&maps, &map).await.object();
    }
    let table = get(&place, TABLE, &format!("{maps}?labelSelector=mine&limit=1"))
        .await
        .object();
    assert_eq!(
        (&table["kind"], &table["apiVersion"]),
        (&json!("Table"), &json!("meta.k8s.io/v1"))
    );
    assert_eq!(columns(&table), ["Name0", "Data0", "Age0"]);
    assert!(table["metadata"]["continue"].is_string());
    let rows = table["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0]["cells"][0], "a");
    assert_eq!(rows[0]["cells"][1], 2);
    assert_eq!(rows[0]["object"]["kind"], "PartialObjectMetadata");
    let whole = get(&place, TABLE, &format!("{maps}/a?includeObject=Object"))
        .await
        .object();
    assert_eq!(
        whole["rows"][0]["object"]["data"],
        json!({"x": "1", "y": "2"})
    );
    let bare = get(&place, TABLE, &format!("{maps}/a?includeObject=None"))
        .await
        .object();
    assert_eq!(bare["rows"][0]["object"], Value::Null);
    get(&place, TABLE, &format!("{maps}?includeObject=Foo")).await.refused(
        400,
        "BadRequest",
        "Unable to convert to Table as requested: includeObject: Invalid value: \"Foo\": must be 'Metadata', 'Object', 'None', or empty",
    );
    get(&place, TABLE, &format!("{maps}/none")).await.refused(
        404,
        "NotFound",
        "configmaps \"none\" not found",
    );
    let deployment = serde_json::to_value(mk_deployment("webapp")).unwrap();
    let deployments = place.group("apps/v1", "deployments");
    place.post(&deployments, &deployment).await.object();
    let table = get(&place, TABLE, &format!("{deployments}/webapp"))
        .await
        .object();
    assert_eq!(
        columns(&table),
        [
            "Name0",
            "Ready0",
            "Up-to-date0",
            "Available0",
            "Age0",
            "Containers1",
            "Images1",
            "Selector1"
        ]
    );
    let cells = &table["rows"][0]["cells"];
    assert_eq!(
        (&cells[0], &cells[1], &cells[7]),
        (&json!("webapp"), &json!("0/0"), &json!("app=webapp"))
    );
}

pub(crate) async fn shape_must_be_one_that_is_served(place: Place) {
    let maps = place.core("configmaps");
    place
        .post(
            &maps,
            &json!({"metadata": {"name": "a"}, "data": {"x": "1"}}),
        )
        .await
        .object();
    let partial = "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io";
    let shown = get(&place, partial, &format!("{maps}/a")).await.object();
    assert_eq!(
        (&shown["kind"], &shown["data"]),
        (&json!("PartialObjectMetadata"), &Value::Null)
    );
    let first = get(
        &place,
        &format!("application/vnd.foo, {partial}, */*"),
        &format!("{maps}/a"),
    )
    .await
    .object();
    assert_eq!(
        first["kind"], "PartialObjectMetadata",
        "the first that is known"
    );
    let answer = get(&place, "text/plain", &format!("{maps}/a")).await;
    assert_eq!(
        (answer.code, answer.json()["reason"].as_str()),
        (406, Some("NotAcceptable"))
    );
    let answer = get(
        &place,
        "application/json;as=Foo;v=v1;g=meta.k8s.io",
        &format!("{maps}/a"),
    )
    .await;
    assert_eq!(
        (answer.code, answer.json()["reason"].as_str()),
        (406, Some("NotAcceptable"))
    );
    assert!(
        answer.message().starts_with(
            "only the following media types are accepted: application/json, application/yaml"
        ),
        "{answer:?}"
    );
}

pub(crate) async fn items_of_a_list_say_no_kind(place: Place) {
    let maps = place.core("configmaps");
    place
        .post(&maps, &json!({"metadata": {"name": "a"}}))
        .await
        .object();
    let list = place.get(&maps).await.object();
    assert_eq!(list["kind"], "ConfigMapList");
    assert_eq!(list["items"][0]["kind"], Value::Null);
    assert_eq!(list["items"][0]["apiVersion"], Value::Null);
    let events = place
        .get(&place.core("configmaps?watch=1&timeoutSeconds=1"))
        .await
        .lines();
    assert_eq!(events[0]["object"]["kind"], "ConfigMap", "one object does");
}
