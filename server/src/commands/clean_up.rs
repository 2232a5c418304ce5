//! Clean up: removes everything of the workshop, whoever made it, from any half-made state.

use std::collections::BTreeSet;
use std::time::Duration;

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{ConfigMap, Pod, Service};
use kube::ResourceExt;

use super::hands::Hands;
use super::load::loads;
use super::recognise::{config_maps, is_app, is_labelled, is_orphan, pod_labels, serves_app};
use crate::error::Result;
use crate::workshop::manifests::{CODE, LOCUSTFILE};

/// How long KEDA may take for its finalizer before the Deployment goes all the same.
const SCALED_OBJECT_WITHIN: Duration = Duration::from_secs(20);

/// ScaledObject first: while KEDA and the HPA act on the Deployment, it must be there.
///
/// One refusal does not keep the rest; the first is returned at the end.
pub(super) async fn clean_up(hands: &Hands) -> Result<()> {
    let autoscalers = hands.scaled_objects();
    let jobs = hands.of::<Job>();
    let pods = hands.of::<Pod>();
    let deployments = hands.of::<Deployment>();
    let services = hands.of::<Service>();
    let maps = hands.of::<ConfigMap>();

    // What is the workshop's is told by all of it together, so everything is read before anything goes.
    let found_autoscalers = autoscalers.list(None).await?;
    let found_loads = loads(&jobs).await?;
    let found_pods = pods.list(None).await?;
    let mut apps = deployments.list(None).await?;
    apps.retain(|deployment| is_app(deployment, &found_autoscalers));
    let app_pods: Vec<_> = apps.iter().map(pod_labels).collect();
    let found_services = services.list(None).await?;
    let mut found_maps: BTreeSet<String> = [CODE, LOCUSTFILE].map(str::to_owned).into();
    let specs = apps.iter().map(|app| {
        app.spec
            .as_ref()
            .and_then(|spec| spec.template.spec.as_ref())
    });
    let load_specs = found_loads.iter().map(|job| {
        job.spec
            .as_ref()
            .and_then(|spec| spec.template.spec.as_ref())
    });
    let mounted = specs.chain(load_specs).flat_map(config_maps);
    found_maps.extend(mounted.map(str::to_owned));
    for map in maps.list(None).await? {
        if is_labelled(&map.metadata) {
            found_maps.insert(map.name_any());
        }
    }

    let mut first = Ok(());
    let mut note = |result: Result<bool>| {
        if let Err(error) = result
            && first.is_ok()
        {
            first = Err(error);
        }
    };
    for object in &found_autoscalers {
        note(autoscalers.delete(&object.name_any()).await);
    }
    // The load goes at once; KEDA's finalizer may take a while.
    for job in &found_loads {
        note(jobs.delete(&job.name_any()).await);
    }
    for pod in found_pods.iter().filter(|pod| is_orphan(pod, &found_loads)) {
        note(pods.delete(&pod.name_any()).await);
    }
    for object in &found_autoscalers {
        let (name, uid) = (object.name_any(), object.metadata.uid.as_deref());
        let gone = autoscalers.gone(&name, uid, SCALED_OBJECT_WITHIN).await;
        note(gone.map(|()| true));
    }
    for app in &apps {
        note(deployments.delete(&app.name_any()).await);
    }
    for service in found_services
        .iter()
        .filter(|service| serves_app(service, &app_pods))
    {
        note(services.delete(&service.name_any()).await);
    }
    for map in &found_maps {
        note(maps.delete(map).await);
    }
    first
}
