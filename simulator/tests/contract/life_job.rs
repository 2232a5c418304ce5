//! The life of a Job.

use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::Pod;
use kube::ResourceExt;
use kube::api::{ListParams, PostParams};
use serde_json::{Value, json};

use super::life::{becomes, condition, gone, merge, pod_spec, says, shell, told};
use super::{Place, from_json};

fn mk_job(script: &str, more: &Value) -> Job {
    let mut pod = pod_spec(&shell(script));
    pod["restartPolicy"] = json!("Never");
    let mut job = json!({"metadata": {"name": "load"}, "spec": {"template": {"spec": pod}}});
    for (key, value) in more.as_object().unwrap() {
        job["spec"][key] = value.clone();
    }
    from_json(job)
}

async fn start(place: &Place, job: &Job) {
    let api = place.api::<Job>();
    api.create(&PostParams::default(), job).await.unwrap();
}

async fn pods(place: &Place) -> Vec<Pod> {
    let own = ListParams::default().labels("job-name=load");
    let list = place.api::<Pod>().list(&own).await;
    list.unwrap().items
}

pub(crate) async fn job_completes(place: Place) {
    start(
        &place,
        &mk_job("sleep 1", &json!({"completions": 2, "parallelism": 2})),
    )
    .await;
    let done = becomes(&place, "load", 50, "a complete Job", |job: &Job| {
        says(job, "Complete", "True", "CompletionsReached")
    })
    .await;
    let [_, _, message] = condition(&done, "Complete").unwrap();
    assert_eq!(message, "Reached expected number of succeeded pods");
    assert!(says(
        &done,
        "SuccessCriteriaMet",
        "True",
        "CompletionsReached"
    ));
    let status = done.status.unwrap();
    assert_eq!(
        (status.succeeded, status.failed, status.active),
        (Some(2), None, None)
    );
    assert_eq!((status.ready, status.terminating), (Some(0), Some(0)));
    assert!(status.completion_time.is_some());
    let event = told(&place, 20, ("Job", "load"), "Completed", "Job completed").await;
    assert_eq!(event.type_.as_deref(), Some("Normal"));
    for pod in pods(&place).await {
        assert!(pod.finalizers().is_empty(), "{:?}", pod.finalizers());
        assert_eq!(pod.status.unwrap().phase.as_deref(), Some("Succeeded"));
    }
}

pub(crate) async fn job_fails_at_its_backoff_limit(place: Place) {
    start(&place, &mk_job("exit 3", &json!({"backoffLimit": 1}))).await;
    let failed = becomes(&place, "load", 58, "a failed Job", |job: &Job| {
        says(job, "Failed", "True", "BackoffLimitExceeded")
    })
    .await;
    let [_, _, message] = condition(&failed, "Failed").unwrap();
    assert_eq!(message, "Job has reached the specified backoff limit");
    assert!(says(
        &failed,
        "FailureTarget",
        "True",
        "BackoffLimitExceeded"
    ));
    let status = failed.status.unwrap();
    assert_eq!((status.failed, status.succeeded), (Some(2), None));
    assert_eq!(status.completion_time, None);
    let event = told(
        &place,
        20,
        ("Job", "load"),
        "BackoffLimitExceeded",
        &message,
    )
    .await;
    assert_eq!(event.type_.as_deref(), Some("Warning"));
    // The second pod came 10 s after the first had failed.
    let mut pods = pods(&place).await;
    pods.sort_by_key(|pod| pod.creation_timestamp().map(|time| time.0));
    let [first, second] = &pods[..] else {
        panic!("two pods");
    };
    let statuses = first.status.as_ref().unwrap().container_statuses.as_ref();
    let state = statuses.unwrap()[0].state.as_ref().unwrap();
    let finished = state
        .terminated
        .as_ref()
        .unwrap()
        .finished_at
        .as_ref()
        .unwrap();
    let waited = second
        .creation_timestamp()
        .unwrap()
        .0
        .duration_since(finished.0);
    assert!((10..=16).contains(&waited.as_secs()), "{waited:?}");
}

pub(crate) async fn job_fails_at_its_deadline(place: Place) {
    start(
        &place,
        &mk_job("sleep 600", &json!({"activeDeadlineSeconds": 4})),
    )
    .await;
    let target = becomes(&place, "load", 30, "FailureTarget", |job: &Job| {
        says(job, "FailureTarget", "True", "DeadlineExceeded")
    })
    .await;
    assert_eq!(condition(&target, "Failed"), None, "a pod is left");
    assert_eq!(target.status.unwrap().terminating, Some(1));
    let failed = becomes(&place, "load", 40, "a failed Job", |job: &Job| {
        condition(job, "Failed").is_some()
    })
    .await;
    let [_, reason, message] = condition(&failed, "Failed").unwrap();
    assert_eq!(reason, "DeadlineExceeded");
    assert_eq!(message, "Job was active longer than specified deadline");
    assert_eq!(failed.status.unwrap().failed, Some(1));
    let part = "Deleted pod: load-";
    let deleted = told(&place, 20, ("Job", "load"), "SuccessfulDelete", part).await;
    told(&place, 20, ("Job", "load"), "DeadlineExceeded", &message).await;
    // The pod has ended for the Job before the kubelet takes it away.
    let deleted = deleted.message.unwrap();
    let (_, pod) = deleted.split_once(": ").unwrap();
    gone::<Pod>(&place, pod, 20).await;
    assert!(pods(&place).await.is_empty());
}

pub(crate) async fn job_is_suspended_and_resumed(place: Place) {
    start(&place, &mk_job("sleep 600", &json!({"suspend": true}))).await;
    let waits = becomes(&place, "load", 20, "a status", |job: &Job| {
        condition(job, "Suspended").is_some()
    })
    .await;
    assert_eq!(
        condition(&waits, "Suspended").unwrap(),
        ["True", "JobSuspended", "Job suspended"]
    );
    assert_eq!(waits.status.unwrap().start_time, None);
    told(&place, 20, ("Job", "load"), "Suspended", "Job suspended").await;
    let api = place.api::<Job>();
    merge(&api, "load", &json!({"spec": {"suspend": false}})).await;
    let runs = becomes(&place, "load", 30, "a ready pod", |job: &Job| {
        job.status
            .as_ref()
            .is_some_and(|status| status.ready == Some(1))
    })
    .await;
    assert_eq!(
        condition(&runs, "Suspended").unwrap(),
        ["False", "JobResumed", "Job resumed"]
    );
    let started = runs.status.unwrap().start_time;
    assert!(started.is_some());
    told(&place, 20, ("Job", "load"), "Resumed", "Job resumed").await;
    merge(&api, "load", &json!({"spec": {"suspend": true}})).await;
    let rests = becomes(&place, "load", 30, "no pod", |job: &Job| {
        says(job, "Suspended", "True", "JobSuspended")
            && job.status.as_ref().unwrap().terminating == Some(0)
    })
    .await;
    let status = rests.status.unwrap();
    // The deleted pod is no failure, and the start is remembered.
    assert_eq!((status.active, status.failed), (None, None));
    assert_eq!(status.start_time, started);
}

pub(crate) async fn finished_job_lives_as_long_as_it_may(place: Place) {
    start(
        &place,
        &mk_job("true", &json!({"ttlSecondsAfterFinished": 2})),
    )
    .await;
    becomes(&place, "load", 40, "the end of the Job", |job: &Job| {
        says(job, "Complete", "True", "CompletionsReached")
    })
    .await;
    gone::<Job>(&place, "load", 20).await;
    assert!(pods(&place).await.is_empty());
}

pub(crate) async fn restarts_in_place_count_against_the_limit(place: Place) {
    let mut job = mk_job("exit 1", &json!({"backoffLimit": 1}));
    let pod = job.spec.as_mut().unwrap().template.spec.as_mut().unwrap();
    pod.restart_policy = Some("OnFailure".to_owned());
    start(&place, &job).await;
    let failed = becomes(&place, "load", 50, "a failed Job", |job: &Job| {
        condition(job, "Failed").is_some()
    })
    .await;
    assert!(says(&failed, "Failed", "True", "BackoffLimitExceeded"));
    assert_eq!(failed.status.unwrap().failed, Some(1));
}
