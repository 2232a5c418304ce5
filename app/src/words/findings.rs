//! Troubles in words: the cause in one sentence, the cure, the object that shows it, and the command that shows the same.

use super::LAST_KNOWN_STATE;
use super::why::Why;
use crate::figures::{Zone, clock, count, percent, seconds_between, span, thousands};
use crate::model::{Finding, Notice, PodRole, Snapshot, TimeMs, Unwatched};

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

fn of_pods(finding: &Finding, snapshot: &Snapshot, now: TimeMs) -> Trouble {
    let namespace = snapshot.namespace.as_str();
    let logs = |pod: &str| format!("kubectl logs {pod} --previous -n {namespace}");
    match finding {
        Finding::ImagePull {
            pod,
            image,
            message,
        } => Trouble::new(
            format!("The image {image} cannot be pulled."),
            message,
            "Check its name and tag, and whether the cluster reaches that registry.",
        )
        .of("Pod", pod, namespace),
        Finding::ConfigMissing {
            pod,
            object,
            name,
            message,
        } => {
            let what = match name.as_str() {
                "" => format!("a {object} that it needs is incomplete"),
                name => format!("{object} {name} is missing, or a key of it"),
            };
            Trouble::new(
                format!("The pod waits: {what}."),
                message,
                format!("Apply the {object}, or correct its name; the pod then starts by itself."),
            )
            .of("Pod", pod, namespace)
        }
        Finding::OutOfMemory {
            pod,
            container,
            limit,
            restarts,
        } => {
            let limit = limit.as_ref().map_or_else(
                || "its memory limit".to_owned(),
                |limit| format!("its limit of {limit}"),
            );
            Trouble::new(
                format!("Container {container} was killed: it needs more memory than {limit}."),
                &format!("OOMKilled, {}.", count(*restarts, "restart", "restarts")),
                "Raise resources.limits.memory, or start fewer workers: WEB_CONCURRENCY=1.",
            )
            .of("Pod", pod, namespace)
        }
        Finding::CrashLoop {
            pod,
            restarts,
            probe,
        } => {
            let so_far = count(*restarts, "restart", "restarts");
            match probe {
                Some(probe) => Trouble::new(
                    format!("The kubelet ends the container of {pod} again and again: its {probe} probe fails, {so_far} so far."),
                    "",
                    format!("Correct the {probe} probe's port, path or times."),
                )
                .of("Pod", pod, namespace),
                None => Trouble::new(
                    format!("The container of {pod} ends again and again: {so_far} so far."),
                    "",
                    "Its log says why: read the last lines before it ended.",
                )
                .of("Pod", pod, namespace)
                .command(logs(pod)),
            }
        }
        Finding::PodsRefused {
            asked,
            existing,
            message,
        } => pods_refused(*asked, *existing, message, snapshot),
        Finding::Unschedulable { pods, message } => {
            let request = snapshot.deployment.as_ref().and_then(|d| d.cpu_request_m);
            let room = request.map_or_else(|| "room".to_owned(), |m| format!("{m}m CPU free"));
            let run = snapshot.existing().saturating_sub(*pods);
            let find = if *pods == 1 {
                "1 pod finds".to_owned()
            } else {
                format!("{pods} pods find")
            };
            let waits = snapshot.pods.iter().find(|pod| pod.status == "Pending");
            let trouble = Trouble::new(
                format!(
                    "Asked for {}, {run} run: {find} no node with {room}.",
                    snapshot.asked()
                ),
                message,
                TELL,
            );
            match waits {
                Some(pod) => trouble.of("Pod", &pod.name, namespace),
                None => trouble.command(format!("kubectl get pods -n {namespace} -o wide")),
            }
        }
        Finding::NotReady {
            pods,
            pod,
            since,
            never,
            message,
        } => {
            let lasts = span(seconds_between(*since, now));
            let who = match pods {
                1 => "1 pod runs but is".to_owned(),
                pods => format!("{pods} pods run but are"),
            };
            let (since, cure) = if *never {
                (
                    "was never ready",
                    "Correct the probe's port or path: nothing is sent to a pod that is not ready.",
                )
            } else {
                (
                    "is not ready any more",
                    "A probe by HTTP fails when the pod is busy: give it more time, or use tcpSocket.",
                )
            };
            Trouble {
                announced: format!("{who} not ready."),
                ..Trouble::new(
                    format!("{who} not ready for {lasts}: {pod} {since}."),
                    message,
                    cure,
                )
            }
            .of("Pod", pod, namespace)
        }
        _ => Trouble::default(),
    }
}

fn of_autoscaling(finding: &Finding, snapshot: &Snapshot, now: TimeMs, zone: Zone) -> Trouble {
    let namespace = snapshot.namespace.as_str();
    match finding {
        Finding::KedaIgnores { name, since } => Trouble {
            announced: format!("KEDA has not touched ScaledObject {name}."),
            ..Trouble::new(
                format!(
                    "KEDA has not touched ScaledObject {name} for {}: its operator is away, or watches other namespaces only.",
                    span(seconds_between(*since, now))
                ),
                "",
                format!("No HPA comes before it does. {TELL} KEDA's operator must run, and its WATCH_NAMESPACE be empty or name {namespace}."),
            )
        }
        .of("ScaledObject", name, namespace),
        Finding::FinalizerHangs { name, since } => Trouble {
            announced: format!("ScaledObject {name} cannot go: KEDA's operator is away."),
            ..Trouble::new(
                format!(
                    "ScaledObject {name} cannot go: for {} nobody has taken KEDA's finalizer off it.",
                    span(seconds_between(*since, now))
                ),
                "finalizer.keda.sh",
                format!("KEDA's operator is away; when it is back this goes on by itself. {TELL}"),
            )
        }
        .of("ScaledObject", name, namespace)
        .command(format!("kubectl get scaledobject {name} -n {namespace} -o jsonpath={{.metadata.finalizers}}")),
        Finding::TargetMissing { name, target } => Trouble::new(
            format!("ScaledObject {name} scales Deployment {target}, which is not there."),
            "",
            "Apply that Deployment, or correct spec.scaleTargetRef.name.",
        )
        .of("ScaledObject", name, namespace),
        Finding::ScaledObjectNotReady { name, message } => Trouble::new(
            format!("KEDA does not accept ScaledObject {name}."),
            message,
            refused_by_keda(message),
        )
        .of("ScaledObject", name, namespace),
        Finding::ScaledObjectPaused { name, annotation } => Trouble::new(
            format!("ScaledObject {name} is paused, so KEDA has taken the HPA away."),
            annotation,
            "Take the annotation off: the command does it.",
        )
        .of("ScaledObject", name, namespace)
        .command(format!("kubectl annotate scaledobject {name} {annotation}- -n {namespace}")),
        Finding::TwoAutoscalers { names, target } => Trouble {
            object: names.first().map(|name| ("HorizontalPodAutoscaler", name.clone())),
            says: Some("AmbiguousSelector"),
            ..Trouble::new(
                format!("{} HPAs scale {target}, so none of them acts: {}.", names.len(), names.join(", ")),
                "",
                "Keep KEDA's and delete the other: one Deployment, one HPA.",
            )
        }
        .command(format!("kubectl get hpa -n {namespace}")),
        Finding::ScaledToZero { name } => Trouble {
            says: Some("ScalingDisabled"),
            ..Trouble::new(
                format!("Deployment {name} was set to 0 pods: the HPA does nothing until it has one again."),
                "",
                "Set it to 1: the command does it.",
            )
        }
        .of("Deployment", name, namespace)
        .command(format!("kubectl scale deployment {name} --replicas=1 -n {namespace}")),
        Finding::SetBack { name, from, to, at, by } => Trouble::new(
            format!("{from} → {to} at {} was not the HPA: {by} set spec.replicas.", clock(*at, zone)),
            "",
            "Leave spec.replicas out of the manifest: every apply sets it back, and the HPA has to begin anew.",
        )
        .of("Deployment", name, namespace)
        .command(format!("kubectl get deployment {name} -n {namespace} -o yaml --show-managed-fields")),
        _ => Trouble::default(),
    }
}

/// KEDA's messages: `pkg/scalers/cpu_memory_scaler.go`, `controllers/keda/scaledobject_controller.go`.
fn refused_by_keda(message: &str) -> &'static str {
    if message.contains("'type' setting is DEPRECATED") || message.contains("unknown metric type") {
        "Since KEDA 2.18 the trigger needs metricType: Utilization, and no metadata.type."
    } else if message.contains("HPA") && message.contains("metrics") {
        "KEDA 2.20.0 and 2.20.1 say so while the HPA has no CPU value; later versions do not."
    } else {
        "Correct the ScaledObject as the message says, and apply it again."
    }
}

fn of_load(finding: &Finding, snapshot: &Snapshot, zone: Zone) -> Trouble {
    let namespace = snapshot.namespace.as_str();
    let logs = |job: &str| format!("kubectl logs job/{job} -n {namespace}");
    match finding {
        Finding::LoadCannotStart { job, error, service_link } => {
            let (cause, cure) = if *service_link {
                (
                    "Locust does not start: it takes a variable that Kubernetes made for a Service for an option of its own.",
                    "Set enableServiceLinks: false in the Job's pod template, or give the Service a name that does not begin with locust.",
                )
            } else {
                (
                    "Locust ended before it sent a request.",
                    "Correct what its log says, and start the load again.",
                )
            };
            Trouble::new(cause.to_owned(), error.as_deref().unwrap_or_default(), cure)
                .of("Job", job, namespace)
                .command(logs(job))
        }
        Finding::LoadAllFails { job, requests, error } => {
            let all = format!("All {} requests of the load failed", thousands(*requests));
            let said = error.as_deref().unwrap_or_default();
            let (why, cure) = if said.contains("Name or service not known") || said.contains("gaierror") {
                ("no Service has the name that Locust asks for", "Correct the locustfile's host, or apply the Service.")
            } else if snapshot.service.is_none() {
                ("no Service leads to the app", "Apply the Service, or make its selector fit the pods' labels.")
            } else if snapshot.ready() == 0 {
                ("no pod of the app is ready", "Bring the app up first.")
            } else if said.contains("Connection refused") {
                ("the connections were refused", "Check the Service's selector and targetPort.")
            } else {
                ("the app answers none of them", "Check the locustfile's host and path, and the Service's targetPort.")
            };
            Trouble::new(format!("{all}: {why}."), said, cure)
                .of("Job", job, namespace)
                .command(logs(job))
        }
        Finding::LoadFailedAfterRun { job, reason, requests, failures } => {
            let figures = format!("{} requests, {} failed", thousands(*requests), thousands(*failures));
            let (cause, cure) = if reason == "DeadlineExceeded" {
                (
                    format!("The load ran, but Job {job} was cut off at its activeDeadlineSeconds."),
                    "Make activeDeadlineSeconds longer than the run time.",
                )
            } else {
                (
                    format!("The load ran, but Job {job} counts as failed: Locust ends with 1 if a single request failed."),
                    "Set LOCUST_EXIT_CODE_ON_ERROR to 0, and backoffLimit to 0 so that it does not run again.",
                )
            };
            Trouble::new(cause, &format!("{reason}: {figures}."), cure).of("Job", job, namespace)
        }
        Finding::LoadOrphaned { pod } => Trouble::new(
            format!("Load pod {pod} runs without a Job."),
            "",
            "Stop load ends it. A Job is deleted with its pods by kubectl, not by a bare DELETE of the API.",
        )
        .of("Pod", pod, namespace)
        .command(format!("kubectl delete pod {pod} -n {namespace}")),
        Finding::LoadPastTime { job, ends } => Trouble::new(
            format!("The load goes on past its end at {}.", clock(*ends, zone)),
            "",
            "Press Stop load.",
        )
        .of("Job", job, namespace)
        .command(format!("kubectl delete job {job} -n {namespace}")),
        Finding::OneHotPod { pod, percent: hot, idle } => {
            let pods = if *idle == 1 { "1 is idle".to_owned() } else { format!("{idle} are idle") };
            Trouble::new(
                format!("One pod works, {pods}: connections stay on the first pod."),
                &format!("{pod} has {}.", percent(*hot)),
                "Send \"Connection: close\" in the locustfile: the Service spreads connections, not requests.",
            )
            .of("Pod", pod, namespace)
            .command(format!("kubectl top pods -n {namespace}"))
        }
        _ => Trouble::default(),
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

/// The quota admission's message names the quota and its figures:
/// staging/src/k8s.io/apiserver/pkg/admission/plugin/resourcequota/controller.go.
fn pods_refused(asked: u32, existing: u32, message: &str, snapshot: &Snapshot) -> Trouble {
    let namespace = snapshot.namespace.as_str();
    let part = |from: &str| {
        let rest = message.split_once(from)?.1;
        Some(rest.split(',').next().unwrap_or(rest).trim().to_owned())
    };
    let asked_for = format!("Asked for {asked}, only {existing} exist");
    let trouble = if let Some(quota) = part("exceeded quota: ") {
        let used = part("used: ").and_then(|used| Some(used.split_once('=')?.1.to_owned()));
        let limited = part("limited: ")
            .and_then(|l| l.split_once('=').map(|(k, v)| (k.to_owned(), v.to_owned())));
        let arithmetic = match (used, limited) {
            (Some(used), Some((what, most))) => format!("{what} {used} of {most}"),
            _ => message.to_owned(),
        };
        Trouble::new(
            format!("{asked_for}: quota {quota} is full."),
            &arithmetic,
            "Room comes when other pods go, or when your instructor raises the quota.",
        )
        .of("ResourceQuota", &quota, namespace)
        .brief()
    } else if message.contains("failed quota: ") {
        Trouble::new(
            format!("{asked_for}: a quota wants requests and limits that the pods do not have."),
            message,
            "Set resources.requests and limits on every container.",
        )
        .of("Deployment", &app(snapshot), namespace)
    } else if message.contains("violates PodSecurity") {
        Trouble::new(
            format!("{asked_for}: the namespace's Pod Security refuses the pods."),
            message,
            format!("The image runs as root: {TELL}"),
        )
        .of("Deployment", &app(snapshot), namespace)
    } else {
        Trouble::new(
            format!("{asked_for}: the API server refuses new pods."),
            message,
            "Correct the pod template as the message says.",
        )
        .of("Deployment", &app(snapshot), namespace)
    };
    match trouble.object {
        Some(("Deployment", _)) => trouble.command(format!(
            "kubectl get events -n {namespace} --field-selector reason=FailedCreate"
        )),
        _ => trouble,
    }
}

fn app(snapshot: &Snapshot) -> String {
    let app = snapshot.deployment.as_ref();
    app.map_or_else(String::new, |app| app.name.clone())
}

fn no_value(since: TimeMs, message: &str, snapshot: &Snapshot, now: TimeMs) -> Trouble {
    let Why {
        sentence,
        announced,
        ..
    } = no_cpu_value(since, message, now);
    let cure = if message.contains("missing request for cpu") {
        "Give every container resources.requests.cpu."
    } else if snapshot
        .pods
        .iter()
        .any(|pod| pod.role == PodRole::App && pod.ready)
    {
        TELL
    } else {
        "Bring a pod up first."
    };
    let trouble = Trouble {
        announced,
        says: Some("FailedGetResourceMetric"),
        ..Trouble::new(sentence, message, cure)
    };
    match &snapshot.autoscaler {
        Some(hpa) => Trouble {
            object: Some(("HorizontalPodAutoscaler", hpa.name.clone())),
            ..trouble
        }
        .command(format!(
            "kubectl describe hpa {} -n {}",
            hpa.name, snapshot.namespace
        )),
        None => trouble,
    }
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

pub(super) fn no_cpu_value(since: TimeMs, message: &str, now: TimeMs) -> Why {
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
