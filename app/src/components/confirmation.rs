//! The three questions before something that cannot be undone. Inline, never modal: focus starts on the safe button,
//! stays with the two answers, and goes back to where it came from; Esc is the safe button.

use leptos::html::Button;
use leptos::prelude::*;

use super::control_bar::Actions;
use super::focus;
use crate::controls::{Command, foreign_object};
use crate::model::{LoadStage, Phase, Snapshot};
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
    // What was asked has answered itself, here or on another device: it is not asked again later.
    Effect::new(move || {
        if command.get().is_none() && asked.get_untracked().is_some() {
            asked.set(None);
        }
    });
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
                .filter(|load| !load.own)
                .filter(|load| matches!(load.stage, LoadStage::Starting | LoadStage::Running))?;
            Some(words::confirm_stop(foreign))
        }
        Command::CleanUp => {
            let there = !matches!(
                snapshot.phase,
                Phase::NotStarted | Phase::Removing | Phase::CleanedUp | Phase::NotWatched
            );
            there.then(|| words::confirm_clean_up(snapshot))
        }
        Command::StartLoad => None,
    }
}

/// The focus goes back to the button that asked, or to the status line where that can be pressed no more.
fn bring_back(command: Command) {
    let button = format!("button[data-command={}]:not(:disabled)", command.id());
    if focus::is_lost() && !focus::focus(&button) {
        focus::focus(".status-line .line");
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
    let go = NodeRef::<Button>::new();
    // An element that left the page in the meantime needs no focus.
    let focus_on = |button: NodeRef<Button>| {
        let _focused = button.get_untracked().map(|button| button.focus());
    };
    Effect::new(move || {
        safe.track();
        focus_on(safe);
        on_cleanup(move || request_animation_frame(move || bring_back(command)));
    });
    let close = move || asked.set(None);
    let on_key = move |event: leptos::ev::KeyboardEvent| match event.key().as_str() {
        "Escape" => close(),
        // Two answers: Tab goes from one to the other, both ways.
        "Tab" => {
            event.prevent_default();
            let at_safe = safe.get_untracked().is_some_and(|safe| {
                document()
                    .active_element()
                    .is_some_and(|active| active == **safe)
            });
            focus_on(if at_safe { go } else { safe });
        }
        _ => {}
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
                            <button type="submit" node_ref=safe autofocus=true>{safe_words}</button>
                        </ActionForm>
                        <ActionForm action=actions.deploy>
                            <input type="hidden" name="take_over" value="true" />
                            <button type="submit" node_ref=go data-danger="true">{go_words}</button>
                        </ActionForm>
                    }.into_any(),
                    Command::StopLoad => view! {
                        <Keep node_ref=safe close words=Signal::derive(safe_words) />
                        <ActionForm action=actions.stop_load>
                            <input type="hidden" name="foreign" value="true" />
                            <button type="submit" node_ref=go data-danger="true">{go_words}</button>
                        </ActionForm>
                    }.into_any(),
                    Command::CleanUp | Command::StartLoad => view! {
                        <Keep node_ref=safe close words=Signal::derive(safe_words) />
                        <ActionForm action=actions.clean_up>
                            <button type="submit" node_ref=go data-danger="true">{go_words}</button>
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
            <button type="submit" node_ref=node_ref autofocus=true on:click=on_click>{words}</button>
        </form>
    }
}
