//! Arithmetic of stretches of time: sorted, disjoint, never empty. An interval that goes on has no end but the last
//! millisecond there is.

use app::model::{Interval, TimeMs};

/// From and to in milliseconds; `to` does not belong to it.
pub(super) type Stretch = (i64, i64);

const GOES_ON: i64 = i64::MAX;

/// Observed intervals as stretches.
pub(super) fn stretches(intervals: &[Interval]) -> Vec<Stretch> {
    let ends = |interval: &Interval| (interval.from.0, interval.to.map_or(GOES_ON, |to| to.0));
    joined(intervals.iter().map(ends).collect())
}

/// Stretches as observed intervals.
pub(super) fn intervals(stretches: &[Stretch]) -> Vec<Interval> {
    let interval = |(from, to): &Stretch| Interval {
        from: TimeMs(*from),
        to: (*to != GOES_ON).then_some(TimeMs(*to)),
    };
    stretches.iter().map(interval).collect()
}

/// What is in one or both.
pub(super) fn union(one: &[Stretch], other: &[Stretch]) -> Vec<Stretch> {
    joined([one, other].concat())
}

/// What is in `one` and not in `other`.
pub(super) fn minus(one: &[Stretch], other: &[Stretch]) -> Vec<Stretch> {
    let mut left = Vec::new();
    for (from, to) in one {
        let mut from = *from;
        for (other_from, other_to) in other {
            if from < *other_from {
                left.push((from, (*to).min(*other_from)));
            }
            from = from.max(*other_to);
            if from >= *to {
                break;
            }
        }
        left.push((from, *to));
    }
    left.retain(|(from, to)| from < to);
    left
}

/// What is between `from` and `to`.
pub(super) fn clip(stretches: &[Stretch], from: TimeMs, to: TimeMs) -> Vec<Stretch> {
    let clipped = stretches
        .iter()
        .map(|(a, b)| ((*a).max(from.0), (*b).min(to.0)));
    clipped.filter(|(from, to)| from < to).collect()
}

/// Milliseconds of all together.
pub(super) fn length(stretches: &[Stretch]) -> i64 {
    let lengths = stretches.iter().map(|(from, to)| to.saturating_sub(*from));
    lengths.fold(0, i64::saturating_add)
}

fn joined(mut stretches: Vec<Stretch>) -> Vec<Stretch> {
    stretches.retain(|(from, to)| from < to);
    stretches.sort_unstable();
    let mut joined: Vec<Stretch> = Vec::with_capacity(stretches.len());
    for (from, to) in stretches {
        match joined.last_mut() {
            Some(last) if from <= last.1 => last.1 = last.1.max(to),
            _ => joined.push((from, to)),
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn union_joins_what_overlaps_or_touches() {
        let (one, other) = ([(0, 10), (30, 40)], [(10, 20), (35, 50)]);
        assert_eq!(union(&one, &other), [(0, 20), (30, 50)]);
    }

    #[test]
    fn minus_leaves_the_rest() {
        let one = [(0, 10), (20, 30), (40, GOES_ON)];
        assert_eq!(minus(&one, &[]), one);
        assert_eq!(minus(&one, &one), []);
        assert_eq!(minus(&one, &[(5, 25)]), [(0, 5), (25, 30), (40, GOES_ON)]);
        assert_eq!(
            minus(&one, &[(2, 3), (22, 23), (50, 60)]),
            [(0, 2), (3, 10), (20, 22), (23, 30), (40, 50), (60, GOES_ON)]
        );
        assert_eq!(length(&minus(&[(0, 10)], &[(4, 6)])), 8);
    }

    #[test]
    fn interval_that_goes_on_stays_open() {
        let open = [
            Interval {
                from: TimeMs(1),
                to: Some(TimeMs(1)),
            },
            Interval {
                from: TimeMs(3),
                to: None,
            },
        ];
        let all = stretches(&open);
        assert_eq!(intervals(&all), open[1..]);
        assert_eq!(clip(&all, TimeMs(0), TimeMs(7)), [(3, 7)]);
    }
}
