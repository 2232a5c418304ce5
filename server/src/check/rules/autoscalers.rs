//! What is in the seats before the class: autoscalers that would collide, and leftovers of an earlier class. Pure.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use kube::ResourceExt;

use super::Class;
use crate::check::observed::Observed;
use crate::check::report::{Check, counted, some};
use crate::names::{PART_OF, PART_OF_LABEL};
use crate::workshop::manifests::APP;

pub(super) fn judge(observed: &Observed, class: &Class<'_>) -> Vec<Check> {
    if class.namespaces.is_empty() {
        return Vec::new();
    }
    let mut checks = vec![autoscalers(observed, class)];
    checks.extend(leftovers(observed, class));
    checks
}

fn autoscalers(observed: &Observed, class: &Class<'_>) -> Check {
    const NAME: &str = "Autoscalers";
    let all = match &observed.autoscalers {
        Ok(all) => all,
        Err(cause) => return Check::unknown(NAME, "horizontalpodautoscalers", cause),
    };
    let mut by_target: BTreeMap<(String, String, String), Vec<&HorizontalPodAutoscaler>> =
        BTreeMap::new();
    let here =
        |autoscaler: &&HorizontalPodAutoscaler| class.has(autoscaler.metadata.namespace.as_ref());
    for autoscaler in all.iter().filter(here) {
        let Some(spec) = &autoscaler.spec else {
            continue;
        };
        let target = &spec.scale_target_ref;
        let key = (
            autoscaler.namespace().unwrap_or_default(),
            target.kind.clone(),
            target.name.clone(),
        );
        by_target.entry(key).or_default().push(autoscaler);
    }
    // KEDA refuses a ScaledObject for what another HPA scales; two HPAs on one target both stand still.
    let mut problems = Vec::new();
    let mut remove = Vec::new();
    for ((namespace, kind, target), autoscalers) in &by_target {
        let foreign: Vec<_> = autoscalers.iter().filter(|a| !is_kedas(a)).collect();
        let is_app = kind == "Deployment" && target == APP;
        if autoscalers.len() > 1 {
            let names: Vec<_> = autoscalers.iter().map(|a| a.name_any()).collect();
            problems.push(format!(
                "{} scale {target} in {namespace}",
                names.join(" and ")
            ));
        } else if let (true, Some(autoscaler)) = (is_app, foreign.first()) {
            problems.push(format!(
                "{} in {namespace} scales {target}, and is no ScaledObject's",
                autoscaler.name_any()
            ));
        } else {
            continue;
        }
        remove.extend(
            foreign
                .iter()
                .map(|a| format!("`kubectl delete hpa {} -n {namespace}`", a.name_any())),
        );
    }
    if problems.is_empty() {
        return Check::pass(NAME, "none in the seats collides");
    }
    let cure = if remove.is_empty() {
        "Keep one ScaledObject for each Deployment: `kubectl get scaledobjects -n <namespace>`."
            .to_owned()
    } else {
        format!("Delete what KEDA did not make: {}.", some(&remove))
    };
    Check::fail(NAME, some(&problems), cure)
}

fn is_kedas(autoscaler: &HorizontalPodAutoscaler) -> bool {
    let owners = autoscaler.owner_references();
    owners.iter().any(|owner| owner.kind == "ScaledObject")
}

/// Nothing, where what is in the seats cannot be read: it is no precondition.
fn leftovers(observed: &Observed, class: &Class<'_>) -> Option<Check> {
    const NAME: &str = "Leftovers";
    let deployments = observed.deployments.as_ref().ok()?.iter();
    let deployments = deployments.filter_map(|object| object.namespace());
    let jobs = observed.jobs.as_ref().ok()?.iter();
    let jobs = jobs.filter_map(|object| object.namespace());
    let scaled_objects = observed.scaled_objects.iter().flatten();
    let scaled_objects = scaled_objects.map(|object| object.namespace.clone());
    let all = deployments.chain(jobs).chain(scaled_objects);
    let used: BTreeSet<_> = all.filter(|namespace| class.has(Some(namespace))).collect();
    let used: Vec<_> = used.into_iter().collect();
    Some(if used.is_empty() {
        Check::pass(NAME, "the seats are empty")
    } else {
        Check::warn(
            NAME,
            format!(
                "{} with objects of an earlier class: {}",
                counted(used.len(), "seat"),
                some(&used)
            ),
            format!(
                "If no class is running, press Clean up in each, or `kubectl delete scaledobjects,jobs,deployments,services,configmaps -l {PART_OF_LABEL}={PART_OF} -n <namespace>`."
            ),
        )
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::world::{check, object, observed, outcome};
    use super::*;
    use crate::check::observed::ScaledObject;
    use crate::check::report::Outcome;

    fn autoscaler(name: &str, owner: Option<&str>, target: &str) -> HorizontalPodAutoscaler {
        let owners: Vec<_> = owner
            .iter()
            .map(|kind| json!({ "apiVersion": "keda.sh/v1alpha1", "kind": kind, "name": "a", "uid": "1" }))
            .collect();
        object(json!({
            "metadata": { "name": name, "namespace": "seat-1", "ownerReferences": owners },
            "spec": { "maxReplicas": 3, "scaleTargetRef": { "kind": "Deployment", "name": target } },
        }))
    }

    #[test]
    fn kedas_own_autoscaler_is_fine() {
        let mut world = observed();
        world.autoscalers = Ok(vec![
            autoscaler("keda-hpa-webapp", Some("ScaledObject"), APP),
            autoscaler("mine", None, "other"),
        ]);
        assert_eq!(outcome(&world, "Autoscalers"), Outcome::Pass);
    }

    #[test]
    fn foreign_autoscaler_on_the_app_is_a_problem_with_its_command() {
        let mut world = observed();
        world.autoscalers = Ok(vec![autoscaler("mine", None, APP)]);
        let autoscalers = check(&world, "Autoscalers");
        assert_eq!(autoscalers.outcome, Outcome::Fail);
        assert!(
            autoscalers
                .cure
                .unwrap()
                .contains("kubectl delete hpa mine -n seat-1")
        );
    }

    #[test]
    fn two_autoscalers_on_one_target_are_a_problem() {
        let mut world = observed();
        world.autoscalers = Ok(vec![
            autoscaler("keda-hpa-a", Some("ScaledObject"), "other"),
            autoscaler("keda-hpa-b", Some("ScaledObject"), "other"),
        ]);
        let found = check(&world, "Autoscalers").found;
        assert_eq!(found, "keda-hpa-a and keda-hpa-b scale other in seat-1");
    }

    #[test]
    fn leftovers_in_seats_are_a_warning() {
        let mut world = observed();
        let object = |namespace: &str| ScaledObject {
            namespace: namespace.to_owned(),
            last_active: None,
        };
        world.scaled_objects = Ok(vec![object("elsewhere")]);
        assert_eq!(outcome(&world, "Leftovers"), Outcome::Pass);
        world.scaled_objects = Ok(vec![object("elsewhere"), object("seat-2")]);
        let leftovers = check(&world, "Leftovers");
        assert_eq!(leftovers.outcome, Outcome::Warn);
        assert!(leftovers.found.ends_with(": seat-2"), "{}", leftovers.found);
    }
}
