//! Sign-in, sign-out, and the question who one is. Plain forms, so that they work before any script has loaded.

use app::model::{SignIn, SignInError};
use axum::Form;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::header::{RETRY_AFTER, SET_COOKIE};
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use serde_json::json;

use super::AppState;
use super::pages;
use super::viewer::Stranger;
use crate::error::chain;
use crate::seats::{Person, Session};

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
pub(super) async fn sign_in(
    State(state): State<AppState>,
    headers: HeaderMap,
    Form(typed): Form<Typed>,
) -> Response {
    let cut = |text: &str| text.chars().take(LENGTH).collect::<String>();
    let (code, name) = (cut(&typed.code), cut(&typed.name));
    match state
        .seats
        .sign_in(&code, &name, state.published.now())
        .await
    {
        Ok(opened) => {
            log(&opened.session, "sign_in", "done");
            let cookie = state.public_url.set_cookie(&opened.cookie);
            ([(SET_COOKIE, cookie)], Redirect::to("/")).into_response()
        }
        Err(error) => {
            let status = match error {
                SignInError::TooManyWrongCodes { .. } => StatusCode::TOO_MANY_REQUESTS,
                SignInError::ClusterUnreachable => StatusCode::SERVICE_UNAVAILABLE,
                _ => StatusCode::UNAUTHORIZED,
            };
            tracing::info!(verb = "sign_in", outcome = "refused", reason = ?error, "access");
            let retry_after = match &error {
                SignInError::TooManyWrongCodes { wait_s } => Some(*wait_s),
                _ => None,
            };
            let sign_in = SignIn {
                error: Some(error),
                code,
                name,
            };
            let mut response = pages::sign_in_again(&state, &headers, sign_in, status).await;
            if let Some(wait_s) = retry_after {
                response.headers_mut().insert(RETRY_AFTER, wait_s.into());
            }
            response
        }
    }
}

/// `POST /session/end`: ends the session on every replica.
pub(super) async fn sign_out(State(state): State<AppState>, request: Request) -> Response {
    if let Ok(session) = state.session(request.headers()).await {
        if let Err(error) = state.seats.sign_out(&session).await {
            tracing::error!(seat = %session.seat, verb = "sign_out", outcome = "failed", error = chain(&error), "access");
            return (
                StatusCode::SERVICE_UNAVAILABLE,
                "You are still signed in, because the cluster does not answer. Try again in a moment.\n",
            )
                .into_response();
        }
        log(&session, "sign_out", "done");
    }
    let cookie = state.public_url.clear_cookie();
    ([(SET_COOKIE, cookie)], Redirect::to("/sign-in")).into_response()
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

fn log(session: &Session, verb: &str, outcome: &str) {
    tracing::info!(seat = %session.seat, verb, outcome, "access");
}
