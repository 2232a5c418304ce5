//! Conditions: each type's states in order, for each object.

use std::collections::BTreeSet;

use crate::course::{ConditionChange, Course, Role};

use super::events::texts_check;
use super::{Check, Frequency};

pub(super) fn compare(real: &Course, seeds: &[&Course]) -> Vec<Check> {
    let mut checks = Vec::new();
    for (role, kind) in all(real, seeds) {
        let own = real
            .conditions
            .get(&role)
            .and_then(|types| types.get(&kind));
        let own = shown(own);
        let others = seeds.iter().map(|seed| {
            let types = seed.conditions.get(&role);
            shown(types.and_then(|types| types.get(&kind)))
        });
        let frequency = Frequency::of(&own, others);
        // What most seeds do not have either is no part of the course.
        if own == NONE && frequency.hits * 2 >= frequency.seeds {
            continue;
        }
        checks.push(frequency.check(format!("{role}: {kind}"), own));
    }
    let texts = |course: &Course| -> BTreeSet<String> {
        let conditions = course.conditions.iter().flat_map(|(role, types)| {
            types.iter().flat_map(move |(kind, changes)| {
                changes.iter().map(move |change| {
                    format!("{} {kind} {}: {}", role.kind, change.reason, change.message)
                })
            })
        });
        conditions.collect()
    };
    checks.push(texts_check(
        "texts of conditions",
        real,
        seeds,
        seeds,
        texts,
    ));
    checks
}

/// Every object and type of condition in the recording or in a seed.
fn all(real: &Course, seeds: &[&Course]) -> BTreeSet<(Role, String)> {
    let courses = std::iter::once(real).chain(seeds.iter().copied());
    let pairs = courses.flat_map(|course| {
        course
            .conditions
            .iter()
            .flat_map(|(role, types)| types.keys().map(|kind| (role.clone(), kind.clone())))
    });
    pairs.collect()
}

const NONE: &str = "never there";

/// `False Reason, True Reason, …`; a changed message alone is no change of state.
fn shown(changes: Option<&Vec<ConditionChange>>) -> String {
    let Some(changes) = changes else {
        return NONE.to_owned();
    };
    let mut states: Vec<_> = changes
        .iter()
        .map(|change| {
            format!("{} {}", change.status, change.reason)
                .trim_end()
                .to_owned()
        })
        .collect();
    states.dedup();
    states.join(", ")
}
