//! What the panel told beside what the HPA told. Pure: it returns what does not fit.

use std::fmt::{self, Display, Formatter};

use app::figures::{Zone, clock};
use app::model::{Condition, Explanation, Snapshot, Told};
use app::words;

use super::account::{Account, Rescale, Status};
use super::sentence;

/// The HPA looks every 15 s: a panel that was away at one look has told of it at the next. Both times may be cut.
const TOLD_WITHIN_MS: i64 = 15_000 + 2_000;

const ABOVE_TARGET: &str = "cpu resource utilization (percentage of request) above target";
const BELOW_TARGET: &str = "All metrics below target";

/// One rescale: as the HPA told it, and as the panel did.
#[derive(Clone, Debug)]
pub(crate) struct Pair<'a> {
    pub(crate) rescale: &'a Rescale,
    pub(crate) status: &'a Status,
    pub(crate) told: &'a Told,
    /// The page's words for it.
    pub(crate) why: words::Why,
}

impl Display for Pair<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self {
            rescale,
            status,
            told,
            why,
        } = self;
        let percent = status.percent.unwrap_or_default();
        let limited = status.says("ScalingLimited");
        let zone = Zone::default();
        write!(
            f,
            "{} HPA    New size: {}; reason: {}\n         status {} → {} at {percent} %, ScalingLimited: {limited}\n{} panel  {}\n         {}",
            clock(rescale.time, zone),
            rescale.to,
            rescale.reason,
            status.current,
            status.desired,
            clock(told.time, zone),
            why.sentence,
            why.arithmetic,
        )
    }
}

/// Each rescale of the HPA with the one entry that tells of it, in order. An error if one of them has no other half.
pub(crate) fn pairs<'a>(
    account: &'a Account,
    told: &'a [Told],
    snapshot: &Snapshot,
) -> Result<Vec<Pair<'a>>, String> {
    let told: Vec<_> = told
        .iter()
        .filter_map(|told| Some((told, told.explanation.rescale()?.1)))
        .collect();
    let by_panel: Vec<_> = told.iter().map(|(_, to)| *to).collect();
    let by_hpa: Vec<_> = account.rescales.iter().map(|rescale| rescale.to).collect();
    if by_panel != by_hpa {
        return Err(format!(
            "the HPA made {by_hpa:?}, the panel tells of {by_panel:?}"
        ));
    }
    let pair = |(rescale, told): (&'a Rescale, &'a Told)| {
        let status = account.status_of(rescale);
        let zone = Zone::default();
        Ok(Pair {
            rescale,
            status: status.ok_or_else(|| format!("no status was written with {rescale:?}"))?,
            told,
            why: words::explanation(&told.explanation, snapshot, told.time, zone),
        })
    };
    let told = told.into_iter().map(|(told, _)| told);
    account.rescales.iter().zip(told).map(pair).collect()
}

/// What of the panel's does not fit to what the HPA told: nothing, if all is well.
pub(crate) fn objections(account: &Account, pairs: &[Pair<'_>], told: &[Told]) -> Vec<String> {
    let each = pairs.iter().flat_map(|pair| {
        let all = [of_sizes(pair), of_time(pair), of_reason(pair)];
        let all = all.into_iter().flatten().chain(sentence::objections(pair));
        all.map(move |objection| format!("{objection}\n{pair}"))
    });
    let chained = pairs.windows(2).filter_map(|two| {
        let (before, after) = (&two[0], &two[1]);
        let (_, size) = before.told.explanation.rescale()?;
        let (from, _) = after.told.explanation.rescale()?;
        (from != size).then(|| format!("from {from} after {size}:\n{before}\n{after}"))
    });
    let ordered = told.windows(2).filter_map(|two| {
        let ordered = two[0].time < two[1].time;
        (!ordered).then(|| format!("not in order: {:?}, {:?}", two[0], two[1]))
    });
    // Who has scaled up for a load has read a sample of it.
    let blind = told.windows(2).filter_map(|two| {
        let grown = two[0].explanation.rescale();
        let grown = grown.is_some_and(|(from, to)| to > from);
        let blind = matches!(two[1].explanation, Explanation::SampleBeforeLoad { .. });
        (grown && blind).then(|| format!("no sample of the load after {:?}", two[0]))
    });
    let evidence = told.iter().filter_map(|told| of_evidence(account, told));
    let all = each.chain(chained).chain(ordered).chain(blind);
    all.chain(evidence).collect()
}

fn of_sizes(pair: &Pair<'_>) -> Option<String> {
    let told = pair.told.explanation.rescale()?;
    let made = (pair.status.current, pair.rescale.to);
    (told != made).then(|| format!("told {told:?}, made {made:?}"))
}

fn of_time(pair: &Pair<'_>) -> Option<String> {
    let late = pair.told.time.0 - pair.rescale.time.0;
    (late.abs() > TOLD_WITHIN_MS).then(|| format!("told {late} ms after the event"))
}

/// The event's reason and the conditions written with it, against the situation.
fn of_reason(pair: &Pair<'_>) -> Option<String> {
    let reason = pair.rescale.reason.as_str();
    let able = pair.status.says("AbleToScale");
    let limited = pair.status.says("ScalingLimited");
    let fits = match pair.told.explanation {
        Explanation::ScaledUp { .. } => reason == ABOVE_TARGET && limited == "DesiredWithinRange",
        Explanation::ScaledUpLimited { .. } => reason == ABOVE_TARGET && limited == "ScaleUpLimit",
        Explanation::AtMaximum { from: Some(_), .. } => {
            reason == ABOVE_TARGET && limited == "TooManyReplicas"
        }
        Explanation::ScaledDown { .. } => {
            reason == BELOW_TARGET && ["DesiredWithinRange", "TooFewReplicas"].contains(&limited)
        }
        _ => false,
    };
    let fits = fits && able == "SucceededRescale";
    (!fits).then(|| format!("AbleToScale is {able}, ScalingLimited is {limited}"))
}

/// What an explanation of a look shows is a status that the HPA had, with the figures and the words that lead to it.
fn of_evidence(account: &Account, told: &Told) -> Option<String> {
    if !told.explanation.is_of_look() {
        return None;
    }
    let shown = &told.evidence.conditions;
    let figures = figures(&told.explanation);
    let mut had = account.statuses.iter().filter(|status| {
        status.conditions == *shown && figures == (status.percent.zip(status.target))
    });
    if had.next().is_none() {
        return Some(format!("no status of the HPA was like this: {told:?}"));
    }
    let says = |type_: &str, reason: &str| {
        let is = |condition: &Condition| condition.type_ == type_ && condition.reason == reason;
        shown.iter().any(is)
    };
    let fits = match told.explanation {
        Explanation::HeldByWindow { .. } => says("AbleToScale", "ScaleDownStabilized"),
        Explanation::AtMaximum { .. } => says("ScalingLimited", "TooManyReplicas"),
        Explanation::ScaledUpLimited { .. } | Explanation::RateUsedUp { .. } => {
            says("ScalingLimited", "ScaleUpLimit")
        }
        Explanation::NotReproducible { .. } => false,
        _ => true,
    };
    (!fits).then(|| format!("the HPA's conditions say otherwise: {told:?}"))
}

/// The percent and the target that an explanation of a look tells.
pub(super) fn figures(explanation: &Explanation) -> Option<(u32, u32)> {
    match *explanation {
        Explanation::EnoughAtMinimum {
            percent, target, ..
        }
        | Explanation::ScaledUp {
            percent, target, ..
        }
        | Explanation::ScaledUpLimited {
            percent, target, ..
        }
        | Explanation::RateUsedUp {
            percent, target, ..
        }
        | Explanation::NewPodsCountAsZero {
            percent, target, ..
        }
        | Explanation::AtMaximum {
            percent, target, ..
        }
        | Explanation::Settled {
            percent, target, ..
        }
        | Explanation::HeldByWindow {
            percent, target, ..
        }
        | Explanation::ScaledDown {
            percent, target, ..
        }
        | Explanation::NotReproducible {
            percent, target, ..
        } => Some((percent, target)),
        Explanation::NotWatched
        | Explanation::NothingDeployed
        | Explanation::Deploying
        | Explanation::NoCpuYet
        | Explanation::NoCpuValue { .. }
        | Explanation::SampleBeforeLoad { .. }
        | Explanation::OneHotPod { .. }
        | Explanation::Disabled
        | Explanation::NoAutoscaler => None,
    }
}
