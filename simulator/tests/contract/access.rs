//! Who may do what, and how it is asked and told.

use http::Method;
use serde_json::{Value, json};

use super::Place;
use super::raw::{APPLY, MERGE};

pub(crate) const REVIEWS: &str = "/apis/authorization.k8s.io/v1";
pub(crate) const RBAC: &str = "rbac.authorization.k8s.io/v1";

/// The account `attendee` with a role of these rules.
pub(crate) async fn create_attendee(place: &Place, rules: Value) {
    let account = json!({"metadata": {"name": "attendee"}});
    place
        .post(&place.core("serviceaccounts"), &account)
        .await
        .object();
    let role = json!({"metadata": {"name": "attendee"}, "rules": rules});
    place
        .post(&place.group(RBAC, "roles"), &role)
        .await
        .object();
    let binding = json!({
        "metadata": {"name": "attendee"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "attendee"},
        "subjects": [{"kind": "ServiceAccount", "name": "attendee", "namespace": place.namespace}],
    });
    place
        .post(&place.group(RBAC, "rolebindings"), &binding)
        .await
        .object();
    // The authorizer learns of a binding a moment later.
    let asked = json!({"spec": {"resourceAttributes": {"verb": "get", "resource": "pods", "namespace": place.namespace}}});
    loop {
        let answer = place
            .post_as_attendee(&format!("{REVIEWS}/selfsubjectaccessreviews"), &asked)
            .await;
        if answer.object()["status"]["allowed"] == true {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}

pub(crate) fn reader_rules() -> Value {
    json!([
        {"verbs": ["get", "list"], "apiGroups": [""], "resources": ["pods", "pods/log"]},
        {"verbs": ["get"], "apiGroups": ["apps"], "resources": ["deployments"], "resourceNames": ["webapp"]},
    ])
}

pub(crate) async fn refusal_names_who_what_and_where(place: Place) {
    create_attendee(&place, reader_rules()).await;
    let user = place.attendee();
    let namespace = &place.namespace;
    let inside = format!("in the namespace \"{namespace}\"");
    let core = |rest: &str| place.core(rest);
    for (method, media, path, object, verb, resource, group, scope) in [
        (
            Method::GET,
            "",
            core("configmaps"),
            "configmaps".to_owned(),
            "list",
            "configmaps",
            "",
            inside.as_str(),
        ),
        (
            Method::GET,
            "",
            "/api/v1/pods".to_owned(),
            "pods".to_owned(),
            "list",
            "pods",
            "",
            "at the cluster scope",
        ),
        (
            Method::GET,
            "",
            core("pods?watch=1"),
            "pods".to_owned(),
            "watch",
            "pods",
            "",
            &inside,
        ),
        (
            Method::POST,
            "",
            core("configmaps"),
            "configmaps".to_owned(),
            "create",
            "configmaps",
            "",
            &inside,
        ),
        (
            Method::PUT,
            "",
            core("configmaps/x"),
            "configmaps \"x\"".to_owned(),
            "update",
            "configmaps",
            "",
            &inside,
        ),
        (
            Method::PATCH,
            MERGE,
            core("configmaps/x"),
            "configmaps \"x\"".to_owned(),
            "patch",
            "configmaps",
            "",
            &inside,
        ),
        (
            Method::PATCH,
            APPLY,
            core("configmaps/x?fieldManager=p"),
            "configmaps \"x\"".to_owned(),
            "patch",
            "configmaps",
            "",
            &inside,
        ),
        (
            Method::DELETE,
            "",
            core("configmaps/x"),
            "configmaps \"x\"".to_owned(),
            "delete",
            "configmaps",
            "",
            &inside,
        ),
        (
            Method::DELETE,
            "",
            core("configmaps"),
            "configmaps".to_owned(),
            "deletecollection",
            "configmaps",
            "",
            &inside,
        ),
        (
            Method::GET,
            "",
            core("configmaps?fieldSelector=metadata.name%3Dx"),
            "configmaps \"x\"".to_owned(),
            "list",
            "configmaps",
            "",
            &inside,
        ),
        (
            Method::GET,
            "",
            place.group("apps/v1", "deployments/other"),
            "deployments.apps \"other\"".to_owned(),
            "get",
            "deployments",
            "apps",
            &inside,
        ),
        (
            Method::GET,
            "",
            place.group("apps/v1", "deployments/webapp/scale"),
            "deployments.apps \"webapp\"".to_owned(),
            "get",
            "deployments/scale",
            "apps",
            &inside,
        ),
        (
            Method::GET,
            "",
            place.group("events.k8s.io/v1", "events"),
            "events.events.k8s.io".to_owned(),
            "list",
            "events",
            "events.k8s.io",
            &inside,
        ),
        (
            Method::GET,
            "",
            format!("/api/v1/namespaces/{namespace}"),
            format!("namespaces \"{namespace}\""),
            "get",
            "namespaces",
            "",
            &inside,
        ),
        (
            Method::GET,
            "",
            "/api/v1/nodes/x".to_owned(),
            "nodes \"x\"".to_owned(),
            "get",
            "nodes",
            "",
            "at the cluster scope",
        ),
        (
            Method::GET,
            "",
            "/apis/foo.io/v1/foos".to_owned(),
            "foos.foo.io".to_owned(),
            "list",
            "foos",
            "foo.io",
            "at the cluster scope",
        ),
        (
            Method::GET,
            "",
            core("foos"),
            "foos".to_owned(),
            "list",
            "foos",
            "",
            &inside,
        ),
        (
            Method::POST,
            "",
            core("serviceaccounts/attendee/token"),
            "serviceaccounts \"attendee\"".to_owned(),
            "create",
            "serviceaccounts/token",
            "",
            &inside,
        ),
    ] {
        let media = if media.is_empty() {
            "application/json"
        } else {
            media
        };
        let headers = [("impersonate-user", user.as_str()), ("content-type", media)];
        let answer = place.ask(method, &path, &headers, "{}").await;
        let message = format!(
            "{object} is forbidden: User \"{user}\" cannot {verb} resource \"{resource}\" in API group \"{group}\" {scope}"
        );
        answer.refused(403, "Forbidden", &message);
    }
    place.get_as_attendee("/metrics").await.refused(
        403,
        "Forbidden",
        &format!("forbidden: User \"{user}\" cannot get path \"/metrics\""),
    );
    place.get_as_attendee(&core("pods")).await.object();
    place
        .get_as_attendee(&core("pods/x"))
        .await
        .refused(404, "NotFound", "pods \"x\" not found");
    assert_eq!(place.get_as_attendee("/version").await.code, 200);
}

pub(crate) async fn who_acts_as_another_has_the_others_rights(place: Place) {
    create_attendee(&place, reader_rules()).await;
    let user = place.attendee();
    let pods = place.core("pods");
    let ask = async |path: &str, headers: &[(&str, &str)]| {
        place.ask(Method::GET, path, headers, "").await
    };
    let who = place
        .post_as_attendee(
            "/apis/authentication.k8s.io/v1/selfsubjectreviews",
            &json!({}),
        )
        .await
        .object();
    assert_eq!(
        who["status"]["userInfo"],
        json!({"username": user, "groups": [
            "system:serviceaccounts", format!("system:serviceaccounts:{}", place.namespace), "system:authenticated",
        ]})
    );
    let with_group = [
        ("impersonate-user", user.as_str()),
        ("impersonate-group", "none"),
    ];
    ask(&pods, &with_group).await.object();
    ask(&pods, &[("impersonate-user", "jane")]).await.refused(
        403,
        "Forbidden",
        &format!("pods is forbidden: User \"jane\" cannot list resource \"pods\" in API group \"\" in the namespace \"{}\"", place.namespace),
    );
    ask(&pods, &[("impersonate-group", "g")]).await.refused(
        400,
        "BadRequest",
        "requested [{Group  g    }] without impersonating a user",
    );
    let nobody = [("impersonate-user", "system:anonymous")];
    ask(&pods, &nobody).await.refused(
        403,
        "Forbidden",
        &format!("pods is forbidden: User \"system:anonymous\" cannot list resource \"pods\" in API group \"\" in the namespace \"{}\"", place.namespace),
    );
    assert_eq!(ask("/version", &nobody).await.code, 200);
    ask("/api", &nobody).await.refused(
        403,
        "Forbidden",
        "forbidden: User \"system:anonymous\" cannot get path \"/api\"",
    );
}
