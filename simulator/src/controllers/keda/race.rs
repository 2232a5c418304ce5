//! The first moments of a ScaledObject, in which two of KEDA's loops write its conditions over each other. Pure.
//!
//! The reconciler (`controllers/keda/scaledobject_controller.go`) and the scale loop
//! (`pkg/scaling/executor/scale_scaledobjects.go`) each write all conditions from a copy of their own, which does not
//! know the other's last write. So Active and Fallback flip back to Unknown before they settle, in one of the two
//! orders that the recordings show.

use std::collections::VecDeque;

use tokio::time::{Duration, Instant};

use super::status::First;

/// Which of two orders: the reconciler writes first in 3 of 5 recordings.
const RECONCILER_FIRST: f64 = 0.6;

/// What is still to be written, and when.
pub(super) type Race = VecDeque<(Instant, First)>;

/// The writes after the ScaledObject has become ready; `chance` is between 0 and 1.
pub(super) fn begin(now: Instant, chance: f64) -> Race {
    let known = |active, fallback| First { active, fallback };
    let at = |millis| now + Duration::from_millis(millis);
    let steps = if chance < RECONCILER_FIRST {
        // The HPA's creation wakes the reconciler once more, whose cache lags behind: Active stays Unknown until the
        // next poll.
        [
            (now, known(false, true)),
            (at(10), known(true, false)),
            (at(45), known(false, true)),
        ]
    } else {
        [
            (now, known(true, false)),
            (at(4), known(false, true)),
            (at(24), known(true, true)),
        ]
    };
    steps.into()
}

/// The newest write that is due.
pub(super) fn next(race: &mut Race, now: Instant) -> Option<First> {
    race.front().filter(|(at, _)| *at <= now)?;
    race.pop_front().map(|(_, first)| first)
}
