//! Cuts what was observed into pieces that may be drawn: a state holds until the next one, as far as the source was
//! observed; a line breaks where samples are missing. Pure arithmetic on time, no drawing.

use crate::model::{Interval, LoadSample, TimeMs};

/// Samples further apart than this are not joined: the locustfile prints every 2 s.
const JOIN_MS: i64 = 10_000;

/// A stretch of time with one value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Piece<T> {
    pub(super) from: TimeMs,
    pub(super) to: TimeMs,
    pub(super) value: T,
}

/// States as pieces between `from` and `to`, without what was not observed.
pub(super) fn pieces<T: Copy + PartialEq>(
    states: impl IntoIterator<Item = (TimeMs, T)>,
    observed: &[Interval],
    from: TimeMs,
    to: TimeMs,
) -> Vec<Piece<T>> {
    let states: Vec<_> = states.into_iter().collect();
    let mut pieces: Vec<Piece<T>> = Vec::new();
    for (index, (start, value)) in states.iter().enumerate() {
        let end = states.get(index + 1).map_or(to, |next| next.0);
        for interval in observed {
            let seen_to = interval.to.unwrap_or(to);
            let piece_from = (*start).max(interval.from).max(from);
            let piece_to = end.min(seen_to).min(to);
            if piece_from >= piece_to {
                continue;
            }
            match pieces.last_mut() {
                Some(last) if last.to == piece_from && last.value == *value => last.to = piece_to,
                _ => pieces.push(Piece {
                    from: piece_from,
                    to: piece_to,
                    value: *value,
                }),
            }
        }
    }
    pieces
}

/// Points of a line, broken where the value is unknown or samples are missing.
pub(super) fn lines(
    samples: &[LoadSample],
    value: impl Fn(&LoadSample) -> Option<f64>,
) -> Vec<Vec<(TimeMs, f64)>> {
    let mut lines: Vec<Vec<(TimeMs, f64)>> = Vec::new();
    let mut last: Option<TimeMs> = None;
    for sample in samples {
        let Some(value) = value(sample) else {
            last = None;
            continue;
        };
        let joins = last.is_some_and(|last| sample.time.0 - last.0 <= JOIN_MS);
        match lines.last_mut() {
            Some(line) if joins => line.push((sample.time, value)),
            _ => lines.push(vec![(sample.time, value)]),
        }
        last = Some(sample.time);
    }
    lines
}

/// Stretches of joined samples in which a value is unknown.
pub(super) fn unknown(
    samples: &[LoadSample],
    known: impl Fn(&LoadSample) -> bool,
) -> Vec<(TimeMs, TimeMs)> {
    let mut stretches: Vec<(TimeMs, TimeMs)> = Vec::new();
    let mut last: Option<TimeMs> = None;
    for sample in samples {
        if known(sample) {
            last = None;
            continue;
        }
        let joins = last.is_some_and(|last| sample.time.0 - last.0 <= JOIN_MS);
        match stretches.last_mut() {
            Some(stretch) if joins => stretch.1 = sample.time,
            _ => stretches.push((sample.time, sample.time)),
        }
        last = Some(sample.time);
    }
    stretches
}

/// Whether a source was read at a time.
pub(super) fn observed_at(observed: &[Interval], at: TimeMs) -> bool {
    let mut intervals = observed.iter();
    intervals.any(|i| i.from <= at && i.to.is_none_or(|to| at <= to))
}

/// Stretches between `from` and `to` in which nothing was observed.
pub(super) fn gaps(observed: &[Interval], from: TimeMs, to: TimeMs) -> Vec<(TimeMs, TimeMs)> {
    let mut gaps = Vec::new();
    let mut seen_to = from;
    for interval in observed {
        if interval.from > seen_to {
            gaps.push((seen_to, interval.from.min(to)));
        }
        seen_to = seen_to.max(interval.to.unwrap_or(to));
    }
    if seen_to < to {
        gaps.push((seen_to, to));
    }
    gaps.retain(|(from, to)| from < to);
    gaps
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(from: i64, to: Option<i64>) -> Interval {
        Interval {
            from: TimeMs(from * 1000),
            to: to.map(|to| TimeMs(to * 1000)),
        }
    }

    fn at(seconds: i64) -> TimeMs {
        TimeMs(seconds * 1000)
    }

    #[test]
    fn a_state_holds_until_the_next_one() {
        let all = [seconds(0, None)];
        let drawn = pieces([(at(0), 1), (at(10), 4)], &all, at(5), at(20));
        let expected = [(5, 10, 1), (10, 20, 4)].map(|(from, to, value)| Piece {
            from: at(from),
            to: at(to),
            value,
        });
        assert_eq!(drawn, expected);
    }

    #[test]
    fn unobserved_time_is_a_gap() {
        let seen = [seconds(0, Some(10)), seconds(15, None)];
        let drawn = pieces([(at(0), 1)], &seen, at(0), at(20));
        assert_eq!(drawn.len(), 2);
        assert_eq!((drawn[0].to, drawn[1].from), (at(10), at(15)));
        assert_eq!(gaps(&seen, at(0), at(20)), [(at(10), at(15))]);
    }

    #[test]
    fn nothing_observed_draws_nothing() {
        assert!(pieces([(at(0), 1)], &[], at(0), at(20)).is_empty());
        assert_eq!(gaps(&[], at(0), at(20)), [(at(0), at(20))]);
    }

    #[test]
    fn unknown_percentile_breaks_the_line_and_is_no_zero() {
        let sample = |t, p95_ms| LoadSample {
            time: at(t),
            users: None,
            rps: 1.0,
            failures_per_s: 0.0,
            p50_ms: None,
            p95_ms,
        };
        let samples = [
            sample(0, Some(5)),
            sample(2, None),
            sample(4, Some(7)),
            sample(6, Some(8)),
            sample(30, Some(9)),
        ];
        let drawn = lines(&samples, |s| s.p95_ms.map(f64::from));
        let shape: Vec<_> = drawn.iter().map(Vec::len).collect();
        assert_eq!(shape, [1, 2, 1]);
        assert!(drawn.iter().flatten().all(|(_, value)| *value > 0.0));
    }

    #[test]
    fn unanswered_stretches_end_where_an_answer_came_or_samples_are_missing() {
        let sample = |t, p95_ms| LoadSample {
            time: at(t),
            users: None,
            rps: 0.0,
            failures_per_s: 0.0,
            p50_ms: None,
            p95_ms,
        };
        let samples = [
            sample(0, None),
            sample(8, None),
            sample(10, Some(1)),
            sample(12, None),
            sample(40, None),
        ];
        let none = unknown(&samples, |s| s.p95_ms.is_some());
        assert_eq!(none, [(at(0), at(8)), (at(12), at(12)), (at(40), at(40))]);
    }
}
