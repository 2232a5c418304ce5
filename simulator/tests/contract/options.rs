//! What a write can be told beside its body: `dryRun`, `fieldValidation`, `force`.

use serde_json::{Value, json};

use super::Place;
use super::objects::mk_deployment;
use super::raw::{APPLY, JSON_PATCH, MERGE, STRATEGIC};

fn mk_map(name: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"key": "1"}})
}

pub(crate) async fn dry_run_answers_in_full_and_keeps_nothing(place: Place) {
    let maps = place.core("configmaps");
    let shown = place
        .post(&format!("{maps}?dryRun=All"), &mk_map("a"))
        .await;
    assert_eq!(shown.code, 201);
    let metadata = shown.object()["metadata"].clone();
    assert_eq!(metadata["uid"].as_str().unwrap().len(), 36);
    assert!(metadata["creationTimestamp"].is_string());
    assert_eq!(metadata["resourceVersion"], Value::Null);
    let applied = place
        .patch(
            &format!("{maps}/a?dryRun=All&fieldManager=p"),
            APPLY,
            &mk_map("a"),
        )
        .await;
    assert_eq!(applied.code, 201);
    place
        .get(&format!("{maps}/a"))
        .await
        .refused(404, "NotFound", "configmaps \"a\" not found");

    let kept = place.post(&maps, &mk_map("a")).await.object();
    let version = &kept["metadata"]["resourceVersion"];
    let patched = place
        .patch(
            &format!("{maps}/a?dryRun=All"),
            MERGE,
            &json!({"data": {"key": "2"}}),
        )
        .await
        .object();
    assert_eq!(patched["data"]["key"], "2");
    assert_eq!(&patched["metadata"]["resourceVersion"], version);
    let deleted = place.delete(&format!("{maps}/a?dryRun=All")).await.object();
    assert_eq!(deleted["status"], "Success");
    assert_eq!(deleted["details"]["uid"], kept["metadata"]["uid"]);
    place.delete(&format!("{maps}?dryRun=All")).await.object();
    let left = place.get(&format!("{maps}/a")).await.object();
    assert_eq!(left, kept);
}

pub(crate) async fn options_have_few_values(place: Place) {
    let maps = place.core("configmaps");
    place.post(&maps, &mk_map("a")).await.object();
    for (query, error) in [
        (
            "dryRun=Foo",
            "dryRun: Unsupported value: [\"Foo\"]: supported values: \"All\"",
        ),
        (
            "dryRun=",
            "dryRun: Unsupported value: [\"\"]: supported values: \"All\"",
        ),
        (
            "fieldValidation=Foo",
            "fieldValidation: Unsupported value: \"Foo\": supported values: \"\", \"Ignore\", \"Strict\", \"Warn\"",
        ),
    ] {
        let answer = place.post(&format!("{maps}?{query}"), &mk_map("b")).await;
        answer.refused(
            422,
            "Invalid",
            &format!("CreateOptions.meta.k8s.io \"\" is invalid: {error}"),
        );
        let answer = place
            .patch(&format!("{maps}/a?{query}"), MERGE, &json!({}))
            .await;
        answer.refused(
            422,
            "Invalid",
            &format!("PatchOptions.meta.k8s.io \"\" is invalid: {error}"),
        );
        let answer = place.put(&format!("{maps}/a?{query}"), &mk_map("a")).await;
        answer.refused(
            422,
            "Invalid",
            &format!("UpdateOptions.meta.k8s.io \"\" is invalid: {error}"),
        );
    }
    place
        .patch(&format!("{maps}/a?force=true"), MERGE, &json!({}))
        .await
        .refused(
            422,
            "Invalid",
            "PatchOptions.meta.k8s.io \"\" is invalid: force: Forbidden: may not be specified for non-apply patch",
        );
    let long = "m".repeat(129);
    place
        .patch(&format!("{maps}/a?fieldManager={long}"), APPLY, &mk_map("a"))
        .await
        .refused(
            422,
            "Invalid",
            "PatchOptions.meta.k8s.io \"\" is invalid: fieldManager: Too long: may not be more than 128 bytes",
        );
}

pub(crate) async fn unknown_fields_are_refused_warned_of_or_ignored(place: Place) {
    let path = place.group("apps/v1", "deployments");
    let mut sent = serde_json::to_value(mk_deployment("webapp")).unwrap();
    sent["spec"]["template"]["spec"]["containers"][0]["imagee"] = json!("x");
    sent["spec"]["template"]["spec"]["containers"][0]["Image"] = json!("y");
    let fields = ["Image", "imagee"]
        .map(|name| format!("unknown field \"spec.template.spec.containers[0].{name}\""));
    place
        .post(&format!("{path}?fieldValidation=Strict"), &sent)
        .await
        .refused(
            400,
            "BadRequest",
            &format!(
                "Deployment in version \"v1\" cannot be handled as a Deployment: strict decoding error: {}",
                fields.join(", ")
            ),
        );
    for query in ["dryRun=All", "dryRun=All&fieldValidation=Warn"] {
        let answer = place.post(&format!("{path}?{query}"), &sent).await;
        assert_eq!(answer.code, 201, "{answer:?}");
        assert_eq!(answer.warnings, fields);
    }
    let ignored = place
        .post(&format!("{path}?dryRun=All&fieldValidation=Ignore"), &sent)
        .await;
    assert_eq!((ignored.code, ignored.warnings.len()), (201, 0));
}

pub(crate) async fn duplicate_fields_are_refused_or_warned_of(place: Place) {
    let maps = place.core("configmaps");
    let twice = r#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","colour":"red"},"data":{"a":"1"},"data":{"b":"2"},"dat":1}"#;
    let media = "application/json";
    place
        .post_text(&format!("{maps}?fieldValidation=Strict"), media, twice)
        .await
        .refused(
            400,
            "BadRequest",
            "ConfigMap in version \"v1\" cannot be handled as a ConfigMap: strict decoding error: unknown field \"metadata.colour\", duplicate field \"data\", unknown field \"dat\"",
        );
    let warned = place
        .post_text(&format!("{maps}?dryRun=All"), media, twice)
        .await;
    assert_eq!(warned.object()["data"], json!({"a": "1", "b": "2"}));
    assert_eq!(
        warned.warnings,
        [
            "unknown field \"metadata.colour\"",
            "duplicate field \"data\"",
            "unknown field \"dat\""
        ]
    );
    let key = r#"{"metadata":{"name":"a"},"data":{"a":"1","a":"2"}}"#;
    let warned = place
        .post_text(&format!("{maps}?dryRun=All"), media, key)
        .await;
    assert_eq!(warned.object()["data"], json!({"a": "2"}));
    assert_eq!(warned.warnings, ["duplicate field \"data.a\""]);
}

pub(crate) async fn yaml_with_a_key_twice_keeps_the_last(place: Place) {
    let maps = place.core("configmaps");
    let yaml = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {a: \"1\"}\ndata: {b: \"2\"}\n";
    let media = "application/yaml";
    let warned = place
        .post_text(&format!("{maps}?dryRun=All"), media, yaml)
        .await;
    assert_eq!(warned.object()["data"], json!({"b": "2"}));
    assert_eq!(warned.warnings, ["line 5: key \"data\" already set in map"]);
    place
        .post_text(&format!("{maps}?fieldValidation=Strict"), media, yaml)
        .await
        .refused(
            400,
            "BadRequest",
            "ConfigMap in version \"v1\" cannot be handled as a ConfigMap: strict decoding error: yaml: unmarshal errors:\n  line 5: key \"data\" already set in map",
        );
}

pub(crate) async fn unknown_fields_of_patches_are_told(place: Place) {
    let maps = place.core("configmaps");
    place.post(&maps, &mk_map("a")).await.object();
    let path = format!("{maps}/a");
    let add = json!([{"op": "add", "path": "/dat", "value": 1}]);
    for (media, patch) in [
        (MERGE, json!({"dat": 1})),
        (JSON_PATCH, add),
        (STRATEGIC, json!({"dat": 1})),
    ] {
        let warned = place.patch(&path, media, &patch).await;
        assert_eq!(warned.code, 200, "{warned:?}");
        assert_eq!(warned.warnings, ["unknown field \"dat\""]);
        let refused = place
            .patch(&format!("{path}?fieldValidation=Strict"), media, &patch)
            .await;
        assert_eq!(
            (refused.code, refused.json()["reason"].as_str()),
            (422, Some("Invalid"))
        );
        let message = refused.message();
        // The whole object stands in between.
        assert!(
            message.starts_with(" \"\" is invalid: patch: Invalid value: \""),
            "{message}"
        );
        assert!(
            message.ends_with("\": strict decoding error: unknown field \"dat\""),
            "{message}"
        );
    }
    place
        .patch(&format!("{path}?fieldValidation=Strict"), STRATEGIC, &json!({"dat": 1}))
        .await
        .refused(
            422,
            "Invalid",
            " \"\" is invalid: patch: Invalid value: \"map[dat:1]\": strict decoding error: unknown field \"dat\"",
        );
}
