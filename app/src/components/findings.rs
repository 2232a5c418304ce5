//! The troubles in full: cause, what the cluster says, cure, object and command. On top of the tab `Events`.

use leptos::prelude::*;

use crate::live::LiveState;
use crate::model::Snapshot;
use crate::stream::Live;
use crate::words::{self, Trouble};

/// What is shown, without what counts on: a list that is made anew with every second cannot be read out or copied from.
fn troubles(state: &LiveState, live: Live) -> Vec<Trouble> {
    let now = live.now.get_untracked();
    let of = |snapshot: &Snapshot| {
        let words = |finding| {
            let trouble = words::trouble(finding, snapshot, now, live.zone.get());
            match trouble.announced.is_empty() {
                true => trouble,
                false => Trouble {
                    cause: trouble.announced.clone(),
                    ..trouble
                },
            }
        };
        snapshot.findings.iter().map(words).collect()
    };
    state.snapshot.as_ref().map(of).unwrap_or_default()
}

/// The list, or that there is nothing to list.
#[component]
pub(crate) fn Findings(live: Live) -> impl IntoView {
    let troubles = Memo::new(move |_| live.state.with(|state| troubles(state, live)));
    let notices = Memo::new(move |_| {
        live.state
            .with(|state| {
                let snapshot = state.snapshot.as_ref();
                snapshot.map(|s| s.notices.iter().map(words::notice).collect::<Vec<_>>())
            })
            .unwrap_or_default()
    });
    let item = |trouble: Trouble| {
        let object = trouble.object.map(|(kind, name)| {
            view! { <p class="object">{words::SHOWN_BY} " " {kind} " " <code>{name}</code></p> }
        });
        let evidence = (!trouble.evidence.is_empty())
            .then(|| view! { <p class="evidence-text">{trouble.evidence}</p> });
        let cure = (!trouble.cure.is_empty())
            .then(|| view! { <p class="cure"><b>{words::CURE} ": "</b> {trouble.cure}</p> });
        let command = (!trouble.command.is_empty())
            .then(|| view! { <pre tabindex="0">{trouble.command}</pre> });
        view! {
            <li>
                <p class="cause"><span aria-hidden="true">"▲ "</span>{trouble.cause}</p>
                {evidence}
                {cure}
                {object}
                {command}
            </li>
        }
    };
    view! {
        <section class="findings" aria-label=words::FINDINGS translate="no">
            <ol>{move || troubles.get().into_iter().map(item).collect_view()}</ol>
            <p class="none">{move || troubles.read().is_empty().then_some(words::NO_FINDINGS)}</p>
            {move || {
                (!notices.read().is_empty()).then(|| view! {
                    <h2>{words::NOTICES}</h2>
                    <ul>{notices.get().into_iter().map(|text| view! { <li>{text}</li> }).collect_view()}</ul>
                })
            }}
        </section>
    }
}
