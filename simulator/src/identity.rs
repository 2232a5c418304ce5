//! Who makes a request. Tests and the process make identities; the API server reads them.

/// A user and the groups that the user is in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// User name, such as `system:serviceaccount:ws:attendee`.
    pub user: String,
    /// Groups; rules can be bound to them.
    pub groups: Vec<String>,
}

impl Identity {
    /// May do everything.
    pub fn admin() -> Self {
        Self {
            user: "kubernetes-admin".to_owned(),
            groups: vec![
                "system:masters".to_owned(),
                "system:authenticated".to_owned(),
            ],
        }
    }

    /// A ServiceAccount, whether it exists or not.
    /// Upstream: `apiserver/pkg/authentication/serviceaccount/util.go`.
    pub fn service_account(namespace: &str, name: &str) -> Self {
        Self {
            user: format!("system:serviceaccount:{namespace}:{name}"),
            groups: vec![
                "system:serviceaccounts".to_owned(),
                format!("system:serviceaccounts:{namespace}"),
                "system:authenticated".to_owned(),
            ],
        }
    }

    /// Nobody.
    pub fn anonymous() -> Self {
        Self {
            user: "system:anonymous".to_owned(),
            groups: vec!["system:unauthenticated".to_owned()],
        }
    }

    /// A user with no rights but those bound to the name.
    pub fn user(name: &str) -> Self {
        Self {
            user: name.to_owned(),
            groups: vec!["system:authenticated".to_owned()],
        }
    }

    /// The identity behind a user's name, with the groups that a ServiceAccount has by itself.
    pub(crate) fn named(name: &str) -> Self {
        let account = name.strip_prefix("system:serviceaccount:");
        if name == "system:anonymous" {
            return Self::anonymous();
        }
        match account.and_then(|account| account.split_once(':')) {
            Some((namespace, account)) => Self::service_account(namespace, account),
            None => Self::user(name),
        }
    }
}
