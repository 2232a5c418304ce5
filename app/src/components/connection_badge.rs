//! How fresh the page is, as sign and text. Announced to screen readers when it changes, not with every second.

use leptos::prelude::*;

use crate::stream::Live;
use crate::words;

/// The header's freshness.
#[component]
pub(crate) fn ConnectionBadge(live: Live) -> impl IntoView {
    let freshness = Memo::new(move |_| {
        live.state.with(|state| {
            let (connection, now, zone) = (live.connection.get(), live.now.get(), live.zone.get());
            words::freshness(connection, state.snapshot.as_ref(), state.time, now, zone)
        })
    });
    let announced = Memo::new(move |_| match freshness.read().state {
        "live" | "first" => String::new(),
        _ => freshness.read().text.clone(),
    });
    view! {
        <p class="connection-badge" data-state=move || freshness.read().state translate="no">
            <span aria-hidden="true">{move || freshness.read().sign}</span>
            " "
            {move || freshness.read().text.clone()}
        </p>
        <p class="visually-hidden" role="status">{announced}</p>
        <noscript>
            <p class="connection-badge">{words::RELOAD} " " {words::TIMES_ARE_UTC}</p>
        </noscript>
    }
}
