//! The newest lines of the newest load's log, and its last tables: bounded, and kept when the pod is gone.
//!
//! The server's follower makes it line by line; a page appends what a frame brings. Lines are numbered from the
//! container's first, so that what was told before is known again.

use serde::{Deserialize, Serialize};

use super::TimeMs;

/// Lines that are kept of what Locust and its locustfile said, and their bytes.
const SAID: (usize, usize) = (250, 40 * 1024);

/// The same of figures and tables: they come every 2 s, and would push all else out.
const REPEATED: (usize, usize) = (150, 24 * 1024);

/// The longest line that is kept, in bytes. Locust's own have at most about 160.
pub const LONGEST_LINE: usize = 2_000;

/// The longest table that is kept, in bytes: about 60 rows.
pub const LONGEST_TABLE: usize = 10_000;

/// The end of a load's log.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LoadLogTail {
    /// UID of the load's Job; empty before any load.
    pub load: String,
    /// The pod that wrote it.
    pub pod: String,
    pub pod_uid: String,
    /// Oldest first.
    pub lines: Vec<LogLine>,
    /// What Locust printed at its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tables: Option<LoadTables>,
}

/// One line of a container's log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogLine {
    /// Its number, counted from the container's first line, which is 1.
    pub n: u64,
    /// When the kubelet took it.
    pub time: TimeMs,
    #[serde(default, skip_serializing_if = "LineKind::is_said")]
    pub kind: LineKind,
    /// Without control characters.
    pub text: String,
    /// It was longer than [`LONGEST_LINE`].
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub cut: bool,
}

/// What a line is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LineKind {
    /// Whatever Locust or the locustfile says.
    #[default]
    Said,
    /// The panel's own line of figures.
    Figures,
    /// A part of a table.
    Table,
}

impl LineKind {
    fn is_said(&self) -> bool {
        *self == Self::Said
    }
}

/// Locust's last tables, as it printed them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoadTables {
    pub statistics: String,
    /// Absent where Locust was killed before it printed them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub percentiles: Option<String>,
    /// Absent without errors.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub errors: Option<String>,
}

impl LoadLogTail {
    /// An empty log of a pod.
    pub fn of(load: &str, pod: &str, pod_uid: &str) -> Self {
        Self {
            load: load.to_owned(),
            pod: pod.to_owned(),
            pod_uid: pod_uid.to_owned(),
            ..Self::default()
        }
    }

    /// There is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty() && self.tables.is_none()
    }

    /// Adds one line.
    pub fn push(&mut self, line: LogLine) {
        self.lines.push(line);
        self.trim();
    }

    /// Adds what is newer. Another pod's log takes this one's place.
    pub fn append(&mut self, newer: Self) {
        if newer.pod_uid.is_empty() {
            return;
        }
        if newer.pod_uid != self.pod_uid {
            *self = newer;
            return;
        }
        let last = self.end();
        let more = newer.lines.into_iter();
        self.lines.extend(more.filter(|line| line.end() > last));
        if newer.tables.is_some() {
            self.tables = newer.tables;
        }
        self.trim();
    }

    /// Where it ends: time and number of its last line.
    pub fn end(&self) -> (TimeMs, u64) {
        self.lines.last().map(LogLine::end).unwrap_or_default()
    }

    /// Lines before the kept ones and between them that are not kept any more.
    pub fn left_out(&self) -> u64 {
        let last = self.lines.last().map_or(0, |line| line.n);
        last.saturating_sub(self.lines.len() as u64)
    }

    /// Forgets the oldest of each sort.
    fn trim(&mut self) {
        for (repeated, (most, most_bytes)) in [(false, SAID), (true, REPEATED)] {
            let (mut lines, mut bytes) = (0, 0);
            let mut drop_before = 0;
            for (index, line) in self.lines.iter().enumerate().rev() {
                if line.kind.is_said() == repeated {
                    continue;
                }
                lines += 1;
                bytes += line.text.len();
                if lines > most || bytes > most_bytes {
                    drop_before = index + 1;
                    break;
                }
            }
            let mut index = 0;
            self.lines.retain(|line| {
                index += 1;
                index > drop_before || line.kind.is_said() == repeated
            });
        }
    }
}

impl LogLine {
    /// A line as a container wrote it: control sequences of terminals are left out, other control characters and what
    /// is no UTF-8 are replaced, and what is too long is cut.
    pub fn new(n: u64, time: TimeMs, kind: LineKind, raw: &str) -> Self {
        let mut text = String::with_capacity(raw.len().min(LONGEST_LINE));
        let mut signs = raw.trim_end().chars().peekable();
        let mut cut = false;
        while let Some(sign) = signs.next() {
            // ESC [ parameters letter: ECMA-48, 5.4
            if sign == '\u{1b}' && signs.next_if_eq(&'[').is_some() {
                for sign in signs.by_ref() {
                    if ('\u{40}'..='\u{7e}').contains(&sign) {
                        break;
                    }
                }
                continue;
            }
            let sign = match sign {
                '\t' => ' ',
                sign if sign.is_control() => char::REPLACEMENT_CHARACTER,
                sign => sign,
            };
            if text.len() + sign.len_utf8() > LONGEST_LINE {
                cut = true;
                break;
            }
            text.push(sign);
        }
        Self {
            n,
            time,
            kind,
            text,
            cut,
        }
    }

    fn end(&self) -> (TimeMs, u64) {
        (self.time, self.n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(n: u64, kind: LineKind, text: &str) -> LogLine {
        LogLine::new(n, TimeMs(n as i64), kind, text)
    }

    fn tail(numbers: std::ops::Range<u64>) -> LoadLogTail {
        let mut tail = LoadLogTail::of("9b0d", "locust-x", "u1");
        for n in numbers {
            tail.push(line(n, LineKind::Said, "said"));
        }
        tail
    }

    fn numbers(tail: &LoadLogTail) -> Vec<u64> {
        tail.lines.iter().map(|line| line.n).collect()
    }

    #[test]
    fn figures_push_out_no_word_and_both_are_bounded() {
        let mut tail = tail(1..4);
        for n in 4..2_000 {
            tail.push(line(n, LineKind::Figures, "{}"));
        }
        assert_eq!(tail.lines.len(), 3 + REPEATED.0);
        assert_eq!(numbers(&tail)[..3], [1, 2, 3]);
        assert_eq!(tail.left_out(), 1_999 - 3 - REPEATED.0 as u64);
        for n in 2_000..3_000 {
            tail.push(line(n, LineKind::Said, "said"));
        }
        assert_eq!(tail.lines.len(), SAID.0 + REPEATED.0);
        assert_eq!(tail.lines.last().unwrap().n, 2_999);
    }

    #[test]
    fn bytes_are_bounded_too() {
        let mut tail = tail(1..2);
        for n in 2..200 {
            tail.push(line(n, LineKind::Said, &"x".repeat(LONGEST_LINE)));
        }
        let bytes: usize = tail.lines.iter().map(|line| line.text.len()).sum();
        assert!(bytes <= SAID.1, "{bytes}");
        assert_eq!(tail.lines.last().unwrap().n, 199);
    }

    #[test]
    fn what_was_told_before_is_not_told_twice() {
        let mut told = tail(1..5);
        told.append(tail(3..8));
        assert_eq!(numbers(&told), [1, 2, 3, 4, 5, 6, 7]);
        told.append(LoadLogTail::default());
        assert_eq!(told.lines.len(), 7);
    }

    #[test]
    fn log_of_another_pod_takes_the_place() {
        let mut told = tail(1..5);
        told.tables = Some(LoadTables::default());
        let mut next = tail(1..2);
        next.pod_uid = "u2".to_owned();
        told.append(next.clone());
        assert_eq!(told, next);
    }

    #[test]
    fn line_is_text_without_control_characters() {
        let red = line(
            1,
            LineKind::Said,
            "\u{1b}[31;1mError\u{1b}[0m\ta\u{0}b <b>\r",
        );
        assert_eq!(red.text, "Error a\u{fffd}b <b>");
        assert!(!red.cut);
        let long = line(2, LineKind::Said, &"\u{fc}".repeat(LONGEST_LINE));
        assert_eq!((long.text.len(), long.cut), (LONGEST_LINE, true));
    }

    #[test]
    fn usual_line_has_no_more_fields_than_it_needs() {
        let json = serde_json::to_string(&line(7, LineKind::Said, "x")).unwrap();
        assert_eq!(json, r#"{"n":7,"time":7,"text":"x"}"#);
    }
}
