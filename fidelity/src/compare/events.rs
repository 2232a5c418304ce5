//! Events: each object's reasons in order, and the texts that are told at all.

use std::collections::BTreeSet;

use crate::course::{Course, ObjectEvents, Role, Sequence};

use super::{Check, Frequency, Verdict};

pub(super) fn compare(real: &Course, alike: &[&Course], seeds: &[Course]) -> Vec<Check> {
    let mut checks = Vec::new();
    let courses = std::iter::once(real).chain(alike.iter().copied());
    let roles: BTreeSet<_> = courses.flat_map(|course| course.events.keys()).collect();
    for role in roles {
        if role.kind == "Pod"
            && let Some(own) = real.events.get(role)
        {
            let others: Vec<_> = alike.iter().map(|seed| seed.events.get(role)).collect();
            checks.extend(pods(role, own, &others));
            continue;
        }
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

/// What happens to one pod hangs on moments of its own, such as its probes'. So each sequence that a real pod had
/// must be among the seeds' pods', and each that pods of nearly all seeds have must be a real pod's; how many pods there
/// were is the matter of the replica counts.
fn pods(role: &Role, real: &ObjectEvents, seeds: &[Option<&ObjectEvents>]) -> Vec<Check> {
    let of = |events: Option<&&ObjectEvents>, reporter: &str| -> BTreeSet<String> {
        let sequences = events.and_then(|events| events.reporters.get(reporter));
        let sequences = sequences.into_iter().flat_map(|sequences| sequences.keys());
        sequences.map(words).collect()
    };
    let told = seeds
        .iter()
        .flatten()
        .flat_map(|events| events.reporters.keys());
    let reporters: BTreeSet<_> = real.reporters.keys().chain(told).collect();
    let checks = reporters.into_iter().map(|reporter| {
        let own = of(Some(&real), reporter);
        let others: Vec<_> = seeds
            .iter()
            .map(|events| of(events.as_ref(), reporter))
            .collect();
        let all: BTreeSet<_> = others.iter().flatten().cloned().collect();
        let missing: Vec<_> = own.difference(&all).cloned().collect();
        let common = |sequence: &&String| {
            let hits = others
                .iter()
                .filter(|other| other.contains(*sequence))
                .count();
            is_rule(hits, others.len())
        };
        let foreign: Vec<_> = all.difference(&own).filter(common).cloned().collect();
        let whole = others.iter().filter(|other| own.is_subset(other)).count();
        let verdict = if !missing.is_empty() || !foreign.is_empty() {
            Verdict::Fails
        } else if whole * 2 < others.len() {
            Verdict::Seldom
        } else {
            Verdict::Holds
        };
        let mut replayed = format!("all of these in {whole} of {}", others.len());
        if !missing.is_empty() {
            replayed.push_str(&format!("; never: {}", missing.join(", ")));
        }
        if !foreign.is_empty() {
            replayed.push_str(&format!(
                "; nearly always, but not real: {}",
                foreign.join(", ")
            ));
        }
        Check {
            name: format!("{role}, {reporter}"),
            real: own.into_iter().collect::<Vec<_>>().join(", "),
            replayed,
            verdict,
        }
    });
    checks.collect()
}

fn words(sequence: &Sequence) -> String {
    let reasons: Vec<_> = sequence.iter().map(ToString::to_string).collect();
    reasons.join(" ")
}

/// Whether so many of the seeds make a rule: what happens by chance may well be missing from one recording.
fn is_rule(hits: usize, seeds: usize) -> bool {
    hits * 10 > seeds * 9
}

/// Every real text is told by some seed, and what nearly all seeds like the real course tell was really told.
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
        .filter(|text| {
            is_rule(
                alike.iter().filter(|texts| texts.contains(*text)).count(),
                alike.len(),
            )
        })
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
            let reasons = words(sequence);
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
