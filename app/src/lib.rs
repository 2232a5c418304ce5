//! What people see: the wire model, pages, components and the chart.
//!
//! Built twice: natively with feature `ssr` into the server, and for the browser with feature `hydrate`.
//! It knows neither kube nor axum nor tokio; what it needs of the server stands in [`workshop`].

// Views are deeply nested types.
#![recursion_limit = "256"]

pub mod chart;
pub mod commands;
mod components;
#[cfg(test)]
mod contrast;
pub mod controls;
pub mod error;
pub mod figures;
pub mod first_paint;
pub mod kubectl;
pub mod live;
pub mod model;
mod pages;
pub mod presets;
mod shell;
pub mod steps;
pub mod stream;
pub mod words;
#[cfg(feature = "ssr")]
pub mod workshop;

pub use error::{Error, Result};
pub use first_paint::{FirstPaint, Seen};
pub use shell::shell;

use leptos::prelude::*;
use leptos_meta::{Title, provide_meta_context};
use leptos_router::components::{Route, Router, Routes};
use leptos_router::path;

use pages::{FaultsPage, RunsPage, SeatPage, SeatsPage, SignInPage};

/// The pages. Who sees which one is the server's decision: it redirects by role.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    view! {
        <Title text=words::PRODUCT />
        <Router>
            <Routes fallback=|| view! { <main class="page">{words::error(&Error::NotFound)}</main> }>
                <Route path=path!("/") view=SeatPage />
                <Route path=path!("/seats") view=SeatsPage />
                <Route path=path!("/faults") view=FaultsPage />
                <Route path=path!("/runs") view=RunsPage />
                <Route path=path!("/runs/:uid") view=RunsPage />
                <Route path=path!("/sign-in") view=SignInPage />
                <Route path=path!("/join") view=SignInPage />
                // A refused sign-in is answered in place: the address is still the form's, or the identity provider's choice.
                <Route path=path!("/session") view=SignInPage />
                <Route path=path!("/oidc/start") view=SignInPage />
                <Route path=path!("/oidc/callback") view=SignInPage />
            </Routes>
        </Router>
    }
}

/// Takes over the page that the server rendered.
#[cfg(feature = "hydrate")]
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    leptos::mount::hydrate_body(App);
    // For `shell/recover.js`: from here on a failure is no missing asset.
    let hydrated = leptos::web_sys::Event::new("hydrated");
    let told = hydrated.and_then(|event| document().dispatch_event(&event));
    if told.is_err() {
        leptos::logging::warn!("the page could not tell that it is whole");
    }
}
