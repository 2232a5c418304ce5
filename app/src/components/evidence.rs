//! What stands behind `Why`: the command that shows the same, what the HPA read, and what it said, word for word.

use leptos::html::Details;
use leptos::prelude::*;
#[cfg(feature = "hydrate")]
use leptos::wasm_split::wasm_split;

use super::copy::copy;
use super::later::{Loaded, later};
use super::why_panel::{Item, Key, item};
use crate::figures::Zone;
use crate::model::{self, Snapshot};
use crate::stream::Live;
use crate::words;

/// What is shown.
#[derive(Clone, Debug, Default, PartialEq)]
struct Shown {
    command: String,
    evidence: model::Evidence,
}

fn shown(key: Key, snapshot: &Snapshot, history: &model::History) -> Option<Shown> {
    let conditions_now = || model::Evidence {
        look: snapshot.autoscaler.as_ref().and_then(|a| a.last_look),
        conditions: snapshot
            .autoscaler
            .as_ref()
            .map(|a| a.conditions.clone())
            .unwrap_or_default(),
        ..model::Evidence::default()
    };
    let newest = || history.told.last().map(|told| told.evidence.clone());
    Some(match item(key, snapshot, history)? {
        Item::Trouble(finding) => Shown {
            command: words::trouble(finding, snapshot, snapshot.time, Zone::default()).command,
            evidence: newest().unwrap_or_else(conditions_now),
        },
        Item::Said(told) => Shown {
            command: words::explanation_command(&told.explanation, snapshot),
            evidence: told.evidence.clone(),
        },
        Item::Now => Shown {
            command: words::explanation_command(&snapshot.explanation, snapshot),
            evidence: conditions_now(),
        },
    })
}

/// `Why` and what it opens.
#[component]
pub(super) fn Evidence(key: Memo<Option<Key>>, live: Live) -> impl IntoView {
    let opened = RwSignal::new(false);
    let details = NodeRef::<Details>::new();
    // It may have been opened before this page was alive.
    Effect::new(move || {
        if details.get().is_some_and(|details| details.open()) {
            opened.set(true);
        }
    });
    let content = later(opened.into(), move || behind(key, live));
    view! {
        <details class="evidence" node_ref=details on:toggle=move |_| opened.set(true)>
            <summary>{words::WHY}</summary>
            <div class="popover" translate="no" role="group" aria-label=words::WHY>
                {content}
            </div>
        </details>
    }
}

#[cfg_attr(feature = "hydrate", wasm_split(evidence, wasm_split_path = ::leptos::wasm_split, fallible))]
fn behind(key: Memo<Option<Key>>, live: Live) -> Loaded {
    let shown = Memo::new(move |_| {
        let key = key.get()?;
        live.state
            .with(|state| shown(key, state.snapshot.as_ref()?, &state.history))
    });
    let shown = Memo::new(move |_| shown.get().unwrap_or_default());
    let copied = RwSignal::new(false);
    let press = move |_| {
        let command = shown.with_untracked(|shown| shown.command.clone());
        copy(command, move |done| copied.set(done));
    };
    let evidence = Memo::new(move |_| shown.with(|shown| shown.evidence.clone()));
    let view = view! {
        <p>{words::SAME_BY_KUBECTL}</p>
        <div class="command">
            <pre tabindex="0">{move || shown.with(|shown| shown.command.clone())}</pre>
            <button class="script-only" type="button" on:click=press>{words::COPY_COMMAND}</button>
            <span role="status">{move || copied.get().then_some(words::COMMAND_COPIED)}</span>
        </div>
        {move || said(evidence.get(), live.zone.into())}
    };
    Ok(view.into_any())
}

/// What the HPA read and said.
pub(super) fn said(evidence: model::Evidence, zone: Signal<Zone>) -> AnyView {
    let model::Evidence {
        look,
        conditions,
        event,
        samples,
    } = evidence;
    let row = |cells: Vec<String>| {
        let mut cells = cells.into_iter();
        let first = cells.next();
        let rest = cells.map(|cell| view! { <td>{cell}</td> }).collect_view();
        view! { <tr><th scope="row">{first}</th>{rest}</tr> }
    };
    let samples = (!samples.is_empty()).then(|| {
        let head = words::SAMPLE_COLUMNS.map(|head| view! { <th scope="col">{head}</th> });
        let rows = samples
            .iter()
            .map(|used| row(words::used_sample(used).to_vec()));
        view! {
            <p>{words::SAMPLES_USED}</p>
            <div class="scroll" tabindex="0" role="group" aria-label=words::SAMPLES_USED>
                <table>
                    <thead><tr>{head.collect_view()}</tr></thead>
                    <tbody>{rows.collect_view()}</tbody>
                </table>
            </div>
        }
    });
    let conditions = (!conditions.is_empty()).then(|| {
        let rows = conditions
            .into_iter()
            .map(|c| row(vec![c.type_, c.status, c.reason, c.message]));
        view! {
            <p>{words::HPA_CONDITIONS}</p>
            <div class="scroll conditions" tabindex="0" role="group" aria-label=words::HPA_CONDITIONS>
                <table><tbody>{rows.collect_view()}</tbody></table>
            </div>
        }
    });
    let event = event.map(|event| {
        view! {
            <p>{words::HPA_EVENT}</p>
            <p class="word">{move || words::said_event(&event, zone.get())}</p>
        }
    });
    let looked = look.map(|look| view! { <p>{move || words::looked_at(look, zone.get())}</p> });
    view! {
        {looked}
        {samples}
        {conditions}
        {event}
    }
    .into_any()
}
