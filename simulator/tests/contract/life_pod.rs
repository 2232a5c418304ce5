//! The life of a pod: scheduler and kubelet.

use k8s_openapi::api::core::v1::{Node, Pod};
use kube::ResourceExt;
use kube::api::{Api, DeleteParams, ListParams, PostParams};
use serde_json::{Value, json};

use super::Place;
use super::life::{
    UNREACHABLE, becomes, condition, gone, make_settings, messages, mk_pod, needs_settings,
    pod_spec, shell, state, told,
};

async fn run(place: &Place, spec: &Value) {
    let api = place.api::<Pod>();
    api.create(&PostParams::default(), &mk_pod("a", spec))
        .await
        .unwrap();
}

fn waits_for(pod: &Pod, reason: &str) -> bool {
    state(pod)["waiting"]["reason"] == reason
}

fn restarts(pod: &Pod) -> i32 {
    let statuses = pod.status.as_ref().unwrap().container_statuses.as_ref();
    statuses.unwrap()[0].restart_count
}

fn message(pod: &Pod) -> String {
    state(pod)["waiting"]["message"]
        .as_str()
        .unwrap()
        .to_owned()
}

pub(crate) async fn pod_starts_and_ends(place: Place) {
    let mut spec = pod_spec(&shell("sleep 2; exit 3"));
    spec["restartPolicy"] = json!("Never");
    run(&place, &spec).await;
    let runs = becomes(&place, "a", 30, "a running pod", |pod: &Pod| {
        condition(pod, "Ready").is_some_and(|[ready, ..]| ready == "True")
    })
    .await;
    let status = runs.status.clone().unwrap();
    assert_eq!(status.phase.as_deref(), Some("Running"));
    assert_eq!(status.qos_class.as_deref(), Some("Burstable"));
    let kinds: Vec<String> = status
        .conditions
        .unwrap()
        .into_iter()
        .map(|condition| condition.type_)
        .collect();
    assert_eq!(
        kinds,
        [
            "PodReadyToStartContainers",
            "Initialized",
            "Ready",
            "ContainersReady",
            "PodScheduled"
        ]
    );
    let ended = becomes(&place, "a", 30, "a failed pod", |pod: &Pod| {
        pod.status.as_ref().unwrap().phase.as_deref() == Some("Failed")
    })
    .await;
    let terminated = state(&ended)["terminated"].clone();
    assert_eq!(terminated["exitCode"], 3);
    assert_eq!(terminated["reason"], "Error");
    assert!(terminated["containerID"].is_string());
    let [ready, reason, _] = condition(&ended, "Ready").unwrap();
    assert_eq!((ready.as_str(), reason.as_str()), ("False", "PodFailed"));
    for (reason, text) in [
        ("Scheduled", "Successfully assigned"),
        (
            "Pulled",
            "already present on machine and can be accessed by the pod",
        ),
        ("Created", "Container created"),
        ("Started", "Container started"),
    ] {
        told(&place, 20, ("Pod", "a"), reason, text).await;
    }
}

pub(crate) async fn crashing_container_is_restarted_later_each_time(place: Place) {
    let mut container = shell("sleep 1; exit 3");
    // With a probe the kubelet looks again at once; without one the status says how it ended until the restart.
    container["readinessProbe"] = json!({"tcpSocket": {"port": 80}, "periodSeconds": 5});
    run(&place, &pod_spec(&container)).await;
    let waits = becomes(&place, "a", 40, "a back-off", |pod: &Pod| {
        waits_for(pod, "CrashLoopBackOff")
    })
    .await;
    let full = format!("a_{}({})", place.namespace, waits.uid().unwrap());
    assert_eq!(
        message(&waits),
        format!("back-off 10s restarting failed container=main pod={full}")
    );
    let status = waits.status.unwrap();
    assert_eq!(status.phase.as_deref(), Some("Running"));
    let container = &status.container_statuses.unwrap()[0];
    // The first restart came at once.
    assert_eq!(container.restart_count, 1);
    let last = container.last_state.clone().unwrap().terminated.unwrap();
    assert_eq!((last.exit_code, last.reason.as_deref()), (3, Some("Error")));
    let event = told(&place, 20, ("Pod", "a"), "BackOff", "Back-off restarting").await;
    assert_eq!(
        event.message.unwrap(),
        format!("Back-off restarting failed container main in pod {full}")
    );
    // It may have ended again before the kubelet looked.
    let start = |pod: &Pod| {
        let state = state(pod);
        let of = |kind: &str| state[kind]["startedAt"].as_str().map(str::to_owned);
        of("running").or_else(|| of("terminated"))
    };
    let again = becomes(&place, "a", 40, "a second restart", |pod: &Pod| {
        restarts(pod) == 2 && start(pod).is_some()
    })
    .await;
    let started: jiff::Timestamp = start(&again).unwrap().parse().unwrap();
    let waited = started
        .duration_since(last.finished_at.unwrap().0)
        .as_secs();
    assert!((10..=17).contains(&waited), "{waited} s");
}

pub(crate) async fn pull_is_tried_later_each_time(place: Place) {
    let container = json!({"name": "main", "image": UNREACHABLE});
    run(&place, &pod_spec(&container)).await;
    let failed = becomes(&place, "a", 30, "ErrImagePull", |pod: &Pod| {
        waits_for(pod, "ErrImagePull")
    })
    .await;
    let problem = message(&failed);
    // A node may ask a mirror of the registry.
    let asked = format!(
        "failed to pull and unpack image \"{UNREACHABLE}\": failed to resolve reference \"{UNREACHABLE}\": failed to do request: Head \"http"
    );
    assert!(problem.starts_with(&asked), "{problem}");
    assert!(
        problem.ends_with(": connect: connection refused"),
        "{problem}"
    );
    let waits = becomes(&place, "a", 40, "ImagePullBackOff", |pod: &Pod| {
        waits_for(pod, "ImagePullBackOff")
    })
    .await;
    let back_off = format!("Back-off pulling image \"{UNREACHABLE}\"");
    assert_eq!(
        message(&waits),
        format!("{back_off}: ErrImagePull: {problem}")
    );
    let pulling = told(&place, 20, ("Pod", "a"), "Pulling", "Pulling image").await;
    assert!(pulling.count.unwrap() >= 1);
    told(&place, 20, ("Pod", "a"), "BackOff", &back_off).await;
    let mut failures = messages(&place, "Failed").await;
    failures.sort();
    assert_eq!(
        failures,
        [
            "Error: ErrImagePull".to_owned(),
            "Error: ImagePullBackOff".to_owned(),
            format!("Failed to pull image \"{UNREACHABLE}\": {problem}"),
        ]
    );
}

pub(crate) async fn image_that_nobody_pulls_is_refused(place: Place) {
    let mut container =
        json!({"name": "main", "image": "example.invalid/a/b:1", "imagePullPolicy": "Never"});
    run(&place, &pod_spec(&container)).await;
    let refused = becomes(&place, "a", 30, "ErrImageNeverPull", |pod: &Pod| {
        waits_for(pod, "ErrImageNeverPull")
    })
    .await;
    let text = "Container image \"example.invalid/a/b:1\" is not present with pull policy of Never";
    assert_eq!(message(&refused), text);
    told(&place, 20, ("Pod", "a"), "ErrImageNeverPull", text).await;
    told(
        &place,
        20,
        ("Pod", "a"),
        "Failed",
        "Error: ErrImageNeverPull",
    )
    .await;

    container["image"] = json!("UPPER/Case:1");
    let api = place.api::<Pod>();
    let misspelt = mk_pod("b", &pod_spec(&container));
    api.create(&PostParams::default(), &misspelt).await.unwrap();
    let refused = becomes(&place, "b", 30, "InvalidImageName", |pod: &Pod| {
        waits_for(pod, "InvalidImageName")
    })
    .await;
    let text = "Failed to apply default image tag \"UPPER/Case:1\": couldn't parse image name \"UPPER/Case:1\": invalid reference format: repository name (Case) must be lowercase";
    assert_eq!(message(&refused), text);
    told(&place, 20, ("Pod", "b"), "InspectFailed", text).await;
}

pub(crate) async fn container_waits_for_its_config_map(place: Place) {
    let mut container = shell("sleep 600");
    container["env"] = json!([{"name": "X", "valueFrom": {"configMapKeyRef": {"name": "settings", "key": "key"}}}]);
    run(&place, &pod_spec(&container)).await;
    let waits = becomes(
        &place,
        "a",
        30,
        "CreateContainerConfigError",
        |pod: &Pod| waits_for(pod, "CreateContainerConfigError"),
    )
    .await;
    assert_eq!(message(&waits), "configmap \"settings\" not found");
    assert_eq!(
        condition(&waits, "PodReadyToStartContainers").unwrap()[0],
        "True"
    );
    told(
        &place,
        20,
        ("Pod", "a"),
        "Failed",
        "Error: configmap \"settings\" not found",
    )
    .await;
    runs_with_its_settings(&place, 30).await;
}

/// The pod goes on once there is what it waits for.
async fn runs_with_its_settings(place: &Place, limit_s: u64) {
    make_settings(place).await;
    becomes(place, "a", limit_s, "a running container", |pod: &Pod| {
        !state(pod)["running"].is_null()
    })
    .await;
}

pub(crate) async fn pod_waits_for_its_volume(place: Place) {
    run(&place, &needs_settings()).await;
    let text = "MountVolume.SetUp failed for volume \"code\" : configmap \"settings\" not found";
    let event = told(&place, 30, ("Pod", "a"), "FailedMount", text).await;
    assert_eq!(event.involved_object.field_path, None);
    let pod = becomes(&place, "a", 20, "ContainerCreating", |pod: &Pod| {
        waits_for(pod, "ContainerCreating")
    })
    .await;
    assert_eq!(
        condition(&pod, "PodReadyToStartContainers").unwrap()[0],
        "False"
    );
    runs_with_its_settings(&place, 40).await;
}

pub(crate) async fn failed_probes_are_told_and_kill(place: Place) {
    let mut container = shell("sleep 600");
    container["livenessProbe"] =
        json!({"tcpSocket": {"port": 80}, "periodSeconds": 2, "failureThreshold": 2});
    container["readinessProbe"] =
        json!({"httpGet": {"path": "/health", "port": 80}, "periodSeconds": 2});
    run(&place, &pod_spec(&container)).await;
    let ip = |pod: &Pod| pod.status.as_ref().unwrap().pod_ip.clone();
    let pod = becomes(&place, "a", 30, "an address", |pod| ip(pod).is_some()).await;
    let ip = ip(&pod).unwrap();
    // A busy node may answer late first.
    let text = format!("Liveness probe failed: dial tcp {ip}:80: connect: connection refused");
    told(&place, 30, ("Pod", "a"), "Unhealthy", &text).await;
    let text = format!(
        "Readiness probe failed: Get \"http://{ip}:80/health\": dial tcp {ip}:80: connect: connection refused"
    );
    told(&place, 30, ("Pod", "a"), "Unhealthy", &text).await;
    told(
        &place,
        30,
        ("Pod", "a"),
        "Killing",
        "Container main failed liveness probe, will be restarted",
    )
    .await;
    let again = becomes(&place, "a", 30, "a restart", |pod: &Pod| restarts(pod) == 1).await;
    let status = again.status.unwrap();
    let last = status.container_statuses.unwrap()[0]
        .last_state
        .clone()
        .unwrap();
    // A shell as process 1 does not hear SIGTERM.
    assert_eq!(last.terminated.unwrap().exit_code, 137);
}

pub(crate) async fn pod_is_ended_at_its_deadline(place: Place) {
    let mut spec = pod_spec(&shell("sleep 600"));
    spec["activeDeadlineSeconds"] = json!(4);
    run(&place, &spec).await;
    let ended = becomes(&place, "a", 40, "a failed pod", |pod: &Pod| {
        pod.status.as_ref().unwrap().phase.as_deref() == Some("Failed")
    })
    .await;
    let status = ended.status.clone().unwrap();
    assert_eq!(status.reason.as_deref(), Some("DeadlineExceeded"));
    let text = "Pod was active on the node longer than the specified deadline";
    assert_eq!(status.message.as_deref(), Some(text));
    assert_eq!(condition(&ended, "Ready").unwrap()[1], "PodFailed");
    assert_eq!(state(&ended)["terminated"]["exitCode"], 137);
    told(&place, 20, ("Pod", "a"), "DeadlineExceeded", text).await;
    told(
        &place,
        20,
        ("Pod", "a"),
        "Killing",
        "Stopping container main",
    )
    .await;
}

pub(crate) async fn deleted_pod_has_its_grace(place: Place) {
    let mut spec = pod_spec(&shell("sleep 600"));
    spec["terminationGracePeriodSeconds"] = json!(3);
    run(&place, &spec).await;
    becomes(&place, "a", 30, "a running pod", |pod: &Pod| {
        !state(pod)["running"].is_null()
    })
    .await;
    let api = place.api::<Pod>();
    let marked = api.delete("a", &DeleteParams::default()).await.unwrap();
    let marked = marked.left().expect("a pod with a node ends first");
    assert_eq!(marked.metadata.deletion_grace_period_seconds, Some(3));
    told(
        &place,
        20,
        ("Pod", "a"),
        "Killing",
        "Stopping container main",
    )
    .await;
    let ended = becomes(&place, "a", 20, "an ended pod", |pod: &Pod| {
        !state(pod)["terminated"].is_null()
    })
    .await;
    assert_eq!(state(&ended)["terminated"]["exitCode"], 137);
    assert_eq!(ended.status.unwrap().phase.as_deref(), Some("Failed"));
    gone::<Pod>(&place, "a", 20).await;
}

pub(crate) async fn pod_that_fits_nowhere_says_why(place: Place) {
    let nodes: Api<Node> = Api::all(place.client.clone());
    let all = nodes
        .list(&ListParams::default())
        .await
        .unwrap()
        .items
        .len();
    let mut container = shell("true");
    container["resources"] = json!({"requests": {"cpu": "1k"}});
    run(&place, &pod_spec(&container)).await;
    let unschedulable = |name: &'static str| {
        let place = &place;
        async move {
            let pod = becomes(place, name, 20, "Unschedulable", |pod: &Pod| {
                condition(pod, "PodScheduled")
                    .is_some_and(|[_, reason, _]| reason == "Unschedulable")
            })
            .await;
            condition(&pod, "PodScheduled").unwrap()[2].clone()
        }
    };
    let preemption = format!(
        "no new claims to deallocate, preemption: 0/{all} nodes are available: {all} Preemption is not helpful for scheduling."
    );
    let text = format!("0/{all} nodes are available: {all} Insufficient cpu. {preemption}");
    assert_eq!(unschedulable("a").await, text);
    let event = told(&place, 20, ("Pod", "a"), "FailedScheduling", &text).await;
    assert_eq!(event.type_.as_deref(), Some("Warning"));
    assert_eq!(
        event.reporting_component.as_deref(),
        Some("default-scheduler")
    );
    assert!(event.event_time.is_some());

    let mut spec = pod_spec(&shell("true"));
    spec["nodeSelector"] = json!({"disk": "ssd"});
    let api = place.api::<Pod>();
    api.create(&PostParams::default(), &mk_pod("b", &spec))
        .await
        .unwrap();
    assert_eq!(
        unschedulable("b").await,
        format!(
            "0/{all} nodes are available: {all} node(s) didn't match Pod's node affinity/selector. {preemption}"
        )
    );
}
