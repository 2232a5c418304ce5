//! The runs of the seat: the list, and one of them with its chart. Asked for when the tab is opened and when a load begins
//! or ends; nothing of it is in the stream. The same parts make the pages `/runs` and `/runs/<uid>`.

use leptos::prelude::*;

use super::run_view::RunView;
use super::tabs::{Chosen, Tab};
use crate::commands::{ListRuns, OpenRun};
use crate::error::Error;
use crate::figures::Zone;
use crate::model::{RunSummary, TimeMs};
use crate::stream::Live;
use crate::words;

/// The list, or one run.
#[component]
pub(crate) fn RunsPanel(chosen: Chosen, live: Live) -> impl IntoView {
    let list = ServerAction::<ListRuns>::new();
    let open = ServerAction::<OpenRun>::new();
    let listed = list.value();
    let opened = open.value();
    // Each of them is another entry of the list, or another figure in it.
    let changed = Memo::new(move |_| {
        live.state.with(|state| {
            let load = state.snapshot.as_ref().and_then(|s| s.load.as_ref());
            load.map(|load| (load.uid.clone(), load.stage))
        })
    });
    Effect::new(move || {
        // Read, not tracked alone: a memo that nobody reads never looks at its sources.
        let _load = changed.get();
        if chosen.is_chosen(Tab::Runs) {
            list.dispatch(ListRuns {});
        }
    });
    let zone = Signal::derive(move || live.zone.get());
    let now = Signal::derive(move || live.now.get());
    let on_open = Callback::new(move |uid: String| {
        open.dispatch(OpenRun { uid });
    });
    let back = Callback::new(move |()| opened.set(None));
    let list_view = move || match listed.get() {
        None => view! { <p class="empty script-only" role="status">{words::LOADING_RUNS}</p> }
            .into_any(),
        Some(Ok(runs)) => view! { <RunList runs zone now on_open /> }.into_any(),
        Some(Err(error)) => {
            view! { <p class="error" role="alert">{words::error(&error)}</p> }.into_any()
        }
    };
    view! {
        <div class="runs" aria-busy=move || (list.pending().get() || open.pending().get()).to_string()>
            {move || match opened.get() {
                None => list_view.into_any(),
                Some(Ok(run)) => {
                    view! {
                        <button type="button" data-quiet="true" on:click=move |_| back.run(())>
                            "‹ " {words::BACK_TO_RUNS}
                        </button>
                        <RunView run zone />
                    }
                        .into_any()
                }
                Some(Err(error)) => {
                    view! {
                        <button type="button" data-quiet="true" on:click=move |_| back.run(())>
                            "‹ " {words::BACK_TO_RUNS}
                        </button>
                        <p class="error" role="alert">{failure(&error)}</p>
                    }
                        .into_any()
                }
            }}
            <noscript>
                <a href="/runs">{words::RUNS_AS_PAGE}</a>
            </noscript>
        </div>
    }
}

/// A run that was in the list a moment ago may have been pushed out by a newer one.
pub(crate) fn failure(error: &Error) -> String {
    match error {
        Error::NotFound => words::RUN_GONE.to_owned(),
        error => words::error(error),
    }
}

/// The runs, newest first. Without `on_open` each is a link.
#[component]
pub(crate) fn RunList(
    runs: Vec<RunSummary>,
    zone: Signal<Zone>,
    now: Signal<TimeMs>,
    #[prop(optional)] on_open: Option<Callback<String>>,
) -> impl IntoView {
    if runs.is_empty() {
        return view! { <p class="empty">{words::NO_RUN_YET}</p> }.into_any();
    }
    let heads = words::RUN_LIST_HEADS;
    let heads = heads.map(|head| view! { <th scope="col">{head}</th> });
    let rows = runs
        .into_iter()
        .map(|run| view! { <RunRow run zone now on_open /> });
    view! {
        <div class="scroll" tabindex="0" role="region" aria-label=words::RUNS>
            <table translate="no">
                <thead>
                    <tr>
                        {heads.collect_view()} <th></th>
                    </tr>
                </thead>
                <tbody>{rows.collect_view()}</tbody>
            </table>
        </div>
    }
    .into_any()
}

#[component]
fn RunRow(
    run: RunSummary,
    zone: Signal<Zone>,
    now: Signal<TimeMs>,
    on_open: Option<Callback<String>>,
) -> impl IntoView {
    let run = StoredValue::new(run);
    let of_load = move |text: fn(&crate::model::LoadState, Zone) -> String| {
        move || run.with_value(|run| text(&run.load, zone.get()))
    };
    let started = move || run.with_value(|run| words::run_started(run.load.created, zone.get()));
    let figure = move |index: usize| {
        move || run.with_value(|run| words::run_figures(run, now.get())[index].clone())
    };
    let (plan, by, end, uid) = run.with_value(|run| {
        let load = &run.load;
        (
            words::load_plan(load),
            words::run_by(load),
            words::run_end(load),
            load.uid.clone(),
        )
    });
    let csv = format!("/runs/{uid}.csv");
    let open = match on_open {
        Some(on_open) => {
            let open = move |_| on_open.run(run.with_value(|run| run.load.uid.clone()));
            view! {
                <button type="button" aria-label=of_load(words::open_run_of) on:click=open>
                    {words::OPEN_RUN}
                </button>
            }
            .into_any()
        }
        None => view! {
            <a href=format!("/runs/{uid}") rel="external" aria-label=of_load(words::open_run_of)>
                {words::OPEN_RUN}
            </a>
        }
        .into_any(),
    };
    view! {
        <tr>
            <th scope="row">{started}</th>
            <td>{plan}</td>
            <td>{by}</td>
            <td>{figure(0)}</td>
            <td>{figure(1)}</td>
            <td>{figure(2)}</td>
            <td>{figure(3)}</td>
            <td class="end">{end}</td>
            <td class="acts">
                {open}
                <a href=csv download rel="external" aria-label=of_load(words::csv_of)>
                    {words::RUN_CSV}
                </a>
            </td>
        </tr>
    }
}
