//! The document around the app, and the scripts that run before it. Called by the server; the browser never builds it.

use leptos::prelude::*;
use leptos_meta::MetaTags;

use crate::{App, words};

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

/// Reloads a page whose style or script is missing.
const RECOVER_SCRIPT: &str = include_str!("shell/recover.js");

/// The document around [`App`]. Called by the server; the browser hydrates the body alone.
pub fn shell(options: LeptosOptions) -> impl IntoView {
    let css = format!("/{}/main.css", options.site_pkg_dir);
    // The page's script imports it first of all: where the parts are that come later.
    let parts = format!("/{}/__wasm_split.js", options.site_pkg_dir);
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
                <script
                    nonce=leptos::nonce::use_nonce()
                    data-updating=words::BEING_UPDATED
                    data-by-hand=words::RELOAD_BY_HAND
                    data-without=words::WITHOUT_STYLE
                >
                    {RECOVER_SCRIPT}
                </script>
                <link rel="stylesheet" href=css />
                <link rel="icon" href="/favicon.svg" type="image/svg+xml" />
                <link rel="modulepreload" href=parts />
                <HydrationScripts options />
                <MetaTags />
            </head>
            <body>
                <App />
            </body>
        </html>
    }
}
