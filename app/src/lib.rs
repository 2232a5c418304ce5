//! What people see: the wire model, pages, components and the chart.
//!
//! Built twice: natively with feature `ssr` into the server, and for the browser with feature `hydrate`.
//! It knows neither kube nor axum nor tokio; what it needs of the server stands in [`workshop`].

// Views are deeply nested types.
#![recursion_limit = "256"]

mod address;
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
use leptos::server::ServerActionError;
use leptos_meta::{Title, provide_meta_context};

use address::Address;
use pages::{FaultsPage, RunsPage, SeatPage, SeatsPage, SignInPage};

/// The pages. Who sees which one is the server's decision: it redirects by role.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    let here = Address::here();
    // What a form without JavaScript was refused for: `server_fn` writes it into the address that it leads back to.
    if let (Some(path), Some(error)) = (here.decoded("__path"), here.decoded("__err")) {
        provide_context(ServerActionError::new(&path, &error));
    }
    let page = match here.path() {
        "/" => SeatPage().into_any(),
        "/seats" => SeatsPage().into_any(),
        "/faults" => FaultsPage().into_any(),
        path if path == "/runs" || path.starts_with("/runs/") => RunsPage().into_any(),
        // A refused sign-in is answered in place: the address is still the form's, or the identity provider's choice.
        "/sign-in" | "/join" | "/session" | "/oidc/start" | "/oidc/callback" => {
            SignInPage().into_any()
        }
        _ => view! { <main class="page">{words::error(&Error::NotFound)}</main> }.into_any(),
    };
    view! {
        <Title text=words::PRODUCT />
        {page}
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
