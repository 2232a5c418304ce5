//! What people see: the wire model, pages, components and the chart.
//!
//! Built twice: natively with feature `ssr` into the server, and for the browser with feature `hydrate`.
//! It knows neither kube nor axum nor tokio; what it needs of the server stands in [`workshop`].

// Views are deeply nested types.
#![recursion_limit = "256"]

mod chart;
pub mod commands;
mod components;
#[cfg(test)]
mod contrast;
pub mod controls;
pub mod error;
pub mod figures;
pub mod first_paint;
pub mod live;
pub mod model;
mod pages;
mod stream;
pub mod words;
#[cfg(feature = "ssr")]
pub mod workshop;

pub use error::{Error, Result};
pub use first_paint::{FirstPaint, Seen};

use leptos::prelude::*;
use leptos_meta::{MetaTags, Title, provide_meta_context};
use leptos_router::components::{Route, Router, Routes};
use leptos_router::path;

use pages::{SeatPage, SeatsPage, SignInPage};

/// Sets theme and text size before the first paint, so that nothing flashes. The choice is kept by `components/header.rs`.
const LOOK_SCRIPT: &str = "try{var d=document.documentElement.dataset,s=localStorage;\
    if(s.theme)d.theme=s.theme;if(s.text)d.text=s.text}catch(e){}";

/// Takes a code from behind the `#` of a card's link into the sign-in form, and out of the address and the history at
/// once. Runs before anything else can read the address. Who is signed in already presses the button, or somebody's
/// link could move them to another seat.
const CODE_SCRIPT: &str = "(function(){var c=location.hash.slice(1);if(!c)return;\
    history.replaceState(null,'',location.pathname+location.search);\
    if(location.pathname!='/join')return;\
    document.addEventListener('DOMContentLoaded',function(){var f=document.getElementById('seat-code');\
    if(!f)return;try{f.value=decodeURIComponent(c)}catch(e){return}\
    if(f.form.dataset.asks!='true')f.form.submit()})})()";

/// The document around [`App`]. Called by the server; the browser hydrates the body alone.
pub fn shell(options: LeptosOptions) -> impl IntoView {
    let css = format!("/{}/main.css", options.site_pkg_dir);
    view! {
        <!DOCTYPE html>
        <html lang="en">
            <head>
                <meta charset="utf-8" />
                <meta name="viewport" content="width=device-width, initial-scale=1" />
                <meta name="color-scheme" content="light dark" />
                <meta name="robots" content="noindex" />
                <script nonce=leptos::nonce::use_nonce()>{LOOK_SCRIPT}</script>
                <script nonce=leptos::nonce::use_nonce()>{CODE_SCRIPT}</script>
                <link rel="stylesheet" href=css />
                <link rel="icon" href="/favicon.svg" type="image/svg+xml" />
                <HydrationScripts options />
                <MetaTags />
            </head>
            <body>
                <App />
            </body>
        </html>
    }
}

/// The three pages. Who sees which one is the server's decision: it redirects by role.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    view! {
        <Title text=words::PRODUCT />
        <Router>
            <Routes fallback=|| view! { <main class="page">{words::error(&Error::NotFound)}</main> }>
                <Route path=path!("/") view=SeatPage />
                <Route path=path!("/seats") view=SeatsPage />
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
}
