//! One run: how it ended, its own chart with a cursor, the autoscaler's steps, its story, and Locust's last tables.

use leptos::html::Div;
use leptos::prelude::*;

use super::chart_panel::{Size, measure};
use super::load_log_panel::LastTables;
use super::run_story::RunStory;
use crate::chart::{ChartView, REM_PX, readout, render, render_cursor};
use crate::figures::{Zone, clock, span};
use crate::model::{Rescale, RunRecord, TimeMs};
use crate::words;

/// The width that the server draws for.
const FIRST_WIDTH: u32 = 950;

#[component]
pub(crate) fn RunView(run: RunRecord, zone: Signal<Zone>) -> impl IntoView {
    let load = &run.summary.load;
    let plan = words::load_plan(load);
    let end = words::run_end(load);
    let by = words::run_by(load);
    let csv = format!("/runs/{}.csv", load.uid);
    let tables = run.history.log.tables.clone();
    let on = run.summary.users_on;
    let steps = run.history.rescales.clone();
    let run = StoredValue::new(run);
    let title = move || run.with_value(|run| words::run_of(&run.summary.load, zone.get()));
    view! {
        <article class="run">
            <h2 translate="no">{title}</h2>
            <p translate="no">
                <strong>{end}</strong> " " {plan} " · " {by} " · "
                <a href=csv download rel="external">{words::RUN_CSV}</a>
            </p>
            <RunChart run zone />
            <Steps steps on zone />
            <RunStory run zone />
            {tables.map(|tables| view! { <LastTables tables /> })}
        </article>
    }
}

/// The chart of what is past: nothing in it moves but the cursor.
#[component]
fn RunChart(run: StoredValue<RunRecord>, zone: Signal<Zone>) -> impl IntoView {
    let (from, until, cpu_limit_m, guess) = run.with_value(|run| {
        let load = &run.summary.load;
        // Since when the load was on.
        let on = run.summary.users_on.unwrap_or(load.created);
        let guess = load.guess.map(|pods| (on, pods));
        (run.from, run.until, run.cpu_limit_m, guess)
    });
    let size = RwSignal::new(Size {
        width: FIRST_WIDTH,
        rem: REM_PX,
    });
    let cursor = RwSignal::new(None::<TimeMs>);
    let picture = NodeRef::<Div>::new();
    measure(picture, size);
    let view = Memo::new(move |_| ChartView {
        width: size.get().width,
        rem: size.get().rem,
        from,
        to: until,
        now: until,
        heard: None,
        zone: zone.get(),
        next_look: None,
        limit_m: cpu_limit_m,
        scale_down: None,
        remembered: None,
        guess,
        each_pod: Vec::new(),
    });
    let over = Memo::new(move |_| render_cursor(&view.read(), cursor.get()));
    let svg = Memo::new(move |_| run.with_value(|run| render(&run.history, &view.read())));
    let told = Memo::new(move |_| {
        let at = cursor.get().unwrap_or(until);
        let read = run.with_value(|run| readout(&run.history, at));
        words::readout(&read, zone.get())
    });
    let point = move |event: leptos::ev::PointerEvent| {
        if let Some(element) = picture.get_untracked() {
            let x = f64::from(event.client_x()) - element.get_bounding_client_rect().left();
            let at = view.with_untracked(|view| view.plot().time_at(x as i32, view));
            cursor.set(Some(at));
        }
    };
    let seconds = |time: TimeMs| time.0.div_euclid(1000);
    let slide = move |input: web_sys::HtmlInputElement| {
        if let Ok(at) = input.value().parse::<i64>() {
            cursor.set(Some(TimeMs(at * 1000).clamp(from, until)));
        }
    };
    view! {
        <p class="readout" translate="no">{told}</p>
        <div
            class="picture"
            node_ref=picture
            role="img"
            aria-label=words::CHART
            translate="no"
            on:pointermove=point
            on:pointerdown=point
        >
            <div class="drawing" inner_html=svg></div>
            <div class="over" inner_html=over></div>
        </div>
        <input
            class="script-only"
            type="range"
            aria-label=words::TIME
            step="1"
            min=seconds(from).to_string()
            max=seconds(until).to_string()
            value=seconds(until).to_string()
            prop:value=move || seconds(cursor.get().unwrap_or(until)).to_string()
            aria-valuetext=told
            on:input:target=move |event| slide(event.target())
        />
    }
}

/// Each change of the number of pods that was asked for.
#[component]
fn Steps(steps: Vec<Rescale>, on: Option<TimeMs>, zone: Signal<Zone>) -> impl IntoView {
    if steps.is_empty() {
        return view! { <p class="empty">{words::NO_STEPS}</p> }.into_any();
    }
    let heads = words::RUN_STEP_HEADS;
    let heads = heads.map(|head| view! { <th scope="col">{head}</th> });
    let rows = steps.into_iter().map(|step| {
        let since = on.filter(|on| *on <= step.time);
        let since = since.map(|on| span((step.time.0 - on.0) / 1000));
        let time = step.time;
        view! {
            <tr>
                <th scope="row">{move || clock(time, zone.get())}</th>
                <td>{since.unwrap_or_else(|| crate::figures::UNKNOWN.to_owned())}</td>
                <td>{words::run_step(&step)}</td>
            </tr>
        }
    });
    view! {
        <table class="steps" translate="no">
            <caption>{words::RUN_STEPS}</caption>
            <thead>
                <tr>{heads.collect_view()}</tr>
            </thead>
            <tbody>{rows.collect_view()}</tbody>
        </table>
    }
    .into_any()
}
