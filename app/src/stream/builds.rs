//! When a page reloads because the server is of another build than the page. Pure; the tab keeps it over the reload.
//!
//! During a rolling update a reload may land on a replica of the old build again, so one reload is not enough; without
//! a growing pause a page would reload for as long as replicas differ.

use serde::{Deserialize, Serialize};

/// Between the first reload and the second; doubled for each that follows.
const PAUSE_MS: f64 = 10_000.0;
const MOST_PAUSE_MS: f64 = 5.0 * 60_000.0;
/// Reloads that are longer ago were for another update.
const FORGOTTEN_MS: f64 = 15.0 * 60_000.0;

/// What this tab has reloaded for other builds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Reloads {
    count: i32,
    last_ms: f64,
}

impl Reloads {
    /// The page's build differs from the server's: with this one more reload, or `None` if it is too soon for one.
    pub(super) fn again(self, now_ms: f64) -> Option<Self> {
        let ago = now_ms - self.last_ms;
        // A clock that was set back tells nothing.
        let forgotten = self.count == 0 || !(0.0..FORGOTTEN_MS).contains(&ago);
        let count = if forgotten { 0 } else { self.count };
        let pause = PAUSE_MS * 2f64.powi((count - 1).min(10));
        (count == 0 || ago >= pause.min(MOST_PAUSE_MS)).then_some(Self {
            count: count + 1,
            last_ms: now_ms,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A page that stays of another build for that long and asks every second.
    fn reloads_within(seconds: u32) -> Vec<u32> {
        let mut reloads = Reloads::default();
        let asks = (0..=seconds).filter(|second| {
            let again = reloads.again(1e12 + f64::from(*second) * 1000.0);
            reloads = again.unwrap_or(reloads);
            again.is_some()
        });
        asks.collect()
    }

    #[test]
    fn first_reload_is_at_once_and_each_pause_is_twice_the_last() {
        assert_eq!(reloads_within(150), [0, 10, 30, 70, 150]);
    }

    #[test]
    fn update_that_never_ends_costs_a_reload_every_five_minutes() {
        let times = reloads_within(3600);
        assert_eq!(times.len(), 16);
        assert_eq!(times[15] - times[14], 300);
    }

    #[test]
    fn next_update_begins_anew() {
        let first = Reloads::default().again(1e12).unwrap();
        let soon = 1e12 + FORGOTTEN_MS - 1.0;
        assert_eq!(first.again(soon).unwrap().count, 2);
        assert_eq!(first.again(soon + 1.0).unwrap().count, 1);
        assert_eq!(first.again(0.0).unwrap().count, 1);
    }
}
