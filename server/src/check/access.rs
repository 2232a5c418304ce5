//! Which accesses to ask about: those that the panel's rules grant it, those that it must not have, and those of the
//! attendees. Pure. The rules that the program applies are read, so that the check cannot disagree with them.

use std::fmt;

use k8s_openapi::api::rbac::v1::PolicyRule;
use serde_json::Value;

use crate::cluster::Watching;
use crate::error::chain;
use crate::names::ATTENDEE_ACCOUNT;
use crate::seats::provision;

/// One thing that somebody may do or not, as an access review names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Access {
    pub(super) verb: String,
    pub(super) group: String,
    /// Without the subresource.
    pub(super) resource: String,
    pub(super) subresource: Option<String>,
    /// `None` for all namespaces.
    pub(super) namespace: Option<String>,
    /// `None` for any object.
    pub(super) name: Option<String>,
}

/// `list pods`, `get pods/log`, `create deployments.apps`.
impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.verb, self.resource)?;
        if !self.group.is_empty() {
            write!(f, ".{}", self.group)?;
        }
        if let Some(subresource) = &self.subresource {
            write!(f, "/{subresource}")?;
        }
        Ok(())
    }
}

/// An account as access reviews name it. They fill in no groups, unlike a request with its token.
#[derive(Clone, Debug)]
pub(super) struct Account {
    pub(super) user: String,
    pub(super) groups: Vec<String>,
}

impl Account {
    pub(super) fn new(namespace: &str, name: &str) -> Self {
        Self {
            user: format!("system:serviceaccount:{namespace}:{name}"),
            groups: vec![
                "system:serviceaccounts".to_owned(),
                format!("system:serviceaccounts:{namespace}"),
                "system:authenticated".to_owned(),
            ],
        }
    }
}

/// What the panel's rules grant: some in all namespaces, if the panel watches them together, and some in its own.
///
/// # Errors
/// A sentence, if the manifest in this program cannot be read.
pub(super) fn of_panel(panel_namespace: &str, watching: Watching) -> Result<Vec<Access>, String> {
    let rules = provision::panel_rules().map_err(|error| chain(&error))?;
    let mut accesses = match watching {
        Watching::Cluster => of_rules(&Value::Array(rules.cluster), None)?,
        Watching::Namespaces => Vec::new(),
    };
    accesses.extend(of_rules(&Value::Array(rules.own), Some(panel_namespace))?);
    Ok(accesses)
}

/// What an attendee's Role grants in its namespace.
///
/// # Errors
/// As [`of_panel`].
pub(super) fn of_attendee(namespace: &str) -> Result<Vec<Access>, String> {
    of_rules(&provision::attendee_rules(), Some(namespace))
}

/// What the panel's Role in a seat's namespace lets it read there.
///
/// # Errors
/// As [`of_panel`].
pub(super) fn reading(namespace: &str) -> Result<Vec<Access>, String> {
    let rules = provision::read_rules().map_err(|error| chain(&error))?;
    of_rules(&Value::Array(rules), Some(namespace))
}

/// Reading in all namespaces, which a panel that watches them one by one must not be able to.
pub(super) fn reading_everywhere() -> Vec<Access> {
    let list = |group, resource| access("list", group, resource, None);
    vec![
        list("", "namespaces"),
        list("", "pods"),
        list("apps", "deployments"),
    ]
}

/// Acting as the attendee of `namespace`.
pub(super) fn impersonation(namespace: &str) -> Access {
    Access {
        name: Some(ATTENDEE_ACCOUNT.to_owned()),
        ..access("impersonate", "", "serviceaccounts", Some(namespace))
    }
}

/// What the panel's account must not be able to do: write or read secrets where others work, or become anybody.
/// `seat` is the namespace of one seat, if there is any.
pub(super) fn excess(seat: Option<&str>) -> Vec<Access> {
    let mut accesses = vec![
        access("create", "apps", "deployments", None),
        access("create", "", "pods", None),
        access("get", "", "secrets", None),
        access("impersonate", "", "users", None),
        access("impersonate", "", "serviceaccounts", None),
    ];
    if let Some(seat) = seat {
        accesses.extend([
            access("create", "apps", "deployments", Some(seat)),
            access("get", "", "secrets", Some(seat)),
            Access {
                subresource: Some("log".to_owned()),
                ..access("get", "", "pods", Some(seat))
            },
        ]);
    }
    accesses
}

fn access(verb: &str, group: &str, resource: &str, namespace: Option<&str>) -> Access {
    Access {
        verb: verb.to_owned(),
        group: group.to_owned(),
        resource: resource.to_owned(),
        subresource: None,
        namespace: namespace.map(str::to_owned),
        name: None,
    }
}

fn of_rules(rules: &Value, namespace: Option<&str>) -> Result<Vec<Access>, String> {
    let rules: Vec<PolicyRule> =
        serde_json::from_value(rules.clone()).map_err(|error| error.to_string())?;
    let mut accesses = Vec::new();
    for rule in &rules {
        for group in rule.api_groups.iter().flatten() {
            for resource in rule.resources.iter().flatten() {
                let (resource, subresource) = match resource.split_once('/') {
                    Some((resource, subresource)) => (resource, Some(subresource.to_owned())),
                    None => (resource.as_str(), None),
                };
                accesses.extend(rule.verbs.iter().map(|verb| Access {
                    subresource: subresource.clone(),
                    ..access(verb, group, resource, namespace)
                }));
            }
        }
    }
    Ok(accesses)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_of_the_manifest_is_asked_about() {
        let accesses = of_panel("class", Watching::Cluster).unwrap();
        let words = |access: &Access| {
            let namespace = access.namespace.as_deref();
            format!("{access} in {}", namespace.unwrap_or("all namespaces"))
        };
        let words: Vec<_> = accesses.iter().map(words).collect();
        for expected in [
            "watch pods in all namespaces",
            "list scaledobjects.keda.sh in all namespaces",
            "get pods.metrics.k8s.io in all namespaces",
            "patch secrets in class",
        ] {
            assert!(words.iter().any(|word| word == expected), "{words:?}");
        }
        assert!(!words.iter().any(|word| word == "create secrets in class"));
    }

    #[test]
    fn attendees_rules_name_subresources_apart() {
        let accesses = of_attendee("seat").unwrap();
        let mut logs = accesses.iter();
        let log = logs.find(|access| access.subresource.as_deref() == Some("log"));
        let log = log.unwrap();
        assert_eq!(log.to_string(), "get pods/log");
        assert_eq!(log.resource, "pods");
    }
}
