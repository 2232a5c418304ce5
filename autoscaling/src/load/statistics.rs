//! What a load generator counts, with Locust's own rounding and windows. Written by [`super::Traffic`].
//!
//! Follows `locust/stats.py` of Locust 2.32.2, so that the simulator's log shows what Locust's would.

use std::collections::VecDeque;

use super::{Micros, SECOND};

/// Seconds of single counts that are kept: Locust's sliding rate looks back 12.
const KEPT_SECONDS: i64 = 13;

/// Why a request got no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Failure {
    /// The Service has no ready endpoint.
    ConnectionRefused,
    /// The pod closed the connection while a request was on its way.
    ConnectionReset,
    /// The pod ended before it answered.
    ConnectionAborted,
    /// There is no Service of that name.
    UnknownHost,
}

/// Counts since the start and, second by second, of the last ones.
#[derive(Clone, Debug, Default)]
pub struct Statistics {
    requests: u64,
    failures: u64,
    sum_ms: f64,
    min_ms: Option<f64>,
    max_ms: f64,
    histogram: Histogram,
    recent: VecDeque<Second>,
    errors: std::collections::BTreeMap<Failure, u64>,
    last: Micros,
}

#[derive(Clone, Debug)]
struct Second {
    second: i64,
    requests: u32,
    failures: u32,
    histogram: Histogram,
}

/// The figures of one moment; times in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Figures {
    pub requests: u64,
    pub failures: u64,
    /// Requests and failures per second, over about the last 10 s.
    pub rps: f64,
    pub failures_per_s: f64,
    /// Since the start.
    pub mean_ms: f64,
    pub min_ms: f64,
    pub max_ms: f64,
    pub median_ms: f64,
    /// Over the last 10 s; `None` if nothing was answered in them.
    pub p50_ms: Option<u32>,
    pub p95_ms: Option<u32>,
    pub p99_ms: Option<u32>,
}

impl Statistics {
    pub(super) fn answered(&mut self, latency: Micros, now: Micros) {
        let ms = latency as f64 / 1000.0;
        self.count(ms, now);
    }

    pub(super) fn failed(&mut self, failure: Failure, latency: Micros, now: Micros) {
        // Locust counts a failure as a request with a response time as well (`log_request`, then `log_error`).
        self.count(latency as f64 / 1000.0, now);
        self.failures += 1;
        *self.errors.entry(failure).or_default() += 1;
        if let Some(second) = self.recent.back_mut() {
            second.failures += 1;
        }
    }

    /// How often each failure was seen.
    #[must_use]
    pub fn errors(&self) -> &std::collections::BTreeMap<Failure, u64> {
        &self.errors
    }

    /// The response time below which `share` of all requests so far were (Locust's rounding, ms).
    #[must_use]
    pub fn percentile(&self, share: f64) -> u32 {
        self.histogram.percentile(share).unwrap_or(0)
    }

    /// Mean requests and failures per second of the whole run, as Locust's last table has them.
    #[must_use]
    pub fn total_rates(&self) -> (f64, f64) {
        let seconds = self.last as f64 / SECOND as f64;
        if seconds <= 0.0 {
            return (0.0, 0.0);
        }
        (
            self.requests as f64 / seconds,
            self.failures as f64 / seconds,
        )
    }

    /// The figures at `now`, microseconds since the load's start.
    #[must_use]
    pub fn figures(&self, now: Micros) -> Figures {
        let (rps, failures_per_s) = self.rates();
        let mut window = Histogram::default();
        let since = now.div_euclid(SECOND) - 10;
        for second in self.recent.iter().filter(|second| second.second >= since) {
            window.merge(&second.histogram);
        }
        let median = f64::from(self.histogram.median().unwrap_or(0));
        let min_ms = self.min_ms.unwrap_or(0.0);
        Figures {
            requests: self.requests,
            failures: self.failures,
            rps,
            failures_per_s,
            mean_ms: if self.requests == 0 {
                0.0
            } else {
                self.sum_ms / self.requests as f64
            },
            min_ms,
            max_ms: self.max_ms,
            median_ms: median.min(self.max_ms).max(min_ms),
            p50_ms: window.percentile(0.50),
            p95_ms: window.percentile(0.95),
            p99_ms: window.percentile(0.99),
        }
    }

    /// Locust's `current_rps`: the seconds from 12 before the last request to 2 before it.
    fn rates(&self) -> (f64, f64) {
        let last = self.last.div_euclid(SECOND);
        let from = (last - 12).max(0);
        let seconds = (last - 2 - from).max(0);
        if seconds == 0 {
            return (0.0, 0.0);
        }
        let (requests, failures) = self
            .recent
            .iter()
            .filter(|second| (from..last - 2).contains(&second.second))
            .fold((0, 0), |(requests, failures), second| {
                (requests + second.requests, failures + second.failures)
            });
        (
            f64::from(requests) / seconds as f64,
            f64::from(failures) / seconds as f64,
        )
    }

    fn count(&mut self, ms: f64, now: Micros) {
        self.requests += 1;
        self.sum_ms += ms;
        self.min_ms = Some(self.min_ms.map_or(ms, |min| min.min(ms)));
        self.max_ms = self.max_ms.max(ms);
        self.last = now;
        self.histogram.add(ms);
        let second = now.div_euclid(SECOND);
        if self.recent.back().is_none_or(|last| last.second != second) {
            while self
                .recent
                .front()
                .is_some_and(|first| first.second < second - KEPT_SECONDS)
            {
                self.recent.pop_front();
            }
            self.recent.push_back(Second {
                second,
                requests: 0,
                failures: 0,
                histogram: Histogram::default(),
            });
        }
        if let Some(last) = self.recent.back_mut() {
            last.requests += 1;
            last.histogram.add(ms);
        }
    }
}

/// Response times in Locust's classes: exact below 100 ms, two digits above (`_log_response_time`).
#[derive(Clone, Debug, Default)]
struct Histogram {
    /// How often each class was seen; see [`Self::index`].
    counts: Vec<u32>,
    total: u64,
}

impl Histogram {
    fn add(&mut self, ms: f64) {
        let step = match ms {
            ms if ms < 100.0 => 1.0,
            ms if ms < 1000.0 => 10.0,
            ms if ms < 10_000.0 => 100.0,
            _ => 1000.0,
        };
        let index = Self::index(((ms / step).round() * step) as u32);
        if index >= self.counts.len() {
            self.counts.resize(index + 1, 0);
        }
        self.counts[index] += 1;
        self.total += 1;
    }

    /// A hundred classes of 1 ms, ninety of 10 ms, ninety of 100 ms, then one for each second.
    fn index(class_ms: u32) -> usize {
        (match class_ms {
            ms if ms < 100 => ms,
            ms if ms < 1000 => 90 + ms / 10,
            ms if ms < 10_000 => 180 + ms / 100,
            ms => 270 + ms / 1000,
        }) as usize
    }

    /// The inverse of [`Self::index`].
    fn class_ms(index: usize) -> u32 {
        let index = u32::try_from(index).unwrap_or(u32::MAX);
        match index {
            index if index < 100 => index,
            index if index < 190 => (index - 90) * 10,
            index if index < 280 => (index - 180) * 100,
            index => (index - 270).saturating_mul(1000),
        }
    }

    fn merge(&mut self, other: &Self) {
        if other.counts.len() > self.counts.len() {
            self.counts.resize(other.counts.len(), 0);
        }
        for (count, more) in self.counts.iter_mut().zip(&other.counts) {
            *count += more;
        }
        self.total += other.total;
    }

    /// `calculate_response_time_percentile`.
    fn percentile(&self, share: f64) -> Option<u32> {
        let below = (self.total as f64 * share) as u64;
        let mut above = 0;
        for (index, count) in self.seen().rev() {
            above += count;
            if self.total - above <= below {
                return Some(Self::class_ms(index));
            }
        }
        None
    }

    /// `median_from_dict`.
    fn median(&self) -> Option<u32> {
        let mut position = (self.total.checked_sub(1)?) / 2;
        for (index, count) in self.seen() {
            if position < count {
                return Some(Self::class_ms(index));
            }
            position -= count;
        }
        None
    }

    /// Classes that were seen, lowest first, and how often.
    fn seen(&self) -> impl DoubleEndedIterator<Item = (usize, u64)> + '_ {
        let counts = self.counts.iter().enumerate();
        let counts = counts.map(|(index, count)| (index, u64::from(*count)));
        counts.filter(|(_, count)| *count > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_class_has_a_place_of_its_own_in_order() {
        let tens = (100..1000).step_by(10);
        let hundreds = (1000..10_000).step_by(100);
        let classes = (0..100).chain(tens).chain(hundreds);
        let classes: Vec<u32> = classes.chain((10_000..90_000).step_by(1000)).collect();
        for (index, class) in classes.iter().enumerate() {
            assert_eq!(
                (Histogram::index(*class), Histogram::class_ms(index)),
                (index, *class)
            );
        }
    }
}
