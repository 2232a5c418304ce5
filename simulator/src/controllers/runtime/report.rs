//! Locust's log, line by line as Locust 2.32.2 prints it without a terminal. Called by [`super::locust`]; pure.
//!
//! Upstream: `locust/stats.py` (`print_stats`, `print_percentile_stats`, `print_error_report`) and `locust/log.py`.

use std::collections::BTreeMap;

use autoscaling::load::{Failure, Figures, Statistics};
use jiff::Timestamp;
use serde_json::{Value, json};

/// Width of method and name together (`STATS_NAME_WIDTH`, `STATS_TYPE_WIDTH`).
const NAME: usize = 76;
const KIND: usize = 8;

/// Percentiles of the last table (`PERCENTILES_TO_REPORT`).
const PERCENTILES: [(&str, f64); 11] = [
    ("50%", 0.50),
    ("66%", 0.66),
    ("75%", 0.75),
    ("80%", 0.80),
    ("90%", 0.90),
    ("95%", 0.95),
    ("98%", 0.98),
    ("99%", 0.99),
    ("99.9%", 0.999),
    ("99.99%", 0.9999),
    ("100%", 1.0),
];

/// One message of Locust itself; `logger` is a level and a module, such as `INFO/locust.main`.
pub(super) fn message(time: Timestamp, host: &str, logger: &str, text: &str) -> String {
    let stamp = time.strftime("%Y-%m-%d %H:%M:%S");
    let millis = time.subsec_millisecond();
    format!("[{stamp},{millis:03}] {host}/{logger}: {text}")
}

/// The table of the statistics. `rates` replaces the sliding rates in the last one.
pub(super) fn table(name: &str, figures: &Figures, rates: Option<(f64, f64)>) -> Vec<String> {
    let mut lines = vec![
        format!(
            "{:<KIND$} {:<NAME$} {:>7} {:>12} |{:>7} {:>7} {:>7}{:>7} | {:>7} {:>11}",
            "Type", "Name", "# reqs", "# fails", "Avg", "Min", "Max", "Med", "req/s", "failures/s"
        ),
        separator(),
    ];
    if figures.requests > 0 {
        lines.push(row("GET", name, figures, rates));
    }
    lines.push(separator());
    lines.push(row("", "Aggregated", figures, rates));
    lines.push(String::new());
    lines
}

fn separator() -> String {
    let dashes = |count| "-".repeat(count);
    format!(
        "{}|{}|{}|{}|{}|{}|{}|{}|{}|{}",
        dashes(KIND),
        dashes(NAME),
        dashes(7),
        dashes(13),
        dashes(7),
        dashes(7),
        dashes(7),
        dashes(7),
        dashes(8),
        dashes(11)
    )
}

fn row(kind: &str, name: &str, figures: &Figures, rates: Option<(f64, f64)>) -> String {
    let (rps, failures_per_s) = rates.unwrap_or((figures.rps, figures.failures_per_s));
    let share = if figures.requests == 0 {
        0.0
    } else {
        figures.failures as f64 / figures.requests as f64 * 100.0
    };
    format!(
        "{kind:<KIND$} {name:<NAME$} {:>7} {:>12} |{:>7} {:>7} {:>7}{:>7} | {rps:>7.2} {failures_per_s:>11.2}",
        figures.requests,
        format!("{}({share:.2}%)", figures.failures),
        figures.mean_ms as u64,
        figures.min_ms as u64,
        figures.max_ms as u64,
        figures.median_ms as u64,
    )
}

/// The table of the response times, at the end.
pub(super) fn percentiles(name: &str, statistics: &Statistics, requests: u64) -> Vec<String> {
    let columns = |cells: [String; 11]| {
        let (first, rest) = cells.split_at(1);
        let rest: Vec<_> = rest.iter().map(|cell| format!("{cell:>6}")).collect();
        format!("{:>8} {}", first[0], rest.join(" "))
    };
    let dashes = |count| "-".repeat(count);
    let separator = format!(
        "{}|{}|{}|{}|{}",
        dashes(KIND),
        dashes(80),
        dashes(8),
        vec![dashes(6); 10].join("|"),
        dashes(6)
    );
    let heads = PERCENTILES.map(|(head, _)| head.to_owned());
    let values = || PERCENTILES.map(|(_, share)| statistics.percentile(share).to_string());
    let mut lines = vec![
        "Response time percentiles (approximated)".to_owned(),
        format!(
            "{:<KIND$} {:<80} {} {:>6}",
            "Type",
            "Name",
            columns(heads),
            "# reqs"
        ),
        separator.clone(),
    ];
    let row = |kind: &str, name: &str| {
        format!(
            "{kind:<KIND$} {name:<80} {} {requests:>6}",
            columns(values())
        )
    };
    if requests > 0 {
        lines.push(row("GET", name));
    }
    lines.push(separator);
    if requests > 0 {
        lines.push(row("", "Aggregated"));
    }
    lines.push(String::new());
    lines
}

/// The table of the errors, at the end; nothing without errors.
pub(super) fn errors(name: &str, errors: &BTreeMap<Failure, u64>) -> Vec<String> {
    if errors.is_empty() {
        return Vec::new();
    }
    let separator = format!("{}|{}", "-".repeat(18), "-".repeat(142));
    let mut lines = vec![
        "Error report".to_owned(),
        format!("{:<18} {:<100}", "# occurrences", "Error"),
        separator.clone(),
    ];
    for (failure, count) in errors {
        let error = format!("GET {name}: {}", error(*failure));
        lines.push(format!("{count:<18} {error:<100}"));
    }
    lines.push(separator);
    lines.push(String::new());
    lines
}

/// Python's words for a failure.
fn error(failure: Failure) -> &'static str {
    match failure {
        Failure::ConnectionRefused => "ConnectionRefusedError(111, 'Connection refused')",
        Failure::ConnectionReset => "ConnectionResetError(104, 'Connection reset by peer')",
        Failure::ConnectionAborted => {
            "RemoteDisconnected('Remote end closed connection without response')"
        }
        Failure::UnknownHost => "gaierror(-2, 'Name or service not known')",
    }
}

/// The line that the panel's own locustfile prints beside the tables.
pub(super) fn figures(users: u32, figures: &Figures) -> String {
    let answered = figures.p50_ms.is_some();
    let rate = |rate: f64| {
        if answered {
            (rate * 100.0).round() / 100.0
        } else {
            0.0
        }
    };
    let time = |time: Option<u32>| time.map_or(Value::Null, Value::from);
    json!({"workshop_load": {
        "users": users,
        "rps": rate(figures.rps),
        "failures_per_s": rate(figures.failures_per_s),
        "requests": figures.requests,
        "failures": figures.failures,
        "p50": time(figures.p50_ms),
        "p95": time(figures.p95_ms),
        "p99": time(figures.p99_ms),
    }})
    .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table_is_locusts_own() {
        let figures = Figures {
            requests: 4370,
            mean_ms: 2760.4,
            min_ms: 12.3,
            max_ms: 22_207.0,
            median_ms: 430.0,
            rps: 67.7,
            ..Figures::default()
        };
        let lines = table("/fib", &figures, Some((38.07, 0.0)));
        let name = " ".repeat(72);
        assert_eq!(
            lines[0],
            format!(
                "Type     Name{name}  # reqs      # fails |    Avg     Min     Max    Med |   req/s  failures/s"
            )
        );
        assert_eq!(
            lines[1],
            "--------|----------------------------------------------------------------------------|-------|-------------|-------|-------|-------|-------|--------|-----------"
        );
        assert_eq!(
            lines[2],
            format!(
                "GET      /fib{name}    4370     0(0.00%) |   2760      12   22207    430 |   38.07        0.00"
            )
        );
        assert_eq!(
            lines[4],
            format!(
                "         Aggregated{}    4370     0(0.00%) |   2760      12   22207    430 |   38.07        0.00",
                " ".repeat(66)
            )
        );
    }

    #[test]
    fn percentiles_have_locusts_columns() {
        let lines = percentiles("/fib", &Statistics::default(), 0);
        assert_eq!(
            lines[1],
            format!(
                "Type     Name{}      50%    66%    75%    80%    90%    95%    98%    99%  99.9% 99.99%   100% # reqs",
                " ".repeat(76)
            )
        );
        assert_eq!(
            lines[2],
            "--------|--------------------------------------------------------------------------------|--------|------|------|------|------|------|------|------|------|------|------|------"
        );
    }

    #[test]
    fn message_has_locusts_head() {
        let time: Timestamp = "2026-11-23T22:07:54.007685Z".parse().unwrap();
        assert_eq!(
            message(
                time,
                "locust-headless-rjdcm",
                "INFO/locust.main",
                "Starting Locust 2.32.2"
            ),
            "[2026-11-23 22:07:54,007] locust-headless-rjdcm/INFO/locust.main: Starting Locust 2.32.2"
        );
    }

    #[test]
    fn unanswered_percentiles_are_null() {
        let line: Value = serde_json::from_str(&figures(15, &Figures::default())).unwrap();
        assert_eq!(line["workshop_load"]["users"], 15);
        assert_eq!(line["workshop_load"]["p95"], Value::Null);
    }
}
