//! The why panel's words: one sentence, one line of arithmetic, the HPA's own word for it. Part of [`super`].

use super::findings::no_cpu_value;
use super::{KUBECTL_WORKS, NOT_WATCHED};
use crate::figures::{Zone, clock, count, seconds_between, span};
use crate::model::{Explanation, Snapshot, TimeMs};

pub const WHY: &str = "Why";
pub const WHY_TITLE: &str = "Why it scales, or not yet";
pub const NEWER: &str = "Newer";
pub const OLDER: &str = "Older";
pub const SAME_BY_KUBECTL: &str = "The same in a terminal:";
pub const HPA_CONDITIONS: &str = "The HPA's conditions and its last event, word for word:";

/// `as the HPA says: ScaleUpLimit`.
pub fn as_the_hpa_says(word: &str) -> String {
    format!("as the HPA says: {word}")
}

/// `1 of 3`; nothing where there is but one.
pub fn nth_of(nth: usize, all: usize) -> String {
    if all > 1 {
        format!("{nth} of {all}")
    } else {
        String::new()
    }
}

/// What the why panel says of one situation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Why {
    pub sign: &'static str,
    pub sentence: String,
    /// The sentence without its countdown, for screen readers; empty if it has none.
    pub announced: String,
    pub arithmetic: String,
    /// A reason of the HPA's conditions, word for word.
    pub says: Option<String>,
    /// A trouble, not a step of normal work.
    pub trouble: bool,
}

impl Why {
    fn new(sign: &'static str, sentence: String, arithmetic: String) -> Self {
        let says = None;
        Self {
            sign,
            sentence,
            arithmetic,
            says,
            ..Self::default()
        }
    }

    pub(super) fn says(mut self, word: &str) -> Self {
        self.says = Some(word.to_owned());
        self
    }

    pub(super) fn trouble(sentence: String, arithmetic: String) -> Self {
        let trouble = true;
        Self {
            trouble,
            ..Self::new("▲", sentence, arithmetic)
        }
    }
}

/// `ceil(4 × 181 / 60) = 13`: the formula of the HPA, its result computed here.
/// Source: <https://kubernetes.io/docs/concepts/workloads/autoscaling/horizontal-pod-autoscale/#algorithm-details>
fn formula(replicas: u32, percent: u32, target: u32) -> String {
    format!(
        "ceil({replicas} × {percent} / {target}) = {}",
        ceil(replicas, percent, target)
    )
}

fn ceil(replicas: u32, percent: u32, target: u32) -> u32 {
    (replicas * percent).div_ceil(target.max(1))
}

/// The same with the quotient in between.
fn formula_in_steps(replicas: u32, percent: u32, target: u32) -> String {
    let quotient = f64::from(replicas * percent) / f64::from(target.max(1));
    let result = ceil(replicas, percent, target);
    format!("ceil({replicas} × {percent} / {target}) = ceil({quotient:.2}) = {result}")
}

/// The limit of the rate in words, and as arithmetic.
fn rate_limit(from: u32, to: u32, rule: Option<(u32, u32)>) -> (String, String) {
    match rule {
        Some((pods, 100)) => (
            format!("at most {pods} more pods, or double, in 15 s"),
            format!("limit max({from} + {pods}, {from} × 2) = {to}"),
        ),
        Some((pods, percent)) => (
            format!("at most {pods} more pods, or {percent} % more, in 15 s"),
            format!("limit max({from} + {pods}, {from} + {percent} %) = {to}"),
        ),
        // Without `behavior`: calculateScaleUpLimit in pkg/controller/podautoscaler/horizontal.go.
        None => (
            "at most double, or 4 pods in all".to_owned(),
            format!("limit max({from} × 2, 4) = {to}"),
        ),
    }
}

fn in_about(time: Option<TimeMs>, now: TimeMs) -> String {
    match time {
        Some(time) if time > now => format!("in about {} s", seconds_between(now, time).max(1)),
        _ => "within 15 s".to_owned(),
    }
}

/// The situation in words. `now` and `zone` are for countdowns and times alone.
pub fn explanation(explanation: &Explanation, snapshot: &Snapshot, now: TimeMs, zone: Zone) -> Why {
    let next_look = snapshot.autoscaler.as_ref().and_then(|a| a.next_look);
    let namespace = &snapshot.namespace;
    match *explanation {
        Explanation::NotWatched => {
            Why::new("?", NOT_WATCHED.to_owned(), KUBECTL_WORKS.to_owned())
        }
        Explanation::NothingDeployed => Why::new(
            "○",
            format!("Nothing is deployed in {namespace}."),
            format!("Using kubectl? Add -n {namespace}."),
        ),
        Explanation::Deploying => Why::new(
            "◌",
            "The app is being deployed: no pod is ready yet.".to_owned(),
            "You can start a load as soon as one pod is ready.".to_owned(),
        ),
        Explanation::NoCpuYet => Why::new(
            "◌",
            "No CPU value yet: normal in the first 90 s.".to_owned(),
            "metrics-server has one about 25 s after the container starts; the HPA looks every 15 s.".to_owned(),
        )
        .says("FailedGetResourceMetric"),
        Explanation::NoCpuValue { since, ref message } => no_cpu_value(since, message, now),
        Explanation::EnoughAtMinimum { replicas, percent, target, minimum } => {
            let (pods, verb) = (count(replicas, "pod", "pods"), if replicas == 1 { "is" } else { "are" });
            Why::new(
                "●",
                format!("{pods} {verb} enough: CPU is {percent} % of the request, the target is {target} %."),
                format!(
                    "{} · minimum {minimum}. CPU scaling cannot go to 0: with no pod there is no CPU to measure.",
                    formula(replicas, percent, target)
                ),
            )
        }
        Explanation::SampleBeforeLoad { next_sample } => Why {
            announced: "Load is on, but the last CPU sample is from before it.".to_owned(),
            ..Why::new(
                "◌",
                "Load is on, but the last CPU sample is from before it.".to_owned(),
                format!("Next sample {}, next look {}.", in_about(next_sample, now), in_about(next_look, now)),
            )
        },
        Explanation::ScaledUp { from, to, percent, target, allowed, .. } => Why::new(
            "▲",
            format!("{from} → {to}: CPU is {percent} % of the request, the target is {target} %."),
            format!("{} · up to {allowed} allowed now", formula_in_steps(from, percent, target)),
        ),
        Explanation::ScaledUpLimited { from, to, wanted, percent, target, rule, .. } => {
            let (words, limit) = rate_limit(from, to, rule);
            Why::new(
                "▲",
                format!("{from} → {to}, not {wanted}: {words}."),
                format!("ceil({from} × {percent} / {target}) = {wanted} · {limit}"),
            )
            .says("ScaleUpLimit")
        }
        Explanation::RateUsedUp { replicas, wanted, percent, target, added } => Why::new(
            "▲",
            format!("Stays at {replicas}: the {added} pods of the last 15 s use up the limit."),
            format!("ceil({replicas} × {percent} / {target}) = {wanted}"),
        )
        .says("ScaleUpLimit"),
        Explanation::NewPodsCountAsZero { replicas, new_pods, percent, diluted, target } => {
            new_pods_count_as_zero(replicas, new_pods, percent, diluted, target)
        }
        Explanation::AtMaximum { from, maximum, wanted, percent, target } => {
            at_maximum(from, maximum, wanted, percent, target)
        }
        Explanation::Settled { replicas, percent, target } => settled(replicas, percent, target),
        Explanation::HeldByWindow { replicas, percent, would_do, window_s, highest_at, highest, until, .. } => {
            let left = until.filter(|until| *until > now).map(|until| seconds_between(now, until));
            let stays = |more: String| {
                let pods = count(would_do, "pod", "pods");
                format!("Stays at {replicas}{more}. CPU is {percent} %: {pods} would do.")
            };
            let seen = match (highest, highest_at) {
                (Some(highest), Some(at)) => format!(": {highest} at {}", clock(at, zone)),
                _ => String::new(),
            };
            let first_look = until.map_or_else(String::new, |until| {
                format!(" First look after that: about {}.", clock(until, zone))
            });
            Why {
                announced: stays(String::new()),
                ..Why::new(
                    "▽",
                    stays(left.map_or_else(String::new, |left| format!(" for {} more", about(left)))),
                    format!(
                        "The HPA keeps the highest recommendation of the last {window_s} s{seen}.{first_look} \
                         cooldownPeriod plays no part: it is only for 1 → 0."
                    ),
                )
            }
            .says("ScaleDownStabilized")
        }
        Explanation::ScaledDown { from, to, percent, target, .. } => Why::new(
            "▼",
            format!(
                "{from} → {to} in one step: CPU is {percent} %, and no higher recommendation is left in the window."
            ),
            format!("{} · policy: up to 100 % of the pods in 15 s", formula(from, percent, target)),
        ),
        Explanation::Disabled => Why::new(
            "▲",
            "The Deployment was set to 0 pods by hand: the HPA does nothing until it has one again.".to_owned(),
            format!("kubectl scale deployment webapp --replicas=1 -n {namespace}"),
        )
        .says("ScalingDisabled"),
        Explanation::NoAutoscaler => Why::new(
            "▲",
            "Nothing scales the app: there is no HPA, or KEDA is paused.".to_owned(),
            format!("kubectl get scaledobject,hpa -n {namespace}"),
        ),
        Explanation::NotReproducible { asked, formula: result, percent, target } => Why::new(
            "◇",
            format!("The HPA asked for {asked}. From the samples seen here the formula gives {result}."),
            format!("CPU {percent} %, target {target} %. The HPA may have read a newer sample."),
        ),
    }
}

fn new_pods_count_as_zero(
    replicas: u32,
    new_pods: u32,
    percent: u32,
    diluted: u32,
    target: u32,
) -> Why {
    let (pods, verb) = match new_pods {
        1 => ("1 new pod has".to_owned(), "counts"),
        _ => (format!("{new_pods} new pods have"), "count"),
    };
    let known = replicas.saturating_sub(new_pods).max(1);
    let terms = std::iter::repeat_n(percent.to_string(), known as usize);
    let zeros = std::iter::repeat_n("0".to_owned(), new_pods as usize);
    let sum = match replicas {
        ..=5 => terms.chain(zeros).collect::<Vec<_>>().join(" + "),
        _ => format!("{known} × {percent} + {new_pods} × 0"),
    };
    let (least, most) = tolerated(target);
    let against = match diluted {
        _ if diluted < least => "below the target".to_owned(),
        _ if diluted <= most => format!("close enough to the target ({least}–{most} %)"),
        _ => "above the target".to_owned(),
    };
    Why::new(
        "◌",
        format!("Stays at {replicas}: {pods} no CPU sample yet and {verb} as 0 %."),
        format!(
            "({sum}) / {replicas} = {diluted} %, {against}. \
             Assumed values can stop a scale-up, never turn it into a scale-down."
        ),
    )
}

fn at_maximum(from: Option<u32>, maximum: u32, wanted: u32, percent: u32, target: u32) -> Why {
    let pods = from.unwrap_or(maximum);
    // The HPA may have counted pods as 0 %: only a formula that gives its result is shown.
    let arithmetic = if ceil(pods, percent, target) == wanted {
        formula(pods, percent, target)
    } else {
        format!("CPU {percent} %, target {target} %: {wanted} wanted")
    };
    match from {
        Some(from) => Why::new(
            "▲",
            format!("{from} → {maximum}, the maximum. The formula asks for {wanted}."),
            format!("{arithmetic} · maximum {maximum}"),
        ),
        None => Why::new(
            "⊤",
            format!("Stays at {maximum}, the maximum. The formula asks for {wanted}."),
            arithmetic,
        ),
    }
    .says("TooManyReplicas")
}

/// Tolerance 0.1: `--horizontal-pod-autoscaler-tolerance` of kube-controller-manager, its default.
fn settled(replicas: u32, percent: u32, target: u32) -> Why {
    let ratio = f64::from(percent) / f64::from(target.max(1));
    if (0.9..=1.1).contains(&ratio) {
        let (least, most) = tolerated(target);
        return Why::new(
            "●",
            format!(
                "Stays at {replicas}: {percent} % is close enough to the target ({least}–{most} %)."
            ),
            format!("{percent} / {target} = {ratio:.2}: no change between 0.9 and 1.1"),
        );
    }
    Why::new(
        "●",
        format!("Stays at {replicas}: CPU is {percent} %, and the formula asks for {replicas}."),
        formula(replicas, percent, target),
    )
}

/// The percentages within the tolerance of a target: 54 and 66 for 60.
pub(crate) fn tolerated(target: u32) -> (u32, u32) {
    ((target * 9).div_ceil(10), target * 11 / 10)
}

/// `about 1:05 more`, or `about 25 s more`.
fn about(seconds: i64) -> String {
    format!("about {}", span(seconds))
}
