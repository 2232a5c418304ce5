//! The chart with its readout, its one cursor, the choice of the window and the table. Drawing is `chart.rs`'s.

mod cursor;
mod legend;
mod measure;
mod spans;
mod table;
mod view;

use leptos::ev::PointerEvent;
use leptos::html::{Div, Section};
use leptos::prelude::*;
use wasm_bindgen::JsCast;

use crate::chart::{REM_PX, Readout, readout, render, render_cursor};
use crate::figures::{clock, minutes, seconds_between};
use crate::model::TimeMs;
use crate::stream::Live;
use crate::words;
use cursor::Cursor;
use legend::Legend;
pub(super) use measure::{Size, measure};
use spans::{Spans, kept_span};
use table::Table;
use view::{Shown, view_of};

/// The width that the server draws for: the left column at 1440 px.
const FIRST_WIDTH: u32 = 958;

/// The three bands and what belongs to them.
#[component]
pub(crate) fn ChartPanel(live: Live) -> impl IntoView {
    let span = kept_span();
    let paused = RwSignal::new(None::<TimeMs>);
    let cursor = RwSignal::new(None::<TimeMs>);
    let table = RwSignal::new(false);
    let each_pod = RwSignal::new(false);
    let size = RwSignal::new(Size {
        width: FIRST_WIDTH,
        rem: REM_PX,
    });
    let (panel, picture) = (NodeRef::<Section>::new(), NodeRef::<Div>::new());
    measure(picture, size);
    leave_by(panel, cursor);

    // The picture moves once a second, and at once for what is new.
    let second = Memo::new(move |_| whole_second(live.now.get()));
    let now = Memo::new(move |_| paused.get().unwrap_or_else(|| second.get()));
    let view = Memo::new(move |_| {
        let shown = Shown {
            span: span.get(),
            now: now.get(),
            size: size.get(),
            zone: live.zone.get(),
            each_pod: each_pod.get(),
            connection: live.connection.get(),
        };
        live.state.with(|state| view_of(state, shown))
    });
    let svg = Memo::new(move |_| live.state.with(|s| render(&s.history, &view.read())));
    let over = Memo::new(move |_| render_cursor(&view.read(), cursor.get()));
    let read = Memo::new(move |_| {
        let at = cursor.get().unwrap_or_else(|| now.get());
        live.state.with(|s| readout(&s.history, at))
    });
    let point = move |event: PointerEvent| {
        if let Some(element) = picture.get_untracked() {
            let x = f64::from(event.client_x()) - element.get_bounding_client_rect().left();
            let at = view.with_untracked(|view| view.plot().time_at(x as i32, view));
            cursor.set(Some(at));
        }
    };
    let pause = move || {
        paused.update(|paused| {
            *paused = match paused {
                Some(_) => None,
                None => Some(second.get_untracked()),
            }
        });
    };
    let paused_since = move || {
        let at = paused.get()?;
        let behind = seconds_between(at, second.get());
        Some(words::paused(&clock(at, live.zone.get()), behind))
    };
    view! {
        <section class="chart-panel" aria-label=words::CHART node_ref=panel>
            <div class="head">
                <Spans span />
                {switch(words::PAUSE, Signal::derive(move || paused.read().is_some()), pause)}
                {switch(words::EACH_POD, each_pod.into(), move || each_pod.update(|on| *on = !*on))}
                {switch(words::TABLE, table.into(), move || table.update(|on| *on = !*on))}
                <span class="paused" translate="no">{paused_since}</span>
                <span class="time" translate="no">{move || time(&read.read(), live)}</span>
            </div>
            <Legend read />
            <div
                class="picture"
                node_ref=picture
                hidden=move || table.get()
                role="img"
                aria-label=words::CHART
                translate="no"
                on:pointermove=point
                on:pointerdown=point
                on:pointerleave=move |event| if event.pointer_type() == "mouse" { cursor.set(None) }
            >
                <div class="drawing" inner_html=svg></div>
                <div class="over" inner_html=over></div>
            </div>
            <Cursor cursor table view read live />
            <Table table view live />
        </section>
    }
}

/// The first whole second that is not before a time.
fn whole_second(time: TimeMs) -> TimeMs {
    TimeMs((time.0 + 999).div_euclid(1000) * 1000)
}

/// `14:02:26 (+0:55)`.
fn time(read: &Readout, live: Live) -> String {
    let at = clock(read.time, live.zone.get());
    match read.since_users_s {
        Some(seconds) => format!("{at} (+{})", minutes(seconds)),
        None => at,
    }
}

/// A button that stays pressed.
fn switch(text: &'static str, pressed: Signal<bool>, press: impl Fn() + 'static) -> AnyView {
    view! {
        <button
            class="script-only"
            type="button"
            aria-pressed=move || pressed.get().to_string()
            on:click=move |_| press()
        >
            {text}
        </button>
    }
    .into_any()
}

/// Escape, and a tap anywhere else, lead the cursor back to now.
fn leave_by(panel: NodeRef<Section>, cursor: RwSignal<Option<TimeMs>>) {
    Effect::new(move || {
        let escape = window_event_listener(leptos::ev::keydown, move |event| {
            if event.key() == "Escape" {
                cursor.set(None);
            }
        });
        let tap = window_event_listener(leptos::ev::pointerdown, move |event| {
            let target = event.target();
            let target = target.and_then(|target| target.dyn_into::<web_sys::Node>().ok());
            let panel = panel.get_untracked();
            if !panel.is_some_and(|panel| panel.contains(target.as_ref())) {
                cursor.set(None);
            }
        });
        on_cleanup(move || {
            escape.remove();
            tap.remove();
        });
    });
}
