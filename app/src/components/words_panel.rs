//! The glossary: plain text, so that the browser's own search finds it.

use leptos::prelude::*;

use crate::words::glossary::{self, ENTRIES};

/// The tab.
#[component]
pub(crate) fn WordsPanel() -> impl IntoView {
    let entries = ENTRIES.iter().map(|entry| {
        let wrong = entry.wrong.map(|wrong| {
            view! {
                <p class="wrong">
                    <strong>{glossary::TOLD_WRONGLY}</strong>
                    " "
                    {wrong}
                </p>
            }
        });
        view! {
            <div>
                <dt>{entry.term}</dt>
                <dd>
                    <p>{entry.says}</p>
                    {wrong}
                </dd>
            </div>
        }
    });
    view! {
        <div class="words-panel">
            <p class="hint">{glossary::GLOSSARY_LEAD}</p>
            <dl>{entries.collect_view()}</dl>
        </div>
    }
}
