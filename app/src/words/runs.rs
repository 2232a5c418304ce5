//! The tab of runs: the list, and one run.

use super::load_verdict;
use crate::figures::{UNKNOWN, Zone, clock, minutes, response, seconds_between, span};
use crate::model::{LoadState, Rescale, RunSummary, TimeMs};

pub const RUNS: &str = "Runs";
pub const OPEN_RUN: &str = "Open";
pub const BACK_TO_RUNS: &str = "All runs";
pub const BACK_TO_SEAT: &str = "Back to the seat";
pub const RUNS_AS_PAGE: &str = "Runs as a page of their own";
pub const RUN_CSV: &str = "CSV";
pub const NO_RUN_YET: &str = "No load has run yet.";
pub const LOADING_RUNS: &str = "Reading the runs …";
pub const RUN_GONE: &str = "This run is not kept any more: the newest ten are.";
pub const RUN_STEPS: &str = "Steps of the autoscaler";
pub const NO_STEPS: &str = "The autoscaler did not change the number of pods.";
pub const RUN_TOLD: &str = "Why it scaled, or did not";
pub const NOTHING_TOLD: &str = "No explanation of this run is kept.";
pub const RUN_REACTIONS: &str = "Reaction times of this run";
pub const NO_RUN_REACTION: &str = "Nothing was scaled up in this run.";
pub const RUN_EVENTS: &str = "Events of this run, newest last";
pub const RUN_EVENTS_TITLE: &str = "Events";
pub const NO_RUN_EVENT: &str = "No event of this run is kept.";
pub const RUN_LIST_HEADS: [&str; 8] = [
    "started",
    "load",
    "by",
    "lasted",
    "most pods",
    "first scale-up",
    "p95 before → last",
    "end",
];
pub const RUN_STEP_HEADS: [&str; 3] = ["time", "after first users", "pods asked for"];

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// `28 Nov, 14:02:31`
pub fn run_started(time: TimeMs, zone: Zone) -> String {
    let (month, day) = month_and_day(time, zone);
    let month = MONTHS.get(month).copied().unwrap_or_default();
    format!("{day} {month}, {}", clock(time, zone))
}

/// The month from 0 and the day from 1: <https://howardhinnant.github.io/date_algorithms.html>, `civil_from_days`.
fn month_and_day(time: TimeMs, zone: Zone) -> (usize, i64) {
    let days = (time.0 + zone.offset_ms()).div_euclid(86_400_000) + 719_468;
    let of_era = days.rem_euclid(146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let march_based = (5 * of_year + 2) / 153;
    let day = of_year - (153 * march_based + 2) / 5 + 1;
    ((march_based as usize + 2) % 12, day)
}

/// Who made the load's Job.
pub fn run_by(load: &LoadState) -> String {
    match load.own {
        true => "this panel".to_owned(),
        false => load.manager.clone(),
    }
}

/// The figures of a run in the list, in the order of [`RUN_LIST_HEADS`] from `lasted` to `p95`.
pub fn run_figures(run: &RunSummary, now: TimeMs) -> [String; 4] {
    let unknown = || UNKNOWN.to_owned();
    let time = |ms: Option<u32>| ms.map_or_else(unknown, response);
    let p95 = match (run.p95_before_ms, run.p95_last_ms) {
        (None, None) => unknown(),
        (before, last) => format!("{} → {}", time(before), time(last)),
    };
    [
        run.lasted_ms(now)
            .map_or_else(unknown, |ms| span(ms / 1000)),
        run.most_pods.map_or_else(unknown, |pods| pods.to_string()),
        run.scaled_up_after_ms
            .map_or_else(unknown, |ms| format!("after {}", span(ms / 1000))),
        p95,
    ]
}

/// How the run ended, or that it has not.
pub fn run_end(load: &LoadState) -> String {
    load_verdict(load).unwrap_or_else(|| "The load is not over.".to_owned())
}

/// The name of an open run, for its heading and the chart's: `Run of 28 Nov, 14:02:31`.
pub fn run_of(load: &LoadState, zone: Zone) -> String {
    format!("Run of {}", run_started(load.created, zone))
}

/// `Open the run of 28 Nov, 14:02:31`: a button's name must tell it from the others'.
pub fn open_run_of(load: &LoadState, zone: Zone) -> String {
    format!("Open the run of {}", run_started(load.created, zone))
}

/// The same for its table.
pub fn csv_of(load: &LoadState, zone: Zone) -> String {
    format!("CSV of the run of {}", run_started(load.created, zone))
}

/// `+0:55`: since the load's first users, whose time is `on`; before them with `−`.
pub fn since_users(time: TimeMs, on: Option<TimeMs>) -> String {
    match on {
        None => UNKNOWN.to_owned(),
        Some(on) if time < on => format!("−{}", minutes(seconds_between(time, on))),
        Some(on) => format!("+{}", minutes(seconds_between(on, time))),
    }
}

/// `Why, 14:01:15`: the name of what opens an explanation's evidence must tell it from the others'.
pub fn why_at(time: TimeMs, zone: Zone) -> String {
    format!("{}, {}", super::WHY, clock(time, zone))
}

/// `4 → 8`
pub fn run_step(rescale: &Rescale) -> String {
    format!("{} → {}", rescale.from, rescale.to)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::samples;

    #[test]
    fn day_is_of_the_readers_zone() {
        let day = |ms, minutes_east| run_started(TimeMs(ms), Zone { minutes_east });
        assert_eq!(day(1_772_460_000_000, 0), "2 Mar, 14:00:00");
        assert_eq!(day(1_709_164_800_000, 0), "29 Feb, 00:00:00");
        assert_eq!(day(1_709_164_800_000, -60), "28 Feb, 23:00:00");
        assert_eq!(day(1_767_225_599_000, 0), "31 Dec, 23:59:59");
        assert_eq!(day(1_767_225_599_000, 60), "1 Jan, 00:59:59");
    }

    #[test]
    fn time_is_told_from_the_first_users_on() {
        let since = |time| since_users(samples::at(time), Some(samples::at(50.8)));
        assert_eq!(since(75.8), "+0:25");
        assert_eq!(since(50.8), "+0:00");
        assert_eq!(since(30.8), "−0:20");
        assert_eq!(since_users(samples::at(75.8), None), "—");
    }

    #[test]
    fn unknown_figures_are_dashes() {
        let run = RunSummary {
            users_on: None,
            users_off: None,
            most_pods: None,
            scaled_up_after_ms: None,
            p95_before_ms: None,
            p95_last_ms: Some(1_300),
            load: samples::load(),
        };
        let told = run_figures(&run, samples::at(112.0));
        assert_eq!(told, ["1:01", "—", "—", "— → 1.3 s"]);
    }
}
