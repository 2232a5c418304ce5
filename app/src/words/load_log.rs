//! The tab of the load's log: its figures, its buttons, and how a load ended.

use crate::figures::{UNKNOWN, count, minutes, rate, response, span, thousands};
use crate::model::{LoadFigures, LoadOutcome, LoadState};

pub const LOAD_LOG: &str = "Log of the load";
pub const LOAD_FIGURES: &str = "Figures of the load";
pub const FOLLOW: &str = "Follow";
pub const ALL_LINES: &str = "All lines";
pub const DOWNLOAD_LOG: &str = "Download";
pub const SEARCH_LOG: &str = "Search the log";
pub const NEXT_HIT: &str = "Next hit";
pub const PREVIOUS_HIT: &str = "Previous hit";
pub const LINE_CUT: &str = " … cut";
pub const NO_LOAD_YET: &str = "No load has run yet.";
pub const NOTHING_LOGGED: &str = "Locust has not written anything yet.";
pub const STATISTICS: &str = "Statistics";
pub const PERCENTILES: &str = "Response time percentiles in ms (approximated)";
pub const ERROR_REPORT: &str = "Error report";
pub const LAST_TABLES: &str = "Locust's last tables";

/// `1,036 requests`, `0 failed`, `31/s`, `p50 1.3 s`, `p95 9.8 s`, `150 users`: of all requests, as Locust's row
/// `Aggregated`.
pub fn load_figures(figures: &LoadFigures) -> [String; 6] {
    let time = |ms: Option<u32>| ms.map_or_else(|| UNKNOWN.to_owned(), response);
    let users = figures.users.map(|users| count(users, "user", "users"));
    [
        requests(figures.requests),
        format!("{} failed", thousands(figures.failures)),
        format!("{}/s", rate(figures.rps)),
        format!("p50 {}", time(figures.p50_ms)),
        format!("p95 {}", time(figures.p95_ms)),
        users.unwrap_or_else(|| format!("{UNKNOWN} users")),
    ]
}

fn requests(number: u64) -> String {
    let unit = if number == 1 { "request" } else { "requests" };
    format!("{} {unit}", thousands(number))
}

/// `3 of 17 lines`, `17 lines`, `no line`
pub fn log_hits(at: Option<usize>, all: usize) -> String {
    match (at, all) {
        (_, 0) => "no line".to_owned(),
        (_, 1) => "1 line".to_owned(),
        (Some(at), all) => format!("{} of {all} lines", at + 1),
        (None, all) => format!("{all} lines"),
    }
}

/// `Pause`, and with newer lines `Pause: 12 newer lines`.
pub fn newer_lines(lines: u64) -> String {
    match lines {
        0 => String::new(),
        1 => "1 newer line".to_owned(),
        _ => format!("{} newer lines", thousands(lines)),
    }
}

/// Beside the log, when it is not whole.
pub fn lines_left_out(lines: u64) -> String {
    match lines {
        1 => "1 older line is only in the download while the pod is there.".to_owned(),
        _ => format!(
            "{} older lines are only in the download while the pod is there.",
            thousands(lines)
        ),
    }
}

/// How a load ended, in one sentence; `None` while it has not.
pub fn load_verdict(load: &LoadState) -> Option<String> {
    let end = load.end.as_ref()?;
    let totals = load.figures.map(|figures| {
        let failed = thousands(figures.failures);
        format!("{}, {failed} failed", requests(figures.requests))
    });
    let told = match &end.outcome {
        LoadOutcome::Finished => match totals {
            Some(totals) => format!("Finished: {totals}."),
            None => "Finished.".to_owned(),
        },
        LoadOutcome::Stopped { after_ms } => {
            let stopped = end.time.plus_ms(-after_ms);
            let on = load
                .first_users
                .map(|first| (stopped.0 - first.0).max(0) / 1000);
            match (on, totals) {
                (None, _) => "Stopped before its first users.".to_owned(),
                (Some(on), Some(totals)) => format!("Stopped after {}: {totals}.", span(on)),
                (Some(on), None) => format!("Stopped after {}.", span(on)),
            }
        }
        LoadOutcome::Failed { reason, error } => {
            format!("Failed: {}", load_failure(reason, error.as_deref()))
        }
    };
    Some(told)
}

/// Why a load failed: Locust's last error in words, else what Kubernetes says of its pod or Job. What is not known here
/// stays in their words.
pub fn load_failure(reason: &str, error: Option<&str>) -> String {
    let Some(error) = error else {
        return of_pod(reason);
    };
    let has = |part: &str| error.contains(part);
    if has("Connection refused") {
        "connection refused: no ready pod answers behind the Service.".to_owned()
    } else if has("gaierror") || has("Name or service not known") {
        "the host's name is not known in the cluster.".to_owned()
    } else if has("RemoteDisconnected") || has("ConnectionResetError") {
        "connections were closed without an answer.".to_owned()
    } else if error.starts_with("argument ") {
        format!("Locust does not understand its arguments: {error}.")
    } else if has("No User class found") {
        "the locustfile has no user class.".to_owned()
    } else if has("specify the base host") {
        "neither the locustfile nor --host says where the users go.".to_owned()
    } else {
        error.to_owned()
    }
}

fn of_pod(reason: &str) -> String {
    match reason {
        "OOMKilled" => {
            "Locust used more memory than its limit, and was killed (OOMKilled).".to_owned()
        }
        "Evicted" => "the node ran short of memory or disk, and evicted Locust's pod.".to_owned(),
        "DeadlineExceeded" => "the Job took longer than it may (activeDeadlineSeconds).".to_owned(),
        "" => "the Job says no reason.".to_owned(),
        _ if reason.starts_with("exit code ") => format!("Locust ended with {reason}."),
        _ => format!("{reason}."),
    }
}

/// `150 users, 15/s, 5:00`: what a load was told to do, as far as its Job tells.
pub fn load_plan(load: &LoadState) -> String {
    let users = load.users_wanted.map(|users| count(users, "user", "users"));
    let rate = load.spawn_rate.map(|rate| format!("{rate}/s"));
    let time = load.run_time_s.map(|time| minutes(i64::from(time)));
    let parts: Vec<_> = users.into_iter().chain(rate).chain(time).collect();
    match parts.is_empty() {
        true => UNKNOWN.to_owned(),
        false => parts.join(", "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::LoadEnd;
    use crate::model::samples::{self, at};

    fn ended(outcome: LoadOutcome) -> String {
        let mut load = samples::load();
        load.end = Some(LoadEnd {
            time: at(122.8),
            outcome,
        });
        load_verdict(&load).unwrap()
    }

    #[test]
    fn verdict_says_how_it_ended_and_what_there_was() {
        assert_eq!(load_verdict(&samples::load()), None);
        assert_eq!(
            ended(LoadOutcome::Finished),
            "Finished: 1,036 requests, 0 failed."
        );
        let after_ms = 2_000;
        assert_eq!(
            ended(LoadOutcome::Stopped { after_ms }),
            "Stopped after 1:10: 1,036 requests, 0 failed."
        );
    }

    #[test]
    fn failure_is_told_in_words() {
        let failed = |reason: &str, error: Option<&str>| {
            ended(LoadOutcome::Failed {
                reason: reason.to_owned(),
                error: error.map(str::to_owned),
            })
        };
        let job = "BackoffLimitExceeded";
        let refused = "GET /fib: ConnectionRefusedError(111, 'Connection refused')";
        assert_eq!(
            failed(job, Some(refused)),
            "Failed: connection refused: no ready pod answers behind the Service."
        );
        assert_eq!(
            failed(job, Some("argument -u/--users: invalid int value: 'x'")),
            "Failed: Locust does not understand its arguments: argument -u/--users: invalid int value: 'x'."
        );
        assert!(failed("OOMKilled", None).contains("more memory than its limit"));
        assert!(failed("Evicted", None).contains("evicted Locust's pod"));
        assert_eq!(
            failed("exit code 2", None),
            "Failed: Locust ended with exit code 2."
        );
        assert_eq!(failed(job, Some("what <b>?")), "Failed: what <b>?");
    }

    #[test]
    fn unknown_figures_are_no_zero() {
        let figures = LoadFigures {
            requests: 1,
            ..LoadFigures::default()
        };
        let told = load_figures(&figures);
        assert_eq!(told[0], "1 request");
        assert_eq!(told[4..], ["p95 —", "— users"]);
    }
}
