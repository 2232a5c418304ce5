//! How long a scale-up took, stage by stage: below the pods, and in an opened run.

use leptos::prelude::*;

use crate::model::{Reaction, TimeMs};
use crate::stream::Live;
use crate::words;

/// The newest scale-up; older ones by `›`.
#[component]
pub(crate) fn Reactions(live: Live) -> impl IntoView {
    let all = Memo::new(move |_| live.state.with(|state| state.history.reactions.clone()));
    // What somebody looks back at; nothing: the newest one.
    let back = RwSignal::new(None::<TimeMs>);
    let place = Memo::new(move |_| {
        let all = all.read();
        let of = |time| all.iter().position(|r: &Reaction| r.decision == time);
        back.get().and_then(of).or(all.len().checked_sub(1))
    });
    let shown = Memo::new(move |_| all.read().get(place.get()?).copied());
    let turn = move |by: i32| {
        let Some(at) = place.get_untracked() else {
            return;
        };
        let at = (at as i32 + by).max(0) as usize;
        let newest = all.with_untracked(|all| at + 1 >= all.len());
        let time = all.with_untracked(|all| all.get(at).map(|r| r.decision));
        if let Some(time) = time {
            back.set((!newest).then_some(time));
        }
    };
    let oldest = move || place.get().is_none_or(|at| at == 0);
    let newest = move || place.get().is_none_or(|at| at + 1 >= all.read().len());
    let number = move || {
        let at = place.get()?;
        Some(words::nth_of(at + 1, all.read().len()))
    };
    let steps = move || shown.get().map(|reaction| steps(&reaction));
    let title = move || {
        let reaction = shown.get();
        reaction.map_or_else(
            || words::REACTIONS.to_owned(),
            |r| words::reaction_title(&r),
        )
    };
    view! {
        <section class="reactions" aria-label=words::REACTIONS translate="no">
            <div class="head">
                <h3>{title}</h3>
                <span>{number}</span>
                <button
                    class="script-only"
                    type="button"
                    data-quiet="true"
                    aria-label=words::NEWER_REACTION
                    aria-disabled=move || newest().to_string()
                    on:click=move |_| turn(1)
                >
                    "‹"
                </button>
                <button
                    class="script-only"
                    type="button"
                    data-quiet="true"
                    aria-label=words::OLDER_REACTION
                    aria-disabled=move || oldest().to_string()
                    on:click=move |_| turn(-1)
                >
                    "›"
                </button>
            </div>
            {steps}
            <p class="none">{move || shown.get().is_none().then_some(words::NO_REACTION)}</p>
        </section>
    }
}

/// One scale-up: its stages with what the way to each took, and the response time around it.
pub(super) fn steps(reaction: &Reaction) -> AnyView {
    let step = |(took, stage): (String, &'static str)| {
        view! { <li><span class="took">{took}</span><span>{stage}</span></li> }
    };
    let stages = words::stages(reaction).map(step).collect_view();
    view! {
        <ol><li><span>{words::USERS_ON}</span></li>{stages}</ol>
        <p class="p95">{words::p95_around(reaction)}</p>
    }
    .into_any()
}
