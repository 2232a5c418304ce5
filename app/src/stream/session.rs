//! Whether the session is over, asked where a stream failed without telling why, and the way to the sign-in.

use js_sys::Reflect;
use leptos::prelude::window;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::Response;

use crate::model::SessionEnd;

/// What `GET /session` tells.
pub(super) enum Session {
    Alive,
    Ended(SessionEnd),
    /// The panel or its cluster does not answer.
    Unknown,
}

pub(super) async fn session() -> Session {
    let Ok(response) = JsFuture::from(window().fetch_with_str("/session")).await else {
        return Session::Unknown;
    };
    let response: Response = response.unchecked_into();
    match response.status() {
        200 => Session::Alive,
        401 => Session::Ended(end(&response).await.unwrap_or(SessionEnd::SignedOut)),
        _ => Session::Unknown,
    }
}

async fn end(response: &Response) -> Option<SessionEnd> {
    let json = JsFuture::from(response.json().ok()?).await.ok()?;
    let reason = Reflect::get(&json, &JsValue::from_str("reason")).ok()?;
    SessionEnd::from_reason(&reason.as_string()?)
}

/// Goes to the sign-in page, which says why.
pub(crate) fn leave_as(end: SessionEnd) {
    let url = format!("/sign-in?reason={}", end.reason());
    if window().location().set_href(&url).is_err() {
        leptos::logging::warn!("the sign-in page could not be opened");
    }
}
