//! The chart with its readout, its one cursor, the choice of the window and the table. Drawing is `chart.rs`'s.

use leptos::html::Div;
use leptos::prelude::*;

use crate::chart::{AHEAD_MS, ChartView, Plot, Readout, readout, render, rows};
use crate::figures::{UNKNOWN, Zone, clock, rate, response};
use crate::live::LiveState;
use crate::model::{Explanation, History, TimeMs};
use crate::stream::Live;
use crate::words;

/// The width that the server draws for: the left column at 1440 px.
const FIRST_WIDTH: u32 = 950;

/// Before the load on the window of a run.
const BEFORE_LOAD_MS: i64 = 30_000;

/// The shortest window of a run.
const LEAST_MS: i64 = 120_000;

const MINUTE_MS: i64 = 60_000;

/// How much is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Span {
    /// From before the newest load on.
    Run,
    Minutes(i64),
}

const SPANS: [Span; 4] = [
    Span::Run,
    Span::Minutes(5),
    Span::Minutes(15),
    Span::Minutes(60),
];

impl Span {
    fn from(self, history: &History, now: TimeMs) -> TimeMs {
        match self {
            Self::Minutes(minutes) => now.plus_ms(-minutes * MINUTE_MS),
            Self::Run => {
                let began = history.marks.iter().rev().find(|m| m.on).map(|m| m.time);
                let from = began.map_or(now.plus_ms(-5 * MINUTE_MS), |on| {
                    on.plus_ms(-BEFORE_LOAD_MS)
                });
                from.clamp(now.plus_ms(-60 * MINUTE_MS), now.plus_ms(-LEAST_MS))
            }
        }
    }
}

fn view_of(
    state: &LiveState,
    span: Span,
    now: TimeMs,
    cursor: Option<TimeMs>,
    width: u32,
    zone: Zone,
) -> ChartView {
    let snapshot = state.snapshot.as_ref();
    let scale_down = snapshot.and_then(|s| match s.explanation {
        Explanation::HeldByWindow { until, .. } => until,
        _ => None,
    });
    ChartView {
        width,
        from: span.from(&state.history, now),
        to: now.plus_ms(AHEAD_MS),
        now,
        cursor,
        zone,
        limit_m: snapshot
            .and_then(|s| s.deployment.as_ref())
            .and_then(|d| d.cpu_limit_m),
        next_look: snapshot
            .and_then(|s| s.autoscaler.as_ref())
            .and_then(|a| a.next_look),
        scale_down,
    }
}

/// The three bands and what belongs to them.
#[component]
pub(crate) fn ChartPanel(live: Live) -> impl IntoView {
    let span = RwSignal::new(Span::Run);
    let paused = RwSignal::new(None::<TimeMs>);
    let cursor = RwSignal::new(None::<TimeMs>);
    let table = RwSignal::new(false);
    let width = RwSignal::new(FIRST_WIDTH);
    let picture = NodeRef::<Div>::new();
    measure(picture, width);

    let now = Memo::new(move |_| paused.get().unwrap_or_else(|| live.now.get()));
    let view = Memo::new(move |_| {
        live.state.with(|s| {
            view_of(
                s,
                span.get(),
                now.get(),
                cursor.get(),
                width.get(),
                live.zone.get(),
            )
        })
    });
    let svg = Memo::new(move |_| live.state.with(|s| render(&s.history, &view.read())));
    let read = Memo::new(move |_| {
        let at = cursor.get().unwrap_or_else(|| now.get());
        live.state.with(|s| readout(&s.history, at))
    });
    let point = move |event: &leptos::ev::PointerEvent| {
        if let Some(element) = picture.get_untracked() {
            let x = f64::from(event.client_x()) - element.get_bounding_client_rect().left();
            let view = view.get_untracked();
            cursor.set(Some(Plot::of(view.width).time_at(x as i32, &view)));
        }
    };
    view! {
        <section class="chart-panel" aria-label=words::CHART>
            <div class="head">
                <Spans span />
                <button
                    class="script-only"
                    type="button"
                    aria-pressed=move || paused.read().is_some().to_string()
                    on:click=move |_| paused.update(|p| *p = match p {
                        Some(_) => None,
                        None => Some(live.now.get_untracked()),
                    })
                >
                    {words::PAUSE}
                </button>
                <button
                    class="script-only"
                    type="button"
                    aria-pressed=move || table.get().to_string()
                    on:click=move |_| table.update(|t| *t = !*t)
                >
                    {words::TABLE}
                </button>
            </div>
            <Legend read live />
            <div
                class="picture"
                node_ref=picture
                hidden=move || table.get()
                role="img"
                aria-label=words::CHART
                inner_html=svg
                on:pointermove=move |event| point(&event)
                on:pointerdown=move |event| point(&event)
                on:pointerleave=move |_| cursor.set(None)
            ></div>
            <Table table view live />
            <Cursor cursor view read live />
        </section>
    }
}

/// Keeps `width` equal to the picture's, in the browser.
pub(super) fn measure(picture: NodeRef<Div>, width: RwSignal<u32>) {
    let fit = move || {
        if let Some(element) = picture.get_untracked() {
            let wide = u32::try_from(element.client_width()).unwrap_or(0);
            if wide > 0 && wide != width.get_untracked() {
                width.set(wide);
            }
        }
    };
    Effect::new(move || {
        if picture.get().is_some() {
            fit();
            let resized = window_event_listener(leptos::ev::resize, move |_| fit());
            on_cleanup(move || resized.remove());
        }
    });
}

/// How much is shown: this run, 5, 15 or 60 minutes.
#[component]
fn Spans(span: RwSignal<Span>) -> impl IntoView {
    let choice = move |own: Span| {
        view! {
            <button
                class="script-only"
                type="button"
                aria-pressed=move || (span.get() == own).to_string()
                on:click=move |_| span.set(own)
            >
                {match own {
                    Span::Run => words::THIS_RUN.to_owned(),
                    Span::Minutes(minutes) => words::minutes_shown(minutes),
                }}
            </button>
        }
    };
    view! { <div class="spans" role="group" aria-label=words::WINDOW>{SPANS.map(choice).collect_view()}</div> }
}

/// The values at the cursor, or now. Also the legend: each key looks as its line does.
#[component]
fn Legend(read: Memo<Readout>, live: Live) -> impl IntoView {
    let key = move |series: &'static str,
                    name: &'static str,
                    value: fn(&Readout) -> Option<String>| {
        view! {
            <li data-series=series>
                {name} " " <b>{move || value(&read.read()).unwrap_or_else(|| UNKNOWN.to_owned())}</b>
            </li>
        }
    };
    let time = move || {
        let read = read.get();
        let at = clock(read.time, live.zone.get());
        match read.since_users_s {
            Some(seconds) => format!("{at} (+{})", crate::figures::minutes(seconds)),
            None => at,
        }
    };
    view! {
        <div class="legend" translate="no">
            <span class="time">{time}</span>
            <ul>
                {key("users", "users", |r| r.users.map(|n| n.to_string()))}
                {key("rps", "req/s", |r| r.rps.map(rate))}
                {key("p95", "p95", |r| r.p95_ms.map(response))}
                {key("p50", "p50", |r| r.p50_ms.map(response))}
                {key("failures", "failures/s", |r| r.failures_per_s.map(rate))}
                {key("cpu", "CPU", |r| r.percent.map(crate::figures::percent))}
                {key("wanted", "wanted", |r| r.wanted.map(|n| n.to_string()))}
                {key("asked", "asked", |r| r.asked.map(|n| n.to_string()))}
                {key("ready", "ready", |r| r.ready.map(|n| n.to_string()))}
            </ul>
        </div>
    }
}

/// The cursor for the keyboard: a real slider, whose text is the whole readout.
#[component]
fn Cursor(
    cursor: RwSignal<Option<TimeMs>>,
    view: Memo<ChartView>,
    read: Memo<Readout>,
    live: Live,
) -> impl IntoView {
    let seconds = |time: TimeMs| time.0.div_euclid(1000);
    let text = move || words::readout(&read.read(), live.zone.get());
    // The slider is as long as the axis, so that it stands under the cursor; what is ahead has no values yet.
    let on_input = move |input: web_sys::HtmlInputElement| {
        if let Ok(at) = input.value().parse::<i64>() {
            let view = view.get_untracked();
            let at = TimeMs(at * 1000).clamp(view.from, view.now);
            input.set_value(&seconds(at).to_string());
            cursor.set(Some(at));
        }
    };
    // Shift moves by 15 s, one look.
    let on_key = move |event: leptos::ev::KeyboardEvent| {
        let step = match (event.shift_key(), event.key().as_str()) {
            (true, "ArrowLeft" | "ArrowDown") => -15_000,
            (true, "ArrowRight" | "ArrowUp") => 15_000,
            _ => return,
        };
        event.prevent_default();
        let view = view.get_untracked();
        let at = cursor.get_untracked().unwrap_or(view.now).plus_ms(step);
        cursor.set(Some(at.clamp(view.from, view.now)));
    };
    view! {
        <input
            class="script-only"
            type="range"
            aria-label=words::TIME
            step="1"
            min=move || seconds(view.read().from)
            max=move || seconds(view.read().to)
            prop:value=move || seconds(cursor.get().unwrap_or(view.read().now)).to_string()
            aria-valuetext=text
            value=move || seconds(view.read().now).to_string()
            on:input:target=move |event| on_input(event.target())
            on:keydown=on_key
        />
    }
}

/// The same as rows, one a change.
#[component]
fn Table(table: RwSignal<bool>, view: Memo<ChartView>, live: Live) -> impl IntoView {
    let row = move |row: Readout| {
        let number = |n: Option<u32>| n.map_or(UNKNOWN.to_owned(), |n| n.to_string());
        view! {
            <tr>
                <th scope="row">{clock(row.time, live.zone.get())}</th>
                <td>{number(row.users)}</td>
                <td>{row.rps.map_or(UNKNOWN.to_owned(), rate)}</td>
                <td>{row.p95_ms.map_or(UNKNOWN.to_owned(), response)}</td>
                <td>{row.percent.map_or(UNKNOWN.to_owned(), crate::figures::percent)}</td>
                <td>{number(row.wanted)}</td>
                <td>{number(row.asked)}</td>
                <td>{number(row.ready)}</td>
            </tr>
        }
    };
    let body = move || {
        let view = view.get();
        live.state
            .with(|s| rows(&s.history, view.from, view.now))
            .into_iter()
            .map(row)
            .collect_view()
    };
    let heads = [
        "time", "users", "req/s", "p95", "CPU", "wanted", "asked", "ready",
    ];
    move || {
        table.get().then(|| view! {
            <div class="rows" translate="no" tabindex="0">
                <table>
                    <thead><tr>{heads.map(|head| view! { <th scope="col">{head}</th> }).collect_view()}</tr></thead>
                    <tbody>{body}</tbody>
                </table>
            </div>
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::samples::{self, at};

    #[test]
    fn run_begins_before_its_load_and_ends_a_minute_ahead() {
        let (snapshot, history) = samples::mid_load();
        let state = LiveState::of_seat(snapshot, history);
        let view = view_of(&state, Span::Run, at(300.0), None, 950, Zone::default());
        assert_eq!(view.from, at(20.8));
        assert_eq!(view.to, at(360.0));
        assert_eq!(view.next_look, Some(at(120.8)));
    }

    #[test]
    fn without_a_load_the_last_five_minutes_are_shown() {
        let now = at(1_000.0);
        assert_eq!(Span::Run.from(&History::default(), now), at(700.0));
        assert_eq!(Span::Minutes(15).from(&History::default(), now), at(100.0));
    }
}
