//! Tops of axes and ticks of time: nice numbers, so that axes grow in steps and not with every sample.

use crate::figures::Zone;
use crate::model::{History, TimeMs};

/// Tops of an axis within one power of ten.
const NICE: [f64; 6] = [1.0, 2.0, 3.0, 5.0, 8.0, 10.0];

/// Steps between labels of the time axis in seconds.
const STEPS_S: [i64; 5] = [60, 120, 300, 600, 1800];

/// The smallest nice number that is not below `value` nor below `least`.
pub(super) fn nice_top(value: f64, least: f64) -> f64 {
    let value = if value.is_finite() {
        value.max(least)
    } else {
        least
    };
    let power = 10f64.powf(value.log10().floor());
    let top = NICE
        .iter()
        .map(|nice| nice * power)
        .find(|top| *top >= value - 1e-9);
    top.unwrap_or(10.0 * power)
}

/// From when on values set the top of an axis: the whole run that is shown, though the window may have left its
/// beginning. So a top never sinks during a run.
pub(super) fn tops_from(history: &History, from: TimeMs, now: TimeMs) -> TimeMs {
    let mut began = history.marks.iter().rev().filter(|m| m.on);
    let run = began.find(|m| m.time <= now).map(|m| m.time);
    run.map_or(from, |run| run.min(from))
}

/// Times on whole steps of the reader's clock between `from` and `to`.
pub(super) fn steps(from: TimeMs, to: TimeMs, step_ms: i64, zone: Zone) -> Vec<TimeMs> {
    let first = (from.0 + zone.offset_ms()).div_euclid(step_ms) + 1;
    (first..)
        .map(|index| TimeMs(index * step_ms - zone.offset_ms()))
        .take_while(|tick| *tick <= to)
        .collect()
}

/// The step in ms between labels that are at least `apart_px` apart on an axis of `width_px`.
pub(super) fn label_step_ms(from: TimeMs, to: TimeMs, width_px: i32, apart_px: i32) -> i64 {
    let seconds = to.seconds_since(from).max(1.0);
    let least_s = seconds * f64::from(apart_px) / f64::from(width_px.max(1));
    let step_s = STEPS_S.into_iter().find(|step| *step as f64 >= least_s);
    step_s.unwrap_or(3600) * 1000
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::LoadMark;

    #[test]
    fn tops_are_nice_and_never_below_the_value() {
        for (value, least, top) in [
            (0.0, 5.0, 5.0),
            (31.0, 5.0, 50.0),
            (9.8, 1.0, 10.0),
            (10.0, 1.0, 10.0),
            (10.1, 1.0, 20.0),
            (0.25, 0.1, 0.3),
            (f64::NAN, 1.0, 1.0),
        ] {
            assert!((nice_top(value, least) - top).abs() < 1e-9, "{value}");
        }
    }

    #[test]
    fn ticks_stand_on_whole_minutes_of_the_reader() {
        let zone = Zone { minutes_east: 330 };
        let (from, to) = (TimeMs(1_000), TimeMs(301_000));
        let ticks = steps(from, to, label_step_ms(from, to, 600, 100), zone);
        assert_eq!(ticks.len(), 5);
        assert!(ticks.iter().all(|t| t.0 % 60_000 == 0));
    }

    #[test]
    fn labels_of_an_hour_are_further_apart() {
        assert_eq!(
            label_step_ms(TimeMs(0), TimeMs(3_660_000), 862, 72),
            600_000
        );
    }

    #[test]
    fn tops_are_set_by_the_whole_run() {
        let mark = |time, on| LoadMark {
            time: TimeMs(time),
            on,
        };
        let history = History {
            marks: vec![mark(10, true), mark(20, false), mark(30, true)],
            ..History::default()
        };
        let from = |from, now| tops_from(&history, TimeMs(from), TimeMs(now)).0;
        assert_eq!(from(50, 99), 30, "a window within the run");
        assert_eq!(from(5, 99), 5, "a window that is wider than the run");
        assert_eq!(from(25, 28), 10, "a run that came after a pause");
        assert_eq!(from(5, 8), 5, "no run yet");
    }
}
