//! Snapshots and histories for the tests of this room, after `load-and-stop` as it was recorded on a real cluster:
//! 1 → 4 → 8 pods, 200 % and 181 % of the request.

mod class;
mod events;
mod history;
mod load;
mod run;
mod snapshot;

use super::*;

pub(crate) use class::overview;
pub(crate) use events::events;
pub(crate) use history::history_with_one_sample;
pub(crate) use load::{load, load_tables};
pub(crate) use run::run;
pub(crate) use snapshot::{counted, idle, mid_load, nothing};

/// 2026-03-02 14:00:00 UTC.
pub(crate) const T0: TimeMs = TimeMs(1_772_460_000_000);

/// Seconds after [`T0`].
pub(crate) fn at(seconds: f64) -> TimeMs {
    T0.plus_ms((seconds * 1000.0) as i64)
}

pub(crate) fn panel() -> Panel {
    Panel {
        build: "b1".to_owned(),
        kubernetes: Some("v1.35.4".to_owned()),
        simulated: true,
        load_defaults: LoadSettings::DEFAULT,
        load_limits: LoadLimits {
            users: 500,
            spawn_rate: 100,
            run_time_s: 1800,
            n: 35,
        },
        class: ClassPhase::Running,
        single_sign_on: false,
    }
}
