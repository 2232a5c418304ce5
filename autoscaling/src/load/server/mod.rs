//! One pod as a server: gunicorn with a single uvicorn worker, so one Python process, under the kernel's CPU quota.
//!
//! Owned by [`super::Traffic`], which hands it requests and asks when something happens next.
//!
//! One interpreter runs one thread at a time. Threads that compute hold its lock for a slice each and pass it on at
//! random, and the event loop is only one more among them: with `k` threads computing it waits for about `k` slices
//! before it can do anything, so under overload it accepts, reads and answers in bursts, seldom. Everything that a
//! class sees follows from that: new connections wait in the backlog because an iteration accepts one, `/health`
//! answers after many seconds, and the timer of an idle kept connection can run before the loop has read the
//! request that came meanwhile, which resets the connection.

mod event_loop;
mod quota;
mod threads;

use super::{Micros, Random};
use crate::CpuMillis;

use event_loop::EventLoop;
use quota::Quota;
use threads::Threads;

/// A request's way back to the user who waits for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ticket {
    pub(super) generator: u32,
    pub(super) user: u32,
    pub(super) sent: Micros,
}

/// A request at the pod's socket.
#[derive(Clone, Copy, Debug)]
pub(super) struct Arrival {
    pub(super) ticket: Ticket,
    /// Microseconds of CPU that its function needs.
    pub(super) cost: f64,
    pub(super) new_connection: bool,
    /// The user will keep the connection.
    pub(super) keep_alive: bool,
}

/// What became of a request or a connection.
#[derive(Clone, Copy, Debug)]
pub(super) enum Outcome {
    Answered(Ticket),
    /// The connection was closed before the request was read.
    Reset(Ticket),
    /// The connection of a generator's user was closed while it was idle.
    Closed(u32, u32),
}

/// Where the event loop stands.
#[derive(Clone, Copy, Debug)]
enum LoopState {
    /// In `epoll_wait`.
    Asleep,
    /// It gets the lock after so much more CPU of the threads.
    Waiting(f64),
}

/// Times are in microseconds.
#[derive(Debug)]
pub(super) struct Server {
    quota: Quota,
    threads: Threads,
    event_loop: EventLoop,
    state: LoopState,
    /// CPU that the loop's last turn still needs, before any thread goes on. Its outcomes are known when it begins.
    held: f64,
    random: Random,
    /// CPU used in all.
    total: f64,
    /// When something happens next.
    next: Option<f64>,
    /// Takes no new connections any more.
    pub(super) draining: bool,
}

impl Server {
    pub(super) fn new(limit: Option<CpuMillis>, mut random: Random, now: Micros) -> Self {
        Self {
            quota: Quota::new(limit, random.fraction(), now as f64),
            threads: Threads::default(),
            event_loop: EventLoop::default(),
            state: LoopState::Asleep,
            held: 0.0,
            random,
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

    /// Requests that have not been answered yet.
    pub(super) fn pending(&self) -> usize {
        self.threads.running() + self.event_loop.pending()
    }

    #[cfg(test)]
    pub(super) fn threads(&self) -> (usize, usize) {
        (self.threads.started(), self.threads.running())
    }

    /// CPU that a thread gets until another one takes the lock from it, in microseconds.
    pub(super) fn slice(&self) -> f64 {
        self.quota.slice()
    }

    /// When the next event is due, if nothing arrives before.
    pub(super) fn next(&self) -> Option<Micros> {
        // The next whole microsecond: never before the event.
        self.next.map(|time| time as Micros + 1)
    }

    pub(super) fn arrive(&mut self, arrival: Arrival, now: Micros) {
        self.advance(now as f64);
        self.event_loop.arrive(arrival);
        self.wake();
        self.plan();
    }

    /// SIGTERM: what is accepted is served, the rest is not.
    pub(super) fn drain(&mut self) -> Vec<Outcome> {
        self.draining = true;
        let mut done = Vec::new();
        self.event_loop.stop_listening(&mut done);
        done
    }

    /// Does what is due at `now`, and adds what came of it.
    pub(super) fn step(&mut self, now: Micros, outcomes: &mut Vec<Outcome>) {
        self.advance(now as f64);
        if self.held <= EPSILON {
            self.step_unheld(now, outcomes);
        }
        self.plan();
    }

    fn step_unheld(&mut self, now: Micros, outcomes: &mut Vec<Outcome>) {
        match self.state {
            LoopState::Waiting(left) if left <= EPSILON || self.threads.running() == 0 => {
                self.take_turn(now, outcomes);
            }
            LoopState::Asleep if self.event_loop.deadline().is_some_and(|time| time <= now) => {
                self.wake();
            }
            LoopState::Asleep | LoopState::Waiting(_) => {
                if let Some(arrival) = self.threads.returned() {
                    self.event_loop.report(arrival);
                    // The thread gives the lock up: the draw is without memory, so it is drawn anew.
                    self.state = LoopState::Waiting(self.lock_wait());
                }
            }
        }
    }

    /// All requests in it, which end with it.
    pub(super) fn into_tickets(self) -> impl Iterator<Item = Ticket> {
        self.threads
            .into_arrivals()
            .chain(self.event_loop.into_arrivals())
            .map(|arrival| arrival.ticket)
    }

    fn wake(&mut self) {
        if matches!(self.state, LoopState::Asleep) {
            self.state = LoopState::Waiting(self.lock_wait());
        }
    }

    /// The loop has the lock. If there is more for it afterwards, it waits for the next turn.
    fn take_turn(&mut self, now: Micros, outcomes: &mut Vec<Outcome>) {
        let budget = match self.threads.running() {
            0 => f64::INFINITY,
            _ => self.quota.slice(),
        };
        let turn = self
            .event_loop
            .turn(&mut self.threads, now, budget, outcomes);
        self.held = turn.cost;
        if !self.event_loop.has_work() {
            self.state = LoopState::Asleep;
            return;
        }
        let mut wait = self.lock_wait();
        if turn.starts_thread {
            // `Thread.start` waits until the new thread has had the lock.
            wait += self.lock_wait();
        }
        self.state = LoopState::Waiting(wait);
    }

    /// CPU until a thread that waits for the lock gets it: each slice of the others ends with a draw among those
    /// that wait.
    fn lock_wait(&mut self) -> f64 {
        let running = self.threads.running();
        if running == 0 {
            return 0.0;
        }
        let mut slices = self.random.fraction();
        if running > 1 {
            let missed = (1.0 - self.random.fraction()).ln() / (1.0 - 1.0 / running as f64).ln();
            slices += missed.floor();
        }
        slices * self.quota.slice()
    }

    fn advance(&mut self, to: f64) {
        let waiting = matches!(self.state, LoopState::Waiting(_));
        let mut work = 0.0;
        if self.threads.running() > 0 || waiting {
            work = self.quota.advance(to, true);
        } else if self.held > 0.0 {
            // An idle process stops when the loop is done.
            let end = self.quota.time_of(self.held);
            work = self.quota.advance(to.min(end), true);
        }
        self.quota.advance(to, false);
        self.total += work;
        let held = work.min(self.held);
        self.held -= held;
        work -= held;
        if let LoopState::Waiting(left) = &mut self.state {
            *left -= work;
        }
        let slice = self.quota.slice();
        self.threads.serve(work, slice);
    }

    /// Sets `next` from the present state; the inverse of `advance`.
    fn plan(&mut self) {
        let first = self.threads.distance(self.quota.slice());
        let work = match (self.state, first) {
            (LoopState::Waiting(_), None) => Some(0.0),
            (LoopState::Waiting(left), Some(first)) => Some(left.min(first)),
            (LoopState::Asleep, first) => first,
        };
        let work = work.map(|work| work.max(0.0) + self.held);
        let event = work.map(|work| self.quota.time_of(work));
        let timer = match self.state {
            // A timer that runs out during the last turn is seen after it: before, nothing could be done about it.
            LoopState::Asleep => {
                let free = self.quota.time_of(self.held);
                let deadline = self.event_loop.deadline();
                deadline.map(|time| (time as f64).max(free))
            }
            LoopState::Waiting(_) => None,
        };
        self.next = event.into_iter().chain(timer).reduce(f64::min);
    }
}

/// Covers the rounding of the sums, in microseconds of CPU.
const EPSILON: f64 = 0.01;
