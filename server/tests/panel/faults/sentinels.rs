//! One seat broken on purpose, and mended.

use app::model::{Finding, Sentinel};
use http::StatusCode;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{Pod, ResourceQuota};
use kube::api::ListParams;

use super::{Class, LOAD};

/// The pods' `spec` in the Deployment.
async fn pod_spec(class: &Class) -> serde_json::Value {
    let deployment = class.api::<Deployment>().get("webapp").await.unwrap();
    serde_json::to_value(deployment.spec.unwrap().template.spec).unwrap()
}

#[tokio::test(start_paused = true)]
async fn broken_pods_are_named_and_mending_restores_what_was_there() {
    type Is = fn(&Finding) -> bool;
    let image: Is =
        |f| matches!(f, Finding::ImagePull { image, .. } if image.ends_with(":missing"));
    let crash: Is = |f| matches!(f, Finding::CrashLoop { restarts, .. } if *restarts > 0);
    let memory: Is = |f| matches!(f, Finding::OutOfMemory { restarts, .. } if *restarts > 0);
    let config: Is = |f| {
        matches!(f, Finding::ConfigMissing { object, name, .. }
            if object == "ConfigMap" && name == "webapp-code-missing")
    };
    let node: Is = |f| matches!(f, Finding::Unschedulable { pods: 1, .. });
    for (sentinel, is) in [
        ("image-missing", image),
        ("crash-loop", crash),
        ("out-of-memory", memory),
        ("config-map-missing", config),
        ("no-node", node),
    ] {
        let class = Class::deployed().await;
        let before = pod_spec(&class).await;
        class.break_seat(sentinel).await;
        class.finds(30, sentinel, is).await;
        assert_eq!(class.snapshot().ready(), 1, "the old pod goes on");
        class.mend().await;
        assert_eq!(pod_spec(&class).await, before);
        class.healed(60).await;
    }
}

#[tokio::test(start_paused = true)]
async fn pod_out_of_memory_is_oom_killed() {
    let class = Class::deployed().await;
    class.break_seat("out-of-memory").await;
    class
        .finds(30, "it is killed", |f| {
            matches!(f, Finding::OutOfMemory { container, limit, restarts, .. }
                if *restarts > 0 && container == "webapp" && limit.as_deref() == Some("256Mi"))
        })
        .await;
    let pods = class.api::<Pod>();
    let pods = pods.list(&ListParams::default()).await.unwrap();
    let mut last = pods.iter().filter_map(|pod| {
        let status = pod.status.as_ref()?.container_statuses.as_ref()?.first()?;
        status.last_state.as_ref()?.terminated.clone()
    });
    let last = last.next().unwrap();
    assert_eq!(last.reason.as_deref(), Some("OOMKilled"));
    assert_eq!(last.exit_code, 137);
}

#[tokio::test(start_paused = true)]
async fn pod_that_is_never_ready_is_named_with_what_its_probe_says() {
    let class = Class::deployed().await;
    class.break_seat("never-ready").await;
    class.stays_quiet(40).await;
    class
        .finds(20, "never ready", |f| {
            matches!(f, Finding::NotReady { pods: 1, never: true, message, .. }
                if message.starts_with("Readiness probe failed"))
        })
        .await;
    let snapshot = class.snapshot();
    let unready: Vec<_> = snapshot.pods.iter().filter(|pod| !pod.ready).collect();
    assert_eq!(unready.len(), 1);
    assert_eq!(unready[0].status, "Running");
    class.finds_one(|f| matches!(f, Finding::NotReady { .. }));
    class.mend().await;
    class.healed(60).await;
}

#[tokio::test(start_paused = true)]
async fn full_quota_is_named_when_the_next_pod_is_refused() {
    let class = Class::deployed().await;
    class.break_seat("quota-full").await;
    class.stays_quiet(30).await;
    class.press("/api/start_load", LOAD).await;
    class
        .finds(30, "refused", |f| {
            matches!(f, Finding::PodsRefused { message, .. } if message.contains("exceeded quota: faults"))
        })
        .await;
    class.mend().await;
    let quotas = class.api::<ResourceQuota>();
    assert!(quotas.get_opt("faults").await.unwrap().is_none());
    class
        .within(120, "users", |s| {
            s.load.as_ref().is_some_and(|l| l.figures.is_some())
        })
        .await;
    assert_eq!(class.findings(), []);
}

#[tokio::test(start_paused = true)]
async fn seat_is_broken_once_and_only_where_there_is_something_to_break() {
    let class = Class::new().await;
    for sentinel in Sentinel::ALL {
        if matches!(sentinel, Sentinel::QuotaFull | Sentinel::LoadFails) {
            continue;
        }
        let sentinel = serde_json::to_value(sentinel).unwrap();
        let form = format!("seat=01&sentinel={}", sentinel.as_str().unwrap());
        let answer = class.instructor.post("/api/break_seat", &form).await;
        assert_eq!(answer.status, StatusCode::CONFLICT, "{form}");
    }
    class.break_seat("quota-full").await;
    let again = class
        .instructor
        .post("/api/break_seat", "seat=01&sentinel=quota-full")
        .await;
    assert_eq!(again.status, StatusCode::CONFLICT);
    assert!(again.body.contains("mend it first"));
}
