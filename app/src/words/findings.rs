//! Troubles in words: the cause in one sentence, the cure, the object that shows it, and the command that shows the same.

mod autoscaling;
mod load;
mod pods;

use super::LAST_KNOWN_STATE;
use super::why::Why;
use crate::figures::{Zone, clock, span};
use crate::model::{Finding, Notice, Snapshot, TimeMs, Unwatched};

pub(super) use autoscaling::no_cpu_value;
use autoscaling::{no_value, of_autoscaling};
use load::of_load;
use pods::of_pods;

pub const FINDINGS: &str = "What is wrong";
pub const NO_FINDINGS: &str = "Nothing is wrong.";
pub const CURE: &str = "Cure";
pub const SHOWN_BY: &str = "Shown by";
pub const NOTICES: &str = "Also here";

/// The why panel has two lines below its sentence: what is longer is told by the cure alone, and in full under Events.
const LINES: usize = 170;

/// A trouble in words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trouble {
    pub cause: String,
    /// The cause without what counts on, for screen readers; empty if nothing in it does.
    pub announced: String,
    /// What the cluster says of it, word for word or as figures.
    pub evidence: String,
    pub cure: String,
    /// The why panel shows the evidence alone: the cure stands under Events.
    pub brief: bool,
    /// Kind and name.
    pub object: Option<(&'static str, String)>,
    pub command: String,
    /// A reason of the HPA's conditions.
    pub says: Option<&'static str>,
}

impl Trouble {
    fn new(cause: String, evidence: &str, cure: impl Into<String>) -> Self {
        Self {
            cause,
            evidence: evidence.trim().to_owned(),
            cure: cure.into(),
            ..Self::default()
        }
    }

    /// The object that shows it, and `kubectl describe` of it.
    fn of(self, kind: &'static str, name: &str, namespace: &str) -> Self {
        let command = format!(
            "kubectl describe {} {name} -n {namespace}",
            kind.to_ascii_lowercase()
        );
        Self {
            object: Some((kind, name.to_owned())),
            command,
            ..self
        }
    }

    fn brief(self) -> Self {
        Self {
            brief: true,
            ..self
        }
    }

    fn command(self, command: String) -> Self {
        Self { command, ..self }
    }

    fn says(self, word: &'static str) -> Self {
        Self {
            says: Some(word),
            ..self
        }
    }
}

/// A trouble for the why panel.
pub fn finding(finding: &Finding, snapshot: &Snapshot, now: TimeMs, zone: Zone) -> Why {
    let trouble = trouble(finding, snapshot, now, zone);
    let between = if trouble.evidence.ends_with('.') {
        " "
    } else {
        " · "
    };
    let both = format!("{}{between}{}", trouble.evidence, trouble.cure);
    let line = match (trouble.evidence.is_empty(), trouble.cure.is_empty()) {
        (false, no_cure) if no_cure || trouble.brief => trouble.evidence,
        (false, false) if both.chars().count() <= LINES => both,
        _ => trouble.cure,
    };
    let why = Why {
        announced: trouble.announced,
        ..Why::trouble(trouble.cause, line)
    };
    match trouble.says {
        Some(word) => why.says(word),
        None => why,
    }
}

const TELL: &str = "Tell your instructor.";

/// A trouble in words.
pub fn trouble(finding: &Finding, snapshot: &Snapshot, now: TimeMs, zone: Zone) -> Trouble {
    let namespace = snapshot.namespace.as_str();
    let get = |what: &str| format!("kubectl get {what}");
    match finding {
        Finding::ClusterUnreachable { since } => Trouble::new(
            format!("The cluster does not answer since {}.", clock(*since, zone)),
            "",
            LAST_KNOWN_STATE,
        ),
        Finding::NotWatched { why } => {
            let (cause, cure) = not_watched(*why, namespace);
            Trouble::new(cause, "", cure)
        }
        Finding::NotRecognised { deployments } => not_recognised(deployments, namespace),
        Finding::ImagePull { .. }
        | Finding::ConfigMissing { .. }
        | Finding::OutOfMemory { .. }
        | Finding::CrashLoop { .. }
        | Finding::PodsRefused { .. }
        | Finding::Unschedulable { .. }
        | Finding::NotReady { .. } => of_pods(finding, snapshot, now),
        Finding::KedaAbsent => Trouble::new(
            "This cluster has no KEDA: it knows no ScaledObjects, so nothing can scale the app.".to_owned(),
            "",
            TELL,
        )
        .command(get("crd scaledobjects.keda.sh")),
        Finding::MetricsAbsent => Trouble::new(
            "This cluster has no metrics API: without metrics-server the HPA gets no CPU values.".to_owned(),
            "",
            TELL,
        )
        .command(get("apiservice v1beta1.metrics.k8s.io")),
        Finding::MetricsUnavailable { since } => Trouble::new(
            format!("metrics-server does not answer since {}.", clock(*since, zone)),
            "",
            format!("The HPA keeps the number of pods until it gets CPU values again. {TELL}"),
        )
        .command(get("apiservice v1beta1.metrics.k8s.io")),
        Finding::MetricsLate { pod, window_ms } => Trouble::new(
            format!(
                "CPU samples come late: the newest one covers {}, usual are 15 s.",
                span(window_ms / 1000)
            ),
            "",
            format!("Each step takes longer, nothing else is wrong. metrics-server's --metric-resolution should be 15s. {TELL}"),
        )
        .of("Pod", pod, namespace)
        .command(format!("kubectl get podmetrics {pod} -n {namespace} -o yaml")),
        Finding::NoCpuRequest { container, pod } => Trouble::new(
            format!("No CPU request is set on container {container}: there is nothing to take a percentage of."),
            "",
            "Give every container resources.requests.cpu, and apply the Deployment again.",
        )
        .of("Pod", pod, namespace)
        .says("FailedGetResourceMetric"),
        Finding::NoCpuValue { since, message } => no_value(*since, message, snapshot, now),
        Finding::LoadCannotStart { .. }
        | Finding::LoadAllFails { .. }
        | Finding::LoadFailedAfterRun { .. }
        | Finding::LoadOrphaned { .. }
        | Finding::LoadPastTime { .. }
        | Finding::OneHotPod { .. } => of_load(finding, snapshot, zone),
        Finding::KedaIgnores { .. }
        | Finding::FinalizerHangs { .. }
        | Finding::TargetMissing { .. }
        | Finding::ScaledObjectNotReady { .. }
        | Finding::ScaledObjectPaused { .. }
        | Finding::TwoAutoscalers { .. }
        | Finding::ScaledToZero { .. }
        | Finding::SetBack { .. } => of_autoscaling(finding, snapshot, now, zone),
    }
}

/// What keeps the panel from seeing a namespace, and what an administrator does about it.
fn not_watched(why: Unwatched, namespace: &str) -> (String, &'static str) {
    match why {
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
    }
}

fn not_recognised(deployments: &[String], namespace: &str) -> Trouble {
    let first = deployments.first().map_or("", String::as_str);
    Trouble::new(
        match deployments {
            [one] => format!("Deployment {one} is not taken for the app: it has no label app: webapp, and no ScaledObject scales it."),
            all => format!("None of the Deployments {} is taken for the app: none has the label app: webapp, and no ScaledObject scales one.", all.join(", ")),
        },
        "",
        "Label it, as the command does, or press Deploy for the workshop's own.",
    )
    .of("Deployment", first, namespace)
    .command(format!("kubectl label deployment {first} app=webapp -n {namespace}"))
}

fn app(snapshot: &Snapshot) -> String {
    let app = snapshot.deployment.as_ref();
    app.map_or_else(String::new, |app| app.name.clone())
}

/// The cause in a few words, for `The app is not ready: {cause}.` and for the instructor's table.
pub fn cause(finding: &Finding) -> &'static str {
    match finding {
        Finding::ClusterUnreachable { .. } => "the cluster does not answer",
        Finding::NotWatched { why } => match why {
            Unwatched::NoClusterRole => "the panel may not read the cluster: `workshop check`",
            Unwatched::NoRole => "the panel may not read it: `workshop seats create --namespaced`",
            Unwatched::TooMany { .. } => "too many seats: the panel does not watch it",
        },
        Finding::NotRecognised { .. } => "its Deployment is not recognised",
        Finding::KedaAbsent => "KEDA is missing",
        Finding::KedaIgnores { .. } => "KEDA does not act on the ScaledObject",
        Finding::FinalizerHangs { .. } => "the ScaledObject cannot go: KEDA is away",
        Finding::TargetMissing { .. } => "the ScaledObject scales what is not there",
        Finding::ScaledObjectPaused { .. } => "the ScaledObject is paused",
        Finding::TwoAutoscalers { .. } => "two HPAs scale the app",
        Finding::ScaledToZero { .. } => "it was set to 0 pods",
        Finding::SetBack { .. } => "somebody set the replicas",
        Finding::MetricsLate { .. } => "CPU samples come late",
        Finding::NoCpuRequest { .. } => "no CPU request is set",
        Finding::MetricsAbsent
        | Finding::MetricsUnavailable { .. }
        | Finding::NoCpuValue { .. } => "there are no CPU values",
        Finding::ImagePull { .. } => "its image cannot be pulled",
        Finding::ConfigMissing { .. } => "a ConfigMap or Secret is missing",
        Finding::OutOfMemory { .. } => "its memory limit is too low",
        Finding::CrashLoop { .. } => "its container ends again and again",
        Finding::PodsRefused { .. } => "its pods are refused",
        Finding::Unschedulable { .. } => "no node has room for it",
        Finding::NotReady { .. } => "its readiness probe fails",
        Finding::ScaledObjectNotReady { .. } => "KEDA does not accept the ScaledObject",
        Finding::LoadCannotStart { .. } => "Locust does not start",
        Finding::LoadAllFails { .. } => "all requests of the load fail",
        Finding::LoadFailedAfterRun { .. } => "the load's Job counts as failed",
        Finding::LoadOrphaned { .. } => "a load pod runs without its Job",
        Finding::LoadPastTime { .. } => "the load is on past its time",
        Finding::OneHotPod { .. } => "one pod has all the connections",
    }
}

/// What else is in the namespace.
pub fn notice(notice: &Notice) -> String {
    let list = |one: &str, many: &str, names: &[String]| match names {
        [name] => format!("{one} {name}"),
        names => format!("{many} {}", names.join(", ")),
    };
    match notice {
        Notice::Deployments { names, app } => format!(
            "{} {} shown here: the app is {app}.",
            list("Deployment", "Deployments", names),
            if names.len() == 1 {
                "is not"
            } else {
                "are not"
            },
        ),
        Notice::AutoscalerWithoutKeda { name } => format!(
            "HPA {name} scales the app, and no ScaledObject made it: KEDA has no part in it."
        ),
        Notice::Autoscaler { name, target } => {
            format!("HPA {name} scales {target}, which is not the app.")
        }
        Notice::Jobs { names } => format!(
            "{} {} no load: no Locust runs there.",
            list("Job", "Jobs", names),
            if names.len() == 1 { "is" } else { "are" },
        ),
        Notice::Pods { names } => format!(
            "{} {} no part of the workshop.",
            list("Pod", "Pods", names),
            if names.len() == 1 { "is" } else { "are" },
        ),
    }
}
