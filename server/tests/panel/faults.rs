//! What an attendee's page says under each fault of the demo, and that it says nothing any more once the fault is off. The
//! instructor breaks and mends through the panel's own routes. Held to `app/src/words/faults.rs`.

mod healthy;
mod keda;
mod load;
mod pods;
mod worlds;

use std::time::Duration;

use crate::world::{Answer, Browser, World};
use app::model::{Explanation, Finding, Phase, Sentinel, Snapshot, SourceState};
use http::StatusCode;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{Pod, ResourceQuota};
use kube::Api;
use kube::api::{ListParams, Patch, PatchParams, PostParams};
use tokio::time::{Instant, sleep, timeout};

const LOAD: &str = "users=150&spawn_rate=15&run_time_s=300&n=26";

/// A demo with one seat.
struct Class {
    world: World,
    instructor: Browser,
    attendee: Browser,
}

impl Class {
    /// Nothing is deployed.
    async fn new() -> Self {
        let world = World::demo(1).await;
        let instructor = world.sign_in(&world.instructor).await;
        let attendee = world.attendee().await;
        Self {
            world,
            instructor,
            attendee,
        }
    }

    /// The app runs, and the autoscaler has its first value.
    async fn deployed() -> Self {
        let class = Self::new().await;
        class.press("/api/deploy", "take_over=false").await;
        class
            .within(120, "ready", |s| s.phase == Phase::Ready)
            .await;
        assert_eq!(class.findings(), []);
        class
    }

    async fn press(&self, path: &str, form: &str) {
        let answer = self.attendee.post(path, form).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.body);
    }

    async fn instruct(&self, path: &str, form: &str) -> Answer {
        let answer = self.instructor.post(path, form).await;
        assert_eq!(answer.status, StatusCode::OK, "{form}: {}", answer.body);
        answer
    }

    async fn on(&self, fault: &str) {
        let form = match fault.split_once('=') {
            Some((fault, value)) => format!("fault={fault}&on=true&value={value}"),
            None => format!("fault={fault}&on=true"),
        };
        self.instruct("/api/set_fault", &form).await;
    }

    async fn off(&self, fault: &str) {
        let form = format!("fault={fault}&on=false");
        self.instruct("/api/set_fault", &form).await;
    }

    async fn break_seat(&self, sentinel: &str) {
        let form = format!("seat=01&sentinel={sentinel}");
        self.instruct("/api/break_seat", &form).await;
    }

    async fn mend(&self) {
        self.instruct("/api/mend_seat", "seat=01").await;
    }

    fn snapshot(&self) -> Snapshot {
        Snapshot::clone(&self.world.snapshot())
    }

    fn findings(&self) -> Vec<Finding> {
        self.snapshot().findings
    }

    /// Waits until the attendee's page says so, for at most that many seconds; how many it took.
    async fn within(&self, seconds: u64, what: &str, is: impl Fn(&Snapshot) -> bool) -> u64 {
        let begun = Instant::now();
        let reached = async {
            while !is(&self.snapshot()) {
                sleep(Duration::from_millis(100)).await;
            }
        };
        let reached = timeout(Duration::from_secs(seconds), reached).await;
        assert!(
            reached.is_ok(),
            "not within {seconds} s: {what}; {:#?}",
            self.snapshot()
        );
        begun.elapsed().as_secs()
    }

    async fn finds(&self, seconds: u64, what: &str, is: impl Fn(&Finding) -> bool) {
        let first = |s: &Snapshot| s.findings.first().is_some_and(&is);
        self.within(seconds, what, first).await;
    }

    /// The seat's namespace.
    fn namespace(&self) -> &str {
        &self.world.seats[0].namespace
    }

    /// Objects of a kind in the seat's namespace, as an administrator.
    fn api<K>(&self) -> Api<K>
    where
        K: kube::Resource<DynamicType = (), Scope = kube::core::NamespaceResourceScope>,
    {
        Api::namespaced(self.world.admin(), self.namespace())
    }

    /// Changes an object as an attendee's kubectl would.
    async fn patch<K>(&self, name: &str, patch: &serde_json::Value)
    where
        K: kube::Resource<DynamicType = (), Scope = kube::core::NamespaceResourceScope>
            + Clone
            + std::fmt::Debug
            + serde::de::DeserializeOwned,
    {
        let params = PatchParams {
            field_manager: Some("kubectl-client-side-apply".to_owned()),
            ..PatchParams::default()
        };
        let patch = Patch::Merge(patch);
        self.api::<K>().patch(name, &params, &patch).await.unwrap();
    }

    /// Creates an object from its manifest.
    async fn create<K>(&self, manifest: serde_json::Value)
    where
        K: kube::Resource<DynamicType = (), Scope = kube::core::NamespaceResourceScope>
            + Clone
            + std::fmt::Debug
            + serde::Serialize
            + serde::de::DeserializeOwned,
    {
        let object: K = serde_json::from_value(manifest).unwrap();
        self.api::<K>()
            .create(&PostParams::default(), &object)
            .await
            .unwrap();
    }

    /// What is found now is one thing, and this.
    fn finds_one(&self, is: impl Fn(&Finding) -> bool) {
        let findings = self.findings();
        assert!(findings.len() == 1 && is(&findings[0]), "{findings:#?}");
    }

    /// Nothing is found any more, and one pod is ready.
    async fn healed(&self, seconds: u64) {
        let well = |s: &Snapshot| {
            let live = [s.sources.cluster, s.sources.metrics, s.sources.keda];
            s.findings.is_empty()
                && live == [SourceState::Live; 3]
                && s.ready() == 1
                && s.existing() == 1
        };
        self.within(seconds, "all is well", well).await;
    }

    /// Nothing is found for that long, and all sources are live.
    async fn stays_quiet(&self, seconds: u64) {
        for _ in 0..seconds * 5 {
            sleep(Duration::from_millis(200)).await;
            let snapshot = self.snapshot();
            assert_eq!(snapshot.findings, []);
        }
    }
}

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

/// The pods' `spec` in the Deployment.
async fn pod_spec(class: &Class) -> serde_json::Value {
    let namespace = &class.world.seats[0].namespace;
    let api: Api<Deployment> = Api::namespaced(class.world.admin(), namespace);
    let deployment = api.get("webapp").await.unwrap();
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
    let namespace = &class.world.seats[0].namespace;
    let pods: Api<Pod> = Api::namespaced(class.world.admin(), namespace);
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
    let quotas: Api<ResourceQuota> =
        Api::namespaced(class.world.admin(), &class.world.seats[0].namespace);
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

#[tokio::test(start_paused = true)]
async fn everything_works_again_at_one_press() {
    let class = Class::deployed().await;
    class.break_seat("crash-loop").await;
    for fault in ["keda-absent", "metrics-unavailable", "api-server-away"] {
        class.on(fault).await;
    }
    class
        .finds(5, "unreachable", |f| {
            matches!(f, Finding::ClusterUnreachable { .. })
        })
        .await;
    let refused = class.instructor.post("/api/mend_seat", "seat=01").await;
    assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE);
    let ended = class.instruct("/api/end_faults", "").await.json();
    assert!(
        ended["switches"]
            .as_array()
            .unwrap()
            .iter()
            .all(|s| s["on"] == false)
    );
    assert!(ended["seats"][0]["broken"].is_null());
    class.healed(120).await;
    assert!(!matches!(
        class.snapshot().explanation,
        Explanation::NothingDeployed
    ));
}

#[tokio::test(start_paused = true)]
async fn page_shows_what_is_broken() {
    let class = Class::deployed().await;
    let page = class.instructor.get("/faults").await.body;
    assert!(page.contains("Everything works.") && page.contains("metrics-absent"));
    class.on("api-server-slow=700").await;
    class.break_seat("crash-loop").await;
    let page = class.instructor.get("/faults").await.body;
    assert!(page.contains("1 fault is on, 1 seat is broken."));
    assert!(page.contains("● on, 700 ms"));
    assert!(page.contains("Mend seat 01"));
}
