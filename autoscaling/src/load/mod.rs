//! The load model: closed-loop users against CPU-limited pods, as a discrete-event simulation.
//!
//! The simulator runs one [`Traffic`] per namespace that has a load; the prediction in the browser may run one as
//! well. Time is microseconds since the model's own start and only moves in [`Traffic::advance`]. The same calls
//! with the same seed give the same figures.
//!
//! What is modelled, because the class can see it: the ramp of users and their pause, a new connection a request or
//! one kept, the kernel's CPU quota of a pod with one Python process, its interpreter's lock, event loop, backlog and
//! 40 threads (`server/mod.rs`), connections refused where nothing is ready, kept connections reset by a timer that
//! runs late, requests lost with a pod.

mod cost;
mod generator;
#[cfg(test)]
mod measured;
mod random;
mod server;
mod statistics;
#[cfg(test)]
mod tests;
mod traffic;

pub use cost::computation_s;
pub use generator::{LoadPlan, Pause};
pub use random::Random;
pub use statistics::{Failure, Figures, Statistics};
pub use traffic::{GeneratorId, ProbeId, ServerId, Traffic};

/// Microseconds.
pub type Micros = i64;

/// Microseconds in a second.
pub const SECOND: Micros = 1_000_000;
