//! ResourceQuota and LimitRange.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::sleep;

use super::Place;
use super::raw::Answer;

fn mk_pod(name: &str, containers: &[Value]) -> Value {
    let containers: Vec<_> = containers
        .iter()
        .enumerate()
        .map(|(index, resources)| {
            json!({"name": format!("c{index}"), "image": "registry.invalid/webapp:1", "resources": resources})
        })
        .collect();
    // No node has this label, so the pod stays without a node.
    json!({"metadata": {"name": name}, "spec": {"nodeSelector": {"example.com/none": "yes"}, "containers": containers}})
}

fn cpu(request: &str, limit: &str) -> Value {
    json!({"requests": {"cpu": request}, "limits": {"cpu": limit}})
}

/// Creates a quota, and waits until its status tells its limits.
async fn create_quota(place: &Place, spec: Value) {
    let quota = json!({"metadata": {"name": "workshop"}, "spec": spec});
    place
        .post(&place.core("resourcequotas"), &quota)
        .await
        .object();
    until_used(place, |status| status["used"].is_object()).await;
}

async fn until_used(place: &Place, wanted: impl Fn(&Value) -> bool) -> Value {
    loop {
        let quota = place
            .get(&place.core("resourcequotas/workshop"))
            .await
            .object();
        if wanted(&quota["status"]) {
            return quota["status"]["used"].clone();
        }
        sleep(Duration::from_millis(100)).await;
    }
}

/// The first answer that is no admission: what limits pods is known to the server a moment after it is made.
async fn refused_pod(place: &Place, pod: &Value) -> Answer {
    loop {
        let answer = place.post(&place.core("pods?dryRun=All"), pod).await;
        if answer.code >= 400 && !answer.message().contains("status unknown for quota") {
            return answer;
        }
        sleep(Duration::from_millis(100)).await;
    }
}

pub(crate) async fn quota_counts_what_is_used(place: Place) {
    let hard = json!({"pods": "2", "requests.cpu": "300m", "limits.memory": "1Gi", "count/jobs.batch": "1", "services": "0"});
    create_quota(&place, json!({"hard": hard})).await;
    let resources = |memory: &str| json!({"requests": {"cpu": "200m"}, "limits": {"cpu": "200m", "memory": memory}});
    let pods = place.core("pods");
    place
        .post(&pods, &mk_pod("one", &[resources("10Mi")]))
        .await
        .object();
    let used = until_used(&place, |status| status["used"]["pods"] == "1").await;
    assert_eq!(
        used,
        json!({"pods": "1", "requests.cpu": "200m", "limits.memory": "10Mi", "count/jobs.batch": "0", "services": "0"})
    );
    refused_pod(&place, &mk_pod("two", &[resources("2Gi")])).await.refused(
        403,
        "Forbidden",
        "pods \"two\" is forbidden: exceeded quota: workshop, requested: limits.memory=2Gi,requests.cpu=200m, used: limits.memory=10Mi,requests.cpu=200m, limited: limits.memory=1Gi,requests.cpu=300m",
    );
    refused_pod(&place, &mk_pod("two", &[json!({})])).await.refused(
        403,
        "Forbidden",
        "pods \"two\" is forbidden: failed quota: workshop: must specify limits.memory for: c0; requests.cpu for: c0",
    );
    let service = json!({"metadata": {"name": "s"}, "spec": {"ports": [{"port": 80}]}});
    place.post(&place.core("services"), &service).await.refused(
        403,
        "Forbidden",
        "services \"s\" is forbidden: exceeded quota: workshop, requested: services=1, used: services=0, limited: services=0",
    );
    let job = |name: &str| {
        json!({"metadata": {"name": name}, "spec": {"suspend": true, "template": {"spec": {
            "restartPolicy": "Never", "containers": [{"name": "c", "image": "registry.invalid/c:1"}],
        }}}})
    };
    let jobs = place.group("batch/v1", "jobs");
    place.post(&jobs, &job("one")).await.object();
    place.post(&jobs, &job("two")).await.refused(
        403,
        "Forbidden",
        "jobs.batch \"two\" is forbidden: exceeded quota: workshop, requested: count/jobs.batch=1, used: count/jobs.batch=1, limited: count/jobs.batch=1",
    );
    place.delete(&place.core("pods/one")).await.object();
    let used = until_used(&place, |status| status["used"]["pods"] == "0").await;
    assert_eq!(used["requests.cpu"], "0");
}

pub(crate) async fn quota_of_a_scope_counts_only_its_pods(place: Place) {
    create_quota(
        &place,
        json!({"hard": {"pods": "0"}, "scopes": ["BestEffort"]}),
    )
    .await;
    refused_pod(&place, &mk_pod("best-effort", &[json!({})])).await.refused(
        403,
        "Forbidden",
        "pods \"best-effort\" is forbidden: exceeded quota: workshop, requested: pods=1, used: pods=0, limited: pods=0",
    );
    let pods = place.core("pods");
    place
        .post(&pods, &mk_pod("burstable", &[cpu("1m", "2m")]))
        .await
        .object();
    for (spec, error) in [
        (
            json!({"hard": {"requests.cpu": "1"}, "scopes": ["BestEffort"]}),
            "spec.scopes: Invalid value: [\"BestEffort\"]: unsupported scope applied to resource",
        ),
        (
            json!({"hard": {"pods": "1"}, "scopes": ["Foo"]}),
            "spec.scopes: Invalid value: [\"Foo\"]: unsupported scope",
        ),
        (
            json!({"hard": {"foo": "1"}}),
            "[spec.hard[foo]: Invalid value: \"foo\": must be a standard resource type or fully qualified, spec.hard[foo]: Invalid value: \"foo\": must be a standard resource for quota]",
        ),
        (
            json!({"hard": {"pods": "1.5"}}),
            "spec.hard[pods]: Invalid value: \"1500m\": must be an integer",
        ),
    ] {
        let quota = json!({"metadata": {"name": "bad"}, "spec": spec});
        let message = format!("ResourceQuota \"bad\" is invalid: {error}");
        place
            .post(&place.core("resourcequotas"), &quota)
            .await
            .refused(422, "Invalid", &message);
    }
}

async fn create_range(place: &Place, limits: Value) -> Value {
    let range = json!({"metadata": {"name": "workshop"}, "spec": {"limits": limits}});
    let made = place
        .post(&place.core("limitranges"), &range)
        .await
        .object();
    made["spec"]["limits"].clone()
}

pub(crate) async fn limit_range_bounds_sizes_and_ratios(place: Place) {
    let container = json!({"type": "Container", "max": {"cpu": "500m"}, "min": {"cpu": "50m"}, "maxLimitRequestRatio": {"cpu": "2"}});
    let made = create_range(
        &place,
        json!([container, {"type": "Pod", "max": {"cpu": "800m"}}]),
    )
    .await;
    assert_eq!(
        made[0]["default"],
        json!({"cpu": "500m"}),
        "the maximum is the default"
    );
    assert_eq!(made[0]["defaultRequest"], json!({"cpu": "500m"}));
    for (containers, error) in [
        (
            vec![cpu("10m", "600m")],
            "[minimum cpu usage per Container is 50m, but request is 10m, maximum cpu usage per Container is 500m, but limit is 600m, cpu max limit to request ratio per Container is 2, but provided ratio is 60.000000]",
        ),
        (
            vec![cpu("100m", "300m")],
            "cpu max limit to request ratio per Container is 2, but provided ratio is 3.000000",
        ),
        (
            vec![cpu("400m", "500m"), cpu("400m", "500m")],
            "maximum cpu usage per Pod is 800m, but limit is 1",
        ),
    ] {
        refused_pod(&place, &mk_pod("a", &containers))
            .await
            .refused(
                403,
                "Forbidden",
                &format!("pods \"a\" is forbidden: {error}"),
            );
    }
    let more = json!({"requests": {"cpu": "600m"}});
    place.post(&place.core("pods"), &mk_pod("a", &[more])).await.refused(
        422,
        "Invalid",
        "Pod \"a\" is invalid: spec.containers[0].resources.requests: Invalid value: \"600m\": must be less than or equal to cpu limit of 500m",
    );
    let made = place
        .post(&place.core("pods"), &mk_pod("a", &[json!({})]))
        .await
        .object();
    assert_eq!(
        made["spec"]["containers"][0]["resources"],
        cpu("500m", "500m")
    );
    assert_eq!(
        made["metadata"]["annotations"]["kubernetes.io/limit-ranger"],
        "LimitRanger plugin set: cpu request for container c0; cpu limit for container c0"
    );
}

pub(crate) async fn limit_range_must_not_contradict_itself(place: Place) {
    let limits = json!([{"type": "Container", "max": {"cpu": "1"}, "min": {"cpu": "2"}, "default": {"cpu": "3"}, "defaultRequest": {"cpu": "4"}}]);
    let range = json!({"metadata": {"name": "bad"}, "spec": {"limits": limits}});
    place.post(&place.core("limitranges"), &range).await.refused(
        422,
        "Invalid",
        "LimitRange \"bad\" is invalid: [spec.limits[0].min[cpu]: Invalid value: \"2\": min value 2 is greater than max value 1, spec.limits[0].defaultRequest[cpu]: Invalid value: \"4\": default request value 4 is greater than max value 1, spec.limits[0].defaultRequest[cpu]: Invalid value: \"4\": default request value 4 is greater than default limit value 3, spec.limits[0].default[cpu]: Invalid value: \"1\": default value 3 is greater than max value 1]",
    );
    let made = create_range(
        &place,
        json!([{"type": "Container", "min": {"memory": "5Mi"}}]),
    )
    .await;
    assert_eq!(
        made[0]["defaultRequest"],
        json!({"memory": "5Mi"}),
        "the minimum is what is asked for"
    );
}
