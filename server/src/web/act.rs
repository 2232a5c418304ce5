//! The route of the server functions, each run with its session's rights, and the status that each error has.

use app::model::WhyRefused;
use app::words;
use axum::body::{Body, to_bytes};
use axum::extract::{FromRequest, Request, State};
use axum::response::{IntoResponse, Redirect, Response};
use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE, REFERER};
use http::{HeaderMap, HeaderValue, StatusCode};
use leptos::prelude::provide_context;
use leptos::server_fn::error::SERVER_FN_ERROR_HEADER;

use super::AppState;
use super::refusals::Audited;
use super::viewer::Stranger;
use crate::audit::Actor;

/// `POST /api/…`: runs a server function of `app` with the session's rights.
pub(super) async fn server_function(State(state): State<AppState>, request: Request) -> Response {
    let session = match state.session(request.headers()).await {
        Ok(session) => session,
        Err(stranger) => return refuse(stranger, request.headers()),
    };
    let actor = Actor {
        seat: Some(session.seat),
        client: state.client(&request),
    };
    // Read here, since leptos tells nobody that a form was too large.
    let (mut parts, body) = request.into_parts();
    without_question(&mut parts.headers);
    let form = match Bytes::from_request(Request::new(body), &state).await {
        Ok(form) => form,
        Err(rejection) => return rejection.into_response(),
    };
    // leptos would tell of bytes that are no text as of an answer that did not come.
    if std::str::from_utf8(&form).is_err() {
        let message = words::NOT_A_NUMBER.to_owned();
        return error(&app::Error::Invalid { message });
    }
    let request = Request::from_parts(parts, Body::from(form));
    let context = state.page_context(Some((&session, actor)));
    let provide = move || provide_context(context.clone());
    let answer = leptos_axum::handle_server_fns_with_context(provide, request).await;
    let mut answer = with_status(answer.into_response()).await;
    answer.extensions_mut().insert(Audited::By(actor));
    answer
}

/// A form without JavaScript leads back to the page that it came from. A question that its address asked is answered.
fn without_question(headers: &mut HeaderMap) {
    let referer = headers.get(REFERER).and_then(|from| from.to_str().ok());
    let page = referer.and_then(|from| from.split_once("?confirm="));
    let page = page.and_then(|(page, _)| HeaderValue::from_str(page).ok());
    if let Some(page) = page {
        headers.insert(REFERER, page);
    }
}

/// Nobody is signed in: a form without JavaScript goes to the sign-in page, a script gets the error.
pub(super) fn refuse(stranger: Stranger, headers: &HeaderMap) -> Response {
    let is_form = headers
        .get(ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|accept| accept.contains("text/html"));
    match stranger {
        Stranger::Unavailable => error(&app::Error::Unavailable {
            message: "The panel cannot reach the cluster. Try again in a moment.".to_owned(),
        }),
        _ if is_form => Redirect::to("/sign-in").into_response(),
        Stranger::Anonymous | Stranger::Ended(_) => error(&app::Error::Unauthenticated),
    }
}

/// leptos answers every error of a server function with 500; this is the one place that says which status it is.
async fn with_status(response: Response) -> Response {
    let failed = response.status() == StatusCode::INTERNAL_SERVER_ERROR
        && response.headers().contains_key(SERVER_FN_ERROR_HEADER);
    if !failed {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let Ok(bytes) = to_bytes(body, 64 * 1024).await else {
        return (parts, Body::empty()).into_response();
    };
    if let Ok(error) = serde_json::from_slice::<app::Error>(&bytes) {
        parts.status = status(&error);
        parts
            .headers
            .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    (parts, Body::from(bytes)).into_response()
}

pub(super) fn error(error: &app::Error) -> Response {
    (status(error), axum::Json(error)).into_response()
}

pub(super) fn status(error: &app::Error) -> StatusCode {
    match error {
        app::Error::Unauthenticated => StatusCode::UNAUTHORIZED,
        app::Error::Forbidden | app::Error::ClassOver => StatusCode::FORBIDDEN,
        app::Error::NotFound | app::Error::OtherBuild => StatusCode::NOT_FOUND,
        app::Error::Settings { refused, .. } => match refused.open().map(|refused| refused.why) {
            Some(WhyRefused::Owned { .. }) => StatusCode::CONFLICT,
            _ => StatusCode::UNPROCESSABLE_ENTITY,
        },
        app::Error::Invalid { .. } | app::Error::InvalidLoad { .. } => {
            StatusCode::UNPROCESSABLE_ENTITY
        }
        app::Error::Conflict { .. } => StatusCode::CONFLICT,
        app::Error::Unavailable { .. } => StatusCode::SERVICE_UNAVAILABLE,
    }
}
