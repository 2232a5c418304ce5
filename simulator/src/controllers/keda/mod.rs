//! KEDA's operator for ScaledObjects with a cpu trigger: it makes the HorizontalPodAutoscaler and reports on it.
//!
//! Upstream: kedacore/keda `controllers/keda/scaledobject_controller.go`, `hpa.go`, `scaledobject_finalizer.go` and
//! `pkg/scaling/`. The autoscaling itself is not KEDA's, neither there nor here.

mod announce;
mod hpa;
mod lease;
mod pause;
mod race;
mod scale_loop;
mod status;

use std::collections::HashMap;
use std::sync::Arc;

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use tokio::time::{Duration, Instant};

use super::Controller;
use super::ownership::owner_key;
use super::queue::{Key, WorkQueue};
use super::recorder::{Kind, Recorder};
use crate::api::ScaledObject;
use crate::status::Result;
use crate::store::resource::{DEPLOYMENTS, HORIZONTAL_POD_AUTOSCALERS, SCALED_OBJECTS};
use crate::store::{Change, ChangeType, Store};

use announce::WATCH_STARTED;
pub(super) use lease::LeaseKeeper;
use race::Race;

/// Holds a ScaledObject until KEDA has stopped its loop.
const FINALIZER: &str = "finalizer.keda.sh";
/// Tells the autoscaler's ScaledObject, on both.
const NAME_LABEL: &str = "scaledobject.keda.sh/name";
/// Freezes the target: any value but `false`.
const PAUSED: &str = "autoscaling.keda.sh/paused";
/// Freezes the target at a number of replicas.
const PAUSED_REPLICAS: &str = "autoscaling.keda.sh/paused-replicas";
/// Keep the autoscaler, but let it go in one direction only.
const PAUSED_SCALE_IN: &str = "autoscaling.keda.sh/paused-scale-in";
const PAUSED_SCALE_OUT: &str = "autoscaling.keda.sh/paused-scale-out";
/// Takes over an autoscaler that somebody else made (`apis/keda/v1alpha1/scaledobject_types.go`).
const TRANSFER_OWNERSHIP: &str = "scaledobject.keda.sh/transfer-hpa-ownership";
/// KEDA's default for `pollingInterval` (`defaultPollingInterval`, `apis/keda/v1alpha1/withtriggers_types.go`).
const POLLING_INTERVAL_S: i32 = 30;

struct Known {
    uid: String,
    /// The generation whose scalers were built last, and whether their watch runs.
    built: Option<Option<i64>>,
    watched: bool,
    /// Its first conditions.
    race: Race,
    next_poll: Instant,
    /// Something that it depends on changed since it was last brought to what is wanted.
    dirty: bool,
}

pub(super) struct ScaledObjectController {
    store: Arc<Store>,
    queue: WorkQueue,
    operator: Recorder,
    admission: Recorder,
    known: HashMap<Key, Known>,
}

impl ScaledObjectController {
    pub(super) fn new(store: Arc<Store>) -> Self {
        Self {
            queue: WorkQueue::default(),
            operator: Recorder::new(Arc::clone(&store), "keda-operator"),
            admission: Recorder::new(Arc::clone(&store), "keda-admission"),
            store,
            known: HashMap::new(),
        }
    }

    fn mark(&mut self, key: Key) {
        if let Some(known) = self.known.get_mut(&key) {
            known.dirty = true;
        }
        self.queue.add(key);
    }

    /// Finalizer and label, then the first conditions. Each write passes the webhook.
    fn adopt(&mut self, key: &Key) -> Result<Option<ScaledObject>> {
        let place = (&key.namespace, &key.name);
        let held = self
            .store
            .modify::<ScaledObject>(place.0, place.1, |object| {
                let finalizers = object.metadata.finalizers.get_or_insert_default();
                if !finalizers.iter().any(|finalizer| finalizer == FINALIZER) {
                    finalizers.push(FINALIZER.to_owned());
                }
                object
                    .metadata
                    .labels
                    .get_or_insert_default()
                    .insert(NAME_LABEL.to_owned(), key.name.clone());
            })?;
        let begun = self
            .store
            .modify::<ScaledObject>(place.0, place.1, |object| {
                status::initialize(object.status.get_or_insert_default());
            })?;
        let is_new = |object: &ScaledObject| {
            object
                .status
                .as_ref()
                .is_none_or(|status| status.conditions.is_empty())
        };
        if let Some(held) = held.filter(is_new) {
            self.remark(&held);
            if let Some(begun) = &begun {
                self.remark(begun);
            }
        }
        Ok(begun)
    }

    /// Makes the autoscaler what the ScaledObject says; the text of what is wrong with it.
    fn ensure_hpa(&self, key: &Key, object: &ScaledObject) -> Result<Option<String>> {
        let wanted = match hpa::desired(object) {
            Ok(wanted) => wanted,
            Err(problem) => {
                return Ok(Some(format!(
                    "failed to ensure HPA is correctly created for ScaledObject: {problem}"
                )));
            }
        };
        let name = wanted.metadata.name.clone().unwrap_or_default();
        let present = self
            .store
            .get::<HorizontalPodAutoscaler>(&key.namespace, &name);
        match present {
            None => {
                self.store.create(&wanted)?;
            }
            // What hangs on its finalizers is made again when it is gone.
            Some(present) if present.metadata.deletion_timestamp.is_some() => {}
            Some(_) => {
                self.store
                    .modify::<HorizontalPodAutoscaler>(&key.namespace, &name, |present| {
                        hpa::merge(present, &wanted);
                        if annotation(object, TRANSFER_OWNERSHIP)
                            .is_some_and(|value| value == "true")
                        {
                            present
                                .metadata
                                .owner_references
                                .clone_from(&wanted.metadata.owner_references);
                        }
                    })?;
            }
        }
        Ok(None)
    }

    fn check_failed(&mut self, key: &Key, object: &ScaledObject, problem: &str) -> Result<()> {
        self.event(object, Kind::Warning, "ScaledObjectCheckFailed", problem);
        self.store
            .modify::<ScaledObject>(&key.namespace, &key.name, |object| {
                status::check_failed(object.status.get_or_insert_default(), problem);
            })?;
        Ok(())
    }

    fn ready(&mut self, key: &Key, object: &ScaledObject, replicas: i32) -> Result<()> {
        let was_ready = status::is(object.status.as_ref(), "Ready", "True");
        let name = hpa::name(object);
        let triggers = hpa::trigger_types(object);
        let metrics = hpa::resource_metrics(object);
        self.store
            .modify::<ScaledObject>(&key.namespace, &key.name, |object| {
                let status = object.status.get_or_insert_default();
                status.hpa_name = Some(name.clone());
                status.triggers_types = Some(triggers.clone());
                status.resource_metric_names = Some(metrics.clone());
                status.original_replica_count.get_or_insert(replicas);
                status::ready(status);
            })?;
        let chance = (self.store.random_u64() >> 11) as f64 / (1_u64 << 53) as f64;
        if !was_ready && let Some(known) = self.known.get_mut(key) {
            known.race = race::begin(Instant::now(), chance);
            self.queue.add(key.clone());
        }
        self.note_direction(key, object)?;
        if let Some(known) = self.known.get_mut(key)
            && !std::mem::replace(&mut known.watched, true)
        {
            self.event(object, Kind::Normal, "KEDAScalersStarted", WATCH_STARTED);
        }
        // Told when it becomes ready, not when it changes.
        if !was_ready {
            self.event(
                object,
                Kind::Normal,
                "ScaledObjectReady",
                "ScaledObject is ready for scaling",
            );
        }
        Ok(())
    }

    fn is_dirty(&self, key: &Key) -> bool {
        self.known.get(key).is_some_and(|known| known.dirty)
    }

    /// Makes everything what the ScaledObject says; whether it scales now.
    fn bring_about(&mut self, key: &Key, object: &ScaledObject) -> Result<bool> {
        let built = self.known.get(key).and_then(|known| known.built);
        if built != Some(object.metadata.generation) {
            self.remark(object);
        }
        let Some(object) = self.adopt(key)? else {
            return Ok(false);
        };
        if is_paused(&object) {
            return self.pause(key, &object).map(|()| false);
        }
        let target = &object.spec.scale_target_ref.name;
        let Some(deployment) = self.store.get::<Deployment>(&key.namespace, target) else {
            let problem = format!(
                "ScaledObject doesn't have correct scaleTargetRef specification: deployments.apps \"{target}\" not found"
            );
            return self.check_failed(key, &object, &problem).map(|()| false);
        };
        self.build(key, &object);
        if let Some(problem) = self.ensure_hpa(key, &object)? {
            return self.check_failed(key, &object, &problem).map(|()| false);
        }
        let replicas = deployment.spec.as_ref().and_then(|spec| spec.replicas);
        self.ready(key, &object, replicas.unwrap_or(1))?;
        Ok(true)
    }
}

impl Controller for ScaledObjectController {
    fn name(&self) -> &'static str {
        "scaledobject"
    }

    fn observe(&mut self, change: &Change) {
        if *change.resource == SCALED_OBJECTS {
            let key = Key::of(change);
            if change.change_type == ChangeType::Deleted {
                self.known.remove(&key);
                self.queue.remove(&key);
                return;
            }
            let uid = change.object["metadata"]["uid"].as_str().unwrap_or("");
            if self.known.get(&key).is_none_or(|known| known.uid != uid) {
                self.known.insert(
                    key.clone(),
                    Known {
                        uid: uid.to_owned(),
                        built: None,
                        watched: false,
                        race: Race::new(),
                        next_poll: Instant::now(),
                        dirty: true,
                    },
                );
            }
            let asked = |object: &serde_json::Value| {
                let meta = &object["metadata"];
                [
                    meta["generation"].clone(),
                    meta["annotations"].clone(),
                    meta["labels"].clone(),
                    meta["deletionTimestamp"].clone(),
                ]
            };
            // Its own reports are no reason to work.
            let changed = |old: &Arc<serde_json::Value>| asked(old) != asked(&change.object);
            if change.old.as_ref().is_none_or(changed) {
                self.mark(key);
            }
        } else if *change.resource == HORIZONTAL_POD_AUTOSCALERS {
            let same = change.change_type == ChangeType::Modified
                && change
                    .old
                    .as_ref()
                    .is_some_and(|old| owned(old) == owned(&change.object));
            if !same && let Some(key) = owner_key(change, "ScaledObject") {
                self.mark(key);
            }
        } else if *change.resource == DEPLOYMENTS && change.change_type == ChangeType::Added {
            // In place of the retries of a ScaledObject whose target was not there.
            let namespace = change.namespace();
            let in_namespace = |key: &&Key| key.namespace == namespace;
            let keys: Vec<Key> = self.known.keys().filter(in_namespace).cloned().collect();
            for key in keys {
                self.mark(key);
            }
        }
    }

    fn queue(&mut self) -> &mut WorkQueue {
        &mut self.queue
    }

    fn reconcile(&mut self, key: &Key) -> Result<()> {
        let Some(object) = self.store.get::<ScaledObject>(&key.namespace, &key.name) else {
            return Ok(());
        };
        if object.metadata.deletion_timestamp.is_some() {
            return self.finalize(key, &object);
        }
        if is_paused(&object) && !self.is_dirty(key) {
            return Ok(());
        }
        if self.is_dirty(key) {
            let ready = self.bring_about(key, &object)?;
            if let Some(known) = self.known.get_mut(key) {
                known.dirty = false;
            }
            if !ready {
                return Ok(());
            }
        }

        self.run_race(key)?;
        let now = Instant::now();
        let seconds = object.spec.polling_interval.unwrap_or(POLLING_INTERVAL_S);
        let interval = Duration::from_secs(u64::try_from(seconds.max(1)).unwrap_or(1));
        let Some(known) = self.known.get_mut(key) else {
            return Ok(());
        };
        let poll = known.next_poll <= now;
        if poll {
            known.next_poll += interval;
        }
        self.queue.add_at(key.clone(), known.next_poll);
        if poll {
            self.poll(key, &object)
        } else {
            Ok(())
        }
    }
}

/// What of its autoscaler KEDA watches.
fn owned(hpa: &serde_json::Value) -> [&serde_json::Value; 3] {
    let meta = &hpa["metadata"];
    [&hpa["spec"], &meta["labels"], &meta["annotations"]]
}

fn annotation<'a>(object: &'a ScaledObject, name: &str) -> Option<&'a String> {
    object.metadata.annotations.as_ref()?.get(name)
}

/// Whatever is no boolean counts as true; a number of replicas pauses whatever it is.
fn is_paused(object: &ScaledObject) -> bool {
    annotation(object, PAUSED_REPLICAS).is_some()
        || annotation(object, PAUSED).is_some_and(|value| value != "false")
}

fn is_paused_in_a_direction(object: &ScaledObject) -> bool {
    [PAUSED_SCALE_IN, PAUSED_SCALE_OUT]
        .iter()
        .any(|name| annotation(object, name).is_some_and(|value| value != "false"))
}
