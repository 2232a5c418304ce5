//! The six steps: what each is, how it is seen to be done, and what to do for it.

use crate::steps::{Progress, Step};

pub const STEPS: &str = "Steps";
pub const STEP_DONE: &str = "done";
pub const STEP_NEXT: &str = "next";
pub const STEP_LATER: &str = "not done";

/// `Step 3 of 6`; after the last, that all are done.
pub fn step_of(progress: Progress) -> String {
    match progress.next() {
        Some(step) => format!("Step {} of {}", step as usize + 1, Step::ALL.len()),
        None => format!("All {} steps done", Step::ALL.len()),
    }
}

pub fn step(step: Step) -> &'static str {
    match step {
        Step::Deployed => "The app is deployed",
        Step::FirstCpu => "The first CPU value is there",
        Step::LoadOn => "The load is on",
        Step::FirstScaleUp => "The first scale-up",
        Step::BackToMinimum => "Back to 1 pod",
        Step::CleanedUp => "Cleaned up",
    }
}

/// What shows that it is done.
pub fn step_check(step: Step) -> &'static str {
    match step {
        Step::Deployed => "One pod is ready.",
        Step::FirstCpu => "The HPA has a CPU value in its status.",
        Step::LoadOn => "Locust has started its users.",
        Step::FirstScaleUp => "The HPA has asked for more pods while a load was on.",
        Step::BackToMinimum => "The HPA has gone back to its minimum.",
        Step::CleanedUp => "Nothing of the workshop is left.",
    }
}

/// What to do for it.
pub fn step_to_do(step: Step) -> &'static str {
    match step {
        Step::Deployed => "Press Deploy.",
        Step::FirstCpu => {
            "Wait. metrics-server has a value about 25 s after the container starts, and the HPA looks every 15 s."
        }
        Step::LoadOn => "Open Change, write down your guess, then press Start load.",
        Step::FirstScaleUp => {
            "Wait for the next CPU sample and the next look of the HPA. If the CPU stays below the target, stop, and take the values of Reaches the maximum."
        }
        Step::BackToMinimum => {
            "Press Stop load, or let it end. The HPA then waits until the scale-down window has passed."
        }
        Step::CleanedUp => "Press Clean up.",
    }
}
