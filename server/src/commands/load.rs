//! Start load and Stop load.

use std::time::Duration;

use app::model::{LoadSettings, Snapshot};
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{ConfigMap, Pod};
use kube::ResourceExt;
use kube::api::ApiResource;

use super::hands::Hands;
use super::recognise::{is_labelled, is_load, is_orphan, is_over};
use super::refusal::conflict;
use crate::call::Calls;
use crate::error::{CallError, Error, Result};
use crate::workshop::manifests::{self, APP, LOAD, LOCUSTFILE, Settings};
use crate::workshop::recognise::owner;

/// How long the last load's Job and pods may take to go: a pod has 30 s to end.
const GONE_WITHIN: Duration = Duration::from_secs(40);
const RUNNING_ALREADY: &str = "A load is running. Stop it before you start another.";
const ASK_AGAIN: Duration = Duration::from_millis(500);

/// Starts a load, after removing one that ended.
pub(super) async fn start(
    hands: &Hands,
    settings: &Settings,
    snapshot: Option<&Snapshot>,
    load: LoadSettings,
) -> Result<()> {
    if snapshot.is_none_or(|snapshot| snapshot.deployment.is_none()) {
        let message = "Nothing is deployed yet. Deploy first.".to_owned();
        return Err(Error::Refused(conflict(message)));
    }
    let jobs = hands.of::<Job>();
    let loads = loads(&jobs).await?;
    if let Some(running) = loads.iter().find(|job| !is_over(job)) {
        return Err(Error::Refused(conflict(running_already(running))));
    }
    if loads.iter().any(|job| job.name_any() == LOAD) {
        jobs.delete(LOAD).await?;
        jobs.gone(LOAD, None, GONE_WITHIN).await?;
    }
    pods_gone(hands).await?;

    // Forced: the load asks for the n of this form, whoever wrote the file before.
    let service = snapshot.and_then(|snapshot| snapshot.service.as_ref());
    let service = service.map_or(APP, |service| service.name.as_str());
    let locustfile = manifests::locustfile(service, load.n);
    hands
        .of::<ConfigMap>()
        .apply(LOCUSTFILE, &locustfile, true)
        .await?;

    // Created, not applied: an apply over a Job that is just being deleted would succeed and make nothing.
    let job = manifests::job(settings, &load);
    let made = hands.dynamic(&ApiResource::erase::<Job>(&()));
    match made.create(LOAD, &job).await {
        // A press by another replica of the panel, or kubectl, came first.
        Err(error) if is_there_already(&error) => {
            Err(Error::Refused(conflict(RUNNING_ALREADY.to_owned())))
        }
        result => result.map(|_| ()),
    }
}

/// Deletes every load Job and load pods that no Job controls any more. Returns how many loads there were.
///
/// Jobs that somebody else started only with `foreign`; if there are no others, that is asked for.
pub(super) async fn stop(hands: &Hands, foreign: bool) -> Result<u32> {
    let jobs = hands.of::<Job>();
    let pods = hands.of::<Pod>();
    let loads = loads(&jobs).await?;
    let (stopped, left): (Vec<&Job>, Vec<&Job>) = loads
        .iter()
        .filter(|job| !is_over(job))
        .partition(|job| foreign || owner(&job.metadata).own);
    for job in &stopped {
        jobs.delete(&job.name_any()).await?;
    }
    let mut count = stopped.len() as u32;
    for pod in pods.list(None).await? {
        if is_orphan(&pod, &loads) && (foreign || is_labelled(&pod.metadata)) {
            pods.delete(&pod.name_any()).await?;
            count += 1;
        }
    }
    match left.first() {
        Some(job) if count == 0 => {
            let (name, writer) = (job.name_any(), owner(&job.metadata).manager);
            let message = format!(
                "Job {name}, which {writer} started, still runs. Choose “Stop it” to stop it as well."
            );
            Err(Error::Refused(conflict(message)))
        }
        _ => Ok(count),
    }
}

/// The namespace's load Jobs, whoever made them.
pub(super) async fn loads(jobs: &Calls<Job>) -> Result<Vec<Job>> {
    let mut loads = jobs.list(None).await?;
    loads.retain(is_load);
    Ok(loads)
}

/// Waits until the last load's pods are gone: their users would still add to the new load's.
async fn pods_gone(hands: &Hands) -> Result<()> {
    let pods = hands.of::<Pod>();
    let labels = format!("job-name={LOAD}");
    let gone = async {
        loop {
            let left = pods.list(Some(&labels)).await?;
            // Ended pods that only wait for their Job's clean-up have no users any more.
            let active = |pod: &&Pod| {
                let phase = pod
                    .status
                    .as_ref()
                    .and_then(|status| status.phase.as_deref());
                !matches!(phase, Some("Succeeded" | "Failed"))
            };
            if !left.iter().any(|pod| active(&pod)) {
                return Ok(());
            }
            tokio::time::sleep(ASK_AGAIN).await;
        }
    };
    tokio::time::timeout(GONE_WITHIN, gone)
        .await
        .unwrap_or_else(|_| {
            Err(Error::Call {
                verb: "delete",
                kind: "Pod".to_owned(),
                name: format!("of Job {LOAD}"),
                source: CallError::TimedOut(GONE_WITHIN),
            })
        })
}

fn running_already(job: &Job) -> String {
    let name = job.name_any();
    if owner(&job.metadata).own {
        RUNNING_ALREADY.to_owned()
    } else {
        let writer = owner(&job.metadata).manager;
        format!("Job {name}, which {writer} started, is running. Stop it before you start another.")
    }
}

fn is_there_already(error: &Error) -> bool {
    error
        .status()
        .is_some_and(kube::core::Status::is_already_exists)
}
