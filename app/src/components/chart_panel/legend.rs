//! The values at the cursor, or now. Also the legend: each key looks as its line does.

use leptos::prelude::*;

use crate::chart::Readout;
use crate::figures::{UNKNOWN, percent, rate, response};
use crate::words;

/// One series: its name in the stylesheet, its name, and its value.
type Key = (&'static str, &'static str, fn(&Readout) -> Option<String>);

const KEYS: [Key; 9] = [
    ("users", words::USERS_LINE, |r| number(r.users)),
    ("rps", words::RPS_LINE, |r| r.rps.map(rate)),
    ("p95", words::P95_LINE, |r| r.p95_ms.map(response)),
    ("p50", words::P50_LINE, |r| r.p50_ms.map(response)),
    ("failures", words::FAILURES_LINE, |r| {
        r.failures_per_s.map(rate)
    }),
    ("cpu", words::CPU_LINE, |r| r.percent.map(percent)),
    ("wanted", words::WANTED_LINE, |r| number(r.wanted)),
    ("asked", words::ASKED_LINE, |r| number(r.asked)),
    ("ready", words::READY_LINE, |r| number(r.ready)),
];

fn number(count: Option<u32>) -> Option<String> {
    count.map(|count| count.to_string())
}

/// One row of names and values.
#[component]
pub(super) fn Legend(read: Memo<Readout>) -> impl IntoView {
    let key = move |(series, name, value): Key| {
        let value = move || value(&read.read()).unwrap_or_else(|| UNKNOWN.to_owned());
        view! { <li data-series=series>{name} " " <b>{value}</b></li> }
    };
    let rescale = move || read.read().rescale.map(words::rescale_mark);
    view! {
        <ul class="legend" translate="no">
            {KEYS.map(key).collect_view()}
            <li data-series="rescale"><b>{rescale}</b></li>
        </ul>
    }
}
