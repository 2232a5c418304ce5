//! The kubelets of all nodes: they pull images, start and probe containers, restart them, end them, and report.
//!
//! Upstream: `pkg/kubelet/`. What runs in a container is [`super::runtime`]'s; this file owns the pods' status.

mod configuration;
mod container;
mod images;
mod probes;
mod repeated;
mod restart;
mod state;
mod status;
mod timing;
mod worker;

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;
use k8s_openapi::api::core::v1::Pod;
use parking_lot::Mutex;
use serde_json::Value;

use super::Controller;
use super::ownership::{has_ended, uid};
use super::queue::{Key, WorkQueue};
use super::recorder::Recorder;
use super::runtime::Runtime;
use crate::random::Random;
use crate::status::Result;
use crate::store::resource::{ENDPOINT_SLICES, PODS};
use crate::store::{Change, ChangeType, DeleteOptions, Store};

use worker::{Sync, Worker};

/// Label of an EndpointSlice that names its Service.
const SERVICE_NAME: &str = "kubernetes.io/service-name";

pub(super) struct Kubelet {
    store: Arc<Store>,
    runtime: Arc<Mutex<Runtime>>,
    queue: WorkQueue,
    recorder: Recorder,
    random: Random,
    workers: HashMap<Key, Worker>,
    /// Pods started so far, for their addresses.
    started: u32,
}

impl Kubelet {
    pub(super) fn new(store: Arc<Store>, runtime: Arc<Mutex<Runtime>>, seed: u64) -> Self {
        Self {
            queue: WorkQueue::default(),
            recorder: Recorder::new(Arc::clone(&store), "kubelet"),
            store,
            runtime,
            random: Random::new(seed ^ 0x6b75_6265),
            workers: HashMap::new(),
            started: 0,
        }
    }

    fn take_worker(&mut self, key: &Key, pod: &Pod, now: Timestamp) -> Worker {
        match self.workers.remove(key) {
            Some(worker) if worker.uid == uid(&pod.metadata) => worker,
            stale => {
                if let Some(stale) = stale {
                    self.drop_worker(&stale);
                }
                self.started += 1;
                let address = format!(
                    "10.97.{}.{}",
                    self.started / 250 % 256,
                    self.started % 250 + 4
                );
                Worker::new(pod, address, now, &mut self.random)
            }
        }
    }

    /// Nothing of the pod is left.
    fn drop_worker(&self, worker: &Worker) {
        let mut runtime = self.runtime.lock();
        for log in worker.logs() {
            runtime.remove(&log);
        }
        drop(runtime);
        self.store.logs().remove_pod(&worker.uid);
    }

    fn observe_endpoints(&self, change: &Change) {
        let Some(service) = change.object["metadata"]["labels"][SERVICE_NAME].as_str() else {
            return;
        };
        let ready = |endpoint: &Value| {
            (endpoint["conditions"]["ready"] != Value::Bool(false))
                .then(|| endpoint["targetRef"]["uid"].as_str().map(str::to_owned))
                .flatten()
        };
        let pods = (change.change_type != ChangeType::Deleted).then(|| {
            let endpoints = change.object["endpoints"].as_array();
            endpoints.into_iter().flatten().filter_map(ready).collect()
        });
        self.runtime
            .lock()
            .set_endpoints(change.namespace(), service, pods);
    }
}

impl Controller for Kubelet {
    fn name(&self) -> &'static str {
        "kubelet"
    }

    fn observe(&mut self, change: &Change) {
        if *change.resource == ENDPOINT_SLICES {
            self.observe_endpoints(change);
            return;
        }
        if *change.resource != PODS {
            return;
        }
        let wanted = |object: &Value| {
            [
                object["spec"]["nodeName"].clone(),
                object["metadata"]["deletionTimestamp"].clone(),
                object["metadata"]["uid"].clone(),
            ]
        };
        // Its own reports are no reason to work.
        let changed = change.change_type != ChangeType::Modified
            || change
                .old
                .as_ref()
                .is_none_or(|old| wanted(old) != wanted(&change.object));
        if changed && change.object["spec"]["nodeName"].is_string() {
            self.queue.add(Key::of(change));
        }
    }

    fn queue(&mut self) -> &mut WorkQueue {
        &mut self.queue
    }

    fn reconcile(&mut self, key: &Key) -> Result<()> {
        let pod = self.store.get::<Pod>(&key.namespace, &key.name);
        let node = pod
            .as_ref()
            .and_then(|pod| pod.spec.as_ref()?.node_name.clone());
        let (Some(pod), Some(node)) = (pod, node) else {
            if let Some(worker) = self.workers.remove(key) {
                self.drop_worker(&worker);
            }
            return Ok(());
        };
        if has_ended(&pod) && !self.workers.contains_key(key) {
            // It ended before this simulator was started.
            return Ok(());
        }
        let clock = self.store.clock();
        let now = clock.now();
        let mut worker = self.take_worker(key, &pod, now);
        let mut sync = Sync {
            store: &self.store,
            runtime: &self.runtime,
            recorder: self.recorder.at(&node),
            random: &mut self.random,
            pod: &pod,
            now,
        };
        let step = worker.step(&mut sync);
        if worker.take_report() {
            status::write(&self.store, key, &worker, &node)?;
        }
        if step.remove {
            let options = DeleteOptions {
                uid: Some(worker.uid.clone()),
                ..DeleteOptions::now()
            };
            let deleted = self
                .store
                .delete::<Pod>(&key.namespace, &key.name, &options);
            match deleted {
                Err(error) if !error.is_not_found() => return Err(error),
                _ => {}
            }
        }
        if let Some(next) = step.next {
            self.queue.add_at(key.clone(), clock.instant_of(next));
        }
        self.workers.insert(key.clone(), worker);
        Ok(())
    }
}
