//! The three questions before something that cannot be undone. Inline, never modal: focus starts on the safe button,
//! Esc is the safe button.

use leptos::html::Button;
use leptos::prelude::*;

use super::control_bar::Actions;
use crate::controls::{Command, foreign_object};
use crate::model::Snapshot;
use crate::stream::Live;
use crate::words::{self, Question};

/// The question that is asked now, if any.
#[component]
pub(super) fn Confirmation(
    asked: RwSignal<Option<Command>>,
    actions: Actions,
    live: Live,
) -> impl IntoView {
    let question = Memo::new(move |_| {
        let command = asked.get()?;
        live.state
            .with(|s| ask(command, s.snapshot.as_ref()?))
            .map(|question| (command, question))
    });
    // The figures of the question may change while it is asked; its buttons must stay the same elements.
    let command = Memo::new(move |_| question.read().as_ref().map(|(command, _)| *command));
    move || {
        let command = command.get()?;
        let text = Signal::derive(move || question.get().map(|(_, question)| question));
        Some(view! { <Dialog command text asked actions /> })
    }
}

/// What to ask before a command; nothing if there is no reason any more.
fn ask(command: Command, snapshot: &Snapshot) -> Option<Question> {
    match command {
        Command::Deploy => {
            let (object, owner) = foreign_object(snapshot)?;
            Some(words::confirm_take_over(
                &snapshot.namespace,
                &object,
                &owner,
            ))
        }
        Command::StopLoad => {
            let foreign = snapshot
                .load
                .as_ref()
                .filter(|load| !load.own && load.end.is_none())?;
            Some(words::confirm_stop(foreign))
        }
        Command::CleanUp => Some(words::confirm_clean_up(snapshot)),
        Command::StartLoad => None,
    }
}

#[component]
fn Dialog(
    command: Command,
    text: Signal<Option<Question>>,
    asked: RwSignal<Option<Command>>,
    actions: Actions,
) -> impl IntoView {
    let safe = NodeRef::<Button>::new();
    Effect::new(move || {
        if let Some(safe) = safe.get() {
            // An element that left the page in the meantime needs no focus.
            let _focused = safe.focus();
        }
    });
    let close = move || asked.set(None);
    let on_key = move |event: leptos::ev::KeyboardEvent| {
        if event.key() == "Escape" {
            close();
        }
    };
    let words = move |part: fn(&Question) -> String| {
        move || text.get().as_ref().map(part).unwrap_or_default()
    };
    let safe_words = words(|q| q.safe.to_owned());
    let go_words = words(|q| q.go.to_owned());
    view! {
        <div
            class="confirmation"
            role="alertdialog"
            aria-labelledby="confirmation-question"
            aria-describedby="confirmation-detail"
            on:keydown=on_key
            on:submit=move |_| request_animation_frame(close)
        >
            <p id="confirmation-question"><strong>{words(|q| q.question.clone())}</strong></p>
            <p id="confirmation-detail">{words(|q| q.detail.clone())}</p>
            <div class="buttons">
                {match command {
                    Command::Deploy => view! {
                        <ActionForm action=actions.deploy>
                            <input type="hidden" name="take_over" value="false" />
                            <button type="submit" node_ref=safe>{safe_words}</button>
                        </ActionForm>
                        <ActionForm action=actions.deploy>
                            <input type="hidden" name="take_over" value="true" />
                            <button type="submit" data-danger="true">{go_words}</button>
                        </ActionForm>
                    }.into_any(),
                    Command::StopLoad => view! {
                        <Keep node_ref=safe close words=Signal::derive(safe_words) />
                        <ActionForm action=actions.stop_load>
                            <input type="hidden" name="foreign" value="true" />
                            <button type="submit" data-danger="true">{go_words}</button>
                        </ActionForm>
                    }.into_any(),
                    Command::CleanUp | Command::StartLoad => view! {
                        <Keep node_ref=safe close words=Signal::derive(safe_words) />
                        <ActionForm action=actions.clean_up>
                            <button type="submit" data-danger="true">{go_words}</button>
                        </ActionForm>
                    }.into_any(),
                }}
            </div>
        </div>
    }
}

/// The safe answer: without JavaScript it loads the page anew, which asks nothing.
#[component]
fn Keep(
    node_ref: NodeRef<Button>,
    close: impl Fn() + Copy + Send + 'static,
    words: Signal<String>,
) -> impl IntoView {
    let on_click = move |event: leptos::ev::MouseEvent| {
        event.prevent_default();
        close();
    };
    view! {
        <form method="get" action="/">
            <button type="submit" node_ref=node_ref on:click=on_click>{words}</button>
        </form>
    }
}
