//! Deploy: applies the app, its Service and its autoscaler, over whatever of them is there already.

use std::collections::BTreeMap;
use std::time::Duration;

use app::model::{AppSettings, Owner, Snapshot};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{ConfigMap, Service};
use kube::api::{ApiResource, DynamicObject};

use super::hands::{Hands, Recorded};
use super::own_fields::own_fields;
use super::refusal::{conflict, is_of_managed_target, is_of_unseen_target};
use crate::error::{Error, Result};
use crate::names::FIELD_MANAGER;
use crate::workshop::manifests::{self, APP, CODE, Settings, read};

/// How long a replaced object may take to go: a ScaledObject waits for KEDA's finalizer.
const GONE_WITHIN: Duration = Duration::from_secs(20);

/// What to do about one of the three objects.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    /// Nothing is there, or the panel's own.
    Apply,
    /// Somebody else's, of this name, does the same.
    Keep(String),
    /// Somebody else's, of this name, goes before the panel's comes. An apply over it would leave what it has more,
    /// such as a second container.
    Replace(String),
}

/// What to do.
#[derive(Debug, PartialEq, Eq)]
struct Plan {
    deployment: Part,
    service: Part,
    scaled_object: Part,
}

/// From what is there. `None`: the panel has not seen the namespace yet, so nothing is.
fn plan(snapshot: Option<&Snapshot>, take_over: bool) -> Result<Plan> {
    let part = |there: Option<(&String, &Owner, bool)>| match there {
        Some((name, _, true)) => Err(Error::Refused(conflict(format!(
            "{name} is still being removed. Deploy again when it is gone."
        )))),
        None | Some((_, Owner { own: true, .. }, _)) => Ok(Part::Apply),
        Some((name, _, _)) if take_over => Ok(Part::Replace(name.clone())),
        Some((name, _, _)) => Ok(Part::Keep(name.clone())),
    };
    let deployment = snapshot.and_then(|snapshot| snapshot.deployment.as_ref());
    let service = snapshot.and_then(|snapshot| snapshot.service.as_ref());
    let scaled_object = snapshot.and_then(|snapshot| snapshot.scaled_object.as_ref());
    Ok(Plan {
        deployment: part(deployment.map(|d| (&d.name, &d.owner, d.terminating)))?,
        service: part(service.map(|s| (&s.name, &s.owner, s.terminating)))?,
        scaled_object: part(scaled_object.map(|s| (&s.name, &s.owner, s.terminating)))?,
    })
}

/// Applies the workshop's objects; with `take_over` also over fields and objects of others.
///
/// What an attendee changed under Settings stays: those values are the panel's own fields. What others changed by other
/// means is a conflict, and goes with `take_over`.
pub(super) async fn deploy(
    hands: &Hands,
    settings: &Settings,
    snapshot: Option<&Snapshot>,
    take_over: bool,
) -> Result<()> {
    let plan = plan(snapshot, take_over)?;
    let config_maps = hands.of::<ConfigMap>();
    let deployments = hands.of::<Deployment>();
    let services = hands.of::<Service>();
    let scaled_objects = hands.scaled_objects();
    let settings = &kept(hands, &plan, settings).await?;

    // The ScaledObject goes first, as in a clean-up: it would scale what comes and goes.
    if let Part::Replace(name) = &plan.scaled_object {
        scaled_objects.delete(name).await?;
        scaled_objects.gone(name, None, GONE_WITHIN).await?;
    }
    let (target, pod_labels) = match &plan.deployment {
        Part::Keep(name) => (name.as_str(), labels_of(&deployments, name).await?),
        part => {
            if let Part::Replace(name) = part {
                deployments.delete(name).await?;
                deployments.gone(name, None, GONE_WITHIN).await?;
            }
            let code = manifests::webapp_code();
            config_maps.apply(CODE, &code, take_over).await?;
            let deployment = manifests::deployment(settings);
            deployments.apply(APP, &deployment, take_over).await?;
            (APP, BTreeMap::from([("app".to_owned(), APP.to_owned())]))
        }
    };
    if let Part::Replace(name) = &plan.service {
        services.delete(name).await?;
        services.gone(name, None, GONE_WITHIN).await?;
    }
    if !matches!(plan.service, Part::Keep(_)) {
        let selector = pod_labels.iter().map(|(k, v)| (k.as_str(), v.as_str()));
        let service = manifests::service(selector);
        services.apply(APP, &service, take_over).await?;
    }
    let replaced = match plan.scaled_object {
        Part::Keep(_) => return Ok(()),
        Part::Apply => false,
        Part::Replace(_) => true,
    };
    let apply = || apply_scaled_object(&scaled_objects, settings, target, take_over);
    let applied = async {
        loop {
            match apply().await {
                Err(error) if is_unseen(&error) || replaced && is_managed_still(&error) => {}
                result => return result,
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    };
    match tokio::time::timeout(GONE_WITHIN, applied).await {
        Ok(result) => result,
        Err(_) => apply().await,
    }
}

/// The class's settings, with what the panel's own objects say otherwise.
async fn kept(hands: &Hands, plan: &Plan, settings: &Settings) -> Result<Settings> {
    let mut here = AppSettings::default();
    if plan.deployment == Part::Apply {
        let deployments = hands.dynamic(&ApiResource::erase::<Deployment>(&()));
        let own = own(&deployments, |own| read::of_deployment(own, APP)).await?;
        here = here.or(&own);
    }
    if plan.scaled_object == Part::Apply {
        let own = own(&hands.scaled_objects(), read::of_scaled_object).await?;
        here = here.or(&own);
    }
    let of_class = settings.app();
    let others = here
        .known()
        .filter(|(setting, value)| of_class.get(*setting) != Some(*value));
    let others: Vec<_> = others.collect();
    hands.note(|done| done.kept = others);
    Ok(settings.with(&here))
}

/// What the panel set in its own object; nothing if that is not there.
async fn own(
    objects: &Recorded<DynamicObject>,
    read: impl Fn(&serde_json::Value) -> AppSettings,
) -> Result<AppSettings> {
    let found = objects.get(APP).await?;
    let found = found.and_then(|object| serde_json::to_value(object).ok());
    Ok(found.map_or_else(AppSettings::default, |object| {
        read(&own_fields(&object, FIELD_MANAGER))
    }))
}

async fn apply_scaled_object(
    scaled_objects: &Recorded<DynamicObject>,
    settings: &Settings,
    target: &str,
    force: bool,
) -> Result<()> {
    let object = manifests::scaled_object(settings, target);
    scaled_objects.apply(APP, &object, force).await.map(|_| ())
}

/// The HPA of a ScaledObject that was just deleted is not collected yet, and KEDA's webhook counts it.
fn is_managed_still(error: &Error) -> bool {
    error.status().is_some_and(is_of_managed_target)
}

/// KEDA's webhook reads Deployments from a cache of its own, in which one that was just made may not be yet.
fn is_unseen(error: &Error) -> bool {
    error.status().is_some_and(is_of_unseen_target)
}

/// By which labels the pods of somebody's own Deployment are picked.
async fn labels_of(
    deployments: &Recorded<Deployment>,
    name: &str,
) -> Result<BTreeMap<String, String>> {
    let deployment = deployments.get(name).await?;
    let labels = deployment.and_then(|deployment| deployment.spec?.selector.match_labels);
    Ok(labels.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use app::model::{
        DeploymentState, Explanation, Phase, ScaledObjectState, ServiceState, SourceState, Sources,
        TimeMs,
    };

    use super::*;

    fn mk_owner(manager: &str) -> Owner {
        Owner {
            manager: manager.to_owned(),
            own: manager == crate::names::FIELD_MANAGER,
        }
    }

    fn mk_snapshot(manager: &str, name: &str) -> Snapshot {
        let sources = Sources {
            cluster: SourceState::Live,
            metrics: SourceState::Live,
            keda: SourceState::Live,
        };
        Snapshot {
            namespace: "workshop-user-1".to_owned(),
            time: TimeMs(0),
            phase: Phase::Ready,
            deployment: Some(DeploymentState {
                name: name.to_owned(),
                owner: mk_owner(manager),
                created: TimeMs(0),
                asked: 1,
                terminating: false,
                image: String::new(),
                cpu_request_m: None,
                cpu_limit_m: None,
                memory_request_mi: None,
                memory_limit_mi: None,
            }),
            service: Some(ServiceState {
                name: name.to_owned(),
                owner: mk_owner(manager),
                terminating: false,
            }),
            scaled_object: Some(ScaledObjectState {
                name: name.to_owned(),
                owner: mk_owner(manager),
                terminating: false,
                created: TimeMs(0),
                hpa_name: None,
                ready: None,
                message: None,
                paused: false,
                polling_interval_s: None,
                cooldown_period_s: None,
            }),
            autoscaler: None,
            pods: Vec::new(),
            load: None,
            explanation: Explanation::NothingDeployed,
            findings: Vec::new(),
            notices: Vec::new(),
            sources,
        }
    }

    fn all(part: &Part) -> Plan {
        Plan {
            deployment: part.clone(),
            service: part.clone(),
            scaled_object: part.clone(),
        }
    }

    #[test]
    fn nothing_there_is_applied() {
        assert_eq!(plan(None, false).unwrap(), all(&Part::Apply));
    }

    #[test]
    fn own_objects_are_applied_again() {
        let own = mk_snapshot(crate::names::FIELD_MANAGER, APP);
        assert_eq!(plan(Some(&own), false).unwrap(), all(&Part::Apply));
    }

    #[test]
    fn own_files_of_an_attendee_are_kept_or_replaced() {
        let foreign = mk_snapshot("kubectl", "my-app");
        let name = "my-app".to_owned();
        assert_eq!(
            plan(Some(&foreign), false).unwrap(),
            all(&Part::Keep(name.clone()))
        );
        assert_eq!(
            plan(Some(&foreign), true).unwrap(),
            all(&Part::Replace(name))
        );
    }

    #[test]
    fn missing_part_is_put_back() {
        let mut half = mk_snapshot("kubectl", "my-app");
        half.service = None;
        let plan = plan(Some(&half), false).unwrap();
        assert_eq!(plan.service, Part::Apply);
        assert_eq!(plan.deployment, Part::Keep("my-app".to_owned()));
    }

    #[test]
    fn what_is_being_removed_refuses_a_deploy() {
        let mut removing = mk_snapshot(crate::names::FIELD_MANAGER, APP);
        removing.scaled_object.as_mut().unwrap().terminating = true;
        assert!(matches!(
            plan(Some(&removing), true),
            Err(Error::Refused(_))
        ));
    }
}
