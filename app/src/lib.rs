//! What people see: the wire model, pages, components and the chart.
//!
//! Built twice: natively with feature `ssr` into the server, and for the browser with feature `hydrate`.
//! It knows neither kube nor axum nor tokio; what it needs of the server stands in [`workshop`].

// Views are deeply nested types.
#![recursion_limit = "256"]

#[cfg(not(erase_components))]
compile_error!(
    "`RUSTFLAGS` replaces the flags of .cargo/config.toml: give `--cfg=erase_components` there, too"
);

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
#[cfg(feature = "hydrate")]
mod hydrate;
mod json;
pub mod kubectl;
pub mod live;
pub mod model;
mod pages;
pub mod presets;
#[cfg(feature = "ssr")]
mod shell;
pub mod steps;
pub mod stream;
pub mod words;
#[cfg(feature = "ssr")]
pub mod workshop;

pub use error::{Error, Result};
pub use first_paint::{FirstPaint, Seen};
pub use json::Sealed;
#[cfg(feature = "ssr")]
pub use shell::shell;

use leptos::prelude::*;
use leptos::server::ServerActionError;
use leptos_meta::{Title, provide_meta_context};

use address::Address;

/// The page of the request's address. Who sees which one is the server's decision: it redirects by role.
#[cfg(feature = "ssr")]
#[component]
pub fn App() -> impl IntoView {
    frame(|| pages::Page::at(Address::here().path()).view())
}

/// What every page has around it, on the server as in the browser.
fn frame(page: impl FnOnce() -> AnyView) -> impl IntoView {
    provide_meta_context();
    let here = Address::here();
    // What a form without JavaScript was refused for: `server_fn` writes it into the address that it leads back to.
    if let (Some(path), Some(error)) = (here.decoded("__path"), here.decoded("__err")) {
        provide_context(ServerActionError::new(&path, &error));
    }
    let page = page();
    view! {
        <Title text=words::PRODUCT />
        {page}
    }
}
