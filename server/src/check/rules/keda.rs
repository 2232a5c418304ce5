//! KEDA: its API and version, whether its operator is alive and watches the seats, its webhook. Pure.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use k8s_openapi::api::admissionregistration::v1::ValidatingWebhookConfiguration;
use k8s_openapi::api::apps::v1::Deployment;
use kube::ResourceExt;

use super::Class;
use crate::check::observed::{Observed, Unread, WebhookAnswer};
use crate::check::report::{Check, some};

const INSTALL: &str = "Install KEDA: `helm install keda keda --repo https://kedacore.github.io/charts --namespace keda --create-namespace --version 2.20.2`.";

/// Any of the operator's leases and any ScaledObject's `lastActiveTime` is renewed well within this time: KEDA's
/// lease lasts 15 s (controller-runtime `defaultLeaseDuration`), its longest default poll 30 s.
const ALIVE_WITHIN: SignedDuration = SignedDuration::from_secs(60);

const OPERATOR: &str = "keda-operator";

pub(super) fn judge(observed: &Observed, class: &Class<'_>) -> Vec<Check> {
    let api = api(observed);
    // Without its API there is no KEDA; what else it lacks is no other problem.
    if observed.keda.api.is_err() {
        return vec![api];
    }
    let mut checks = vec![api, operator(observed)];
    checks.extend(watched(observed, class));
    checks.push(webhook(observed));
    checks
}

fn api(observed: &Observed) -> Check {
    const NAME: &str = "KEDA";
    match &observed.keda.api {
        Err(Unread::Absent) => {
            return Check::fail(NAME, "keda.sh/v1alpha1 is not served", INSTALL);
        }
        Err(cause) => return Check::unknown(NAME, "keda.sh/v1alpha1", cause),
        Ok(()) => {}
    }
    let Some(version) = version(observed) else {
        return Check::pass(
            NAME,
            "keda.sh/v1alpha1 is served; its version could not be told",
        );
    };
    let found = format!("KEDA {version}");
    match numbers(&version) {
        Some((2, 20, 0 | 1)) => Check::warn(
            NAME,
            format!(
                "{found}: it calls a ScaledObject not ready while the HPA waits for its first metrics"
            ),
            "Upgrade to 2.20.2 or newer: `helm upgrade keda keda --repo https://kedacore.github.io/charts --namespace keda --reuse-values --version 2.20.2`.",
        ),
        Some(numbers) if numbers < (2, 20, 0) => Check::warn(
            NAME,
            format!("{found}: older than 2.20, which the panel is tested with"),
            "Rehearse a whole class with it, or upgrade KEDA to 2.20.2 or newer.",
        ),
        _ => Check::pass(NAME, found),
    }
}

/// The version, wherever it is written: by what runs rather than by what was installed.
fn version(observed: &Observed) -> Option<String> {
    let of_image = |deployment: &Deployment| {
        let spec = deployment.spec.as_ref()?.template.spec.as_ref()?;
        let image = spec.containers.first()?.image.as_deref()?;
        let (_, tag) = image.split('@').next()?.rsplit_once(':')?;
        numbers(tag).map(|_| tag.to_owned())
    };
    let label = |labels: &BTreeMap<String, String>| {
        let version = labels.get("app.kubernetes.io/version")?;
        numbers(version).map(|_| version.clone())
    };
    let operator = operator_deployment(observed);
    let autoscalers = observed.autoscalers.iter().flatten();
    operator
        .and_then(of_image)
        .or_else(|| operator.and_then(|deployment| label(deployment.labels())))
        .or_else(|| {
            let made_by_it = |labels: &BTreeMap<String, String>| {
                let manager = labels.get("app.kubernetes.io/managed-by");
                manager.is_some_and(|manager| manager == OPERATOR)
            };
            autoscalers
                .filter(|autoscaler| made_by_it(autoscaler.labels()))
                .find_map(|autoscaler| label(autoscaler.labels()))
        })
        .or_else(|| {
            let version = observed.keda.definition.as_ref().ok()?.clone()?;
            numbers(&version).map(|_| version)
        })
        .map(|version| version.trim_start_matches('v').to_owned())
}

fn numbers(version: &str) -> Option<(u32, u32, u32)> {
    let mut parts = version.trim_start_matches('v').splitn(3, '.');
    let mut next = || {
        let part = parts.next()?;
        let digits = part.find(|c: char| !c.is_ascii_digit());
        part.get(..digits.unwrap_or(part.len()))?.parse().ok()
    };
    Some((next()?, next()?, next()?))
}

fn operator_deployment(observed: &Observed) -> Option<&Deployment> {
    let is_operator = |deployment: &&Deployment| {
        let label = deployment.labels().get("app.kubernetes.io/name");
        deployment.name_any() == OPERATOR || label.is_some_and(|label| label == OPERATOR)
    };
    observed.deployments.iter().flatten().find(is_operator)
}

/// By its lease, its Deployment, or what it writes: an operator that runs as a lone process has neither of the first.
fn operator(observed: &Observed) -> Check {
    const NAME: &str = "KEDA operator";
    const LOOK: &str =
        "Look at its pods: `kubectl get pods -A -l app=keda-operator`, and at their log.";
    let age = |time| observed.now.duration_since(time);
    let leases = observed.keda.leases.iter().flatten();
    let renewed = leases.filter_map(|lease| lease.spec.as_ref()?.renew_time.as_ref());
    let lease = renewed.map(|time| time.0).max().map(age);
    if lease.is_some_and(|age| age < ALIVE_WITHIN) {
        return Check::pass(NAME, "alive: it renews its lease");
    }
    let looks = observed.scaled_objects.iter().flatten();
    let look = looks.filter_map(|object| object.last_active).max().map(age);
    if look.is_some_and(|age| age < ALIVE_WITHIN) {
        return Check::pass(NAME, "alive: it looks at ScaledObjects");
    }
    if let Some(age) = lease {
        return Check::fail(
            NAME,
            format!("its lease was last renewed {} s ago", age.as_secs()),
            LOOK,
        );
    }
    match operator_deployment(observed) {
        Some(deployment) => {
            let status = deployment.status.as_ref();
            let available = status.and_then(|status| status.available_replicas);
            let place = deployment.namespace().unwrap_or_default();
            if available.unwrap_or(0) > 0 {
                Check::pass(NAME, format!("its Deployment in {place} is available"))
            } else {
                Check::fail(
                    NAME,
                    format!("its Deployment in {place} has no available pod"),
                    format!(
                        "Look why: `kubectl describe deployment {} -n {place}`.",
                        deployment.name_any()
                    ),
                )
            }
        }
        None => Check::warn(
            NAME,
            "not known: neither its lease nor its Deployment was found, and no ScaledObject that it looks at",
            "Deploy in one seat: if no HPA appears within 10 s, the operator does not run.",
        ),
    }
}

/// Whether the operator watches the seats' namespaces; nothing where its Deployment cannot be seen.
fn watched(observed: &Observed, class: &Class<'_>) -> Option<Check> {
    const NAME: &str = "KEDA's namespaces";
    let deployment = operator_deployment(observed)?;
    let spec = deployment.spec.as_ref()?.template.spec.as_ref()?;
    let mut variables = spec
        .containers
        .iter()
        .flat_map(|container| container.env.iter().flatten());
    let variable = variables.rfind(|variable| variable.name == "WATCH_NAMESPACE")?;
    if variable.value_from.is_some() {
        return Some(Check::warn(
            NAME,
            "not known: WATCH_NAMESPACE comes from elsewhere",
            "Look whether the operator watches the seats' namespaces: `kubectl describe deployment keda-operator -A`.",
        ));
    }
    // As kedacore/keda `pkg/util/watch.go` reads it.
    let value = variable.value.as_deref().unwrap_or("");
    if value.is_empty() || value == "\"\"" {
        return Some(Check::pass(NAME, "it watches all namespaces"));
    }
    let names: Vec<_> = value.split(',').collect();
    let unwatched: Vec<_> = class
        .namespaces
        .iter()
        .filter(|namespace| !names.contains(&namespace.as_str()))
        .collect();
    Some(if unwatched.is_empty() {
        Check::pass(NAME, "it watches the seats' namespaces")
    } else {
        Check::fail(
            NAME,
            format!("it does not watch {}", some(&unwatched)),
            "Let it watch all namespaces: `helm upgrade keda keda --repo https://kedacore.github.io/charts --namespace keda --reuse-values --set watchNamespace=`.",
        )
    })
}

fn webhook(observed: &Observed) -> Check {
    const NAME: &str = "KEDA webhook";
    const CURE: &str = "Install KEDA with its webhook (`webhooks.enabled=true`, the chart's default), or look at its pods: `kubectl get pods -A -l app=keda-admission-webhooks`.";
    let registered = observed.keda.webhooks.as_ref();
    let registered = registered.map(|all| all.iter().any(is_of_scaled_objects));
    match (&observed.keda.mistake, registered) {
        (WebhookAnswer::Refused, _) => Check::pass(NAME, "it refuses mistakes in ScaledObjects"),
        (_, Ok(false)) => Check::warn(
            NAME,
            "not registered: mistakes in a ScaledObject are not refused, but show later in its status",
            CURE,
        ),
        (WebhookAnswer::Accepted, _) => Check::warn(
            NAME,
            "it does not look at ScaledObjects: mistakes in one are not refused, but show later in its status",
            CURE,
        ),
        (WebhookAnswer::Silent, _) => Check::warn(
            NAME,
            "it does not answer in time: each Deploy would wait for it",
            CURE,
        ),
        (WebhookAnswer::Unknown(_), Ok(true)) => Check::pass(NAME, "registered"),
        (WebhookAnswer::Unknown(cause), Err(_)) => Check::warn(
            NAME,
            format!("not known: {cause}"),
            "Run the check with an account that may read validatingwebhookconfigurations.",
        ),
    }
}

fn is_of_scaled_objects(configuration: &ValidatingWebhookConfiguration) -> bool {
    let has = |list: &Option<Vec<String>>, wanted: &str| {
        let mut list = list.iter().flatten();
        list.any(|item| item == wanted || item == "*")
    };
    let webhooks = configuration.webhooks.iter().flatten();
    let mut rules = webhooks.flat_map(|webhook| webhook.rules.iter().flatten());
    rules.any(|rule| {
        let groups = rule.api_groups.iter().flatten();
        // Not those of policy engines, which register for everything.
        groups.clone().any(|group| group == "keda.sh") && has(&rule.resources, "scaledobjects")
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::world::{check, object, observed, outcome};
    use crate::check::observed::{Unread, WebhookAnswer};
    use crate::check::report::Outcome;

    #[test]
    fn absent_keda_is_one_problem() {
        let mut world = observed();
        world.keda.api = Err(Unread::Absent);
        world.keda.leases = Ok(Vec::new());
        world.keda.webhooks = Ok(Vec::new());
        let report = super::super::world::report(&world);
        assert_eq!(report.verdict, "Not ready: 1 problem");
        let keda = report.get("KEDA").unwrap();
        assert!(keda.cure.as_ref().unwrap().contains("helm install"));
        assert!(report.get("KEDA operator").is_none());
    }

    #[test]
    fn version_decides() {
        for (version, expected) in [
            (Some("2.20.2"), Outcome::Pass),
            (Some("v2.21.0"), Outcome::Pass),
            (Some("2.20.1"), Outcome::Warn),
            (Some("2.18.3"), Outcome::Warn),
            (None, Outcome::Pass),
        ] {
            let mut world = observed();
            world.keda.definition = Ok(version.map(str::to_owned));
            assert_eq!(outcome(&world, "KEDA"), expected, "{version:?}");
        }
    }

    #[test]
    fn the_running_image_counts_before_labels() {
        let mut world = observed();
        world.keda.definition = Ok(Some("2.20.2".to_owned()));
        world.deployments.as_mut().unwrap().push(deployment(1, ""));
        assert!(check(&world, "KEDA").found.contains("2.20.1"));
    }

    fn deployment(available: i32, watch: &str) -> k8s_openapi::api::apps::v1::Deployment {
        object(json!({
            "metadata": { "name": "keda-operator", "namespace": "keda" },
            "spec": { "selector": {}, "template": { "spec": { "containers": [{
                "name": "keda-operator",
                "image": "ghcr.io/kedacore/keda:2.20.1",
                "env": [{ "name": "WATCH_NAMESPACE", "value": watch }],
            }] } } },
            "status": { "availableReplicas": available },
        }))
    }

    #[test]
    fn stale_lease_is_a_dead_operator() {
        let mut world = observed();
        world.now = "2026-11-24T09:05:00Z".parse().unwrap();
        let operator = check(&world, "KEDA operator");
        assert_eq!(operator.outcome, Outcome::Fail);
        assert!(operator.found.contains("300 s"), "{}", operator.found);
    }

    #[test]
    fn operator_without_lease_is_known_by_its_deployment_or_by_what_it_writes() {
        let mut world = observed();
        world.keda.leases = Ok(Vec::new());
        assert_eq!(outcome(&world, "KEDA operator"), Outcome::Warn);
        world.deployments.as_mut().unwrap().push(deployment(0, ""));
        assert_eq!(outcome(&world, "KEDA operator"), Outcome::Fail);
        let objects = world.scaled_objects.as_mut().unwrap();
        objects.push(crate::check::observed::ScaledObject {
            namespace: "elsewhere".to_owned(),
            last_active: Some(world.now),
        });
        assert_eq!(outcome(&world, "KEDA operator"), Outcome::Pass);
    }

    #[test]
    fn operator_must_watch_the_seats() {
        let mut world = observed();
        world.deployments.as_mut().unwrap().push(deployment(1, ""));
        assert_eq!(outcome(&world, "KEDA's namespaces"), Outcome::Pass);
        *world.deployments.as_mut().unwrap() = vec![deployment(1, "seat-1,other")];
        let namespaces = check(&world, "KEDA's namespaces");
        assert_eq!(namespaces.outcome, Outcome::Fail);
        assert_eq!(namespaces.found, "it does not watch seat-2");
    }

    #[test]
    fn webhook_is_judged_by_its_answer_before_its_registration() {
        let mut world = observed();
        assert_eq!(outcome(&world, "KEDA webhook"), Outcome::Pass);
        world.keda.mistake = WebhookAnswer::Accepted;
        assert_eq!(outcome(&world, "KEDA webhook"), Outcome::Warn);
        world.keda.mistake = WebhookAnswer::Silent;
        assert!(check(&world, "KEDA webhook").found.contains("in time"));
        world.keda.mistake = WebhookAnswer::Unknown("there is no seat".to_owned());
        assert_eq!(outcome(&world, "KEDA webhook"), Outcome::Pass);
        world.keda.webhooks = Err(Unread::Forbidden);
        assert_eq!(outcome(&world, "KEDA webhook"), Outcome::Warn);
        world.keda.webhooks = Ok(Vec::new());
        assert!(
            check(&world, "KEDA webhook")
                .found
                .contains("not registered")
        );
    }
}
