//! What an attendee's page says under each fault of the demo, and that it says nothing any more once the fault is off. The
//! instructor breaks and mends through the panel's own routes. Held to `app/src/words/faults.rs`.

mod healthy;
mod keda;
mod load;
mod pods;
mod sentinels;
mod switches;
mod worlds;

use std::time::Duration;

use crate::world::{Answer, Browser, World};
use app::model::{Explanation, Finding, Phase, Snapshot, SourceState};
use http::StatusCode;
use kube::Api;
use kube::api::{Patch, PatchParams, PostParams};
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
