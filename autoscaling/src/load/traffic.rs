//! The moving whole: pods, load generators and the order of events between them.
//!
//! The simulator's Locust and kubelet call it for one namespace. It never looks at a clock.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use super::generator::Generator;
use super::server::{Arrival, Outcome, Server, Ticket};
use super::statistics::{Failure, Figures, Statistics};
use super::{LoadPlan, Micros, Random};
use crate::CpuMillis;

/// A pod that serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServerId(u32);

/// A load generator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GeneratorId(u32);

/// A probe of a pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProbeId(u32);

/// The generator of all probes: no id is 0.
const PROBES: u32 = 0;

/// CPU that the endpoint `/health` computes, in microseconds.
const HEALTH: f64 = 50.0;

/// A connection is refused after this long, in microseconds.
const REFUSAL: Micros = 1_500;

/// The way of a request and its answer through the cluster's network, in microseconds.
const NETWORK: Micros = 500;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Event {
    time: Micros,
    /// Keeps events of the same time in the order in which they were made.
    order: u64,
    generator: u32,
    user: u32,
    act: Act,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Act {
    /// The user comes into being, and with it the appointment of the next one.
    Spawn,
    /// The user wants to send.
    Send,
    /// The user's request leaves the generator.
    Sent,
    /// The user learns that nobody listens.
    Refused,
}

/// Pods and load generators of one namespace.
#[derive(Debug)]
pub struct Traffic {
    now: Micros,
    random: Random,
    /// CPU of a request's computation, relative to the machine of [`super::computation_s`].
    slowness: f64,
    servers: BTreeMap<u32, Server>,
    generators: BTreeMap<u32, Generator>,
    /// When each probe was sent, and how long its answer took, if it has come.
    probes: BTreeMap<u32, (Micros, Option<Micros>)>,
    events: BinaryHeap<Reverse<Event>>,
    order: u64,
    next_id: u32,
    /// When each server's next event is due, in the order of `servers`.
    due: Vec<(Option<Micros>, u32)>,
    /// Of the present step; kept for its memory.
    outcomes: Vec<Outcome>,
}

impl Traffic {
    /// An empty namespace at time 0.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self {
            now: 0,
            random: Random::new(seed),
            slowness: 1.0,
            servers: BTreeMap::new(),
            generators: BTreeMap::new(),
            probes: BTreeMap::new(),
            events: BinaryHeap::new(),
            order: 0,
            next_id: 0,
            due: Vec::new(),
            outcomes: Vec::new(),
        }
    }

    /// On a machine that needs so many times the CPU for a request's computation.
    #[must_use]
    pub fn slowed(mut self, slowness: f64) -> Self {
        self.slowness = slowness;
        self
    }

    /// Microseconds up to which everything has happened.
    #[must_use]
    pub fn now(&self) -> Micros {
        self.now
    }

    /// A pod that can serve, with its CPU limit. It gets requests once it is in a generator's endpoints.
    pub fn add_server(&mut self, limit: Option<CpuMillis>) -> ServerId {
        let id = self.id();
        let random = Random::new(self.random.bits());
        self.servers
            .insert(id, Server::new(limit, random, self.now));
        self.due.push((None, id));
        ServerId(id)
    }

    /// The pod finishes what it has and takes nothing new; kept connections to it are closed, and those that it has
    /// not accepted are reset.
    pub fn drain_server(&mut self, server: ServerId) {
        if let Some(server) = self.servers.get_mut(&server.0) {
            let outcomes = server.drain();
            self.settle(&outcomes);
        }
    }

    /// A GET of `/health` over a new connection, as the kubelet's httpGet probe does it.
    pub fn probe(&mut self, probed: ServerId) -> Option<ProbeId> {
        let id = self.id();
        let now = self.now;
        let draw = -(1.0 - self.random.fraction()).ln();
        let server = self.servers.get_mut(&probed.0)?;
        // Its thread, too, waits for the lock about as long as each of the others holds it once.
        let turn = match server.pending() {
            0 => 0.0,
            _ => draw * server.slice(),
        };
        let arrival = Arrival {
            ticket: Ticket {
                generator: PROBES,
                user: id,
                sent: now,
            },
            cost: HEALTH + turn,
            new_connection: true,
            keep_alive: false,
        };
        server.arrive(arrival, now);
        let next = server.next();
        self.schedule(probed.0, next);
        self.probes.insert(id, (now, None));
        Some(ProbeId(id))
    }

    /// How long the probe's answer took, if it has come.
    #[must_use]
    pub fn probe_latency(&self, probe: ProbeId) -> Option<Micros> {
        self.probes.get(&probe.0)?.1
    }

    /// Nobody waits for the probe's answer any more.
    pub fn end_probe(&mut self, probe: ProbeId) {
        self.probes.remove(&probe.0);
    }

    /// The pod is gone, and so are the requests in it.
    pub fn remove_server(&mut self, server: ServerId) {
        let Some(gone) = self.servers.remove(&server.0) else {
            return;
        };
        self.due.retain(|(_, id)| *id != server.0);
        for ticket in gone.into_tickets() {
            let (now, latency) = (self.now, self.now - ticket.sent);
            self.finish(ticket, now, |statistics, since| {
                statistics.failed(Failure::ConnectionAborted, latency, since);
            });
        }
    }

    /// Requests that the pod has not answered yet.
    #[must_use]
    pub fn pending(&self, server: ServerId) -> usize {
        self.servers.get(&server.0).map_or(0, Server::pending)
    }

    /// Threads that the pod has, and those of them that compute.
    #[cfg(test)]
    pub(super) fn threads(&self, server: ServerId) -> (usize, usize) {
        self.servers[&server.0].threads()
    }

    /// CPU seconds that the pod has used for requests since it was added.
    pub fn server_cpu_s(&mut self, server: ServerId) -> f64 {
        let now = self.now;
        self.servers
            .get_mut(&server.0)
            .map_or(0.0, |server| server.used_until(now) / 1e6)
    }

    /// Starts a load; its first users send at once.
    pub fn start(&mut self, plan: LoadPlan, endpoints: Vec<ServerId>) -> GeneratorId {
        let id = self.id();
        let users = plan.users;
        self.generators
            .insert(id, Generator::new(plan, endpoints, self.now));
        if users > 0 {
            self.push(self.now, id, 0, Act::Spawn);
        }
        GeneratorId(id)
    }

    /// Ends a load. Its pods still work on what they have, for nobody.
    pub fn stop(&mut self, generator: GeneratorId) -> Option<Statistics> {
        self.generators
            .remove(&generator.0)
            .map(|generator| generator.statistics)
    }

    /// The pods that the load's new connections may reach from now on, and what happens where there is none.
    pub fn set_endpoints(
        &mut self,
        generator: GeneratorId,
        endpoints: Vec<ServerId>,
        without: Failure,
    ) {
        if let Some(generator) = self.generators.get_mut(&generator.0) {
            generator.endpoints = endpoints;
            generator.without_endpoints = without;
        }
    }

    /// Users that have been started.
    #[must_use]
    pub fn users(&self, generator: GeneratorId) -> u32 {
        self.generators.get(&generator.0).map_or(0, |generator| {
            u32::try_from(generator.connections.len()).unwrap_or(u32::MAX)
        })
    }

    /// What the load has counted.
    #[must_use]
    pub fn statistics(&self, generator: GeneratorId) -> Option<&Statistics> {
        self.generators
            .get(&generator.0)
            .map(|generator| &generator.statistics)
    }

    /// The load's figures at this moment.
    #[must_use]
    pub fn figures(&self, generator: GeneratorId) -> Figures {
        self.generators
            .get(&generator.0)
            .map_or_else(Figures::default, |generator| {
                generator.statistics.figures(self.now - generator.started)
            })
    }

    /// CPU seconds that the generator itself has used.
    #[must_use]
    pub fn generator_cpu_s(&self, generator: GeneratorId) -> f64 {
        self.generators
            .get(&generator.0)
            .map_or(0.0, |generator| generator.used / 1e6)
    }

    /// Lets everything happen up to `to`. Does nothing if that is not later than now.
    pub fn advance(&mut self, to: Micros) {
        loop {
            let event = self.events.peek().map(|Reverse(event)| event.time);
            let due = self.due.iter();
            let answer = due.filter_map(|(time, id)| Some(((*time)?, *id))).min();
            match (event, answer) {
                (event, Some((time, server)))
                    if time <= to && event.is_none_or(|event| time <= event) =>
                {
                    self.now = self.now.max(time);
                    self.step(server);
                }
                (Some(time), _) if time <= to => {
                    self.now = self.now.max(time);
                    if let Some(Reverse(event)) = self.events.pop() {
                        self.act(event);
                    }
                }
                _ => break,
            }
        }
        self.now = self.now.max(to);
    }

    fn step(&mut self, server: u32) {
        let mut outcomes = std::mem::take(&mut self.outcomes);
        if let Some(stepped) = self.servers.get_mut(&server) {
            stepped.step(self.now, &mut outcomes);
            let next = stepped.next();
            self.schedule(server, next);
            self.settle(&outcomes);
        }
        outcomes.clear();
        self.outcomes = outcomes;
    }

    fn schedule(&mut self, server: u32, next: Option<Micros>) {
        if let Some(due) = self.due.iter_mut().find(|(_, id)| *id == server) {
            due.0 = next;
        }
    }

    /// Tells the users what became of their requests.
    fn settle(&mut self, outcomes: &[Outcome]) {
        for outcome in outcomes {
            let now = self.now + NETWORK;
            match *outcome {
                Outcome::Answered(ticket) if ticket.generator == PROBES => {
                    if let Some((sent, latency)) = self.probes.get_mut(&ticket.user) {
                        *latency = Some(now - *sent);
                    }
                }
                Outcome::Answered(ticket) => {
                    let latency = now - ticket.sent;
                    self.finish(ticket, now, |statistics, since| {
                        statistics.answered(latency, since);
                    });
                }
                Outcome::Reset(ticket) => {
                    self.disconnect(ticket.generator, ticket.user);
                    let latency = now - ticket.sent;
                    self.finish(ticket, now, |statistics, since| {
                        statistics.failed(Failure::ConnectionReset, latency, since);
                    });
                }
                Outcome::Closed(generator, user) => self.disconnect(generator, user),
            }
        }
    }

    /// The user's next request needs a new connection.
    fn disconnect(&mut self, generator: u32, user: u32) {
        let connection = self
            .generators
            .get_mut(&generator)
            .and_then(|generator| generator.connections.get_mut(user as usize));
        if let Some(connection) = connection {
            *connection = None;
        }
    }

    fn act(&mut self, event: Event) {
        let Event {
            generator: id,
            user,
            time,
            ..
        } = event;
        let Some(generator) = self.generators.get_mut(&id) else {
            return;
        };
        match event.act {
            Act::Spawn => {
                generator.connections.push(None);
                let more = user + 1 < generator.plan.users;
                let next = generator.spawn_time(user + 1);
                if more {
                    self.push(next, id, user + 1, Act::Spawn);
                }
                self.push(time, id, user, Act::Send);
            }
            Act::Send => {
                let start = generator.send(time);
                if start > time {
                    self.push(start, id, user, Act::Sent);
                } else {
                    self.request(id, user, time);
                }
            }
            Act::Sent => self.request(id, user, time),
            Act::Refused => {
                let ticket = Ticket {
                    generator: id,
                    user,
                    sent: time - REFUSAL,
                };
                let failure = generator.without_endpoints;
                self.finish(ticket, time, |statistics, since| {
                    statistics.failed(failure, REFUSAL, since);
                });
            }
        }
    }

    /// Sends a request over the user's connection, or over a new one to a random endpoint: kube-proxy's iptables
    /// rules choose at random, once per connection.
    fn request(&mut self, id: u32, user: u32, time: Micros) {
        let Some(generator) = self.generators.get_mut(&id) else {
            return;
        };
        let open = |server: &ServerId| {
            self.servers
                .get(&server.0)
                .is_some_and(|server| !server.draining)
        };
        let kept = generator
            .connections
            .get(user as usize)
            .copied()
            .flatten()
            .filter(open);
        let target = kept.or_else(|| {
            let chosen = self.random.below(generator.endpoints.len());
            generator.endpoints.get(chosen).copied().filter(open)
        });
        if generator.plan.keep_alive
            && let Some(connection) = generator.connections.get_mut(user as usize)
        {
            *connection = target;
        }
        let arrival = Arrival {
            ticket: Ticket {
                generator: id,
                user,
                sent: time,
            },
            cost: generator.plan.cost_s * self.slowness * 1e6,
            new_connection: kept.is_none(),
            keep_alive: generator.plan.keep_alive,
        };
        let server = target.and_then(|target| Some((target.0, self.servers.get_mut(&target.0)?)));
        match server {
            Some((id, server)) => {
                server.arrive(arrival, time);
                let next = server.next();
                self.schedule(id, next);
            }
            None => self.push(time + REFUSAL, id, user, Act::Refused),
        }
    }

    /// Counts a request's end and lets its user pause before the next one.
    fn finish(&mut self, ticket: Ticket, now: Micros, count: impl FnOnce(&mut Statistics, Micros)) {
        let Some(generator) = self.generators.get_mut(&ticket.generator) else {
            return;
        };
        count(&mut generator.statistics, now - generator.started);
        let pause = generator
            .plan
            .pause
            .draw(&mut self.random, now - ticket.sent);
        self.push(now + pause, ticket.generator, ticket.user, Act::Send);
    }

    fn push(&mut self, time: Micros, generator: u32, user: u32, act: Act) {
        self.order += 1;
        self.events.push(Reverse(Event {
            time,
            order: self.order,
            generator,
            user,
            act,
        }));
    }

    fn id(&mut self) -> u32 {
        self.next_id += 1;
        self.next_id
    }
}
