//! Troubles in words: the cause, the cure, and the object that shows it.

use super::LAST_KNOWN_STATE;
use super::why::Why;
use crate::figures::{Zone, clock, count, seconds_between, span};
use crate::model::{Finding, Snapshot, TimeMs, Unwatched};

/// A trouble in words: cause in the sentence, cure below it.
pub fn finding(finding: &Finding, snapshot: &Snapshot, now: TimeMs, zone: Zone) -> Why {
    let tell = "Tell your instructor.";
    match finding {
        Finding::ClusterUnreachable { since } => Why::trouble(
            format!("The cluster does not answer since {}.", clock(*since, zone)),
            LAST_KNOWN_STATE.to_owned(),
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

/// The cause in a few words, for `The app is not ready: {cause}.`
pub fn cause(finding: &Finding) -> &'static str {
    match finding {
        Finding::ClusterUnreachable { .. } => "the cluster does not answer",
        Finding::NotWatched { why } => match why {
            Unwatched::NoClusterRole => "the panel may not read the cluster: `workshop check`",
            Unwatched::NoRole => "the panel may not read it: `workshop seats create --namespaced`",
            Unwatched::TooMany { .. } => "too many seats: the panel does not watch it",
        },
        Finding::KedaAbsent => "KEDA is missing",
        Finding::MetricsAbsent
        | Finding::MetricsUnavailable { .. }
        | Finding::NoCpuValue { .. } => "there are no CPU values",
        Finding::ImagePull { .. } => "its image cannot be pulled",
        Finding::CrashLoop { .. } => "its container ends again and again",
        Finding::PodsRefused { .. } => "its pods are refused",
        Finding::Unschedulable { .. } => "no node has room for it",
        Finding::ScaledObjectNotReady { .. } => "KEDA does not accept the ScaledObject",
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
