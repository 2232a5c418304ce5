//! The cursor for the keyboard: a real slider, whose text is the whole readout.

use leptos::ev::KeyboardEvent;
use leptos::prelude::*;

use crate::chart::{ChartView, Readout};
use crate::model::TimeMs;
use crate::stream::Live;
use crate::words;

/// An arrow key's step in ms.
const STEP_MS: i64 = 1_000;

/// The same with Shift: one look of the HPA.
const SHIFT_STEP_MS: i64 = 15_000;

/// Where a key leads the cursor: `None` follows now. Not a key of the slider: nothing.
fn after_key(
    key: &str,
    shift: bool,
    at: Option<TimeMs>,
    from: TimeMs,
    now: TimeMs,
) -> Option<Option<TimeMs>> {
    let step = if shift { SHIFT_STEP_MS } else { STEP_MS };
    let step = match key {
        "ArrowLeft" | "ArrowDown" => -step,
        "ArrowRight" | "ArrowUp" => step,
        "Home" => return Some(Some(from)),
        "End" => return Some(None),
        _ => return None,
    };
    let to = at.unwrap_or(now).plus_ms(step).max(from);
    Some(Some(to).filter(|to| *to < now))
}

/// As long as the axis, so that it stands under the cursor; what is ahead has no values yet.
#[component]
pub(super) fn Cursor(
    cursor: RwSignal<Option<TimeMs>>,
    /// Stands in place of the picture, and needs no cursor.
    table: RwSignal<bool>,
    view: Memo<ChartView>,
    read: Memo<Readout>,
    live: Live,
) -> impl IntoView {
    let seconds = |time: TimeMs| time.0.div_euclid(1000);
    let text = move || words::readout(&read.read(), live.zone.get());
    let window = move || view.with_untracked(|view| (view.from, view.now));
    let on_input = move |input: web_sys::HtmlInputElement| {
        if let Ok(at) = input.value().parse::<i64>() {
            let (from, now) = window();
            let at = TimeMs(at * 1000).clamp(from, now);
            input.set_value(&seconds(at).to_string());
            cursor.set(Some(at));
        }
    };
    let on_key = move |event: KeyboardEvent| {
        let (from, now) = window();
        let at = cursor.get_untracked();
        if let Some(to) = after_key(&event.key(), event.shift_key(), at, from, now) {
            event.prevent_default();
            cursor.set(to);
        }
    };
    view! {
        <input
            class="script-only"
            type="range"
            hidden=move || table.get()
            aria-label=words::TIME
            step="1"
            min=move || seconds(view.read().from)
            max=move || seconds(view.read().to)
            prop:value=move || seconds(cursor.get().unwrap_or(view.read().now)).to_string()
            aria-valuetext=text
            value=move || seconds(view.read().now).to_string()
            on:input:target=move |event| on_input(event.target())
            on:keydown=on_key
            on:blur=move |event| {
                // A tap on the picture takes the focus away too, and sets the cursor itself.
                if event.related_target().is_some() {
                    cursor.set(None);
                }
            }
        />
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_move_by_a_second_or_a_look_and_stay_in_the_window() {
        let (from, now) = (TimeMs(10_000), TimeMs(100_000));
        let key = |key, shift, at: Option<i64>| {
            after_key(key, shift, at.map(TimeMs), from, now).map(|to| to.map(|to| to.0))
        };
        assert_eq!(key("ArrowLeft", false, None), Some(Some(99_000)));
        assert_eq!(key("ArrowLeft", true, Some(99_000)), Some(Some(84_000)));
        assert_eq!(key("ArrowDown", true, Some(12_000)), Some(Some(10_000)));
        assert_eq!(key("ArrowUp", false, Some(50_000)), Some(Some(51_000)));
        assert_eq!(key("ArrowRight", true, Some(99_000)), Some(None), "now");
        assert_eq!(key("Home", false, None), Some(Some(10_000)));
        assert_eq!(key("End", false, Some(50_000)), Some(None));
        assert_eq!(key("Tab", false, None), None);
    }
}
