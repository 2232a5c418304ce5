//! The cluster's clock: tokio's clock, set by the `Date` header of the API server's answers.
//!
//! Pure code gets a [`Clock`] or a time as a value and never asks for one.

use app::model::TimeMs;
use jiff::fmt::rfc2822;
use parking_lot::Mutex;
use tokio::time::Instant;

/// The cluster's clock as a value.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    anchor: Instant,
    at_anchor: TimeMs,
}

impl Clock {
    /// The cluster's time now.
    pub fn now(self) -> TimeMs {
        self.at_anchor
            .plus_ms(self.anchor.elapsed().as_millis() as i64)
    }

    /// When the cluster's clock will show `time`; now if that is past.
    pub fn instant(self, time: TimeMs) -> Instant {
        let ms = u64::try_from(time.0 - self.now().0).unwrap_or(0);
        Instant::now() + std::time::Duration::from_millis(ms)
    }
}

/// Learns the cluster's time. A `Date` header is cut to whole seconds, so each answer gives two bounds; their
/// intersection is soon much narrower than a second.
pub struct ClockSync {
    anchor: Instant,
    bounds: Mutex<Bounds>,
}

/// The cluster's time at the anchor lies between these, in milliseconds.
#[derive(Clone, Copy, Debug)]
struct Bounds {
    earliest: i64,
    latest: i64,
    /// False until the API server told.
    told: bool,
}

impl Default for ClockSync {
    /// Starts with this machine's clock, until the API server has answered.
    fn default() -> Self {
        let now = jiff::Timestamp::now().as_millisecond();
        Self {
            anchor: Instant::now(),
            bounds: Mutex::new(Bounds {
                earliest: now,
                latest: now,
                told: false,
            }),
        }
    }
}

impl ClockSync {
    /// The clock as a value.
    pub fn clock(&self) -> Clock {
        let bounds = *self.bounds.lock();
        Clock {
            anchor: self.anchor,
            at_anchor: TimeMs(i64::midpoint(bounds.earliest, bounds.latest)),
        }
    }

    /// Takes the `Date` header of an answer to a request of `sent`, `received` after it.
    pub fn observe(&self, date: &str, sent: Instant, received: Instant) {
        let Ok(date) = rfc2822::DateTimeParser::new().parse_timestamp(date) else {
            return;
        };
        let since_anchor =
            |at: Instant| at.saturating_duration_since(self.anchor).as_millis() as i64;
        let date = date.as_millisecond();
        let earliest = date - since_anchor(received);
        let latest = date + 1000 - since_anchor(sent);
        let mut bounds = self.bounds.lock();
        let narrowed = Bounds {
            earliest: bounds.earliest.max(earliest),
            latest: bounds.latest.min(latest),
            told: true,
        };
        // Where they exclude each other one of the clocks was moved: the newest answer counts.
        *bounds = if bounds.told && narrowed.earliest <= narrowed.latest {
            narrowed
        } else {
            Bounds {
                earliest,
                latest,
                told: true,
            }
        };
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn ms(text: &str) -> i64 {
        text.parse::<jiff::Timestamp>().unwrap().as_millisecond()
    }

    #[tokio::test(start_paused = true)]
    async fn answers_around_a_second_narrow_the_clock() {
        let sync = ClockSync::default();
        // The server's clock shows 12:00:00.9 now.
        let start = Instant::now();
        sync.observe("Tue, 24 Nov 2026 12:00:00 GMT", start, start);
        tokio::time::advance(Duration::from_millis(200)).await;
        sync.observe(
            "Tue, 24 Nov 2026 12:00:01 GMT",
            Instant::now(),
            Instant::now(),
        );
        let off = sync.clock().now().0 - ms("2026-11-24T12:00:01.1Z");
        assert!(off.abs() <= 100, "{off} ms off");
    }

    #[tokio::test(start_paused = true)]
    async fn a_moved_clock_is_followed() {
        let sync = ClockSync::default();
        let now = Instant::now();
        sync.observe("Tue, 24 Nov 2026 12:00:00 GMT", now, now);
        sync.observe("Tue, 24 Nov 2026 11:00:00 GMT", now, now);
        assert_eq!(sync.clock().now().0, ms("2026-11-24T11:00:00.5Z"));
    }
}
