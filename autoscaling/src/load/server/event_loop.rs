//! The event loop that accepts, reads, hands over to threads, answers, and closes idle connections.
//!
//! Upstream: libuv's `uv_run` under uvloop (`loop.pyx` `_on_idle`) and uvicorn's `httptools_impl.py`. One iteration
//! is: timers; the callbacks that were ready when it began; poll, which accepts one connection and reads all that
//! have data. What matters under overload is how often the loop gets the interpreter's lock, see [`super::Server`].

use std::collections::{BTreeMap, VecDeque};

use super::threads::Threads;
use super::{Arrival, Outcome};
use crate::load::Micros;

/// gunicorn's `--keep-alive` default, which the image leaves as it is and uvicorn gets as `timeout_keep_alive`.
const KEEP_ALIVE: Micros = 5_000_000;

/// CPU of the loop's single works, in microseconds. Measured with `/fib?n=1`: 0.25 ms a request over a kept
/// connection, and 0.15 more for a new one.
const ITERATION: f64 = 10.0;
const ACCEPT: f64 = 160.0;
const READ: f64 = 120.0;
const ANSWER: f64 = 130.0;

/// How much more they cost while threads compute in between and the caches are theirs. Measured: 0.48 ms instead of
/// 0.32 on a busy machine, over kept connections as well as over new ones.
const COLD: f64 = 1.5;

/// A callback.
#[derive(Clone, Copy, Debug)]
enum Ready {
    /// An accepted connection begins to be read.
    Connected(Arrival),
    /// A request's task asks for a thread. (Upstream needs some iterations from one to the other, but with the next
    /// callback at hand the loop does not lose the lock between them.)
    HandOver(Arrival),
    /// A thread's result has come, and the task goes on and answers.
    Answer(Arrival),
}

/// What the loop did while it held the lock.
#[derive(Debug, Default)]
pub(super) struct Turn {
    pub(super) cost: f64,
    /// It waits for a new thread, so for two turns of the lock.
    pub(super) starts_thread: bool,
}

/// Owned by a [`super::Server`].
#[derive(Debug, Default)]
pub(super) struct EventLoop {
    /// The listening socket's backlog.
    backlog: VecDeque<Arrival>,
    /// Requests that have come over open connections and wait to be read.
    readable: Vec<Arrival>,
    ready: VecDeque<Ready>,
    /// Callbacks of this iteration that are still to be run; `None` between iterations.
    todo: Option<usize>,
    /// Sockets that the present iteration's poll has found to have data; `None` before it polls.
    polled: Option<VecDeque<Arrival>>,
    /// Requests that wait for one of the 40 places in threads.
    limited: VecDeque<Arrival>,
    /// Connections between two requests, and when each is closed.
    idle: BTreeMap<(u32, u32), Micros>,
    /// The same in order of time, with entries that are out of date.
    deadlines: VecDeque<(Micros, (u32, u32))>,
}

impl EventLoop {
    /// A request over a new connection, or over one that is open.
    pub(super) fn arrive(&mut self, arrival: Arrival) {
        if arrival.new_connection {
            self.backlog.push_back(arrival);
        } else {
            self.readable.push(arrival);
        }
    }

    /// A thread calls `call_soon_threadsafe`.
    pub(super) fn report(&mut self, arrival: Arrival) {
        self.ready.push_back(Ready::Answer(arrival));
    }

    pub(super) fn has_work(&self) -> bool {
        self.todo.is_some()
            || self.polled.is_some()
            || !self.ready.is_empty()
            || !self.backlog.is_empty()
            || !self.readable.is_empty()
    }

    /// When the next idle connection is closed.
    pub(super) fn deadline(&mut self) -> Option<Micros> {
        while let Some((time, connection)) = self.deadlines.front() {
            if self.idle.get(connection) == Some(time) {
                return Some(*time);
            }
            self.deadlines.pop_front();
        }
        None
    }

    /// Runs until the budget of CPU is used up, a thread has to be started, or the iteration is over. With nobody
    /// else after the lock it runs until there is nothing left to do.
    pub(super) fn turn(
        &mut self,
        threads: &mut Threads,
        now: Micros,
        budget: f64,
        done: &mut Vec<Outcome>,
    ) -> Turn {
        let mut turn = Turn::default();
        let price = if threads.running() > 0 { COLD } else { 1.0 };
        loop {
            if self.polled.is_none() {
                let mut todo = match self.todo.take() {
                    Some(todo) => todo,
                    None => {
                        turn.cost += ITERATION * price;
                        self.close_idle(now, done);
                        self.ready.len()
                    }
                };
                while todo > 0 {
                    if turn.cost >= budget {
                        self.todo = Some(todo);
                        return turn;
                    }
                    todo -= 1;
                    if let Some(ready) = self.ready.pop_front() {
                        if matches!(ready, Ready::Answer(_)) {
                            turn.cost += ANSWER * price;
                        }
                        turn.starts_thread = self.run(ready, threads, now, done);
                        if turn.starts_thread && threads.running() > 1 {
                            self.todo = Some(todo);
                            return turn;
                        }
                    }
                }
                turn.cost += self.poll() * price;
            }
            while let Some(arrival) = self.polled.as_mut().and_then(VecDeque::pop_front) {
                turn.cost += READ * price;
                self.read(arrival);
                if turn.cost >= budget {
                    return turn;
                }
            }
            self.polled = None;
            if threads.running() > 0 || !self.has_work() {
                return turn;
            }
        }
    }

    /// One callback; whether it started a thread.
    fn run(
        &mut self,
        ready: Ready,
        threads: &mut Threads,
        now: Micros,
        done: &mut Vec<Outcome>,
    ) -> bool {
        match ready {
            Ready::Connected(arrival) => self.readable.push(arrival),
            Ready::HandOver(arrival) if !threads.has_room() => self.limited.push_back(arrival),
            Ready::HandOver(arrival) => {
                let starts = !threads.has_idle();
                threads.run(arrival, now as f64);
                return starts;
            }
            Ready::Answer(arrival) => {
                threads.reported(now as f64);
                if let Some(next) = self.limited.pop_front() {
                    self.ready.push_back(Ready::HandOver(next));
                }
                done.push(Outcome::Answered(arrival.ticket));
                if arrival.keep_alive {
                    let ticket = arrival.ticket;
                    let connection = (ticket.generator, ticket.user);
                    let deadline = now + KEEP_ALIVE;
                    self.idle.insert(connection, deadline);
                    self.deadlines.push_back((deadline, connection));
                }
            }
        }
        false
    }

    /// libuv accepts one connection an iteration (`uv__server_io`), and reads every socket that has data now. The CPU
    /// of the former.
    fn poll(&mut self) -> f64 {
        self.polled = Some(self.readable.drain(..).collect());
        let Some(arrival) = self.backlog.pop_front() else {
            return 0.0;
        };
        self.ready.push_back(Ready::Connected(arrival));
        ACCEPT
    }

    /// A request's bytes: the connection is not idle any more.
    fn read(&mut self, arrival: Arrival) {
        let ticket = arrival.ticket;
        self.idle.remove(&(ticket.generator, ticket.user));
        self.ready.push_back(Ready::HandOver(arrival));
    }

    /// Timers run before the poll that would see a connection's next request. Where the loop comes so late that the
    /// request is already there, the kernel answers it with a reset, because it is closed with unread data.
    fn close_idle(&mut self, now: Micros, done: &mut Vec<Outcome>) {
        while self.deadline().is_some_and(|deadline| deadline <= now) {
            let Some((_, connection)) = self.deadlines.pop_front() else {
                return;
            };
            self.idle.remove(&connection);
            let of_connection =
                |arrival: &Arrival| (arrival.ticket.generator, arrival.ticket.user) == connection;
            match self.readable.iter().position(of_connection) {
                Some(unread) => {
                    let arrival = self.readable.swap_remove(unread);
                    done.push(Outcome::Reset(arrival.ticket));
                }
                None => done.push(Outcome::Closed(connection.0, connection.1)),
            }
        }
    }

    /// The listening socket is closed, and the kernel resets what nobody accepted.
    pub(super) fn stop_listening(&mut self, done: &mut Vec<Outcome>) {
        done.extend(
            self.backlog
                .drain(..)
                .map(|arrival| Outcome::Reset(arrival.ticket)),
        );
    }

    /// Requests that are not in a thread.
    pub(super) fn pending(&self) -> usize {
        let polled = self.polled.as_ref().map_or(0, VecDeque::len);
        self.backlog.len() + self.readable.len() + polled + self.ready.len() + self.limited.len()
    }

    pub(super) fn into_arrivals(self) -> impl Iterator<Item = Arrival> {
        let ready = self.ready.into_iter().map(|ready| match ready {
            Ready::Connected(arrival) | Ready::HandOver(arrival) | Ready::Answer(arrival) => {
                arrival
            }
        });
        self.backlog
            .into_iter()
            .chain(self.readable)
            .chain(self.polled.into_iter().flatten())
            .chain(ready)
            .chain(self.limited)
    }
}
