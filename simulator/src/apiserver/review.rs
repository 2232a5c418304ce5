//! Questions about rights and identities: SubjectAccessReview and its kin, TokenReview, SelfSubjectReview.
//! Upstream: `pkg/registry/authorization/*/rest.go`, `pkg/registry/authentication/*/storage.go`.

use http::{Response, StatusCode};
use serde_json::{Value, json};

use super::authentication::Tokens;
use super::rbac::{self, Attributes};
use super::request::parse_body;
use super::respond::{self, Body};
use crate::identity::Identity;
use crate::status::{Result, Status};
use crate::store::Store;

/// Answers a POST to a review's path.
pub(super) fn review(
    store: &Store,
    tokens: &Tokens,
    user: &Identity,
    path: &str,
    body: &[u8],
) -> Result<Response<Body>> {
    let segments: Vec<_> = path.split('/').filter(|s| !s.is_empty()).collect();
    let (group, namespace, plural) = match segments.as_slice() {
        ["apis", group, "v1", plural] => (*group, "", *plural),
        ["apis", group, "v1", "namespaces", namespace, plural] => (*group, *namespace, *plural),
        _ => return Err(Status::no_such_path()),
    };
    let mut review = parse_body(body)?;
    let own = matches!(
        plural,
        "selfsubjectaccessreviews" | "selfsubjectrulesreviews" | "selfsubjectreviews"
    );
    let wanted = Attributes {
        verb: "create",
        group,
        resource: plural,
        namespace,
        name: "",
    };
    // Everybody may ask about themselves (`system:basic-user`).
    if !own && !store.read(|objects| rbac::allows(objects, user, &wanted)) {
        return Err(Status::new(
            403,
            "Forbidden",
            format!(
                "{plural}.{group} is forbidden: User {:?} cannot create resource {plural:?} in API group {group:?} at the cluster scope",
                user.user
            ),
        ));
    }
    review["status"] = match plural {
        "selfsubjectaccessreviews" => access(store, user, &review["spec"]),
        "subjectaccessreviews" | "localsubjectaccessreviews" => {
            let subject = subject(&review["spec"]);
            access(store, &subject, &review["spec"])
        }
        "selfsubjectrulesreviews" => rules(store, user, &review["spec"]),
        "selfsubjectreviews" => {
            json!({"userInfo": {"username": user.user, "groups": user.groups}})
        }
        "tokenreviews" => token(store, tokens, &review["spec"]),
        _ => return Err(Status::no_such_path()),
    };
    Ok(respond::json(StatusCode::CREATED, &review))
}

fn subject(spec: &Value) -> Identity {
    let groups = spec["groups"].as_array();
    Identity {
        user: spec["user"].as_str().unwrap_or("").to_owned(),
        groups: groups
            .into_iter()
            .flatten()
            .filter_map(|group| group.as_str().map(str::to_owned))
            .collect(),
    }
}

fn access(store: &Store, user: &Identity, spec: &Value) -> Value {
    let attributes = &spec["resourceAttributes"];
    let text = |field: &str| attributes[field].as_str().unwrap_or("");
    let allowed = if attributes.is_object() {
        let resource = match text("subresource") {
            "" => text("resource").to_owned(),
            subresource => format!("{}/{subresource}", text("resource")),
        };
        let wanted = Attributes {
            verb: text("verb"),
            group: text("group"),
            resource: &resource,
            namespace: text("namespace"),
            name: text("name"),
        };
        store.read(|objects| rbac::allows(objects, user, &wanted))
    } else {
        let path = spec["nonResourceAttributes"]["path"].as_str().unwrap_or("");
        rbac::is_public_path(path) || rbac::is_master(user)
    };
    json!({"allowed": allowed})
}

fn rules(store: &Store, user: &Identity, spec: &Value) -> Value {
    let namespace = spec["namespace"].as_str().unwrap_or("");
    let mut rules = store.read(|objects| rbac::rules(objects, user, namespace));
    if rbac::is_master(user) {
        rules.push(json!({"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}));
    }
    json!({"resourceRules": rules, "nonResourceRules": [], "incomplete": false})
}

fn token(store: &Store, tokens: &Tokens, spec: &Value) -> Value {
    let token = spec["token"].as_str().unwrap_or("");
    match tokens.identity(token, store.clock().now()) {
        Some(identity) => json!({
            "authenticated": true,
            "user": {"username": identity.user, "groups": identity.groups},
        }),
        None => json!({"authenticated": false, "error": "invalid bearer token"}),
    }
}
