//! What an attendee takes away as a file: who may have it, and how it is sent.

use std::net::IpAddr;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, StatusCode};

use super::AppState;
use super::act::refuse;
use super::refusals::Audited;
use crate::audit::Actor;
use crate::seats::Person;

/// The attendee who asks, and their namespace; for everybody else the answer, which an instructor gets as `refusal`.
pub(super) async fn attendee(
    state: &AppState,
    headers: &HeaderMap,
    client: Option<IpAddr>,
    refusal: &'static str,
) -> Result<(Actor, String), Response> {
    let session = match state.session(headers).await {
        Ok(session) => session,
        Err(stranger) => return Err(refuse(stranger, headers)),
    };
    let actor = Actor {
        seat: Some(session.seat),
        client,
    };
    match session.person {
        Person::Attendee { namespace } => Ok((actor, namespace)),
        Person::Instructor => {
            let mut refused = (StatusCode::FORBIDDEN, refusal).into_response();
            refused.extensions_mut().insert(Audited::By(actor));
            Err(refused)
        }
    }
}

/// A file to be saved, never to be shown as anything but text.
pub(super) fn attachment(name: &str, content_type: &'static str, body: Body) -> Response {
    let disposition = format!("attachment; filename=\"{name}\"");
    let mut response = body.into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    if let Ok(disposition) = HeaderValue::try_from(disposition) {
        headers.insert(CONTENT_DISPOSITION, disposition);
    }
    response
}
