//! Times of pods, and the plateaus of CPU and answers.

use std::collections::BTreeSet;

use crate::course::{Course, PLATEAU_S, Plateau, PodStart, Role};

use super::frequency::median;
use super::{Check, Verdict};

/// CPU and requests per second of a plateau may differ by this part.
const PLATEAU: f64 = 0.15;
/// CPU below this many thousandths of a core is idle, where the autoscaler sees whole thousandths.
const IDLE_MILLIS: f64 = 1.0;
/// A third of a scrape's period: with the phase known, the delay follows from it.
const SAMPLE_S: f64 = 5.0;
/// Between a pod's creation and its first ready state; most of it is the app's own start.
const READY_S: f64 = 2.0;

pub(super) fn compare(real: &Course, seeds: &[Course], alike: &[&Course]) -> Vec<Check> {
    let mut checks = Vec::new();
    let roles: BTreeSet<_> = real.pods.iter().map(|pod| &pod.role).collect();
    for role in roles {
        let ready = (
            "until ready",
            PodStart::ready_delay as fn(&PodStart) -> Option<f64>,
            READY_S,
        );
        let sample = (
            "from start to first sample",
            PodStart::first_sample_delay as _,
            SAMPLE_S,
        );
        for (name, delay, tolerance) in [ready, sample] {
            checks.extend(delays(role, name, delay, tolerance, real, alike));
        }
    }
    let long = |plateau: &&Plateau| plateau.to - plateau.from >= PLATEAU_S;
    for plateau in real.plateaus.iter().filter(long) {
        checks.extend(levels(plateau, seeds));
    }
    checks
}

fn delays(
    role: &Role,
    name: &str,
    delay: fn(&PodStart) -> Option<f64>,
    tolerance: f64,
    real: &Course,
    seeds: &[&Course],
) -> Option<Check> {
    let of = |course: &Course| -> Vec<f64> {
        let own = course.pods.iter().filter(|pod| pod.role == *role);
        own.filter_map(delay).collect()
    };
    let own = of(real);
    let all: Vec<f64> = seeds.iter().flat_map(|seed| of(seed)).collect();
    let middle = median(own.iter().copied())?;
    let replayed = median(all.iter().copied()).unwrap_or(f64::INFINITY);
    Some(Check {
        name: format!("{role}: {name}"),
        real: spread(middle, &own),
        replayed: spread(replayed, &all),
        verdict: Verdict::of((middle - replayed).abs() <= tolerance),
    })
}

fn spread(middle: f64, values: &[f64]) -> String {
    let least = values.iter().copied().fold(f64::INFINITY, f64::min);
    let most = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    format!("{middle:.1} s ({least:.1} to {most:.1})")
}

fn levels(real: &Plateau, seeds: &[Course]) -> Vec<Check> {
    let same: Vec<_> = seeds
        .iter()
        .filter_map(|seed| {
            seed.plateaus.iter().find(|other| {
                (&other.deployment, other.phase, other.ready)
                    == (&real.deployment, real.phase, real.ready)
            })
        })
        .collect();
    let name = format!("{} {}, {} ready", real.deployment, real.phase, real.ready);
    let level = |what: &str, unit: &str, level: fn(&Plateau) -> Option<f64>, checked: bool| {
        let own = level(real)?;
        let values: Vec<_> = same.iter().filter_map(|other| level(other)).collect();
        let middle = median(values.iter().copied());
        let near = |middle: f64| {
            let idle = checked && what == "CPU" && (middle - own).abs() <= IDLE_MILLIS;
            (middle - own).abs() <= PLATEAU * own || idle
        };
        let shown = middle.map_or_else(
            || "no such plateau".to_owned(),
            |middle| format!("{middle:.1} {unit} (in {} seeds)", values.len()),
        );
        let mut check = Check::told(format!("{name}: {what}"), format!("{own:.1} {unit}"), shown);
        if checked {
            check.verdict = Verdict::of(middle.is_some_and(near));
        }
        Some(check)
    };
    [
        level("CPU", "m a pod", |plateau| plateau.cpu_millis, true),
        level("answers", "req/s", |plateau| plateau.requests_per_s, true),
        level("mean time", "ms", |plateau| plateau.mean_ms, false),
    ]
    .into_iter()
    .flatten()
    .collect()
}
