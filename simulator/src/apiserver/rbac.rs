//! Role-based access control over the stored roles and bindings. Pure but for the view of the store.
//! Upstream: `plugin/pkg/auth/authorizer/rbac/rbac.go`.

mod escalation;

use serde_json::{Value, json};

use crate::identity::Identity;
use crate::status::Status;
use crate::store::Objects;
use crate::store::resource::{CLUSTER_ROLE_BINDINGS, CLUSTER_ROLES, ROLE_BINDINGS, ROLES};

pub(super) use escalation::check as check_escalation;

/// What somebody wants to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Attributes<'a> {
    pub(super) verb: &'a str,
    pub(super) group: &'a str,
    /// With the subresource, as `pods/log`.
    pub(super) resource: &'a str,
    /// Empty for cluster-wide requests.
    pub(super) namespace: &'a str,
    /// Empty for collections.
    pub(super) name: &'a str,
}

/// Whether a rule of a role that is bound to the user allows this.
pub(super) fn allows(objects: &Objects, user: &Identity, wanted: &Attributes<'_>) -> bool {
    reason(objects, user, wanted).is_some()
}

/// Why the user may do this: empty for those who may do everything, `None` when no rule allows it.
pub(super) fn reason(
    objects: &Objects,
    user: &Identity,
    wanted: &Attributes<'_>,
) -> Option<String> {
    if is_master(user) {
        return Some(String::new());
    }
    if basic_rules().iter().any(|rule| rule_allows(rule, wanted)) && is_signed_in(user) {
        return Some(allowed_by_group("system:basic-user"));
    }
    let cluster = objects.list(&CLUSTER_ROLE_BINDINGS, None);
    let own = objects
        .list(&ROLE_BINDINGS, Some(wanted.namespace))
        .filter(|_| !wanted.namespace.is_empty());
    cluster.chain(own).find_map(|binding| {
        let subject = bound_subject(binding, user)?;
        let namespace = binding["metadata"]["namespace"].as_str().unwrap_or("");
        role_allows(objects, binding, namespace, wanted).then(|| explain(binding, subject))
    })
}

fn is_signed_in(user: &Identity) -> bool {
    user.groups
        .iter()
        .any(|group| group == "system:authenticated")
}

fn allowed_by_group(role: &str) -> String {
    format!(
        "RBAC: allowed by ClusterRoleBinding {role:?} of ClusterRole {role:?} to Group \"system:authenticated\""
    )
}

/// Upstream: `plugin/pkg/auth/authorizer/rbac/rbac.go`, `clusterRoleBindingDescriber`.
fn explain(binding: &Value, subject: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or("").to_owned();
    let with_namespace = |name: &Value, namespace: &Value| match namespace.as_str() {
        Some(namespace) if !namespace.is_empty() => format!("{}/{namespace}", text(name)),
        _ => text(name),
    };
    let meta = &binding["metadata"];
    format!(
        "RBAC: allowed by {} {:?} of {} {:?} to {} {:?}",
        text(&binding["kind"]),
        with_namespace(&meta["name"], &meta["namespace"]),
        text(&binding["roleRef"]["kind"]),
        text(&binding["roleRef"]["name"]),
        text(&subject["kind"]),
        with_namespace(&subject["name"], &subject["namespace"]),
    )
}

/// What everybody who is signed in may do. Upstream: `bootstrappolicy/policy.go`, `system:basic-user`.
pub(super) fn basic_rules() -> Vec<Value> {
    vec![
        json!({"verbs": ["create"], "apiGroups": ["authorization.k8s.io"], "resources": ["selfsubjectaccessreviews", "selfsubjectrulesreviews"]}),
        json!({"verbs": ["create"], "apiGroups": ["authentication.k8s.io"], "resources": ["selfsubjectreviews"]}),
    ]
}

/// Paths that everybody who is signed in may read. Upstream: `system:discovery`, `system:public-info-viewer`.
pub(super) const PUBLIC_PATHS: &[&str] = &[
    "/api",
    "/api/*",
    "/apis",
    "/apis/*",
    "/healthz",
    "/livez",
    "/openapi",
    "/openapi/*",
    "/readyz",
    "/version",
    "/version/",
];

/// Why the user may read a path that names no object, as [`reason`].
pub(super) fn path_reason(user: &Identity, path: &str) -> Option<String> {
    if is_master(user) {
        return Some(String::new());
    }
    let role = match path.split('/').nth(1).unwrap_or("") {
        "healthz" | "livez" | "readyz" | "version" => "system:public-info-viewer",
        _ => "system:discovery",
    };
    (is_public_path(path) && is_signed_in(user)).then(|| allowed_by_group(role))
}

/// The group that passes every check.
pub(super) fn is_master(user: &Identity) -> bool {
    user.groups.iter().any(|group| group == "system:masters")
}

/// All rules that hold for a user in a namespace, for `SelfSubjectRulesReview`.
pub(super) fn rules(objects: &Objects, user: &Identity, namespace: &str) -> Vec<Value> {
    let bindings = objects
        .list(&CLUSTER_ROLE_BINDINGS, None)
        .chain(objects.list(&ROLE_BINDINGS, Some(namespace)));
    bindings
        .filter(|binding| bound_subject(binding, user).is_some())
        .filter_map(|binding| role(objects, binding, namespace))
        .flat_map(|role| role["rules"].as_array().cloned().unwrap_or_default())
        .collect()
}

/// The subject of a binding that is the user or a group of the user's.
fn bound_subject<'a>(binding: &'a Value, user: &Identity) -> Option<&'a Value> {
    let subjects = binding["subjects"].as_array();
    subjects.into_iter().flatten().find(|subject| {
        let name = subject["name"].as_str().unwrap_or("");
        match subject["kind"].as_str() {
            Some("User") => name == user.user,
            Some("Group") => user.groups.iter().any(|group| group == name),
            Some("ServiceAccount") => {
                let namespace = subject["namespace"]
                    .as_str()
                    .or_else(|| binding["metadata"]["namespace"].as_str())
                    .unwrap_or("");
                user.user == format!("system:serviceaccount:{namespace}:{name}")
            }
            _ => false,
        }
    })
}

fn role(objects: &Objects, binding: &Value, namespace: &str) -> Option<std::sync::Arc<Value>> {
    let name = binding["roleRef"]["name"].as_str().unwrap_or("");
    if binding["roleRef"]["kind"] == "Role" {
        objects.get(&ROLES, namespace, name)
    } else {
        objects.get(&CLUSTER_ROLES, "", name)
    }
}

fn role_allows(
    objects: &Objects,
    binding: &Value,
    namespace: &str,
    wanted: &Attributes<'_>,
) -> bool {
    role(objects, binding, namespace).is_some_and(|role| {
        let rules = role["rules"].as_array();
        rules
            .into_iter()
            .flatten()
            .any(|rule| rule_allows(rule, wanted))
    })
}

fn rule_allows(rule: &Value, wanted: &Attributes<'_>) -> bool {
    let has = |field: &str, wanted: &str| {
        let values = rule[field].as_array();
        values
            .into_iter()
            .flatten()
            .any(|value| value == "*" || value == wanted)
    };
    let subresource = wanted
        .resource
        .split_once('/')
        .map_or("", |(_, subresource)| subresource);
    let resource = has("resources", wanted.resource)
        || (!subresource.is_empty() && has("resources", &format!("*/{subresource}")));
    let name = match rule["resourceNames"].as_array() {
        Some(names) if !names.is_empty() => names.iter().any(|name| name == wanted.name),
        _ => true,
    };
    has("verbs", wanted.verb) && has("apiGroups", wanted.group) && resource && name
}

/// Whether everybody who is signed in may read this path (`system:discovery`, `system:public-info-viewer`).
pub(super) fn is_public_path(path: &str) -> bool {
    let first = path.split('/').nth(1).unwrap_or("");
    matches!(
        first,
        "api" | "apis" | "openapi" | "version" | "healthz" | "livez" | "readyz"
    )
}

/// 403 for a request for objects, word for word.
/// Upstream: `apiserver/pkg/endpoints/handlers/responsewriters/errors.go`, `ForbiddenStatusError`.
pub(super) fn forbidden_attributes(user: &Identity, wanted: &Attributes<'_>) -> Status {
    let Attributes {
        verb,
        group,
        resource,
        namespace,
        name,
    } = wanted;
    let scope = if namespace.is_empty() {
        "at the cluster scope".to_owned()
    } else {
        format!("in the namespace {namespace:?}")
    };
    let plural = resource.split('/').next().unwrap_or("");
    let dot = if group.is_empty() { "" } else { "." };
    let object = if name.is_empty() {
        format!("{plural}{dot}{group}")
    } else {
        format!("{plural}{dot}{group} {name:?}")
    };
    let mut details = json!({"kind": plural});
    for (field, value) in [("name", name), ("group", group)] {
        if !value.is_empty() {
            details[field] = json!(value);
        }
    }
    Status {
        details,
        ..Status::new(
            403,
            "Forbidden",
            format!(
                "{object} is forbidden: User {:?} cannot {verb} resource {resource:?} in API group {group:?} {scope}",
                user.user
            ),
        )
    }
}

/// 403 for any other path.
pub(super) fn forbidden_path(user: &Identity, verb: &str, path: &str) -> Status {
    Status {
        details: json!({}),
        ..Status::new(
            403,
            "Forbidden",
            format!(
                "forbidden: User {:?} cannot {verb} path {path:?}",
                user.user
            ),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mk_wanted<'a>(verb: &'a str, resource: &'a str, name: &'a str) -> Attributes<'a> {
        Attributes {
            verb,
            group: "",
            resource,
            namespace: "ws",
            name,
        }
    }

    #[test]
    fn rule_allows_what_it_names_alone() {
        let rule = json!({"verbs": ["get"], "apiGroups": [""], "resources": ["pods", "pods/log"]});
        assert!(rule_allows(&rule, &mk_wanted("get", "pods", "a")));
        assert!(rule_allows(&rule, &mk_wanted("get", "pods/log", "a")));
        assert!(!rule_allows(&rule, &mk_wanted("get", "pods/status", "a")));
        assert!(!rule_allows(&rule, &mk_wanted("list", "pods", "")));
        assert!(!rule_allows(&rule, &mk_wanted("get", "secrets", "a")));
    }

    #[test]
    fn resource_names_narrow_a_rule() {
        let rule = json!({
            "verbs": ["impersonate"], "apiGroups": [""], "resources": ["serviceaccounts"],
            "resourceNames": ["attendee"],
        });
        assert!(rule_allows(
            &rule,
            &mk_wanted("impersonate", "serviceaccounts", "attendee")
        ));
        assert!(!rule_allows(
            &rule,
            &mk_wanted("impersonate", "serviceaccounts", "default")
        ));
        assert!(!rule_allows(
            &rule,
            &mk_wanted("impersonate", "serviceaccounts", "")
        ));
    }

    #[test]
    fn stars_stand_for_everything() {
        let rule = json!({"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]});
        assert!(rule_allows(&rule, &mk_wanted("delete", "pods/log", "a")));
        let rule = json!({"verbs": ["get"], "apiGroups": [""], "resources": ["*/scale"]});
        assert!(rule_allows(
            &rule,
            &mk_wanted("get", "deployments/scale", "a")
        ));
        assert!(!rule_allows(&rule, &mk_wanted("get", "deployments", "a")));
    }
}
