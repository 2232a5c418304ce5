//! Pods that do not come, or do not stay.

use super::{TELL, Trouble, app};
use crate::figures::{count, seconds_between, span};
use crate::model::{Finding, Snapshot, TimeMs};

pub(super) fn of_pods(finding: &Finding, snapshot: &Snapshot, now: TimeMs) -> Trouble {
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
