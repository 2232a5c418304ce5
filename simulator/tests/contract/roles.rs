//! Roles and bindings: who may grant what, and what they may say.

use serde_json::json;

use super::Place;
use super::access::{RBAC, create_attendee, reader_rules};
use super::raw::MERGE;

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
