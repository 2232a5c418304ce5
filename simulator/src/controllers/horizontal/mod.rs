//! The HorizontalPodAutoscaler controller: a look at each autoscaler every 15 s.
//!
//! Upstream: `pkg/controller/podautoscaler/horizontal.go`. The arithmetic is `autoscaling`'s; this reads and writes.

mod pods;
mod status;

use std::collections::HashMap;
use std::sync::Arc;

use autoscaling::replica_calculator::Unavailable;
use autoscaling::{Autoscaler, Behavior, Limits, Observation, Verdict};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::autoscaling::v2::{HorizontalPodAutoscaler, HorizontalPodAutoscalerSpec};
use tokio::time::{Duration, Instant};

use super::Controller;
use super::queue::{Key, WorkQueue};
use super::recorder::{Kind, Recorder, reference};
use crate::faults::{Faults, MetricsApi};
use crate::status::Result;
use crate::store::resource::HORIZONTAL_POD_AUTOSCALERS;
use crate::store::{Change, ChangeType, Store};

use status::StatusWriter;

/// The controller's period, and how long a new autoscaler waits for its first look
/// (`NewDefaultHPARateLimiter` in `rate_limiters.go`: one period, also for the first).
const SYNC_PERIOD: Duration = Duration::from_millis(autoscaling::SYNC_PERIOD_MS as u64);

/// Who owns `spec.replicas` after a rescale, as a real cluster's managedFields show it.
const MANAGER: &str = "kube-controller-manager";

struct Known {
    uid: String,
    autoscaler: Autoscaler,
    /// The next look; counted from the first, so that looks do not drift.
    next: Instant,
}

pub(super) struct HorizontalController {
    store: Arc<Store>,
    faults: Arc<Faults>,
    queue: WorkQueue,
    recorder: Recorder,
    known: HashMap<Key, Known>,
}

impl HorizontalController {
    pub(super) fn new(store: Arc<Store>, faults: Arc<Faults>) -> Self {
        Self {
            queue: WorkQueue::default(),
            recorder: Recorder::new(Arc::clone(&store), "horizontal-pod-autoscaler"),
            store,
            faults,
            known: HashMap::new(),
        }
    }

    fn look(
        &mut self,
        key: &Key,
        hpa: &HorizontalPodAutoscaler,
        spec: &HorizontalPodAutoscalerSpec,
    ) -> Result<()> {
        let mut status = StatusWriter::new(hpa, self.store.clock());
        let target = &spec.scale_target_ref;
        let deployment = (target.kind == "Deployment")
            .then(|| self.store.get::<Deployment>(&key.namespace, &target.name))
            .flatten();
        let Some(deployment) = deployment else {
            let error = format!("deployments/scale.apps \"{}\" not found", target.name);
            self.warn(hpa, "FailedGetScale", &error);
            status.set(
                "AbleToScale",
                false,
                "FailedGetScale",
                &format!(
                    "the HPA controller was unable to get the target's current scale: {error}"
                ),
            );
            return status.write(&self.store, key);
        };
        status.able_to_scale(autoscaling::AbleToScale::SucceededGetScale);
        let current = deployment
            .spec
            .as_ref()
            .and_then(|spec| spec.replicas)
            .unwrap_or(1);
        let Some(target_percent) = status::target_utilization(spec) else {
            let message = "the simulator computes the resource metric cpu by utilization only";
            self.warn(hpa, "InvalidMetricSourceType", message);
            status.set("ScalingActive", false, "InvalidMetricSourceType", message);
            status.current(current);
            return status.write(&self.store, key);
        };
        let behavior = spec.behavior.as_ref().and_then(|behavior| {
            let value = serde_json::to_value(behavior).ok()?;
            serde_json::from_value::<Behavior>(value).ok()
        });
        let now = self.store.clock().now();
        let pods = pods::read(&self.store, &key.namespace, &deployment);
        let broken = metrics_api_answer(self.faults.metrics_api());
        let seen = Observation {
            current: u32::try_from(current).unwrap_or(0),
            limits: Limits {
                min: spec
                    .min_replicas
                    .and_then(|min| u32::try_from(min).ok())
                    .unwrap_or(1),
                max: u32::try_from(spec.max_replicas).unwrap_or(0),
            },
            target: target_percent,
            behavior: behavior.as_ref(),
            pods: match &broken {
                Some(answer) => Err(answer),
                None => Ok(&pods),
            },
            now: now.as_millisecond(),
        };
        let Some(known) = self.known.get_mut(key) else {
            return Ok(());
        };
        match known.autoscaler.reconcile(&seen) {
            Verdict::Disabled => {
                status.set(
                    "ScalingActive",
                    false,
                    "ScalingDisabled",
                    "scaling is disabled since the replica count of the target is zero",
                );
                status.scaled(current, current, None, false);
            }
            Verdict::Unavailable(unavailable) => {
                self.metrics_failed(hpa, &mut status, &unavailable);
                status.metrics_failed(current);
            }
            Verdict::Proposal(proposal) => {
                let wanted = i32::try_from(proposal.replicas).unwrap_or(i32::MAX);
                if let Some(reason) = proposal.rescale {
                    self.store.scale::<Deployment>(
                        &key.namespace,
                        &target.name,
                        wanted,
                        MANAGER,
                    )?;
                    known.autoscaler.rescaled(
                        seen.current,
                        proposal.replicas,
                        behavior.as_ref(),
                        seen.now,
                    );
                    self.recorder.event(
                        &reference(hpa),
                        Kind::Normal,
                        "SuccessfulRescale",
                        &format!("New size: {wanted}; reason: {}", reason.text()),
                    );
                }
                status.proposal(&proposal);
                status.scaled(
                    current,
                    wanted,
                    proposal.calculation.as_ref(),
                    proposal.rescale.is_some(),
                );
            }
        }
        status.write(&self.store, key)
    }

    fn metrics_failed(
        &mut self,
        hpa: &HorizontalPodAutoscaler,
        status: &mut StatusWriter,
        unavailable: &Unavailable,
    ) {
        let error = format!("failed to get cpu utilization: {unavailable}");
        self.warn(hpa, "FailedGetResourceMetric", &error);
        self.warn(
            hpa,
            "FailedComputeMetricsReplicas",
            &format!(
                "invalid metrics (1 invalid out of 1), first error is: failed to get cpu resource metric value: {error}"
            ),
        );
        status.set(
            "ScalingActive",
            false,
            "FailedGetResourceMetric",
            &format!("the HPA was unable to compute the replica count: {error}"),
        );
    }

    fn warn(&mut self, hpa: &HorizontalPodAutoscaler, reason: &str, message: &str) {
        self.recorder
            .event(&reference(hpa), Kind::Warning, reason, message);
    }
}

impl Controller for HorizontalController {
    fn name(&self) -> &'static str {
        "horizontal-pod-autoscaler"
    }

    fn observe(&mut self, change: &Change) {
        if *change.resource != HORIZONTAL_POD_AUTOSCALERS {
            return;
        }
        let key = Key::of(change);
        let uid = change.object["metadata"]["uid"].as_str().unwrap_or("");
        if change.change_type == ChangeType::Deleted {
            self.known.remove(&key);
            self.queue.remove(&key);
        } else if self.known.get(&key).is_none_or(|known| known.uid != uid) {
            let next = Instant::now() + SYNC_PERIOD;
            self.known.insert(
                key.clone(),
                Known {
                    uid: uid.to_owned(),
                    autoscaler: Autoscaler::default(),
                    next,
                },
            );
            self.queue.remove(&key);
            self.queue.add_at(key, next);
        }
    }

    fn queue(&mut self) -> &mut WorkQueue {
        &mut self.queue
    }

    fn reconcile(&mut self, key: &Key) -> Result<()> {
        let Some(known) = self.known.get_mut(key) else {
            return Ok(());
        };
        known.next += SYNC_PERIOD;
        self.queue.add_at(key.clone(), known.next);
        let Some(hpa) = self
            .store
            .get::<HorizontalPodAutoscaler>(&key.namespace, &key.name)
        else {
            return Ok(());
        };
        let Some(spec) = hpa.spec.clone() else {
            return Ok(());
        };
        // A failed look is followed by the next one and not tried again before, as upstream's rate limiter has it.
        if let Err(error) = self.look(key, &hpa, &spec) {
            self.warn(&hpa, "FailedRescale", &error.to_string());
        }
        Ok(())
    }
}

/// What a broken metrics API answers, in client-go's words.
fn metrics_api_answer(metrics_api: MetricsApi) -> Option<Unavailable> {
    let answer = match metrics_api {
        MetricsApi::Serving => return None,
        MetricsApi::Absent => "the server could not find the requested resource",
        MetricsApi::Unavailable => "the server is currently unable to handle the request",
    };
    Some(Unavailable::MetricsApi(format!(
        "{answer} (get pods.metrics.k8s.io)"
    )))
}
