//! Events: each object's reasons in order, and the texts that are told at all.

use std::collections::BTreeSet;

use crate::course::{Course, ObjectEvents};

use super::{Check, Frequency, Verdict};

pub(super) fn compare(real: &Course, alike: &[&Course], seeds: &[Course]) -> Vec<Check> {
    let mut checks = Vec::new();
    let courses = std::iter::once(real).chain(alike.iter().copied());
    let roles: BTreeSet<_> = courses.flat_map(|course| course.events.keys()).collect();
    for role in roles {
        let own = shown(real.events.get(role));
        let frequency = Frequency::of(&own, alike.iter().map(|seed| shown(seed.events.get(role))));
        if own == NONE && frequency.hits * 2 >= frequency.seeds {
            continue;
        }
        checks.push(frequency.check(role.to_string(), own));
    }
    let texts = |course: &Course| -> BTreeSet<String> {
        let events = course.events.iter().flat_map(|(role, events)| {
            events
                .texts
                .keys()
                .map(move |text| format!("{} {text}", role.kind))
        });
        events.collect()
    };
    let all: Vec<_> = seeds.iter().collect();
    checks.push(texts_check("texts of events", real, alike, &all, texts));
    checks
}

/// Every real text is told by some seed, and what most seeds like the real course tell was really told.
pub(super) fn texts_check(
    name: &str,
    real: &Course,
    alike: &[&Course],
    seeds: &[&Course],
    texts: impl Fn(&Course) -> BTreeSet<String>,
) -> Check {
    let own = texts(real);
    let told: BTreeSet<_> = seeds.iter().flat_map(|seed| texts(seed)).collect();
    let alike: Vec<_> = alike.iter().map(|seed| texts(seed)).collect();
    let missing: Vec<_> = own.difference(&told).cloned().collect();
    let foreign: Vec<_> = told
        .difference(&own)
        .filter(|text| alike.iter().filter(|texts| texts.contains(*text)).count() * 2 > alike.len())
        .cloned()
        .collect();
    Check {
        name: name.to_owned(),
        real: match missing.as_slice() {
            [] => format!("{} texts", own.len()),
            missing => format!("only here: {}", missing.join(" ¦ ")),
        },
        replayed: match foreign.as_slice() {
            [] => "none that is not real".to_owned(),
            foreign => format!("only here: {}", foreign.join(" ¦ ")),
        },
        verdict: Verdict::of(missing.is_empty() && foreign.is_empty()),
    }
}

const NONE: &str = "none";

/// `reporter: 9 × A B, 1 × A B C; reporter: …`.
fn shown(events: Option<&ObjectEvents>) -> String {
    let Some(events) = events else {
        return NONE.to_owned();
    };
    let reporters = events.reporters.iter().map(|(reporter, sequences)| {
        let sequences = sequences.iter().map(|(sequence, count)| {
            let reasons: Vec<_> = sequence.iter().map(ToString::to_string).collect();
            let reasons = reasons.join(" ");
            if *count == 1 {
                reasons
            } else {
                format!("{count} × {reasons}")
            }
        });
        let sequences: Vec<_> = sequences.collect();
        format!("{reporter}: {}", sequences.join(", "))
    });
    reporters.collect::<Vec<_>>().join("; ")
}
