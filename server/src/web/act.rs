//! What a session may see and do: the pages' traits, bound to the request's session, and the route of the server functions.
//! The namespace of an attendee comes from the session, never from the request.

use std::sync::Arc;

use app::model::{
    ClassPhase, Done, File, History, LoadSettings, Overview, Qr, RunRecord, RunSummary, SeatCard,
    SettingsForm, Snapshot, WhyRefused,
};
use app::words;
use app::workshop::{Class, Workshop};
use async_trait::async_trait;
use axum::body::{Body, to_bytes};
use axum::extract::{FromRequest, Request, State};
use axum::response::{IntoResponse, Redirect, Response};
use bytes::Bytes;
use futures::{StreamExt, stream};
use http::header::{ACCEPT, CONTENT_TYPE, REFERER};
use http::{HeaderMap, HeaderValue, StatusCode};
use leptos::prelude::provide_context;
use leptos::server_fn::error::SERVER_FN_ERROR_HEADER;

use super::AppState;
use super::refusals::Audited;
use super::viewer::Stranger;
use crate::audit::{Actor, Audit, Outcome};
use crate::error::{Result, chain};
use crate::seats::{NewCode, SeatNumber, qr};
use crate::workshop::Run;

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

    /// After the class a seat is looked at and no more, but for a load, which can be stopped.
    fn may_change(&self) -> app::Result<()> {
        match self.state.seats.class_phase() {
            ClassPhase::Running => Ok(()),
            ClassPhase::ReadOnly | ClassPhase::Closed => Err(app::Error::ClassOver),
        }
    }

    fn seen(&self) -> Option<Arc<Snapshot>> {
        self.state.published.snapshot(&self.namespace)
    }

    /// The newest load's run as far as it was observed here: its record may be two minutes old.
    fn observed_run(&self) -> Option<Run> {
        let (published, snapshot) = (&self.state.published, self.seen()?);
        let history = published.history(&self.namespace)?;
        let load = snapshot.load.as_ref()?;
        Run::cut(&history, &snapshot, load, published.now())
    }

    /// One run with what was observed here since it was recorded.
    pub(super) async fn recorded(&self, uid: &str) -> app::Result<Run> {
        let recorded = self.state.archive.one(&self.namespace, uid).await;
        let observed = self.observed_run().filter(|run| run.load.uid == uid);
        match (recorded, observed) {
            (Ok(Some(recorded)), Some(observed)) => Ok(recorded.merge(&observed)),
            (Ok(Some(run)), None) | (Ok(None) | Err(_), Some(run)) => Ok(run),
            (Ok(None), None) => Err(app::Error::NotFound),
            (Err(error), None) => Err(runs_unread(&error)),
        }
    }

    async fn all_runs(&self) -> app::Result<Vec<Run>> {
        let seat = self.actor.seat.ok_or(app::Error::Unauthenticated)?;
        let archive = &self.state.archive;
        let recorded = archive.of_seat(&seat.to_string(), &self.namespace).await;
        let mut runs = recorded.map_err(|error| runs_unread(&error))?;
        if let Some(observed) = self.observed_run() {
            match runs
                .iter_mut()
                .find(|run| run.load.uid == observed.load.uid)
            {
                Some(recorded) => *recorded = recorded.merge(&observed),
                None => runs.push(observed),
            }
        }
        runs.sort_by_key(|run| std::cmp::Reverse(run.load.created));
        Ok(runs)
    }
}

fn runs_unread(error: &crate::error::Error) -> app::Error {
    tracing::warn!(error = chain(error), "the runs of a seat cannot be read");
    app::Error::Unavailable {
        message: "The runs cannot be read now. Try again in a moment.".to_owned(),
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

    async fn runs(&self) -> app::Result<Vec<RunSummary>> {
        let runs = self.all_runs().await?;
        Ok(runs.iter().map(Run::summary).collect())
    }

    async fn run(&self, uid: &str) -> app::Result<RunRecord> {
        self.recorded(uid).await.map(|run| run.record())
    }

    async fn deploy(&self, take_over: bool) -> app::Result<Done> {
        self.may_change()?;
        let commands = &self.state.commands;
        commands
            .deploy(self.actor, &self.namespace, self.seen(), take_over)
            .await
    }

    async fn start_load(&self, load: LoadSettings) -> app::Result<Done> {
        self.may_change()?;
        let commands = &self.state.commands;
        commands
            .start_load(self.actor, &self.namespace, self.seen(), load)
            .await
    }

    async fn stop_load(&self, foreign: bool) -> app::Result<Done> {
        let commands = &self.state.commands;
        commands
            .stop_load(self.actor, &self.namespace, foreign)
            .await
    }

    async fn clean_up(&self) -> app::Result<Done> {
        self.may_change()?;
        self.state
            .commands
            .clean_up(self.actor, &self.namespace)
            .await
    }

    async fn change_settings(&self, form: SettingsForm, take_over: bool) -> app::Result<Done> {
        self.may_change()?;
        let commands = &self.state.commands;
        commands
            .change_settings(self.actor, &self.namespace, self.seen(), form, take_over)
            .await
    }

    async fn files(&self) -> app::Result<Vec<File>> {
        let commands = &self.state.commands;
        let load = &self.state.load_defaults;
        commands
            .files(self.actor, &self.namespace, self.seen(), load)
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

    /// Does something to seats and writes its line, in a task of its own: neither a closed connection nor a time limit
    /// leaves it half done or untold.
    async fn act<T: Answered + Send + 'static>(
        &self,
        verb: &'static str,
        object: &str,
        act: impl Future<Output = Result<T>> + Send + 'static,
    ) -> app::Result<T> {
        let (actor, object) = (self.actor, object.to_owned());
        let audit = Audit::new(self.state.telemetry.commands.clone());
        let task = self.state.acts.spawn(async move {
            let result = act.await;
            match &result {
                Ok(answer) if answer.found() => {
                    audit.record(actor, verb, &object, Outcome::Done);
                }
                Ok(_) => {
                    audit.record(actor, verb, &object, Outcome::Refused("no such seat"));
                }
                Err(error) => {
                    audit.record(actor, verb, &object, Outcome::Failed(&chain(error)));
                }
            }
            result
        });
        match task.await {
            Ok(Ok(answer)) if answer.found() => Ok(answer),
            Ok(Ok(_)) => Err(app::Error::NotFound),
            // The cause is in the audit.
            Ok(Err(_)) | Err(_) => Err(app::Error::Unavailable {
                message: "The cluster did not take the change. Try again in a moment.".to_owned(),
            }),
        }
    }
}

/// Whether there was what an act was for.
trait Answered {
    fn found(&self) -> bool;
}

impl Answered for () {
    fn found(&self) -> bool {
        true
    }
}

impl Answered for bool {
    fn found(&self) -> bool {
        *self
    }
}

impl Answered for u32 {
    fn found(&self) -> bool {
        true
    }
}

impl<T> Answered for Option<T> {
    fn found(&self) -> bool {
        self.is_some()
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
        stopped.await.map(|_done| ())
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
            .try_fold(0, |count, stopped| Ok(count + stopped?.acts.len() as u32))
    }

    async fn renew(&self, seat: &str) -> app::Result<SeatCard> {
        let (seats, number) = (self.state.seats.clone(), number(seat)?);
        let renew = async move { seats.renew(number).await };
        let new = self.act("renew_seat", &number.to_string(), renew).await?;
        new.map(|new| self.card(&new)).ok_or(app::Error::NotFound)
    }

    async fn revoke(&self, seat: &str) -> app::Result<()> {
        let (seats, number) = (self.state.seats.clone(), number(seat)?);
        let revoke = async move { seats.revoke(number).await };
        let seat = number.to_string();
        self.act("revoke_seat", &seat, revoke)
            .await
            .map(|_found| ())
    }

    async fn sign_out(&self, seat: &str) -> app::Result<()> {
        let (seats, number) = (self.state.seats.clone(), number(seat)?);
        let sign_out = async move { seats.sign_out_seat(number).await };
        let seat = number.to_string();
        self.act("sign_out_seat", &seat, sign_out)
            .await
            .map(|_found| ())
    }

    async fn sign_out_all(&self) -> app::Result<u32> {
        let (seats, now) = (self.state.seats.clone(), self.state.published.now());
        let sign_out = async move { seats.sign_out_all(now).await };
        self.act("sign_out_all", "all seats", sign_out).await
    }

    async fn set_phase(&self, phase: ClassPhase) -> app::Result<()> {
        let seats = self.state.seats.clone();
        let set = async move { seats.set_class_phase(phase).await };
        self.act("set_class_phase", words::class_phase(phase), set)
            .await
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
