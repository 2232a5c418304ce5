//! Reads the log of a Locust pod line by line. Called by `cluster/load_log.rs`; knows no stream.
//!
//! Two kinds of figures are understood: the line that the panel's own locustfile prints every 2 s, and the table
//! that any headless Locust prints (`print_stats` in `locust/stats.py`, 2.32.2). Where the first is there, the second
//! only gives the totals at the end.

mod tables;

use app::model::{LineKind, LoadFigures, LoadSample, LoadTables, LogLine, TimeMs};
use serde::Deserialize;

use tables::Tables;

/// What a load's log has told so far.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LocustLog {
    /// The time of the newest line, as the kubelet wrote it: where a broken stream is resumed.
    pub newest: Option<jiff::Timestamp>,
    /// Lines that were read with that time; several may share one.
    at_newest: u32,
    /// A resumed stream brings again what is older than this time, and so many lines of it.
    repeated: Option<(jiff::Timestamp, u32)>,
    /// When Locust said that it starts its users.
    pub first_users: Option<TimeMs>,
    /// When all users were there.
    pub all_users: Option<TimeMs>,
    /// Users it was told to start.
    pub users_wanted: Option<u32>,
    pub spawn_rate: Option<u32>,
    /// `--run-time`, if it has one.
    pub run_time_s: Option<u32>,
    pub figures: Option<LoadFigures>,
    /// When it began to end.
    pub ending: Option<TimeMs>,
    /// The last error it told, in its own words.
    pub error: Option<String>,
    /// The panel's own line was seen, so the table is not needed.
    own_line: bool,
    tables: Tables,
    /// Lines that were read so far.
    lines: u64,
}

/// What one line tells.
#[derive(Debug, Default, PartialEq)]
pub struct Read {
    /// The line itself, unless it was read before.
    pub line: Option<LogLine>,
    /// Its figures, if they are of now.
    pub sample: Option<LoadSample>,
}

/// The panel's own line: `{"workshop_load":{…}}`.
#[derive(Deserialize)]
struct OwnLine {
    workshop_load: OwnFigures,
}

#[derive(Deserialize)]
struct OwnFigures {
    users: Option<u32>,
    rps: Option<f64>,
    failures_per_s: Option<f64>,
    requests: Option<u64>,
    failures: Option<u64>,
    p50: Option<f64>,
    p95: Option<f64>,
}

/// A row of the table.
#[derive(Debug, PartialEq)]
struct Row {
    requests: u64,
    failures: u64,
    rps: f64,
    failures_per_s: f64,
}

impl LocustLog {
    /// The stream begins anew at the newest line's second: lines that were read before are skipped.
    pub fn resume(&mut self) {
        self.repeated = self.newest.map(|newest| (newest, self.at_newest));
    }

    /// Takes one line as `GET …/log?timestamps=true` gives it: a timestamp, a space, the line.
    pub fn read(&mut self, line: &str) -> Read {
        let (timestamp, line) = line.split_once(' ').unwrap_or((line, ""));
        let Ok(timestamp) = timestamp.parse::<jiff::Timestamp>() else {
            return Read::default();
        };
        if let Some((until, lines)) = &mut self.repeated {
            if timestamp < *until {
                return Read::default();
            }
            if timestamp == *until && *lines > 0 {
                *lines -= 1;
                return Read::default();
            }
            self.repeated = None;
        }
        self.at_newest = if self.newest == Some(timestamp) {
            self.at_newest + 1
        } else {
            1
        };
        self.newest = Some(timestamp);
        self.lines += 1;
        let (time, line) = (TimeMs(timestamp.as_millisecond()), line.trim_end());
        let (kind, sample) = self.read_line(time, line);
        Read {
            line: Some(LogLine::new(self.lines, time, kind, line)),
            sample,
        }
    }

    /// Locust's last tables: the final ones once they are there, or what there is when the log `is_over`.
    pub fn tables(&self, is_over: bool) -> Option<LoadTables> {
        self.tables.last(is_over)
    }

    fn read_line(&mut self, time: TimeMs, line: &str) -> (LineKind, Option<LoadSample>) {
        if line.starts_with("{\"workshop_load\"") {
            return match serde_json::from_str::<OwnLine>(line) {
                Ok(own) => {
                    let sample = self.own_figures(time, &own.workshop_load);
                    (LineKind::Figures, Some(sample))
                }
                Err(_) => (LineKind::Said, None),
            };
        }
        if let Some((level, message)) = logged(line) {
            self.tables.close();
            self.message(time, level, message);
            return (LineKind::Said, None);
        }
        let is_table = self.tables.take(line);
        if let Some(row) = Row::aggregated(line) {
            return (LineKind::Table, self.row(time, &row));
        }
        if self.tables.in_errors() {
            if let Some(error) = reported_error(line) {
                self.error = Some(error.to_owned());
            }
        } else if !is_table && let Some(error) = fatal_error(line) {
            self.error = Some(error.to_owned());
        }
        let kind = match is_table {
            true => LineKind::Table,
            false => LineKind::Said,
        };
        (kind, None)
    }

    fn message(&mut self, time: TimeMs, level: &str, message: &str) {
        if let Some(rest) = message.strip_prefix("Ramping to ") {
            // `Ramping to 150 users at a rate of 15.00 per second`
            let mut words = rest.split(' ');
            self.users_wanted = words.next().and_then(|users| users.parse().ok());
            let rate = words.nth(5).and_then(|rate| rate.parse::<f64>().ok());
            self.spawn_rate = rate.map(|rate| rate.round() as u32);
            self.first_users.get_or_insert(time);
        } else if message.starts_with("All users spawned") {
            self.first_users.get_or_insert(time);
            self.all_users = Some(time);
        } else if let Some(rest) = message.strip_prefix("Run time limit set to ") {
            let seconds = rest.strip_suffix(" seconds").unwrap_or(rest);
            self.run_time_s = seconds.parse().ok();
        } else if message.starts_with("Shutting down")
            || message.starts_with("--run-time limit reached")
            || message.starts_with("Got SIGTERM")
        {
            self.ending.get_or_insert(time);
        } else if matches!(level, "ERROR" | "CRITICAL") {
            self.error = Some(message.to_owned());
        }
    }

    fn own_figures(&mut self, time: TimeMs, own: &OwnFigures) -> LoadSample {
        self.own_line = true;
        let before = self.figures.unwrap_or_default();
        let ms = |value: Option<f64>| value.map(|ms| ms.round() as u32);
        let figures = LoadFigures {
            time,
            users: own.users,
            rps: own.rps.unwrap_or(0.0),
            failures_per_s: own.failures_per_s.unwrap_or(0.0),
            requests: own.requests.unwrap_or(before.requests),
            failures: own.failures.unwrap_or(before.failures),
            p50_ms: ms(own.p50),
            p95_ms: ms(own.p95),
        };
        self.figures = Some(figures);
        if own.users.is_some_and(|users| users > 0) {
            self.first_users.get_or_insert(time);
        }
        sample(&figures)
    }

    fn row(&mut self, time: TimeMs, row: &Row) -> Option<LoadSample> {
        // After the end the table's rates are the mean of the whole run, no longer a rate of now.
        if self.own_line || self.ending.is_some() {
            if let Some(figures) = &mut self.figures {
                figures.requests = row.requests;
                figures.failures = row.failures;
            }
            return None;
        }
        let figures = LoadFigures {
            time,
            users: self.all_users.and(self.users_wanted),
            rps: row.rps,
            failures_per_s: row.failures_per_s,
            requests: row.requests,
            failures: row.failures,
            // The table's times are of the whole run.
            p50_ms: None,
            p95_ms: None,
        };
        self.figures = Some(figures);
        self.first_users.map(|_| sample(&figures))
    }
}

fn sample(figures: &LoadFigures) -> LoadSample {
    LoadSample {
        time: figures.time,
        users: figures.users,
        rps: figures.rps,
        failures_per_s: figures.failures_per_s,
        p50_ms: figures.p50_ms,
        p95_ms: figures.p95_ms,
    }
}

impl Row {
    /// The row `Aggregated`: `# reqs  # fails(%) | Avg Min Max Med | req/s failures/s`. The table of percentiles has a
    /// row of that name too, without bars.
    fn aggregated(line: &str) -> Option<Self> {
        let rest = line.trim_start().strip_prefix("Aggregated")?;
        let mut parts = rest.split('|');
        let mut counts = parts.next()?.split_whitespace();
        let _times = parts.next()?;
        let mut rates = parts.next()?.split_whitespace();
        let requests = counts.next()?.parse().ok()?;
        let failures = counts.next()?.split('(').next()?.parse().ok()?;
        Some(Self {
            requests,
            failures,
            rps: rates.next()?.parse().ok()?,
            failures_per_s: rates.next()?.parse().ok()?,
        })
    }
}

/// Level and message of `[2026-11-23 22:07:54,009] host/INFO/locust.runners: message`.
fn logged(line: &str) -> Option<(&str, &str)> {
    let (_, rest) = line.strip_prefix('[')?.split_once("] ")?;
    let (source, message) = rest.split_once(": ")?;
    let mut source = source.split('/');
    let level = source.nth(1)?;
    Some((level, message))
}

/// The error of a row of the error report: `19    GET /fib: ConnectionRefusedError(111, 'Connection refused')`.
fn reported_error(line: &str) -> Option<&str> {
    let (count, error) = line.split_once(char::is_whitespace)?;
    count.parse::<u64>().ok()?;
    Some(error.trim())
}

/// What Locust writes when it cannot start: `locust: error: …`, `Could not find '…'. …`, or the last line of a Python
/// traceback.
fn fatal_error(line: &str) -> Option<&str> {
    if line.starts_with("Could not find '") {
        let end = line.find("'. ").map_or(line.len(), |end| end + 2);
        return Some(&line[..end]);
    }
    if let Some((_, error)) = line.split_once("error: ") {
        return Some(error);
    }
    let (name, _) = line.split_once(':')?;
    let is_exception = name.ends_with("Error") || name.ends_with("Exception");
    (is_exception && !name.contains(char::is_whitespace)).then_some(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(lines: &[&str]) -> (LocustLog, Vec<LoadSample>) {
        let mut log = LocustLog::default();
        let mut samples = Vec::new();
        for (second, line) in lines.iter().enumerate() {
            let read = log.read(&format!("2026-11-24T12:00:{second:02}.5Z {line}"));
            samples.extend(read.sample);
        }
        (log, samples)
    }

    #[test]
    fn the_panels_own_line_is_a_sample() {
        let (log, samples) = read(&[
            r#"{"workshop_load":{"users":150,"rps":31.2,"failures_per_s":0.0,"requests":1036,"failures":0,"p50":1300,"p95":9800,"p99":11000}}"#,
        ]);
        let figures = log.figures.unwrap();
        assert_eq!((figures.requests, figures.p95_ms), (1036, Some(9800)));
        assert_eq!((samples[0].users, samples[0].rps), (Some(150), 31.2));
        assert_eq!(log.first_users, Some(samples[0].time));
    }

    #[test]
    fn null_is_unknown_and_not_zero() {
        let (log, samples) = read(&[
            r#"{"workshop_load":{"users":null,"rps":0.0,"failures_per_s":0.0,"requests":0,"failures":0,"p50":null,"p95":null,"p99":null}}"#,
        ]);
        assert_eq!(
            (samples[0].users, samples[0].p50_ms, samples[0].p95_ms),
            (None, None, None)
        );
        assert_eq!(log.first_users, None);
    }

    #[test]
    fn any_headless_locust_is_understood() {
        let (log, samples) = read(&[
            "[2026-11-23 22:07:54,008] host/INFO/locust.main: Run time limit set to 420 seconds",
            "         Aggregated       0     0(0.00%) |      0       0       0      0 |    0.00        0.00",
            "[2026-11-23 22:07:54,009] host/INFO/locust.runners: Ramping to 150 users at a rate of 15.00 per second",
            "GET      /fib            69    8(11.59%) |     28       2      58     29 |    0.00        0.00",
            "         Aggregated      69    8(11.59%) |     28       2      58     29 |    3.50        0.50",
            "[2026-11-23 22:08:03,018] host/INFO/locust.runners: All users spawned: {\"Visitor\": 150} (150 total users)",
            "         Aggregated     203    17(8.37%) |     27       2      58     27 |   21.00        2.50",
            "[2026-11-23 22:09:48,784] host/INFO/locust.main: Got SIGTERM signal",
            "         Aggregated     300    17(5.66%) |     27       2      58     27 |   38.07        2.50",
            "         Aggregated      1      2      2      2      5      7      7      7      7      7      7     300",
        ]);
        assert_eq!(
            (log.users_wanted, log.spawn_rate, log.run_time_s),
            (Some(150), Some(15), Some(420))
        );
        assert_eq!(samples.len(), 2, "{samples:?}");
        assert_eq!((samples[0].users, samples[0].rps), (None, 3.5));
        assert_eq!((samples[1].users, samples[1].rps), (Some(150), 21.0));
        let figures = log.figures.unwrap();
        assert_eq!(
            (figures.requests, figures.failures, figures.rps),
            (300, 17, 21.0)
        );
        assert!(log.ending.is_some());
    }

    #[test]
    fn the_last_error_is_kept_in_locusts_words() {
        let (log, _) = read(&[
            "Error report",
            "# occurrences      Error",
            "------------------|-------------------",
            "19                 GET /fib: ConnectionRefusedError(111, 'Connection refused')",
        ]);
        let refused = "GET /fib: ConnectionRefusedError(111, 'Connection refused')";
        assert_eq!(log.error.as_deref(), Some(refused));
        let (log, _) = read(&[
            "locust: error: argument --web-port/-P: invalid int value: 'tcp://10.0.0.1:80'",
        ]);
        let port = "argument --web-port/-P: invalid int value: 'tcp://10.0.0.1:80'";
        assert_eq!(log.error.as_deref(), Some(port));
    }

    #[test]
    fn lines_that_a_resumed_stream_repeats_count_once() {
        let line = |second: u32| {
            format!(r#"2026-11-24T12:00:0{second}.5Z {{"workshop_load":{{"users":1,"rps":1.0}}}}"#)
        };
        let mut log = LocustLog::default();
        let all = [line(1), line(2), line(2), line(2), line(3)];
        let count = |log: &mut LocustLog, lines: &[String]| {
            lines
                .iter()
                .filter(|line| log.read(line).sample.is_some())
                .count()
        };
        assert_eq!(count(&mut log, &all[..3]), 3, "lines may share a time");
        log.resume();
        assert_eq!(count(&mut log, &all), 2);
    }
}
