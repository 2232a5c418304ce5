//! The loop that looks after a ScaledObject at each `pollingInterval`. Called by KEDA's controller.
//!
//! Upstream: kedacore/keda `pkg/scaling/scale_handler.go`, `pkg/scaling/executor/scale_scaledobjects.go`.

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use tokio::time::Instant;

use super::{ScaledObjectController, hpa, race, status};
use crate::api::ScaledObject;
use crate::controllers::queue::Key;
use crate::status::Result;

impl ScaledObjectController {
    /// The loop of `pollingInterval`: a cpu trigger always counts as active, and the autoscaler's health is mirrored
    /// (`RequestScale` in `pkg/scaling/executor/scale_scaledobjects.go`).
    pub(super) fn poll(&mut self, key: &Key, object: &ScaledObject) -> Result<()> {
        let hpa = self
            .store
            .get::<HorizontalPodAutoscaler>(&key.namespace, &hpa::name(object));
        let target = &object.spec.scale_target_ref.name;
        let found = self
            .store
            .get::<Deployment>(&key.namespace, target)
            .is_some();
        let racing = self
            .known
            .get(key)
            .is_some_and(|known| !known.race.is_empty());
        let time = self.store.clock().time();
        self.store
            .modify::<ScaledObject>(&key.namespace, &key.name, |object| {
                let status = object.status.get_or_insert_default();
                if !found {
                    status::target_missing(status, target);
                    return;
                }
                status.last_active_time = Some(time.clone());
                if !racing {
                    status::set_active(status);
                }
                if !status::is(Some(status), "Ready", "True") {
                    status::set_ready(status);
                }
                status::mirror(status, hpa.as_ref());
            })?;
        Ok(())
    }

    /// The writes of the first moments that are due.
    pub(super) fn run_race(&mut self, key: &Key) -> Result<()> {
        let Some(known) = self.known.get_mut(key) else {
            return Ok(());
        };
        let now = Instant::now();
        while let Some(first) = race::next(&mut known.race, now) {
            self.store
                .modify::<ScaledObject>(&key.namespace, &key.name, |object| {
                    status::first(object.status.get_or_insert_default(), first);
                })?;
        }
        if let Some((at, _)) = known.race.front() {
            self.queue.add_at(key.clone(), *at);
        }
        Ok(())
    }
}
