//! Copies a text. Where the browser has no clipboard for this page (plain HTTP, or a refusal), the text is selected, and
//! the person is told how to copy it.

use js_sys::{Function, Reflect};
use leptos::prelude::*;
use leptos::wasm_bindgen::{JsCast, JsValue};

use super::copy::copy;
use crate::words::files;

/// The button, and what came of it.
#[component]
pub(super) fn CopyButton(
    /// What is copied, for screen readers.
    what: String,
    text: impl Fn() -> String + 'static,
    /// The id of the element that shows the text.
    shown: String,
) -> impl IntoView {
    let (told, set_told) = signal("");
    let name = [files::COPY.to_owned(), what].join(" ");
    let press = move |_| {
        let shown = shown.clone();
        copy(text(), move |copied| {
            if copied {
                set_told.set(files::COPIED);
            } else if select(&shown).is_some() {
                set_told.set(files::SELECTED);
            }
        });
    };
    view! {
        <button type="button" class="script-only" aria-label=name on:click=press>{files::COPY}</button>
        <span class="hint script-only" role="status">{told}</span>
    }
}

/// `getSelection().selectAllChildren(element)`.
fn select(id: &str) -> Option<()> {
    let element = document().get_element_by_id(id)?;
    let get: Function = property(&window(), "getSelection")?.dyn_into().ok()?;
    let selection = get.call0(&window()).ok()?;
    let all: Function = property(&selection, "selectAllChildren")?.dyn_into().ok()?;
    all.call1(&selection, &element).ok().map(|_| ())
}

fn property(of: &JsValue, name: &str) -> Option<JsValue> {
    let value = Reflect::get(of, &JsValue::from_str(name)).ok()?;
    (!value.is_undefined() && !value.is_null()).then_some(value)
}
