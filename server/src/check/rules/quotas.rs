//! Whether each seat's quota has room for the app at its most and one load, beside what is there. Pure.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{Pod, ResourceQuota};

use super::Class;
use crate::check::observed::Observed;
use crate::check::quantity::milli;
use crate::check::report::{Check, counted, some};
use crate::check::size::PodSize;
use crate::names::{PART_OF, PART_OF_LABEL};
use crate::workshop::manifests::APP;

const NAME: &str = "Quotas";

/// What is short in one namespace, in words.
enum Short {
    /// Even without a rollout.
    Always(String),
    /// Only while a rollout makes new pods before it ends old ones.
    Rollout(String),
}

pub(super) fn judge(observed: &Observed, class: &Class<'_>) -> Option<Check> {
    if class.namespaces.is_empty() {
        return None;
    }
    let quotas = match &observed.quotas {
        Ok(quotas) => quotas,
        Err(cause) => return Some(Check::unknown(NAME, "resourcequotas", cause)),
    };
    let pods = observed.pods.as_deref().unwrap_or_default();
    let (mut always, mut rollout, mut without) = (Vec::new(), Vec::new(), Vec::new());
    for namespace in class.namespaces {
        let is_here = |name: &Option<String>| name.as_ref() == Some(namespace);
        let here = || {
            let quotas = quotas.iter();
            quotas.filter(|quota| is_here(&quota.metadata.namespace))
        };
        let own = pods.iter().filter(|pod| is_here(&pod.metadata.namespace));
        let own: Vec<_> = own.filter(|pod| is_of_the_class(pod)).collect();
        if here().next().is_none() {
            without.push(namespace.clone());
        }
        match here().find_map(|quota| short(quota, &own, class)) {
            Some(Short::Always(words)) => always.push(format!("{namespace}: {words}")),
            Some(Short::Rollout(words)) => rollout.push(format!("{namespace}: {words}")),
            None => {}
        }
    }
    let cure = format!(
        "Set them anew for these settings: `workshop seats create --count {}` with the options of this check. Ask whoever made a quota of another name than `workshop`.",
        class.namespaces.len()
    );
    let max = counted(class.settings.max_replicas, "replica");
    Some(if !always.is_empty() {
        let count = counted(always.len(), "seat");
        Check::fail(
            NAME,
            format!(
                "{count} without room for {max} and a load: {}",
                some(&always)
            ),
            cure,
        )
    } else if !rollout.is_empty() {
        let count = counted(rollout.len(), "seat");
        Check::warn(
            NAME,
            format!(
                "{count} without room for a rollout at {max}: {}",
                some(&rollout)
            ),
            cure,
        )
    } else if !without.is_empty() {
        let count = counted(without.len(), "seat");
        Check::warn(
            NAME,
            format!(
                "{count} without a quota: {}; an attendee's own file could take the whole cluster",
                some(&without)
            ),
            cure,
        )
    } else {
        Check::pass(NAME, format!("room for {max} and a load in each seat"))
    })
}

/// Pods that the class itself makes, also from an attendee's own files: the handout's labels.
fn is_of_the_class(pod: &Pod) -> bool {
    let labels = pod.metadata.labels.as_ref();
    labels.is_some_and(|labels| {
        let is = |label: &str, value: &str| labels.get(label).is_some_and(|own| own == value);
        is(PART_OF_LABEL, PART_OF) || is("app", APP) || is("app", "locust")
    })
}

/// What one quota lacks. Scopes of other pods than the class's do not count.
fn short(quota: &ResourceQuota, own: &[&Pod], class: &Class<'_>) -> Option<Short> {
    let spec = quota.spec.as_ref()?;
    let scopes = spec.scopes.iter().flatten();
    let other_pods = |scope: &String| !matches!(scope.as_str(), "NotTerminating" | "NotBestEffort");
    if scopes.clone().any(other_pods) || spec.scope_selector.is_some() {
        return None;
    }
    let none = BTreeMap::new();
    let used = quota
        .status
        .as_ref()
        .and_then(|status| status.used.as_ref());
    let used = used.unwrap_or(&none);
    let own = own.iter().filter(|pod| !has_ended(pod));
    let own = own.filter_map(|pod| pod.spec.as_ref());
    let (mut pods, mut size) = (0, PodSize::default());
    for spec in own {
        pods += 1;
        size = size.plus(PodSize::of(spec));
    }
    let max = i64::from(class.settings.max_replicas);
    // A Deployment's default maxSurge: a quarter, rounded up (kubernetes `pkg/apis/apps/v1/defaults.go`).
    let surge = i64::from(class.settings.max_replicas.div_ceil(4));
    let need = |replicas: i64| class.sizes.app.times(replicas).plus(class.sizes.load);
    let mut rollout = None;
    for (resource, hard) in spec.hard.iter().flatten() {
        let Some(hard_milli) = milli(&hard.0) else {
            continue;
        };
        let Some((least, most)) = needed(
            resource,
            |replicas| (need(replicas), replicas + 1),
            max,
            surge,
        ) else {
            continue;
        };
        let taken = used.get(resource).and_then(|used| milli(&used.0));
        let by_class = needed(resource, |_| (size, pods), 0, 0).map_or(0, |(own, _)| own);
        let others = if is_counted_by_object(resource) {
            0
        } else {
            (taken.unwrap_or(0) - by_class).max(0)
        };
        let words = |need: i64| {
            let mut words = format!(
                "{resource} is {}, needed {}",
                hard.0,
                written(resource, need)
            );
            if others > 0 {
                words.push_str(&format!(" beside {}", written(resource, others)));
            }
            words
        };
        if least + others > hard_milli {
            return Some(Short::Always(words(least)));
        }
        if most + others > hard_milli && rollout.is_none() {
            rollout = Some(Short::Rollout(words(most)));
        }
    }
    rollout
}

/// What a class needs of a quota's resource in thousandths: at the most replicas, and during a rollout there.
/// `None` for resources that the class does not use.
fn needed(
    resource: &str,
    size: impl Fn(i64) -> (PodSize, i64),
    max: i64,
    surge: i64,
) -> Option<(i64, i64)> {
    let of = |replicas: i64| {
        let (size, pods) = size(replicas);
        Some(match resource {
            "pods" | "count/pods" => pods * 1000,
            "cpu" | "requests.cpu" => size.cpu_request_m,
            "limits.cpu" => size.cpu_limit_m,
            "memory" | "requests.memory" => size.memory_request.saturating_mul(1000),
            "limits.memory" => size.memory_limit.saturating_mul(1000),
            "services"
            | "count/services"
            | "count/deployments.apps"
            | "count/replicasets.apps"
            | "count/jobs.batch"
            | "count/scaledobjects.keda.sh"
            | "count/horizontalpodautoscalers.autoscaling" => 1000,
            // The app's code, the locustfile, and the cluster's own kube-root-ca.crt.
            "configmaps" | "count/configmaps" => 3000,
            _ => return None,
        })
    };
    Some((of(max)?, of(max + surge)?))
}

/// Objects of the class that are there already are the ones that are needed.
fn is_counted_by_object(resource: &str) -> bool {
    let of_pods = ["pods", "count/pods", "cpu", "memory"];
    !of_pods.contains(&resource)
        && !resource.starts_with("requests.")
        && !resource.starts_with("limits.")
}

fn written(resource: &str, milli: i64) -> String {
    if resource.ends_with("cpu") {
        format!("{milli}m")
    } else if resource.ends_with("memory") {
        format!("{}Mi", (milli / 1000).div_euclid(1 << 20))
    } else {
        (milli / 1000).to_string()
    }
}

fn has_ended(pod: &Pod) -> bool {
    let phase = pod
        .status
        .as_ref()
        .and_then(|status| status.phase.as_deref());
    matches!(phase, Some("Succeeded" | "Failed"))
}

#[cfg(test)]
mod tests {
    use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
    use serde_json::json;

    use super::super::world::{check, object, observed, outcome};
    use super::*;
    use crate::check::report::Outcome;

    fn set(quota: &mut ResourceQuota, resource: &str, hard: &str) {
        let spec = quota.spec.as_mut().unwrap();
        let hard = Quantity(hard.to_owned());
        spec.hard
            .get_or_insert_default()
            .insert(resource.to_owned(), hard);
    }

    #[test]
    fn quota_of_seats_create_has_room() {
        assert_eq!(outcome(&observed(), NAME), Outcome::Pass);
    }

    #[test]
    fn too_small_a_quota_is_a_problem_and_too_small_for_a_rollout_a_warning() {
        let mut world = observed();
        set(&mut world.quotas.as_mut().unwrap()[1], "limits.cpu", "1");
        let quotas = check(&world, NAME);
        assert_eq!(quotas.outcome, Outcome::Fail);
        assert_eq!(
            quotas.found,
            "1 seat without room for 10 replicas and a load: seat-2: limits.cpu is 1, needed 1500m"
        );

        let mut world = observed();
        set(&mut world.quotas.as_mut().unwrap()[0], "pods", "11");
        let quotas = check(&world, NAME);
        assert_eq!(quotas.outcome, Outcome::Warn);
        assert!(
            quotas.found.contains("pods is 11, needed 14"),
            "{}",
            quotas.found
        );
    }

    #[test]
    fn what_others_use_counts_and_what_the_class_uses_does_not() {
        let pod = |labels: serde_json::Value| {
            object::<Pod>(json!({
                "metadata": { "name": "a", "namespace": "seat-1", "labels": labels },
                "spec": { "containers": [{ "name": "a", "resources": { "requests": { "cpu": "500m" } } }] },
            }))
        };
        let mut world = observed();
        world.quotas.as_mut().unwrap()[0].status = Some(object(json!({
            "used": { "requests.cpu": "500m", "pods": "1" },
        })));
        world
            .pods
            .as_mut()
            .unwrap()
            .push(pod(json!({ "app": APP })));
        assert_eq!(outcome(&world, NAME), Outcome::Pass);
        world.pods = Ok(vec![pod(json!({ "app": "mine" }))]);
        let quotas = check(&world, NAME);
        assert_eq!(quotas.outcome, Outcome::Fail);
        assert!(
            quotas
                .found
                .contains("requests.cpu is 750m, needed 600m beside 500m"),
            "{}",
            quotas.found
        );
    }

    #[test]
    fn quotas_of_other_pods_and_resources_do_not_count() {
        let mut world = observed();
        let quotas = world.quotas.as_mut().unwrap();
        set(&mut quotas[0], "requests.storage", "0");
        let mut best_effort = quotas[0].clone();
        set(&mut best_effort, "pods", "0");
        best_effort.spec.as_mut().unwrap().scopes = Some(vec!["BestEffort".to_owned()]);
        quotas.push(best_effort);
        assert_eq!(outcome(&world, NAME), Outcome::Pass);
    }

    #[test]
    fn seat_without_quota_is_a_warning() {
        let mut world = observed();
        world.quotas = Ok(Vec::new());
        assert_eq!(outcome(&world, NAME), Outcome::Warn);
    }

    #[test]
    fn objects_are_counted_too() {
        let mut world = observed();
        set(
            &mut world.quotas.as_mut().unwrap()[0],
            "count/jobs.batch",
            "0",
        );
        assert!(
            check(&world, NAME)
                .found
                .contains("count/jobs.batch is 0, needed 1")
        );
    }
}
