//! Puts pods onto nodes of finite size, the emptiest first, and says why one fits nowhere.
//!
//! Upstream: `pkg/scheduler/`; the filters and scores are in [`node`].

mod node;

use std::collections::BTreeMap;
use std::sync::Arc;

use k8s_openapi::api::core::v1::{Pod, PodCondition};
use tokio::time::{Duration, Instant};

use super::Controller;
use super::queue::{Key, WorkQueue};
use super::recorder::{Kind, Recorder, reference};
use crate::status::Result;
use crate::store::resource::{NODES, PODS};
use crate::store::{Change, ChangeType, Store};

use node::{NodeState, Request, Resources, choose};

pub(super) use node::bytes;

/// First and longest time until a pod that found no node is tried again, if something has changed
/// (`DefaultPodInitialBackoffDuration`, `DefaultPodMaxBackoffDuration` in `pkg/scheduler/backend/queue/scheduling_queue.go`).
const BACKOFF: Duration = Duration::from_secs(1);
const MAX_BACKOFF: Duration = Duration::from_secs(10);
/// After this long it is tried again anyway (`DefaultPodMaxInUnschedulablePodsDuration`).
const FLUSH: Duration = Duration::from_secs(300);

/// A pod that takes room.
struct Placed {
    node: String,
    resources: Resources,
    owner: String,
}

/// A pod that found no node.
struct Waiting {
    tries: u32,
    last: Instant,
}

pub(super) struct Scheduler {
    store: Arc<Store>,
    queue: WorkQueue,
    recorder: Recorder,
    nodes: BTreeMap<String, NodeState>,
    /// Pods that take room, with their node.
    placed: BTreeMap<Key, Placed>,
    /// Pods that found no node.
    waiting: BTreeMap<Key, Waiting>,
}

impl Scheduler {
    pub(super) fn new(store: Arc<Store>) -> Self {
        Self {
            queue: WorkQueue::default(),
            recorder: Recorder::new(Arc::clone(&store), "default-scheduler"),
            store,
            nodes: BTreeMap::new(),
            placed: BTreeMap::new(),
            waiting: BTreeMap::new(),
        }
    }

    fn observe_node(&mut self, change: &Change) {
        let name = change.name().to_owned();
        if change.change_type == ChangeType::Deleted {
            self.nodes.remove(&name);
            return;
        }
        let used = self.nodes.get(&name).map(|old| old.used);
        let state = NodeState::of(&change.object, used.unwrap_or_default());
        self.nodes.insert(name, state);
        self.try_waiting();
    }

    /// Something changed: all that wait may be tried once their back-off is over.
    fn try_waiting(&mut self) {
        for (key, waiting) in &self.waiting {
            let doubled = BACKOFF * 2_u32.saturating_pow(waiting.tries.saturating_sub(1).min(10));
            let allowed = waiting.last + doubled.min(MAX_BACKOFF);
            self.queue.add_at(key.clone(), allowed.max(Instant::now()));
        }
    }

    fn place(&mut self, key: Key, node: String, request: &Request) {
        if self.placed.contains_key(&key) {
            return;
        }
        let resources = request.resources;
        self.nodes
            .entry(node.clone())
            .or_default()
            .used
            .add(resources, 1);
        let owner = request.owner.clone();
        self.placed.insert(
            key,
            Placed {
                node,
                resources,
                owner,
            },
        );
    }

    /// Whether the pod had a place.
    fn displace(&mut self, key: &Key) -> bool {
        let Some(placed) = self.placed.remove(key) else {
            return false;
        };
        if let Some(node) = self.nodes.get_mut(&placed.node) {
            node.used.add(placed.resources, -1);
        }
        true
    }

    /// How many pods of the same owner each node has.
    fn crowd(&self, key: &Key, owner: &str) -> BTreeMap<&str, i64> {
        let mut crowd = BTreeMap::new();
        let first = Key::new(key.namespace.clone(), "");
        let own = self.placed.range(first..);
        for (_, placed) in own.take_while(|(other, _)| other.namespace == key.namespace) {
            if !owner.is_empty() && placed.owner == owner {
                *crowd.entry(placed.node.as_str()).or_default() += 1;
            }
        }
        crowd
    }

    fn set_condition(&self, key: &Key, node: Option<&str>, problem: Option<&str>) -> Result<()> {
        let time = self.store.clock().time();
        self.store.modify::<Pod>(&key.namespace, &key.name, |pod| {
            if let Some(node) = node {
                pod.spec.get_or_insert_default().node_name = Some(node.to_owned());
            }
            let status = pod.status.get_or_insert_default();
            status.phase.get_or_insert_with(|| "Pending".to_owned());
            let conditions = status.conditions.get_or_insert_default();
            let value = if problem.is_none() { "True" } else { "False" };
            let since = conditions
                .iter()
                .find(|condition| condition.type_ == "PodScheduled" && condition.status == value)
                .and_then(|condition| condition.last_transition_time.clone());
            conditions.retain(|condition| condition.type_ != "PodScheduled");
            conditions.push(PodCondition {
                type_: "PodScheduled".to_owned(),
                status: value.to_owned(),
                reason: problem.map(|_| "Unschedulable".to_owned()),
                message: problem.map(str::to_owned),
                last_transition_time: since.or_else(|| Some(time.clone())),
                ..PodCondition::default()
            });
        })?;
        Ok(())
    }
}

impl Controller for Scheduler {
    fn name(&self) -> &'static str {
        "scheduler"
    }

    fn observe(&mut self, change: &Change) {
        if *change.resource == NODES {
            self.observe_node(change);
            return;
        }
        if *change.resource != PODS {
            return;
        }
        let key = Key::of(change);
        let ended = change.change_type == ChangeType::Deleted
            || matches!(
                change.object["status"]["phase"].as_str(),
                Some("Succeeded" | "Failed")
            );
        if ended {
            self.waiting.remove(&key);
            self.queue.remove(&key);
            if self.displace(&key) {
                self.try_waiting();
            }
            return;
        }
        match change.object["spec"]["nodeName"].as_str() {
            Some(node) if !node.is_empty() => {
                self.place(key, node.to_owned(), &Request::of(&change.object));
            }
            _ if change.change_type == ChangeType::Added => self.queue.add(key),
            _ => {}
        }
    }

    fn queue(&mut self) -> &mut WorkQueue {
        &mut self.queue
    }

    fn reconcile(&mut self, key: &Key) -> Result<()> {
        let Some(pod) = self.store.get::<Pod>(&key.namespace, &key.name) else {
            return Ok(());
        };
        let assigned = pod
            .spec
            .as_ref()
            .is_some_and(|spec| spec.node_name.is_some());
        if assigned || pod.metadata.deletion_timestamp.is_some() {
            return Ok(());
        }
        let Some(value) = self.store.get_value(&PODS, &key.namespace, &key.name) else {
            return Ok(());
        };
        let request = Request::of(&value);
        match choose(&self.nodes, &request, &self.crowd(key, &request.owner)) {
            Ok(node) => {
                self.waiting.remove(key);
                self.set_condition(key, Some(&node), None)?;
                self.recorder.event_with_action(
                    &reference(&pod),
                    Kind::Normal,
                    "Scheduled",
                    "Binding",
                    &format!("Successfully assigned {key} to {node}"),
                );
                self.place(key.clone(), node, &request);
                Ok(())
            }
            Err(problem) => {
                let now = Instant::now();
                let waiting = self.waiting.entry(key.clone()).or_insert(Waiting {
                    tries: 0,
                    last: now,
                });
                waiting.tries += 1;
                waiting.last = now;
                self.queue.add_after(key.clone(), FLUSH);
                self.set_condition(key, None, Some(&problem))?;
                self.recorder.event_with_action(
                    &reference(&pod),
                    Kind::Warning,
                    "FailedScheduling",
                    "Scheduling",
                    &problem,
                );
                Ok(())
            }
        }
    }
}
