//! The values of the next load, behind `Change`. Its fields belong to the form of `Start load`, so they are sent with
//! and without JavaScript; the server checks them.

use leptos::prelude::*;

use crate::model::{LoadLimits, LoadSettings};
use crate::words;

/// The fields as they are typed.
#[derive(Clone, Copy)]
struct Fields {
    users: RwSignal<String>,
    spawn_rate: RwSignal<String>,
    run_time_s: RwSignal<String>,
    n: RwSignal<String>,
}

impl Fields {
    fn new(load: LoadSettings) -> Self {
        Self {
            users: RwSignal::new(load.users.to_string()),
            spawn_rate: RwSignal::new(load.spawn_rate.to_string()),
            run_time_s: RwSignal::new(load.run_time_s.to_string()),
            n: RwSignal::new(load.n.to_string()),
        }
    }

    fn fill(self, load: LoadSettings) {
        self.users.set(load.users.to_string());
        self.spawn_rate.set(load.spawn_rate.to_string());
        self.run_time_s.set(load.run_time_s.to_string());
        self.n.set(load.n.to_string());
    }

    /// What is typed, if all of it are numbers.
    fn summary(self) -> Option<String> {
        let number = |field: RwSignal<String>| field.get().trim().parse().ok();
        Some(words::load_values(
            number(self.users)?,
            number(self.spawn_rate)?,
            number(self.run_time_s)?,
            number(self.n)?,
        ))
    }
}

/// Shows the values of the next load and lets them be changed.
#[component]
pub(super) fn LoadForm(limits: LoadLimits, defaults: LoadSettings) -> impl IntoView {
    let LoadLimits {
        users,
        spawn_rate,
        run_time_s,
        n,
    } = limits;
    let ranges = words::ranges(&limits);
    let fields = Fields::new(defaults);
    let open = RwSignal::new(false);
    let [users_range, spawn_rate_range, run_time_range, n_range] = ranges;
    // The handout's values are offered where the limits allow them.
    let handout = LoadSettings::HANDOUT.check(&limits).is_ok();
    view! {
        <details class="load-form" prop:open=open on:invalid:capture=move |_| open.set(true)>
            <summary>
                <span translate="no">{move || fields.summary()}</span>
                " "
                <span class="change">{words::CHANGE}</span>
            </summary>
            <div class="popover">
                <Field name="users" label=words::USERS meaning=words::USERS_MEAN range=users_range least=1 most=users value=fields.users />
                <Field name="spawn_rate" label=words::USERS_PER_SECOND meaning=words::USERS_PER_SECOND_MEANS range=spawn_rate_range least=1 most=spawn_rate value=fields.spawn_rate />
                <Field name="run_time_s" label=words::RUN_TIME meaning=words::RUN_TIME_MEANS range=run_time_range least=10 most=run_time_s value=fields.run_time_s />
                <Field name="n" label=words::N meaning=words::N_MEANS range=n_range least=1 most=n value=fields.n />
                <p class="presets">
                    <button type="button" on:click=move |_| fields.fill(defaults)>{words::DEFAULTS}</button>
                    {handout.then(|| view! {
                        <button type="button" on:click=move |_| fields.fill(LoadSettings::HANDOUT)>{words::HANDOUT}</button>
                    })}
                </p>
            </div>
        </details>
    }
}

/// One value with its limits and what it means.
#[component]
fn Field(
    name: &'static str,
    label: &'static str,
    meaning: &'static str,
    range: String,
    least: u32,
    most: u32,
    value: RwSignal<String>,
) -> impl IntoView {
    let (id, hint) = (format!("load-{name}"), format!("load-{name}-hint"));
    view! {
        <p class="field">
            <label for=id.clone()>{label}</label>
            <input
                id=id
                name=name
                form="start-load"
                type="number"
                inputmode="numeric"
                required=true
                min=least
                max=most
                value=value.get_untracked()
                prop:value=value
                aria-describedby=hint.clone()
                on:input:target=move |event| value.set(event.target().value())
            />
            <span class="hint" id=hint>{range} ": " {meaning}</span>
        </p>
    }
}
