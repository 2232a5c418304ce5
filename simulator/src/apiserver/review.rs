//! Questions about rights and identities: SubjectAccessReview and its kin, TokenReview, SelfSubjectReview.
//! Upstream: `pkg/registry/authorization/*/rest.go`, `pkg/registry/authentication/*/storage.go`.

use http::{Method, Response, StatusCode};
use serde_json::{Value, json};

use super::authentication::Tokens;
use super::body;
use super::discovery;
use super::rbac::{self, Attributes};
use super::respond::{self, Body};
use crate::identity::Identity;
use crate::status::{Cause, Result, Status};
use crate::store::Store;

/// Answers a request to a review's path.
pub(super) fn review(
    store: &Store,
    tokens: &Tokens,
    user: &Identity,
    method: &Method,
    path: &str,
    bytes: &[u8],
) -> Result<Response<Body>> {
    let segments: Vec<_> = path.split('/').filter(|s| !s.is_empty()).collect();
    let (group, namespace, plural) = match segments.as_slice() {
        ["apis", group, "v1", plural] => (*group, "", *plural),
        ["apis", group, "v1", "namespaces", namespace, plural] => (*group, *namespace, *plural),
        _ => return Err(Status::no_such_path()),
    };
    let Some((kind, _, _)) = discovery::review(group, plural) else {
        return Err(Status::no_such_path());
    };
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
        return Err(rbac::forbidden_attributes(user, &wanted));
    }
    if *method != Method::POST {
        return Err(Status::method_not_allowed());
    }
    let mut review = body::read(bytes, "application/json", kind)?.value;
    review["kind"] = json!(kind);
    review["apiVersion"] = json!(format!("{group}/v1"));
    if !review["metadata"].is_object() {
        review["metadata"] = json!({});
    }
    let spec = &review["spec"];
    let status = match plural {
        "selfsubjectaccessreviews" => {
            check_attributes(spec)?;
            access(store, user, spec)
        }
        "subjectaccessreviews" | "localsubjectaccessreviews" => {
            check_subject(spec)?;
            check_attributes(spec)?;
            check_namespace(spec, namespace)?;
            access(store, &subject(spec), spec)
        }
        "selfsubjectrulesreviews" => rules(store, user, spec)?,
        "selfsubjectreviews" => {
            json!({"userInfo": {"username": user.user, "groups": user.groups}})
        }
        _ => token(store, tokens, spec)?,
    };
    review["status"] = status;
    Ok(respond::json(StatusCode::CREATED, &review))
}

/// 422 as these reviews say it: their kind is not named.
fn invalid(field: &str, value: &Value, detail: &str) -> Status {
    let cause = Cause::invalid(field, value, detail);
    Status::invalid_kind("authorization.k8s.io", "", "", &[cause])
}

/// Upstream: `pkg/apis/authorization/validation/validation.go`.
fn check_attributes(spec: &Value) -> Result<()> {
    let (resource, path) = (&spec["resourceAttributes"], &spec["nonResourceAttributes"]);
    if resource.is_object() && path.is_object() {
        let shown = json!({"Path": path["path"].as_str().unwrap_or(""), "Verb": path["verb"].as_str().unwrap_or("")});
        return Err(invalid(
            "spec.nonResourceAttributes",
            &shown,
            "cannot be specified in combination with resourceAttributes",
        ));
    }
    if !resource.is_object() && !path.is_object() {
        return Err(invalid(
            "spec.resourceAttributes",
            &Value::Null,
            "exactly one of nonResourceAttributes or resourceAttributes must be specified",
        ));
    }
    Ok(())
}

fn check_subject(spec: &Value) -> Result<()> {
    let no_user = spec["user"].as_str().unwrap_or("").is_empty();
    if no_user && spec["groups"].as_array().is_none_or(Vec::is_empty) {
        return Err(invalid(
            "spec.user",
            &json!(""),
            "at least one of user or group must be specified",
        ));
    }
    Ok(())
}

/// A local review speaks of its own namespace.
fn check_namespace(spec: &Value, namespace: &str) -> Result<()> {
    let wanted = spec["resourceAttributes"]["namespace"].as_str();
    match wanted.filter(|wanted| !namespace.is_empty() && *wanted != namespace) {
        Some(wanted) => Err(invalid(
            "spec.resourceAttributes.namespace",
            &json!(wanted),
            "must match metadata.namespace",
        )),
        None => Ok(()),
    }
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
    let reason = if attributes.is_object() {
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
        store.read(|objects| rbac::reason(objects, user, &wanted))
    } else {
        let path = spec["nonResourceAttributes"]["path"].as_str().unwrap_or("");
        rbac::path_reason(user, path)
    };
    match reason {
        None => json!({"allowed": false}),
        Some(reason) if reason.is_empty() => json!({"allowed": true}),
        Some(reason) => json!({"allowed": true, "reason": reason}),
    }
}

fn rules(store: &Store, user: &Identity, spec: &Value) -> Result<Value> {
    let namespace = spec["namespace"].as_str().unwrap_or("");
    if namespace.is_empty() {
        return Err(Status::bad_request("no namespace on request"));
    }
    let mut rules = rbac::basic_rules();
    rules.extend(store.read(|objects| rbac::rules(objects, user, namespace)));
    let paths = if rbac::is_master(user) {
        rules.push(json!({"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}));
        json!([{"verbs": ["*"], "nonResourceURLs": ["*"]}])
    } else {
        json!([{"verbs": ["get"], "nonResourceURLs": rbac::PUBLIC_PATHS}])
    };
    Ok(json!({"resourceRules": rules, "nonResourceRules": paths, "incomplete": false}))
}

fn token(store: &Store, tokens: &Tokens, spec: &Value) -> Result<Value> {
    let token = spec["token"].as_str().unwrap_or("");
    if token.is_empty() {
        return Err(Status::bad_request(
            "token is required for TokenReview in authentication",
        ));
    }
    Ok(match tokens.identity(token, store.clock().now()) {
        Some(identity) => json!({
            "authenticated": true,
            "user": {"username": identity.user, "groups": identity.groups},
            "audiences": ["https://kubernetes.default.svc"],
        }),
        None => json!({"user": {}, "error": "invalid bearer token"}),
    })
}
