//! How a ScaledObject is paused and how it ends. Called by KEDA's controller.
//!
//! Upstream: kedacore/keda `controllers/keda/scaledobject_controller.go`, `scaledobject_finalizer.go`.

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;

use super::announce::WATCH_STOPPED;
use super::status::{self, PAUSED_MESSAGE, UNPAUSED_MESSAGE};
use super::{
    FINALIZER, PAUSED_REPLICAS, ScaledObjectController, annotation, hpa, is_paused_in_a_direction,
};
use crate::api::ScaledObject;
use crate::controllers::queue::Key;
use crate::controllers::recorder::Kind;
use crate::status::Result;
use crate::store::DeleteOptions;

impl ScaledObjectController {
    pub(super) fn finalize(&mut self, key: &Key, object: &ScaledObject) -> Result<()> {
        self.known.remove(key);
        let finalizers = object.metadata.finalizers.as_deref().unwrap_or_default();
        if !finalizers.iter().any(|finalizer| finalizer == FINALIZER) {
            return Ok(());
        }
        self.event(object, Kind::Normal, "KEDAScalersStopped", WATCH_STOPPED);
        self.restore(key, object)?;
        self.store
            .modify::<ScaledObject>(&key.namespace, &key.name, |object| {
                let finalizers = object.metadata.finalizers.get_or_insert_default();
                finalizers.retain(|finalizer| finalizer != FINALIZER);
            })?;
        // Normal according to KEDA's page of events, Warning in its code.
        self.event(
            object,
            Kind::Warning,
            "ScaledObjectDeleted",
            "ScaledObject was deleted",
        );
        Ok(())
    }

    /// `restoreToOriginalReplicaCount` (`scaledobject_finalizer.go`).
    pub(super) fn restore(&self, key: &Key, object: &ScaledObject) -> Result<()> {
        let advanced = object.spec.advanced.as_ref();
        let restores = advanced
            .and_then(|advanced| advanced.rest.get("restoreToOriginalReplicaCount"))
            == Some(&serde_json::Value::Bool(true));
        let status = object.status.as_ref();
        let Some(replicas) = status.and_then(|status| status.original_replica_count) else {
            return Ok(());
        };
        if !restores {
            return Ok(());
        }
        let target = &object.spec.scale_target_ref.name;
        match self
            .store
            .scale::<Deployment>(&key.namespace, target, replicas, "keda")
        {
            Err(error) if !error.is_not_found() => Err(error),
            _ => Ok(()),
        }
    }

    pub(super) fn pause(&mut self, key: &Key, object: &ScaledObject) -> Result<()> {
        let name = hpa::name(object);
        let options = DeleteOptions::background();
        match self
            .store
            .delete::<HorizontalPodAutoscaler>(&key.namespace, &name, &options)
        {
            Err(error) if !error.is_not_found() => return Err(error),
            _ => {}
        }
        let replicas = annotation(object, PAUSED_REPLICAS).and_then(|text| text.parse().ok());
        if let Some(replicas) = replicas {
            let target = &object.spec.scale_target_ref.name;
            self.store
                .scale::<Deployment>(&key.namespace, target, replicas, "keda")?;
        }
        self.store
            .modify::<ScaledObject>(&key.namespace, &key.name, |object| {
                let status = object.status.get_or_insert_default();
                status.rest.insert(
                    "pausedReplicaCount".to_owned(),
                    replicas.map_or(serde_json::Value::Null, serde_json::Value::from),
                );
                if replicas.is_none() {
                    status.rest.remove("pausedReplicaCount");
                }
                status::paused(status);
            })?;
        if !status::is(object.status.as_ref(), "Paused", "True") {
            self.event(object, Kind::Normal, "ScaledObjectPaused", PAUSED_MESSAGE);
            self.event(object, Kind::Normal, "KEDAScalersStopped", WATCH_STOPPED);
        }
        if let Some(known) = self.known.get_mut(key) {
            known.built = None;
            known.watched = false;
        }
        Ok(())
    }

    /// A direction is paused, or none is any more.
    pub(super) fn note_direction(&mut self, key: &Key, object: &ScaledObject) -> Result<()> {
        let paused = is_paused_in_a_direction(object);
        let was = status::is(object.status.as_ref(), "Paused", "True");
        if paused == was {
            return Ok(());
        }
        self.store
            .modify::<ScaledObject>(&key.namespace, &key.name, |object| {
                let status = object.status.get_or_insert_default();
                status::set_paused(status, paused);
            })?;
        if paused {
            self.event(object, Kind::Normal, "ScaledObjectPaused", PAUSED_MESSAGE);
        } else {
            self.event(
                object,
                Kind::Normal,
                "ScaledObjectUnpaused",
                UNPAUSED_MESSAGE,
            );
        }
        Ok(())
    }
}
