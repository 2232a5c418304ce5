//! A ScaledObject's conditions. Called by KEDA's controller; pure.
//!
//! Upstream: kedacore/keda `apis/keda/v1alpha1/condition_types.go`, `pkg/scaling/executor/scale_scaledobjects.go`.

use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use serde_json::json;

use crate::api::{ScaledObjectCondition, ScaledObjectStatus};

/// The conditions of a new ScaledObject (`GetInitializedConditions`).
pub(super) fn initialize(status: &mut ScaledObjectStatus) {
    if !status.conditions.is_empty() {
        return;
    }
    for (kind, value) in [
        ("Ready", "Unknown"),
        ("Active", "Unknown"),
        ("Fallback", "Unknown"),
        ("Paused", "False"),
    ] {
        status.conditions.push(ScaledObjectCondition {
            type_: kind.to_owned(),
            status: value.to_owned(),
            ..ScaledObjectCondition::default()
        });
    }
}

/// Messages of events and conditions (`scaledobject_controller.go`).
pub(super) const PAUSED_MESSAGE: &str = "ScaledObject is paused";
pub(super) const UNPAUSED_MESSAGE: &str = "pause annotation removed for ScaledObject";

/// Whether a condition has this value.
pub(super) fn is(status: Option<&ScaledObjectStatus>, kind: &str, value: &str) -> bool {
    let conditions = status.into_iter().flat_map(|status| &status.conditions);
    conditions
        .into_iter()
        .any(|condition| condition.type_ == kind && condition.status == value)
}

/// Ready, in KEDA's words.
pub(super) fn set_ready(status: &mut ScaledObjectStatus) {
    set(
        status,
        "Ready",
        "True",
        "ScaledObjectReady",
        "ScaledObject is defined correctly and is ready for scaling",
    );
}

/// Paused or no longer.
pub(super) fn set_paused(status: &mut ScaledObjectStatus, paused: bool) {
    if paused {
        set(
            status,
            "Paused",
            "True",
            "ScaledObjectPaused",
            PAUSED_MESSAGE,
        );
    } else {
        set(
            status,
            "Paused",
            "False",
            "ScaledObjectUnpaused",
            UNPAUSED_MESSAGE,
        );
    }
}

/// A poll found no target.
pub(super) fn target_missing(status: &mut ScaledObjectStatus, target: &str) {
    let message = format!(
        "Error getting current replicas count for ScaleTarget: Deployment.apps \"{target}\" not found"
    );
    set(
        status,
        "Ready",
        "False",
        "ErrorGettingCurrentReplicas",
        &message,
    );
}

/// What one of the first writers knows beside Ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct First {
    pub(super) active: bool,
    pub(super) fallback: bool,
}

/// What a writer does not know it writes as Unknown.
pub(super) fn first(status: &mut ScaledObjectStatus, first: First) {
    if first.active {
        set_active(status);
    } else {
        forget(status, "Active");
    }
    if first.fallback {
        set(
            status,
            "Fallback",
            "False",
            "NoFallbackFound",
            "No fallbacks are active on this scaled object",
        );
    } else {
        forget(status, "Fallback");
    }
}

/// A cpu trigger counts as active whatever the load.
pub(super) fn set_active(status: &mut ScaledObjectStatus) {
    set(
        status,
        "Active",
        "True",
        "ScalerActive",
        "Scaling is performed because triggers are active",
    );
}

fn forget(status: &mut ScaledObjectStatus, kind: &str) {
    let unknown = ScaledObjectCondition {
        type_: kind.to_owned(),
        status: "Unknown".to_owned(),
        ..ScaledObjectCondition::default()
    };
    let mut present = status.conditions.iter_mut();
    if let Some(present) = present.find(|condition| condition.type_ == kind) {
        *present = unknown;
    }
}

/// The autoscaler is there.
pub(super) fn ready(status: &mut ScaledObjectStatus) {
    set_ready(status);
    status.rest.remove("pausedReplicaCount");
    status.scale_target_kind = Some("apps/v1.Deployment".to_owned());
    status.rest.insert(
        "scaleTargetGVKR".to_owned(),
        json!({"group": "apps", "version": "v1", "kind": "Deployment", "resource": "deployments"}),
    );
    status
        .rest
        .insert("authenticationsTypes".to_owned(), json!(""));
}

/// The ScaledObject is wrong, or its target is missing.
pub(super) fn check_failed(status: &mut ScaledObjectStatus, problem: &str) {
    set(status, "Ready", "False", "ScaledObjectCheckFailed", problem);
    set(
        status,
        "Active",
        "Unknown",
        "UnknownState",
        "ScaledObject check failed",
    );
}

/// The autoscaler was taken away by an annotation; the ScaledObject stays ready.
pub(super) fn paused(status: &mut ScaledObjectStatus) {
    set_paused(status, true);
    set(status, "Ready", "True", "ScaledObjectReady", PAUSED_MESSAGE);
}

/// Since 2.20.2: what the autoscaler says of itself, once it has looked.
pub(super) fn mirror(status: &mut ScaledObjectStatus, hpa: Option<&HorizontalPodAutoscaler>) {
    let scaling_active = hpa
        .and_then(|hpa| hpa.status.as_ref()?.conditions.as_ref())
        .into_iter()
        .flatten()
        .find(|condition| condition.type_ == "ScalingActive");
    let Some(condition) = scaling_active else {
        return;
    };
    let reason = condition.reason.as_deref().unwrap_or("");
    if condition.status == "True" {
        set(
            status,
            "HPAActive",
            "True",
            "HPAActive",
            "HPA is actively scaling",
        );
    } else if reason == "ScalingDisabled" {
        set(
            status,
            "HPAActive",
            "True",
            reason,
            condition.message.as_deref().unwrap_or(""),
        );
    } else {
        let message = format!(
            "HPA is not actively scaling: {}",
            condition.message.as_deref().unwrap_or("")
        );
        set(status, "HPAActive", "False", reason, &message);
    }
}

fn set(status: &mut ScaledObjectStatus, kind: &str, value: &str, reason: &str, message: &str) {
    let condition = ScaledObjectCondition {
        type_: kind.to_owned(),
        status: value.to_owned(),
        reason: Some(reason.to_owned()),
        message: Some(message.to_owned()),
    };
    match status
        .conditions
        .iter_mut()
        .find(|condition| condition.type_ == kind)
    {
        Some(present) => *present = condition,
        None => status.conditions.push(condition),
    }
}
