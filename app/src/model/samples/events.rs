//! Events of the namespace.

use super::at;
use crate::model::*;

/// Events as the recorded run had them.
pub(crate) fn events() -> Vec<EventLine> {
    let event =
        |t, first, warning, reason: &str, (kind, name): (&str, &str), message: &str| EventLine {
            uid: format!("{reason}-{t}"),
            time: at(t),
            first: at(first),
            warning,
            reason: reason.to_owned(),
            message: message.to_owned(),
            kind: kind.to_owned(),
            name: name.to_owned(),
            source: match kind {
                "Pod" => "kubelet",
                "ScaledObject" => "keda-operator",
                "Deployment" => "deployment-controller",
                _ => "horizontal-pod-autoscaler",
            }
            .to_owned(),
            count: if t > first { 2 } else { 1 },
            normal: warning.then_some(NormalWarning::AtStart),
        };
    let pod = ("Pod", "webapp-d5b46ffdb-gpz5k");
    let hpa = ("HorizontalPodAutoscaler", "keda-hpa-webapp");
    let deployment = ("Deployment", "webapp");
    vec![
        event(
            0.2,
            0.2,
            false,
            "ScalingReplicaSet",
            deployment,
            "Scaled up replica set webapp-d5b46ffdb from 0 to 1",
        ),
        event(
            0.7,
            0.7,
            false,
            "ScaledObjectReady",
            ("ScaledObject", "webapp"),
            "ScaledObject is ready for scaling",
        ),
        event(
            30.8,
            15.8,
            true,
            "FailedGetResourceMetric",
            hpa,
            "failed to get cpu utilization: unable to get metrics for resource cpu: no metrics returned from resource metrics API",
        ),
        event(
            75.8,
            75.8,
            false,
            "SuccessfulRescale",
            hpa,
            "New size: 4; reason: cpu resource utilization (percentage of request) above target",
        ),
        event(
            75.9,
            75.9,
            false,
            "ScalingReplicaSet",
            deployment,
            "Scaled up replica set webapp-d5b46ffdb from 1 to 4",
        ),
        event(
            76.4,
            76.4,
            false,
            "Pulled",
            pod,
            "Container image already present on machine and can be accessed by the pod",
        ),
        event(76.6, 76.6, false, "Started", pod, "Container started"),
        event(
            105.8,
            105.8,
            false,
            "SuccessfulRescale",
            hpa,
            "New size: 8; reason: cpu resource utilization (percentage of request) above target",
        ),
    ]
}
