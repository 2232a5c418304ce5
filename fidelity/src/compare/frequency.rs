//! How often the real thing is among the seeds'.

use std::collections::BTreeMap;

use super::{Check, Verdict};

/// A real value and the seeds' values, counted.
pub(super) struct Frequency {
    /// How many seeds have the real value.
    pub(super) hits: usize,
    /// How many seeds there are.
    pub(super) seeds: usize,
    /// The most frequent other value.
    pub(super) other: Option<(String, usize)>,
}

impl Frequency {
    /// Values are compared as they are shown.
    pub(super) fn of(real: &str, seeds: impl Iterator<Item = String>) -> Self {
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for value in seeds {
            *counts.entry(value).or_default() += 1;
        }
        let seeds = counts.values().sum();
        let hits = counts.remove(real).unwrap_or(0);
        let other = counts.into_iter().max_by_key(|(_, count)| *count);
        Self { hits, seeds, other }
    }

    /// Holds when there is at least one; marked when it is less than half.
    pub(super) fn verdict(&self) -> Verdict {
        if self.hits == 0 {
            Verdict::Fails
        } else if self.hits * 2 < self.seeds {
            Verdict::Seldom
        } else {
            Verdict::Holds
        }
    }

    /// The count, and what the others have.
    pub(super) fn told(&self) -> String {
        let mut told = format!("same in {} of {}", self.hits, self.seeds);
        if let Some((other, count)) = &self.other {
            told.push_str(&format!("; {count}: {other}"));
        }
        told
    }

    /// The check of this name.
    pub(super) fn check(&self, name: impl Into<String>, real: String) -> Check {
        Check {
            name: name.into(),
            real,
            replayed: self.told(),
            verdict: self.verdict(),
        }
    }
}

/// The middle value; of two in the middle the lower one.
pub(super) fn median(values: impl IntoIterator<Item = f64>) -> Option<f64> {
    let mut values: Vec<_> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len().checked_sub(1)? / 2).copied()
}
