//! Tops of axes and ticks of time: nice numbers, so that axes grow in steps and not with every sample.

use crate::figures::Zone;
use crate::model::TimeMs;

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

/// Times with a label between `from` and `to`, at least `apart_px` apart, on whole steps of the reader's clock.
pub(super) fn time_ticks(
    from: TimeMs,
    to: TimeMs,
    width_px: u32,
    apart_px: u32,
    zone: Zone,
) -> Vec<TimeMs> {
    let seconds = to.seconds_since(from).max(1.0);
    let least_s = seconds * f64::from(apart_px) / f64::from(width_px.max(1));
    let step_s = STEPS_S.into_iter().find(|step| *step as f64 >= least_s);
    let step_ms = step_s.unwrap_or(3600) * 1000;
    let first = (from.0 + zone.offset_ms()).div_euclid(step_ms) + 1;
    (first..)
        .map(|index| TimeMs(index * step_ms - zone.offset_ms()))
        .take_while(|tick| *tick <= to)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

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
        let ticks = time_ticks(TimeMs(1_000), TimeMs(301_000), 600, 100, zone);
        assert_eq!(ticks.len(), 5);
        assert!(ticks.iter().all(|t| t.0 % 60_000 == 0));
    }
}
