//! One pod as a server: a single Python process under the kernel's CPU quota.
//!
//! Owned by [`super::Traffic`], which hands it requests and asks when the next one is finished.

use std::cmp::{Ordering, Reverse};
use std::collections::{BinaryHeap, VecDeque};

use super::Micros;
use crate::CpuMillis;

/// The kernel hands out CPU quota in periods of this length, in microseconds
/// (`cpu.cfs_period_us`, the kubelet's `--cpu-cfs-quota-period`).
const PERIOD: f64 = 100_000.0;

/// Threads that run a plain `def` endpoint; more requests wait in line.
/// anyio's default limiter, `anyio/_backends/_asyncio.py` `current_default_thread_limiter`.
const THREADS: usize = 40;

/// How much longer the computation takes when all threads contend for the interpreter's lock.
///
/// The recordings: 14 ms of CPU a request in a saturated pod, 12 to 12.5 ms in one with room.
const CONTENTION: f64 = 0.14;

/// A request's way back to the user who waits for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ticket {
    pub(super) generator: u32,
    pub(super) user: u32,
    pub(super) sent: Micros,
}

#[derive(Clone, Copy, Debug)]
struct Active {
    /// The request is done when every active request has got this much service in total.
    finish: f64,
    ticket: Ticket,
}

impl PartialEq for Active {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Active {}

impl PartialOrd for Active {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Active {
    fn cmp(&self, other: &Self) -> Ordering {
        self.finish
            .total_cmp(&other.finish)
            .then_with(|| self.ticket.sent.cmp(&other.ticket.sent))
            .then_with(|| self.ticket.user.cmp(&other.ticket.user))
    }
}

/// Its requests share the CPU evenly. Times are in microseconds.
#[derive(Debug)]
pub(super) struct Server {
    /// CPU per period, at most one core: one process cannot use more.
    quota: f64,
    /// Where the kernel's periods begin.
    phase: f64,
    now: f64,
    /// CPU used in the period that `now` is in.
    used: f64,
    /// Service that each request would have got, had it been there from the start.
    service: f64,
    active: BinaryHeap<Reverse<Active>>,
    waiting: VecDeque<(Ticket, f64)>,
    /// CPU used in all.
    total: f64,
    /// When the first active request will be done.
    next: Option<f64>,
    /// Takes no new connections any more.
    pub(super) draining: bool,
}

impl Server {
    pub(super) fn new(limit: Option<CpuMillis>, phase: f64, now: Micros) -> Self {
        let share = limit.map_or(1.0, |limit| limit.cores().clamp(0.001, 1.0));
        Self {
            quota: share * PERIOD,
            phase: phase * PERIOD,
            now: now as f64,
            used: 0.0,
            service: 0.0,
            active: BinaryHeap::new(),
            waiting: VecDeque::new(),
            total: 0.0,
            next: None,
            draining: false,
        }
    }

    /// CPU used for requests up to `now`, in microseconds.
    pub(super) fn used_until(&mut self, now: Micros) -> f64 {
        self.advance(now as f64);
        self.total
    }

    /// Requests that are being computed or wait for a thread.
    pub(super) fn pending(&self) -> usize {
        self.active.len() + self.waiting.len()
    }

    /// When the next request is done, if nothing else arrives before.
    pub(super) fn next(&self) -> Option<Micros> {
        self.next.map(|time| time.ceil() as Micros)
    }

    /// A request that costs `cost` microseconds of CPU.
    pub(super) fn arrive(&mut self, ticket: Ticket, cost: f64, now: Micros) {
        self.advance(now as f64);
        if self.active.len() < THREADS {
            self.start(ticket, cost);
            self.plan();
        } else {
            self.waiting.push_back((ticket, cost));
        }
    }

    /// The request that is done at `now`, if there is one.
    pub(super) fn complete(&mut self, now: Micros) -> Option<Ticket> {
        self.advance(now as f64);
        // A hundredth of a microsecond covers the rounding of the sums.
        let done = self
            .active
            .peek()
            .is_some_and(|Reverse(active)| active.finish <= self.service + 0.01);
        let ticket = done
            .then(|| self.active.pop().map(|Reverse(active)| active.ticket))
            .flatten();
        if ticket.is_some()
            && let Some((ticket, cost)) = self.waiting.pop_front()
        {
            self.start(ticket, cost);
        }
        self.plan();
        ticket
    }

    /// All requests in it, which end with it.
    pub(super) fn into_tickets(self) -> impl Iterator<Item = Ticket> {
        let active = self.active.into_iter().map(|Reverse(active)| active.ticket);
        active.chain(self.waiting.into_iter().map(|(ticket, _)| ticket))
    }

    fn start(&mut self, ticket: Ticket, cost: f64) {
        self.active.push(Reverse(Active {
            finish: self.service + cost,
            ticket,
        }));
    }

    /// CPU that all active requests together need for one microsecond of service each.
    fn demand(&self) -> f64 {
        let active = self.active.len() as f64;
        active * (1.0 + CONTENTION * (active - 1.0) / (THREADS - 1) as f64)
    }

    /// Moves to `to`: the busy process uses the whole quota of every period.
    fn advance(&mut self, to: f64) {
        if to <= self.now {
            return;
        }
        let boundary = self.boundary();
        let busy = !self.active.is_empty();
        let mut work = 0.0;
        if to < boundary {
            if busy {
                work = (self.quota - self.used).min(to - self.now);
            }
            self.used += work;
        } else {
            let periods = ((to - boundary) / PERIOD).floor();
            let mut last = 0.0;
            if busy {
                last = (to - boundary - periods * PERIOD).min(self.quota);
                work =
                    (self.quota - self.used).min(boundary - self.now) + periods * self.quota + last;
            }
            self.used = last;
        }
        if busy {
            self.service += work / self.demand();
            self.total += work;
        }
        self.now = to;
    }

    /// Sets `next` from the present requests; the inverse of `advance`.
    fn plan(&mut self) {
        let Some(Reverse(first)) = self.active.peek() else {
            self.next = None;
            return;
        };
        let mut work = (first.finish - self.service).max(0.0) * self.demand();
        let boundary = self.boundary();
        let here = (self.quota - self.used).min(boundary - self.now);
        if work <= here {
            self.next = Some(self.now + work);
            return;
        }
        work -= here;
        let mut periods = (work / self.quota).floor();
        let mut rest = work - periods * self.quota;
        if rest <= 0.0 && periods > 0.0 {
            periods -= 1.0;
            rest = self.quota;
        }
        self.next = Some(boundary + periods * PERIOD + rest);
    }

    /// The end of the period that `now` is in.
    fn boundary(&self) -> f64 {
        let end = (((self.now - self.phase) / PERIOD).floor() + 1.0) * PERIOD + self.phase;
        if end > self.now { end } else { end + PERIOD }
    }
}
