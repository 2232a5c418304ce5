//! The one owner of all objects. The API server and the controllers read and write here, and nowhere else.
//! Synchronous and short: no method waits, no lock is held while a caller's closure runs.

mod delete;
mod history;
mod log;
mod meta;
pub mod metrics;
mod objects;
pub mod pod_log;
pub mod resource;
mod stored;
mod subscription;
mod typed;
mod write;

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::SignedDuration;
use parking_lot::Mutex;
use serde_json::Value;
use tokio::sync::watch;

use crate::admission;
use crate::clock::Clock;
use crate::quantity::Quantity;
use crate::random::Random;

pub use delete::{DeleteOptions, Deleted, Propagation};
pub use log::{Change, ChangeType};
pub use meta::{Part, Writer};
pub use metrics::Metrics;
pub use objects::Objects;
pub use pod_log::LogStore;
pub use resource::Resource;
pub use subscription::Subscription;
pub use typed::Object;

pub(crate) use meta::{fields, managed_fields, schema};

use log::Log;
use resource::{LEASES, VALIDATING_WEBHOOK_CONFIGURATIONS};
use stored::Stored;

/// All objects, their log of changes, and what is kept beside objects: pod logs and metrics.
#[derive(Debug)]
pub struct Store {
    clock: Clock,
    /// How far the API server's clock is ahead of it.
    skew: Mutex<SignedDuration>,
    state: Mutex<State>,
    /// The newest resourceVersion, for those who wait for changes.
    newest: watch::Sender<u64>,
    logs: LogStore,
    metrics: Metrics,
}

#[derive(Debug)]
struct State {
    objects: Objects,
    log: Log,
    random: Random,
    /// For the kinds in [`APART`].
    random_apart: Random,
}

/// Kinds that only the cluster's own parts make. Their UIDs have a sequence of their own: whatever is added to a
/// cluster's furniture, a seed keeps its story.
static APART: [&Resource; 2] = [&LEASES, &VALIDATING_WEBHOOK_CONFIGURATIONS];

/// The first resourceVersion. Not 0 and not 1: those have a meaning of their own in requests.
const FIRST_VERSION: u64 = 100;

impl Store {
    /// Empty, with the given clock; names and UIDs follow from `seed`.
    pub fn new(clock: Clock, seed: u64) -> Arc<Self> {
        Arc::new(Self {
            clock,
            skew: Mutex::default(),
            state: Mutex::new(State {
                objects: Objects::default(),
                log: Log::new(FIRST_VERSION),
                random: Random::new(seed),
                random_apart: Random::new(seed ^ 0x6170_6172),
            }),
            newest: watch::Sender::new(FIRST_VERSION),
            logs: LogStore::default(),
            metrics: Metrics::default(),
        })
    }

    /// The simulator's clock.
    pub fn clock(&self) -> Clock {
        self.clock
    }

    /// The clock of the API server, which stamps what is written: the simulator's, unless it was set wrong.
    pub(crate) fn api_clock(&self) -> Clock {
        self.clock.ahead_by(*self.skew.lock())
    }

    /// Sets the API server's clock wrong.
    pub(crate) fn set_skew(&self, ahead: SignedDuration) {
        *self.skew.lock() = ahead;
    }

    /// The logs of all containers.
    pub fn logs(&self) -> &LogStore {
        &self.logs
    }

    /// What metrics.k8s.io answers.
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// A number from the simulator's seed.
    pub fn random_u64(&self) -> u64 {
        self.state.lock().random.next_u64()
    }

    /// `length` characters as in generated names.
    pub fn random_suffix(&self, length: usize) -> String {
        self.state.lock().random.suffix(length)
    }

    /// The version of the newest change of any object.
    pub fn resource_version(&self) -> u64 {
        self.state.lock().log.newest()
    }

    /// One object. `namespace` is empty for cluster-wide kinds.
    pub fn get_value(
        &self,
        resource: &Resource,
        namespace: &str,
        name: &str,
    ) -> Option<Arc<Value>> {
        self.state.lock().objects.get(resource, namespace, name)
    }

    /// All objects of a kind, in one namespace or in all, by namespace and name, and the store's version.
    pub fn list_values(
        &self,
        resource: &Resource,
        namespace: Option<&str>,
    ) -> (Vec<Arc<Value>>, u64) {
        let state = self.state.lock();
        let list = state.objects.list(resource, namespace).cloned().collect();
        (list, state.log.newest())
    }

    fn stored(&self, resource: &Resource, namespace: &str, name: &str) -> Option<Arc<Stored>> {
        let state = self.state.lock();
        state.objects.stored(resource, namespace, name).cloned()
    }

    fn list_stored(&self, resource: &Resource, namespace: Option<&str>) -> Vec<Arc<Stored>> {
        let state = self.state.lock();
        let list = state.objects.list_stored(resource, namespace);
        list.cloned().collect()
    }

    /// Runs a function on a consistent view of all objects.
    pub fn read<T>(&self, view: impl FnOnce(&Objects) -> T) -> T {
        view(&self.state.lock().objects)
    }

    /// What a namespace uses of each resource that a quota limits, for its `status.used`; `None` without the quota.
    pub fn quota_usage(&self, namespace: &str, name: &str) -> Option<BTreeMap<String, Quantity>> {
        let state = self.state.lock();
        let quota = state
            .objects
            .get(&resource::RESOURCE_QUOTAS, namespace, name)?;
        Some(admission::usage(&state.objects, namespace, &quota))
    }

    /// Changes after `version`; `None` when the log no longer knows them all, or does not know them yet.
    pub fn changes_since(&self, version: u64) -> Option<Vec<Arc<Change>>> {
        let state = self.state.lock();
        (version <= state.log.newest())
            .then(|| state.log.since(version))
            .flatten()
    }

    /// The oldest version from which a watch can start.
    pub fn oldest_version(&self) -> u64 {
        self.state.lock().log.oldest()
    }

    /// Is told the newest version after each change.
    pub fn newest(&self) -> watch::Receiver<u64> {
        self.newest.subscribe()
    }

    /// All changes from now on, none lost however slow the reader.
    pub fn subscribe(self: &Arc<Self>) -> Subscription {
        let cursor = self.state.lock().log.subscribe();
        Subscription::new(Arc::clone(self), cursor)
    }
}

/// A string of `metadata`; empty when absent.
pub(crate) fn text(object: &Value, field: &str) -> String {
    object["metadata"][field].as_str().unwrap_or("").to_owned()
}

#[cfg(test)]
mod tests;
