//! After a free seat was taken with the class's code: the seat's own code, shown this once.

use leptos::prelude::*;
use leptos_meta::Title;

use crate::model::Claimed;
use crate::words;

/// Works without scripts: its one button is a link.
#[component]
pub(super) fn ClaimedPage(claimed: Claimed) -> impl IntoView {
    view! {
        <Title text=format!("{} · {}", words::YOU_HAVE_A_SEAT, words::PRODUCT) />
        <main class="sign-in">
            <h1>{words::YOU_HAVE_A_SEAT}</h1>
            <p translate="no">{claimed.namespace}</p>
            <p class="code" translate="no">{claimed.code}</p>
            <p>{words::KEEP_THIS_CODE}</p>
            <p><a class="button" href="/" rel="external">{words::GO_TO_MY_SEAT}</a></p>
        </main>
    }
}
