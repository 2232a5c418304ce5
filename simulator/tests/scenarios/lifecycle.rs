//! From nothing to the first value, and from everything to nothing.

use k8s_openapi::api::apps::v1::{Deployment, ReplicaSet};
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{Namespace, Pod};
use simulator::api::ScaledObject;
use simulator::store::DeleteOptions;

use super::world::{IMAGE, SEAT, World};

#[tokio::test(start_paused = true)]
async fn first_value_comes_with_the_second_look_after_the_first_valid_sample() {
    for seed in 0..8 {
        World::run(seed, |world| async move {
            world.deploy(IMAGE);
            let ready = world
                .wait(10.0, "a ready pod", |world| world.ready() == 1)
                .await;
            // Recorded: 4.2 to 5.1 s.
            assert!((4.0..5.5).contains(&ready), "{ready}");
            world.until(14.5).await;
            assert_eq!(world.condition("AbleToScale"), None);
            world.until(15.5).await;
            assert_eq!(
                world.condition("AbleToScale").unwrap().1,
                "SucceededGetScale"
            );
            assert_eq!(
                world.condition("ScalingActive").unwrap(),
                ("False".to_owned(), "FailedGetResourceMetric".to_owned())
            );
            assert_eq!(world.condition("ScalingLimited"), None);
            let first = world
                .wait(40.0, "a value", |world| world.utilization().is_some())
                .await;
            if first > 31.0 {
                // The phase in which the first sample of two scrapes still reaches back before Ready: rare, and
                // in none of the recordings.
                assert!((45.0..45.5).contains(&first), "seed {seed}: {first}");
                let told = world.messages("FailedGetResourceMetric");
                let unready = |message: &String| message.ends_with("(pods might be unready)");
                assert!(told.iter().any(unready), "{told:?}");
            } else {
                assert!((30.0..30.5).contains(&first), "seed {seed}: {first}");
            }
            let utilization = world.utilization().unwrap();
            assert!((3..=6).contains(&utilization), "seed {seed}: {utilization}");
            assert_eq!(world.hpa().desired_replicas, 1);
            world.until(90.0).await;
            assert_eq!(world.utilization(), Some(4));
            assert_eq!(
                world.condition("ScalingLimited").unwrap().1,
                "DesiredWithinRange"
            );
        })
        .await;
    }
}

#[tokio::test(start_paused = true)]
async fn scaled_object_reports_as_recorded() {
    World::run(2, |world| async move {
        world.deploy(IMAGE);
        world.pass(0.5).await;
        let object = || world.get::<ScaledObject>("webapp").unwrap();
        let status = object().status.unwrap();
        let condition = |kind: &str| {
            let status = object().status.unwrap();
            let condition = status
                .conditions
                .into_iter()
                .find(|condition| condition.type_ == kind)?;
            Some((condition.status, condition.reason.unwrap_or_default()))
        };
        assert_eq!(status.hpa_name.as_deref(), Some("keda-hpa-webapp"));
        assert_eq!(condition("Ready").unwrap().1, "ScaledObjectReady");
        assert_eq!(condition("HPAActive"), None);
        assert_eq!(
            world.messages("ScaledObjectReady"),
            ["ScaledObject is ready for scaling"]
        );
        // Two writers make it Unknown at first; the next poll, 5 s later, settles it.
        world.until(5.5).await;
        assert_eq!(condition("Active").unwrap().1, "ScalerActive");
        world.until(20.5).await;
        assert_eq!(condition("HPAActive").unwrap().1, "FailedGetResourceMetric");
        world.until(35.5).await;
        assert_eq!(condition("HPAActive").unwrap().1, "HPAActive");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn autoscaler_changed_by_hand_is_put_back() {
    World::run(2, |world| async move {
        world.deploy(IMAGE);
        world.pass(20.0).await;
        let store = world.simulator.store();
        store
            .modify::<HorizontalPodAutoscaler>(SEAT, "keda-hpa-webapp", |hpa| {
                hpa.spec.as_mut().unwrap().max_replicas = 3;
            })
            .unwrap();
        world.pass(0.1).await;
        let max = || {
            world
                .get::<HorizontalPodAutoscaler>("keda-hpa-webapp")
                .unwrap()
                .spec
                .unwrap()
                .max_replicas
        };
        assert_eq!(max(), 10);
        store
            .delete::<HorizontalPodAutoscaler>(
                SEAT,
                "keda-hpa-webapp",
                &DeleteOptions::background(),
            )
            .unwrap();
        world.pass(0.1).await;
        assert_eq!(max(), 10);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn deployment_takes_its_replica_sets_and_pods_along() {
    World::run(3, |world| async move {
        world.deploy(IMAGE);
        world.pass(10.0).await;
        let store = world.simulator.store();
        store
            .delete::<ScaledObject>(SEAT, "webapp", &DeleteOptions::background())
            .unwrap();
        store
            .delete::<Deployment>(SEAT, "webapp", &DeleteOptions::background())
            .unwrap();
        world.pass(0.1).await;
        assert!(world.get::<ScaledObject>("webapp").is_none());
        assert!(
            world
                .get::<HorizontalPodAutoscaler>("keda-hpa-webapp")
                .is_none()
        );
        assert!(world.list::<ReplicaSet>().is_empty());
        assert!(
            world.pods("webapp")[0]
                .metadata
                .deletion_timestamp
                .is_some()
        );
        // Recorded: 1.4 to 2.2 s.
        let gone = world
            .wait(5.0, "no pod", |world| world.list::<Pod>().is_empty())
            .await;
        assert!(gone < 12.5, "{gone}");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn job_deleted_without_a_policy_leaves_its_pod_running() {
    World::run(4, |world| async move {
        world.deploy(IMAGE);
        world.start_load(false);
        world.pass(20.0).await;
        let store = world.simulator.store();
        store
            .delete::<Job>(SEAT, "locust-headless", &DeleteOptions::default())
            .unwrap();
        world.pass(10.0).await;
        assert!(world.get::<Job>("locust-headless").is_none());
        let [pod] = &world.pods("locust")[..] else {
            panic!("the load's pod is gone");
        };
        assert_eq!(pod.metadata.owner_references, None);
        assert_eq!(
            pod.status.as_ref().unwrap().phase.as_deref(),
            Some("Running")
        );
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn namespace_goes_with_everything_in_it() {
    World::run(5, |world| async move {
        world.deploy(IMAGE);
        world.start_load(false);
        world.pass(20.0).await;
        let store = world.simulator.store();
        store
            .delete::<Namespace>("", SEAT, &DeleteOptions::background())
            .unwrap();
        world
            .wait(40.0, "no namespace", |world| {
                world.simulator.store().get::<Namespace>("", SEAT).is_none()
            })
            .await;
        assert!(world.list::<Pod>().is_empty());
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn changed_template_replaces_the_pod_without_a_gap() {
    World::run(6, |world| async move {
        world.deploy(IMAGE);
        world.pass(10.0).await;
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
                pod.containers[0].env.as_mut().unwrap()[0].value = Some("2".to_owned());
            })
            .unwrap();
        for _ in 0..100 {
            world.pass(0.1).await;
            assert!(world.ready() >= 1);
        }
        assert_eq!(world.pods("webapp").len(), 1);
        assert_eq!(world.list::<ReplicaSet>().len(), 2);
        let status = world.get::<Deployment>("webapp").unwrap().status.unwrap();
        assert_eq!(
            (status.updated_replicas, status.available_replicas),
            (Some(1), Some(1))
        );
    })
    .await;
}
