//! The switches of the whole cluster, each on and off.

use std::time::Duration;

use app::model::{Finding, Phase};
use http::StatusCode;
use tokio::time::sleep;

use super::{Class, LOAD};

#[tokio::test(start_paused = true)]
async fn absent_metrics_api_is_named() {
    let class = Class::deployed().await;
    class.on("metrics-absent").await;
    class
        .finds(30, "absent", |f| *f == Finding::MetricsAbsent)
        .await;
    class.off("metrics-absent").await;
    class.healed(60).await;
}

#[tokio::test(start_paused = true)]
async fn unavailable_metrics_api_is_named_after_ten_seconds() {
    let class = Class::deployed().await;
    class.on("metrics-unavailable").await;
    class
        .finds(20, "unavailable", |f| {
            matches!(f, Finding::MetricsUnavailable { .. })
        })
        .await;
    class.off("metrics-unavailable").await;
    class.healed(60).await;
}

#[tokio::test(start_paused = true)]
async fn late_metrics_are_named_by_what_their_samples_cover() {
    let class = Class::deployed().await;
    class.on("metrics-late=120").await;
    class
        .finds(180, "late", |f| {
            matches!(f, Finding::MetricsLate { window_ms, .. } if (110_000..=125_000).contains(window_ms))
        })
        .await;
    class.finds_one(|f| matches!(f, Finding::MetricsLate { .. }));
    class.off("metrics-late").await;
    class.healed(150).await;
    let now = class.world.published.now();
    let sample = class.snapshot().pods[0].cpu.unwrap();
    assert!(now.seconds_since(sample.time) < 20.0);
}

#[tokio::test(start_paused = true)]
async fn missing_keda_is_named_and_its_objects_come_back() {
    let class = Class::deployed().await;
    class.on("keda-absent").await;
    class
        .finds(35, "absent", |f| *f == Finding::KedaAbsent)
        .await;
    class.within(10, "no HPA", |s| s.autoscaler.is_none()).await;
    assert_eq!(class.snapshot().ready(), 1);
    class.off("keda-absent").await;
    class.healed(60).await;
    class
        .within(60, "an HPA with a value", |s| s.phase == Phase::Ready)
        .await;
}

#[tokio::test(start_paused = true)]
async fn without_kedas_operator_a_running_app_goes_on_and_a_new_one_has_no_autoscaler() {
    let class = Class::deployed().await;
    class.on("keda-operator-away").await;
    class.stays_quiet(120).await;
    // Its finalizer hangs.
    class.press("/api/clean_up", "").await;
    class
        .within(60, "the app is gone", |s| s.deployment.is_none())
        .await;
    class
        .finds(
            60,
            "the finalizer",
            |f| matches!(f, Finding::FinalizerHangs { name, .. } if name == "webapp"),
        )
        .await;
    assert!(class.snapshot().scaled_object.unwrap().terminating);
    class.off("keda-operator-away").await;
    class
        .within(60, "clean", |s| s.phase == Phase::CleanedUp)
        .await;

    class.on("keda-operator-away").await;
    class.press("/api/deploy", "take_over=false").await;
    class.within(60, "a ready pod", |s| s.ready() == 1).await;
    class
        .finds(
            20,
            "untouched",
            |f| matches!(f, Finding::KedaIgnores { name, .. } if name == "webapp"),
        )
        .await;
    sleep(Duration::from_secs(120)).await;
    class.finds_one(|f| matches!(f, Finding::KedaIgnores { .. }));
    assert!(class.snapshot().autoscaler.is_none());
    class.off("keda-operator-away").await;
    class.healed(60).await;
    class
        .within(60, "an HPA with a value", |s| s.phase == Phase::Ready)
        .await;
}

#[tokio::test(start_paused = true)]
async fn api_server_that_is_away_is_named_and_the_last_state_stays() {
    let class = Class::deployed().await;
    class.on("api-server-away").await;
    class
        .finds(5, "unreachable", |f| {
            matches!(f, Finding::ClusterUnreachable { .. })
        })
        .await;
    assert_eq!(class.snapshot().ready(), 1);
    let refused = class.attendee.post("/api/start_load", LOAD).await;
    assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE);
    class.off("api-server-away").await;
    class.healed(30).await;
    class.press("/api/start_load", LOAD).await;
}

#[tokio::test(start_paused = true)]
async fn slow_api_server_slows_buttons_and_counts_as_away_from_five_seconds_on() {
    let class = Class::deployed().await;
    class.on("api-server-slow=1000").await;
    class.press("/api/deploy", "take_over=false").await;
    class.stays_quiet(60).await;
    class.on("api-server-slow=6000").await;
    class
        .finds(20, "unreachable", |f| {
            matches!(f, Finding::ClusterUnreachable { .. })
        })
        .await;
    class.off("api-server-slow").await;
    class.healed(30).await;
}

#[tokio::test(start_paused = true)]
async fn throttling_api_server_makes_some_buttons_fail_with_a_sentence() {
    let class = Class::deployed().await;
    class.on("api-server-throttles=50").await;
    let mut refused = 0;
    for _ in 0..20 {
        let answer = class.attendee.post("/api/deploy", "take_over=false").await;
        if answer.status != StatusCode::OK {
            assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
            assert!(answer.refusal().1["message"].is_string());
            refused += 1;
        }
    }
    assert!(refused > 0);
    class.off("api-server-throttles").await;
    class.press("/api/deploy", "take_over=false").await;
    class.healed(60).await;
}

#[tokio::test(start_paused = true)]
async fn failing_api_server_is_named_while_it_fails() {
    let class = Class::deployed().await;
    class.on("api-server-fails=100").await;
    class
        .finds(20, "unreachable", |f| {
            matches!(f, Finding::ClusterUnreachable { .. })
        })
        .await;
    class.off("api-server-fails").await;
    class.healed(60).await;
}

#[tokio::test(start_paused = true)]
async fn cut_and_expired_watches_are_not_seen_and_lose_nothing() {
    for fault in ["watches-cut=3", "watches-expired=3"] {
        let class = Class::deployed().await;
        class.on(fault).await;
        class.stays_quiet(30).await;
        class.press("/api/start_load", LOAD).await;
        class.within(240, "ten pods", |s| s.ready() == 10).await;
        assert_eq!(class.findings(), []);
        class.instruct("/api/end_faults", "").await;
        class.press("/api/stop_load", "foreign=false").await;
        class
            .within(300, "one pod", |s| s.phase == Phase::BackToOne)
            .await;
    }
}

#[tokio::test(start_paused = true)]
async fn panel_follows_the_api_servers_clock() {
    for skew_s in [300, -300] {
        let class = Class::deployed().await;
        class.on(&format!("clock-skew={skew_s}")).await;
        let off = || {
            let real = class.world.simulator.clock().now().as_millisecond();
            class.world.published.now().0 - real - skew_s * 1000
        };
        class.within(30, "the clock", |_| off().abs() <= 1000).await;
        class.stays_quiet(120).await;
        // metrics-server's own clock is right, so its samples seem that much older, or to be of the future.
        let sample = class.snapshot().pods[0].cpu.unwrap();
        let age = class.world.published.now().seconds_since(sample.time);
        assert!((age - skew_s as f64).abs() < 20.0, "{age}");
        class.off("clock-skew").await;
        let off = || {
            let real = class.world.simulator.clock().now().as_millisecond();
            class.world.published.now().0 - real
        };
        class.within(30, "the clock", |_| off().abs() <= 1000).await;
        class.healed(30).await;
    }
}

#[tokio::test(start_paused = true)]
async fn full_cluster_is_named_as_soon_as_a_pod_is_to_start() {
    let class = Class::new().await;
    class.on("nodes-cordoned=3").await;
    class.press("/api/deploy", "take_over=false").await;
    class
        .finds(10, "no node", |f| {
            matches!(f, Finding::Unschedulable { pods: 1, .. })
        })
        .await;
    class.off("nodes-cordoned").await;
    class.healed(60).await;
}
