//! Questions about rights and identities, and tokens.

use serde_json::{Value, json};

use super::Place;
use super::access::{REVIEWS, create_attendee, reader_rules};

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
