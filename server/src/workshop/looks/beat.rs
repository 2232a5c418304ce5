//! The beat of the looks: learned from two that fit, and kept over those that changed nothing and so were not seen.

use app::model::TimeMs;
use autoscaling::SYNC_PERIOD_MS;

use super::Looks;

/// The looks of a real cluster keep their beat within a few hundredths of a second; more than this is another beat.
const BEAT_TOLERANCE_MS: i64 = 1_500;

impl Looks {
    /// When the next look is expected: known after two looks that fit the beat.
    pub fn next(&self, now: TimeMs) -> Option<TimeMs> {
        self.first_at_or_after(now.plus_ms(1))
    }

    /// The first expected look at `time` or after it.
    pub fn first_at_or_after(&self, time: TimeMs) -> Option<TimeMs> {
        let (last, period) = self.beat()?;
        let looks = (time.0 - last.0 + period - 1).div_euclid(period);
        Some(last.plus_ms(looks * period))
    }

    /// The last expected look at `time` or before it.
    pub(super) fn last_before(&self, time: TimeMs) -> Option<TimeMs> {
        let (_, period) = self.beat()?;
        Some(self.next(time)?.plus_ms(-period))
    }

    /// The last expected look before the seen one, but none before `earliest`.
    pub(super) fn before(&self, seen: TimeMs, earliest: TimeMs) -> TimeMs {
        let period = self.beat().map_or(SYNC_PERIOD_MS, |(_, period)| period);
        seen.plus_ms(-period).max(earliest)
    }

    /// The last seen look and the learned period in milliseconds.
    fn beat(&self) -> Option<(TimeMs, i64)> {
        let mut timed = self.seen.iter().rev().filter(|look| look.timed);
        let last = timed.next()?.time;
        let before = timed.next()?.time;
        let round = |ms: i64| (ms + SYNC_PERIOD_MS / 2).div_euclid(SYNC_PERIOD_MS);
        let looks = round(last.0 - before.0);
        if looks == 0 || (last.0 - before.0 - looks * SYNC_PERIOD_MS).abs() > BEAT_TOLERANCE_MS {
            return None;
        }
        // Over many looks the beat is known better than a few hundredths of a second.
        let first = timed.next_back().map_or(before, |look| look.time);
        let span = last.0 - first.0;
        let period = span / round(span).max(1);
        let drifted = (period - SYNC_PERIOD_MS).abs() > SYNC_PERIOD_MS / 100;
        Some((last, if drifted { SYNC_PERIOD_MS } else { period }))
    }
}
