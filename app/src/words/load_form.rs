//! The values of the next load.

use crate::figures::{self, minutes};
use crate::model::LoadLimits;

pub const USERS: &str = "Users";
pub const USERS_PER_SECOND: &str = "Users per second";
pub const RUN_TIME: &str = "Run time in seconds";
pub const N: &str = "n";
pub const USERS_MEAN: &str = "each sends a request, waits for the answer, sends the next";
pub const USERS_PER_SECOND_MEANS: &str = "how fast the users come";
pub const RUN_TIME_MEANS: &str = "the load ends by itself then";
pub const N_MEANS: &str = "each step makes a request about 1.6 times as costly";
pub const DEFAULTS: &str = "Reaches the maximum";
pub const HANDOUT: &str = "Values of the handout";

/// `1 to 500`.
pub fn range(least: u32, most: u32) -> String {
    format!("{least} to {}", figures::thousands(u64::from(most)))
}

/// The limits of the four fields in the order of the form.
pub fn ranges(limits: &LoadLimits) -> [String; 4] {
    [
        range(1, limits.users),
        range(1, limits.spawn_rate),
        range(10, limits.run_time_s),
        range(1, limits.n),
    ]
}

/// `150 users · 15/s · 5:00 · n 26`.
pub fn load_values(users: u32, spawn_rate: u32, run_time_s: u32, n: u32) -> String {
    format!(
        "{users} users · {spawn_rate}/s · {} · n {n}",
        minutes(i64::from(run_time_s))
    )
}
