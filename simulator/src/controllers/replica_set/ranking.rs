//! Which pods go first when a ReplicaSet shrinks. Called by the ReplicaSet controller; pure.
//!
//! Upstream: `ActivePodsWithRanks.Less` in `pkg/controller/controller_utils.go`, with the feature
//! `LogarithmicScaleDown`, on by default.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use jiff::Timestamp;
use k8s_openapi::api::core::v1::Pod;

use crate::controllers::ownership::{phase, ready_since, uid};

/// How many of these pods are on each node.
pub(super) fn crowds(pods: &[Pod]) -> BTreeMap<String, usize> {
    let mut on_node: BTreeMap<String, usize> = BTreeMap::new();
    for pod in pods {
        *on_node.entry(node(pod).to_owned()).or_default() += 1;
    }
    on_node
}

/// The `count` pods that go first, in that order. `on_node` counts the pods of the whole Deployment
/// (`getPodsRankedByRelatedPodsOnSameNode`).
pub(super) fn victims<'a>(
    pods: &[&'a Pod],
    count: usize,
    on_node: &BTreeMap<String, usize>,
    now: Timestamp,
) -> Vec<&'a Pod> {
    let mut pods: Vec<&Pod> = pods.to_vec();
    pods.sort_by(|a, b| compare(a, b, on_node, now));
    pods.truncate(count);
    pods
}

fn compare(a: &Pod, b: &Pod, on_node: &BTreeMap<String, usize>, now: Timestamp) -> Ordering {
    let crowd = |pod: &Pod| on_node.get(node(pod)).copied().unwrap_or_default();
    node(a)
        .is_empty()
        .cmp(&node(b).is_empty())
        .reverse()
        .then_with(|| progress(a).cmp(&progress(b)))
        .then_with(|| ready_since(a).is_some().cmp(&ready_since(b).is_some()))
        .then_with(|| deletion_cost(a).cmp(&deletion_cost(b)))
        .then_with(|| crowd(a).cmp(&crowd(b)).reverse())
        .then_with(|| {
            let since = |pod| ready_since(pod).map(|time| time.0);
            younger(since(a), since(b), now)
                .unwrap_or_else(|| uid(&a.metadata).cmp(uid(&b.metadata)))
        })
        .then_with(|| restarts(a).cmp(&restarts(b)).reverse())
        .then_with(|| {
            let created = |pod: &Pod| pod.metadata.creation_timestamp.as_ref().map(|time| time.0);
            younger(created(a), created(b), now)
                .unwrap_or_else(|| uid(&a.metadata).cmp(uid(&b.metadata)))
        })
}

/// The younger first, but only between powers of two of nanoseconds; `None` within one of them, where the UID
/// decides. Equal times are equal.
fn younger(a: Option<Timestamp>, b: Option<Timestamp>, now: Timestamp) -> Option<Ordering> {
    if a == b {
        return Some(Ordering::Equal);
    }
    let rank = |time: Option<Timestamp>| {
        let age = time.map_or(0, |time| now.duration_since(time).as_nanos());
        (age > 0).then(|| age.ilog2())
    };
    match rank(a).cmp(&rank(b)) {
        Ordering::Equal => None,
        order => Some(order),
    }
}

fn node(pod: &Pod) -> &str {
    pod.spec
        .as_ref()
        .and_then(|spec| spec.node_name.as_deref())
        .unwrap_or("")
}

fn progress(pod: &Pod) -> u8 {
    match phase(pod) {
        "Pending" | "" => 0,
        "Unknown" => 1,
        _ => 2,
    }
}

fn deletion_cost(pod: &Pod) -> i64 {
    pod.metadata
        .annotations
        .as_ref()
        .and_then(|annotations| {
            annotations
                .get("controller.kubernetes.io/pod-deletion-cost")?
                .parse()
                .ok()
        })
        .unwrap_or(0)
}

fn restarts(pod: &Pod) -> i32 {
    let statuses = pod
        .status
        .as_ref()
        .and_then(|status| status.container_statuses.as_ref());
    statuses
        .into_iter()
        .flatten()
        .map(|status| status.restart_count)
        .max()
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use k8s_openapi::api::core::v1::{PodCondition, PodSpec, PodStatus};
    use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, Time};

    use super::*;

    fn now() -> Timestamp {
        "2026-01-01T09:10:00Z".parse().unwrap()
    }

    fn mk_pod(uid: &str, ready_for_s: Option<i64>) -> Pod {
        let time =
            ready_for_s.map(|seconds| Time(now() - jiff::SignedDuration::from_secs(seconds)));
        Pod {
            metadata: ObjectMeta {
                name: Some(uid.to_owned()),
                uid: Some(uid.to_owned()),
                ..ObjectMeta::default()
            },
            spec: Some(PodSpec {
                node_name: Some("node".to_owned()),
                ..PodSpec::default()
            }),
            status: Some(PodStatus {
                phase: Some("Running".to_owned()),
                conditions: Some(vec![PodCondition {
                    type_: "Ready".to_owned(),
                    status: if time.is_some() { "True" } else { "False" }.to_owned(),
                    last_transition_time: time,
                    ..PodCondition::default()
                }]),
                ..PodStatus::default()
            }),
        }
    }

    fn order(pods: &[Pod]) -> Vec<&str> {
        let all: Vec<&Pod> = pods.iter().collect();
        victims(&all, pods.len(), &crowds(pods), now())
            .into_iter()
            .map(|pod| uid(&pod.metadata))
            .collect()
    }

    #[test]
    fn recorded_scale_down_is_repeated() {
        // recordings: ready for 116, 131, 161 and 237 s; the pod that stayed was one of those of 161 s, by its UID.
        let pods = [
            mk_pod("1f6be292", Some(237)),
            mk_pod("bb4ac157", Some(161)),
            mk_pod("ef1a5bca", Some(161)),
            mk_pod("fbf35f9b", Some(161)),
            mk_pod("8cc0a90e", Some(131)),
            mk_pod("0fbbd2bb", Some(116)),
        ];
        let order = order(&pods);
        assert_eq!(order[..3], ["0fbbd2bb", "8cc0a90e", "1f6be292"]);
    }

    #[test]
    fn pods_ready_for_longer_by_a_power_of_two_stay() {
        let pods = [mk_pod("aa", Some(297)), mk_pod("zz", Some(236))];
        assert_eq!(order(&pods), ["zz", "aa"]);
    }

    #[test]
    fn cheaper_pods_and_those_of_a_crowded_node_go_first() {
        let mut cheap = mk_pod("cheap", Some(500));
        cheap.metadata.annotations = Some(BTreeMap::from([(
            "controller.kubernetes.io/pod-deletion-cost".to_owned(),
            "-5".to_owned(),
        )]));
        let mut alone = mk_pod("alone", Some(10));
        alone.spec.as_mut().unwrap().node_name = Some("other".to_owned());
        let pods = [alone, mk_pod("crowded", Some(500)), cheap];
        assert_eq!(order(&pods), ["cheap", "crowded", "alone"]);
    }

    #[test]
    fn unassigned_and_unready_pods_go_first() {
        let mut unassigned = mk_pod("u", None);
        unassigned.spec = None;
        let pods = [mk_pod("a", Some(500)), mk_pod("b", None), unassigned];
        assert_eq!(order(&pods), ["u", "b", "a"]);
    }
}
