//! What a person may choose, within what the server allows.

use serde::{Deserialize, Serialize};

use super::{ClassPhase, TypedLoad};
use crate::error::Result;

/// One load, as the form asks for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoadSettings {
    /// Users at the same time (Locust `-u`).
    pub users: u32,
    /// Users started a second (Locust `-r`).
    pub spawn_rate: u32,
    /// Run time in seconds (Locust `--run-time`).
    pub run_time_s: u32,
    /// `GET /fib?n=…`: each step makes a request about 1.6 times as costly.
    pub n: u32,
    /// The most pods that the attendee guesses; changes nothing of the load.
    #[serde(default)]
    pub guess: Option<u32>,
}

impl LoadSettings {
    /// The handout's own values.
    pub const HANDOUT: Self = Self {
        users: 150,
        spawn_rate: 15,
        run_time_s: 300,
        n: 35,
        guess: None,
    };

    /// Values that tell the whole story with a limit of 100m: one pod is saturated, response time falls as pods join.
    pub const DEFAULT: Self = Self {
        users: 150,
        spawn_rate: 15,
        run_time_s: 300,
        n: 26,
        guess: None,
    };

    /// Checks each value against the server's limits.
    ///
    /// # Errors
    /// [`Error::InvalidLoad`](crate::Error::InvalidLoad) with a sentence that names the first value out of its range and the range.
    pub fn check(&self, limits: &LoadLimits) -> Result<()> {
        TypedLoad::from(*self).check(limits, None).map(|_| ())
    }
}

/// The most that the server allows; the least is 1, and 10 s of run time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoadLimits {
    pub users: u32,
    pub spawn_rate: u32,
    pub run_time_s: u32,
    pub n: u32,
}

/// What the page must know of this panel, sent once with the page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Panel {
    /// Changes with each build; a page of another build reloads once.
    pub build: String,
    /// `v1.35.4`, if the API server told.
    pub kubernetes: Option<String>,
    /// Runs on the simulator: shown as a word in the header, nothing else hangs on it.
    pub simulated: bool,
    pub load_defaults: LoadSettings,
    pub load_limits: LoadLimits,
    /// Whether attendees may act.
    pub class: ClassPhase,
    /// People may sign in at an identity provider, too.
    pub single_sign_on: bool,
}
