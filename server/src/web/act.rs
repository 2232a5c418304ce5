//! What a session may see and do: the pages' traits, bound to the request's session, and the route of the server functions.
//! The namespace of an attendee comes from the session, never from the request.

use std::sync::Arc;

use app::model::{ClassPhase, History, LoadSettings, Overview, Qr, SeatCard, Snapshot};
use app::words;
use app::workshop::{Class, Workshop};
use async_trait::async_trait;
use axum::body::{Body, to_bytes};
use axum::extract::{FromRequest, Request, State};
use axum::response::{IntoResponse, Redirect, Response};
use bytes::Bytes;
use futures::{StreamExt, stream};
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, StatusCode};
use leptos::prelude::provide_context;
use leptos::server_fn::error::SERVER_FN_ERROR_HEADER;

use super::AppState;
use super::refusals::Audited;
use super::viewer::Stranger;
use crate::audit::{self, Actor, Outcome};
use crate::error::{Error, chain};
use crate::seats::{NewCode, SeatNumber, qr};

/// Loads stopped at the same time when all are stopped.
const STOPS_AT_ONCE: usize = 8;

/// An attendee's session.
pub(super) struct SeatSession {
    state: AppState,
    actor: Actor,
    namespace: String,
}

impl SeatSession {
    pub(super) fn new(state: AppState, actor: Actor, namespace: &str) -> Self {
        Self {
            state,
            actor,
            namespace: namespace.to_owned(),
        }
    }

    /// After the class a seat is looked at and no more. That a load can be stopped never ends.
    fn may_change(&self) -> app::Result<()> {
        match self.state.seats.class_phase() {
            ClassPhase::Running => Ok(()),
            ClassPhase::ReadOnly | ClassPhase::Closed => Err(app::Error::ClassOver),
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
        self.may_change()?;
        let commands = &self.state.commands;
        commands
            .deploy(self.actor, &self.namespace, self.seen(), take_over)
            .await
    }

    async fn start_load(&self, load: LoadSettings) -> app::Result<()> {
        self.may_change()?;
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
        self.may_change()?;
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
    pub(super) fn new(state: AppState, actor: Actor) -> Self {
        Self { state, actor }
    }

    /// Writes the line of an instructor's act on seats.
    fn record<T>(&self, verb: &str, seat: &str, result: &crate::error::Result<T>) {
        match result {
            Ok(_) => audit::record(self.actor, verb, seat, Outcome::Done),
            Err(error) => audit::record(self.actor, verb, seat, Outcome::Failed(&chain(error))),
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

    async fn renew(&self, seat: &str) -> app::Result<SeatCard> {
        let number = number(seat)?;
        let renewed = self.state.seats.renew(number).await;
        self.record("renew_seat", seat, &renewed);
        let new = renewed.map_err(not_changed)?.ok_or(app::Error::NotFound)?;
        Ok(self.card(&new))
    }

    async fn revoke(&self, seat: &str) -> app::Result<()> {
        let number = number(seat)?;
        let revoked = self.state.seats.revoke(number).await;
        self.record("revoke_seat", seat, &revoked);
        found(revoked)
    }

    async fn sign_out(&self, seat: &str) -> app::Result<()> {
        let number = number(seat)?;
        let signed_out = self.state.seats.sign_out_seat(number).await;
        self.record("sign_out_seat", seat, &signed_out);
        found(signed_out)
    }

    async fn sign_out_all(&self) -> app::Result<u32> {
        let now = self.state.published.now();
        let signed_out = self.state.seats.sign_out_all(now).await;
        self.record("sign_out_all", "all seats", &signed_out);
        signed_out.map_err(not_changed)
    }

    async fn set_phase(&self, phase: ClassPhase) -> app::Result<()> {
        let set = self.state.seats.set_class_phase(phase).await;
        self.record("set_class_phase", words::class_phase(phase), &set);
        set.map_err(not_changed)
    }
}

impl ClassSession {
    /// What is shown of a seat's new code.
    fn card(&self, new: &NewCode) -> SeatCard {
        let address = self.state.public_url.origin();
        let code = new.code.to_string();
        // After the sign `#` nothing leaves the browser: neither a proxy's log nor ours has the code.
        let qr = qr::path(&format!("{address}/join#{code}"));
        SeatCard {
            seat: new.seat.to_string(),
            namespace: new.namespace.clone(),
            name: new.name.clone(),
            code,
            address: address.to_owned(),
            qr: qr.map(|(path, side)| Qr { path, side }),
        }
    }
}

fn number(seat: &str) -> app::Result<SeatNumber> {
    seat.parse().map_err(|_| app::Error::NotFound)
}

fn found(result: crate::error::Result<bool>) -> app::Result<()> {
    match result {
        Ok(true) => Ok(()),
        Ok(false) => Err(app::Error::NotFound),
        Err(error) => Err(not_changed(error)),
    }
}

/// The cause is in the audit.
fn not_changed(_error: Error) -> app::Error {
    app::Error::Unavailable {
        message: "The cluster did not take the change. Try again in a moment.".to_owned(),
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
    let session = match state.session(request.headers()).await {
        Ok(session) => session,
        Err(stranger) => return refuse(stranger, request.headers()),
    };
    let actor = Actor {
        seat: Some(session.seat),
        client: state.client(&request),
    };
    // Read here, since leptos tells nobody that a form was too large.
    let (parts, body) = request.into_parts();
    let form = match Bytes::from_request(Request::new(body), &state).await {
        Ok(form) => form,
        Err(rejection) => return rejection.into_response(),
    };
    let request = Request::from_parts(parts, Body::from(form));
    let context = state.page_context(Some((&session, actor)));
    let provide = move || provide_context(context.clone());
    let answer = leptos_axum::handle_server_fns_with_context(provide, request).await;
    let mut answer = with_status(answer.into_response()).await;
    answer.extensions_mut().insert(Audited::By(actor));
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
        app::Error::Forbidden | app::Error::ClassOver => StatusCode::FORBIDDEN,
        app::Error::NotFound => StatusCode::NOT_FOUND,
        app::Error::Invalid { .. } => StatusCode::UNPROCESSABLE_ENTITY,
        app::Error::Conflict { .. } => StatusCode::CONFLICT,
        app::Error::Unavailable { .. } => StatusCode::SERVICE_UNAVAILABLE,
    }
}
