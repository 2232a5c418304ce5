//! What an opened run tells of itself: each explanation with what it was read from, the reaction times, the events. Plain
//! lists of the past: nothing in them needs a script.

use leptos::prelude::*;

use super::events_panel::Line;
use super::{evidence, reactions};
use crate::figures::{Zone, clock};
use crate::model::{RunRecord, TimeMs, Told};
use crate::words;

/// The three lists, below the run's steps.
#[component]
pub(super) fn RunStory(run: StoredValue<RunRecord>, zone: Signal<Zone>) -> impl IntoView {
    let history = |run: &RunRecord| {
        let history = &run.history;
        (history.reactions.clone(), history.events.clone())
    };
    let (reactions, events) = run.with_value(history);
    let scale_ups = reactions.iter().map(|reaction| {
        let time = reaction.decision;
        view! {
            <li>
                <h4>
                    {words::reaction_title(reaction)} " · " {move || clock(time, zone.get())}
                </h4>
                {reactions::steps(reaction)}
            </li>
        }
    });
    let scale_ups = scale_ups.collect_view();
    let none = reactions.is_empty();
    let no_event = events.is_empty();
    let rows = events
        .into_iter()
        .map(|event| view! { <Line event zone /> })
        .collect_view();
    view! {
        <Explanations run zone />
        <section class="reactions" aria-label=words::RUN_REACTIONS translate="no">
            <h3>{words::REACTIONS}</h3>
            <ul>{scale_ups}</ul>
            {none.then(|| view! { <p class="none">{words::NO_RUN_REACTION}</p> })}
        </section>
        <section translate="no">
            <h3>{words::RUN_EVENTS_TITLE}</h3>
            <div class="events" role="region" aria-label=words::RUN_EVENTS tabindex="0">
                <ol>{rows}</ol>
                {no_event.then(|| view! { <p class="none">{words::NO_RUN_EVENT}</p> })}
            </div>
        </section>
    }
}

/// What was said of the autoscaler, oldest first.
#[component]
fn Explanations(run: StoredValue<RunRecord>, zone: Signal<Zone>) -> impl IntoView {
    let (told, on) = run.with_value(|run| (run.history.told.clone(), run.summary.users_on));
    let none = told.is_empty();
    let rows = told
        .into_iter()
        .map(|told| explained(told, run, on, zone))
        .collect_view();
    view! {
        <section class="told" aria-label=words::RUN_TOLD translate="no">
            <h3>{words::RUN_TOLD}</h3>
            <ol>{rows}</ol>
            {none.then(|| view! { <p class="empty">{words::NOTHING_TOLD}</p> })}
        </section>
    }
}

/// One explanation. `on` is when the load's users started.
fn explained(
    told: Told,
    run: StoredValue<RunRecord>,
    on: Option<TimeMs>,
    zone: Signal<Zone>,
) -> AnyView {
    let time = told.time;
    let command = run.with_value(|run| words::explanation_command_in_run(&told, run));
    let evidence = evidence::said(told.evidence.clone(), zone);
    let why =
        Memo::new(move |_| run.with_value(|run| words::explanation_in_run(&told, run, zone.get())));
    let says = move || {
        let says = why.read().says.clone();
        says.map(|word| view! { <span class="says">" · " {words::as_the_hpa_says(&word)}</span> })
    };
    view! {
        <li>
            <p class="when">
                <span>{move || clock(time, zone.get())}</span>
                " "
                <span>{words::since_users(time, on)}</span>
            </p>
            <div>
                <p class="sentence">
                    <span class="sign" aria-hidden="true">{move || why.read().sign}</span>
                    <span>{move || why.read().sentence.clone()}</span>
                </p>
                <p class="arithmetic">{move || why.read().arithmetic.clone()} {says}</p>
                <details>
                    <summary aria-label=move || words::why_at(time, zone.get())>{words::WHY}</summary>
                    <p>{words::SAME_BY_KUBECTL}</p>
                    <pre tabindex="0">{command}</pre>
                    {evidence}
                </details>
            </div>
        </li>
    }
    .into_any()
}
