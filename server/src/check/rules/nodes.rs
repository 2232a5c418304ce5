//! Whether the nodes have room for the whole class at its most. Pure.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{Node, Pod};

use super::Class;
use crate::check::observed::Observed;
use crate::check::quantity::{milli, whole};
use crate::check::report::{Check, counted};
use crate::check::size::PodSize;

const CAPACITY: &str = "Node capacity";
const LARGEST: &str = "Largest pod";

/// What a node has left.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Room {
    cpu_m: i64,
    memory: i64,
    pods: i64,
}

impl Room {
    fn take(&mut self, pod: &PodSize) {
        self.cpu_m -= pod.cpu_request_m;
        self.memory -= pod.memory_request;
        self.pods -= 1;
    }

    fn fits(&self, pod: &PodSize) -> bool {
        self.count(pod) > 0
    }

    /// How many of these pods fit.
    fn count(&self, pod: &PodSize) -> i64 {
        let by = |room: i64, request: i64| match request {
            0 => i64::MAX,
            request => room.max(0) / request,
        };
        self.pods
            .max(0)
            .min(by(self.cpu_m, pod.cpu_request_m))
            .min(by(self.memory, pod.memory_request))
    }
}

/// Whether the scheduler puts a pod of the class there: ready, not cordoned, no taint.
pub(crate) fn takes_pods(node: &Node) -> bool {
    let spec = node.spec.as_ref();
    let cordoned = spec.is_some_and(|spec| spec.unschedulable == Some(true));
    let mut taints = spec
        .into_iter()
        .flat_map(|spec| spec.taints.iter().flatten());
    let tainted = taints.any(|taint| taint.effect != "PreferNoSchedule");
    let conditions = node
        .status
        .iter()
        .flat_map(|status| status.conditions.iter().flatten());
    let ready = conditions
        .filter(|condition| condition.type_ == "Ready")
        .any(|condition| condition.status == "True");
    ready && !cordoned && !tainted
}

pub(super) fn judge(observed: &Observed, class: &Class<'_>) -> Vec<Check> {
    let nodes = match &observed.nodes {
        Ok(nodes) => nodes,
        Err(cause) => return vec![Check::unknown(CAPACITY, "nodes", cause)],
    };
    let pods = match &observed.pods {
        Ok(pods) => pods,
        Err(cause) => return vec![Check::unknown(CAPACITY, "pods", cause)],
    };
    let rooms = rooms(nodes, pods, class);
    if rooms.is_empty() {
        return vec![Check::fail(
            CAPACITY,
            format!(
                "none of {} takes pods: not ready, cordoned, or tainted",
                counted(nodes.len(), "node")
            ),
            "Look which: `kubectl get nodes`, `kubectl describe node <name>`; `kubectl uncordon <name>` where it was cordoned.",
        )];
    }
    // Room for no seat says nothing; that there is none is told elsewhere.
    let capacity = (class.seats > 0).then(|| capacity(&rooms, class));
    capacity
        .into_iter()
        .chain([largest(&rooms, class)])
        .collect()
}

/// What each node has left beside the pods of others. Those in the seats are a part of the class that is counted.
fn rooms(nodes: &[Node], pods: &[Pod], class: &Class<'_>) -> Vec<Room> {
    let mut taken: BTreeMap<&str, Vec<PodSize>> = BTreeMap::new();
    for pod in pods {
        let Some(spec) = &pod.spec else { continue };
        let Some(node) = &spec.node_name else {
            continue;
        };
        let phase = pod
            .status
            .as_ref()
            .and_then(|status| status.phase.as_deref());
        let ended = matches!(phase, Some("Succeeded" | "Failed"));
        if !ended && !class.has(pod.metadata.namespace.as_ref()) {
            taken.entry(node).or_default().push(PodSize::of(spec));
        }
    }
    let nodes = nodes.iter().filter(|node| takes_pods(node));
    nodes
        .map(|node| {
            let allocatable = node.status.as_ref().and_then(|s| s.allocatable.as_ref());
            let of =
                |resource: &str| allocatable.and_then(|all| Some(all.get(resource)?.0.as_str()));
            let mut room = Room {
                cpu_m: of("cpu").and_then(milli).unwrap_or(0),
                memory: of("memory").and_then(whole).unwrap_or(0),
                pods: of("pods").and_then(whole).unwrap_or(0),
            };
            let name = node.metadata.name.as_deref().unwrap_or("");
            for pod in taken.get(name).into_iter().flatten() {
                room.take(pod);
            }
            room
        })
        .collect()
}

/// Whether so many seats fit. The loads, which are larger, are placed first, each where most CPU is free, as the
/// scheduler's `LeastAllocated` would; the web app's pods fill what remains.
fn fit(rooms: &[Room], seats: u32, class: &Class<'_>) -> bool {
    let mut rooms = rooms.to_vec();
    for _ in 0..seats {
        let free = rooms.iter_mut().filter(|room| room.fits(&class.sizes.load));
        match free.max_by_key(|room| room.cpu_m) {
            Some(room) => room.take(&class.sizes.load),
            None => return false,
        }
    }
    let apps = rooms.iter().map(|room| room.count(&class.sizes.app));
    let apps = apps.fold(0_i64, i64::saturating_add);
    apps >= i64::from(seats) * i64::from(class.settings.max_replicas)
}

fn capacity(rooms: &[Room], class: &Class<'_>) -> Check {
    let max = i64::from(class.settings.max_replicas);
    let seat = class.sizes.app.times(max).plus(class.sizes.load);
    let need = seat.times(i64::from(class.seats));
    let pods = i64::from(class.seats) * (max + 1);
    let free = rooms.iter().fold(Room::default(), |sum, room| Room {
        cpu_m: sum.cpu_m + room.cpu_m.max(0),
        memory: sum.memory + room.memory.max(0),
        pods: sum.pods + room.pods.max(0),
    });
    let seats = counted(class.seats, "seat");
    let cpu = format!(
        "{} of {} free cores",
        cores(need.cpu_request_m),
        cores(free.cpu_m)
    );
    let memory = format!("{} of {} GiB", gib(need.memory_request), gib(free.memory));
    let places = format!("{pods} of {} pods", free.pods);
    let figures = format!(
        "{cpu}, {memory}, {places}, on {}",
        counted(rooms.len(), "node")
    );
    if fit(rooms, class.seats, class) {
        return Check::pass(CAPACITY, format!("room for {seats}: {figures}"));
    }
    // More seats never fit better, so the most that fit are found by halving.
    let (mut fits, mut fails) = (0, class.seats);
    while fails - fits > 1 {
        let middle = fits.midpoint(fails);
        if fit(rooms, middle, class) {
            fits = middle;
        } else {
            fails = middle;
        }
    }
    let short = if need.cpu_request_m > free.cpu_m {
        "too little CPU"
    } else if need.memory_request > free.memory {
        "too little memory"
    } else if pods > free.pods {
        "too few pods per node"
    } else {
        "what is free is in pieces that are too small"
    };
    Check::fail(
        CAPACITY,
        format!("room for {fits} of {seats}, {short}: {figures}"),
        "Add nodes before the class (an autoscaler of nodes is too slow in it), or choose fewer seats, smaller requests (`--app-cpu-request`, `--load-cpu-request`) or fewer replicas (`--max-replicas`).",
    )
}

fn largest(rooms: &[Room], class: &Class<'_>) -> Check {
    let pods = [
        ("the load's pod", class.sizes.load),
        ("a web app's pod", class.sizes.app),
    ];
    for (what, pod) in pods {
        if !rooms.iter().any(|room| room.fits(&pod)) {
            let most = rooms.iter().map(|room| room.cpu_m).max().unwrap_or(0);
            return Check::fail(
                LARGEST,
                format!(
                    "{what} fits on no node: it requests {} cores and {} MiB, the freest node has {} cores",
                    cores(pod.cpu_request_m),
                    pod.memory_request >> 20,
                    cores(most.max(0))
                ),
                "Choose smaller requests (`--load-cpu-request`, `--app-cpu-request`, `--app-memory-request`), or add a larger node.",
            );
        }
    }
    Check::pass(LARGEST, "fits on a node")
}

/// `1.5`, `12`.
fn cores(milli: i64) -> String {
    let text = format!("{:.1}", milli as f64 / 1000.0);
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}

fn gib(bytes: i64) -> String {
    format!("{:.1}", bytes as f64 / f64::from(1 << 30))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::world::{check, object, observed, outcome, report_for};
    use super::*;
    use crate::check::observed::Unread;
    use crate::check::report::Outcome;

    #[test]
    fn room_is_told_with_its_figures() {
        let capacity = check(&observed(), CAPACITY);
        assert_eq!(capacity.outcome, Outcome::Pass);
        assert_eq!(
            capacity.found,
            "room for 2 seats: 1.2 of 8 free cores, 1.5 of 16.0 GiB, 22 of 220 pods, on 2 nodes"
        );
    }

    #[test]
    fn too_small_nodes_say_how_many_seats_fit() {
        let world = observed();
        let report = report_for(&world, Some(40));
        let capacity = report.get(CAPACITY).unwrap();
        assert_eq!(capacity.outcome, Outcome::Fail);
        // Cores would do for 13, but the nodes take 220 pods, 11 a seat: 20; memory is enough.
        assert!(
            capacity
                .found
                .starts_with("room for 13 of 40 seats, too little CPU: 24 of 8 free cores"),
            "{}",
            capacity.found
        );
    }

    #[test]
    fn pods_per_node_and_memory_limit_too() {
        let mut world = observed();
        for node in world.nodes.as_mut().unwrap() {
            let allocatable = node.status.as_mut().unwrap().allocatable.as_mut().unwrap();
            allocatable.get_mut("pods").unwrap().0 = "8".to_owned();
        }
        assert!(check(&world, CAPACITY).found.contains("too few pods"));
        for node in world.nodes.as_mut().unwrap() {
            let allocatable = node.status.as_mut().unwrap().allocatable.as_mut().unwrap();
            allocatable.get_mut("memory").unwrap().0 = "500Mi".to_owned();
        }
        assert!(check(&world, CAPACITY).found.contains("too little memory"));
    }

    #[test]
    fn nodes_that_take_no_pods_do_not_count() {
        let mut world = observed();
        let nodes = world.nodes.as_mut().unwrap();
        nodes[0].spec.get_or_insert_default().unschedulable = Some(true);
        nodes[1].spec = Some(object(
            json!({ "taints": [{ "key": "a", "effect": "NoSchedule" }] }),
        ));
        assert!(check(&world, CAPACITY).found.starts_with("none of 2 nodes"));
        let nodes = world.nodes.as_mut().unwrap();
        nodes[1].spec = Some(object(
            json!({ "taints": [{ "key": "a", "effect": "PreferNoSchedule" }] }),
        ));
        assert!(check(&world, CAPACITY).found.ends_with("on 1 node"));
        world.nodes = Err(Unread::Forbidden);
        assert_eq!(outcome(&world, CAPACITY), Outcome::Warn);
    }

    #[test]
    fn pods_of_others_take_room_and_those_of_seats_are_the_class() {
        let pod = |namespace: &str| {
            object::<Pod>(json!({
                "metadata": { "name": "a", "namespace": namespace },
                "spec": { "nodeName": "node-1", "containers": [{ "name": "a", "resources": { "requests": { "cpu": "3900m" } } }] },
            }))
        };
        let mut world = observed();
        world.pods.as_mut().unwrap().push(pod("seat-1"));
        assert!(check(&world, CAPACITY).found.contains("of 8 free cores"));
        world.pods.as_mut().unwrap().push(pod("other"));
        assert!(check(&world, CAPACITY).found.contains("of 4.1 free cores"));
    }

    #[test]
    fn pod_that_fits_nowhere_is_named() {
        let mut world = observed();
        for node in world.nodes.as_mut().unwrap() {
            let allocatable = node.status.as_mut().unwrap().allocatable.as_mut().unwrap();
            allocatable.get_mut("cpu").unwrap().0 = "70m".to_owned();
        }
        let largest = check(&world, LARGEST);
        assert_eq!(largest.outcome, Outcome::Fail);
        assert!(
            largest.found.starts_with("the load's pod"),
            "{}",
            largest.found
        );
    }
}
