//! Who may do what, and how it is asked and told.

use http::Method;
use serde_json::{Value, json};

use super::Place;
use super::raw::{APPLY, MERGE};

const REVIEWS: &str = "/apis/authorization.k8s.io/v1";
const RBAC: &str = "rbac.authorization.k8s.io/v1";

/// The account `attendee` with a role of these rules.
async fn create_attendee(place: &Place, rules: Value) {
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

fn reader_rules() -> Value {
    json!([
        {"verbs": ["get", "list"], "apiGroups": [""], "resources": ["pods", "pods/log"]},
        {"verbs": ["get"], "apiGroups": ["apps"], "resources": ["deployments"], "resourceNames": ["webapp"]},
    ])
}

pub(crate) async fn account_can_ask_what_it_may(place: Place) {
    create_attendee(&place, reader_rules()).await;
    let path = format!("{REVIEWS}/selfsubjectaccessreviews");
    let ask = async |attributes: Value| {
        let review = json!({"kind": "SelfSubjectAccessReview", "apiVersion": "authorization.k8s.io/v1", "spec": attributes});
        let answer = place.post_as_attendee(&path, &review).await;
        assert_eq!(answer.code, 201);
        answer.object()
    };
    let namespace = place.namespace.as_str();
    let list = ask(
        json!({"resourceAttributes": {"verb": "list", "resource": "pods", "namespace": namespace}}),
    )
    .await;
    let why = format!(
        "RBAC: allowed by RoleBinding \"attendee/{namespace}\" of Role \"attendee\" to ServiceAccount \"attendee/{namespace}\""
    );
    assert_eq!(list["kind"], "SelfSubjectAccessReview");
    assert_eq!(list["status"], json!({"allowed": true, "reason": why}));
    let delete = ask(json!({"resourceAttributes": {"verb": "delete", "resource": "pods", "namespace": namespace}})).await;
    assert_eq!(delete["status"], json!({"allowed": false}));
    let named = ask(json!({"resourceAttributes": {"verb": "get", "group": "apps", "resource": "deployments", "name": "webapp", "namespace": namespace}})).await;
    assert_eq!(named["status"]["allowed"], true);
    let everywhere = ask(json!({"resourceAttributes": {"verb": "list", "resource": "pods"}})).await;
    assert_eq!(everywhere["status"], json!({"allowed": false}));
    let log = ask(json!({"resourceAttributes": {"verb": "get", "resource": "pods", "subresource": "log", "namespace": namespace}})).await;
    assert_eq!(log["status"]["allowed"], true);
    let version = ask(json!({"nonResourceAttributes": {"verb": "get", "path": "/version"}})).await;
    assert_eq!(version["status"]["allowed"], true);
    let metrics = ask(json!({"nonResourceAttributes": {"verb": "get", "path": "/metrics"}})).await;
    assert_eq!(metrics["status"], json!({"allowed": false}));
    place.post_as_attendee(&path, &json!({"spec": {}})).await.refused(
        422,
        "Invalid",
        ".authorization.k8s.io \"\" is invalid: spec.resourceAttributes: Invalid value: null: exactly one of nonResourceAttributes or resourceAttributes must be specified",
    );
}

pub(crate) async fn account_can_list_its_rules(place: Place) {
    create_attendee(&place, reader_rules()).await;
    let path = format!("{REVIEWS}/selfsubjectrulesreviews");
    let answer = place
        .post_as_attendee(&path, &json!({"spec": {"namespace": place.namespace}}))
        .await;
    let status = answer.object()["status"].clone();
    assert_eq!(status["incomplete"], false);
    let rules = status["resourceRules"].as_array().unwrap();
    assert_eq!(json!(rules[rules.len() - 2..]), reader_rules());
    let own = json!({"verbs": ["create"], "apiGroups": ["authorization.k8s.io"], "resources": ["selfsubjectaccessreviews", "selfsubjectrulesreviews"]});
    assert!(rules.contains(&own), "{rules:#?}");
    let paths = status["nonResourceRules"].to_string();
    assert!(
        paths.contains("\"/version\"") && paths.contains("\"/healthz\""),
        "{paths}"
    );
    place
        .post_as_attendee(&path, &json!({"spec": {}}))
        .await
        .refused(400, "BadRequest", "no namespace on request");
}

pub(crate) async fn admin_can_ask_for_others(place: Place) {
    create_attendee(&place, reader_rules()).await;
    let wanted = json!({"verb": "list", "resource": "pods", "namespace": place.namespace});
    let path = format!("{REVIEWS}/subjectaccessreviews");
    let review = json!({"spec": {"user": place.attendee(), "resourceAttributes": wanted}});
    let answer = place.post(&path, &review).await.object();
    assert_eq!(answer["status"]["allowed"], true);
    let stranger = json!({"spec": {"user": "jane", "resourceAttributes": wanted}});
    assert_eq!(
        place.post(&path, &stranger).await.object()["status"],
        json!({"allowed": false})
    );
    place.post(&path, &json!({"spec": {"resourceAttributes": wanted}})).await.refused(
        422,
        "Invalid",
        ".authorization.k8s.io \"\" is invalid: spec.user: Invalid value: \"\": at least one of user or group must be specified",
    );
    let user = place.attendee();
    place.post_as_attendee(&path, &review).await.refused(
        403,
        "Forbidden",
        &format!("subjectaccessreviews.authorization.k8s.io is forbidden: User \"{user}\" cannot create resource \"subjectaccessreviews\" in API group \"authorization.k8s.io\" at the cluster scope"),
    );
    let local = place.group("authorization.k8s.io/v1", "localsubjectaccessreviews");
    let elsewhere = json!({"spec": {"user": "jane", "resourceAttributes": {"verb": "list", "resource": "pods", "namespace": "other"}}});
    place.post(&local, &elsewhere).await.refused(
        422,
        "Invalid",
        ".authorization.k8s.io \"\" is invalid: spec.resourceAttributes.namespace: Invalid value: \"other\": must match metadata.namespace",
    );
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

pub(crate) async fn nobody_grants_what_he_lacks(place: Place) {
    let mut rules = reader_rules();
    rules.as_array_mut().unwrap().push(json!({
        "verbs": ["create", "update", "patch", "get"], "apiGroups": ["rbac.authorization.k8s.io"], "resources": ["roles", "rolebindings"],
    }));
    create_attendee(&place, rules).await;
    let (user, namespace) = (place.attendee(), &place.namespace);
    let who = format!(
        "user \"{user}\" (groups=[\"system:serviceaccounts\" \"system:serviceaccounts:{namespace}\" \"system:authenticated\"]) is attempting to grant RBAC permissions not currently held:"
    );
    let roles = place.group(RBAC, "roles");
    let more = json!({"metadata": {"name": "more"}, "rules": [{"verbs": ["delete", "get"], "apiGroups": [""], "resources": ["pods", "secrets"]}]});
    place.post_as_attendee(&roles, &more).await.refused(
        403,
        "Forbidden",
        &format!("roles.rbac.authorization.k8s.io \"more\" is forbidden: {who}\n{{APIGroups:[\"\"], Resources:[\"pods\"], Verbs:[\"delete\"]}}\n{{APIGroups:[\"\"], Resources:[\"secrets\"], Verbs:[\"delete\" \"get\"]}}"),
    );
    let same = json!({"metadata": {"name": "same"}, "rules": [{"verbs": ["get"], "apiGroups": [""], "resources": ["pods"]}]});
    place.post_as_attendee(&roles, &same).await.object();
    place.post(&roles, &more).await.object();
    let bindings = place.group(RBAC, "rolebindings");
    let bind = |role: &str| {
        json!({
            "metadata": {"name": role},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": role},
            "subjects": [{"kind": "User", "name": "jane"}],
        })
    };
    let answer = place.post_as_attendee(&bindings, &bind("more")).await;
    assert_eq!(answer.code, 403);
    assert!(
        answer.message().starts_with(&format!(
            "rolebindings.rbac.authorization.k8s.io \"more\" is forbidden: {who}\n"
        )),
        "{answer:?}"
    );
    let bound = place
        .post_as_attendee(&bindings, &bind("same"))
        .await
        .object();
    assert_eq!(
        bound["subjects"][0]["apiGroup"],
        "rbac.authorization.k8s.io"
    );
}

pub(crate) async fn roles_and_bindings_are_checked(place: Place) {
    create_attendee(&place, reader_rules()).await;
    let group = "rbac.authorization.k8s.io";
    let binding = place.group(RBAC, "rolebindings/attendee");
    place.patch(&binding, MERGE, &json!({"roleRef": {"name": "other"}})).await.refused(
        422,
        "Invalid",
        "RoleBinding.rbac.authorization.k8s.io \"attendee\" is invalid: roleRef: Invalid value: {\"APIGroup\":\"rbac.authorization.k8s.io\",\"Kind\":\"Role\",\"Name\":\"other\"}: cannot change roleRef",
    );
    let wrong = json!({"metadata": {"name": "a"}, "roleRef": {"apiGroup": group, "kind": "Foo", "name": "x"}});
    place.post(&place.group(RBAC, "rolebindings"), &wrong).await.refused(
        422,
        "Invalid",
        "RoleBinding.rbac.authorization.k8s.io \"a\" is invalid: roleRef.kind: Unsupported value: \"Foo\": supported values: \"Role\", \"ClusterRole\"",
    );
    for (rule, error) in [
        (
            json!({"verbs": [], "apiGroups": [""], "resources": ["pods"]}),
            "rules[0].verbs: Required value: verbs must contain at least one value",
        ),
        (
            json!({"verbs": ["get"], "resources": ["pods"]}),
            "rules[0].apiGroups: Required value: resource rules must supply at least one api group",
        ),
    ] {
        let role = json!({"metadata": {"name": "a"}, "rules": [rule]});
        place
            .post(&place.group(RBAC, "roles"), &role)
            .await
            .refused(
                422,
                "Invalid",
                &format!("Role.rbac.authorization.k8s.io \"a\" is invalid: {error}"),
            );
    }
}

pub(crate) async fn account_gets_tokens_for_a_while(place: Place) {
    create_attendee(&place, reader_rules()).await;
    let path = place.core("serviceaccounts/attendee/token");
    let made = place.post(&path, &json!({})).await.object();
    assert_eq!(
        (&made["kind"], &made["metadata"]["name"]),
        (&json!("TokenRequest"), &json!("attendee"))
    );
    assert_eq!(made["spec"]["expirationSeconds"], 3600);
    let token = made["status"]["token"].as_str().unwrap();
    let reviews = "/apis/authentication.k8s.io/v1/tokenreviews";
    let review = place
        .post(reviews, &json!({"spec": {"token": token}}))
        .await
        .object();
    assert_eq!(review["status"]["authenticated"], true);
    assert_eq!(review["status"]["user"]["username"], place.attendee());
    let wrong = place
        .post(reviews, &json!({"spec": {"token": "x"}}))
        .await
        .object();
    assert_eq!(
        wrong["status"],
        json!({"user": {}, "error": "invalid bearer token"})
    );
    place.post(reviews, &json!({"spec": {}})).await.refused(
        400,
        "BadRequest",
        "token is required for TokenReview in authentication",
    );
    for (seconds, detail) in [
        (60_i64, "may not specify a duration less than 10 minutes"),
        (
            99_999_999_999,
            "may not specify a duration larger than 2^32 seconds",
        ),
    ] {
        place.post(&path, &json!({"spec": {"expirationSeconds": seconds}})).await.refused(
            422,
            "Invalid",
            &format!("TokenRequest.authentication.k8s.io \"\" is invalid: spec.expirationSeconds: Invalid value: {seconds}: {detail}"),
        );
    }
    place
        .post(&place.core("serviceaccounts/none/token"), &json!({}))
        .await
        .refused(404, "NotFound", "serviceaccounts \"none\" not found");
}
