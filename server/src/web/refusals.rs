//! One line of the audit for each request that was refused, in the one place that all answers pass.

use std::sync::Arc;

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::StatusCode;

use super::AppState;
use crate::audit::{self, Actor, Outcome};
use crate::budget::Budget;

/// What is left to say about people who are not signed in. Shared by all requests.
#[derive(Clone)]
pub struct Refusals {
    budget: Arc<Budget>,
}

impl Default for Refusals {
    fn default() -> Self {
        Self {
            budget: Arc::new(Budget::of_refusals()),
        }
    }
}

/// On an answer: whoever made it has written its line, or knows who asked.
#[derive(Clone, Copy, Debug)]
pub(super) enum Audited {
    /// A line was written.
    Written,
    /// This one asked.
    By(Actor),
}

/// Writes the line of an answer that says no.
pub(super) async fn tell(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let client = state.client(&request);
    // A method may be as long as its sender likes.
    let verb = match request.method().as_str() {
        known @ ("GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE" | "OPTIONS" | "TRACE") => {
            known
        }
        _ => "other",
    }
    .to_owned();
    // The route, not the address: what stands in an address is the asker's.
    let path = request.extensions().get::<MatchedPath>().cloned();
    let response = next.run(request).await;
    let refused = matches!(
        response.status(),
        StatusCode::UNAUTHORIZED
            | StatusCode::FORBIDDEN
            | StatusCode::PAYLOAD_TOO_LARGE
            | StatusCode::TOO_MANY_REQUESTS
    );
    if !refused {
        return response;
    }
    let actor = match response.extensions().get::<Audited>() {
        Some(Audited::Written) => return response,
        Some(Audited::By(actor)) => *actor,
        None => Actor { seat: None, client },
    };
    let object = path.as_ref().map_or("", MatchedPath::as_str);
    let status = response.status();
    let reason = status.canonical_reason().unwrap_or_default();
    if actor.seat.is_some() {
        audit::record(actor, &verb, object, Outcome::Refused(reason));
        return response;
    }
    match state.refusals.budget.take(state.published.now()) {
        Ok(()) => audit::record(actor, &verb, object, Outcome::Refused(reason)),
        Err(spent) if spent.is_first => {
            let reason = "more refusals than are written here one by one";
            audit::record(Actor::default(), "ask", "", Outcome::Refused(reason));
        }
        Err(_) => {}
    }
    response
}
