//! What a check tells: a line for each precondition, and the verdict. Pure; printed by `workshop check`.

use std::fmt::Write as _;

use serde::Serialize;

use super::observed::Unread;

/// How a precondition stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    Pass,
    /// The class can be held, but somebody should look at it; or it is not known.
    Warn,
    /// The class cannot be held so.
    Fail,
}

/// One precondition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    /// Stays the same from release to release.
    pub name: &'static str,
    pub outcome: Outcome,
    /// What was seen.
    pub found: String,
    /// What to type or whom to ask; nothing where it passes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cure: Option<String>,
}

impl Check {
    pub(super) fn pass(name: &'static str, found: impl Into<String>) -> Self {
        Self {
            name,
            outcome: Outcome::Pass,
            found: found.into(),
            cure: None,
        }
    }

    pub(super) fn warn(
        name: &'static str,
        found: impl Into<String>,
        cure: impl Into<String>,
    ) -> Self {
        Self {
            name,
            outcome: Outcome::Warn,
            found: found.into(),
            cure: Some(cure.into()),
        }
    }

    pub(super) fn fail(
        name: &'static str,
        found: impl Into<String>,
        cure: impl Into<String>,
    ) -> Self {
        Self {
            outcome: Outcome::Fail,
            ..Self::warn(name, found, cure)
        }
    }

    /// Not known, as `what` could not be read: a warning that says so.
    pub(super) fn unknown(name: &'static str, what: &str, cause: &Unread) -> Self {
        let (found, cure) = match cause {
            Unread::Forbidden => (
                format!("not known: this account may not read {what}"),
                format!("Run the check with an account that may read {what}."),
            ),
            Unread::Absent => (
                format!("not known: the cluster has no {what}"),
                "Ask who runs the cluster.".to_owned(),
            ),
            Unread::Failed(cause) => (
                format!("not known: reading {what} failed: {cause}"),
                "Run the check again; if it stays so, ask who runs the cluster.".to_owned(),
            ),
        };
        Self::warn(name, found, cure)
    }
}

/// All preconditions and what follows from them.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    pub verdict: String,
    pub ready: bool,
    /// Seats that the verdict is about.
    pub seats: u32,
    /// Most web app pods of each seat.
    pub pods: u32,
    pub checks: Vec<Check>,
    /// Whether the cluster answered at all.
    #[serde(skip)]
    ran: bool,
}

impl Report {
    pub(super) fn new(seats: u32, pods: u32, checks: Vec<Check>) -> Self {
        let count = |outcome| {
            checks
                .iter()
                .filter(|check| check.outcome == outcome)
                .count()
        };
        let problems = counted(count(Outcome::Fail), "problem");
        let warnings = counted(count(Outcome::Warn), "warning");
        let ready = count(Outcome::Fail) == 0;
        let mut verdict = if ready {
            format!(
                "Ready for {} × {}",
                counted(seats, "seat"),
                counted(pods, "pod")
            )
        } else {
            format!("Not ready: {problems}")
        };
        if count(Outcome::Warn) > 0 {
            verdict = format!("{verdict}, {warnings}");
        }
        Self {
            verdict,
            ready,
            seats,
            pods,
            checks,
            ran: true,
        }
    }

    /// The check could not run, for this reason.
    pub fn not_run(cause: &str) -> Self {
        let check = Check::fail(
            "API server",
            cause,
            "Look which cluster is meant with `kubectl config current-context`, and whether `kubectl version` reaches it.",
        );
        Self {
            verdict: "Not checked: no cluster answered".to_owned(),
            ready: false,
            seats: 0,
            pods: 0,
            checks: vec![check],
            ran: false,
        }
    }

    /// 0 ready, 1 not ready, 2 the check itself could not run.
    pub fn exit_code(&self) -> u8 {
        match (self.ran, self.ready) {
            (false, _) => 2,
            (true, false) => 1,
            (true, true) => 0,
        }
    }

    /// The precondition of that name.
    pub fn get(&self, name: &str) -> Option<&Check> {
        self.checks.iter().find(|check| check.name == name)
    }

    /// One line for each precondition, and the verdict as the last.
    pub fn text(&self) -> String {
        let width = self.checks.iter().map(|check| check.name.len()).max();
        let width = width.unwrap_or(0);
        let mut text = String::new();
        for check in &self.checks {
            let outcome = match check.outcome {
                Outcome::Pass => "pass",
                Outcome::Warn => "WARN",
                Outcome::Fail => "FAIL",
            };
            // The API server's words may have line breaks.
            let found = check.found.split_whitespace().collect::<Vec<_>>();
            let (name, found) = (check.name, found.join(" "));
            // Writing into a String cannot fail.
            let _ = write!(text, "{outcome}  {name:width$}  {found}");
            if let Some(cure) = &check.cure {
                let _ = write!(text, " → {cure}");
            }
            text.push('\n');
        }
        text.push_str(&self.verdict);
        text.push('\n');
        text
    }
}

/// `1 seat`, `40 seats`.
pub(super) fn counted(count: impl TryInto<u64>, what: &str) -> String {
    let count = count.try_into().unwrap_or(u64::MAX);
    let ending = if count == 1 { "" } else { "s" };
    format!("{count} {what}{ending}")
}

/// `a, b, c and 4 more`.
pub(super) fn some<S: AsRef<str>>(names: &[S]) -> String {
    const SHOWN: usize = 3;
    let shown: Vec<_> = names.iter().take(SHOWN).map(AsRef::as_ref).collect();
    let shown = shown.join(", ");
    match names.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verdict_counts_problems_and_warnings() {
        let pass = Check::pass("A", "fine");
        let warn = Check::warn("B", "hm", "Look.");
        let fail = Check::fail("C", "no", "Do it.");
        let verdict = |checks: &[&Check]| {
            let checks = checks.iter().map(|check| (*check).clone()).collect();
            let report = Report::new(40, 10, checks);
            (report.verdict.clone(), report.exit_code())
        };
        let ready = "Ready for 40 seats × 10 pods";
        assert_eq!(verdict(&[&pass]), (ready.to_owned(), 0));
        assert_eq!(verdict(&[&pass, &warn]), (format!("{ready}, 1 warning"), 0));
        assert_eq!(
            verdict(&[&fail, &warn, &fail]),
            ("Not ready: 2 problems, 1 warning".to_owned(), 1)
        );
        assert_eq!(Report::not_run("no answer").exit_code(), 2);
    }

    #[test]
    fn text_has_one_line_for_each_precondition_and_the_verdict_last() {
        let checks = vec![
            Check::pass("API server", "v1.35.4"),
            Check::fail("Quotas", "too\n small", "Run it."),
        ];
        assert_eq!(
            Report::new(1, 1, checks).text(),
            "pass  API server  v1.35.4\nFAIL  Quotas      too small → Run it.\nNot ready: 1 problem\n"
        );
    }

    #[test]
    fn long_lists_are_cut() {
        assert_eq!(some(&["a"]), "a");
        assert_eq!(some(&["a", "b", "c"]), "a, b, c");
        assert_eq!(some(&["a", "b", "c", "d", "e"]), "a, b, c and 2 more");
    }
}
