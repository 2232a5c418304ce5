//! How many pods each ReplicaSet of a Deployment should have now. Called by the Deployment controller; pure.
//!
//! Upstream, in `pkg/controller/deployment/`: `NewRSNewReplicas`, `ResolveFenceposts`, `FindActiveOrLatest` and
//! `GetReplicaSetProportion` in `util/deployment_util.go`, `scale` in `sync.go`, `reconcileOldReplicaSets` in `rolling.go`.

use std::cmp::Reverse;

use k8s_openapi::api::apps::v1::{DeploymentSpec, ReplicaSet};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::revision;

/// `spec.replicas` of a ReplicaSet.
pub(super) fn wanted(set: &ReplicaSet) -> i32 {
    set.spec
        .as_ref()
        .and_then(|spec| spec.replicas)
        .unwrap_or(1)
}

/// `spec.replicas` of several.
pub(super) fn total<'a>(sets: impl IntoIterator<Item = &'a ReplicaSet>) -> i32 {
    sets.into_iter().map(wanted).sum()
}

fn available(set: &ReplicaSet) -> i32 {
    set.status
        .as_ref()
        .and_then(|status| status.available_replicas)
        .unwrap_or(0)
}

/// Pods that a ReplicaSet has, as it says.
pub(super) fn existing(set: &ReplicaSet) -> i32 {
    set.status.as_ref().map_or(0, |status| status.replicas)
}

/// Whether all old pods go before the first new one comes.
pub(super) fn recreates(spec: &DeploymentSpec) -> bool {
    spec.strategy
        .as_ref()
        .is_some_and(|strategy| strategy.type_.as_deref() == Some("Recreate"))
}

/// `spec.replicas` of the Deployment.
pub(super) fn replicas(spec: &DeploymentSpec) -> i32 {
    spec.replicas.unwrap_or(1)
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
        replicas(spec),
        true,
    )
}

/// Pods that may be missing while rolling; 25 % rounded down by default, 1 if nothing could move otherwise.
pub(super) fn max_unavailable(spec: &DeploymentSpec) -> i32 {
    if recreates(spec) || replicas(spec) == 0 {
        return 0;
    }
    let rolling = spec
        .strategy
        .as_ref()
        .and_then(|s| s.rolling_update.as_ref());
    let unavailable = resolve(
        rolling.and_then(|rolling| rolling.max_unavailable.as_ref()),
        replicas(spec),
        false,
    );
    let unavailable = if unavailable == 0 && max_surge(spec) == 0 {
        1
    } else {
        unavailable
    };
    unavailable.min(replicas(spec))
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
    let wanted = replicas(spec);
    if recreates(spec) || present >= wanted {
        return wanted;
    }
    let room = wanted + max_surge(spec) - present - total(old);
    present + room.clamp(0, wanted - present)
}

/// The old ReplicaSets' next sizes, in their order (oldest first): first without the pods that are not available
/// anyway, then without as many as the minimum of available ones allows.
pub(super) fn shrink(spec: &DeploymentSpec, new: &ReplicaSet, old: &[ReplicaSet]) -> Vec<i32> {
    let mut sizes: Vec<i32> = old.iter().map(wanted).collect();
    let minimum = replicas(spec) - max_unavailable(spec);
    let all = wanted(new) + total(old);
    let mut budget = all - minimum - (wanted(new) - available(new));
    if total(old) == 0 || budget <= 0 {
        return sizes;
    }
    for (size, set) in sizes.iter_mut().zip(old) {
        let unhealthy = (*size - available(set)).clamp(0, budget);
        *size -= unhealthy;
        budget -= unhealthy;
    }
    let mut spare = available(new) + old.iter().map(available).sum::<i32>() - minimum;
    for size in &mut sizes {
        let less = (*size).min(spare).max(0);
        *size -= less;
        spare -= less;
    }
    sizes
}

/// Whether `spec.replicas` of the Deployment changed since its ReplicaSets were last sized (`isScalingEvent`).
pub(super) fn was_scaled<'a>(
    spec: &DeploymentSpec,
    sets: impl IntoIterator<Item = &'a ReplicaSet>,
) -> bool {
    sets.into_iter()
        .filter(|set| wanted(set) > 0)
        .filter_map(|set| revision::desired_replicas(&set.metadata))
        .any(|desired| desired != replicas(spec))
}

/// The sizes of all ReplicaSets, in their order, after the Deployment was scaled; `new` tells which is the new one.
/// In the middle of a rollout each gets its share.
pub(super) fn scaled(
    spec: &DeploymentSpec,
    existing_pods: i32,
    sets: &[ReplicaSet],
    new: Option<usize>,
) -> Vec<i32> {
    let mut sizes: Vec<i32> = sets.iter().map(wanted).collect();
    let active: Vec<usize> = (0..sets.len()).filter(|index| sizes[*index] > 0).collect();
    let only = match active[..] {
        [] => new.or_else(|| sets.len().checked_sub(1)),
        [only] => Some(only),
        _ => None,
    };
    if let Some(only) = only {
        sizes[only] = replicas(spec);
        return sizes;
    }
    if let Some(new) = new
        && is_saturated(spec, &sets[new])
    {
        for (index, size) in sizes.iter_mut().enumerate() {
            *size = if index == new { *size } else { 0 };
        }
        return sizes;
    }
    if !recreates(spec) && !active.is_empty() {
        proportionally(spec, existing_pods, sets, active, &mut sizes);
    }
    sizes
}

/// `IsSaturated`.
fn is_saturated(spec: &DeploymentSpec, new: &ReplicaSet) -> bool {
    wanted(new) == replicas(spec)
        && revision::desired_replicas(&new.metadata) == Some(replicas(spec))
        && available(new) == replicas(spec)
}

fn proportionally(
    spec: &DeploymentSpec,
    existing_pods: i32,
    sets: &[ReplicaSet],
    mut active: Vec<usize>,
    sizes: &mut [i32],
) {
    let allowed = if replicas(spec) > 0 {
        replicas(spec) + max_surge(spec)
    } else {
        0
    };
    let to_add = allowed - total(sets);
    if to_add == 0 {
        return;
    }
    // Larger ones first; among equals the newer grow and the older shrink first.
    if to_add > 0 {
        active.sort_by_key(|index| (Reverse(wanted(&sets[*index])), Reverse(*index)));
    } else {
        active.sort_by_key(|index| (Reverse(wanted(&sets[*index])), *index));
    }
    let mut added = 0;
    for index in &active {
        let share = fraction(spec, existing_pods, &sets[*index]);
        let left = to_add - added;
        let share = if to_add > 0 {
            share.min(left)
        } else {
            share.max(left)
        };
        sizes[*index] += share;
        added += share;
    }
    if let Some(first) = active.first() {
        sizes[*first] = (sizes[*first] + to_add - added).max(0);
    }
}

/// By how much a ReplicaSet changes when the most pods that there may be change (`getReplicaSetFraction`).
fn fraction(spec: &DeploymentSpec, existing_pods: i32, set: &ReplicaSet) -> i32 {
    if replicas(spec) == 0 {
        return -wanted(set);
    }
    let before = revision::max_replicas(&set.metadata)
        .filter(|most| *most > 0)
        .unwrap_or(existing_pods);
    if before == 0 {
        return 0;
    }
    let most = f64::from(replicas(spec) + max_surge(spec));
    let size = f64::from(wanted(set)) * most / f64::from(before);
    size.round() as i32 - wanted(set)
}

#[cfg(test)]
mod tests {
    use k8s_openapi::api::apps::v1::{DeploymentStrategy, ReplicaSetSpec, ReplicaSetStatus};

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

    fn sized(mut set: ReplicaSet, spec: &DeploymentSpec) -> ReplicaSet {
        revision::set_sizes(&mut set.metadata, spec);
        set
    }

    #[test]
    fn only_replica_set_follows_the_deployment_in_both_directions() {
        for replicas in [0, 1, 10] {
            let sizes = scaled(&mk_spec(replicas), 4, &[mk_set(4, 4)], Some(0));
            assert_eq!(sizes, [replicas]);
        }
    }

    #[test]
    fn single_pod_is_replaced_only_when_its_successor_is_available() {
        let spec = mk_spec(1);
        assert_eq!(new_replicas(&spec, 0, &[mk_set(1, 1)]), 1);
        assert_eq!(shrink(&spec, &mk_set(1, 0), &[mk_set(1, 1)]), [1]);
        assert_eq!(shrink(&spec, &mk_set(1, 1), &[mk_set(1, 1)]), [0]);
    }

    #[test]
    fn rollout_of_ten_never_leaves_its_bounds_and_ends() {
        let spec = mk_spec(10);
        let (mut new, mut old) = (0, 10);
        for _ in 0..20 {
            new = new_replicas(&spec, new, &[mk_set(old, old)]);
            assert!(new + old <= 13, "{new} + {old}");
            old = shrink(&spec, &mk_set(new, new), &[mk_set(old, old)])[0];
            assert!(new + old >= 8, "{new} + {old}");
        }
        assert_eq!((new, old), (10, 0));
    }

    #[test]
    fn scaling_in_a_rollout_is_shared_out_as_on_the_real_cluster() {
        // Kubernetes 1.35: of 4 replicas 3 were old and 2 new when the Deployment was scaled to 8.
        let before = mk_spec(4);
        let sets = [sized(mk_set(3, 3), &before), sized(mk_set(2, 0), &before)];
        assert!(was_scaled(&mk_spec(8), &sets));
        assert_eq!(scaled(&mk_spec(8), 5, &sets, Some(1)), [6, 4]);
        assert!(!was_scaled(&before, &sets));
    }

    #[test]
    fn old_pods_that_never_started_go_first() {
        // A rollout to a wrong image is rolled back: the wrong pods are the old ones now.
        let spec = mk_spec(8);
        assert_eq!(shrink(&spec, &mk_set(6, 6), &[mk_set(4, 0)]), [0]);
    }

    #[test]
    fn recreate_has_no_surge() {
        let mut spec = mk_spec(4);
        spec.strategy = Some(DeploymentStrategy {
            type_: Some("Recreate".to_owned()),
            rolling_update: None,
        });
        assert_eq!((max_surge(&spec), max_unavailable(&spec)), (0, 0));
        assert_eq!(new_replicas(&spec, 0, &[mk_set(0, 0)]), 4);
    }
}
