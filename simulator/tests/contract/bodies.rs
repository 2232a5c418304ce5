//! Bodies that are broken, of another kind, misplaced, too large, or of another media type.

use http::Method;
use serde_json::{Value, json};

use super::Place;
use super::objects::mk_deployment;

const JSON: &str = "application/json";

pub(crate) async fn malformed_json_is_refused(place: Place) {
    let maps = place.core("configmaps");
    let prefix = "the object provided is unrecognized (must be of type ConfigMap): couldn't get version/kind; json parse error: ";
    let into = "json: cannot unmarshal {} into Go value of type struct { APIVersion string \"json:\\\"apiVersion,omitempty\\\"\"; Kind string \"json:\\\"kind,omitempty\\\"\" }";
    for (body, error) in [
        ("{\"kind\":\"ConfigMap\",", "unexpected end of JSON input ({\"kind\":\"ConfigMap\",)".to_owned()),
        ("", "unexpected end of JSON input (<empty>)".to_owned()),
        ("[]", format!("{} (5b5d)", into.replace("{}", "array"))),
        ("\"x\"", format!("{} (227822)", into.replace("{}", "string"))),
        ("3", format!("{} (33)", into.replace("{}", "number"))),
        (
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n",
            "invalid character 'a' looking for beginning of value (61706956657273696f6e3a2076310a6b696e643a20436f6e6669674d6170 ...)".to_owned(),
        ),
        (
            "{\"apiVersion\": 1, \"kind\": \"ConfigMap\"}",
            "json: cannot unmarshal number into Go struct field .apiVersion of type string ({\"apiVersion\": 1, \"kind\": \"Con ...)".to_owned(),
        ),
    ] {
        place
            .post_text(&maps, JSON, body)
            .await
            .refused(400, "BadRequest", &format!("{prefix}{error}"));
    }
    for body in ["null", "{}"] {
        place.post_text(&maps, JSON, body).await.refused(
            422,
            "Invalid",
            "ConfigMap \"\" is invalid: metadata.name: Required value: name or generateName is required",
        );
    }
}

pub(crate) async fn yaml_is_read_where_it_is_announced(place: Place) {
    let maps = place.core("configmaps");
    let yaml = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {a: \"1\"}\n";
    let made = place.post_text(&maps, "application/yaml", yaml).await;
    assert_eq!(made.object()["data"], json!({"a": "1"}));
    let broken = place
        .post_text(
            &maps,
            "application/yaml",
            "apiVersion: v1\nkind: ConfigMap\ndata: [1,2",
        )
        .await;
    assert_eq!(broken.code, 400);
    let message = broken.message();
    assert!(
        message
            .starts_with("the object provided is unrecognized (must be of type ConfigMap): yaml: "),
        "{message}"
    );
    assert!(
        message.ends_with(" (61706956657273696f6e3a2076310a6b696e643a20436f6e6669674d6170 ...)"),
        "{message}"
    );
    let number = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: b}\ndata: {a: 1}\n";
    place
        .post_text(&maps, "application/yaml", number)
        .await
        .refused(
            400,
            "BadRequest",
            "ConfigMap in version \"v1\" cannot be handled as a ConfigMap: json: cannot unmarshal number into Go struct field ConfigMap.data of type string",
        );
}

pub(crate) async fn value_of_another_type_is_refused(place: Place) {
    let into = |what: &str| format!("json: cannot unmarshal {what}");
    let quantity = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
    let container = "/spec/template/spec/containers/0";
    for (pointer, value, error) in [
        (
            "/spec/replicas".to_owned(),
            json!("three"),
            into("string into Go struct field DeploymentSpec.spec.replicas of type int32"),
        ),
        (
            "/spec/replicas".to_owned(),
            json!(1.5),
            into("number 1.5 into Go struct field DeploymentSpec.spec.replicas of type int32"),
        ),
        (
            "/spec/replicas".to_owned(),
            json!(3_000_000_000_i64),
            into(
                "number 3000000000 into Go struct field DeploymentSpec.spec.replicas of type int32",
            ),
        ),
        (
            "/spec/paused".to_owned(),
            json!("yes"),
            into("string into Go struct field DeploymentSpec.spec.paused of type bool"),
        ),
        (
            "/spec".to_owned(),
            json!("a"),
            into("string into Go struct field Deployment.spec of type v1.DeploymentSpec"),
        ),
        (
            "/spec/template/spec/containers".to_owned(),
            json!({"name": "a"}),
            into(
                "object into Go struct field PodSpec.spec.template.spec.containers of type []v1.Container",
            ),
        ),
        (
            format!("{container}/image"),
            json!(1),
            into(
                "number into Go struct field Container.spec.template.spec.containers.image of type string",
            ),
        ),
        (
            format!("{container}/env"),
            json!([{"name": "A", "value": 1}]),
            into(
                "number into Go struct field EnvVar.spec.template.spec.containers.env.value of type string",
            ),
        ),
        (
            format!("{container}/resources/requests/cpu"),
            json!("abc"),
            quantity.to_owned(),
        ),
        (
            "/metadata/labels".to_owned(),
            json!({"a": 1}),
            into("number into Go struct field ObjectMeta.metadata.labels of type string"),
        ),
        (
            "/metadata/labels".to_owned(),
            json!("a"),
            into(
                "string into Go struct field ObjectMeta.metadata.labels of type map[string]string",
            ),
        ),
        (
            "/metadata/name".to_owned(),
            json!(5),
            into("number into Go struct field ObjectMeta.metadata.name of type string"),
        ),
    ] {
        let mut sent = serde_json::to_value(mk_deployment("webapp")).unwrap();
        put(&mut sent, &pointer, value);
        let answer = place
            .post(&place.group("apps/v1", "deployments"), &sent)
            .await;
        let message =
            format!("Deployment in version \"v1\" cannot be handled as a Deployment: {error}");
        answer.refused(400, "BadRequest", &message);
    }
}

/// Sets what a JSON pointer names; its parent must be there.
fn put(object: &mut Value, pointer: &str, value: Value) {
    let (parent, field) = pointer.rsplit_once('/').unwrap();
    object.pointer_mut(parent).unwrap()[field] = value;
}

pub(crate) async fn body_of_another_kind_is_refused(place: Place) {
    let (maps, deployments) = (
        place.core("configmaps"),
        place.group("apps/v1", "deployments"),
    );
    let scaled = place.group("keda.sh/v1alpha1", "scaledobjects");
    for (path, version, kind, message) in [
        (
            &maps,
            "v1",
            "Secret",
            "Secret in version \"v1\" cannot be handled as a ConfigMap: converting (v1.Secret) to (core.ConfigMap): unknown conversion",
        ),
        (
            &maps,
            "apps/v1",
            "Deployment",
            "Deployment in version \"v1\" cannot be handled as a ConfigMap: converting (v1.Deployment) to (core.ConfigMap): unknown conversion",
        ),
        (
            &maps,
            "v2",
            "ConfigMap",
            "ConfigMap in version \"v2\" cannot be handled as a ConfigMap: no kind \"ConfigMap\" is registered for version \"v2\" in scheme \"pkg/runtime/scheme.go:111\"",
        ),
        (
            &maps,
            "example.com/v1",
            "Foo",
            "Foo in version \"v1\" cannot be handled as a ConfigMap: no kind \"Foo\" is registered for version \"example.com/v1\" in scheme \"pkg/runtime/scheme.go:111\"",
        ),
        (
            &deployments,
            "apps/v1",
            "ReplicaSet",
            "ReplicaSet in version \"v1\" cannot be handled as a Deployment: converting (v1.ReplicaSet) to (apps.Deployment): unknown conversion",
        ),
        (
            &deployments,
            "apps/v1beta1",
            "Deployment",
            "the API version in the data (apps/v1beta1) does not match the expected API version (apps/v1)",
        ),
        (
            &scaled,
            "v1",
            "ConfigMap",
            "the API version in the data (v1) does not match the expected API version (keda.sh/v1alpha1)",
        ),
    ] {
        let body = json!({"apiVersion": version, "kind": kind, "metadata": {"name": "a"}});
        place
            .post(path, &body)
            .await
            .refused(400, "BadRequest", message);
    }
    // A built-in kind goes without saying; a custom one does not.
    let body = json!({"metadata": {"name": "a"}});
    assert_eq!(place.post(&maps, &body).await.code, 201);
    place.post_text(&scaled, JSON, "{\"metadata\":{}}").await.refused(
        400,
        "BadRequest",
        "the object provided is unrecognized (must be of type ScaledObject): Object 'Kind' is missing in '{\"metadata\":{}}' ({\"metadata\":{}})",
    );
}

pub(crate) async fn media_type_must_be_known(place: Place) {
    let maps = place.core("configmaps");
    let body = "{\"metadata\":{\"name\":\"a\"}}";
    let answer = place.post_text(&maps, "text/plain", body).await;
    assert_eq!(answer.code, 415);
    assert!(
        answer.message().starts_with("the body of the request was in an unknown format - accepted media types include: application/json, application/yaml"),
        "{answer:?}"
    );
    assert_eq!(answer.json()["reason"], "UnsupportedMediaType");
    let untold = place.ask(Method::POST, &maps, &[], body).await;
    assert_eq!(untold.code, 201, "JSON is the default");
    for media in ["application/json", "text/plain"] {
        place
            .patch_text(&format!("{maps}/a"), media, "{}")
            .await
            .refused(415, "UnsupportedMediaType", "415: Unsupported Media Type");
    }
    let scaled = place.group("keda.sh/v1alpha1", "scaledobjects/a");
    place
        .patch_text(&scaled, "application/strategic-merge-patch+json", "{}")
        .await
        .refused(
            415,
            "UnsupportedMediaType",
            "the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml",
        );
}

pub(crate) async fn body_must_fit_its_path(place: Place) {
    let maps = place.core("configmaps");
    place
        .post(&maps, &json!({"metadata": {"name": "a"}}))
        .await
        .object();
    let path = format!("{maps}/a");
    let other = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "b"}});
    let elsewhere = json!({"metadata": {"name": "a", "namespace": "other"}});
    let name = "the name of the object (b) does not match the name on the URL (a)";
    let namespace =
        "the namespace of the provided object does not match the namespace sent on the request";
    let merge = "application/merge-patch+json";
    let apply = "application/apply-patch+yaml";
    for (answer, message) in [
        (place.put(&path, &other).await, name),
        (place.patch(&path, merge, &other).await, name),
        (
            place
                .patch(&format!("{path}?fieldManager=p"), apply, &other)
                .await,
            name,
        ),
        (place.put(&path, &elsewhere).await, namespace),
        (place.patch(&path, merge, &elsewhere).await, namespace),
        (place.post(&maps, &elsewhere).await, namespace),
        (
            place.put(&path, &json!({"metadata": {}})).await,
            "the name of the object (a based on URL) was undeterminable: name must be provided",
        ),
    ] {
        answer.refused(400, "BadRequest", message);
    }
}

pub(crate) async fn huge_body_is_refused(place: Place) {
    const MEBIBYTE: usize = 1024 * 1024;
    let maps = place.core("configmaps");
    let mk = |bytes: usize| json!({"metadata": {"name": "a"}, "data": {"a": "x".repeat(bytes)}});
    let limit = "Request entity too large: limit is 3145728";
    place
        .post(&maps, &mk(3 * MEBIBYTE))
        .await
        .refused(413, "RequestEntityTooLarge", limit);
    place.post(&maps, &mk(MEBIBYTE + 1)).await.refused(
        422,
        "Invalid",
        "ConfigMap \"a\" is invalid: []: Too long: may not be more than 1048576 bytes",
    );
    place.post(&maps, &mk(MEBIBYTE)).await.object();
    let annotations =
        json!({"metadata": {"name": "b", "annotations": {"a": "x".repeat(MEBIBYTE / 4)}}});
    place.post(&maps, &annotations).await.refused(
        422,
        "Invalid",
        "ConfigMap \"b\" is invalid: metadata.annotations: Too long: may not be more than 262144 bytes",
    );
}
