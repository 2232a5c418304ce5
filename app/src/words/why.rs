//! The why panel's words: one sentence, one line of arithmetic, the HPA's own word for it. Part of [`super`].

use super::{
    Explanation, Finding, NOT_WATCHED, Snapshot, TimeMs, Unwatched, Zone, about, clock, count,
    seconds_between, span,
};

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

    fn says(mut self, word: &str) -> Self {
        self.says = Some(word.to_owned());
        self
    }

    fn trouble(sentence: String, arithmetic: String) -> Self {
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
            Why::new("?", NOT_WATCHED.to_owned(), super::KUBECTL_WORKS.to_owned())
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

fn no_cpu_value(since: TimeMs, message: &str, now: TimeMs) -> Why {
    // Messages of pkg/controller/podautoscaler/replica_calculator.go and metrics/client.go.
    let cause = if let Some((_, rest)) = message.split_once("missing request for cpu in container ")
    {
        format!(
            "no CPU request is set on container {}",
            rest.split_whitespace().next().unwrap_or("?")
        )
    } else if message.contains("no metrics returned") || message.contains("did not receive metrics")
    {
        "metrics-server has no sample of the pods".to_owned()
    } else {
        "metrics-server does not answer".to_owned()
    };
    let lasts = span(seconds_between(since, now));
    let announced = format!("No CPU value: {cause}.");
    Why {
        announced,
        ..Why::trouble(
            format!("No CPU value for {lasts}: {cause}."),
            message.to_owned(),
        )
    }
    .says("FailedGetResourceMetric")
}

/// A trouble in words: cause in the sentence, cure below it.
pub fn finding(finding: &Finding, snapshot: &Snapshot, now: TimeMs, zone: Zone) -> Why {
    let tell = "Tell your instructor.";
    match finding {
        Finding::ClusterUnreachable { since } => Why::trouble(
            format!("The cluster does not answer since {}.", clock(*since, zone)),
            super::LAST_KNOWN_STATE.to_owned(),
        ),
        Finding::NotWatched { why } => not_watched(*why, &snapshot.namespace),
        Finding::KedaAbsent => Why::trouble(
            "This cluster has no KEDA: it knows no ScaledObjects, so nothing can scale the app."
                .to_owned(),
            tell.to_owned(),
        ),
        Finding::MetricsAbsent => Why::trouble(
            "This cluster has no metrics API: without metrics-server the HPA gets no CPU values."
                .to_owned(),
            tell.to_owned(),
        ),
        Finding::MetricsUnavailable { since } => Why::trouble(
            format!(
                "metrics-server does not answer since {}.",
                clock(*since, zone)
            ),
            "The HPA keeps the number of pods until it gets CPU values again.".to_owned(),
        ),
        Finding::ImagePull {
            pod,
            image,
            message,
        } => Why::trouble(
            format!("The image {image} cannot be pulled."),
            format!("{pod}: {message}"),
        ),
        Finding::CrashLoop { pod, restarts } => Why::trouble(
            format!(
                "The container of {pod} ends again and again: {} so far.",
                count(*restarts, "restart", "restarts")
            ),
            format!("kubectl logs {pod} --previous -n {}", snapshot.namespace),
        ),
        Finding::PodsRefused {
            asked,
            existing,
            message,
        } => pods_refused(*asked, *existing, message),
        Finding::Unschedulable { pods, message } => {
            let request = snapshot.deployment.as_ref().and_then(|d| d.cpu_request_m);
            let room = request.map_or_else(|| "room".to_owned(), |m| format!("{m}m CPU free"));
            let run = snapshot.existing().saturating_sub(*pods);
            let find = if *pods == 1 {
                "1 pod finds".to_owned()
            } else {
                format!("{pods} pods find")
            };
            Why::trouble(
                format!(
                    "Asked for {}, {run} run: {find} no node with {room}.",
                    snapshot.asked()
                ),
                format!("{message} {tell}"),
            )
        }
        Finding::ScaledObjectNotReady { name, message } => Why::trouble(
            format!("KEDA does not accept ScaledObject {name}."),
            message.clone(),
        ),
        Finding::NoCpuValue { since, message } => no_cpu_value(*since, message, now),
    }
}

/// What keeps the panel from seeing a namespace, and what an administrator does about it.
fn not_watched(why: Unwatched, namespace: &str) -> Why {
    let (sentence, cure) = match why {
        Unwatched::NoClusterRole => (
            "The panel may not read the cluster.".to_owned(),
            "An administrator runs `workshop check`, which names the rights that are missing.",
        ),
        Unwatched::NoRole => (
            format!("The panel may not read the namespace {namespace}."),
            "An administrator runs `workshop seats create --namespaced` again: it brings the seats' Roles up to date.",
        ),
        Unwatched::TooMany { most } => (
            format!("The panel watches {most} seats one by one, and {namespace} is one more."),
            "An administrator deletes seats, or lets the panel read the whole cluster.",
        ),
    };
    Why::trouble(sentence, cure.to_owned())
}

/// The quota admission's message names the quota and its figures:
/// staging/src/k8s.io/apiserver/pkg/admission/plugin/resourcequota/controller.go.
fn pods_refused(asked: u32, existing: u32, message: &str) -> Why {
    let part = |from: &str| {
        let rest = message.split_once(from)?.1;
        Some(rest.split(',').next().unwrap_or(rest).trim().to_owned())
    };
    let asked_for = format!("Asked for {asked}, only {existing} exist");
    match part("exceeded quota: ") {
        Some(quota) => {
            let used = part("used: ").and_then(|used| Some(used.split_once('=')?.1.to_owned()));
            let limited = part("limited: ")
                .and_then(|l| l.split_once('=').map(|(k, v)| (k.to_owned(), v.to_owned())));
            let arithmetic = match (used, limited) {
                (Some(used), Some((what, most))) => format!("{what} {used} of {most}"),
                _ => message.to_owned(),
            };
            Why::trouble(format!("{asked_for}: quota {quota} is full."), arithmetic)
        }
        None => Why::trouble(
            format!("{asked_for}: the API server refuses new pods."),
            message.to_owned(),
        ),
    }
}
