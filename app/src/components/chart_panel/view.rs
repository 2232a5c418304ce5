//! What of the page's state the chart shows: from the snapshot, the choice of the window and the size of the picture to
//! a [`ChartView`]. Pure.

use super::measure::Size;
use super::spans::Span;
use crate::chart::{AHEAD_MS, ChartView};
use crate::figures::Zone;
use crate::live::{Connection, LiveState};
use crate::model::{Explanation, TimeMs};

/// What was chosen, and what the browser is like.
#[derive(Clone, Copy)]
pub(super) struct Shown {
    pub(super) span: Span,
    pub(super) now: TimeMs,
    pub(super) size: Size,
    pub(super) zone: Zone,
    pub(super) each_pod: bool,
    pub(super) connection: Connection,
}

pub(super) fn view_of(state: &LiveState, shown: Shown) -> ChartView {
    let Shown {
        span,
        now,
        size,
        zone,
        each_pod,
        connection,
    } = shown;
    let snapshot = state.snapshot.as_ref();
    let (scale_down, remembered) = match snapshot.map(|s| &s.explanation) {
        Some(Explanation::HeldByWindow {
            until,
            highest_at,
            highest,
            ..
        }) => (*until, highest_at.zip(*highest)),
        _ => (None, None),
    };
    let load = snapshot.and_then(|s| s.load.as_ref());
    let guess = load.and_then(|load| Some((load.first_users.unwrap_or(load.created), load.guess?)));
    let deployment = snapshot.and_then(|s| s.deployment.as_ref());
    let autoscaler = snapshot.and_then(|s| s.autoscaler.as_ref());
    let plot = crate::chart::Plot::of(size.width, size.rem);
    ChartView {
        width: size.width,
        rem: size.rem,
        from: span.from(&state.history, now, plot.right - plot.left),
        to: now.plus_ms(AHEAD_MS),
        now,
        heard: (connection == Connection::Lost).then_some(state.time),
        zone,
        limit_m: deployment.and_then(|d| d.cpu_limit_m),
        next_look: autoscaler.and_then(|a| a.next_look),
        scale_down,
        remembered,
        guess,
        each_pod: match each_pod {
            true => state.pod_lines.lines(),
            false => Vec::new(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::REM_PX;
    use crate::model::samples::{self, at};

    fn shown(span: Span, now: TimeMs) -> Shown {
        Shown {
            span,
            now,
            size: Size {
                width: 958,
                rem: REM_PX,
            },
            zone: Zone::default(),
            each_pod: false,
            connection: Connection::Live,
        }
    }

    fn mid_load() -> LiveState {
        let (snapshot, history) = samples::mid_load();
        LiveState::of_seat(snapshot, history)
    }

    #[test]
    fn run_begins_before_its_load_and_ends_a_minute_ahead() {
        let view = view_of(&mid_load(), shown(Span::Run, at(300.0)));
        assert_eq!(view.from, at(20.8));
        assert_eq!(view.to, at(360.0));
        assert_eq!(view.next_look, Some(at(120.8)));
        assert_eq!(view.heard, None);
    }

    #[test]
    fn of_a_lost_stream_nothing_is_shown_after_its_last_event() {
        let lost = Shown {
            connection: Connection::Lost,
            ..shown(Span::Run, at(300.0))
        };
        assert_eq!(view_of(&mid_load(), lost).heard, Some(at(112.0)));
    }

    #[test]
    fn guess_stands_from_the_first_users_on() {
        let mut state = mid_load();
        let view = |state: &LiveState| view_of(state, shown(Span::Run, at(112.0))).guess;
        assert_eq!(view(&state), None);
        let load = state.snapshot.as_mut().and_then(|s| s.load.as_mut());
        load.expect("a load is on").guess = Some(6);
        assert_eq!(view(&state), Some((at(50.8), 6)));
    }

    #[test]
    fn pods_have_lines_only_where_they_are_asked_for() {
        let state = mid_load();
        assert!(
            view_of(&state, shown(Span::Run, at(112.0)))
                .each_pod
                .is_empty()
        );
        let asked = Shown {
            each_pod: true,
            ..shown(Span::Run, at(112.0))
        };
        assert_eq!(view_of(&state, asked).each_pod.len(), 4);
    }
}
