//! How fast the recording's machine computes. Machines differ by half, and with a pod's limit everything hangs on what a
//! request costs; so that is taken from the recording, as its nodes are.

use std::fmt;

use crate::course::Course;
use crate::error::Result;
use crate::replay::{Replay, seeds};

/// Seeds that are asked each time.
const SEEDS: u64 = 4;
/// As near as plateaus are held to each other, it is the model's machine.
const SAME: f64 = 0.15;
/// What does not become slower with the machine, the model's own work for a request, makes a second look worth it.
const LOOKS: usize = 2;

/// What a request costs, in ms of CPU.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Machine {
    /// In the recording.
    pub recorded_ms: f64,
    /// On the model's machine.
    pub model_ms: f64,
    /// How many times more CPU the replays need for a request's computation.
    pub slowness: f64,
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "a request cost {:.1} ms of CPU, {:.1} ms on the model's machine: replayed on one that needs {:.2} times the CPU",
            self.recorded_ms, self.model_ms, self.slowness
        )
    }
}

/// The replay on a machine like the recording's; as it is where the recording has no plateau under load.
///
/// # Errors
/// When a seed cannot be played.
pub fn fit(replay: Replay, real: &Course) -> Result<(Replay, Option<Machine>)> {
    let Some(recorded_ms) = real.request_cpu_ms() else {
        return Ok((replay, None));
    };
    let mut machine: Option<Machine> = None;
    let mut fitted = replay;
    for _ in 0..LOOKS {
        let courses = seeds::courses(&fitted, SEEDS)?;
        let costs: Vec<f64> = courses.iter().filter_map(Course::request_cpu_ms).collect();
        if costs.is_empty() {
            break;
        }
        let cost = costs.iter().sum::<f64>() / costs.len() as f64;
        let before = machine.map_or(1.0, |machine| machine.slowness);
        let is_same = machine.is_none() && (recorded_ms / cost - 1.0).abs() <= SAME;
        let slowness = if is_same {
            1.0
        } else {
            before * recorded_ms / cost
        };
        machine = Some(Machine {
            recorded_ms,
            model_ms: machine.map_or(cost, |machine| machine.model_ms),
            slowness,
        });
        if is_same {
            break;
        }
        fitted = fitted.slowed(slowness);
    }
    Ok((fitted, machine))
}
