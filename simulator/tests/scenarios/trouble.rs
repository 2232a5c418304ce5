//! What goes wrong in a class: a full quota, a full node, a wrong image, a broken metrics API.

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{ConfigMap, Pod, ResourceQuota};
use serde_json::json;
use simulator::MetricsApi;

use super::world::{IMAGE, SEAT, World, mk_deployment};

fn waiting(pod: &Pod) -> Option<String> {
    let status = pod.status.as_ref()?.container_statuses.as_ref()?.first()?;
    status.state.as_ref()?.waiting.as_ref()?.reason.clone()
}

#[tokio::test(start_paused = true)]
async fn full_quota_holds_the_pods_but_not_the_autoscaler() {
    World::run(1, |world| async move {
        // Room for four web apps and the load.
        world.create(
            json!({"metadata": {"name": "workshop"}, "spec": {"hard": {"requests.cpu": "300m"}}}),
            Some::<ResourceQuota>,
        );
        world.deploy(IMAGE);
        world.until(49.7).await;
        world.start_load(false);
        world.wait(150.0, "ten asked for", |world| world.asked() == 10).await;
        world.pass(30.0).await;
        assert_eq!(world.pods("webapp").len(), 4);
        let refusals = world.messages("FailedCreate");
        assert!(
            refusals.iter().any(|message| message.starts_with("Error creating: pods \"webapp-")
                && message.ends_with("is forbidden: exceeded quota: workshop, requested: requests.cpu=50m, used: requests.cpu=300m, limited: requests.cpu=300m")),
            "{refusals:?}"
        );
        assert!(refusals.iter().any(|message| message.starts_with("(combined from similar events)")));
        let deployment = world.get::<Deployment>("webapp").unwrap();
        let conditions = deployment.status.unwrap().conditions.unwrap();
        let failure = conditions.iter().find(|condition| condition.type_ == "ReplicaFailure").unwrap();
        assert_eq!(failure.reason.as_deref(), Some("FailedCreate"));
        assert!(failure.message.as_ref().unwrap().starts_with("pods \"webapp-"));
        let used = world.get::<ResourceQuota>("workshop").unwrap().status.unwrap().used.unwrap();
        assert_eq!(used["requests.cpu"].0, "300m");
        // Recorded: 184 to 200 % with four pods.
        let utilization = world.utilization().unwrap();
        assert!((170..=202).contains(&utilization), "{utilization}");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn wrong_image_is_tried_again_later_each_time_until_it_is_right() {
    World::run(2, |world| async move {
        world.deploy("10.99.0.1:5000/workshop/webapp:v2");
        world.until(10.0).await;
        assert_eq!(
            waiting(&world.pods("webapp")[0]).as_deref(),
            Some("ErrImagePull")
        );
        world.until(20.0).await;
        assert_eq!(
            waiting(&world.pods("webapp")[0]).as_deref(),
            Some("ImagePullBackOff")
        );
        world.until(90.0).await;
        // Recorded: four pulls in 90 s, one event with its count.
        let pulls = world.events("Pulling");
        assert_eq!(pulls.len(), 1);
        assert!(
            (4..=5).contains(&pulls[0].count.unwrap()),
            "{:?}",
            pulls[0].count
        );
        let failed = world.messages("Failed");
        assert!(
            failed
                .iter()
                .any(|message| message
                    .ends_with("dial tcp 10.99.0.1:5000: connect: connection refused")),
            "{failed:?}"
        );
        let warnings = world.events("FailedGetResourceMetric");
        assert_eq!(warnings.len(), 1);
        assert_eq!(warnings[0].count, Some(5));

        let store = world.simulator.store();
        store
            .modify::<Deployment>(SEAT, "webapp", |deployment| {
                let pod = deployment
                    .spec
                    .as_mut()
                    .unwrap()
                    .template
                    .spec
                    .as_mut()
                    .unwrap();
                pod.containers[0].image = Some(IMAGE.to_owned());
            })
            .unwrap();
        let ready = world
            .wait(10.0, "a ready pod", |world| world.ready() == 1)
            .await;
        assert!(ready < 96.0, "{ready}");
        world
            .wait(5.0, "the old pod gone", |world| {
                world.pods("webapp").len() == 1
            })
            .await;
        assert!(
            world.events("ScalingReplicaSet").iter().any(|event| event
                .message
                .as_ref()
                .unwrap()
                .ends_with("from 1 to 0"))
        );
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn pod_without_a_node_says_why_and_starts_when_there_is_room() {
    World::run(3, |world| async move {
        let mut large = mk_deployment(IMAGE);
        large["metadata"]["name"] = json!("large");
        large["spec"]["template"]["spec"]["containers"][0]["resources"] = json!({"requests": {"cpu": "12"}});
        large["spec"]["replicas"] = json!(4);
        world.create(json!({"metadata": {"name": "webapp-code"}, "data": {"main.py": ""}}), Some::<ConfigMap>);
        world.create(large, Some::<Deployment>);
        world.pass(10.0).await;
        // Three nodes of 16 cores.
        assert_eq!(world.ready(), 3);
        assert_eq!(
            world.messages("FailedScheduling"),
            ["0/3 nodes are available: 3 Insufficient cpu. no new claims to deallocate, preemption: 0/3 nodes are available: 3 No preemption victims found for incoming pod."]
        );
        let store = world.simulator.store();
        store.scale::<Deployment>(SEAT, "large", 3, "test").unwrap();
        world.pass(10.0).await;
        assert_eq!(world.pods("webapp").len(), 3);
        assert_eq!(world.ready(), 3);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn crashing_container_backs_off() {
    World::run(4, |world| async move {
        world.deploy("tiangolo/uvicorn-gunicorn-fastapi:crash");
        world.pass(25.0).await;
        let [pod] = &world.pods("webapp")[..] else {
            panic!("one pod")
        };
        assert_eq!(waiting(pod).as_deref(), Some("CrashLoopBackOff"));
        let status = &pod
            .status
            .as_ref()
            .unwrap()
            .container_statuses
            .as_ref()
            .unwrap()[0];
        // At once, then after 10 s: the third comes after 20 s more.
        assert_eq!(status.restart_count, 2);
        assert_eq!(
            status
                .last_state
                .as_ref()
                .unwrap()
                .terminated
                .as_ref()
                .unwrap()
                .exit_code,
            1
        );
        assert_eq!(world.ready(), 0);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn load_without_a_ready_pod_is_refused_and_its_exit_code_follows_the_setting() {
    World::run(5, |world| async move {
        world.deploy("tiangolo/uvicorn-gunicorn-fastapi:missing");
        world.start_load(false);
        world.pass(20.0).await;
        let figures = world.figures();
        assert_eq!(figures["requests"], figures["failures"]);
        assert!(figures["failures"].as_u64().unwrap() > 0);
        world.pass(420.0).await;
        let log = world.load_log();
        assert!(
            log.iter()
                .any(|line| line.contains("ConnectionRefusedError(111, 'Connection refused')"))
        );
        let status = world.get::<Job>("locust-headless").unwrap().status.unwrap();
        assert_eq!((status.succeeded, status.failed), (Some(1), None));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn broken_metrics_api_is_told_and_scales_nothing() {
    World::run(6, |world| async move {
        world.deploy(IMAGE);
        world.until(49.7).await;
        world
            .simulator
            .faults()
            .set_metrics_api(MetricsApi::Unavailable);
        world.start_load(false);
        world.pass(60.0).await;
        assert_eq!(world.asked(), 1);
        let told = world.messages("FailedGetResourceMetric");
        assert!(
            told.iter().any(|message| message.ends_with(
                "the server is currently unable to handle the request (get pods.metrics.k8s.io)"
            )),
            "{told:?}"
        );
        world
            .simulator
            .faults()
            .set_metrics_api(MetricsApi::Serving);
        world
            .wait(60.0, "a scale-up", |world| world.asked() > 1)
            .await;
    })
    .await;
}
