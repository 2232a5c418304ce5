//! How many pods the new and the old ReplicaSets should have now. Called by the Deployment controller; pure.
//!
//! Upstream: `NewRSNewReplicas` and `ResolveFenceposts` in `pkg/controller/deployment/util/deployment_util.go`,
//! `reconcileOldReplicaSets` in `rolling.go`, `recreate.go`.

use k8s_openapi::api::apps::v1::{DeploymentSpec, ReplicaSet};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

/// The numbers to write.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Plan {
    pub(super) new: i32,
    /// In the order of the old ReplicaSets.
    pub(super) old: Vec<i32>,
}

/// `spec.replicas` of a ReplicaSet.
pub(super) fn wanted(set: &ReplicaSet) -> i32 {
    set.spec
        .as_ref()
        .and_then(|spec| spec.replicas)
        .unwrap_or(1)
}

fn available(set: &ReplicaSet) -> i32 {
    set.status
        .as_ref()
        .and_then(|status| status.available_replicas)
        .unwrap_or(0)
}

fn existing(set: &ReplicaSet) -> i32 {
    set.status.as_ref().map_or(0, |status| status.replicas)
}

fn recreates(spec: &DeploymentSpec) -> bool {
    spec.strategy
        .as_ref()
        .is_some_and(|strategy| strategy.type_.as_deref() == Some("Recreate"))
}

/// Pods above the wanted number while rolling; 25 % rounded up by default.
pub(super) fn max_surge(spec: &DeploymentSpec) -> i32 {
    if recreates(spec) {
        return 0;
    }
    let rolling = spec
        .strategy
        .as_ref()
        .and_then(|s| s.rolling_update.as_ref());
    resolve(
        rolling.and_then(|rolling| rolling.max_surge.as_ref()),
        spec.replicas.unwrap_or(1),
        true,
    )
}

/// Pods that may be missing while rolling; 25 % rounded down by default, 1 if nothing could move otherwise.
pub(super) fn max_unavailable(spec: &DeploymentSpec) -> i32 {
    let replicas = spec.replicas.unwrap_or(1);
    if recreates(spec) {
        return 0;
    }
    let rolling = spec
        .strategy
        .as_ref()
        .and_then(|s| s.rolling_update.as_ref());
    let unavailable = resolve(
        rolling.and_then(|rolling| rolling.max_unavailable.as_ref()),
        replicas,
        false,
    );
    let unavailable = if unavailable == 0 && max_surge(spec) == 0 {
        1
    } else {
        unavailable
    };
    unavailable.min(replicas)
}

fn resolve(value: Option<&IntOrString>, replicas: i32, up: bool) -> i32 {
    let percent = match value {
        Some(IntOrString::Int(number)) => return (*number).max(0),
        Some(IntOrString::String(text)) => text
            .trim_end_matches('%')
            .parse::<i32>()
            .unwrap_or(25)
            .max(0),
        None => 25,
    };
    let hundredfold = percent * replicas;
    if up {
        (hundredfold + 99) / 100
    } else {
        hundredfold / 100
    }
}

/// Replicas of the new ReplicaSet, which has `present` now, beside the old ones.
pub(super) fn new_replicas(spec: &DeploymentSpec, present: i32, old: &[ReplicaSet]) -> i32 {
    let replicas = spec.replicas.unwrap_or(1);
    if recreates(spec) {
        let gone = old.iter().all(|set| wanted(set) == 0 && existing(set) == 0);
        return if gone { replicas } else { present };
    }
    let total = present + old.iter().map(wanted).sum::<i32>();
    let room = replicas + max_surge(spec) - total;
    if present >= replicas || old.iter().all(|set| wanted(set) == 0) {
        return replicas;
    }
    present + room.clamp(0, replicas - present)
}

/// The next step from what is there to `replicas` pods of the new ReplicaSet alone.
pub(super) fn plan(spec: &DeploymentSpec, new: &ReplicaSet, old: &[ReplicaSet]) -> Plan {
    let present = wanted(new);
    if spec.paused == Some(true) {
        // A paused Deployment is scaled but not rolled (`sync.go`, `sync`).
        let only = old.iter().all(|set| wanted(set) == 0);
        return Plan {
            new: if only {
                spec.replicas.unwrap_or(1)
            } else {
                present
            },
            old: old.iter().map(wanted).collect(),
        };
    }
    if recreates(spec) {
        return Plan {
            new: new_replicas(spec, present, old),
            old: vec![0; old.len()],
        };
    }
    Plan {
        new: new_replicas(spec, present, old),
        old: shrink(spec, new, old),
    }
}

/// First the pods that are not available anyway, then as many as the minimum of available ones allows.
fn shrink(spec: &DeploymentSpec, new: &ReplicaSet, old: &[ReplicaSet]) -> Vec<i32> {
    let mut sizes: Vec<i32> = old.iter().map(wanted).collect();
    let minimum = spec.replicas.unwrap_or(1) - max_unavailable(spec);
    let all = wanted(new) + sizes.iter().sum::<i32>();
    let mut budget = all - minimum - (wanted(new) - available(new)).max(0);
    for (size, set) in sizes.iter_mut().zip(old) {
        let unhealthy = (*size - available(set)).clamp(0, budget.max(0));
        *size -= unhealthy;
        budget -= unhealthy;
    }
    let mut spare = available(new) + old.iter().map(available).sum::<i32>() - minimum;
    for size in &mut sizes {
        let less = (*size).min(spare).min(budget).max(0);
        *size -= less;
        spare -= less;
        budget -= less;
    }
    sizes
}

#[cfg(test)]
mod tests {
    use k8s_openapi::api::apps::v1::{ReplicaSetSpec, ReplicaSetStatus};

    use super::*;

    fn mk_spec(replicas: i32) -> DeploymentSpec {
        DeploymentSpec {
            replicas: Some(replicas),
            ..DeploymentSpec::default()
        }
    }

    fn mk_set(replicas: i32, available: i32) -> ReplicaSet {
        ReplicaSet {
            spec: Some(ReplicaSetSpec {
                replicas: Some(replicas),
                ..ReplicaSetSpec::default()
            }),
            status: Some(ReplicaSetStatus {
                replicas,
                available_replicas: Some(available),
                ..ReplicaSetStatus::default()
            }),
            ..ReplicaSet::default()
        }
    }

    #[test]
    fn only_replica_set_follows_the_deployment_in_both_directions() {
        for replicas in [0, 1, 10] {
            let plan = plan(&mk_spec(replicas), &mk_set(4, 4), &[]);
            assert_eq!(plan.new, replicas);
        }
    }

    #[test]
    fn single_pod_is_replaced_only_when_its_successor_is_available() {
        let spec = mk_spec(1);
        let before = plan(&spec, &mk_set(1, 0), &[mk_set(1, 1)]);
        assert_eq!(
            before,
            Plan {
                new: 1,
                old: vec![1]
            }
        );
        let after = plan(&spec, &mk_set(1, 1), &[mk_set(1, 1)]);
        assert_eq!(
            after,
            Plan {
                new: 1,
                old: vec![0]
            }
        );
    }

    #[test]
    fn rollout_of_ten_never_leaves_its_bounds_and_ends() {
        let spec = mk_spec(10);
        let (mut new, mut old) = (0, 10);
        for _ in 0..20 {
            let plan = plan(&spec, &mk_set(new, new), &[mk_set(old, old)]);
            (new, old) = (plan.new, plan.old[0]);
            assert!(new + old <= 13, "{new} + {old}");
            assert!(new + old >= 8, "{new} + {old}");
        }
        assert_eq!((new, old), (10, 0));
    }
}
