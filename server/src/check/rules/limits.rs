//! What the seats' namespaces allow a pod to be: limit ranges and Pod Security. Pure.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{LimitRange, LimitRangeItem};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use kube::ResourceExt;

use super::Class;
use crate::check::observed::Observed;
use crate::check::quantity::milli;
use crate::check::report::{Check, some};
use crate::check::size::PodSize;

/// <https://kubernetes.io/docs/concepts/security/pod-security-admission/>
const ENFORCE: &str = "pod-security.kubernetes.io/enforce";

pub(super) fn judge(observed: &Observed, class: &Class<'_>) -> Vec<Check> {
    if class.namespaces.is_empty() {
        return Vec::new();
    }
    let mut checks = vec![limit_ranges(observed, class)];
    checks.extend(pod_security(observed, class));
    checks
}

fn limit_ranges(observed: &Observed, class: &Class<'_>) -> Check {
    const NAME: &str = "Limit ranges";
    let ranges = match &observed.limit_ranges {
        Ok(ranges) => ranges,
        Err(cause) => return Check::unknown(NAME, "limitranges", cause),
    };
    let here = |range: &&LimitRange| class.has(range.metadata.namespace.as_ref());
    let refused: Vec<_> = ranges
        .iter()
        .filter(here)
        .filter_map(|range| {
            let items = range.spec.iter().flat_map(|spec| &spec.limits);
            let mut problems = items.filter_map(|item| problem(item, class));
            let place = range.namespace().unwrap_or_default();
            Some(format!(
                "{place}/{}: {}",
                range.name_any(),
                problems.next()?
            ))
        })
        .collect();
    if refused.is_empty() {
        return Check::pass(NAME, "none refuses the class's pods");
    }
    Check::fail(
        NAME,
        some(&refused),
        "Change it: `kubectl edit limitrange <name> -n <namespace>`, or choose other requests and limits (`--app-cpu-limit` and its like).",
    )
}

/// Why an item refuses one of the class's pods, each of which has one container.
/// Upstream: `plugin/pkg/admission/limitranger/admission.go`, `PodValidateLimitFunc`.
fn problem(item: &LimitRangeItem, class: &Class<'_>) -> Option<String> {
    if !matches!(item.type_.as_str(), "Container" | "Pod") {
        return None;
    }
    let pods = [("web app", class.sizes.app), ("load", class.sizes.load)];
    pods.into_iter().find_map(|(what, size)| {
        ["cpu", "memory"]
            .into_iter()
            .find_map(|resource| of_resource(item, resource, what, &size))
    })
}

fn of_resource(
    item: &LimitRangeItem,
    resource: &str,
    what: &str,
    size: &PodSize,
) -> Option<String> {
    let of = |from: &Option<BTreeMap<String, Quantity>>| {
        let quantity = from.as_ref()?.get(resource)?;
        Some((milli(&quantity.0)?, quantity.0.clone()))
    };
    let (request, limit) = match resource {
        "cpu" => (size.cpu_request_m, size.cpu_limit_m),
        _ => (
            size.memory_request.saturating_mul(1000),
            size.memory_limit.saturating_mul(1000),
        ),
    };
    if let Some((_, written)) = of(&item.max).filter(|(max, _)| limit > *max) {
        return Some(format!(
            "at most {written} {resource}, less than the limit of the {what}"
        ));
    }
    if let Some((_, written)) = of(&item.min).filter(|(min, _)| request < *min) {
        return Some(format!(
            "at least {written} {resource}, more than the request of the {what}"
        ));
    }
    let ratio = of(&item.max_limit_request_ratio)?;
    let exceeds = limit.saturating_mul(1000) > ratio.0.saturating_mul(request);
    exceeds.then(|| {
        format!(
            "{resource} limit at most {} times the request, less than the {what} has",
            ratio.1
        )
    })
}

fn pod_security(observed: &Observed, class: &Class<'_>) -> Option<Check> {
    const NAME: &str = "Pod Security";
    // That namespaces cannot be read is told elsewhere.
    let namespaces = observed.namespaces.as_ref().ok()?;
    let enforcing = |is: fn(Option<&str>) -> bool| {
        let seats = namespaces
            .iter()
            .filter(|namespace| class.has(namespace.metadata.name.as_ref()))
            .filter(move |namespace| is(namespace.labels().get(ENFORCE).map(String::as_str)));
        seats.map(ResourceExt::name_any).collect::<Vec<_>>()
    };
    let restricted = enforcing(|level| level == Some("restricted"));
    // An adopted namespace keeps its own rule, or none.
    let open = enforcing(|level| matches!(level, None | Some("privileged")));
    Some(if restricted.is_empty() && open.is_empty() {
        Check::pass(NAME, "the two images may run in each seat")
    } else if restricted.is_empty() {
        Check::warn(
            NAME,
            format!(
                "attendees may make privileged pods, and reach the node by them: {}",
                some(&open)
            ),
            format!(
                "Close it: `kubectl label namespace {} {ENFORCE}=baseline --overwrite`.",
                open.join(" ")
            ),
        )
    } else {
        Check::fail(
            NAME,
            format!(
                "restricted refuses both images, which run as root or as a user with a name: {}",
                some(&restricted)
            ),
            format!(
                "Relax it: `kubectl label namespace {} {ENFORCE}=baseline --overwrite`.",
                restricted.join(" ")
            ),
        )
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::world::{check, object, observed, outcome};
    use super::*;
    use crate::check::observed::Unread;
    use crate::check::report::Outcome;

    fn range(item: &serde_json::Value) -> LimitRange {
        object(json!({
            "metadata": { "name": "limits", "namespace": "seat-2" },
            "spec": { "limits": [item] },
        }))
    }

    #[test]
    fn limit_ranges_refuse_by_max_min_and_ratio() {
        for (item, words) in [
            (
                json!({ "type": "Container", "max": { "cpu": "200m" } }),
                "at most 200m cpu, less than the limit of the load",
            ),
            (
                json!({ "type": "Pod", "max": { "memory": "200Mi" } }),
                "limit of the web app",
            ),
            (
                json!({ "type": "Container", "min": { "cpu": "60m" } }),
                "request of the web app",
            ),
            (
                json!({ "type": "Container", "maxLimitRequestRatio": { "memory": "2" } }),
                "times the request",
            ),
        ] {
            let mut world = observed();
            world.limit_ranges = Ok(vec![range(&item)]);
            let ranges = check(&world, "Limit ranges");
            assert_eq!(ranges.outcome, Outcome::Fail, "{words}");
            assert!(ranges.found.contains(words), "{}", ranges.found);
        }
    }

    #[test]
    fn wide_limit_ranges_and_defaults_are_fine() {
        let mut world = observed();
        world.limit_ranges = Ok(vec![
            range(
                &json!({ "type": "Container", "max": { "cpu": "2", "memory": "1Gi" }, "default": { "cpu": "10m" } }),
            ),
            range(&json!({ "type": "PersistentVolumeClaim", "max": { "storage": "1" } })),
        ]);
        assert_eq!(outcome(&world, "Limit ranges"), Outcome::Pass);
        world.limit_ranges = Err(Unread::Forbidden);
        assert_eq!(outcome(&world, "Limit ranges"), Outcome::Warn);
    }

    #[test]
    fn namespace_without_a_rule_is_a_warning() {
        let mut observed = observed();
        let namespaces = observed.namespaces.as_mut().unwrap();
        namespaces[0]
            .metadata
            .labels
            .as_mut()
            .unwrap()
            .remove(ENFORCE);
        let check = check(&observed, "Pod Security");
        assert_eq!(check.outcome, Outcome::Warn);
        assert!(check.found.contains("seat-1"), "{check:?}");
    }

    #[test]
    fn restricted_namespace_is_a_problem_with_its_command() {
        let mut world = observed();
        let namespace = &mut world.namespaces.as_mut().unwrap()[0];
        let labels = namespace.metadata.labels.get_or_insert_default();
        labels.insert(ENFORCE.to_owned(), "restricted".to_owned());
        let security = check(&world, "Pod Security");
        assert_eq!(security.outcome, Outcome::Fail);
        let cure = security.cure.unwrap();
        assert!(cure.contains("kubectl label namespace seat-1"), "{cure}");
    }
}
