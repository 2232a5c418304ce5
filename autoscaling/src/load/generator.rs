//! One load generator (a Locust pod): its plan, its users and what it counts. Owned by [`super::Traffic`].

use super::statistics::{Failure, Statistics};
use super::{Micros, Random, SECOND, ServerId};
use crate::CpuMillis;

/// What a load generator is told to do.
#[derive(Clone, Debug, PartialEq)]
pub struct LoadPlan {
    pub users: u32,
    /// Users started per second.
    pub spawn_rate: f64,
    /// Between an answer and the next request of the same user.
    pub pause: Pause,
    /// CPU seconds that the endpoint computes for one request ([`super::computation_s`]).
    pub cost_s: f64,
    /// Users keep their connection, so they stay with the pod that they met first.
    pub keep_alive: bool,
    /// CPU limit of the generator itself, which bounds its rate.
    pub limit: Option<CpuMillis>,
}

/// Locust's `wait_time`, in seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Pause {
    Constant(f64),
    Between(f64, f64),
    /// From the beginning of one request to the beginning of the next, if it does not take longer.
    Pacing(f64),
}

impl Pause {
    /// After a request that took `latency`.
    pub(super) fn draw(self, random: &mut Random, latency: Micros) -> Micros {
        let seconds = match self {
            Self::Constant(seconds) => seconds,
            Self::Between(low, high) => random.between(low, high.max(low)),
            Self::Pacing(seconds) => seconds - latency as f64 / SECOND as f64,
        };
        (seconds.clamp(0.0, 86_400.0) * SECOND as f64) as Micros
    }
}

#[derive(Debug)]
pub(super) struct Generator {
    pub(super) plan: LoadPlan,
    pub(super) started: Micros,
    /// Pods that a new connection may reach.
    pub(super) endpoints: Vec<ServerId>,
    /// How a request fails when there are none.
    pub(super) without_endpoints: Failure,
    /// The connection that each spawned user holds.
    pub(super) connections: Vec<Option<ServerId>>,
    pub(super) statistics: Statistics,
    /// CPU used so far, in microseconds.
    pub(super) used: f64,
    /// When its process is free to send the next request.
    pub(super) free: Micros,
}

/// CPU that Locust needs for a request, in microseconds: with a connection of its own, and over a kept one.
///
/// From the recordings: 110m at 67 requests per second, 4m at 7.
const SEND_COST: (f64, f64) = (1_650.0, 450.0);

impl Generator {
    pub(super) fn new(plan: LoadPlan, endpoints: Vec<ServerId>, now: Micros) -> Self {
        Self {
            plan,
            started: now,
            endpoints,
            without_endpoints: Failure::ConnectionRefused,
            connections: Vec::new(),
            statistics: Statistics::default(),
            used: 0.0,
            free: now,
        }
    }

    /// When user number `index` starts: whole users at even intervals, at most so many a second
    /// (`locust/dispatch.py`: `user_count_per_dispatch_iteration` and `wait_between_dispatch`).
    pub(super) fn spawn_time(&self, index: u32) -> Micros {
        let rate = self.plan.spawn_rate.max(0.001);
        let batch = rate.floor().max(1.0);
        let batches = (f64::from(index) / batch).floor();
        self.started + (batches * batch / rate * SECOND as f64) as Micros
    }

    /// Accounts for one request's work; its start, which is later than `now` when the process is busy.
    pub(super) fn send(&mut self, now: Micros) -> Micros {
        let cost = if self.plan.keep_alive {
            SEND_COST.1
        } else {
            SEND_COST.0
        };
        let share = self
            .plan
            .limit
            .map_or(1.0, |limit| limit.cores().clamp(0.01, 1.0));
        let start = self.free.max(now);
        self.used += cost;
        self.free = start + (cost / share) as Micros;
        start
    }
}
