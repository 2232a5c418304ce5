//! A scenario: a folder with manifests and `steps`, what is done with them. The recorder and the replay read it.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::error::{Error, Result};

/// The steps' file in the folder.
pub const STEPS: &str = "steps";

/// What is done, in which namespace, in order.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// Where the manifests are.
    pub folder: PathBuf,
    /// Made for the scenario, and deleted after it.
    pub namespace: String,
    /// In order.
    pub steps: Vec<Step>,
}

/// One step and its own words.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// As it stands in the file.
    pub text: String,
    /// What is to be done.
    pub act: Act,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq)]
pub enum Act {
    /// Let time pass.
    Sleep(Duration),
    /// Wait until a condition held for a while, or give up.
    Until {
        /// What must hold.
        condition: Condition,
        /// For how long without a break.
        hold: Duration,
        /// When to go on all the same.
        max: Duration,
    },
    /// A command line that begins with `kubectl`.
    Kubectl,
}

/// What a step waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// The one Deployment wants this many replicas, and as many are ready.
    Replicas(i64),
    /// There is a Job, and each has completed or failed.
    JobFinished,
}

impl Scenario {
    /// Reads `folder/steps`.
    ///
    /// # Errors
    /// When it cannot be read, or a line is no step; the message names the line.
    pub fn read(folder: &Path) -> Result<Self> {
        let path = folder.join(STEPS);
        let text = std::fs::read_to_string(&path).map_err(|source| Error::Read {
            path: path.clone(),
            source,
        })?;
        Self::parse(folder, &text)
    }

    /// Reads the text of `folder/steps`: one step a line, `#` begins a comment.
    ///
    /// # Errors
    /// When a line is no step.
    pub fn parse(folder: &Path, text: &str) -> Result<Self> {
        let path = folder.join(STEPS);
        let mut namespace = None;
        let mut steps = Vec::new();
        for (index, line) in text.lines().enumerate() {
            let line = line.split('#').next().unwrap_or_default().trim();
            if line.is_empty() {
                continue;
            }
            let failed = |what| Error::Step {
                path: path.clone(),
                number: index + 1,
                what,
            };
            if let Some(name) = line.strip_prefix("namespace ") {
                if namespace.is_some() || !steps.is_empty() {
                    return Err(failed("`namespace` must be the first step".to_owned()));
                }
                namespace = Some(name.trim().to_owned());
                continue;
            }
            steps.push(Step {
                text: line.to_owned(),
                act: act(line).map_err(failed)?,
            });
        }
        let missing = || Error::Scenario {
            path,
            what: "the first step must be `namespace NAME`".to_owned(),
        };
        Ok(Self {
            folder: folder.to_owned(),
            namespace: namespace.ok_or_else(missing)?,
            steps,
        })
    }
}

fn act(line: &str) -> Result<Act, String> {
    let words: Vec<_> = line.split_whitespace().collect();
    match words.as_slice() {
        ["sleep", time] => Ok(Act::Sleep(seconds(time)?)),
        ["sleep", ..] => Err("a sleep is `sleep SECONDS`".to_owned()),
        ["until", condition, "for", hold, "max", max] => Ok(Act::Until {
            condition: condition_of(condition)?,
            hold: seconds(hold)?,
            max: seconds(max)?,
        }),
        ["until", ..] => Err("a wait is `until CONDITION for SECONDS max SECONDS`".to_owned()),
        ["kubectl", _, ..] => Ok(Act::Kubectl),
        _ => Err(format!(
            "`{line}` is no step; a step is `namespace NAME`, `sleep SECONDS`, \
             `until CONDITION for SECONDS max SECONDS` or a kubectl command"
        )),
    }
}

fn condition_of(word: &str) -> Result<Condition, String> {
    if word == "job-finished" {
        return Ok(Condition::JobFinished);
    }
    let number = word.strip_prefix("replicas=").map(str::parse);
    match number {
        Some(Ok(number)) => Ok(Condition::Replicas(number)),
        Some(Err(_)) | None => Err(format!(
            "`{word}` is no condition; there are `replicas=NUMBER` and `job-finished`"
        )),
    }
}

fn seconds(word: &str) -> Result<Duration, String> {
    let seconds = word.parse().ok().map(Duration::try_from_secs_f64);
    match seconds {
        Some(Ok(duration)) => Ok(duration),
        Some(Err(_)) | None => Err(format!("`{word}` is no number of seconds")),
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Scenario> {
        Scenario::parse(Path::new("folder"), text)
    }

    #[test]
    fn steps_are_read_in_order_without_comments() {
        let text = "# what it is\nnamespace ws\n\nkubectl apply -f a.yaml  # why\nsleep 1.5\n\
                    until replicas=10 for 40 max 240\nuntil job-finished for 0 max 9\n";
        let scenario = parse(text).unwrap();
        assert_eq!(scenario.namespace, "ws");
        assert_eq!(scenario.steps[0].text, "kubectl apply -f a.yaml");
        let acts: Vec<_> = scenario.steps.into_iter().map(|step| step.act).collect();
        let until = |condition, hold, max| Act::Until {
            condition,
            hold: Duration::from_secs(hold),
            max: Duration::from_secs(max),
        };
        let expected = [
            Act::Kubectl,
            Act::Sleep(Duration::from_millis(1_500)),
            until(Condition::Replicas(10), 40, 240),
            until(Condition::JobFinished, 0, 9),
        ];
        assert_eq!(acts, expected);
    }

    #[test]
    fn wrong_line_is_named_with_its_number() {
        let cases = [
            ("namespace a\n\ncurl x", "line 3: `curl x` is no step"),
            ("namespace a\nsleep", "line 2: a sleep is"),
            ("namespace a\nsleep -1", "line 2: `-1` is no number"),
            ("namespace a\nsleep 1e300", "line 2: `1e300` is no number"),
            ("namespace a\nuntil replicas=1", "line 2: a wait is"),
            (
                "namespace a\nuntil ready for 1 max 2",
                "line 2: `ready` is no condition",
            ),
            (
                "namespace a\nsleep 1\nnamespace b",
                "line 3: `namespace` must",
            ),
            ("sleep 1", "the first step must be"),
        ];
        for (text, expected) in cases {
            let error = parse(text).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
