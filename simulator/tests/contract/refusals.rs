//! What is refused, in which words.

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{LimitRange, Pod, ResourceQuota};
use kube::api::{DeleteParams, ListParams, LogParams, Patch, PatchParams, PostParams};
use kube::core::Status;
use kube::runtime::wait::await_condition;
use serde_json::{Value, json};
use tokio::time::{Duration, sleep};

use super::delete::mk_job;
use super::objects::mk_deployment;
use super::{Place, from_json, mk_config_map, refusal};

async fn create_deployment(place: &Place, change: impl FnOnce(&mut Value)) -> Status {
    let mut deployment = serde_json::to_value(mk_deployment("webapp")).unwrap();
    change(&mut deployment);
    // Dynamic, since the type would write what is left out.
    let bytes = serde_json::to_vec(&deployment).unwrap();
    let path = format!("/apis/apps/v1/namespaces/{}/deployments", place.namespace);
    let request = http::Request::post(path)
        .header("content-type", "application/json")
        .body(bytes)
        .unwrap();
    refusal(place.client.request::<Deployment>(request).await)
}

pub(crate) async fn deployment_needs_a_selector(place: Place) {
    let status = create_deployment(&place, |deployment| {
        deployment["spec"]
            .as_object_mut()
            .unwrap()
            .remove("selector");
    })
    .await;
    assert_eq!((status.code, status.reason.as_str()), (422, "Invalid"));
    assert_eq!(
        status.message,
        "Deployment.apps \"webapp\" is invalid: [spec.selector: Required value, spec.template.metadata.labels: Invalid value: {\"app\":\"webapp\"}: `selector` does not match template `labels`]"
    );
}

pub(crate) async fn selector_must_match_the_template(place: Place) {
    let status = create_deployment(&place, |deployment| {
        deployment["spec"]["template"]["metadata"]["labels"] = json!({"app": "other"});
    })
    .await;
    assert_eq!(
        status.message,
        "Deployment.apps \"webapp\" is invalid: spec.template.metadata.labels: Invalid value: {\"app\":\"other\"}: `selector` does not match template `labels`"
    );
}

pub(crate) async fn replicas_are_not_negative(place: Place) {
    let status = create_deployment(&place, |deployment| {
        deployment["spec"]["replicas"] = json!(-1)
    })
    .await;
    assert_eq!(
        status.message,
        "Deployment.apps \"webapp\" is invalid: spec.replicas: Invalid value: -1: must be greater than or equal to 0"
    );
}

pub(crate) async fn name_must_be_a_subdomain(place: Place) {
    let status = refusal(
        place
            .api()
            .create(&PostParams::default(), &mk_config_map("Web_App", "1"))
            .await,
    );
    assert_eq!((status.code, status.reason.as_str()), (422, "Invalid"));
    assert!(
        status.message.starts_with("ConfigMap \"Web_App\" is invalid: metadata.name: Invalid value: \"Web_App\": a lowercase RFC 1123 subdomain must consist of"),
        "{}",
        status.message
    );
}

pub(crate) async fn job_template_is_immutable(place: Place) {
    let api = place.api::<Job>();
    api.create(&PostParams::default(), &mk_job("load"))
        .await
        .unwrap();
    let patch = Patch::Strategic(json!({"spec": {"template": {"spec": {
        "containers": [{"name": "locust", "image": "registry.invalid/locust:2"}],
    }}}}));
    let status = refusal(api.patch("load", &PatchParams::default(), &patch).await);
    assert_eq!((status.code, status.reason.as_str()), (422, "Invalid"));
    assert!(
        status
            .message
            .starts_with("Job.batch \"load\" is invalid: spec.template: Invalid value: "),
        "{}",
        status.message
    );
    assert!(
        status.message.ends_with(": field is immutable"),
        "{}",
        status.message
    );
}

pub(crate) async fn job_restarts_never_or_on_failure(place: Place) {
    let mut job = mk_job("load");
    job.spec
        .as_mut()
        .unwrap()
        .template
        .spec
        .as_mut()
        .unwrap()
        .restart_policy = Some("Always".to_owned());
    let status = refusal(place.api().create(&PostParams::default(), &job).await);
    assert_eq!(
        status.message,
        "Job.batch \"load\" is invalid: spec.template.spec.restartPolicy: Required value: valid values: \"OnFailure\", \"Never\""
    );
}

fn mk_pod(name: &str, resources: &Value) -> Pod {
    from_json(json!({
        "metadata": {"name": name},
        "spec": {
            // No node has this label, so the pod stays without a node.
            "nodeSelector": {"example.com/none": "yes"},
            "containers": [{"name": "webapp", "image": "registry.invalid/webapp:1", "resources": resources}],
        },
    }))
}

/// The refusal of a pod, once the quota is known to the cluster.
async fn refused_pod(place: &Place, pod: &Pod) -> Status {
    loop {
        let status = refusal(place.api().create(&PostParams::default(), pod).await);
        if !status.message.contains("status unknown for quota") {
            return status;
        }
        sleep(Duration::from_millis(100)).await;
    }
}

async fn create_quota(place: &Place) {
    let quota: ResourceQuota = from_json(json!({
        "metadata": {"name": "workshop"}, "spec": {"hard": {"requests.cpu": "300m"}},
    }));
    let quotas = place.api();
    quotas.create(&PostParams::default(), &quota).await.unwrap();
    // Before the quota's status tells its limits, a pod that says nothing passes.
    let known = |quota: Option<&ResourceQuota>| {
        quota.is_some_and(|q| q.status.as_ref().is_some_and(|s| s.hard.is_some()))
    };
    await_condition(quotas, "workshop", known).await.unwrap();
}

pub(crate) async fn quota_refuses_what_exceeds_it(place: Place) {
    create_quota(&place).await;
    let pod = mk_pod("webapp-1", &json!({"requests": {"cpu": "350m"}}));
    let status = refused_pod(&place, &pod).await;
    assert_eq!((status.code, status.reason.as_str()), (403, "Forbidden"));
    assert_eq!(
        status.message,
        "pods \"webapp-1\" is forbidden: exceeded quota: workshop, requested: requests.cpu=350m, used: requests.cpu=0, limited: requests.cpu=300m"
    );
}

pub(crate) async fn quota_refuses_what_does_not_say_how_much(place: Place) {
    create_quota(&place).await;
    let status = refused_pod(&place, &mk_pod("webapp-1", &json!({}))).await;
    assert_eq!(
        status.message,
        "pods \"webapp-1\" is forbidden: failed quota: workshop: must specify requests.cpu for: webapp"
    );
}

pub(crate) async fn pod_without_a_node_has_an_empty_log(place: Place) {
    let api = place.api::<Pod>();
    api.create(&PostParams::default(), &mk_pod("webapp-1", &json!({})))
        .await
        .unwrap();
    // Without a node there is nobody to ask, which is no error.
    let log = api.logs("webapp-1", &LogParams::default()).await.unwrap();
    assert_eq!(log, "");
    let wrong = LogParams {
        container: Some("other".to_owned()),
        ..LogParams::default()
    };
    let status = refusal(api.logs("webapp-1", &wrong).await);
    assert_eq!(
        status.message,
        "container other is not valid for pod webapp-1"
    );
}

pub(crate) async fn field_selector_knows_its_fields(place: Place) {
    let params = ListParams::default().fields("spec.replicas=1");
    let status = refusal(place.api::<Deployment>().list(&params).await);
    assert_eq!((status.code, status.reason.as_str()), (400, "BadRequest"));
    assert_eq!(
        status.message,
        "\"spec.replicas\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\""
    );
}

pub(crate) async fn limit_range_fills_in_and_bounds(place: Place) {
    let range: LimitRange = from_json(json!({
        "metadata": {"name": "workshop"},
        "spec": {"limits": [{
            "type": "Container", "default": {"cpu": "200m"}, "defaultRequest": {"cpu": "100m"}, "max": {"cpu": "500m"},
        }]},
    }));
    place
        .api()
        .create(&PostParams::default(), &range)
        .await
        .unwrap();
    let large = mk_pod("large", &json!({"limits": {"cpu": "1"}}));
    // The API server learns of a new LimitRange a moment later: until then the pod is let in.
    let status = loop {
        let result = place
            .api::<Pod>()
            .create(&PostParams::default(), &large)
            .await;
        if result.is_err() {
            break refusal(result);
        }
        place
            .api::<Pod>()
            .delete("large", &DeleteParams::default())
            .await
            .unwrap();
        sleep(Duration::from_millis(100)).await;
    };
    assert_eq!(
        status.message,
        "pods \"large\" is forbidden: maximum cpu usage per Container is 500m, but limit is 1"
    );
    let small = mk_pod("small", &json!({}));
    let small = place
        .api()
        .create(&PostParams::default(), &small)
        .await
        .unwrap();
    let spec = serde_json::to_value(small.spec).unwrap();
    assert_eq!(
        spec["containers"][0]["resources"],
        json!({"limits": {"cpu": "200m"}, "requests": {"cpu": "100m"}})
    );
}
