//! How much the chart shows: this run, 5, 15 or 60 minutes. The browser remembers the choice.

use leptos::prelude::*;

use crate::components::kept::{keep, kept};
use crate::model::{History, TimeMs};
use crate::words;

/// Before the load on the window of a run.
const BEFORE_LOAD_MS: i64 = 30_000;

/// The shortest window of a run.
const LEAST_MS: i64 = 120_000;

const MINUTE_MS: i64 = 60_000;

/// From this width in px on a second takes at most [`MOST_PX_PER_S`]: more would only stretch a short run.
const WIDE_PX: i32 = 1_000;

const MOST_PX_PER_S: i64 = 3;

/// What the browser keeps the choice under.
const KEPT_AS: &str = "chart-window";

/// How much is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Span {
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
    /// When the window begins, for a plot of `plot_px`.
    pub(super) fn from(self, history: &History, now: TimeMs, plot_px: i32) -> TimeMs {
        match self {
            Self::Minutes(minutes) => now.plus_ms(-minutes * MINUTE_MS),
            Self::Run => {
                let mut began = history.marks.iter().rev().filter(|m| m.on);
                let began = began.find(|m| m.time <= now).map(|m| m.time);
                let from = began.map_or(now.plus_ms(-5 * MINUTE_MS), |on| {
                    on.plus_ms(-BEFORE_LOAD_MS)
                });
                let least = match plot_px > WIDE_PX {
                    true => (i64::from(plot_px) * 1000 / MOST_PX_PER_S - crate::chart::AHEAD_MS)
                        .max(LEAST_MS),
                    false => LEAST_MS,
                };
                from.clamp(now.plus_ms(-60 * MINUTE_MS), now.plus_ms(-least))
            }
        }
    }

    /// Its name in the browser's storage.
    fn id(self) -> &'static str {
        match self {
            Self::Run => "run",
            Self::Minutes(5) => "5",
            Self::Minutes(15) => "15",
            Self::Minutes(_) => "60",
        }
    }

    fn name(self) -> String {
        match self {
            Self::Run => words::THIS_RUN.to_owned(),
            Self::Minutes(minutes) => words::minutes_shown(minutes),
        }
    }
}

/// The choice, which the browser tells once it is there.
pub(super) fn kept_span() -> RwSignal<Span> {
    let span = RwSignal::new(Span::Run);
    Effect::new(move || {
        let before = kept(KEPT_AS);
        let known = |span: &Span| before.as_deref() == Some(span.id());
        if let Some(known) = SPANS.into_iter().find(known) {
            span.set(known);
        }
    });
    span
}

/// One button a window.
#[component]
pub(super) fn Spans(span: RwSignal<Span>) -> impl IntoView {
    let choose = move |own: Span| {
        span.set(own);
        keep(KEPT_AS, Some(own.id()));
    };
    let choice = move |own: Span| {
        view! {
            <button
                class="script-only"
                type="button"
                aria-pressed=move || (span.get() == own).to_string()
                on:click=move |_| choose(own)
            >
                {own.name()}
            </button>
        }
    };
    view! { <div class="spans" role="group" aria-label=words::WINDOW>{SPANS.map(choice).collect_view()}</div> }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::LoadMark;
    use crate::model::samples::at;

    #[test]
    fn without_a_load_the_last_five_minutes_are_shown() {
        let now = at(1_000.0);
        let from = |span: Span| span.from(&History::default(), now, 862);
        assert_eq!(from(Span::Run), at(700.0));
        assert_eq!(from(Span::Minutes(15)), at(100.0));
    }

    #[test]
    fn on_a_wide_screen_a_second_takes_three_px_at_most() {
        let history = History {
            marks: vec![LoadMark {
                time: at(990.0),
                on: true,
            }],
            ..History::default()
        };
        let from = |plot_px| Span::Run.from(&history, at(1_000.0), plot_px);
        assert_eq!(from(862), at(880.0));
        assert_eq!(from(1_200), at(660.0), "400 s, 60 of them ahead");
    }

    #[test]
    fn each_window_is_kept_under_a_name_of_its_own() {
        let mut ids = SPANS.map(Span::id).to_vec();
        ids.dedup();
        assert_eq!(ids, ["run", "5", "15", "60"]);
    }
}
