//! The workshop's objects as they stand, read as the attendee when somebody asks for the files.

use app::model::{File, LoadSettings, Snapshot};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{ConfigMap, Service};
use kube::api::{ApiResource, DynamicObject};
use serde_json::Value;

use super::hands::{Hands, Recorded};
use super::refusal::unavailable;
use crate::error::{Error, Result};
use crate::workshop::manifests::{self, LOCUSTFILE, Live, Settings, mounted};

/// All files of the namespace.
pub(super) async fn files(
    hands: &Hands,
    settings: &Settings,
    load: &LoadSettings,
    snapshot: Option<&Snapshot>,
) -> Result<Vec<File>> {
    let deployments = hands.dynamic(&ApiResource::erase::<Deployment>(&()));
    let services = hands.dynamic(&ApiResource::erase::<Service>(&()));
    let scaled_objects = hands.scaled_objects();
    let jobs = hands.dynamic(&ApiResource::erase::<Job>(&()));
    let maps = hands.dynamic(&ApiResource::erase::<ConfigMap>(&()));

    let app = snapshot.and_then(|seen| Some(seen.deployment.as_ref()?.name.as_str()));
    let service = snapshot.and_then(|seen| Some(seen.service.as_ref()?.name.as_str()));
    let scaled = snapshot.and_then(|seen| Some(seen.scaled_object.as_ref()?.name.as_str()));
    let load_job = snapshot.and_then(|seen| Some(seen.load.as_ref()?.job.as_str()));
    let (deployment, service, scaled_object, job) = futures::try_join!(
        get(&deployments, app),
        get(&services, service),
        get(&scaled_objects, scaled),
        get(&jobs, load_job),
    )?;
    let code = all(&maps, deployment.as_ref().map_or_else(Vec::new, mounted)).await?;
    let locustfile = job
        .as_ref()
        .map_or_else(|| vec![LOCUSTFILE.to_owned()], mounted);
    let locustfile = all(&maps, locustfile).await?;
    let live = Live {
        deployment,
        code,
        service,
        scaled_object,
        job,
        locustfile,
    };
    manifests::files(&live, settings, load).map_err(|_| Error::Refused(unavailable()))
}

async fn get(of: &Recorded<DynamicObject>, name: Option<&str>) -> Result<Option<Value>> {
    let Some(name) = name else {
        return Ok(None);
    };
    match of.get(name).await {
        Ok(found) => Ok(found.and_then(|object| serde_json::to_value(object).ok())),
        // The cluster does not have the kind.
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error),
    }
}

async fn all(of: &Recorded<DynamicObject>, names: Vec<String>) -> Result<Vec<Value>> {
    let mut found = Vec::new();
    for name in names {
        found.extend(get(of, Some(&name)).await?);
    }
    Ok(found)
}
