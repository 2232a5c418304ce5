//! The same as rows, one a change.

use leptos::prelude::*;

use crate::chart::{ChartView, Readout, rows};
use crate::figures::{UNKNOWN, clock, percent, rate, response};
use crate::stream::Live;
use crate::words;

/// Stands in place of the picture while it is asked for.
#[component]
pub(super) fn Table(table: RwSignal<bool>, view: Memo<ChartView>, live: Live) -> impl IntoView {
    // The window moves each second, its rows do not.
    let shown = Memo::new(move |_| {
        if !table.get() {
            return Vec::new();
        }
        let (from, now) = view.with(|view| (view.from, view.now));
        live.state.with(|state| rows(&state.history, from, now))
    });
    let body = move || {
        let zone = live.zone.get();
        let rows = shown.get();
        rows.iter()
            .map(|row| line(row, clock(row.time, zone)))
            .collect_view()
    };
    let heads = || words::TABLE_HEADS.map(|head| view! { <th scope="col">{head}</th> });
    move || {
        table.get().then(|| {
            view! {
                <div class="rows" role="region" aria-label=words::TABLE_NAME translate="no" tabindex="0">
                    <table>
                        <thead><tr>{heads().collect_view()}</tr></thead>
                        <tbody>{body}</tbody>
                    </table>
                </div>
            }
        })
    }
}

fn line(row: &Readout, time: String) -> AnyView {
    let number = |n: Option<u32>| n.map(|n| n.to_string());
    let cells = [
        number(row.users),
        row.rps.map(rate),
        row.p95_ms.map(response),
        row.percent.map(percent),
        number(row.wanted),
        number(row.asked),
        number(row.ready),
    ];
    let cell = |value: Option<String>| {
        view! { <td class="figure">{value.unwrap_or_else(|| UNKNOWN.to_owned())}</td> }
    };
    view! {
        <tr>
            <th scope="row">{time}</th>
            {cells.map(cell).collect_view()}
            <td>{words::change(row)}</td>
        </tr>
    }
    .into_any()
}
