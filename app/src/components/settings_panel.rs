//! The app's settings, as a form with and without JavaScript. What is there comes by the stream; what is wrong is said
//! while somebody types, by the same rules as the server's; what was typed stays until it is taken.

use leptos::prelude::*;

use super::last_command::use_last_command;
use crate::commands::ChangeSettings;
use crate::controls::foreign_object;
use crate::error::Error;
use crate::figures::UNKNOWN;
use crate::live::Connection;
use crate::model::{
    AppSettings, ClassPhase, OwnedField, Problem, Refused, ScaledObjectState, SessionEnd, Setting,
    SettingOf, Typed, WhyRefused,
};
use crate::stream::{Live, leave_as};
use crate::words;
use crate::words::settings;

/// One field: what is typed, and what stood in it before.
#[derive(Clone, Copy)]
struct Field {
    setting: Setting,
    text: RwSignal<String>,
    was: RwSignal<Option<u32>>,
    now: Memo<Option<u32>>,
}

impl Field {
    fn fill(self, value: Option<u32>) {
        self.was.set(value);
        self.text.set(shown(value));
    }

    fn touched(self) -> bool {
        self.text.get_untracked().trim() != shown(self.was.get_untracked())
    }
}

fn shown(value: Option<u32>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

fn refused(error: &Error) -> Option<Refused> {
    match error {
        Error::Settings { refused, .. } => refused.open(),
        _ => None,
    }
}

/// The tab.
#[component]
pub(crate) fn SettingsPanel(live: Live) -> impl IntoView {
    // Its value is what a form without JavaScript was refused for, until it is used: `App` tells it.
    let action = ServerAction::<ChangeSettings>::new();
    let last = use_last_command();
    let present = Memo::new(move |_| {
        live.state
            .with(|s| s.snapshot.as_ref().map(AppSettings::of).unwrap_or_default())
    });
    let failure = Memo::new(move |_| action.value().get()?.err());
    let typed = failure.with_untracked(|error| {
        let refused = error.as_ref().and_then(refused);
        refused.map(|refused| refused.typed)
    });
    let typed = typed.unwrap_or_else(|| Typed::of(&present.get_untracked()));
    let fields = Setting::ALL.map(|setting| {
        let now = Memo::new(move |_| present.read().get(setting));
        let field = Field {
            setting,
            text: RwSignal::new(typed.get(setting).to_owned()),
            was: RwSignal::new(now.get_untracked()),
            now,
        };
        // A field that nobody touched follows the cluster.
        Effect::new(move || {
            let now = now.get();
            if !field.touched() {
                field.fill(now);
            }
        });
        field
    });
    let were = move || {
        let mut were = AppSettings::default();
        for field in fields {
            were.set(field.setting, field.was.get());
        }
        were
    };
    let problems = Memo::new(move |_| {
        let typed = Typed(fields.map(|field| field.text.get()));
        typed.changes(&were()).err().unwrap_or_default()
    });
    Effect::new(move || match action.value().get() {
        Some(Ok(done)) => {
            for field in fields {
                let taken = done
                    .set
                    .iter()
                    .find(|(setting, _)| *setting == field.setting);
                // What was taken is what stands there now, though the cluster tells it in a moment only.
                if let Some((_, value)) = taken {
                    field.was.set(Some(*value));
                }
            }
            last.set(done);
        }
        Some(Err(Error::Unauthenticated)) => leave_as(SessionEnd::SignedOut),
        Some(Err(_)) | None => {}
    });
    let nothing_there = Memo::new(move |_| {
        live.state.with(|s| {
            let snapshot = s.snapshot.as_ref();
            snapshot.is_none_or(|s| s.deployment.is_none() && s.scaled_object.is_none())
        })
    });
    let off = Memo::new(move |_| {
        if live.connection.get() == Connection::Lost {
            Some(words::NO_CONNECTION)
        } else if live.state.with(|s| s.class) != ClassPhase::Running {
            Some(words::CLASS_IS_OVER)
        } else if nothing_there.get() {
            Some(settings::DEPLOY_FIRST_TO_SET)
        } else {
            None
        }
    });
    let foreign = Memo::new(move |_| {
        live.state.with(|s| {
            let (object, owner) = foreign_object(s.snapshot.as_ref()?)?;
            Some(settings::act_on(&object, &owner.manager))
        })
    });
    // Seconds as they stand in the ScaledObject, if there is one.
    let set = move |field: fn(&ScaledObjectState) -> Option<u32>| {
        Memo::new(move |_| {
            live.state
                .with(|s| s.snapshot.as_ref()?.scaled_object.as_ref().map(field))
        })
    };
    let polling_interval = WithoutEffect {
        name: settings::POLLING_INTERVAL,
        means: settings::POLLING_INTERVAL_MEANS,
        set: set(|there| there.polling_interval_s),
        of_keda_s: settings::POLLING_INTERVAL_OF_KEDA_S,
    };
    let cooldown_period = WithoutEffect {
        name: settings::COOLDOWN_PERIOD,
        means: settings::COOLDOWN_PERIOD_MEANS,
        set: set(|there| there.cooldown_period_s),
        of_keda_s: settings::COOLDOWN_PERIOD_OF_KEDA_S,
    };
    let told = move || {
        let done = action.value().get()?.ok()?;
        let room = done.room.map(settings::room).unwrap_or_default();
        Some(format!("{} {room}", settings::applied(&done.set)))
    };
    // Fields of others are asked about below.
    let error = move || {
        let failure = failure.read();
        let error = failure.as_ref()?;
        let owned = refused(error).is_some_and(|r| matches!(r.why, WhyRefused::Owned { .. }));
        (!owned).then(|| words::error(error))
    };
    let rows = move |of: SettingOf| {
        let all = fields.into_iter().filter(|field| field.setting.of() == of);
        all.map(|field| row(field, problems)).collect_view()
    };
    let reset = move |_: leptos::ev::MouseEvent| {
        for field in fields {
            field.fill(field.now.get_untracked());
        }
        action.value().set(None);
    };
    view! {
        <div class="settings-panel">
            <p class="hint">{settings::SETTINGS_LEAD} " " {move || foreign.get()}</p>
            <ActionForm action attr:class="settings-form" attr:novalidate="">
                <input type="hidden" name="were" value=move || were().to_list() prop:value=move || were().to_list() />
                <fieldset>
                    <legend>{settings::SCALING}</legend>
                    {rows(SettingOf::ScaledObject)}
                    {without_effect(polling_interval)}
                    {without_effect(cooldown_period)}
                </fieldset>
                <fieldset>
                    <legend>{settings::POD_SIZE}</legend>
                    {rows(SettingOf::Deployment)}
                    <p class="hint">"▲ " {settings::RESTARTS_PODS}</p>
                </fieldset>
                <div class="answer">
                    <button
                        type="submit"
                        data-filled="true"
                        disabled=move || off.get().is_some()
                        aria-busy=move || action.pending().get().to_string()
                        aria-describedby="settings-told"
                    >
                        {settings::APPLY}
                    </button>
                    <button type="button" class="script-only" on:click=reset>{settings::UNDO}</button>
                    <p id="settings-told" role="status">{move || off.get()} {told}</p>
                    <p class="error" role="alert">{error}</p>
                </div>
                <Owned failure off leave=reset />
            </ActionForm>
        </div>
    }
}

/// One setting.
fn row(field: Field, problems: Memo<Vec<Problem>>) -> AnyView {
    let setting = field.setting;
    let id = format!("setting-{}", setting.name());
    let (hint, wrong) = (format!("{id}-hint"), format!("{id}-wrong"));
    let problem = Memo::new(move |_| {
        let problems = problems.read();
        let own = problems.iter().find(|problem| problem.setting == setting);
        own.map(settings::problem)
    });
    view! {
        <div class="setting">
            <label for=id.clone()>{settings::name(setting)}</label>
            <input
                id=id
                name=setting.name()
                type="text"
                inputmode="numeric"
                autocomplete="off"
                value=field.text.get_untracked()
                prop:value=field.text
                aria-describedby=format!("{hint} {wrong}")
                aria-invalid=move || problem.read().is_some().to_string()
                on:input:target=move |event| field.text.set(event.target().value())
            />
            <span class="now" translate="no">{move || settings::now(setting, field.now.get())}</span>
            <span class="hint" id=hint>{settings::hint(setting)}</span>
            <span class="error" id=wrong>{move || problem.get()}</span>
        </div>
    }
    .into_any()
}

/// A field of the ScaledObject that does nothing here.
#[derive(Clone, Copy)]
struct WithoutEffect {
    name: &'static str,
    means: &'static str,
    /// Seconds; within, `None` where the ScaledObject says nothing.
    set: Memo<Option<Option<u32>>>,
    /// What holds then.
    of_keda_s: u32,
}

/// The field as it stands there.
fn without_effect(field: WithoutEffect) -> AnyView {
    let WithoutEffect {
        name,
        means,
        set,
        of_keda_s,
    } = field;
    let (id, hint) = (format!("setting-{name}"), format!("setting-{name}-hint"));
    let value = move || match set.get() {
        Some(seconds) => format!("{} s", seconds.unwrap_or(of_keda_s)),
        None => UNKNOWN.to_owned(),
    };
    let of_keda = move || (set.get() == Some(None)).then_some(settings::OF_KEDA);
    view! {
        <div class="setting">
            <label for=id.clone()><code>{name}</code></label>
            <input id=id type="text" value=value prop:value=value disabled aria-describedby=hint.clone() />
            <span class="now">{of_keda} {settings::NO_EFFECT}</span>
            <span class="hint" id=hint>{means}</span>
        </div>
    }
    .into_any()
}

/// What others own of the fields that were to be changed, and the two ways out. The safe one is first.
#[component]
fn Owned(
    failure: Memo<Option<Error>>,
    off: Memo<Option<&'static str>>,
    leave: impl Fn(leptos::ev::MouseEvent) + Copy + Send + 'static,
) -> impl IntoView {
    let owned = Memo::new(move |_| {
        let failure = failure.read();
        match refused(failure.as_ref()?)?.why {
            WhyRefused::Owned { fields } => Some(fields),
            WhyRefused::Problems { .. } | WhyRefused::Nothing => None,
        }
    });
    move || {
        owned.get().map(|all| {
            let list = all
                .iter()
                .map(|field: &OwnedField| view! { <li>{settings::owned_field(field)}</li> })
                .collect_view();
            view! {
                <div class="owned" role="alert">
                    <p>{settings::take_over_question(&all)}</p>
                    <ul translate="no">{list}</ul>
                    <p class="actions">
                        <button type="button" class="script-only" on:click=leave>{settings::KEEP_THEIRS}</button>
                        <button type="submit" data-danger="true" name="take_over" value="true" disabled=move || off.get().is_some()>
                            {settings::TAKE_OVER}
                        </button>
                    </p>
                </div>
            }
        })
    }
}
