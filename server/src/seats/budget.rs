//! The budget of wrong codes, one for the whole panel. A class signs in from one address, so it is not kept by address.
//!
//! It is asked only after a code proved wrong: a right code never waits. What keeps guessing hopeless is the code's 40
//! bits; the budget answers floods cheaply and makes them visible.

use app::model::TimeMs;
use parking_lot::Mutex;

/// Wrong codes that a class may type at once: all forty mistype theirs.
const BURST: f64 = 40.0;
/// Wrong codes a second after that.
const PER_SECOND: f64 = 1.0;

/// A token bucket. Shared by all sign-ins of this process.
#[derive(Debug)]
pub(super) struct WrongCodes {
    bucket: Mutex<Bucket>,
}

#[derive(Debug)]
struct Bucket {
    tokens: f64,
    filled: TimeMs,
}

impl Default for WrongCodes {
    fn default() -> Self {
        Self {
            bucket: Mutex::new(Bucket {
                tokens: BURST,
                filled: TimeMs(i64::MIN),
            }),
        }
    }
}

impl WrongCodes {
    /// Counts one wrong code.
    ///
    /// # Errors
    /// The seconds to wait, if too many came in.
    pub(super) fn count(&self, now: TimeMs) -> Result<(), u32> {
        let mut bucket = self.bucket.lock();
        let passed_s = now.0.saturating_sub(bucket.filled.0).max(0) as f64 / 1000.0;
        bucket.tokens = (bucket.tokens + passed_s * PER_SECOND).min(BURST);
        bucket.filled = now;
        if bucket.tokens >= 1.0 {
            bucket.tokens -= 1.0;
            return Ok(());
        }
        Err(((1.0 - bucket.tokens) / PER_SECOND).ceil() as u32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_may_mistype_then_one_a_second() {
        let budget = WrongCodes::default();
        let now = TimeMs(1_000_000);
        for _ in 0..40 {
            assert_eq!(budget.count(now), Ok(()));
        }
        assert_eq!(budget.count(now), Err(1));
        assert_eq!(budget.count(now.plus_ms(1_000)), Ok(()));
        assert_eq!(budget.count(now.plus_ms(1_500)), Err(1));
    }

    #[test]
    fn a_quiet_minute_fills_the_budget_again() {
        let budget = WrongCodes::default();
        let now = TimeMs(1_000_000);
        while budget.count(now).is_ok() {}
        for _ in 0..40 {
            assert_eq!(budget.count(now.plus_ms(60_000)), Ok(()));
        }
        assert_eq!(budget.count(now.plus_ms(60_000)), Err(1));
    }
}
