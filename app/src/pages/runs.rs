//! The runs as pages of their own, for a link and for a browser without JavaScript: `/runs` and `/runs/<uid>`. They are of
//! the past, so they have no stream.

use leptos::prelude::*;
use leptos_meta::Title;
use serde::{Deserialize, Serialize};

use super::seat::NoData;
use crate::components::{RunList, RunView, run_failure};
use crate::figures::Zone;
use crate::first_paint::{Seen, Shown, use_first_paint};
use crate::model::{RunRecord, RunSummary, TimeMs};
use crate::words;

/// What there is to show of them.
#[derive(Serialize, Deserialize)]
enum Of {
    All(TimeMs, Vec<RunSummary>),
    One(Box<RunRecord>),
}

/// The list, or one run.
#[component]
pub(crate) fn RunsPage() -> impl IntoView {
    let Shown { seen, .. } = use_first_paint(|seen| match seen {
        Seen::Runs {
            namespace,
            time,
            runs,
        } => Some((namespace, Of::All(time, runs))),
        Seen::Run { namespace, run } => Some((namespace, Of::One(run))),
        _ => None,
    });
    let zone = reader_zone();
    let body = match seen {
        Some(Ok((namespace, Of::All(time, runs)))) => {
            let now = Signal::stored(time);
            list(
                namespace,
                view! { <RunList runs zone now /> }.into_any(),
                "/",
                words::BACK_TO_SEAT,
            )
        }
        Some(Ok((namespace, Of::One(run)))) => {
            let run = view! { <RunView run=*run zone /> }.into_any();
            list(namespace, run, "/runs", words::BACK_TO_RUNS)
        }
        Some(Err(error)) => return view! { <NoData text=run_failure(&error) /> }.into_any(),
        None => return view! { <NoData text=words::NOTHING_TO_SHOW.to_owned() /> }.into_any(),
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
