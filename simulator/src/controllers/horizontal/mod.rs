//! The HorizontalPodAutoscaler controller: a look at each autoscaler every 15 s.
//!
//! Upstream: `pkg/controller/podautoscaler/horizontal.go`. The arithmetic is `autoscaling`'s; this reads and writes.

mod metrics;
mod pods;
mod selectors;
mod status;

use std::collections::HashMap;
use std::sync::Arc;

use autoscaling::{
    AmbiguousSelector, Autoscaler, Behavior, Evaluation, Limits, Observation, Proposal, Verdict,
};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::autoscaling::v2::{
    CrossVersionObjectReference, HorizontalPodAutoscaler, HorizontalPodAutoscalerSpec,
};
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
    /// It has looked before, so others see which pods it selects.
    looked: bool,
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
        let deployment = match self.target(key, &spec.scale_target_ref) {
            Ok(deployment) => deployment,
            Err(error) => {
                self.warn(hpa, "FailedGetScale", &error);
                let message = format!(
                    "the HPA controller was unable to get the target's current scale: {error}"
                );
                status.set("AbleToScale", false, "FailedGetScale", &message);
                return status.write(&self.store, key);
            }
        };
        status.able_to_scale(autoscaling::AbleToScale::SucceededGetScale);
        let current = deployment
            .spec
            .as_ref()
            .and_then(|spec| spec.replicas)
            .unwrap_or(1);
        let behavior = spec.behavior.as_ref().and_then(|behavior| {
            let value = serde_json::to_value(behavior).ok()?;
            serde_json::from_value::<Behavior>(value).ok()
        });
        let specs = spec.metrics.as_deref().unwrap_or_default();
        let asked = metrics::read(
            &self.store,
            &key.namespace,
            &deployment,
            specs,
            self.faults.metrics_api(),
        );
        let metrics: Vec<_> = asked
            .iter()
            .map(|asked| {
                asked
                    .as_ref()
                    .map(metrics::Asked::metric)
                    .map_err(Clone::clone)
            })
            .collect();
        let ambiguous = self.ambiguous_selector(key, &deployment);
        let seen = Observation {
            current: u32::try_from(current).unwrap_or(0),
            limits: Limits {
                min: spec
                    .min_replicas
                    .and_then(|min| u32::try_from(min).ok())
                    .unwrap_or(1),
                max: u32::try_from(spec.max_replicas).unwrap_or(0),
            },
            behavior: behavior.as_ref(),
            metrics: match &ambiguous {
                Some(_) => Err(AmbiguousSelector),
                None => Ok(&metrics),
            },
            now: self.store.clock().now().as_millisecond(),
        };
        let Some(known) = self.known.get_mut(key) else {
            return Ok(());
        };
        let shown = |evaluation: &Evaluation| status::metrics(specs, &evaluation.calculations);
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
            Verdict::Ambiguous => {
                let message = ambiguous.unwrap_or_default();
                self.warn(hpa, "AmbiguousSelector", &message);
                self.warn(hpa, "FailedComputeMetricsReplicas", &message);
                status.set("ScalingActive", false, "AmbiguousSelector", &message);
                status.current(current, None);
            }
            Verdict::Unavailable(evaluation) => {
                self.metrics_failed(hpa, &evaluation);
                if let Some(message) = evaluation.invalid_metrics() {
                    self.warn(hpa, "FailedComputeMetricsReplicas", &message);
                }
                if let Some(first) = evaluation.failures.first() {
                    let message = format!(
                        "the HPA was unable to compute the replica count: {}",
                        first.error
                    );
                    status.set("ScalingActive", false, first.reason, &message);
                }
                status.current(current, Some(shown(&evaluation)));
            }
            Verdict::Proposal(proposal) => {
                if let Some(evaluation) = &proposal.evaluation {
                    self.metrics_failed(hpa, evaluation);
                }
                let shown = proposal.evaluation.as_ref().map(shown);
                if let Err(error) = self.rescale(key, hpa, spec, &seen, &proposal) {
                    let message = format!(
                        "the HPA controller was unable to update the target scale: {error}"
                    );
                    // The conditions of the metrics were set before the attempt.
                    status.proposal(&proposal);
                    status.set("AbleToScale", false, "FailedUpdateScale", &message);
                    status.current(current, shown);
                    return status.write(&self.store, key);
                }
                status.proposal(&proposal);
                let wanted = i32::try_from(proposal.replicas).unwrap_or(i32::MAX);
                status.scaled(current, wanted, shown, proposal.rescale.is_some());
            }
        }
        status.write(&self.store, key)
    }

    /// The target's scale, or why there is none, in the words of the API server and of its REST mapper.
    fn target(
        &self,
        key: &Key,
        target: &CrossVersionObjectReference,
    ) -> std::result::Result<Deployment, String> {
        let version = target.api_version.as_deref().unwrap_or("");
        let group = version.split_once('/').map_or("", |(group, _)| group);
        if (group, target.kind.as_str()) != ("apps", "Deployment") {
            return Err(format!(
                "no matches for kind \"{}\" in group \"{group}\"",
                target.kind
            ));
        }
        self.store
            .get::<Deployment>(&key.namespace, &target.name)
            .ok_or_else(|| format!("deployments.apps \"{}\" not found", target.name))
    }

    /// Writes the new size, if there is one, with its event.
    fn rescale(
        &mut self,
        key: &Key,
        hpa: &HorizontalPodAutoscaler,
        spec: &HorizontalPodAutoscalerSpec,
        seen: &Observation<'_>,
        proposal: &Proposal,
    ) -> Result<()> {
        let Some(reason) = &proposal.rescale else {
            return Ok(());
        };
        let (reason, size) = (reason.text(), proposal.replicas);
        let written = self.store.scale::<Deployment>(
            &key.namespace,
            &spec.scale_target_ref.name,
            i32::try_from(size).unwrap_or(i32::MAX),
            MANAGER,
        );
        if let Err(error) = written {
            let message = format!("New size: {size}; reason: {reason}; error: {error}");
            self.warn(hpa, "FailedRescale", &message);
            return Err(error);
        }
        if let Some(known) = self.known.get_mut(key) {
            known
                .autoscaler
                .rescaled(seen.current, size, seen.behavior, seen.now);
        }
        self.recorder.event(
            &reference(hpa),
            Kind::Normal,
            "SuccessfulRescale",
            &format!("New size: {size}; reason: {reason}"),
        );
        Ok(())
    }

    /// An event for each metric without a value.
    fn metrics_failed(&mut self, hpa: &HorizontalPodAutoscaler, evaluation: &Evaluation) {
        for failure in &evaluation.failures {
            self.warn(hpa, failure.reason, &failure.error);
        }
    }

    /// What is wrong where the pods of `deployment` belong to more than one autoscaler.
    fn ambiguous_selector(&mut self, key: &Key, deployment: &Deployment) -> Option<String> {
        if let Some(known) = self.known.get_mut(key) {
            known.looked = true;
        }
        let looked = |other: &Key| self.known.get(other).is_some_and(|known| known.looked);
        selectors::ambiguous(&self.store, &key.namespace, deployment, looked)
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
                    looked: false,
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
            self.warn(&hpa, "FailedUpdateStatus", &error.to_string());
        }
        Ok(())
    }
}
