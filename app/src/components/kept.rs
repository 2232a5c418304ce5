//! Choices that this browser remembers: theme, text size, the open tab, the chart's window.

use leptos::prelude::window;

/// A choice of this browser. Storage may be forbidden: then there is none.
pub(super) fn kept(key: &str) -> Option<String> {
    window().local_storage().ok()??.get_item(key).ok()?
}

/// Keeps a choice, or forgets it.
pub(super) fn keep(key: &str, value: Option<&str>) {
    if let Ok(Some(storage)) = window().local_storage() {
        // A full or forbidden storage only means that the choice is not kept.
        let _kept = match value {
            Some(value) => storage.set_item(key, value),
            None => storage.remove_item(key),
        };
    }
}
