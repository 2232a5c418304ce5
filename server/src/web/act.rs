//! What a session may see and do: the pages' traits, bound to the request's session, and the route of the server functions.
//! The namespace of an attendee comes from the session, never from the request.

use std::sync::Arc;

use app::model::{History, LoadSettings, Overview, Snapshot};
use app::workshop::{Class, Workshop};
use async_trait::async_trait;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Redirect, Response};
use futures::{StreamExt, stream};
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, StatusCode};
use leptos::prelude::provide_context;
use leptos::server_fn::error::SERVER_FN_ERROR_HEADER;

use super::AppState;
use super::viewer::Stranger;
use crate::commands::Actor;
use crate::seats::Session;

/// Loads stopped at the same time when all are stopped.
const STOPS_AT_ONCE: usize = 8;

/// An attendee's session.
pub(super) struct SeatSession {
    state: AppState,
    actor: Actor,
    namespace: String,
}

impl SeatSession {
    pub(super) fn new(state: AppState, session: &Session, namespace: &str) -> Self {
        Self {
            state,
            actor: Actor { seat: session.seat },
            namespace: namespace.to_owned(),
        }
    }

    fn seen(&self) -> Option<Arc<Snapshot>> {
        self.state.published.snapshot(&self.namespace)
    }
}

#[async_trait]
impl Workshop for SeatSession {
    async fn snapshot(&self) -> app::Result<Snapshot> {
        let snapshot = self.seen().ok_or_else(not_seen_yet)?;
        Ok(Snapshot::clone(&snapshot))
    }

    async fn history(&self) -> app::Result<History> {
        let history = self.state.published.history(&self.namespace);
        history.ok_or_else(not_seen_yet)
    }

    async fn deploy(&self, take_over: bool) -> app::Result<()> {
        let commands = &self.state.commands;
        commands
            .deploy(self.actor, &self.namespace, self.seen(), take_over)
            .await
    }

    async fn start_load(&self, load: LoadSettings) -> app::Result<()> {
        let commands = &self.state.commands;
        commands
            .start_load(self.actor, &self.namespace, self.seen(), load)
            .await
    }

    async fn stop_load(&self, foreign: bool) -> app::Result<()> {
        let commands = &self.state.commands;
        let stopped = commands.stop_load(self.actor, &self.namespace, foreign);
        stopped.await.map(|_count| ())
    }

    async fn clean_up(&self) -> app::Result<()> {
        self.state
            .commands
            .clean_up(self.actor, &self.namespace)
            .await
    }
}

/// The instructor's session.
pub(super) struct ClassSession {
    state: AppState,
    actor: Actor,
}

impl ClassSession {
    pub(super) fn new(state: AppState, session: &Session) -> Self {
        Self {
            state,
            actor: Actor { seat: session.seat },
        }
    }
}

#[async_trait]
impl Class for ClassSession {
    async fn overview(&self) -> app::Result<Overview> {
        Ok(Overview::clone(&self.state.published.overview()))
    }

    async fn stop_load(&self, seat: &str) -> app::Result<()> {
        let overview = self.state.published.overview();
        let row = overview.seats.iter().find(|row| row.seat == seat);
        let namespace = &row.ok_or(app::Error::NotFound)?.namespace;
        // Whoever started it: an instructor who stops a load means all of it.
        let stopped = self.state.commands.stop_load(self.actor, namespace, true);
        stopped.await.map(|_count| ())
    }

    /// One seat that refuses does not keep the others; the first refusal is told at the end.
    async fn stop_all_loads(&self) -> app::Result<u32> {
        let overview = self.state.published.overview();
        let rows = overview.seats.iter().filter(|row| row.load);
        let namespaces: Vec<String> = rows.map(|row| row.namespace.clone()).collect();
        let stops = namespaces.into_iter().map(|namespace| {
            let commands = self.state.commands.clone();
            let actor = self.actor;
            async move { commands.stop_load(actor, &namespace, true).await }
        });
        let results: Vec<_> = stream::iter(stops)
            .buffer_unordered(STOPS_AT_ONCE)
            .collect()
            .await;
        results
            .into_iter()
            .try_fold(0, |count, stopped| Ok(count + stopped?))
    }
}

fn not_seen_yet() -> app::Error {
    app::Error::Unavailable {
        message: "The panel has not seen this namespace yet. Reload in a moment, and tell your instructor if it stays so."
            .to_owned(),
    }
}

/// `POST /api/…`: runs a server function of `app` with the session's rights.
pub(super) async fn server_function(State(state): State<AppState>, request: Request) -> Response {
    let path = request.uri().path().to_owned();
    let session = match state.session(request.headers()).await {
        Ok(session) => session,
        Err(stranger) => return refuse(stranger, request.headers()),
    };
    let context = state.page_context(Some(&session));
    let provide = move || provide_context(context.clone());
    let answer = leptos_axum::handle_server_fns_with_context(provide, request).await;
    let answer = with_status(answer.into_response()).await;
    if answer.status() == StatusCode::FORBIDDEN {
        tracing::info!(seat = %session.seat, verb = "write", object = path, outcome = "refused", "access");
    }
    answer
}

/// Nobody is signed in: a form without JavaScript goes to the sign-in page, a script gets the error.
fn refuse(stranger: Stranger, headers: &HeaderMap) -> Response {
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

fn error(error: &app::Error) -> Response {
    (status(error), axum::Json(error)).into_response()
}

fn status(error: &app::Error) -> StatusCode {
    match error {
        app::Error::Unauthenticated => StatusCode::UNAUTHORIZED,
        app::Error::Forbidden => StatusCode::FORBIDDEN,
        app::Error::NotFound => StatusCode::NOT_FOUND,
        app::Error::Invalid { .. } => StatusCode::UNPROCESSABLE_ENTITY,
        app::Error::Conflict { .. } => StatusCode::CONFLICT,
        app::Error::Unavailable { .. } => StatusCode::SERVICE_UNAVAILABLE,
    }
}
