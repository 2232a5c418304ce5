//! `GET /runs` and `GET /runs/<uid>`: the runs of a session's own seat as pages; `GET /runs/<uid>.csv`: one as a table.

use app::Seen;
use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;

use super::AppState;
use super::act::{error, status};
use super::downloads::{attachment, attendee};
use super::pages;
use super::seat_session::SeatSession;
use crate::workshop::run::csv;

/// `GET /runs`.
pub(super) async fn list(State(state): State<AppState>, request: Request) -> Response {
    let client = state.client(&request);
    let attendee = pages::attendee(&state, request.headers(), client).await;
    let (context, namespace, workshop) = match attendee {
        Ok(attendee) => attendee,
        Err(response) => return response,
    };
    let (seen, status) = match workshop.runs().await {
        Ok(runs) => {
            let time = state.published.now();
            let seen = Seen::Runs {
                namespace,
                time,
                runs,
            };
            (seen, StatusCode::OK)
        }
        Err(error) => failed(error),
    };
    pages::show(&state, context, seen, status, request).await
}

/// `GET /runs/<uid>` and `GET /runs/<uid>.csv`.
pub(super) async fn one(
    State(state): State<AppState>,
    Path(run): Path<String>,
    request: Request,
) -> Response {
    if let Some(uid) = run.strip_suffix(".csv") {
        return download(&state, uid, request).await;
    }
    let client = state.client(&request);
    let attendee = pages::attendee(&state, request.headers(), client).await;
    let (context, namespace, workshop) = match attendee {
        Ok(attendee) => attendee,
        Err(response) => return response,
    };
    let (seen, status) = match workshop.run(&run).await {
        Ok(run) => {
            let run = Box::new(run);
            (Seen::Run { namespace, run }, StatusCode::OK)
        }
        Err(error) => failed(error),
    };
    pages::show(&state, context, seen, status, request).await
}

fn failed(error: app::Error) -> (Seen, StatusCode) {
    let status = status(&error);
    (Seen::Failed { error }, status)
}

async fn download(state: &AppState, uid: &str, request: Request) -> Response {
    let client = state.client(&request);
    let attendee = attendee(
        state,
        request.headers(),
        client,
        "This is an attendee's run.\n",
    )
    .await;
    let (actor, namespace) = match attendee {
        Ok(attendee) => attendee,
        Err(response) => return response,
    };
    let session = SeatSession::new(state.clone(), actor, &namespace);
    let run = match session.recorded(uid).await {
        Ok(run) => run,
        Err(app::Error::NotFound) => {
            return (StatusCode::NOT_FOUND, "There is no such run.\n").into_response();
        }
        Err(failed) => return error(&failed),
    };
    match csv::csv(&run) {
        Ok(bytes) => attachment(
            &csv::file_name(&run),
            "text/csv; charset=utf-8",
            Body::from(bytes),
        ),
        Err(failed) => {
            tracing::error!(error = %failed, "a run cannot be written as CSV");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
