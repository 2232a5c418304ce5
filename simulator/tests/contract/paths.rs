//! Paths that lead nowhere, and methods that a path does not have.

use http::Method;

use super::Place;

pub(crate) async fn path_that_leads_nowhere_is_not_found(place: Place) {
    let not_found = "the server could not find the requested resource";
    for path in [
        "/api/v1/foos".to_owned(),
        place.core("foos"),
        "/apis/apps/v2/deployments".to_owned(),
        "/api/v2".to_owned(),
        place.core("configmaps/a/log"),
        place.core("configmaps/a/scale"),
        place.core("configmaps/a/x/y"),
        place.group("batch/v1", "jobs/a/scale"),
        "/api/v1/pods/x".to_owned(),
        place.core("nodes"),
        "/api/v1/nodes/a/b".to_owned(),
        "/apis/metrics.k8s.io/v1beta1/namespaces/default/foos".to_owned(),
    ] {
        let answer = place.get(&path).await;
        assert_eq!(answer.code, 404, "{path}: {answer:?}");
        answer.refused(404, "NotFound", not_found);
        assert_eq!(answer.json()["details"], serde_json::json!({}));
    }
    for path in [
        "/nope",
        "/apis/foo.io/v1/foos",
        "/apis/foo.io",
        "/apis/keda.sh/v1alpha1/foos",
        "/apis/keda.sh/v1/scaledobjects",
    ] {
        let answer = place.get(path).await;
        assert_eq!(
            (answer.code, answer.text.trim()),
            (404, "404 page not found"),
            "{path}"
        );
    }
    let missing = place
        .get("/apis/metrics.k8s.io/v1beta1/namespaces/default/pods/none")
        .await;
    missing.refused(404, "NotFound", "pods \"none\" not found");
    let slash = place.get(&place.core("configmaps/")).await.object();
    assert_eq!(slash["kind"], "ConfigMapList");
}

pub(crate) async fn method_must_be_one_of_the_paths(place: Place) {
    let not_allowed = "the server does not allow this method on the requested resource";
    for (method, path) in [
        (Method::POST, "/version".to_owned()),
        (Method::DELETE, "/api".to_owned()),
        (Method::PUT, place.core("configmaps")),
        (Method::PATCH, place.core("configmaps")),
        (Method::POST, place.core("configmaps/a")),
        (Method::HEAD, place.core("configmaps/a")),
        (Method::OPTIONS, place.core("configmaps")),
        (Method::POST, "/api/v1/configmaps".to_owned()),
        (Method::PATCH, "/api/v1/namespaces".to_owned()),
        (Method::DELETE, "/api/v1/namespaces".to_owned()),
        (Method::POST, place.core("pods/a/log")),
        (Method::GET, place.core("serviceaccounts/default/token")),
        (
            Method::GET,
            "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews".to_owned(),
        ),
        (
            Method::PUT,
            "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews".to_owned(),
        ),
        (
            Method::POST,
            "/apis/metrics.k8s.io/v1beta1/namespaces/default/pods".to_owned(),
        ),
        (
            Method::DELETE,
            "/apis/metrics.k8s.io/v1beta1/namespaces/default/pods/none".to_owned(),
        ),
    ] {
        let headers = [("content-type", "application/json")];
        let answer = place.ask(method.clone(), &path, &headers, "{}").await;
        assert_eq!(answer.code, 405, "{method} {path}: {answer:?}");
        if method != Method::HEAD {
            answer.refused(405, "MethodNotAllowed", not_allowed);
        }
    }
    place
        .get("/apis/metrics.k8s.io/v1beta1/pods?watch=1")
        .await
        .refused(
            405,
            "MethodNotAllowed",
            "watch is not supported on resources of kind \"pods.metrics.k8s.io\"",
        );
}
