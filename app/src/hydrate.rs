//! What the browser runs: it takes over the page that the server rendered. The seat's page is in the first file; each of
//! the others is a file of its own, as nobody needs two.

use leptos::prelude::*;
use leptos::wasm_split::{SplitLoaderError, wasm_split};
use wasm_bindgen::JsValue;

use crate::pages::{FaultsPage, Page, RunsPage, SeatPage, SeatsPage, SignInPage};
use crate::{address::Address, frame};

/// Takes over the page at this address.
#[expect(unreachable_pub, reason = "the browser calls it")]
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    match Page::at(Address::here().path()) {
        Page::Seat => take_over(|| SeatPage().into_any()),
        // leptos' own executor is there only once a page is hydrated.
        page => wasm_bindgen_futures::spawn_local(async move {
            let loaded = match page {
                Page::Seats => seats().await,
                Page::Faults => faults().await,
                Page::Runs => runs().await,
                Page::SignIn => sign_in().await,
                Page::Seat | Page::Unknown => Ok(()),
            };
            if let Err(error) = loaded {
                // As a script that does not come: `shell/recover.js` hears it.
                let _unheard = js_sys::Promise::reject(&JsValue::from_str(&error.to_string()));
            }
        }),
    }
}

#[wasm_split(seats, wasm_split_path = ::leptos::wasm_split, fallible)]
fn seats() -> Result<(), SplitLoaderError> {
    take_over(|| SeatsPage().into_any());
    Ok(())
}

#[wasm_split(faults, wasm_split_path = ::leptos::wasm_split, fallible)]
fn faults() -> Result<(), SplitLoaderError> {
    take_over(|| FaultsPage().into_any());
    Ok(())
}

#[wasm_split(run_pages, wasm_split_path = ::leptos::wasm_split, fallible)]
fn runs() -> Result<(), SplitLoaderError> {
    take_over(|| RunsPage().into_any());
    Ok(())
}

#[wasm_split(sign_in, wasm_split_path = ::leptos::wasm_split, fallible)]
fn sign_in() -> Result<(), SplitLoaderError> {
    take_over(|| SignInPage().into_any());
    Ok(())
}

/// Makes what the server rendered live.
fn take_over(page: fn() -> AnyView) {
    leptos::mount::hydrate_body(move || frame(page));
    // For `shell/recover.js`: from here on a failure is no missing asset.
    let hydrated = leptos::web_sys::Event::new("hydrated");
    let told = hydrated.and_then(|event| document().dispatch_event(&event));
    if told.is_err() {
        leptos::logging::warn!("the page could not tell that it is whole");
    }
}
