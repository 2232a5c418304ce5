//! When a container that has ended starts again. Called by [`super::worker`].
//!
//! Upstream: `doBackOff` in `pkg/kubelet/kuberuntime/kuberuntime_manager.go`, `completeWork` in `pod_workers.go`.

use jiff::Timestamp;
use k8s_openapi::api::core::v1::Container;

use super::container::{create, of_container};
use super::state::{Crash, Ended, State};
use super::timing;
use super::worker::{Sync, Worker, format_pod};
use crate::controllers::recorder::Kind;

impl Worker {
    /// Restarted at once the first time, then after a back-off, unless the pod's policy is against it.
    pub(super) fn after_exit(
        &mut self,
        index: usize,
        spec: &Container,
        ended: Ended,
        sync: &mut Sync<'_>,
    ) -> (State, Option<Timestamp>) {
        let policy = sync
            .pod
            .spec
            .as_ref()
            .and_then(|spec| spec.restart_policy.as_deref());
        let again = match policy.unwrap_or("Always") {
            "Never" => false,
            "OnFailure" => ended.code != 0,
            _ => true,
        };
        let Some(container) = self.containers.get_mut(index).filter(|_| again) else {
            return (State::Ended(ended), Some(sync.now));
        };
        let crash = Crash { ended, shown: None };
        let finished = crash.ended.finished;
        let backoff = container
            .backoff
            .filter(|(_, since)| !timing::has_expired(*since, finished));
        match backoff {
            Some((backoff, _)) if sync.now.duration_since(finished) < backoff => {
                self.say_back_off(index, sync);
                // A pod with probes is looked at again when they notice.
                let probed = spec.startup_probe.is_some()
                    || spec.readiness_probe.is_some()
                    || spec.liveness_probe.is_some();
                let until = finished + backoff;
                let sync_at = if probed {
                    sync.now + timing::RELIST
                } else {
                    sync.now + timing::until(until, sync.now, sync.random)
                };
                let state = State::Crashed {
                    crash,
                    until,
                    sync_at,
                };
                (state, Some(sync_at))
            }
            _ => {
                let next = timing::next_backoff(backoff.map(|(backoff, _)| backoff));
                container.backoff = Some((next, sync.now));
                create(spec, None, Some(crash), sync)
            }
        }
    }

    /// A look at a container that waits for its restart.
    pub(super) fn retry(
        &mut self,
        index: usize,
        spec: &Container,
        crash: Crash,
        until: Timestamp,
        sync: &mut Sync<'_>,
    ) -> (State, Option<Timestamp>) {
        let backoff = self
            .containers
            .get(index)
            .and_then(|container| container.backoff);
        let crash = Crash {
            shown: backoff.map(|(backoff, _)| backoff),
            ..crash
        };
        if until > sync.now {
            self.say_back_off(index, sync);
            let sync_at = sync.now + timing::until(until, sync.now, sync.random);
            let state = State::Crashed {
                crash,
                until,
                sync_at,
            };
            return (state, Some(sync_at));
        }
        if let Some(container) = self.containers.get_mut(index) {
            let next = timing::next_backoff(backoff.map(|(backoff, _)| backoff));
            container.backoff = Some((next, sync.now));
        }
        create(spec, None, Some(crash), sync)
    }

    pub(super) fn say_back_off(&self, index: usize, sync: &mut Sync<'_>) {
        let Some(container) = self.containers.get(index) else {
            return;
        };
        sync.recorder.event(
            &of_container(sync.pod, &container.name),
            Kind::Warning,
            "BackOff",
            &format!(
                "Back-off restarting failed container {} in pod {}",
                container.name,
                format_pod(sync.pod)
            ),
        );
    }
}
