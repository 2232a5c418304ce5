//! The HorizontalPodAutoscaler's looks at every kind of metric and target. Conditions, events and their words are those
//! that Kubernetes 1.35.4 gave for the same objects.

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::autoscaling::v2::{HorizontalPodAutoscaler, HorizontalPodAutoscalerStatus};
use k8s_openapi::api::core::v1::ConfigMap;
use serde_json::{Value, json};

use super::world::{IMAGE, World, is_ready, mk_deployment};

fn cpu() -> Value {
    json!({"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 60}}})
}

fn memory() -> Value {
    json!({"type": "Resource", "resource": {"name": "memory", "target": {"type": "Utilization", "averageUtilization": 50}}})
}

fn pods() -> Value {
    json!({"type": "Pods", "pods": {"metric": {"name": "rps"}, "target": {"type": "AverageValue", "averageValue": "10"}}})
}

/// The web app without KEDA, and an autoscaler of it.
fn autoscaled(world: &World, name: &str, metrics: &[Value]) {
    if world.get::<Deployment>("webapp").is_none() {
        world.create(
            json!({"metadata": {"name": "webapp-code"}, "data": {"main.py": "app = FastAPI()"}}),
            Some::<ConfigMap>,
        );
        world.create(mk_deployment(IMAGE), Some::<Deployment>);
    }
    autoscaler(world, name, "Deployment", "webapp", metrics);
}

fn autoscaler(world: &World, name: &str, kind: &str, target: &str, metrics: &[Value]) {
    world.create(
        json!({"metadata": {"name": name}, "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": kind, "name": target},
            "minReplicas": 1, "maxReplicas": 3, "metrics": metrics,
        }}),
        Some::<HorizontalPodAutoscaler>,
    );
}

fn status(world: &World, name: &str) -> HorizontalPodAutoscalerStatus {
    let hpa = world.get::<HorizontalPodAutoscaler>(name).unwrap();
    hpa.status.unwrap_or_default()
}

/// `type status reason message`, in order.
fn conditions(world: &World, name: &str) -> Vec<String> {
    let conditions = status(world, name).conditions.unwrap_or_default();
    let text = |condition: &k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscalerCondition| {
        format!(
            "{} {} {} {}",
            condition.type_,
            condition.status,
            condition.reason.clone().unwrap_or_default(),
            condition.message.clone().unwrap_or_default()
        )
    };
    conditions.iter().map(text).collect()
}

const GOT_SCALE: &str = "AbleToScale True SucceededGetScale the HPA controller was able to get the target's current scale";

#[tokio::test(start_paused = true)]
async fn average_value_shows_no_percentage() {
    World::run(1, |world| async move {
        let metric = json!({"type": "Resource", "resource": {"name": "cpu", "target": {"type": "AverageValue", "averageValue": "30m"}}});
        autoscaled(&world, "average", &[metric]);
        world.pass(50.0).await;
        let metrics = status(&world, "average").current_metrics.unwrap();
        let current = &metrics[0].resource.as_ref().unwrap().current;
        assert_eq!(current.average_utilization, None);
        assert_eq!(current.average_value.as_ref().unwrap().0, "2m");
        assert_eq!(
            conditions(&world, "average")[1],
            "ScalingActive True ValidMetricFound the HPA was able to successfully calculate a replica count from cpu resource"
        );
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn highest_of_several_metrics_counts_and_a_missing_one_is_told() {
    World::run(1, |world| async move {
        autoscaled(&world, "partial", &[pods(), cpu(), memory()]);
        world.pass(80.0).await;
        let status = status(&world, "partial");
        let kinds: Vec<_> = status.current_metrics.unwrap().into_iter().map(|metric| metric.type_).collect();
        assert_eq!(kinds, ["", "Resource", "Resource"]);
        assert_eq!(status.desired_replicas, 3);
        assert!(conditions(&world, "partial")[1].ends_with("from memory resource utilization (percentage of request)"));
        assert!(world.messages("SuccessfulRescale").contains(
            &"New size: 2; reason: memory resource utilization (percentage of request) above target".to_owned()
        ));
        assert_eq!(
            world.messages("FailedGetPodsMetric"),
            ["unable to get metric rps: unable to fetch metrics from custom metrics API: no custom metrics API (custom.metrics.k8s.io) registered"]
        );
        // Only the first looks, which knew nothing, computed nothing.
        for message in world.messages("FailedComputeMetricsReplicas") {
            assert!(message.starts_with("invalid metrics (3 invalid out of 3), first error is: failed to get pods metric value: "), "{message}");
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn missing_metric_keeps_the_count_from_falling() {
    World::run(1, |world| async move {
        autoscaled(&world, "held", &[cpu(), pods()]);
        world.pass(40.0).await;
        let store = world.simulator.store();
        store.scale::<Deployment>(super::world::SEAT, "webapp", 3, "kubectl").unwrap();
        world.pass(400.0).await;
        // CPU alone would ask for one.
        assert_eq!(world.asked(), 3);
        assert!(conditions(&world, "held")[1].starts_with("ScalingActive False FailedGetPodsMetric the HPA was unable to compute the replica count: unable to get metric rps: "));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn metrics_that_nobody_serves_are_told_in_upstreams_words() {
    World::run(1, |world| async move {
        let external = json!({"type": "External", "external": {"metric": {"name": "queue_length"}, "target": {"type": "AverageValue", "averageValue": "10"}}});
        autoscaled(&world, "external", &[external]);
        world.pass(20.0).await;
        assert_eq!(
            world.messages("FailedComputeMetricsReplicas"),
            ["invalid metrics (1 invalid out of 1), first error is: failed to get queue_length external metric value: failed to get queue_length external metric: unable to get external metric workshop-user-1/queue_length/nil: unable to fetch metrics from external metrics API: the server could not find the requested resource (get queue_length.external.metrics.k8s.io)".replace("workshop-user-1", super::world::SEAT)]
        );
        assert_eq!(status(&world, "external").desired_replicas, 0);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn container_metric_wants_a_container_of_that_name() {
    World::run(1, |world| async move {
        let of = |container: &str| json!({"type": "ContainerResource", "containerResource": {"name": "cpu", "container": container, "target": {"type": "Utilization", "averageUtilization": 60}}});
        autoscaled(&world, "container", &[of("webapp")]);
        world.pass(50.0).await;
        let metrics = status(&world, "container").current_metrics.unwrap();
        let metric = metrics[0].container_resource.as_ref().unwrap();
        assert_eq!((metric.container.as_str(), metric.current.average_utilization), ("webapp", Some(4)));
        assert!(conditions(&world, "container")[1].ends_with("from cpu container resource utilization (percentage of request)"));
        let store = world.simulator.store();
        store.modify::<HorizontalPodAutoscaler>(super::world::SEAT, "container", |hpa| {
            let spec = hpa.spec.as_mut().unwrap();
            spec.metrics = Some(vec![serde_json::from_value(of("sidecar")).unwrap()]);
        }).unwrap();
        world.pass(15.0).await;
        assert_eq!(
            conditions(&world, "container")[1],
            "ScalingActive False FailedGetContainerResourceMetric the HPA was unable to compute the replica count: failed to get cpu utilization: did not receive metrics for targeted pods (pods might be unready)"
        );
        assert!(world.messages("FailedComputeMetricsReplicas").iter().any(|message| message.contains("failed to get sidecar container metric value: failed to get cpu utilization: did not receive")));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn two_autoscalers_of_the_same_pods_both_stand_still() {
    World::run(1, |world| async move {
        autoscaled(&world, "one", &[memory()]);
        autoscaled(&world, "two", &[memory()]);
        world.pass(50.0).await;
        for name in ["one", "two"] {
            let seat = super::world::SEAT;
            assert_eq!(
                conditions(&world, name),
                [GOT_SCALE.to_owned(), format!("ScalingActive False AmbiguousSelector pods by selector app=webapp are controlled by multiple HPAs: [{seat}/one {seat}/two]")]
            );
            assert_eq!(status(&world, name).current_metrics, None);
        }
        assert_eq!(world.asked(), 1);
        assert_eq!(world.messages("AmbiguousSelector"), world.messages("FailedComputeMetricsReplicas")[world.messages("FailedComputeMetricsReplicas").len() - world.messages("AmbiguousSelector").len()..]);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn target_without_replicas_switches_the_autoscaler_off() {
    World::run(1, |world| async move {
        autoscaled(&world, "off", &[cpu()]);
        world.pass(50.0).await;
        let store = world.simulator.store();
        store.scale::<Deployment>(super::world::SEAT, "webapp", 0, "kubectl").unwrap();
        world.pass(15.0).await;
        let after = status(&world, "off");
        assert_eq!((after.current_replicas, after.desired_replicas, after.current_metrics), (None, 0, None));
        assert_eq!(
            conditions(&world, "off")[1],
            "ScalingActive False ScalingDisabled scaling is disabled since the replica count of the target is zero"
        );
        assert_eq!(world.asked(), 0);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn target_that_is_missing_has_no_scale() {
    World::run(1, |world| async move {
        autoscaler(&world, "missing", "Deployment", "nothere", &[cpu()]);
        autoscaler(&world, "gadget", "Gadget", "x", &[cpu()]);
        world.pass(31.0).await;
        let said = |error: &str| {
            [format!("AbleToScale False FailedGetScale the HPA controller was unable to get the target's current scale: {error}")]
        };
        assert_eq!(conditions(&world, "missing"), said("deployments.apps \"nothere\" not found"));
        assert_eq!(conditions(&world, "gadget"), said("no matches for kind \"Gadget\" in group \"apps\""));
        assert_eq!(status(&world, "missing").current_replicas, None);
        let events = world.events("FailedGetScale");
        assert_eq!(events.iter().map(|event| event.count).collect::<Vec<_>>(), [Some(2), Some(2)]);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn changed_limits_move_the_count_at_the_next_look() {
    World::run(1, |world| async move {
        autoscaled(&world, "limits", &[cpu()]);
        world.pass(50.0).await;
        let change = |min, max| {
            let store = world.simulator.store();
            store
                .modify::<HorizontalPodAutoscaler>(super::world::SEAT, "limits", |hpa| {
                    let spec = hpa.spec.as_mut().unwrap();
                    (spec.min_replicas, spec.max_replicas) = (Some(min), max);
                })
                .unwrap();
        };
        change(3, 5);
        world.pass(15.0).await;
        assert_eq!(world.asked(), 3);
        change(1, 2);
        world.pass(15.0).await;
        assert_eq!(world.asked(), 2);
        assert_eq!(
            world.messages("SuccessfulRescale"),
            [
                "New size: 3; reason: Current number of replicas below Spec.MinReplicas",
                "New size: 2; reason: Current number of replicas above Spec.MaxReplicas"
            ]
        );
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn http_readiness_probe_fails_under_load_and_holds_the_autoscaler_back() {
    World::run(1, |world| async move {
        world.deploy(IMAGE);
        let store = world.simulator.store();
        store.modify::<Deployment>(super::world::SEAT, "webapp", |webapp| {
            let pod = webapp.spec.as_mut().unwrap().template.spec.as_mut().unwrap();
            let probe = json!({"httpGet": {"path": "/health", "port": 80}, "periodSeconds": 5});
            pod.containers[0].readiness_probe = serde_json::from_value(probe).ok();
        }).unwrap();
        world.until(60.0).await;
        assert_eq!(world.ready(), 1);
        world.start_load(false);
        let lost = world.wait(40.0, "the pod is unready", |world| world.ready() == 0).await;
        assert!(lost - 60.0 > 10.0, "{lost}");
        let told = world.messages("Unhealthy");
        assert!(told.iter().any(|message| message.starts_with("Readiness probe failed: Get \"http://10.")
            && message.ends_with(":80/health\": context deadline exceeded (Client.Timeout exceeded while awaiting headers)")), "{told:?}");
        // Whoever comes now is refused, and the users' next attempts free the pod again.
        world.pass(60.0).await;
        assert!(world.figures()["failures"].as_u64().unwrap() > 0);
        world.wait(120.0, "the pod is ready again", |world| world.pods("webapp").iter().any(is_ready)).await;
    })
    .await;
}
