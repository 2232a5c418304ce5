//! Copies a text. Browsers let a page do that only over HTTPS and on this machine; elsewhere the reader marks it.

use js_sys::{Function, Promise, Reflect};
use leptos::prelude::window;
use leptos::task::spawn_local;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

/// Copies the text, and tells whether that worked.
pub(super) fn copy(text: String, told: impl FnOnce(bool) + 'static) {
    spawn_local(async move {
        let copied = match asked(&text) {
            Some(answer) => JsFuture::from(answer).await.is_ok(),
            None => false,
        };
        told(copied);
    });
}

/// `navigator.clipboard.writeText(text)`, where there is one.
fn asked(text: &str) -> Option<Promise> {
    let get = |of: &JsValue, key: &str| Reflect::get(of, &JsValue::from_str(key)).ok();
    let navigator = get(&window(), "navigator")?;
    let clipboard = get(&navigator, "clipboard").filter(|found| !found.is_undefined())?;
    let write: Function = get(&clipboard, "writeText")?.dyn_into().ok()?;
    let answer = write.call1(&clipboard, &JsValue::from_str(text)).ok()?;
    answer.dyn_into().ok()
}
