//! The runs as pages of their own, for a link and for a browser without JavaScript: `/runs` and `/runs/<uid>`. They are of
//! the past, so they have no stream.

use leptos::prelude::*;
use leptos_meta::Title;

use super::seat::NoData;
use crate::components::{RunList, RunView, run_failure};
use crate::figures::Zone;
use crate::first_paint::{FirstPaint, Seen, use_first_paint};
use crate::words;

/// The list, or one run.
#[component]
pub(crate) fn RunsPage() -> impl IntoView {
    let FirstPaint { seen, .. } = use_first_paint();
    let zone = reader_zone();
    let body = match seen {
        Seen::Runs {
            namespace,
            time,
            runs,
        } => {
            let now = Signal::stored(time);
            list(
                namespace,
                view! { <RunList runs zone now /> }.into_any(),
                "/",
                words::BACK_TO_SEAT,
            )
        }
        Seen::Run { namespace, run } => {
            let run = view! { <RunView run=*run zone /> }.into_any();
            list(namespace, run, "/runs", words::BACK_TO_RUNS)
        }
        Seen::Failed { error } => return view! { <NoData text=run_failure(&error) /> }.into_any(),
        _ => return view! { <NoData text=words::NOTHING_TO_SHOW.to_owned() /> }.into_any(),
    };
    view! {
        <Title text=words::RUNS />
        {body}
    }
    .into_any()
}

fn list(namespace: String, body: AnyView, back: &'static str, name: &'static str) -> AnyView {
    view! {
        <main class="page runs-page">
            <p>
                <a href=back rel="external">"‹ " {name}</a>
            </p>
            <h1 translate="no">{words::RUNS} " · " {namespace}</h1>
            <div class="runs">{body}</div>
        </main>
    }
    .into_any()
}

/// UTC until the browser tells its own.
fn reader_zone() -> Signal<Zone> {
    let zone = RwSignal::new(Zone::default());
    Effect::new(move || {
        let minutes_west = js_sys::Date::new_0().get_timezone_offset();
        zone.set(Zone {
            minutes_east: -(minutes_west as i32),
        });
    });
    zone.into()
}
