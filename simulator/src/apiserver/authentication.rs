//! Who a request is from: bearer tokens and impersonation.
//! Upstream: `apiserver/pkg/endpoints/filters/impersonation.go`.

use std::collections::HashMap;

use http::request::Parts;
use jiff::{SignedDuration, Timestamp};
use parking_lot::Mutex;

use super::rbac::{self, Attributes};
use super::request::header;
use crate::identity::Identity;
use crate::status::{Result, Status};
use crate::store::Store;

/// Tokens of ServiceAccounts, kept in memory and never written anywhere.
#[derive(Debug, Default)]
pub(super) struct Tokens(Mutex<HashMap<String, Token>>);

#[derive(Debug)]
struct Token {
    identity: Identity,
    expires: Timestamp,
}

impl Tokens {
    /// A new token of 256 random bits.
    ///
    /// # Errors
    /// 500 when the machine gives no random bytes.
    pub(super) fn issue(
        &self,
        namespace: &str,
        name: &str,
        now: Timestamp,
        seconds: i64,
    ) -> Result<(String, Timestamp)> {
        let mut bytes = [0_u8; 32];
        getrandom::fill(&mut bytes).map_err(Status::internal)?;
        let token: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let expires = now
            .checked_add(SignedDuration::from_secs(seconds))
            .unwrap_or(Timestamp::MAX);
        let identity = Identity::service_account(namespace, name);
        let mut tokens = self.0.lock();
        tokens.retain(|_, token| token.expires > now);
        tokens.insert(token.clone(), Token { identity, expires });
        Ok((token, expires))
    }

    /// Whose token this is, while it is valid.
    pub(super) fn identity(&self, token: &str, now: Timestamp) -> Option<Identity> {
        let tokens = self.0.lock();
        let token = tokens.get(token).filter(|token| token.expires > now)?;
        Some(token.identity.clone())
    }
}

/// The caller of a request over HTTP: its token's account, or `anonymous`.
///
/// # Errors
/// 401 for a token that is not valid.
pub(super) fn caller(
    parts: &Parts,
    tokens: &Tokens,
    now: Timestamp,
    anonymous: &Identity,
) -> Result<Identity> {
    let Some(token) = header(parts, "authorization").strip_prefix("Bearer ") else {
        return Ok(anonymous.clone());
    };
    tokens
        .identity(token.trim(), now)
        .ok_or_else(|| Status::new(401, "Unauthorized", "Unauthorized"))
}

/// The identity that a request acts with: the caller's, or that of the `Impersonate-*` headers if the caller
/// may take it.
///
/// # Errors
/// 403 when the caller may not.
pub(super) fn impersonate(store: &Store, caller: &Identity, parts: &Parts) -> Result<Identity> {
    let user = header(parts, "impersonate-user");
    let groups: Vec<String> = parts
        .headers
        .get_all("impersonate-group")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .map(str::to_owned)
        .collect();
    if user.is_empty() {
        return if groups.is_empty() {
            Ok(caller.clone())
        } else {
            Err(Status::bad_request(format!(
                "requested [{{Group  {}    }}] without impersonating a user",
                groups.join(" ")
            )))
        };
    }
    let mut identity = Identity::named(user);
    let account = user
        .strip_prefix("system:serviceaccount:")
        .and_then(|account| account.split_once(':'));
    let (resource, namespace, name) = match account {
        Some((namespace, account)) => ("serviceaccounts", namespace, account),
        None => ("users", "", user),
    };
    check(store, caller, resource, namespace, name)?;
    if !groups.is_empty() {
        for group in &groups {
            check(store, caller, "groups", "", group)?;
        }
        identity.groups = groups;
        let authenticated = "system:authenticated".to_owned();
        if !identity.groups.contains(&authenticated) {
            identity.groups.push(authenticated);
        }
    }
    Ok(identity)
}

fn check(
    store: &Store,
    caller: &Identity,
    resource: &str,
    namespace: &str,
    name: &str,
) -> Result<()> {
    let wanted = Attributes {
        verb: "impersonate",
        group: "",
        resource,
        namespace,
        name,
    };
    if store.read(|objects| rbac::allows(objects, caller, &wanted)) {
        return Ok(());
    }
    let scope = if namespace.is_empty() {
        "at the cluster scope".to_owned()
    } else {
        format!("in the namespace {namespace:?}")
    };
    Err(Status::new(
        403,
        "Forbidden",
        format!(
            "{resource} {name:?} is forbidden: User {:?} cannot impersonate resource {resource:?} in API group \"\" {scope}",
            caller.user
        ),
    ))
}
