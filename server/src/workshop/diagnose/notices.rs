//! What is in the namespace besides the workshop's objects. No trouble, and nothing is passed over in silence.

use app::model::Notice;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use crate::workshop::objects::Objects;
use crate::workshop::recognise::{Recognised, target};

/// Names that are told of one kind.
const MOST_NAMES: usize = 3;

/// What else is there.
pub fn notices(objects: &Objects, found: &Recognised) -> Vec<Notice> {
    let mut notices = Vec::new();
    let app = found
        .deployment
        .as_ref()
        .and_then(|app| app.metadata.name.as_deref());
    if let Some(app) = app {
        let others = objects.deployments.iter().map(|other| &other.metadata);
        let names = some_of(others.filter(|other| other.name.as_deref() != Some(app)));
        if !names.is_empty() {
            notices.push(Notice::Deployments {
                names,
                app: app.to_owned(),
            });
        }
    }
    for hpa in &objects.autoscalers {
        let name = hpa.metadata.name.clone().unwrap_or_default();
        let own = hpa.metadata.owner_references.iter().flatten();
        let of_keda = own.into_iter().any(|owner| owner.kind == "ScaledObject");
        if of_keda {
            continue;
        }
        notices.push(match target(hpa) {
            Some(target) if Some(target) == app => Notice::AutoscalerWithoutKeda { name },
            target => Notice::Autoscaler {
                name,
                target: target.unwrap_or("no Deployment").to_owned(),
            },
        });
    }
    let is_load = |meta: &ObjectMeta| {
        found
            .load_jobs
            .iter()
            .any(|job| job.metadata.uid == meta.uid)
    };
    let jobs = objects.jobs.iter().map(|job| &job.metadata);
    let names = some_of(jobs.filter(|job| !is_load(job)));
    if !names.is_empty() {
        notices.push(Notice::Jobs { names });
    }
    let known = |meta: &ObjectMeta| {
        let mut known = found.app_pods.iter().chain(&found.load_pods);
        known.any(|pod| pod.metadata.uid == meta.uid)
    };
    // Those of the Deployments and Jobs above are told with them.
    let alone = |meta: &ObjectMeta| meta.owner_references.as_ref().is_none_or(Vec::is_empty);
    let pods = objects.pods.iter().map(|pod| &pod.metadata);
    let names = some_of(pods.filter(|pod| alone(pod) && !known(pod)));
    if !names.is_empty() {
        notices.push(Notice::Pods { names });
    }
    notices
}

/// The first names, and how many more there are.
pub(super) fn some_of<'a>(all: impl Iterator<Item = &'a ObjectMeta>) -> Vec<String> {
    let mut names: Vec<String> = all.filter_map(|meta| meta.name.clone()).collect();
    if names.len() > MOST_NAMES {
        let more = names.len() - MOST_NAMES;
        names.truncate(MOST_NAMES);
        names.push(format!("and {more} more"));
    }
    names
}
