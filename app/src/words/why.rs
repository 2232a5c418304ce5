//! The why panel's words: one sentence, one line of arithmetic, the HPA's own word for it. Part of [`super`].

mod arithmetic;
mod down;

pub(crate) use self::arithmetic::tolerated;
use self::arithmetic::{formula, given, rate};
use self::down::{Held, held_by_window, scaled_down};
use super::findings::no_cpu_value;
use super::{KUBECTL_WORKS, NOT_WATCHED};
use crate::figures::{Zone, count, seconds_between};
use crate::model::{AutoscalerState, Counted, Explanation, RunRecord, Snapshot, TimeMs, Told};

pub const WHY: &str = "Why";
pub const WHY_TITLE: &str = "Why it scales, or not yet";
pub const NEWER: &str = "Newer";
pub const OLDER: &str = "Older";

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

/// What the sentences need of the namespace, besides the situation itself: as it is now, or as a run has it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scene<'a> {
    pub(super) namespace: &'a str,
    pub(super) autoscaler: Option<&'a AutoscalerState>,
    /// A ScaledObject scales the app.
    by_keda: bool,
}

impl<'a> From<&'a Snapshot> for Scene<'a> {
    fn from(snapshot: &'a Snapshot) -> Self {
        Self {
            namespace: &snapshot.namespace,
            autoscaler: snapshot.autoscaler.as_ref(),
            by_keda: snapshot.scaled_object.is_some(),
        }
    }
}

impl<'a> From<&'a RunRecord> for Scene<'a> {
    fn from(run: &'a RunRecord) -> Self {
        let autoscaler = run.autoscaler.as_ref();
        Self {
            namespace: &run.namespace,
            autoscaler,
            by_keda: autoscaler.is_some_and(|autoscaler| autoscaler.made_by_keda),
        }
    }
}

/// `4 pods at 185 %, 4 new ones count as 0 %: 92 %`.
fn mixture(counted: Counted, percent: u32) -> String {
    let known = counted.pods.saturating_sub(counted.uncounted);
    let new = match counted.uncounted {
        1 => "1 new one counts".to_owned(),
        n => format!("{n} new ones count"),
    };
    format!(
        "{} at {percent} %, {new} as 0 %: {} %",
        count(known, "pod", "pods"),
        counted.diluted
    )
}

fn in_about(time: Option<TimeMs>, now: TimeMs) -> String {
    match time {
        Some(time) if time > now => format!("in about {} s", seconds_between(now, time).max(1)),
        _ => "within 15 s".to_owned(),
    }
}

/// The situation in words. `now` and `zone` are for countdowns and times alone.
pub fn explanation(explanation: &Explanation, snapshot: &Snapshot, now: TimeMs, zone: Zone) -> Why {
    explained(explanation, snapshot.into(), now, zone)
}

/// The same for a run that is looked back at: what counted down is told as it was then.
pub fn explanation_in_run(told: &Told, run: &RunRecord, zone: Zone) -> Why {
    explained(&told.explanation, run.into(), told.time, zone)
}

fn explained(explanation: &Explanation, scene: Scene<'_>, now: TimeMs, zone: Zone) -> Why {
    let next_look = scene.autoscaler.and_then(|a| a.look_after(now));
    let namespace = scene.namespace;
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
        Explanation::ScaledUp { from, to, percent, target, counted, allowed, .. } => Why::new(
            "▲",
            if counted.uncounted > 0 {
                format!("{from} → {to}: {}.", mixture(counted, percent))
            } else {
                format!("{from} → {to}: CPU is {percent} % of the request, the target is {target} %.")
            },
            format!("{} · up to {allowed} allowed now", given(counted, percent, target, to, true)),
        ),
        Explanation::ScaledUpLimited { from, to, wanted, percent, target, counted, rule, .. } => {
            let (words, limit) = rate(from, to, rule, scene);
            let sum = given(counted, percent, target, wanted, false);
            Why::new(
                "▲",
                format!("{from} → {to}, not {wanted}: {words}."),
                format!("{}{sum} · {limit}", new_as_zero(counted)),
            )
            .says("ScaleUpLimit")
        }
        Explanation::RateUsedUp { replicas, wanted, percent, target, counted, added, rule } => {
            let (_, limit) = rate(replicas.saturating_sub(added), replicas, rule, scene);
            let sum = given(counted, percent, target, wanted, false);
            let used_up = match added {
                1 => "the 1 pod of the last 15 s uses up the limit".to_owned(),
                _ => format!("the {added} pods of the last 15 s use up the limit"),
            };
            Why::new(
                "▲",
                format!("Stays at {replicas}: {used_up}."),
                format!("{}{sum} · {limit}", new_as_zero(counted)),
            )
            .says("ScaleUpLimit")
        }
        Explanation::NewPodsCountAsZero { replicas, percent, target, counted } => {
            new_pods_count_as_zero(replicas, percent, target, counted)
        }
        Explanation::AtMaximum { from, maximum, wanted, percent, target, counted } => {
            let sum = given(counted, percent, target, wanted, false);
            at_maximum(from, maximum, wanted, &sum, counted, percent)
        }
        Explanation::Settled { replicas, percent, target } => settled(replicas, percent, target),
        Explanation::HeldByWindow { replicas, percent, would_do, window_s, highest_at, highest, until, .. } => {
            let held = Held { replicas, percent, would_do, window_s, highest_at, highest, until };
            held_by_window(&held, scene, now, zone)
        }
        Explanation::ScaledDown { from, to, percent, target, wanted, minimum, .. } => {
            let sum = formula(from, percent, target);
            scaled_down(from, to, wanted, minimum, sum, percent, scene)
        }
        Explanation::OneHotPod { idle, .. } => Why::new(
            "◇",
            format!("One pod works, {idle} idle: connections stay on the first pod."),
            "Send \"Connection: close\" in the locustfile.".to_owned(),
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

/// `4 new pods count as 0 %: `, where there are any.
fn new_as_zero(counted: Counted) -> String {
    match counted.uncounted {
        0 => String::new(),
        1 => "1 new pod counts as 0 %: ".to_owned(),
        n => format!("{n} new pods count as 0 %: "),
    }
}

fn new_pods_count_as_zero(replicas: u32, percent: u32, target: u32, counted: Counted) -> Why {
    let Counted {
        pods: there,
        uncounted: new_pods,
        diluted,
    } = counted;
    let (pods, verb) = match new_pods {
        1 => ("1 new pod has".to_owned(), "counts"),
        _ => (format!("{new_pods} new pods have"), "count"),
    };
    let known = there.saturating_sub(new_pods).max(1);
    let terms = std::iter::repeat_n(percent.to_string(), known as usize);
    let zeros = std::iter::repeat_n("0".to_owned(), new_pods as usize);
    let sum = match there {
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
            "({sum}) / {there} = {diluted} %, {against}. \
             Assumed values can stop a scale-up, never turn it into a scale-down."
        ),
    )
}

fn at_maximum(
    from: Option<u32>,
    maximum: u32,
    wanted: u32,
    arithmetic: &str,
    counted: Counted,
    percent: u32,
) -> Why {
    match from {
        Some(from) if counted.uncounted > 0 => Why::new(
            "▲",
            format!("{from} → {maximum}: {}.", mixture(counted, percent)),
            format!("{arithmetic} · maximum {maximum}"),
        ),
        Some(from) => Why::new(
            "▲",
            format!("{from} → {maximum}, the maximum. The formula asks for {wanted}."),
            format!("{arithmetic} · maximum {maximum}"),
        ),
        None => Why::new(
            "⊤",
            format!("Stays at {maximum}, the maximum. The formula asks for {wanted}."),
            format!("{}{arithmetic}", new_as_zero(counted)),
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
