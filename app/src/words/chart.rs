//! The chart, its lines and its readout.

use crate::chart::Readout;
use crate::figures::{self, Zone, clock, count, minutes};

pub const CHART: &str = "Load, CPU and pods over time";
pub const WINDOW: &str = "Shown";
pub const THIS_RUN: &str = "This run";

pub const TIME: &str = "Time";
pub const TABLE: &str = "Table";
pub const PAUSE: &str = "Pause";
pub const NO_LOAD_HAS_RUN: &str = "No load has run yet.";
pub const NO_SAMPLE_YET: &str = "No CPU sample yet. The first comes about 25 s after a pod starts.";
pub const NOTHING_IS_DEPLOYED: &str = "Nothing is deployed.";
pub const NO_CPU_VALUES: &str = "no CPU values";
pub const AT_THE_LIMIT: &str = "at the limit: real demand may be higher";

/// `limit 100m = 200 % of request`.
pub fn limit_means(limit_m: Option<i64>, percent: f64) -> String {
    let limit = limit_m.map_or_else(
        || "limit".to_owned(),
        |m| format!("limit {}", figures::cpu(m)),
    );
    format!("{limit} = {percent:.0} % of request")
}

/// `5 min`.
pub fn minutes_shown(minutes: i64) -> String {
    format!("{minutes} min")
}

/// The whole readout as one text, for the slider: what is unknown is left out.
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
    text.push_str(&say(vec![
        at.users.map(|n| count(n, "user", "users")),
        at.rps
            .map(|rps| format!("{} requests per second", figures::rate(rps))),
        at.p95_ms
            .map(|ms| format!("p95 {}", figures::response(ms).replace(" s", " seconds"))),
    ]));
    text.push_str(&say(vec![
        at.percent.map(|p| format!("CPU {p} percent of request")),
    ]));
    let pods = say(vec![
        at.wanted.map(|n| format!("wanted {n}")),
        at.asked.map(|n| format!("asked for {n}")),
        at.ready.map(|n| format!("ready {n}")),
    ]);
    text.push_str(&pods.replacen(" wanted", " Wanted", 1));
    if let Some((from, to)) = at.rescale {
        text.push_str(&format!(" {from} to {to}."));
    }
    text
}
