//! The instructor's switches for the whole class: whether attendees may act, and everybody's sign-out.

use leptos::prelude::*;

use crate::commands::{SetClassPhase, SignOutAll};
use crate::model::ClassPhase;
use crate::stream::Live;
use crate::words;

const PHASES: [ClassPhase; 3] = [
    ClassPhase::Running,
    ClassPhase::ReadOnly,
    ClassPhase::Closed,
];

/// Behind the button `Class`. What holds now comes by the stream, so that two instructors see the same.
#[component]
pub(super) fn ClassAccess(live: Live) -> impl IntoView {
    let set_phase = ServerAction::<SetClassPhase>::new();
    let sign_out = ServerAction::<SignOutAll>::new();
    let now = Memo::new(move |_| live.state.with(|s| s.class));
    let open = RwSignal::new(false);
    let told = move || {
        let failed = set_phase.value().get().and_then(Result::err);
        match (failed, sign_out.value().get()) {
            (Some(error), _) | (None, Some(Err(error))) => Some(words::error(&error)),
            (None, Some(Ok(seats))) => Some(words::signed_out_seats(seats)),
            (None, None) => None,
        }
    };
    let phase = move |phase: ClassPhase| {
        view! {
            <li>
                <ActionForm action=set_phase>
                    <input type="hidden" name="phase" value=value(phase) />
                    <button
                        type="submit"
                        aria-pressed=move || (now.get() == phase).to_string()
                        disabled=move || now.get() == phase
                    >
                        {words::class_phase(phase)}
                    </button>
                </ActionForm>
                <span class="hint">{words::class_phase_means(phase)}</span>
            </li>
        }
    };
    let on_key = move |event: leptos::ev::KeyboardEvent| {
        if event.key() == "Escape" {
            open.set(false);
        }
    };
    view! {
        <div class="class-access script-only" on:keydown=on_key>
            <button
                type="button"
                aria-expanded=move || open.get().to_string()
                on:click=move |_| open.update(|open| *open = !*open)
            >
                {move || words::class_is(now.get())}
            </button>
            {move || open.get().then(|| view! {
                <div class="popover" role="group" aria-label=words::CLASS>
                    <ul>{PHASES.map(phase).collect_view()}</ul>
                    <ActionForm action=sign_out>
                        <button type="submit" data-danger="true">{words::SIGN_ALL_OUT}</button>
                    </ActionForm>
                    <p class="answer" role="status">{told}</p>
                </div>
            })}
        </div>
    }
}

/// As the form sends it: serde's name of the phase.
fn value(phase: ClassPhase) -> &'static str {
    match phase {
        ClassPhase::Running => "running",
        ClassPhase::ReadOnly => "read_only",
        ClassPhase::Closed => "closed",
    }
}
