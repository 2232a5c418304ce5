//! The simulator's only clock. Every part reads it; none reads the machine's clock, so that tests can pause time.

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{MicroTime, Time};
use tokio::time::{Duration, Instant};

/// A wall clock that moves with tokio's: `start` at the moment of its creation, and as fast as `tokio::time`.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    start: Timestamp,
    origin: Instant,
}

impl Clock {
    /// Begins to run at `start`.
    pub fn new(start: Timestamp) -> Self {
        Self {
            start,
            origin: Instant::now(),
        }
    }

    /// The simulated time now, with nanoseconds.
    pub fn now(&self) -> Timestamp {
        self.at(Instant::now())
    }

    /// The simulated time at an instant of tokio's clock.
    pub fn at(&self, instant: Instant) -> Timestamp {
        let elapsed = instant.saturating_duration_since(self.origin);
        let elapsed = SignedDuration::try_from(elapsed).unwrap_or(SignedDuration::MAX);
        self.start.checked_add(elapsed).unwrap_or(Timestamp::MAX)
    }

    /// The instant of tokio's clock at which the simulated time is `time`; the origin, when that is in the past.
    pub fn instant_of(&self, time: Timestamp) -> Instant {
        let since = time.duration_since(self.start);
        self.origin + Duration::try_from(since).unwrap_or_default()
    }

    /// A clock that shows so much more than this one.
    pub(crate) fn ahead_by(self, skew: SignedDuration) -> Self {
        let start = self.start.saturating_add(skew).unwrap_or(self.start);
        Self { start, ..self }
    }

    /// Whole seconds, as in `metadata.creationTimestamp`. The API server truncates, it does not round.
    pub fn time(&self) -> Time {
        Time(truncate_to_seconds(self.now()))
    }

    /// Microseconds, as in `Event.eventTime`.
    pub fn micro_time(&self) -> MicroTime {
        MicroTime(self.now())
    }
}

/// Cuts off the part of a second.
pub(crate) fn truncate_to_seconds(time: Timestamp) -> Timestamp {
    Timestamp::from_second(time.as_second()).unwrap_or(time)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn clock_moves_with_tokio() {
        let start: Timestamp = "2026-01-01T09:00:00Z".parse().unwrap();
        let clock = Clock::new(start);
        tokio::time::advance(Duration::from_millis(1_500)).await;
        assert_eq!(clock.now().to_string(), "2026-01-01T09:00:01.5Z");
        assert_eq!(clock.time().0.to_string(), "2026-01-01T09:00:01Z");
        assert_eq!(clock.at(clock.instant_of(clock.now())), clock.now());
    }
}
