//! Sign-in at an identity provider: one route that sends people there, and one to which they come back. A plain link and
//! redirects, so that it works before any script has loaded. No word of the provider's is shown.

use std::net::IpAddr;

use app::model::{SignIn, SignInError, SingleSignOnProblem as Problem};
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, Request, State};
use axum::response::{AppendHeaders, IntoResponse, Redirect, Response};
use http::header::{RETRY_AFTER, SET_COOKIE};
use http::{HeaderMap, StatusCode};
use serde::Deserialize;

use super::refusals::Audited;
use super::session::{leave_other, namespace};
use super::viewer::Stranger;
use super::{AppState, files, pages};
use crate::audit::{self, Actor, Outcome};
use crate::error::chain;
use crate::oidc::{self, Flow, Refused, SingleSignOn};
use crate::seats::{NotSeated, Opened};

/// The act in the audit.
const VERB: &str = "single_sign_on";

/// What the provider adds to the address to which it sends people back: RFC 6749, section 4.1.2, and RFC 9207.
#[derive(Deserialize)]
pub(super) struct Answer {
    code: Option<String>,
    state: Option<String>,
    iss: Option<String>,
    error: Option<String>,
}

/// `GET /oidc/start`: sends the browser to the provider. Who is signed in goes on to their page: a link from elsewhere
/// moves nobody to another seat.
pub(super) async fn start(State(state): State<AppState>, request: Request) -> Response {
    let Some(single_sign_on) = &state.single_sign_on else {
        return files::nothing_here(request).await;
    };
    match state.session(request.headers()).await {
        Ok(_) => return Redirect::to("/").into_response(),
        Err(Stranger::Unavailable) => {
            return sign_in_again(&state, request.headers(), Problem::ClusterUnreachable).await;
        }
        Err(Stranger::Anonymous | Stranger::Ended(_)) => {}
    }
    match single_sign_on.begin(state.published.now()).await {
        Ok((flow, url)) => {
            let cookie = state.public_url.set_flow_cookie(&flow.cookie());
            ([(SET_COOKIE, cookie)], Redirect::to(&url)).into_response()
        }
        Err(error) => {
            // Once for all who come within seconds: a class must not fill the log.
            if !matches!(error, oidc::Error::JustFailed) {
                tracing::warn!(
                    error = chain(&error),
                    "nobody can sign in at the identity provider"
                );
            }
            let problem = problem_of_provider(&error);
            sign_in_again(&state, request.headers(), problem).await
        }
    }
}

/// `GET /oidc/callback`: opens a session for the person whom the provider sent back, or shows the sign-in page with what
/// is wrong. Whatever comes of it, the browser's sign-in under way is over: the same answer is taken once.
pub(super) async fn callback(
    State(state): State<AppState>,
    answer: Result<Query<Answer>, QueryRejection>,
    request: Request,
) -> Response {
    let Some(single_sign_on) = state.single_sign_on.clone() else {
        return files::nothing_here(request).await;
    };
    let client = state.client(&request);
    let headers = request.headers().clone();
    let over = state.public_url.clear_flow_cookie();
    let code = match read(&state, &headers, answer.ok()) {
        Ok(code) => code,
        Err(problem) => {
            let page = sign_in_again(&state, &headers, problem).await;
            return (AppendHeaders([(SET_COOKIE, over)]), page).into_response();
        }
    };
    // In a task of its own, as every sign-in.
    let task = {
        let (state, headers, acts) = (state.clone(), headers.clone(), state.acts.clone());
        acts.spawn(async move { open(&state, &single_sign_on, &headers, code, client).await })
    };
    let Ok(opened) = task.await else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    match opened {
        Ok(opened) => {
            state.telemetry.sign_ins.done();
            let session = state.public_url.set_cookie(&opened.cookie);
            let cookies = AppendHeaders([(SET_COOKIE, over), (SET_COOKIE, session)]);
            (cookies, Redirect::to("/")).into_response()
        }
        Err(error) => {
            state.telemetry.sign_ins.refused(&error);
            let mut page = refuse(&state, &headers, error).await;
            page.extensions_mut().insert(Audited::Written);
            (AppendHeaders([(SET_COOKIE, over)]), page).into_response()
        }
    }
}

/// A code that the provider gave to a sign-in of this very browser.
struct Begun {
    flow: Flow,
    code: String,
    iss: Option<String>,
}

/// Reads the provider's answer. Costs nothing: all that a stranger can send ends here.
fn read(
    state: &AppState,
    headers: &HeaderMap,
    answer: Option<Query<Answer>>,
) -> Result<Begun, Problem> {
    let Query(answer) = answer.ok_or(Problem::NotBegunHere)?;
    let cookie = state.public_url.read_flow_cookie(headers);
    let flow = cookie.and_then(Flow::read).ok_or(Problem::NotBegunHere)?;
    if !answer.state.is_some_and(|state| flow.began(&state)) {
        return Err(Problem::NotBegunHere);
    }
    match (answer.code, answer.error.as_deref()) {
        (Some(code), None) => Ok(Begun {
            flow,
            code,
            iss: answer.iss,
        }),
        // RFC 6749, section 4.1.2.1.
        (_, Some("temporarily_unavailable" | "server_error")) => Err(Problem::Unreachable),
        (_, Some("access_denied")) => Err(Problem::Denied),
        _ => Err(Problem::Unproven),
    }
}

/// Opens a session, writes its line, and ends the one that the browser had before.
async fn open(
    state: &AppState,
    single_sign_on: &SingleSignOn,
    headers: &HeaderMap,
    begun: Begun,
    client: Option<IpAddr>,
) -> Result<Opened, SignInError> {
    let now = state.published.now();
    let refuse = |problem: Problem, reason: &str| {
        audit::record(
            Actor { seat: None, client },
            VERB,
            "",
            Outcome::Refused(reason),
        );
        Err(SignInError::SingleSignOn { problem })
    };
    if let Err(spent) = single_sign_on.count_answer(now) {
        let wait_s = spent.wait_s;
        let problem = Problem::TooMany { wait_s };
        if spent.is_first {
            return refuse(
                problem,
                "more sign-ins than the identity provider is asked for",
            );
        }
        return Err(SignInError::SingleSignOn { problem });
    }
    let contact = || single_sign_on.contact().to_owned();
    let Begun { flow, code, iss } = begun;
    let member = match single_sign_on.finish(flow, code, iss.as_deref(), now).await {
        Ok(member) => member,
        Err(Refused::NoRule) => {
            let problem = Problem::Unknown { contact: contact() };
            return refuse(problem, "no rule fits this person");
        }
        Err(Refused::Provider(error)) => {
            return refuse(problem_of_provider(&error), &chain(&error));
        }
        Err(error @ Refused::AnotherIssuer) => {
            return refuse(Problem::Unproven, &error.to_string());
        }
    };
    let reserved = single_sign_on.reserved();
    let opened = match state.seats.seat(&member, &reserved, now).await {
        Ok(opened) => opened,
        Err(NotSeated::NoSuchSeat) => {
            let problem = Problem::NoSuchSeat { contact: contact() };
            return refuse(problem, "the rule's seat is not there");
        }
        Err(NotSeated::NoFreeSeat) => {
            let problem = Problem::NoFreeSeat { contact: contact() };
            return refuse(problem, "every seat is taken");
        }
        Err(NotSeated::Ended(end)) => {
            let actor = Actor { seat: None, client };
            audit::record(actor, VERB, "", Outcome::Refused(end.reason()));
            return Err(SignInError::Ended { end });
        }
        Err(NotSeated::Failed(error)) => {
            let cause = chain(&error);
            audit::record(
                Actor { seat: None, client },
                VERB,
                "",
                Outcome::Failed(&cause),
            );
            let problem = Problem::ClusterUnreachable;
            return Err(SignInError::SingleSignOn { problem });
        }
    };
    let actor = Actor {
        seat: Some(opened.session.seat),
        client,
    };
    audit::record(actor, VERB, namespace(&opened.session), Outcome::Done);
    leave_other(state, headers, &opened.session).await;
    Ok(opened)
}

/// What a person reads when the provider's word is none. The cause is in the log.
fn problem_of_provider(error: &oidc::Error) -> Problem {
    match error.is_unreachable() {
        true => Problem::Unreachable,
        false => Problem::Unproven,
    }
}

async fn sign_in_again(state: &AppState, headers: &HeaderMap, problem: Problem) -> Response {
    refuse(state, headers, SignInError::SingleSignOn { problem }).await
}

/// The sign-in page with what is wrong.
async fn refuse(state: &AppState, headers: &HeaderMap, error: SignInError) -> Response {
    let (status, retry_after) = match &error {
        SignInError::SingleSignOn { problem } => (status(problem), retry_after(problem)),
        _ => (StatusCode::UNAUTHORIZED, None),
    };
    let sign_in = SignIn {
        error: Some(error),
        ..SignIn::default()
    };
    let mut page = pages::sign_in_again(state, headers, sign_in, status).await;
    if let Some(wait_s) = retry_after {
        page.headers_mut().insert(RETRY_AFTER, wait_s.into());
    }
    page
}

fn status(problem: &Problem) -> StatusCode {
    match problem {
        Problem::NotBegunHere | Problem::Denied | Problem::Unproven => StatusCode::UNAUTHORIZED,
        Problem::Unknown { .. } | Problem::NoSuchSeat { .. } => StatusCode::FORBIDDEN,
        Problem::NoFreeSeat { .. } => StatusCode::CONFLICT,
        Problem::TooMany { .. } => StatusCode::TOO_MANY_REQUESTS,
        Problem::Unreachable | Problem::ClusterUnreachable => StatusCode::SERVICE_UNAVAILABLE,
    }
}

fn retry_after(problem: &Problem) -> Option<u32> {
    match problem {
        Problem::TooMany { wait_s } => Some(*wait_s),
        _ => None,
    }
}
