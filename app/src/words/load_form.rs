//! The values of the next load.

use crate::figures::{self, minutes};
use crate::model::{Fault, LoadField, LoadLimits, LoadSettings, TypedLoad};
use crate::presets::{Preset, cost_s, request_s};

pub const CHECK_VALUES: &str = "Check the values";
pub const PRESETS: &str = "Values by what they teach";
pub const INSTRUCTORS_VALUES: &str = "Your instructor's values";

pub fn load_field(field: LoadField) -> &'static str {
    match field {
        LoadField::Users => "Users",
        LoadField::SpawnRate => "Users per second",
        LoadField::RunTime => "Run time in seconds",
        LoadField::N => "n",
        LoadField::Guess => "Your guess: how many pods?",
    }
}

/// Limit and meaning of a field, in one line.
pub fn load_field_hint(field: LoadField, limits: &LoadLimits, most_pods: Option<u32>) -> String {
    let (least, most) = field.range(limits, most_pods);
    let meaning = match field {
        LoadField::Users => "each asks, waits for the answer and 1 s more, and asks again",
        LoadField::SpawnRate => "how fast they come",
        LoadField::RunTime => "the load ends by itself then",
        LoadField::N => "each step makes a request about 1.6 times as costly",
        LoadField::Guess => "optional; the chart draws it beside what happens",
    };
    format!("{}: {meaning}", range(least, most))
}

/// Why a field's text is no value, as a sentence.
pub fn load_fault(
    field: LoadField,
    fault: Fault,
    typed: &str,
    limits: &LoadLimits,
    most_pods: Option<u32>,
) -> String {
    let name = match field {
        LoadField::Users => "Users",
        LoadField::SpawnRate => "Users per second",
        LoadField::RunTime => "The run time in seconds",
        LoadField::N => "n",
        LoadField::Guess => "Your guess",
    };
    let (least, most) = field.range(limits, most_pods);
    let between = format!("between {least} and {most}");
    let or_empty = match field {
        LoadField::Guess => ", or empty",
        _ => "",
    };
    let typed = typed.trim();
    match fault {
        Fault::Empty => format!("{name} must be a whole number {between}: the field is empty."),
        Fault::NotANumber => {
            format!("{name} must be a whole number {between}{or_empty}, not “{typed}”.")
        }
        Fault::OutOfRange => format!("{name} must be {between}{or_empty}, not {typed}."),
    }
}

/// `1 to 500`.
pub fn range(least: u32, most: u32) -> String {
    format!("{least} to {}", figures::thousands(u64::from(most)))
}

/// `150 users · 15/s · 5:00 · n 26`, with the guess if there is one.
pub fn load_values(load: &LoadSettings) -> String {
    let guess = load.guess.map(|pods| format!(" · guess {pods}"));
    format!(
        "{} users · {}/s · {} · n {}{}",
        load.users,
        load.spawn_rate,
        minutes(i64::from(load.run_time_s)),
        load.n,
        guess.unwrap_or_default()
    )
}

/// What one request costs: `one request ≈ 0.10 s on an idle pod at this limit`.
pub fn request_takes(n: u32, limit_m: Option<i64>) -> String {
    match limit_m {
        Some(_) => format!(
            "one request ≈ {} s on an idle pod at this limit",
            seconds(request_s(n, limit_m))
        ),
        None => format!("one request ≈ {} s of CPU", seconds(cost_s(n))),
    }
}

/// `11.6`, `0.10`, `0.002`: two figures that count.
fn seconds(seconds: f64) -> String {
    match seconds {
        10.0.. => format!("{seconds:.0}"),
        1.0.. => format!("{seconds:.1}"),
        0.1.. => format!("{seconds:.2}"),
        _ => format!("{seconds:.3}"),
    }
}

pub fn preset(preset: Preset) -> &'static str {
    match preset {
        Preset::ReachesMaximum => "Reaches the maximum",
        Preset::SettlesBelow => "Settles below it",
        Preset::TooSmall => "Too small to scale",
        Preset::Handout => "Values of the handout",
    }
}

/// What a preset shows, beside its name. The sizes are those that `server/tests/panel/presets.rs` proves.
pub fn preset_shows(preset: Preset, load: &LoadSettings) -> String {
    let users = figures::count(load.users, "user", "users");
    match preset {
        Preset::ReachesMaximum => {
            format!("{users}: the formula asks for more pods than the maximum")
        }
        Preset::SettlesBelow => format!("{users}: about half of the maximum is enough"),
        Preset::TooSmall => format!("{users}: CPU rises, but stays below the target"),
        Preset::Handout => format!("n {}: every request takes many seconds", load.n),
    }
}

/// What the form holds, or that it has to be looked at.
pub fn typed_values(typed: &TypedLoad, limits: &LoadLimits, most_pods: Option<u32>) -> String {
    match typed.read(limits, most_pods) {
        Ok(load) => load_values(&load),
        Err(_) => CHECK_VALUES.to_owned(),
    }
}
