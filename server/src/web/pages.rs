//! The pages: who may see which, and their rendering on the server.

use std::net::IpAddr;
use std::sync::Arc;

use app::model::{Claimed, SessionEnd, SignIn};
use app::workshop::{PageContext, Viewer, Workshop};
use app::{FirstPaint, Seen};
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::header::{CONTENT_SECURITY_POLICY, SET_COOKIE};
use http::{HeaderMap, HeaderValue, StatusCode};
use leptos::nonce::use_nonce;
use leptos::prelude::{provide_context, use_context};
use leptos_axum::ResponseOptions;

use super::viewer::Stranger;
use super::{AppState, files, headers};
use crate::audit::Actor;
use crate::seats::Person;

/// `GET /`: the attendee's page.
pub(super) async fn seat(State(state): State<AppState>, request: Request) -> Response {
    let client = state.client(&request);
    match viewer(&state, request.headers(), client).await {
        Ok(context) => match context.viewer {
            Viewer::Attendee { .. } => render(&state, context, None, StatusCode::OK, request).await,
            Viewer::Instructor { .. } => Redirect::to("/seats").into_response(),
            Viewer::Anonymous => Redirect::to("/sign-in").into_response(),
        },
        Err(response) => response,
    }
}

/// `GET /seats`: the instructor's page.
pub(super) async fn seats(State(state): State<AppState>, request: Request) -> Response {
    let client = state.client(&request);
    match viewer(&state, request.headers(), client).await {
        Ok(context) => match context.viewer {
            Viewer::Instructor { .. } => {
                render(&state, context, None, StatusCode::OK, request).await
            }
            Viewer::Attendee { .. } => Redirect::to("/").into_response(),
            Viewer::Anonymous => Redirect::to("/sign-in").into_response(),
        },
        Err(response) => response,
    }
}

/// `GET /faults`: the instructor's page of troubles at will, in a demo.
pub(super) async fn faults(State(state): State<AppState>, request: Request) -> Response {
    if state.faults.is_none() {
        return files::nothing_here(request).await;
    }
    let client = state.client(&request);
    match viewer(&state, request.headers(), client).await {
        Ok(context) => match context.viewer {
            Viewer::Instructor { .. } => {
                let first_paint = FirstPaint::gather_faults(&context).await;
                render_paint(&state, context, first_paint, None, StatusCode::OK, request).await
            }
            Viewer::Attendee { .. } => Redirect::to("/").into_response(),
            Viewer::Anonymous => Redirect::to("/sign-in").into_response(),
        },
        Err(response) => response,
    }
}

/// `GET /sign-in`. Who is signed in goes on to their page.
pub(super) async fn sign_in(State(state): State<AppState>, request: Request) -> Response {
    match state.session(request.headers()).await {
        Ok(_) => Redirect::to("/").into_response(),
        Err(_) => {
            let context = state.page_context(None);
            render(&state, context, None, StatusCode::OK, request).await
        }
    }
}

/// `GET /join`: where a card's QR code leads. Shown to people with a seat, too, as a card may be for another one; they
/// are asked first, or a link that somebody sends would move them there.
pub(super) async fn join(State(state): State<AppState>, request: Request) -> Response {
    let leaves = state.session(request.headers()).await.ok();
    let sign_in = SignIn {
        leaves: leaves.map(|session| match session.person {
            Person::Attendee { namespace } => namespace,
            Person::Instructor => app::words::SEATS.to_owned(),
        }),
        ..SignIn::default()
    };
    let context = state.page_context(None);
    render(&state, context, Some(sign_in), StatusCode::OK, request).await
}

/// The code of a seat that was just taken, shown this once.
pub(super) async fn claimed(state: &AppState, headers: &HeaderMap, claimed: Claimed) -> Response {
    let context = state.page_context(None);
    let first_paint = FirstPaint {
        panel: Some(context.panel.clone()),
        seen: Seen::Claimed { claimed },
    };
    let request = request_of_sign_in(headers);
    render_paint(state, context, first_paint, None, StatusCode::OK, request).await
}

/// A refused or finished sign-in is answered in place, whatever its request was.
fn request_of_sign_in(headers: &HeaderMap) -> Request {
    let mut request = Request::new(Body::empty());
    *request.uri_mut() = http::Uri::from_static("/sign-in");
    *request.headers_mut() = headers.clone();
    request
}

/// The sign-in page after a try that failed, as the answer to that try.
pub(super) async fn sign_in_again(
    state: &AppState,
    headers: &HeaderMap,
    sign_in: SignIn,
    status: StatusCode,
) -> Response {
    let context = state.page_context(None);
    let request = request_of_sign_in(headers);
    render(state, context, Some(sign_in), status, request).await
}

/// Whose page it is, and what it may ask for; for others the answer that sends them away.
pub(super) async fn attendee(
    state: &AppState,
    headers: &HeaderMap,
    client: Option<IpAddr>,
) -> Result<(PageContext, String, Arc<dyn Workshop>), Response> {
    let context = viewer(state, headers, client).await?;
    match &context.viewer {
        Viewer::Attendee {
            namespace,
            workshop,
            ..
        } => {
            let (namespace, workshop) = (namespace.clone(), Arc::clone(workshop));
            Ok((context, namespace, workshop))
        }
        Viewer::Instructor { .. } => Err(Redirect::to("/seats").into_response()),
        Viewer::Anonymous => Err(Redirect::to("/sign-in").into_response()),
    }
}

/// Renders the page at the request's path from this.
pub(super) async fn show(
    state: &AppState,
    context: PageContext,
    seen: Seen,
    status: StatusCode,
    request: Request,
) -> Response {
    let panel = Some(context.panel.clone());
    let first_paint = FirstPaint { panel, seen };
    render_paint(state, context, first_paint, None, status, request).await
}

/// What the page of a signed-in person gets; for others the answer that sends them away.
pub(super) async fn viewer(
    state: &AppState,
    headers: &HeaderMap,
    client: Option<IpAddr>,
) -> Result<PageContext, Response> {
    let stranger = match state.session(headers).await {
        Ok(session) => {
            let actor = Actor {
                seat: Some(session.seat),
                client,
            };
            return Ok(state.page_context(Some((&session, actor))));
        }
        Err(stranger) => stranger,
    };
    Err(match stranger {
        Stranger::Anonymous => Redirect::to("/sign-in").into_response(),
        Stranger::Ended(end) => {
            let page = Redirect::to(&format!("/sign-in?reason={}", end.reason()));
            // A class that opens again takes its people back.
            if end == SessionEnd::ClassClosed {
                return Err(page.into_response());
            }
            // The cookie opens nothing any more; without it the next visit is a plain one.
            let cookie = state.public_url.clear_cookie();
            ([(SET_COOKIE, cookie)], page).into_response()
        }
        Stranger::Unavailable => {
            let sign_in = SignIn {
                error: stranger.error(),
                ..SignIn::default()
            };
            let status = StatusCode::SERVICE_UNAVAILABLE;
            sign_in_again(state, headers, sign_in, status).await
        }
    })
}

/// Renders the page at the request's path.
///
/// All of it before the first byte, so that it is whole without scripts, too: what it needs is in memory already.
async fn render(
    state: &AppState,
    context: PageContext,
    sign_in: Option<SignIn>,
    status: StatusCode,
    request: Request,
) -> Response {
    let first_paint = FirstPaint::gather(&context).await;
    render_paint(state, context, first_paint, sign_in, status, request).await
}

async fn render_paint(
    state: &AppState,
    context: PageContext,
    first_paint: FirstPaint,
    sign_in: Option<SignIn>,
    status: StatusCode,
    request: Request,
) -> Response {
    let provide = move || {
        // leptos has made the nonce before this is called, and takes no other.
        let nonce = use_nonce().map(|nonce| nonce.to_string());
        let nonce = nonce.unwrap_or_default();
        if let Some(response) = use_context::<ResponseOptions>() {
            response.set_status(status);
            if let Ok(policy) = HeaderValue::from_str(&headers::page_policy(&nonce)) {
                response.insert_header(CONTENT_SECURITY_POLICY, policy);
            }
        }
        provide_context(PageContext {
            nonce,
            ..context.clone()
        });
        provide_context(first_paint.clone());
        if let Some(sign_in) = &sign_in {
            provide_context(sign_in.clone());
        }
    };
    let options = state.site.options().clone();
    let page = move || app::shell(options.clone());
    leptos_axum::render_app_async_with_context(provide, page)(request).await
}
