//! The panels behind the seat's tabs that the browser loads when their tab is opened first: each is a file of its own there,
//! and a plain function on the server.

use leptos::prelude::*;
#[cfg(feature = "hydrate")]
use leptos::wasm_split::wasm_split;

use crate::components::{
    Chosen, EventsPanel, FilesPanel, LoadLogPanel, Loaded, RunsPanel, SettingsPanel, WordsPanel,
};
use crate::stream::Live;

#[cfg_attr(feature = "hydrate", wasm_split(load_log, wasm_split_path = ::leptos::wasm_split, fallible))]
pub(super) fn load_log(live: Live) -> Loaded {
    Ok(view! { <LoadLogPanel live /> }.into_any())
}

#[cfg_attr(feature = "hydrate", wasm_split(events, wasm_split_path = ::leptos::wasm_split, fallible))]
pub(super) fn events(live: Live) -> Loaded {
    Ok(view! { <EventsPanel live /> }.into_any())
}

#[cfg_attr(feature = "hydrate", wasm_split(settings, wasm_split_path = ::leptos::wasm_split, fallible))]
pub(super) fn settings(live: Live) -> Loaded {
    Ok(view! { <SettingsPanel live /> }.into_any())
}

#[cfg_attr(feature = "hydrate", wasm_split(files, wasm_split_path = ::leptos::wasm_split, fallible))]
pub(super) fn files(namespace: String, live: Live) -> Loaded {
    Ok(view! { <FilesPanel namespace live /> }.into_any())
}

#[cfg_attr(feature = "hydrate", wasm_split(runs, wasm_split_path = ::leptos::wasm_split, fallible))]
pub(super) fn runs(chosen: Chosen, live: Live) -> Loaded {
    Ok(view! { <RunsPanel chosen live /> }.into_any())
}

#[cfg_attr(feature = "hydrate", wasm_split(glossary, wasm_split_path = ::leptos::wasm_split, fallible))]
pub(super) fn glossary() -> Loaded {
    Ok(view! { <WordsPanel /> }.into_any())
}
