//! The four buttons, the load's values, the status line and the reasons. What holds is decided in `controls.rs`.

use leptos::prelude::*;

use super::confirmation::Confirmation;
use super::load_form::LoadForm;
use crate::address::Address;
use crate::commands::{CleanUp, Deploy, StartLoad, StopLoad};
use crate::controls::{Command, Control, ControlState, Controls, Moment, controls, foreign_object};
use crate::error::Error;
use crate::model::{LoadLimits, LoadSettings, SessionEnd, Snapshot};
use crate::stream::{Live, leave_as};
use crate::words;

/// The page's commands and what it waits for.
#[derive(Clone, Copy)]
pub(super) struct Actions {
    pub(super) deploy: ServerAction<Deploy>,
    pub(super) start_load: ServerAction<StartLoad>,
    pub(super) stop_load: ServerAction<StopLoad>,
    pub(super) clean_up: ServerAction<CleanUp>,
}

impl Actions {
    fn new() -> Self {
        Self {
            deploy: ServerAction::new(),
            start_load: ServerAction::new(),
            stop_load: ServerAction::new(),
            clean_up: ServerAction::new(),
        }
    }

    fn pending(self) -> Option<Command> {
        // Stop load never waits for another command, so it is looked at first.
        let commands = [
            (self.stop_load.pending().get(), Command::StopLoad),
            (self.clean_up.pending().get(), Command::CleanUp),
            (self.deploy.pending().get(), Command::Deploy),
            (self.start_load.pending().get(), Command::StartLoad),
        ];
        commands
            .into_iter()
            .find(|(pending, _)| *pending)
            .map(|(_, command)| command)
    }

    /// The failure of a command, until the next one is given.
    fn failure(self) -> Option<Error> {
        let answers = [
            self.deploy.value().get(),
            self.start_load.value().get(),
            self.stop_load.value().get(),
            self.clean_up.value().get(),
        ];
        answers.into_iter().flatten().find_map(Result::err)
    }

    /// Forgets older failures.
    fn forget(self) {
        self.deploy.value().set(None);
        self.start_load.value().set(None);
        self.stop_load.value().set(None);
        self.clean_up.value().set(None);
    }
}

/// The attendee's controls.
#[component]
pub(crate) fn ControlBar(limits: LoadLimits, defaults: LoadSettings, live: Live) -> impl IntoView {
    let actions = Actions::new();
    let asked = RwSignal::new(asked_in_address());
    let state = Memo::new(move |_| {
        live.state.with(|state| {
            let load_off = state.history.marks.last().filter(|m| !m.on).map(|m| m.time);
            let moment = Moment {
                connection: live.connection.get(),
                class: state.class,
                pending: actions.pending(),
                load_off,
                now: live.now.get(),
                zone: live.zone.get(),
            };
            state
                .snapshot
                .as_ref()
                .map(|snapshot| controls(snapshot, moment))
        })
    });
    let control = move |command| {
        Signal::derive(move || {
            let found = state
                .read()
                .as_ref()
                .map(|all: &Controls| all.of(command).clone());
            found.unwrap_or(Control {
                state: ControlState::Disabled,
                reason: None,
            })
        })
    };
    let needs = move |question: fn(&Snapshot) -> bool| {
        Memo::new(move |_| {
            live.state
                .with(|s| s.snapshot.as_ref().is_some_and(question))
        })
    };
    let foreign_app = needs(|s| foreign_object(s).is_some());
    let foreign_load = needs(|s| s.load.as_ref().is_some_and(|load| !load.own));
    let always = Memo::new(|_| true);
    let never = Memo::new(|_| false);

    // A new command answers for itself: what failed before is of no use any more.
    Effect::new(move |before: Option<bool>| {
        let pending = actions.pending().is_some();
        if pending && before == Some(false) {
            actions.forget();
        }
        pending
    });
    Effect::new(move || {
        if actions.failure() == Some(Error::Unauthenticated) {
            leave_as(SessionEnd::SignedOut);
        }
    });
    let failure = move || actions.failure().map(|error| words::error(&error));

    view! {
        <section class="control-bar" aria-label=words::CONTROLS>
            <div class="buttons">
                <ActionForm action=actions.deploy>
                    <input type="hidden" name="take_over" value="false" />
                    <ControlButton command=Command::Deploy control=control(Command::Deploy) ask=foreign_app asked />
                </ActionForm>
                <ActionForm action=actions.start_load attr:id="start-load">
                    <ControlButton command=Command::StartLoad control=control(Command::StartLoad) ask=never asked />
                </ActionForm>
                <ActionForm action=actions.stop_load>
                    <input type="hidden" name="foreign" value="false" />
                    <ControlButton command=Command::StopLoad control=control(Command::StopLoad) ask=foreign_load asked />
                </ActionForm>
                <LoadForm limits defaults />
                <ActionForm action=actions.clean_up attr:class="last">
                    <ControlButton command=Command::CleanUp control=control(Command::CleanUp) ask=always asked />
                </ActionForm>
            </div>
            <div class="status-line">
                <p translate="no">
                    {move || state.read().as_ref().map(|all| all.line.clone())}
                </p>
                <p class="error" role="alert">{failure}</p>
                <Reasons state />
            </div>
            <Confirmation asked actions live />
        </section>
    }
}

/// Without JavaScript a question is asked by the address: `/?confirm=clean_up`.
fn asked_in_address() -> Option<Command> {
    let address = Address::here();
    let asked = address.query("confirm")?;
    [Command::Deploy, Command::StopLoad, Command::CleanUp]
        .into_iter()
        .find(|command| id(*command) == asked)
}

/// The command's name in ids and addresses.
fn id(command: Command) -> &'static str {
    match command {
        Command::Deploy => "deploy",
        Command::StartLoad => "start_load",
        Command::StopLoad => "stop_load",
        Command::CleanUp => "clean_up",
    }
}

fn label(command: Command) -> &'static str {
    match command {
        Command::Deploy => words::DEPLOY,
        Command::StartLoad => words::START_LOAD,
        Command::StopLoad => words::STOP_LOAD,
        Command::CleanUp => words::CLEAN_UP,
    }
}

/// One button of a form. Where a question comes first, it opens that instead of sending the form.
#[component]
fn ControlButton(
    command: Command,
    control: Signal<Control>,
    /// A question comes first.
    ask: Memo<bool>,
    asked: RwSignal<Option<Command>>,
) -> impl IntoView {
    let on_click = move |event: leptos::ev::MouseEvent| {
        if ask.get_untracked() {
            event.prevent_default();
            asked.set(Some(command));
        }
    };
    let reason = move || {
        control
            .read()
            .reason
            .is_some()
            .then(|| format!("{}-reason", id(command)))
    };
    view! {
        <button
            type="submit"
            data-command=id(command)
            data-filled=move || (control.read().state == ControlState::Filled).to_string()
            disabled=move || !control.read().enabled()
            aria-busy=move || (control.read().state == ControlState::Busy).to_string()
            aria-describedby=reason
            formmethod=move || ask.get().then_some("get")
            formaction=move || ask.get().then_some("/")
            name=move || ask.get().then_some("confirm")
            value=move || ask.get().then_some(id(command))
            on:click=on_click
        >
            {label(command)}
        </button>
    }
}

/// Why a button cannot work, as visible text that the button refers to.
#[component]
fn Reasons(state: Memo<Option<Controls>>) -> impl IntoView {
    let reason = move |command| {
        let text = move || {
            let reason = state
                .read()
                .as_ref()
                .and_then(|all| all.of(command).reason.clone());
            reason.map(|reason| format!("{}: {reason}", label(command)))
        };
        view! { <li id=format!("{}-reason", id(command))>{text}</li> }
    };
    view! {
        <ul class="reasons">
            {reason(Command::Deploy)}
            {reason(Command::StartLoad)}
            {reason(Command::StopLoad)}
            {reason(Command::CleanUp)}
        </ul>
    }
}
