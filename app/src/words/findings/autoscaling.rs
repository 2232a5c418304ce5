//! KEDA, the HPA and its CPU values.

use super::{TELL, Trouble};
use crate::figures::{Zone, clock, seconds_between, span};
use crate::model::{Finding, PodRole, Snapshot, TimeMs};
use crate::words::why::Why;

pub(super) fn of_autoscaling(
    finding: &Finding,
    snapshot: &Snapshot,
    now: TimeMs,
    zone: Zone,
) -> Trouble {
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

pub(super) fn no_value(since: TimeMs, message: &str, snapshot: &Snapshot, now: TimeMs) -> Trouble {
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

pub(in crate::words) fn no_cpu_value(since: TimeMs, message: &str, now: TimeMs) -> Why {
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
