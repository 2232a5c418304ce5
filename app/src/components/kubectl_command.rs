//! The kubectl command that does what a button does, behind a word beside the button: it opens over the page.

use leptos::prelude::*;

use super::copy::copy;
use crate::controls::Command;
use crate::words;

#[component]
pub(super) fn KubectlCommand(
    command: Command,
    /// The command; `None` while the namespace is not known.
    equal: Signal<Option<String>>,
) -> impl IntoView {
    let told = RwSignal::new("");
    let on_click = move |_| {
        let Some(text) = equal.get_untracked() else {
            return;
        };
        copy(text, move |copied| {
            told.set(if copied {
                words::COPIED
            } else {
                words::NOT_COPIED
            });
        });
    };
    view! {
        <details class="kubectl">
            <summary aria-label=words::same_as_button(command)>{words::KUBECTL}</summary>
            <div class="popover">
                // A click marks it whole, for browsers that let no script copy.
                <pre translate="no" tabindex="0">{equal}</pre>
                <p class="copy script-only">
                    <button type="button" on:click=on_click>{words::COPY}</button>
                    <span role="status">{told}</span>
                </p>
            </div>
        </details>
    }
}
