//! Sign-in, sign-out, and the question who one is. Plain forms, so that they work before any script has loaded.

use std::net::IpAddr;

use app::model::{SignIn, SignInError};
use app::words;
use axum::Form;
use axum::extract::{FromRequest, Request, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::header::{RETRY_AFTER, SET_COOKIE};
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use serde_json::json;

use super::AppState;
use super::pages;
use super::refusals::Audited;
use super::viewer::Stranger;
use crate::audit::{self, Actor, Outcome};
use crate::error::chain;
use crate::seats::{Opened, Person, Refused, Session};

/// Longer than any code or name: more of what was typed is neither read nor shown again.
const LENGTH: usize = 64;

/// The sign-in form. The name goes with the class's code alone.
#[derive(Deserialize)]
pub(super) struct Typed {
    #[serde(default)]
    code: String,
    #[serde(default)]
    name: String,
}

/// `POST /session`: opens a session, or shows the page again with what is wrong.
pub(super) async fn sign_in(State(state): State<AppState>, request: Request) -> Response {
    let client = state.client(&request);
    let headers = request.headers().clone();
    let Form(typed) = match Form::<Typed>::from_request(request, &state).await {
        Ok(typed) => typed,
        Err(rejection) => return rejection.into_response(),
    };
    let cut = |text: &str| text.chars().take(LENGTH).collect::<String>();
    let (code, name) = (cut(&typed.code), cut(&typed.name));
    // In a task of its own: a session that was opened for somebody who did not wait is told of all the same.
    let task = {
        let (state, headers) = (state.clone(), headers.clone());
        let (code, name) = (code.clone(), name.clone());
        let acts = state.acts.clone();
        acts.spawn(async move { open(&state, &headers, &code, &name, client).await })
    };
    let Ok(opened) = task.await else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    match opened {
        Ok(opened) => {
            let cookie = [(SET_COOKIE, state.public_url.set_cookie(&opened.cookie))];
            match opened.claimed {
                Some(claimed) => {
                    let page = pages::claimed(&state, &headers, claimed).await;
                    (cookie, page).into_response()
                }
                None => (cookie, Redirect::to("/")).into_response(),
            }
        }
        Err(Refused { error, is_news }) => {
            state.telemetry.sign_ins.refused(&error);
            if is_news {
                let actor = Actor { seat: None, client };
                let reason = words::sign_in_error(&error);
                audit::record(actor, "sign_in", "", Outcome::Refused(&reason));
            }
            let status = match error {
                SignInError::TooManyWrongCodes { .. } => StatusCode::TOO_MANY_REQUESTS,
                SignInError::ClusterUnreachable => StatusCode::SERVICE_UNAVAILABLE,
                // Not wrong yet: the page asks for more.
                SignInError::NameNeeded => StatusCode::OK,
                SignInError::NameTaken | SignInError::NoFreeSeat => StatusCode::CONFLICT,
                SignInError::NameUnreadable => StatusCode::UNPROCESSABLE_ENTITY,
                SignInError::UnknownCode
                | SignInError::Ended { .. }
                | SignInError::SingleSignOn { .. } => StatusCode::UNAUTHORIZED,
            };
            let retry_after = match &error {
                SignInError::TooManyWrongCodes { wait_s } => Some(*wait_s),
                _ => None,
            };
            let sign_in = SignIn {
                error: Some(error),
                code,
                name,
                leaves: None,
            };
            let mut response = pages::sign_in_again(&state, &headers, sign_in, status).await;
            response.extensions_mut().insert(Audited::Written);
            if let Some(wait_s) = retry_after {
                response.headers_mut().insert(RETRY_AFTER, wait_s.into());
            }
            response
        }
    }
}

/// Opens a session, writes its line, and ends the one that the browser had before.
async fn open(
    state: &AppState,
    headers: &HeaderMap,
    code: &str,
    name: &str,
    client: Option<IpAddr>,
) -> Result<Opened, Refused> {
    let now = state.published.now();
    let opened = state.seats.sign_in(code, name, now).await?;
    let actor = Actor {
        seat: Some(opened.session.seat),
        client,
    };
    let verb = match opened.claimed {
        Some(_) => "claim_seat",
        None => "sign_in",
    };
    audit::record(actor, verb, namespace(&opened.session), Outcome::Done);
    state.telemetry.sign_ins.done();
    leave_other(state, headers, &opened.session).await;
    Ok(opened)
}

/// A browser has one seat: who signs in with another code has left the first.
pub(super) async fn leave_other(state: &AppState, headers: &HeaderMap, opened: &Session) {
    let Ok(before) = state.session(headers).await else {
        return;
    };
    if before.hash != opened.hash
        && let Err(error) = state.seats.sign_out(&before).await
    {
        // It ends by itself when nobody uses it.
        tracing::warn!(seat = %before.seat, error = chain(&error), "a session that was left still holds");
    }
}

/// `POST /session/end`: ends the session on every replica.
pub(super) async fn sign_out(State(state): State<AppState>, request: Request) -> Response {
    let still_in = || {
        let told = "You are still signed in, because the cluster does not answer. Try again in a moment.\n";
        (StatusCode::SERVICE_UNAVAILABLE, told).into_response()
    };
    let session = state.session(request.headers()).await;
    if matches!(session, Err(Stranger::Unavailable)) {
        return still_in();
    }
    if let Ok(session) = session {
        let actor = Actor {
            seat: Some(session.seat),
            client: state.client(&request),
        };
        let signed_out = state.seats.sign_out(&session).await;
        let namespace = namespace(&session);
        if let Err(error) = signed_out {
            audit::record(
                actor,
                "sign_out",
                namespace,
                Outcome::Failed(&chain(&error)),
            );
            return still_in();
        }
        audit::record(actor, "sign_out", namespace, Outcome::Done);
    }
    let cookie = state.public_url.clear_cookie();
    ([(SET_COOKIE, cookie)], Redirect::to("/sign-in")).into_response()
}

/// What a session is for, in the audit.
pub(super) fn namespace(session: &Session) -> &str {
    match &session.person {
        Person::Attendee { namespace } => namespace,
        Person::Instructor => "all seats",
    }
}

/// `GET /session`: who one is. The page asks when its stream was closed, since an `EventSource` hides the status.
pub(super) async fn tell(State(state): State<AppState>, request: Request) -> Response {
    match state.session(request.headers()).await {
        Ok(session) => {
            let told = match &session.person {
                Person::Attendee { namespace } => {
                    json!({ "role": "attendee", "namespace": namespace })
                }
                Person::Instructor => json!({ "role": "instructor", "namespace": null }),
            };
            axum::Json(told).into_response()
        }
        Err(stranger) => refuse(stranger),
    }
}

/// What a script is told that is not signed in.
pub(super) fn refuse(stranger: Stranger) -> Response {
    let (status, error) = match stranger {
        Stranger::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, "unavailable"),
        Stranger::Anonymous | Stranger::Ended(_) => (StatusCode::UNAUTHORIZED, "unauthenticated"),
    };
    let told = json!({ "error": error, "reason": stranger.reason() });
    (status, axum::Json(told)).into_response()
}
