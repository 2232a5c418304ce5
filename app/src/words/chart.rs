//! The chart, its lines and its readout.

use crate::chart::{Held, Readout, Rescaled};
use crate::figures::{self, Zone, clock, count, minutes};

pub const CHART: &str = "Load, CPU and pods over time";
pub const WINDOW: &str = "Shown";
pub const THIS_RUN: &str = "This run";

pub const TIME: &str = "Time";
pub const TABLE: &str = "Table";
pub const PAUSE: &str = "Pause";
/// The switch for one thin line a pod.
pub const EACH_POD: &str = "Each pod";
pub const NO_LOAD_HAS_RUN: &str = "No load has run yet.";
pub const NO_SAMPLE_YET: &str = "No CPU sample yet. The first comes about 25 s after a pod starts.";
pub const NOTHING_IS_DEPLOYED: &str = "Nothing is deployed.";
pub const AT_THE_LIMIT: &str = "at the limit: real demand may be higher";

// Why a stretch of the chart is blank.
pub const NO_CPU_VALUES: &str = "no CPU values: metrics-server did not answer";
pub const NO_CPU_SAMPLE: &str = "no CPU sample";
pub const NO_ANSWERS: &str = "no answer in the last 10 s";
pub const NO_FIGURES: &str = "no figures from Locust";
pub const NOT_SEEN: &str = "not seen by the panel";
pub const NO_CONNECTION_GAP: &str = "no connection to the panel";

// Names of lines, and units of axes.
pub const USERS_LINE: &str = "users";
pub const RPS_LINE: &str = "req/s";
pub const REQUESTS_UNIT: &str = "req/s";
pub const P95_LINE: &str = "p95";
pub const P50_LINE: &str = "p50";
pub const FAILURES_LINE: &str = "failures/s";
pub const CPU_LINE: &str = "CPU";
pub const WANTED_LINE: &str = "wanted";
pub const ASKED_LINE: &str = "asked for";
pub const READY_LINE: &str = "ready";
pub const MIN: &str = "min";
pub const MAX: &str = "max";
pub const HOLD: &str = "hold";
pub const EARLIEST: &str = "▼ earliest";

/// The heads of the table's columns.
pub const TABLE_HEADS: [&str; 9] = [
    "time",
    USERS_LINE,
    RPS_LINE,
    P95_LINE,
    CPU_LINE,
    WANTED_LINE,
    ASKED_LINE,
    READY_LINE,
    "change",
];

/// The table's own name.
pub const TABLE_NAME: &str = "One row for each change, newest first";

/// `limit 100m = 200 % of request`.
pub fn limit_means(limit_m: Option<i64>, percent: f64) -> String {
    let limit = limit_m.map_or_else(
        || "limit".to_owned(),
        |m| format!("limit {}", figures::cpu(m)),
    );
    format!("{limit} = {percent:.0} % of request")
}

/// `target 60, no change 54–66`.
pub fn target_means(target: u32) -> String {
    let (least, most) = super::tolerated(target);
    format!("target {target}, no change {least}–{most}")
}

/// `5 min`.
pub fn minutes_shown(minutes: i64) -> String {
    format!("{minutes} min")
}

/// `15 s`, `0.5 s`: an end of the axis of the response time.
pub fn seconds_of_axis(seconds: f64) -> String {
    match seconds > 0.0 && seconds < 1.0 {
        true => format!("{seconds:.1} s"),
        false => format!("{seconds:.0} s"),
    }
}

/// `wanted`, or `↑ 26 wanted` where it is above the top.
pub fn wanted_line(wanted: u32, above: bool) -> String {
    match above {
        true => format!("↑ {wanted} {WANTED_LINE}"),
        false => WANTED_LINE.to_owned(),
    }
}

/// `your guess 6`.
pub fn your_guess(guess: u32, above: bool) -> String {
    let arrow = if above { "↑ " } else { "" };
    format!("{arrow}your guess {guess}")
}

/// `hold: 17 wanted at 14:02:11`.
pub fn held_by(size: u32, clock: &str) -> String {
    format!("{HOLD}: {size} {WANTED_LINE} at {clock}")
}

/// A mark of the load alone, and with its name.
pub fn load_mark(on: bool) -> (&'static str, &'static str) {
    match on {
        true => ("▶", "▶ load on"),
        false => ("■", "■ load off"),
    }
}

/// `Paused at 14:02:31, 0:45 behind`.
pub fn paused(at: &str, behind_s: i64) -> String {
    format!("Paused at {at}, {} behind", minutes(behind_s))
}

/// `4→8`: a rescale in the row of values and in the table.
pub(crate) fn rescale_mark(rescale: Rescaled) -> String {
    let sign = if rescale.to > rescale.from {
        "▲"
    } else {
        "▼"
    };
    format!("{sign} {}→{}", rescale.from, rescale.to)
}

/// What changed at a time, for the table.
pub(crate) fn change(row: &Readout) -> String {
    let load = row.load_mark.map(|on| load_mark(on).1.to_owned());
    let rescale = row.rescale.map(rescale_mark);
    let parts: Vec<_> = [load, rescale].into_iter().flatten().collect();
    parts.join(", ")
}

/// ` 4 to 8, limited to double in 15 seconds.`
fn rescale(rescale: Rescaled) -> String {
    let Rescaled { from, to, held } = rescale;
    let why = match held {
        Held::No if to < from => ", in one step".to_owned(),
        Held::No => String::new(),
        Held::Maximum => ", limited by the maximum".to_owned(),
        Held::Double => ", limited to double in 15 seconds".to_owned(),
        Held::More(pods) => format!(
            ", limited to {} in 15 seconds",
            count(pods, "more pod", "more pods")
        ),
    };
    format!(" {from} to {to}{why}.")
}

/// The whole readout as one text, for the slider. Values of a load are left out where there is none.
pub(crate) fn readout(at: &Readout, zone: Zone) -> String {
    let mut text = clock(at.time, zone);
    if let Some(seconds) = at.since_users_s {
        text.push_str(&format!(", {} after first users", minutes(seconds)));
    }
    text.push('.');
    let say = |parts: Vec<Option<String>>| {
        let parts: Vec<_> = parts.into_iter().flatten().collect();
        if parts.is_empty() {
            String::new()
        } else {
            format!(" {}.", parts.join(", "))
        }
    };
    let failures = at.failures_per_s.filter(|failures| *failures > 0.0);
    text.push_str(&say(vec![
        at.users.map(|n| count(n, "user", "users")),
        at.rps
            .map(|rps| format!("{} requests per second", figures::rate(rps))),
        at.p95_ms
            .map(|ms| format!("p95 {}", figures::response(ms).replace(" s", " seconds"))),
        failures.map(|rate| format!("{} failures per second", figures::rate(rate))),
    ]));
    match at.percent {
        Some(percent) => text.push_str(&format!(" CPU {percent} percent of request.")),
        None => text.push_str(" CPU unknown."),
    }
    let pods = say(vec![
        at.wanted.map(|n| format!("wanted {n}")),
        at.asked.map(|n| format!("asked for {n}")),
        at.ready.map(|n| format!("ready {n}")),
    ]);
    if pods.is_empty() {
        text.push_str(" Pods unknown.");
    }
    let mut letters = pods.chars().skip(1);
    if let Some(first) = letters.next() {
        text.push(' ');
        text.push(first.to_ascii_uppercase());
        text.extend(letters);
    }
    if let Some(known) = at.rescale {
        text.push_str(&rescale(known));
    }
    text
}
