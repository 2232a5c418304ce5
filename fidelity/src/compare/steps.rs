//! How the steps ended, and which sizes the autoscaler chose when.

use std::collections::BTreeSet;

use crate::course::{Course, Replicas, Rescale};

use super::frequency::median;
use super::{Check, Frequency, Verdict};

/// One sync period of the HPA: what hangs on its phase differs by as much.
const SYNC_S: f64 = 15.0;

/// Waits must end alike; when is told.
pub(super) fn compare(real: &Course, seeds: &[Course]) -> Vec<Check> {
    let checks = real.steps.iter().enumerate().filter_map(|(index, step)| {
        let ended = step.ended?;
        let frequency = Frequency::of(
            &step.result,
            seeds.iter().map(|seed| {
                let step = seed.steps.get(index);
                step.map_or_else(String::new, |step| step.result.clone())
            }),
        );
        let ends = seeds.iter().filter_map(|seed| seed.steps.get(index)?.ended);
        let end = median(ends).unwrap_or(f64::NAN);
        let mut check =
            frequency.check(step.text.clone(), format!("{} at {ended:.1}", step.result));
        check.replayed = format!("at {end:.1}, {}", check.replayed);
        Some(check)
    });
    checks.collect()
}

/// Counts, reasons and times.
pub(super) fn sizes(real: &Course, seeds: &[Course]) -> Vec<Check> {
    let mut checks = Vec::new();
    let names = seeds.iter().flat_map(|seed| seed.replicas.keys());
    let names: BTreeSet<_> = real.replicas.keys().chain(names).collect();
    for name in names {
        let counts = |course: &Course| wanted(course.replicas.get(name).map_or(&[], Vec::as_slice));
        let own = counts(real);
        let frequency = Frequency::of(&own, seeds.iter().map(counts));
        checks.push(frequency.check(format!("replica counts of {name}"), own));
    }
    let own = decisions(&real.rescales);
    let frequency = Frequency::of(&own, seeds.iter().map(|seed| decisions(&seed.rescales)));
    checks.push(frequency.check("rescales and their reasons", own));
    for (index, rescale) in real.rescales.iter().enumerate() {
        checks.push(time(rescale, index, seeds));
    }
    checks
}

/// The median seed reaches or passes the size within one sync period of the real moment. A seed that takes another
/// way counts with the moment at which it passes this size in this direction; one that never does is late for ever.
fn time(rescale: &Rescale, index: usize, seeds: &[Course]) -> Check {
    let up = rescale.from.is_none_or(|from| rescale.to > from);
    let passes = |other: &&Rescale| {
        let same = other.hpa == rescale.hpa && other.from.is_none_or(|from| other.to > from) == up;
        same && if up {
            other.to >= rescale.to
        } else {
            other.to <= rescale.to
        }
    };
    // A size can come twice; the real order tells which one is meant.
    let moments: Vec<_> = seeds
        .iter()
        .map(|seed| {
            let same = seed.rescales.get(index);
            let same = same.filter(|other| other.to == rescale.to && other.from == rescale.from);
            let passed = seed.rescales.iter().filter(passes);
            let nearest = passed.min_by(|one, other| {
                (one.t - rescale.t)
                    .abs()
                    .total_cmp(&(other.t - rescale.t).abs())
            });
            same.or(nearest).map_or(f64::INFINITY, |other| other.t)
        })
        .collect();
    let utilizations = seeds.iter().filter_map(|seed| {
        let other = seed.rescales.iter().find(passes)?;
        other.utilization.map(|percent| percent as f64)
    });
    let utilization = median(utilizations).unwrap_or(f64::NAN);
    let moment = median(moments.iter().copied()).unwrap_or(f64::INFINITY);
    let (least, most) = (
        moments.iter().copied().fold(f64::INFINITY, f64::min),
        moments.iter().copied().fold(0.0, f64::max),
    );
    let from = rescale
        .from
        .map_or_else(|| "?".to_owned(), |from| from.to_string());
    Check {
        name: format!("time of {from} → {}", rescale.to),
        real: format!("{:.1} s at {}", rescale.t, percent(rescale.utilization)),
        replayed: format!("median {moment:.1} s ({least:.0} to {most:.0}) at {utilization:.0} %"),
        verdict: Verdict::of((moment - rescale.t).abs() <= SYNC_S),
    }
}

fn percent(utilization: Option<i64>) -> String {
    utilization.map_or_else(|| "no value".to_owned(), |percent| format!("{percent} %"))
}

/// `1 4 8 10 1`: each size that was wanted, and `gone`.
fn wanted(counts: &[Replicas]) -> String {
    let mut sizes: Vec<Option<i64>> = counts.iter().map(|count| count.wanted).collect();
    sizes.dedup();
    let sizes: Vec<_> = sizes
        .into_iter()
        .map(|size| size.map_or_else(|| "gone".to_owned(), |size| size.to_string()))
        .collect();
    sizes.join(" ")
}

fn decisions(rescales: &[Rescale]) -> String {
    if rescales.is_empty() {
        return "none".to_owned();
    }
    let decision = |rescale: &Rescale| {
        let from = rescale
            .from
            .map_or_else(|| "?".to_owned(), |from| from.to_string());
        // The reason of all cpu triggers, in short.
        let reason = rescale
            .reason
            .replace("cpu resource utilization (percentage of request)", "cpu");
        format!("{from}→{} {reason}", rescale.to)
    };
    rescales.iter().map(decision).collect::<Vec<_>>().join(", ")
}
