//! Probes of the kubelet.

use axum::extract::State;
use axum::response::IntoResponse;
use http::StatusCode;

use super::AppState;

/// `GET /healthz`: the process answers.
pub(super) async fn alive() -> &'static str {
    "ok\n"
}

/// `GET /readyz`: every kind was listed or is absent, and the seats are known.
pub(super) async fn ready(State(state): State<AppState>) -> impl IntoResponse {
    let (status, text) = match (state.published.ready(), state.seats.ready()) {
        (true, true) => (StatusCode::OK, "ok\n"),
        (false, _) => (
            StatusCode::SERVICE_UNAVAILABLE,
            "waiting for the first lists\n",
        ),
        (true, false) => (StatusCode::SERVICE_UNAVAILABLE, "waiting for the seats\n"),
    };
    (status, text)
}
