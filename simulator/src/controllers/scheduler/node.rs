//! Nodes as the scheduler sees them: what a pod lacks there, and which one is best. Called by the scheduler; pure.
//!
//! Upstream, in `pkg/scheduler/framework/`: `plugins/nodeunschedulable`, `plugins/tainttoleration`,
//! `plugins/nodeaffinity`, `plugins/noderesources` (`fit.go`, `least_allocated.go`), `plugins/podtopologyspread`,
//! `types.go` (`FitError`), `preemption/preemption.go`.

use std::collections::BTreeMap;

use autoscaling::CpuMillis;
use serde_json::Value;

use crate::quantity::Quantity;

/// What a pod without requests counts as in scores (`pkg/scheduler/util/pod_resources.go`).
const DEFAULT_CPU: CpuMillis = CpuMillis(100);
const DEFAULT_MEMORY: i64 = 200 << 20;
/// Weight of `PodTopologySpread`; `NodeResourcesFit` has 1 (`apis/config/v1/default_plugins.go`).
const SPREAD_WEIGHT: i64 = 2;
/// Score of the best node.
const MAX_SCORE: i64 = 100;

/// What a pod takes of a node.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Resources {
    pub(super) cpu: CpuMillis,
    pub(super) memory: i64,
    pub(super) pods: i64,
}

impl Resources {
    pub(super) fn add(&mut self, other: Self, times: i64) {
        self.cpu.0 += other.cpu.0 * times;
        self.memory += other.memory * times;
        self.pods += other.pods * times;
    }

    fn for_scores(self) -> Self {
        Self {
            cpu: if self.cpu.0 == 0 {
                DEFAULT_CPU
            } else {
                self.cpu
            },
            memory: if self.memory == 0 {
                DEFAULT_MEMORY
            } else {
                self.memory
            },
            ..self
        }
    }
}

/// What a pod asks for.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) resources: Resources,
    /// The UID of what controls it.
    pub(super) owner: String,
    selector: Value,
    tolerations: Vec<Value>,
}

impl Request {
    pub(super) fn of(pod: &Value) -> Self {
        let mut resources = Resources {
            pods: 1,
            ..Resources::default()
        };
        for container in list(&pod["spec"]["containers"]) {
            let requests = &container["resources"]["requests"];
            resources.cpu += requests["cpu"]
                .as_str()
                .and_then(CpuMillis::parse)
                .unwrap_or_default();
            resources.memory += requests["memory"].as_str().map_or(0, bytes);
        }
        let controller = list(&pod["metadata"]["ownerReferences"])
            .find(|owner| owner["controller"] == Value::Bool(true));
        let owner = controller.and_then(|owner| owner["uid"].as_str());
        Self {
            resources,
            owner: owner.unwrap_or("").to_owned(),
            selector: pod["spec"]["nodeSelector"].clone(),
            tolerations: list(&pod["spec"]["tolerations"]).cloned().collect(),
        }
    }

    fn tolerates(&self, taint: &Value) -> bool {
        self.tolerations.iter().any(|toleration| {
            let fits = |field: &str| {
                let wanted = toleration[field].as_str().unwrap_or("");
                wanted.is_empty() || wanted == taint[field].as_str().unwrap_or("")
            };
            let exists = toleration["operator"] == "Exists";
            let value = toleration["value"].as_str().unwrap_or("");
            fits("effect")
                && fits("key")
                && (exists || value == taint["value"].as_str().unwrap_or(""))
        })
    }
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// A quantity of memory in bytes; 0 if it is none.
pub(in crate::controllers) fn bytes(quantity: &str) -> i64 {
    Quantity::parse(quantity).map_or(0, Quantity::value)
}

#[derive(Debug, Default)]
pub(super) struct NodeState {
    pub(super) capacity: Resources,
    pub(super) used: Resources,
    unschedulable: bool,
    labels: Value,
    taints: Vec<Value>,
}

/// Why a pod cannot run on a node, and whether other pods' going could help.
type Lack = (Vec<&'static str>, bool);

impl NodeState {
    /// The node as it is now, with what is used on it.
    pub(super) fn of(node: &Value, used: Resources) -> Self {
        let allocatable = &node["status"]["allocatable"];
        let text = |resource: &str| allocatable[resource].as_str().unwrap_or("0").to_owned();
        Self {
            capacity: Resources {
                cpu: CpuMillis::parse(&text("cpu")).unwrap_or_default(),
                memory: bytes(&text("memory")),
                pods: text("pods").parse().unwrap_or(0),
            },
            used,
            unschedulable: node["spec"]["unschedulable"] == Value::Bool(true),
            labels: node["metadata"]["labels"].clone(),
            taints: list(&node["spec"]["taints"])
                .filter(|taint| taint["effect"] != "PreferNoSchedule")
                .cloned()
                .collect(),
        }
    }

    /// The first filter that refuses the pod.
    fn lacks(&self, request: &Request) -> Option<Lack> {
        if self.unschedulable {
            return Some((vec!["node(s) were unschedulable"], false));
        }
        if self.taints.iter().any(|taint| !request.tolerates(taint)) {
            return Some((vec!["node(s) had untolerated taint(s)"], false));
        }
        let wanted = request.selector.as_object();
        if wanted.is_some_and(|all| all.iter().any(|(key, value)| self.labels[key] != *value)) {
            let reason = "node(s) didn't match Pod's node affinity/selector";
            return Some((vec![reason], false));
        }
        let (pod, whole) = (request.resources, self.capacity);
        let mut free = whole;
        free.add(self.used, -1);
        let reasons: Vec<&str> = [
            (pod.pods > free.pods, "Too many pods"),
            (pod.cpu > free.cpu, "Insufficient cpu"),
            (pod.memory > free.memory, "Insufficient memory"),
        ]
        .into_iter()
        .filter_map(|(lacks, reason)| lacks.then_some(reason))
        .collect();
        let could_ever = pod.cpu <= whole.cpu && pod.memory <= whole.memory;
        (!reasons.is_empty()).then_some((reasons, could_ever))
    }

    /// `LeastAllocated`: the free share after the pod has come, of CPU and memory alike.
    fn score(&self, request: &Request) -> i64 {
        let mut used = self.used;
        used.add(request.resources.for_scores(), 1);
        let share = |used: i64, whole: i64| {
            if whole <= 0 || used > whole {
                return 0;
            }
            (whole - used) * MAX_SCORE / whole
        };
        let cpu = share(used.cpu.0, self.capacity.cpu.0);
        (cpu + share(used.memory, self.capacity.memory)) / 2
    }
}

/// The best node; else the reasons, as upstream counts them. `crowd` counts the pods of the same owner by node.
pub(super) fn choose(
    nodes: &BTreeMap<String, NodeState>,
    request: &Request,
    crowd: &BTreeMap<&str, i64>,
) -> Result<String, String> {
    let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
    let (mut helpless, mut feasible) = (0, Vec::new());
    for (name, node) in nodes {
        let Some((lacks, could_help)) = node.lacks(request) else {
            feasible.push((name, node));
            continue;
        };
        helpless += usize::from(!could_help);
        for reason in lacks {
            *reasons.entry(reason).or_default() += 1;
        }
    }
    let on = |name: &String| crowd.get(name.as_str()).copied().unwrap_or(0);
    let most = feasible.iter().map(|(name, _)| on(name)).max().unwrap_or(0);
    let least = feasible.iter().map(|(name, _)| on(name)).min().unwrap_or(0);
    let score = |name: &String, node: &NodeState| {
        let spread = if most == 0 {
            MAX_SCORE
        } else {
            MAX_SCORE * (most + least - on(name)) / most
        };
        node.score(request) + SPREAD_WEIGHT * spread
    };
    // Of equals upstream takes any; here the first, so that a run can be repeated.
    let best = feasible
        .iter()
        .map(|(name, node)| (score(name, node), *name))
        .reduce(|best, next| if next.0 > best.0 { next } else { best });
    if let Some((_, name)) = best {
        return Ok(name.clone());
    }
    Err(refusal(nodes.len(), &reasons, helpless))
}

/// The text of event and condition (`FitError.Error`).
fn refusal(all: usize, reasons: &BTreeMap<&str, usize>, helpless: usize) -> String {
    if all == 0 {
        return "no nodes available to schedule pods".to_owned();
    }
    let join = |counts: Vec<(usize, &str)>| {
        let mut texts: Vec<String> = counts
            .into_iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, reason)| format!("{count} {reason}"))
            .collect();
        texts.sort();
        texts.join(", ")
    };
    let reasons = join(
        reasons
            .iter()
            .map(|(reason, count)| (*count, *reason))
            .collect(),
    );
    let preemption = join(vec![
        (helpless, "Preemption is not helpful for scheduling"),
        (
            all - helpless,
            "No preemption victims found for incoming pod",
        ),
    ]);
    format!(
        "0/{all} nodes are available: {reasons}. no new claims to deallocate, preemption: 0/{all} nodes are available: {preemption}."
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn mk_node(spec: &Value) -> NodeState {
        let node = json!({"metadata": {"labels": {"disk": "ssd"}}, "spec": spec,
            "status": {"allocatable": {"cpu": "4", "memory": "8Gi", "pods": "110"}}});
        NodeState::of(&node, Resources::default())
    }

    fn nodes(specs: &[Value]) -> BTreeMap<String, NodeState> {
        let named = specs.iter().enumerate();
        named
            .map(|(index, spec)| (format!("node-{index}"), mk_node(spec)))
            .collect()
    }

    fn request(spec: &Value) -> Request {
        Request::of(&json!({"spec": spec}))
    }

    fn cpu(cores: &str) -> Value {
        json!([{"resources": {"requests": {"cpu": cores}}}])
    }

    #[test]
    fn every_node_tells_its_first_reason() {
        let mut nodes = nodes(&[
            json!({"unschedulable": true}),
            json!({"taints": [{"key": "gpu", "value": "yes", "effect": "NoSchedule"}]}),
            json!({}),
            json!({}),
        ]);
        if let Some(full) = nodes.get_mut("node-3") {
            full.used.cpu = CpuMillis(3_900);
        }
        let wanted = request(&json!({"containers": cpu("1"), "nodeSelector": {"disk": "ssd"}}));
        assert_eq!(
            choose(&nodes, &wanted, &BTreeMap::new()),
            Ok("node-2".to_owned())
        );
        let wanted = request(&json!({"containers": cpu("5")}));
        assert_eq!(
            choose(&nodes, &wanted, &BTreeMap::new()).unwrap_err(),
            "0/4 nodes are available: 1 node(s) had untolerated taint(s), 1 node(s) were unschedulable, 2 Insufficient cpu. no new claims to deallocate, preemption: 0/4 nodes are available: 4 Preemption is not helpful for scheduling."
        );
        nodes.remove("node-2");
        let wanted = request(&json!({"containers": cpu("1")}));
        let text = choose(&nodes, &wanted, &BTreeMap::new()).unwrap_err();
        assert!(
            text.ends_with("1 No preemption victims found for incoming pod, 2 Preemption is not helpful for scheduling."),
            "{text}"
        );
    }

    #[test]
    fn taint_can_be_tolerated() {
        let nodes =
            nodes(&[json!({"taints": [{"key": "gpu", "value": "yes", "effect": "NoSchedule"}]})]);
        for (toleration, fits) in [
            (json!({"key": "gpu", "operator": "Exists"}), true),
            (json!({"key": "gpu", "value": "yes"}), true),
            (json!({"key": "gpu", "value": "no"}), false),
            (json!({"operator": "Exists", "effect": "NoExecute"}), false),
        ] {
            let wanted = request(&json!({"containers": cpu("1"), "tolerations": [toleration]}));
            let chosen = choose(&nodes, &wanted, &BTreeMap::new());
            assert_eq!(chosen.is_ok(), fits, "{toleration}");
        }
    }

    #[test]
    fn pods_of_one_owner_are_spread_before_nodes_are_filled_evenly() {
        let mut nodes = nodes(&[json!({}), json!({})]);
        if let Some(busy) = nodes.get_mut("node-1") {
            busy.used.cpu = CpuMillis(1_000);
        }
        let wanted = request(&json!({"containers": cpu("100m")}));
        assert_eq!(
            choose(&nodes, &wanted, &BTreeMap::new()),
            Ok("node-0".to_owned())
        );
        let crowd = BTreeMap::from([("node-0", 2)]);
        assert_eq!(choose(&nodes, &wanted, &crowd), Ok("node-1".to_owned()));
    }
}
