//! A Job's pods: made with the finalizer that counts them, released, deleted. Called by the Job controller.
//!
//! Upstream: `manageJob` and `deleteJobPods` in `pkg/controller/job/job_controller.go`.

use k8s_openapi::api::batch::v1::{Job, JobSpec};
use k8s_openapi::api::core::v1::Pod;

use crate::controllers::ownership::{pod_from_template, uid};
use crate::controllers::recorder::{Kind, Recorder, reference};
use crate::controllers::replica_set::is_namespace_terminating;
use crate::status::{Result, Status};
use crate::store::{DeleteOptions, Store};

/// Keeps a pod until it is counted.
pub(super) const TRACKING_FINALIZER: &str = "batch.kubernetes.io/job-tracking";

/// Whether the pod is not counted yet.
pub(super) fn is_tracked(pod: &Pod) -> bool {
    let finalizers = pod.metadata.finalizers.iter().flatten();
    finalizers
        .into_iter()
        .any(|name| name == TRACKING_FINALIZER)
}

/// Takes the finalizer off a pod, so that it can go.
pub(super) fn release(store: &Store, pod: &Pod) -> Result<()> {
    store.modify::<Pod>(
        pod.metadata.namespace.as_deref().unwrap_or(""),
        pod.metadata.name.as_deref().unwrap_or(""),
        |pod| {
            if let Some(finalizers) = &mut pod.metadata.finalizers {
                finalizers.retain(|finalizer| finalizer != TRACKING_FINALIZER);
                if finalizers.is_empty() {
                    pod.metadata.finalizers = None;
                }
            }
        },
    )?;
    Ok(())
}

/// Deletes a pod, with the event.
pub(super) fn delete(store: &Store, recorder: &mut Recorder, job: &Job, pod: &Pod) -> Result<()> {
    let name = pod.metadata.name.as_deref().unwrap_or("");
    let namespace = pod.metadata.namespace.as_deref().unwrap_or("");
    match store.delete::<Pod>(namespace, name, &DeleteOptions::default()) {
        Ok(_) => recorder.event(
            &reference(job),
            Kind::Normal,
            "SuccessfulDelete",
            &format!("Deleted pod: {name}"),
        ),
        Err(error) if error.is_not_found() => {}
        Err(error) => return Err(error),
    }
    Ok(())
}

/// Makes up to `count` pods, one, then twice as many each time; how many there are, and why not all.
pub(super) fn create(
    store: &Store,
    recorder: &mut Recorder,
    job: &Job,
    spec: &JobSpec,
    count: i32,
) -> (i32, Option<Status>) {
    let pod = mk_pod(job, spec);
    let (mut created, mut batch) = (0, 1);
    while created < count {
        let mut refusal = None;
        for _ in 0..batch.min(count - created) {
            match store.create(&pod) {
                Ok(pod) => {
                    created += 1;
                    let name = pod.metadata.name.as_deref().unwrap_or("");
                    recorder.event(
                        &reference(job),
                        Kind::Normal,
                        "SuccessfulCreate",
                        &format!("Created pod: {name}"),
                    );
                }
                Err(error) if is_namespace_terminating(&error) => return (created, None),
                Err(error) => {
                    recorder.event(
                        &reference(job),
                        Kind::Warning,
                        "FailedCreate",
                        &format!("Error creating: {error}"),
                    );
                    refusal = Some(error);
                }
            }
        }
        if refusal.is_some() {
            return (created, refusal);
        }
        batch *= 2;
    }
    (created, None)
}

fn mk_pod(job: &Job, spec: &JobSpec) -> Pod {
    let name = job.metadata.name.clone().unwrap_or_default();
    let job_uid = uid(&job.metadata).to_owned();
    let mut pod = pod_from_template(job, &spec.template);
    pod.metadata.labels.get_or_insert_default().extend([
        (
            "batch.kubernetes.io/controller-uid".to_owned(),
            job_uid.clone(),
        ),
        ("batch.kubernetes.io/job-name".to_owned(), name.clone()),
        ("controller-uid".to_owned(), job_uid),
        ("job-name".to_owned(), name),
    ]);
    pod.metadata
        .finalizers
        .get_or_insert_default()
        .push(TRACKING_FINALIZER.to_owned());
    pod
}
