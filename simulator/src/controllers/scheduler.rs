//! Puts pods onto nodes of finite size, the emptiest first, and says why one fits nowhere.
//!
//! Upstream: `pkg/scheduler/`, of it the plugins `NodeResourcesFit` (filter and `LeastAllocated`) and `NodeUnschedulable`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use autoscaling::CpuMillis;
use k8s_openapi::api::core::v1::{Pod, PodCondition};
use serde_json::Value;

use super::Controller;
use super::queue::{Key, WorkQueue};
use super::recorder::{Kind, Recorder, reference};
use crate::quantity::Quantity;
use crate::status::Result;
use crate::store::resource::{NODES, PODS};
use crate::store::{Change, ChangeType, Store};

/// What a pod takes of a node.
#[derive(Clone, Copy, Debug, Default)]
struct Resources {
    cpu: CpuMillis,
    memory: i64,
    pods: i64,
}

impl Resources {
    fn add(&mut self, other: Self, times: i64) {
        self.cpu.0 += other.cpu.0 * times;
        self.memory += other.memory * times;
        self.pods += other.pods * times;
    }
}

#[derive(Debug, Default)]
struct NodeState {
    capacity: Resources,
    used: Resources,
    unschedulable: bool,
    labels: Value,
}

impl NodeState {
    /// Whether the node has every label of a pod's `spec.nodeSelector`.
    fn has(&self, selector: &Value) -> bool {
        let wanted = selector.as_object();
        wanted.is_none_or(|wanted| wanted.iter().all(|(key, value)| self.labels[key] == *value))
    }
}

pub(super) struct Scheduler {
    store: Arc<Store>,
    queue: WorkQueue,
    recorder: Recorder,
    nodes: BTreeMap<String, NodeState>,
    /// Pods that take room, with their node.
    placed: BTreeMap<Key, (String, Resources)>,
    /// Pods that found no node.
    waiting: BTreeSet<Key>,
}

impl Scheduler {
    pub(super) fn new(store: Arc<Store>) -> Self {
        Self {
            queue: WorkQueue::default(),
            recorder: Recorder::new(Arc::clone(&store), "default-scheduler"),
            store,
            nodes: BTreeMap::new(),
            placed: BTreeMap::new(),
            waiting: BTreeSet::new(),
        }
    }

    fn observe_node(&mut self, change: &Change) {
        let name = change.name().to_owned();
        if change.change_type == ChangeType::Deleted {
            self.nodes.remove(&name);
            return;
        }
        let allocatable = &change.object["status"]["allocatable"];
        let text = |resource: &str| allocatable[resource].as_str().unwrap_or("0").to_owned();
        let state = NodeState {
            capacity: Resources {
                cpu: CpuMillis::parse(&text("cpu")).unwrap_or_default(),
                memory: bytes(&text("memory")),
                pods: text("pods").parse().unwrap_or(0),
            },
            used: self
                .nodes
                .get(&name)
                .map(|old| old.used)
                .unwrap_or_default(),
            unschedulable: change.object["spec"]["unschedulable"] == Value::Bool(true),
            labels: change.object["metadata"]["labels"].clone(),
        };
        self.nodes.insert(name, state);
        self.try_waiting();
    }

    fn try_waiting(&mut self) {
        for key in std::mem::take(&mut self.waiting) {
            self.queue.add(key);
        }
    }

    fn place(&mut self, key: Key, node: String, pod: Resources) {
        if self.placed.contains_key(&key) {
            return;
        }
        self.nodes.entry(node.clone()).or_default().used.add(pod, 1);
        self.placed.insert(key, (node, pod));
    }

    /// Whether the pod had a place.
    fn displace(&mut self, key: &Key) -> bool {
        let Some((node, pod)) = self.placed.remove(key) else {
            return false;
        };
        if let Some(node) = self.nodes.get_mut(&node) {
            node.used.add(pod, -1);
        }
        true
    }

    /// The node with the largest free share; else the reasons, as upstream counts them.
    fn choose(&self, pod: Resources, selector: &Value) -> Result<String, String> {
        let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
        let mut best: Option<(f64, &String)> = None;
        for (name, state) in &self.nodes {
            let mut free = state.capacity;
            free.add(state.used, -1);
            let lacking = [
                (state.unschedulable, "node(s) were unschedulable"),
                (
                    !state.has(selector),
                    "node(s) didn't match Pod's node affinity/selector",
                ),
                (pod.cpu > free.cpu, "Insufficient cpu"),
                (pod.memory > free.memory, "Insufficient memory"),
                (pod.pods > free.pods, "Too many pods"),
            ];
            let lacking: Vec<_> = lacking.iter().filter(|(lacks, _)| *lacks).collect();
            for (_, reason) in &lacking {
                *reasons.entry(reason).or_default() += 1;
            }
            let share = free.cpu.0 as f64 / state.capacity.cpu.0.max(1) as f64;
            if lacking.is_empty() && best.is_none_or(|(most, _)| share > most) {
                best = Some((share, name));
            }
        }
        if let Some((_, name)) = best {
            return Ok(name.clone());
        }
        let all = self.nodes.len();
        if all == 0 {
            return Err("no nodes available to schedule pods".to_owned());
        }
        let reasons: Vec<_> = reasons
            .iter()
            .map(|(reason, count)| format!("{count} {reason}"))
            .collect();
        Err(format!(
            "0/{all} nodes are available: {}. preemption: 0/{all} nodes are available: {all} No preemption victims found for incoming pod.",
            reasons.join(", ")
        ))
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
                self.place(key, node.to_owned(), requests(&change.object));
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
        let wanted = requests(&value);
        match self.choose(wanted, &value["spec"]["nodeSelector"]) {
            Ok(node) => {
                self.set_condition(key, Some(&node), None)?;
                self.recorder.event_with_action(
                    &reference(&pod),
                    Kind::Normal,
                    "Scheduled",
                    "Binding",
                    &format!("Successfully assigned {key} to {node}"),
                );
                self.place(key.clone(), node, wanted);
                Ok(())
            }
            Err(problem) => {
                self.waiting.insert(key.clone());
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

/// Sum of the containers' requests; each counts as one pod.
fn requests(pod: &Value) -> Resources {
    let mut sum = Resources {
        pods: 1,
        ..Resources::default()
    };
    for container in pod["spec"]["containers"].as_array().into_iter().flatten() {
        let requests = &container["resources"]["requests"];
        sum.cpu += requests["cpu"]
            .as_str()
            .and_then(CpuMillis::parse)
            .unwrap_or_default();
        sum.memory += requests["memory"].as_str().map_or(0, bytes);
    }
    sum
}

/// A quantity of memory in bytes; 0 if it is none.
pub(super) fn bytes(quantity: &str) -> i64 {
    Quantity::parse(quantity).map_or(0, Quantity::value)
}
