//! The page's own words for a rescale, number by number, against what the HPA told.

use app::model::Explanation;

use super::comparison::{Pair, figures};

/// What of the words does not fit.
pub(super) fn objections(pair: &Pair<'_>) -> Vec<String> {
    let all = [
        of_figures(pair),
        of_start(pair),
        of_numbers(pair),
        of_sum(pair),
        of_step(pair),
    ];
    all.into_iter().flatten().collect()
}

/// The HPA's percent and target are those of the explanation.
fn of_figures(pair: &Pair<'_>) -> Option<String> {
    let told = figures(&pair.told.explanation);
    let said = pair.status.percent.zip(pair.status.target);
    (told != said || said.is_none()).then(|| format!("told {told:?}, the status said {said:?}"))
}

/// `4 → 8`, and no digit more.
fn of_start(pair: &Pair<'_>) -> Option<String> {
    let sizes = format!("{} → {}", pair.status.current, pair.rescale.to);
    let rest = pair.why.sentence.strip_prefix(&sizes);
    let ends = rest.is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_digit()));
    (!ends).then(|| format!("it does not begin with {sizes}"))
}

/// Every number of the sentence is one that the HPA told, or follows from them by the formula.
fn of_numbers(pair: &Pair<'_>) -> Option<String> {
    let status = pair.status;
    let facts = Facts::of(pair)?;
    let mut known = vec![
        status.current,
        status.desired,
        facts.percent,
        facts.target,
        status.maximum,
        facts.read,
        facts.wanted,
        facts.wanted.max(status.minimum),
        facts.new,
        status.current - facts.new,
    ];
    if facts.new > 0 {
        // What new pods count as.
        known.push(0);
    }
    known.extend(&status.policies);
    if status.policies.is_empty() {
        // Without `behavior`: `scaleUpLimitMinimum` in pkg/controller/podautoscaler/horizontal.go.
        known.push(4);
    }
    let unknown: Vec<_> = numbers(&pair.why.sentence)
        .into_iter()
        .filter(|number| !known.contains(number))
        .collect();
    (!unknown.is_empty()).then(|| format!("{unknown:?} is not of the HPA"))
}

/// The formula under the sentence is given the HPA's figures, and gives what it would.
fn of_sum(pair: &Pair<'_>) -> Option<String> {
    let Facts {
        read,
        target,
        wanted,
        ..
    } = Facts::of(pair)?;
    let arithmetic = &pair.why.arithmetic;
    let given = format!("ceil({} × {read} / {target}) = ", pair.status.current);
    let Some((_, result)) = arithmetic.split_once(&given) else {
        return Some(format!("it does not calculate {given}"));
    };
    let result = result.split(" · ").next()?;
    let result = result.rsplit(" = ").next()?;
    (result != wanted.to_string()).then(|| format!("{given}is {wanted}, not {result}"))
}

/// Only the size that the formula gives is said to be reached in one step: above it, the window still holds some up.
fn of_step(pair: &Pair<'_>) -> Option<String> {
    let enough = Facts::of(pair)?.wanted.max(pair.status.minimum);
    let said = pair.why.sentence.contains("in one step");
    (said && pair.rescale.to != enough).then(|| format!("{enough} would be the one step"))
}

/// What the HPA's figures come to.
struct Facts {
    percent: u32,
    target: u32,
    /// Pods without a sample of their own, which count as 0 % on the way up.
    new: u32,
    /// The percent with these.
    read: u32,
    /// The formula's result.
    wanted: u32,
}

impl Facts {
    fn of(pair: &Pair<'_>) -> Option<Self> {
        let (percent, target) = pair.status.percent.zip(pair.status.target)?;
        let replicas = pair.status.current;
        let new = match pair.told.explanation {
            Explanation::ScaledUp { counted, .. }
            | Explanation::ScaledUpLimited { counted, .. }
            | Explanation::AtMaximum { counted, .. } => counted.uncounted,
            _ => 0,
        };
        let read = percent * (replicas - new) / replicas;
        Some(Self {
            percent,
            target,
            new,
            read,
            wanted: (replicas * read).div_ceil(target),
        })
    }
}

fn numbers(text: &str) -> Vec<u32> {
    let words = text.split(|c: char| !c.is_ascii_digit());
    words.filter_map(|word| word.parse().ok()).collect()
}
