//! Differences that are known: `known-differences` beside a recording names the checks that do not hold yet, so that
//! every new one stands out. One a line; `#` begins a comment, which says why.

use std::collections::BTreeSet;
use std::path::Path;

use crate::compare::{Section, Verdict};
use crate::error::{Error, Result};

/// The file's name in the recording's folder.
pub const FILE: &str = "known-differences";

/// How a comparison's failures stand to those that are known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// Checks that fail and are not in the file.
    pub new: Vec<String>,
    /// Checks in the file that hold, or are no more.
    pub mended: Vec<String>,
}

/// Reads `folder/known-differences`; without the file nothing is known.
///
/// # Errors
/// When it cannot be read.
pub fn read(folder: &Path) -> Result<BTreeSet<String>> {
    let path = folder.join(FILE);
    if !path.exists() {
        return Ok(BTreeSet::new());
    }
    let text = std::fs::read_to_string(&path).map_err(|source| Error::Read { path, source })?;
    Ok(names(&text))
}

/// A check's name may have a `#` of its own, as in `webapp #1`: a comment's stands between blanks.
fn names(text: &str) -> BTreeSet<String> {
    let names = text.lines().map(|line| {
        let line = line.split(" # ").next().unwrap_or_default();
        if line.starts_with('#') {
            ""
        } else {
            line.trim()
        }
    });
    names
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect()
}

/// Sorts the failures.
pub fn sort(sections: &[Section], known: &BTreeSet<String>) -> Known {
    let checks = sections.iter().flat_map(|section| &section.checks);
    let failing: BTreeSet<_> = checks
        .filter(|check| check.verdict == Verdict::Fails)
        .map(|check| check.name.clone())
        .collect();
    Known {
        new: failing.difference(known).cloned().collect(),
        mended: known.difference(&failing).cloned().collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::Check;

    #[test]
    fn new_failure_and_mended_one_are_told_apart() {
        let known = names("# so far\npod of web #1, kubelet # probes\ntexts of events\n\n");
        let check = |name: &str, verdict| Check {
            name: name.to_owned(),
            real: String::new(),
            replayed: String::new(),
            verdict,
        };
        let sections = [Section {
            title: "events",
            checks: vec![
                check("pod of web #1, kubelet", Verdict::Fails),
                check("texts of events", Verdict::Seldom),
                check("Job load", Verdict::Fails),
            ],
        }];
        let sorted = sort(&sections, &known);
        assert_eq!(sorted.new, ["Job load"]);
        assert_eq!(sorted.mended, ["texts of events"]);
    }
}
