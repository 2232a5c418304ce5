//! What this tab keeps over a reload, in the browser's session storage. A browser may forbid it.

use leptos::prelude::window;
use web_sys::Storage;

/// [`Reloads`](super::Reloads) for other builds, as JSON.
pub(super) const RELOADS: &str = "reloads";
/// Only short streams pass.
pub(super) const SHORT: &str = "short-streams";

fn storage() -> Option<Storage> {
    window().session_storage().ok().flatten()
}

pub(super) fn kept(key: &str) -> Option<String> {
    storage()?.get_item(key).ok().flatten()
}

/// Whether it could be kept.
pub(super) fn keep(key: &str, value: Option<&str>) -> bool {
    storage().is_some_and(|storage| match value {
        Some(value) => storage.set_item(key, value).is_ok(),
        None => storage.remove_item(key).is_ok(),
    })
}
