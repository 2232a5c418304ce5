//! The figures as a person reads them on a terminal. Filled by `main.rs`, phase by phase.

use std::fmt;
use std::process::ExitCode;
use std::time::Duration;

use super::meter::Used;

/// Failures that are told one by one.
const TOLD: usize = 10;

/// All that was measured.
#[derive(Default)]
pub(crate) struct Figures {
    rows: Vec<Row>,
    used: Vec<(&'static str, Used)>,
    notes: Vec<String>,
    failures: Vec<String>,
}

/// Times of one kind.
pub(crate) struct Row {
    name: String,
    /// In order.
    times: Vec<Duration>,
    failed: usize,
    limit: Option<Duration>,
}

impl Row {
    pub(crate) fn new(
        name: &str,
        mut times: Vec<Duration>,
        failed: usize,
        limit: Option<Duration>,
    ) -> Self {
        times.sort_unstable();
        Self {
            name: name.to_owned(),
            times,
            failed,
            limit,
        }
    }

    /// The time that `percent` of them do not exceed (nearest rank).
    fn percentile(&self, percent: usize) -> Option<Duration> {
        let rank = (self.times.len() * percent).div_ceil(100);
        self.times.get(rank.saturating_sub(1)).copied()
    }
}

impl Figures {
    pub(crate) fn row(&mut self, row: Row) {
        self.rows.push(row);
    }

    pub(crate) fn used(&mut self, phase: &'static str, used: Used) {
        self.used.push((phase, used));
    }

    pub(crate) fn note(&mut self, note: String) {
        self.notes.push(note);
    }

    pub(crate) fn failures(&mut self, failures: Vec<String>) {
        self.failures.extend(failures);
    }

    /// A count is wrong.
    pub(crate) fn failed(&self) -> bool {
        !self.failures.is_empty()
    }

    /// Success unless a count is wrong. Times are never judged: machines differ.
    pub(crate) fn verdict(&self) -> ExitCode {
        if self.failed() {
            ExitCode::FAILURE
        } else {
            ExitCode::SUCCESS
        }
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "\n{:<30} {:>6} {:>6} {:>8} {:>8} {:>8} {:>8} {:>8} {:>8}",
            "ms", "count", "failed", "min", "p50", "p95", "p99", "max", "limit"
        )?;
        for row in &self.rows {
            writeln!(f, "{row}")?;
        }
        writeln!(
            f,
            "\n{:<30} {:>8} {:>12} {:>12} {:>16} {:>10}",
            "process", "wall s", "panel CPU s", "panel cores", "panel peak MiB", "own CPU s"
        )?;
        for (phase, used) in &self.used {
            let wall = used.wall.as_secs_f64();
            let cpu = used.panel_cpu.map(|cpu| cpu.as_secs_f64());
            writeln!(
                f,
                "{phase:<30} {wall:>8.2} {:>12} {:>12} {:>16} {:>10}",
                decimals(cpu, 2),
                decimals(cpu.map(|cpu| cpu / wall), 2),
                decimals(used.panel_peak_kib.map(|kib| kib as f64 / 1024.0), 1),
                decimals(used.own_cpu.map(|cpu| cpu.as_secs_f64()), 2),
            )?;
        }
        writeln!(f)?;
        for note in &self.notes {
            writeln!(f, "{note}")?;
        }
        for failure in self.failures.iter().take(TOLD) {
            writeln!(f, "FAILED {failure}")?;
        }
        match self.failures.len().saturating_sub(TOLD) {
            0 => Ok(()),
            more => writeln!(f, "FAILED and {more} more"),
        }
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ms = |time: Option<Duration>| decimals(time.map(|t| t.as_secs_f64() * 1000.0), 1);
        let limit = self.limit.map(|limit| limit.as_millis().to_string());
        write!(
            f,
            "{:<30} {:>6} {:>6} {:>8} {:>8} {:>8} {:>8} {:>8} {:>8}",
            self.name,
            self.times.len(),
            self.failed,
            ms(self.times.first().copied()),
            ms(self.percentile(50)),
            ms(self.percentile(95)),
            ms(self.percentile(99)),
            ms(self.times.last().copied()),
            limit.unwrap_or_else(|| "-".to_owned()),
        )
    }
}

fn decimals(value: Option<f64>, digits: usize) -> String {
    value.map_or_else(|| "-".to_owned(), |value| format!("{value:.digits$}"))
}
