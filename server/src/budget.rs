//! How much of something anybody may ask for, one bucket for the whole panel. A class sits behind one address, so it is
//! not kept by address.
//!
//! It is asked only after a request proved to have no right: who has one never waits. What keeps guessing hopeless is a
//! code's 40 bits; the budget answers floods cheaply and makes them visible.

use app::model::TimeMs;
use parking_lot::Mutex;

/// A token bucket. Shared by all requests of this process.
#[derive(Debug)]
pub(crate) struct Budget {
    burst: f64,
    per_second: f64,
    bucket: Mutex<Bucket>,
}

#[derive(Debug)]
struct Bucket {
    tokens: f64,
    filled: TimeMs,
    /// Since the last that was granted.
    refused: u64,
}

impl Budget {
    /// Full at first.
    pub(crate) fn new(burst: f64, per_second: f64) -> Self {
        Self {
            burst,
            per_second,
            bucket: Mutex::new(Bucket {
                tokens: burst,
                filled: TimeMs(i64::MIN),
                refused: 0,
            }),
        }
    }

    /// Wrong codes: all forty of a class may mistype theirs at once, then one a second.
    pub(crate) fn of_wrong_codes() -> Self {
        Self::new(40.0, 1.0)
    }

    /// Sessions that this process does not know, each of which costs a question to the API server.
    pub(crate) fn of_unknown_sessions() -> Self {
        Self::new(200.0, 20.0)
    }

    /// Lines of the audit about people who are not signed in: a flood must not fill a disk.
    pub(crate) fn of_refusals() -> Self {
        Self::new(100.0, 5.0)
    }

    /// Answers of the identity provider that cost a question to it: a hall may come at once, then ten a second.
    pub(crate) fn of_sign_ons() -> Self {
        Self::new(300.0, 10.0)
    }

    /// Readings of the identity provider's keys for the sake of one that is not known; providers change theirs by the day.
    pub(crate) fn of_new_keys() -> Self {
        Self::new(3.0, 1.0 / 60.0)
    }

    /// Takes one.
    ///
    /// # Errors
    /// Too many came in.
    pub(crate) fn take(&self, now: TimeMs) -> Result<(), Spent> {
        let mut bucket = self.bucket.lock();
        let passed_s = now.0.saturating_sub(bucket.filled.0).max(0) as f64 / 1000.0;
        bucket.tokens = (bucket.tokens + passed_s * self.per_second).min(self.burst);
        bucket.filled = now;
        if bucket.tokens >= 1.0 {
            bucket.tokens -= 1.0;
            bucket.refused = 0;
            return Ok(());
        }
        bucket.refused += 1;
        Err(Spent {
            wait_s: ((1.0 - bucket.tokens) / self.per_second).ceil() as u32,
            is_first: bucket.refused == 1,
        })
    }
}

/// Nothing is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Spent {
    /// Seconds until there is some again.
    pub(crate) wait_s: u32,
    /// The first of a row: what is worth a line in the log.
    pub(crate) is_first: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_may_mistype_then_one_a_second() {
        let budget = Budget::of_wrong_codes();
        let now = TimeMs(1_000_000);
        for _ in 0..40 {
            assert_eq!(budget.take(now), Ok(()));
        }
        let spent = |is_first| {
            Err(Spent {
                wait_s: 1,
                is_first,
            })
        };
        assert_eq!(budget.take(now), spent(true));
        assert_eq!(budget.take(now), spent(false));
        assert_eq!(budget.take(now.plus_ms(1_000)), Ok(()));
        assert_eq!(budget.take(now.plus_ms(1_500)), spent(true));
    }

    #[test]
    fn a_quiet_minute_fills_the_budget_again() {
        let budget = Budget::of_wrong_codes();
        let now = TimeMs(1_000_000);
        while budget.take(now).is_ok() {}
        for _ in 0..40 {
            assert_eq!(budget.take(now.plus_ms(60_000)), Ok(()));
        }
        assert!(budget.take(now.plus_ms(60_000)).is_err());
    }
}
