//! Label and field selectors of lists.

use serde_json::json;

use super::Place;

async fn create(place: &Place, name: &str, labels: serde_json::Value) {
    let map = json!({"metadata": {"name": name, "labels": labels}});
    place.post(&place.core("configmaps"), &map).await.object();
}

/// A path with a parameter that has to be escaped.
fn with(path: &str, name: &str, value: &str) -> String {
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair(name, value)
        .finish();
    format!("{path}?{query}")
}

pub(crate) async fn sets_of_labels_select(place: Place) {
    create(&place, "a", json!({"tier": "front", "size": "3"})).await;
    create(
        &place,
        "b",
        json!({"tier": "back", "size": "30", "in": "in"}),
    )
    .await;
    create(&place, "c", json!({"tier": ""})).await;
    for (selector, names) in [
        ("tier in (front, back)", vec!["a", "b"]),
        ("tier notin (front),tier", vec!["b", "c"]),
        ("tier in (front,)", vec!["a", "c"]),
        ("tier=", vec!["c"]),
        ("tier==back", vec!["b"]),
        ("tier,!size", vec!["c"]),
        ("size>3", vec!["b"]),
        ("size<30", vec!["a"]),
        ("in in (in)", vec!["b"]),
        ("tier,tier!=front,tier!=back", vec!["c"]),
    ] {
        let path = with(&place.core("configmaps"), "labelSelector", selector);
        assert_eq!(place.get(&path).await.names(), names, "{selector}");
    }
}

pub(crate) async fn label_selector_must_be_readable(place: Place) {
    const NAME: &str = "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
    const VALUE: &str = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";
    let long = "v".repeat(64);
    for (selector, message) in [
        (
            "a b",
            "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt".to_owned(),
        ),
        (
            "a!",
            "unable to parse requirement: found '!', expected: in, notin, =, ==, !=, gt, lt".to_owned(),
        ),
        (
            "=x",
            "found '=', expected: !, identifier, or 'end of string'".to_owned(),
        ),
        (
            ",a",
            "found ',', expected: !, identifier, or 'end of string'".to_owned(),
        ),
        ("a=b=c", "found '=', expected: ',' or 'end of string'".to_owned()),
        ("a,", "found '', expected: identifier after ','".to_owned()),
        ("a=b,,c=d", "found ',', expected: identifier after ','".to_owned()),
        (
            "a in b",
            "unable to parse requirement: found 'b' expected: '('".to_owned(),
        ),
        (
            "a in (b",
            "unable to parse requirement: found '', expected: ',' or ')'".to_owned(),
        ),
        (
            "!",
            "unable to parse requirement: found '', expected: identifier".to_owned(),
        ),
        (
            "a>x",
            "unable to parse requirement: values[0]: Invalid value: \"x\": for 'Gt', 'Lt' operators, the value must be an integer".to_owned(),
        ),
        (
            "-a=b",
            format!("unable to parse requirement: <nil>: Invalid value: \"-a\": {NAME}"),
        ),
        (
            "a=-b",
            format!("unable to parse requirement: values[0][a]: Invalid value: \"-b\": {VALUE}"),
        ),
        (
            &format!("a={long}"),
            format!(
                "unable to parse requirement: values[0][a]: Invalid value: \"{long}\": must be no more than 63 bytes"
            ),
        ),
    ] {
        let path = with(&place.core("configmaps"), "labelSelector", selector);
        let answer = place.get(&path).await;
        assert_eq!(answer.code, 400, "{selector}: {answer:?}");
        answer.refused(400, "BadRequest", &message);
    }
}

pub(crate) async fn field_selector_must_be_readable(place: Place) {
    create(&place, "a", json!({})).await;
    let maps = place.core("configmaps");
    for (selector, message) in [
        (
            "metadata.name",
            "invalid selector: 'metadata.name'; can't understand 'metadata.name'",
        ),
        (
            "metadata.name in (a)",
            "invalid selector: 'metadata.name in (a)'; can't understand 'metadata.name in (a)'",
        ),
        (
            "metadata.name=a=b",
            "invalid field selector: unescaped character in value: 61",
        ),
    ] {
        place
            .get(&with(&maps, "fieldSelector", selector))
            .await
            .refused(400, "BadRequest", message);
    }
    for selector in [
        "metadata.name=a,",
        "metadata.name==a",
        "metadata.name=a,metadata.name!=b",
    ] {
        let path = with(&maps, "fieldSelector", selector);
        assert_eq!(place.get(&path).await.names(), ["a"], "{selector}");
    }
    let only =
        "\"foo.bar\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\"";
    for (path, message) in [
        ("/api/v1/configmaps", only),
        ("/apis/apps/v1/deployments", only),
        ("/apis/autoscaling/v2/horizontalpodautoscalers", only),
        ("/apis/metrics.k8s.io/v1beta1/pods", only),
        ("/api/v1/pods", "field label not supported: foo.bar"),
        ("/api/v1/nodes", "field label not supported: foo.bar"),
        ("/api/v1/namespaces", "field label not supported: foo.bar"),
        ("/api/v1/secrets", "field label not supported: foo.bar"),
        ("/api/v1/services", "field label not supported: foo.bar"),
        (
            "/apis/events.k8s.io/v1/events",
            "field label not supported: foo.bar",
        ),
        (
            "/apis/keda.sh/v1alpha1/scaledobjects",
            "field label not supported: foo.bar",
        ),
        (
            "/apis/batch/v1/jobs",
            "field label \"foo.bar\" not supported for Job",
        ),
    ] {
        place
            .get(&with(path, "fieldSelector", "foo.bar=1"))
            .await
            .refused(400, "BadRequest", message);
    }
}
