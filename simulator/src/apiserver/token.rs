//! TokenRequest: tokens of ServiceAccounts, for clients over HTTP.
//! Upstream: `pkg/registry/core/serviceaccount/storage/token.go`.

use http::{Response, StatusCode};
use serde_json::{Value, json};

use super::authentication::Tokens;
use super::body;
use super::request::{Target, Verb};
use super::respond::{self, Body};
use crate::status::{Cause, Result, Status};
use crate::store::Store;
use crate::store::resource::SERVICE_ACCOUNTS;

/// Seconds that a token is valid by default.
const DEFAULT_EXPIRATION_SECONDS: i64 = 3600;
/// Upstream refuses less: `pkg/apis/authentication/validation/validation.go`.
const MIN_EXPIRATION_SECONDS: i64 = 600;
/// And more.
const MAX_EXPIRATION_SECONDS: i64 = 1 << 32;

pub(super) fn create(
    store: &Store,
    tokens: &Tokens,
    target: &Target,
    verb: Verb,
    bytes: &[u8],
) -> Result<Response<Body>> {
    if *target.resource != SERVICE_ACCOUNTS {
        return Err(Status::no_such_path());
    }
    if verb != Verb::Create {
        return Err(Status::method_not_allowed());
    }
    let mut request: Value = body::read(bytes, "application/json", "TokenRequest")?.value;
    let seconds = request["spec"]["expirationSeconds"]
        .as_i64()
        .unwrap_or(DEFAULT_EXPIRATION_SECONDS);
    let wrong = if seconds < MIN_EXPIRATION_SECONDS {
        Some("may not specify a duration less than 10 minutes")
    } else if seconds > MAX_EXPIRATION_SECONDS {
        Some("may not specify a duration larger than 2^32 seconds")
    } else {
        None
    };
    if let Some(detail) = wrong {
        let cause = Cause::invalid("spec.expirationSeconds", &json!(seconds), detail);
        let group = "authentication.k8s.io";
        return Err(Status::invalid_kind(group, "TokenRequest", "", &[cause]));
    }
    if store
        .get_value(&SERVICE_ACCOUNTS, &target.namespace, &target.name)
        .is_none()
    {
        return Err(Status::not_found(&SERVICE_ACCOUNTS, &target.name));
    }
    let now = store.clock().now();
    let (token, expires) = tokens.issue(&target.namespace, &target.name, now, seconds)?;
    request["kind"] = json!("TokenRequest");
    request["apiVersion"] = json!("authentication.k8s.io/v1");
    request["metadata"] = json!({"name": target.name, "namespace": target.namespace});
    request["spec"]["expirationSeconds"] = json!(seconds);
    if !request["spec"]["audiences"].is_array() {
        request["spec"]["audiences"] = json!(["https://kubernetes.default.svc"]);
    }
    request["status"] = json!({
        "token": token,
        "expirationTimestamp": expires.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
    });
    Ok(respond::json(StatusCode::CREATED, &request))
}
