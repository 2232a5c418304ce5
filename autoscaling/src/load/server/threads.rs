//! The threads that run an endpoint's plain `def` function, under the interpreter's lock.
//!
//! Upstream: `anyio/_backends/_asyncio.py` (`run_sync_in_worker_thread`, `WorkerThread`).

use std::cmp::{Ordering, Reverse};
use std::collections::{BinaryHeap, VecDeque};

use super::Arrival;

/// Requests that may be in threads; more wait in line. anyio's default limiter,
/// `current_default_thread_limiter`.
pub(super) const LIMIT: usize = 40;

/// An idle thread ends after this long, in microseconds, when another one is taken (`MAX_IDLE_TIME`).
const MAX_IDLE: f64 = 10_000_000.0;

/// CPU of one thread that waits for the lock, each time its interval runs out: it wakes, asks the holder to drop it
/// and waits again. Measured: with all 40 threads computing a request costs 8 to 14 % more than with 5 to 15.
const WAKE: f64 = 12.0;

#[derive(Clone, Copy, Debug)]
struct Running {
    /// The function returns when every running thread has got this much service in total.
    finish: f64,
    arrival: Arrival,
}

impl PartialEq for Running {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Running {}

impl PartialOrd for Running {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Running {
    fn cmp(&self, other: &Self) -> Ordering {
        let (one, two) = (&self.arrival.ticket, &other.arrival.ticket);
        self.finish
            .total_cmp(&other.finish)
            .then_with(|| one.sent.cmp(&two.sent))
            .then_with(|| one.user.cmp(&two.user))
    }
}

/// Threads that compute share the CPU evenly: the lock passes on among them at random, many times a request.
#[derive(Debug, Default)]
pub(super) struct Threads {
    /// Service that each thread would have got, had it run from the start.
    service: f64,
    running: BinaryHeap<Reverse<Running>>,
    /// Threads without work, and since when; the last one is taken first.
    idle: VecDeque<f64>,
    /// Functions that returned, whose results the event loop has not seen yet.
    unreported: usize,
}

impl Threads {
    pub(super) fn running(&self) -> usize {
        self.running.len()
    }

    #[cfg(test)]
    pub(super) fn started(&self) -> usize {
        self.running.len() + self.unreported + self.idle.len()
    }

    /// Whether another request may have a thread.
    pub(super) fn has_room(&self) -> bool {
        self.running.len() + self.unreported < LIMIT
    }

    /// Whether a request would find a thread that waits for work.
    pub(super) fn has_idle(&self) -> bool {
        !self.idle.is_empty()
    }

    /// Runs a request, in a thread of its own if none is idle.
    pub(super) fn run(&mut self, arrival: Arrival, now: f64) {
        self.idle.pop_back();
        while self
            .idle
            .front()
            .is_some_and(|since| now - since >= MAX_IDLE)
        {
            self.idle.pop_front();
        }
        self.running.push(Reverse(Running {
            finish: self.service + arrival.cost,
            arrival,
        }));
    }

    /// The event loop has seen a result: its thread is idle again.
    pub(super) fn reported(&mut self, now: f64) {
        self.unreported = self.unreported.saturating_sub(1);
        self.idle.push_back(now);
    }

    /// Gives the threads so much CPU, of which some is lost to those that wait.
    pub(super) fn serve(&mut self, work: f64, slice: f64) {
        if !self.running.is_empty() {
            self.service += work / self.demand(slice);
        }
    }

    /// CPU until the first function returns.
    pub(super) fn distance(&self, slice: f64) -> Option<f64> {
        let Reverse(first) = self.running.peek()?;
        Some((first.finish - self.service).max(0.0) * self.demand(slice))
    }

    /// The request whose function has returned, if there is one.
    pub(super) fn returned(&mut self) -> Option<Arrival> {
        let Reverse(first) = self.running.peek()?;
        // A hundredth of a microsecond covers the rounding of the sums.
        if first.finish > self.service + 0.01 {
            return None;
        }
        self.unreported += 1;
        self.running.pop().map(|Reverse(first)| first.arrival)
    }

    /// CPU that all running threads together need for one microsecond of service each.
    fn demand(&self, slice: f64) -> f64 {
        let running = self.running.len() as f64;
        running * (1.0 + WAKE * (running - 1.0) / slice)
    }

    pub(super) fn into_arrivals(self) -> impl Iterator<Item = Arrival> {
        self.running
            .into_iter()
            .map(|Reverse(running)| running.arrival)
    }
}
