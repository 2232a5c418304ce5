//! How far the attendee is: `Step 3 of 6`, which opens the list with what is done, what is next, and what to do for it.

use leptos::prelude::*;

use crate::figures::{Zone, clock};
use crate::steps::{Progress, Step, progress};
use crate::stream::Live;
use crate::words;

#[component]
pub(super) fn Steps(live: Live) -> impl IntoView {
    let progress = Memo::new(move |_| live.state.with(|s| progress(&s.history.steps)));
    let rows = move || {
        let (progress, zone) = (progress.get(), live.zone.get());
        let row = |step| view! { <Row step progress zone /> };
        Step::ALL.into_iter().map(row).collect_view()
    };
    view! {
        <details class="steps">
            <summary><span translate="no">{move || words::step_of(progress.get())}</span></summary>
            <ol class="popover" aria-label=words::STEPS>{rows}</ol>
        </details>
    }
}

#[component]
fn Row(step: Step, progress: Progress, zone: Zone) -> impl IntoView {
    let done = progress.done(step);
    let is_next = progress.next() == Some(step);
    let (sign, state) = match done {
        Some(_) => ("✓", words::STEP_DONE),
        None if is_next => ("▸", words::STEP_NEXT),
        None => ("○", words::STEP_LATER),
    };
    let time = done.map(|time| clock(time, zone));
    view! {
        <li data-state=state aria-current=is_next.then_some("step")>
            <span class="sign" aria-hidden="true">{sign}</span>
            <span class="name">{words::step(step)}</span>
            <span class="state" translate="no">{state} " " {time}</span>
            <span class="hint">{words::step_check(step)}</span>
            {is_next.then(|| view! { <span class="to-do">{words::step_to_do(step)}</span> })}
        </li>
    }
}
