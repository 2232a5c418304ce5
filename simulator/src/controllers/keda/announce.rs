//! The events of KEDA's operator and of its webhook. Called by KEDA's controller.
//!
//! Upstream: kedacore/keda `pkg/eventreason/eventreason.go`, `pkg/scaling/scalers_builder.go`,
//! `apis/keda/v1alpha1/scaledobject_webhook.go`.

use super::ScaledObjectController;
use crate::api::ScaledObject;
use crate::controllers::queue::Key;
use crate::controllers::recorder::{Kind, reference};

pub(super) const WATCH_STARTED: &str = "Started scalers watch";
pub(super) const WATCH_STOPPED: &str = "Stopped scalers watch";

impl ScaledObjectController {
    /// KEDA's action is often the message again.
    pub(super) fn event(&mut self, object: &ScaledObject, kind: Kind, reason: &str, message: &str) {
        let action = match reason {
            "KEDAScalersStopped" => reason,
            "KEDAScalersStarted" if message == WATCH_STARTED => "ScalersWatchStarted",
            "KEDAScalersStarted" => reason,
            _ => message,
        };
        self.operator
            .event_with_action(&reference(object), kind, reason, action, message);
    }

    /// The webhook's remark on fields that do nothing here (`scaledobject_webhook.go`).
    pub(super) fn remark(&mut self, object: &ScaledObject) {
        if object.spec.min_replica_count.unwrap_or(0) == 0 {
            return;
        }
        let mut remarks = Vec::new();
        if object.spec.polling_interval.is_some() {
            remarks.push("PollingInterval is configured but is not relevant. PollingInterval is only relevant when minReplicaCount = 0 or idleReplicaCount = 0 or useCachedMetrics is enabled");
        }
        if object.spec.cooldown_period.is_some() {
            remarks.push("CooldownPeriod is configured but is not relevant. CooldownPeriod is only relevant when minReplicaCount = 0 or idleReplicaCount = 0");
        }
        // Each is told by a goroutine of its own; the first hides the other, which only counts.
        if self.store.random_u64().is_multiple_of(3) {
            remarks.reverse();
        }
        for message in remarks {
            self.admission.event_with_action(
                &reference(object),
                Kind::Normal,
                "KEDAScalerInfo",
                "KEDAScalerInfo",
                message,
            );
        }
    }

    /// The scalers are built when their ScaledObject changes, and watched from then on.
    pub(super) fn build(&mut self, key: &Key, object: &ScaledObject) {
        let Some(known) = self.known.get_mut(key) else {
            return;
        };
        if known.built == Some(object.metadata.generation) {
            return;
        }
        known.built = Some(object.metadata.generation);
        for trigger in &object.spec.triggers {
            let message = format!("Scaler {} is built", trigger.type_);
            self.event(object, Kind::Normal, "KEDAScalersStarted", &message);
        }
    }
}
