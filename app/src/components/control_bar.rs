//! The four buttons, the load's values, the steps, the status line and the reasons. What holds is decided in
//! `controls.rs`. On a phone only the sensible button stands there, the others open by `⋯`.

use leptos::prelude::*;
#[cfg(feature = "hydrate")]
use leptos::wasm_split::wasm_split;

use super::confirmation::Confirmation;
use super::kubectl_command::KubectlCommand;
use super::last_command::use_last_command;
use super::later::{Loaded, later};
use super::load_form::{Form, LoadForm};
use super::steps::Steps;
use crate::address::Address;
use crate::commands::{CleanUp, Deploy, StartLoad, StopLoad};
use crate::controls::{
    Command, Control, ControlState, Controls, Moment, Reason, controls, foreign_object,
};
use crate::error::Error;
use crate::kubectl;
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

/// What all four buttons are made from.
#[derive(Clone, Copy)]
struct Bar {
    state: Memo<Option<Controls>>,
    reasons: Memo<Vec<Reason>>,
    asked: RwSignal<Option<Command>>,
    form: Form,
    live: Live,
}

/// The attendee's controls.
#[component]
pub(crate) fn ControlBar(limits: LoadLimits, defaults: LoadSettings, live: Live) -> impl IntoView {
    let actions = Actions::new();
    let asked = RwSignal::new(asked_in_address());
    let state = Memo::new(move |_| {
        live.state.with(|state| {
            let moment = Moment {
                connection: live.connection.get(),
                class: state.class,
                pending: actions.pending(),
                now: live.now.get(),
                zone: live.zone.get(),
            };
            let snapshot = state.snapshot.as_ref();
            snapshot.map(|snapshot| controls(snapshot, moment))
        })
    });
    let reasons = Memo::new(move |_| {
        let state = state.read();
        state.as_ref().map(Controls::reasons).unwrap_or_default()
    });
    let form = Form::new(limits, defaults, actions.start_load, live);
    let bar = Bar {
        state,
        reasons,
        asked,
        form,
        live,
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

    let last = use_last_command();
    last.follow(move || actions.deploy.value().get());
    last.follow(move || actions.start_load.value().get());
    last.follow(move || actions.stop_load.value().get());
    last.follow(move || actions.clean_up.value().get());
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
    let line = move || state.read().as_ref().map(|all| all.line.clone());
    let is_asked = Signal::derive(move || asked.read().is_some());
    let confirmation = later(is_asked, move || confirmation(asked, actions, live));

    view! {
        <section class="control-bar" aria-label=words::CONTROLS>
            <div class="buttons">
                <Place command=Command::Deploy bar>
                    <ActionForm action=actions.deploy>
                        <input type="hidden" name="take_over" value="false" />
                        <ControlButton command=Command::Deploy ask=foreign_app bar />
                    </ActionForm>
                </Place>
                <Place command=Command::StartLoad bar>
                    // What is typed is checked by the page and by the server, with the same sentences.
                    <ActionForm action=actions.start_load attr:id="start-load" attr:novalidate=true>
                        <ControlButton command=Command::StartLoad ask=never bar />
                    </ActionForm>
                </Place>
                <Place command=Command::StopLoad bar>
                    <ActionForm action=actions.stop_load>
                        <input type="hidden" name="foreign" value="false" />
                        <ControlButton command=Command::StopLoad ask=foreign_load bar />
                    </ActionForm>
                </Place>
                <LoadForm form />
                <Steps live />
                <Place command=Command::CleanUp bar>
                    <ActionForm action=actions.clean_up>
                        <ControlButton command=Command::CleanUp ask=always bar />
                    </ActionForm>
                </Place>
            </div>
            <details class="more"><summary aria-label=words::MORE>{words::MORE_SIGN}</summary></details>
            <div class="status-line">
                // Focus comes here when a button that had it cannot keep it.
                <p class="line" translate="no" tabindex="-1">{line}</p>
                <p class="error" role="alert">{failure}</p>
                <ul class="reasons" translate="no">
                    {move || {
                        let row = |reason: &Reason| view! { <li id=reason_id(reason)>{words::reason(reason)}</li> };
                        reasons.read().iter().map(row).collect_view()
                    }}
                </ul>
            </div>
            {confirmation}
        </section>
    }
}

#[cfg_attr(feature = "hydrate", wasm_split(confirmation, wasm_split_path = ::leptos::wasm_split, fallible))]
fn confirmation(asked: RwSignal<Option<Command>>, actions: Actions, live: Live) -> Loaded {
    Ok(view! { <Confirmation asked actions live /> }.into_any())
}

/// Without JavaScript a question is asked by the address: `/?confirm=clean_up`.
fn asked_in_address() -> Option<Command> {
    let address = Address::here();
    let asked = address.query("confirm")?;
    [Command::Deploy, Command::StopLoad, Command::CleanUp]
        .into_iter()
        .find(|command| command.id() == asked)
}

/// The id of a reason's text: it is told once, and several buttons may refer to it.
fn reason_id(reason: &Reason) -> Option<String> {
    let first = reason.commands.first()?;
    Some(format!("{}-reason", first.id()))
}

/// A button's place, with the command that does the same.
#[component]
fn Place(command: Command, bar: Bar, children: Children) -> impl IntoView {
    let sensible = move || {
        let state = bar.state.read();
        let sensible = state.as_ref().map(Controls::sensible);
        (sensible.unwrap_or(Command::Deploy) == command).to_string()
    };
    let equal = Signal::derive(move || {
        let load = bar.form.read();
        bar.live.state.with(|state| {
            let snapshot = state.snapshot.as_ref();
            snapshot.map(|snapshot| kubectl::equal(command, snapshot, load.as_ref()))
        })
    });
    view! {
        <div class="control" data-control=command.id() data-sensible=sensible>
            {children()}
            <KubectlCommand command equal />
        </div>
    }
}

/// One button of a form. Where a question comes first, it opens that instead of sending the form; where something typed
/// is no value, it shows that.
#[component]
fn ControlButton(
    command: Command,
    /// A question comes first.
    ask: Memo<bool>,
    bar: Bar,
) -> impl IntoView {
    let on_click = move |event: leptos::ev::MouseEvent| {
        if ask.get_untracked() {
            event.prevent_default();
            bar.asked.set(Some(command));
        } else if command == Command::StartLoad && bar.form.shows_fault() {
            event.prevent_default();
        }
    };
    let control = Memo::new(move |_| {
        let state = bar.state.read();
        let found = state.as_ref().map(|all| all.of(command).clone());
        found.unwrap_or(Control {
            state: ControlState::Disabled,
            reason: None,
        })
    });
    let reason = move || {
        let reasons = bar.reasons.read();
        let own = reasons.iter().find(|r| r.commands.contains(&command));
        own.and_then(reason_id)
    };
    view! {
        <button
            type="submit"
            data-command=command.id()
            data-filled=move || (control.read().state == ControlState::Filled).to_string()
            disabled=move || !control.read().enabled()
            aria-busy=move || (control.read().state == ControlState::Busy).to_string()
            aria-describedby=reason
            formmethod=move || ask.get().then_some("get")
            formaction=move || ask.get().then_some("/")
            name=move || ask.get().then_some("confirm")
            value=move || ask.get().then_some(command.id())
            on:click=on_click
        >
            {command.label()}
        </button>
    }
}
