//! The values of the next load, behind `Change`. Its fields belong to the form of `Start load`, so they are sent with
//! and without JavaScript. What is typed is checked as it is typed, and by the server with the same sentences.

use leptos::prelude::*;

use super::focus::focus;
use super::kept::{keep, kept};
use crate::commands::StartLoad;
use crate::error::Error;
use crate::json;
use crate::model::{Fault, LoadField, LoadLimits, LoadSettings, TypedLoad};
use crate::presets::{AppSize, Preset};
use crate::stream::Live;
use crate::words;

/// What the browser keeps the values under.
const KEPT_AS: &str = "load";

/// The form's state.
#[derive(Clone, Copy)]
pub(super) struct Form {
    typed: RwSignal<TypedLoad>,
    open: RwSignal<bool>,
    limits: LoadLimits,
    defaults: LoadSettings,
    /// The HPA's maximum, if there is one.
    most_pods: Memo<Option<u32>>,
    app: Memo<AppSize>,
}

impl Form {
    /// Begins with what a refused start had typed, else with the panel's values, else with those of this browser.
    pub(super) fn new(
        limits: LoadLimits,
        defaults: LoadSettings,
        start: ServerAction<StartLoad>,
        live: Live,
    ) -> Self {
        let refused = match start.value().get_untracked() {
            Some(Err(Error::InvalidLoad { typed, .. })) => Some(*typed),
            _ => None,
        };
        let again = refused.is_some();
        let typed = refused.unwrap_or_else(|| defaults.into());
        let form = Self {
            typed: RwSignal::new(typed),
            open: RwSignal::new(again),
            limits,
            defaults,
            most_pods: Memo::new(move |_| {
                live.state.with(|s| {
                    let autoscaler = s.snapshot.as_ref()?.autoscaler.as_ref()?;
                    Some(autoscaler.max_replicas)
                })
            }),
            app: Memo::new(move |_| live.state.with(|s| AppSize::of(s.snapshot.as_ref()))),
        };
        Effect::new(move || {
            let before = kept(KEPT_AS).and_then(|text| json::read(&text).ok());
            if let Some(before) = before.filter(|_| !again) {
                form.typed.set(before);
            }
        });
        // A guess is for one load.
        Effect::new(move || {
            if let Some(Ok(_)) = start.value().get() {
                form.change(|typed| typed.guess.clear());
            }
        });
        form
    }

    /// The values, if all are right.
    pub(super) fn read(self) -> Option<LoadSettings> {
        let typed = self.typed.read();
        typed.read(&self.limits, self.most_pods.get()).ok()
    }

    fn fault(self, field: LoadField) -> Option<Fault> {
        let typed = self.typed.read();
        typed.fault(field, &self.limits, self.most_pods.get())
    }

    /// Opens the form at the first field that is wrong, if one is.
    pub(super) fn shows_fault(self) -> bool {
        let wrong = untrack(|| {
            LoadField::ALL
                .into_iter()
                .find(|f| self.fault(*f).is_some())
        });
        if let Some(field) = wrong {
            self.open.set(true);
            let selector = format!("#{}", id(field));
            // A field can be focused once its form is open.
            request_animation_frame(move || {
                focus(&selector);
            });
        }
        wrong.is_some()
    }

    fn change(self, change: impl FnOnce(&mut TypedLoad)) {
        self.typed.update(change);
        let mut values = self.typed.get_untracked();
        values.guess.clear();
        if let Ok(text) = serde_json::to_string(&values) {
            keep(KEPT_AS, Some(&text));
        }
    }

    fn fill(self, load: LoadSettings) {
        self.change(|typed| {
            let guess = std::mem::take(&mut typed.guess);
            *typed = TypedLoad {
                guess,
                ..load.into()
            };
        });
    }
}

fn id(field: LoadField) -> String {
    format!("load-{}", field.name())
}

/// Shows the values of the next load and lets them be changed.
#[component]
pub(super) fn LoadForm(form: Form) -> impl IntoView {
    let Form {
        typed,
        open,
        limits,
        most_pods,
        app,
        ..
    } = form;
    let values = move || words::typed_values(&typed.read(), &limits, most_pods.get());
    let n = Memo::new(move |_| form.read().map(|load| load.n));
    let cost = move || n.get().map(|n| words::request_takes(n, app.read().limit_m));
    let fields = LoadField::ALL.map(|field| view! { <Field field form /> });
    view! {
        <details class="load-form" open=open.get_untracked() prop:open=open on:toggle:target=move |e| open.set(e.target().open())>
            <summary>
                <span translate="no">{values}</span>
                " "
                <span class="change">{words::CHANGE}</span>
            </summary>
            <div class="popover">
                {fields.into_iter().collect_view()}
                <p class="cost" translate="no">{cost}</p>
                <Presets form />
            </div>
        </details>
    }
}

/// One value with its limits, what it means, and what is wrong with it.
#[component]
fn Field(field: LoadField, form: Form) -> impl IntoView {
    let Form {
        typed,
        limits,
        most_pods,
        ..
    } = form;
    let (hint, fault) = (
        format!("{}-hint", id(field)),
        format!("{}-fault", id(field)),
    );
    let wrong = Memo::new(move |_| form.fault(field));
    let sentence = move || {
        wrong.get().map(|fault| {
            words::load_fault(
                field,
                fault,
                typed.read().get(field),
                &limits,
                most_pods.get(),
            )
        })
    };
    let value = move || typed.read().get(field).to_owned();
    view! {
        <p class="field">
            <label for=id(field)>{words::load_field(field)}</label>
            <input
                id=id(field)
                name=field.name()
                form="start-load"
                type="text"
                inputmode="numeric"
                autocomplete="off"
                value=untrack(value)
                prop:value=value
                aria-invalid=move || wrong.get().is_some().to_string()
                aria-describedby=format!("{hint} {fault}")
                on:input:target=move |event| {
                    let text = event.target().value();
                    form.change(|typed| typed.set(field, text));
                }
            />
            <span class="hint" id=hint>{move || words::load_field_hint(field, &limits, most_pods.get())}</span>
            <span class="error" id=fault translate="no">{sentence}</span>
        </p>
    }
}

/// Values by what they teach, as far as the limits allow them.
#[component]
fn Presets(form: Form) -> impl IntoView {
    let Form {
        limits,
        defaults,
        app,
        ..
    } = form;
    let row = move |name: &'static str, shows: String, load: LoadSettings| {
        view! {
            <li>
                <button type="button" on:click=move |_| form.fill(load)>{name}</button>
                <span class="hint">{shows}</span>
            </li>
        }
    };
    let rows = move || {
        let app = app.get();
        let presets = Preset::ALL.into_iter().filter_map(move |preset| {
            let load = preset.load(app);
            load.check(&limits).ok()?;
            Some(row(
                words::preset(preset),
                words::preset_shows(preset, &load),
                load,
            ))
        });
        // What the form began with, where the instructor chose other values than ours.
        let own = (defaults != LoadSettings::DEFAULT).then(|| {
            row(
                words::INSTRUCTORS_VALUES,
                words::load_values(&defaults),
                defaults,
            )
        });
        own.into_iter().chain(presets).collect_view()
    };
    view! {
        <ul class="presets script-only" aria-label=words::PRESETS>{rows}</ul>
    }
}
