//! The real course against the courses of many seeds: checks that hold or do not, each with both figures. Pure.
//!
//! A seed is *alike* when its autoscaler took the real sequence of sizes for the same reasons. What hangs on that
//! sequence (events, conditions) is compared with the alike seeds alone, or with all where there is none.

mod conditions;
mod events;
mod figures;
mod frequency;
mod steps;

use crate::course::{Course, Rescale};

use frequency::Frequency;

/// Whether a check holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// In at least half of the seeds, or within the tolerance.
    Holds,
    /// In some seeds, but in less than half.
    Seldom,
    /// In no seed, or outside the tolerance.
    Fails,
    /// No check: only told.
    Told,
}

/// One comparison.
#[derive(Clone, Debug, PartialEq)]
pub struct Check {
    /// What is compared.
    pub name: String,
    /// The recording's figure.
    pub real: String,
    /// The replays' figure.
    pub replayed: String,
    /// Whether they agree.
    pub verdict: Verdict,
}

/// Checks about one thing.
#[derive(Clone, Debug, PartialEq)]
pub struct Section {
    /// What it is about.
    pub title: &'static str,
    /// In the order in which they are told.
    pub checks: Vec<Check>,
}

impl Verdict {
    fn of(holds: bool) -> Self {
        if holds { Self::Holds } else { Self::Fails }
    }
}

impl Check {
    fn told(name: impl Into<String>, real: String, replayed: String) -> Self {
        Self {
            name: name.into(),
            real,
            replayed,
            verdict: Verdict::Told,
        }
    }
}

/// Compares a recording's course with those of its replays.
pub fn compare(real: &Course, seeds: &[Course]) -> Vec<Section> {
    let way = way(&real.rescales);
    let alike: Vec<_> = seeds
        .iter()
        .filter(|seed| self::way(&seed.rescales) == way)
        .collect();
    let alike = if alike.is_empty() {
        seeds.iter().collect()
    } else {
        alike
    };
    vec![
        Section {
            title: "steps",
            checks: steps::compare(real, seeds),
        },
        Section {
            title: "replicas and rescales",
            checks: steps::sizes(real, seeds),
        },
        Section {
            title: "conditions",
            checks: conditions::compare(real, &alike),
        },
        Section {
            title: "events",
            checks: events::compare(real, &alike, seeds),
        },
        Section {
            title: "pods and plateaus",
            checks: figures::compare(real, seeds, &alike),
        },
    ]
}

/// How many checks hold, and how many there are.
pub fn count(sections: &[Section]) -> (usize, usize) {
    let all = sections.iter().flat_map(|section| &section.checks);
    let (mut hold, mut checks) = (0, 0);
    for check in all {
        match check.verdict {
            Verdict::Holds | Verdict::Seldom => {
                hold += 1;
                checks += 1;
            }
            Verdict::Fails => checks += 1,
            Verdict::Told => {}
        }
    }
    (hold, checks)
}

/// Sizes and reasons, which make seeds alike.
fn way(rescales: &[Rescale]) -> Vec<(Option<i64>, i64, String)> {
    let step = |rescale: &Rescale| (rescale.from, rescale.to, rescale.reason.clone());
    rescales.iter().map(step).collect()
}

#[cfg(test)]
mod tests;
