//! The reading half on the simulator: watches, metrics and logs become snapshots, history and frames. Time is tokio's,
//! paused: minutes of the story pass at once.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends")]

use std::sync::Arc;
use std::time::Duration;

use app::model::{
    Explanation, Finding, LoadLimits, LoadOutcome, LoadSettings, LoadStage, Phase, Snapshot,
    SourceState,
};
use futures::StreamExt;
use server::audit::{Actor, Audit};
use server::cluster::{Clients, Watching};
use server::commands::Commands;
use server::names::{PANEL_ACCOUNT, PANEL_NAMESPACE};
use server::publish::{self, Published, Publisher};
use server::seats::Seats;
use server::seats::provision::{self, Extras};
use server::telemetry::Telemetry;
use server::workshop::manifests::Settings;
use simulator::{Identity, MetricsApi, Simulator};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

const NAMESPACE: &str = "workshop-user-1";

/// Nothing in the story takes longer.
const PATIENCE: Duration = Duration::from_secs(600);

const LOAD: LoadSettings = LoadSettings::DEFAULT;

/// A cluster with two seats, and the reading half on it.
struct Stage {
    simulator: Simulator,
    published: Arc<Published>,
    publisher: JoinHandle<Result<(), publish::Error>>,
    commands: Commands,
    shutdown: CancellationToken,
}

impl Stage {
    async fn new(prepare: impl FnOnce(&Simulator)) -> Self {
        let shutdown = CancellationToken::new();
        let simulator = Simulator::new(simulator::Options {
            start: "2026-11-24T09:00:00Z".parse().unwrap(),
            ..simulator::Options::default()
        })
        .unwrap();
        prepare(&simulator);
        let cluster = simulator.clone();
        let ended = shutdown.clone();
        tokio::spawn(async move { cluster.run(ended).await });
        let admin = simulator.client(Identity::admin());
        provision::apply_panel_rights(&admin, PANEL_NAMESPACE, Watching::default())
            .await
            .unwrap();
        let wanted = provision::Options {
            count: 2,
            prefix: "workshop-user-".to_owned(),
            panel_namespace: PANEL_NAMESPACE.to_owned(),
        };
        let settings = Settings::default();
        provision::create(&admin, &wanted, &settings, Extras::default())
            .await
            .unwrap();
        let panel = Identity::service_account(PANEL_NAMESPACE, PANEL_ACCOUNT);
        let client = simulator.client(panel);
        let telemetry = Telemetry::default();
        let clients = Clients::new(client.clone());
        let (people, _watch) = Seats::start(
            client,
            PANEL_NAMESPACE.to_owned(),
            telemetry.watches.clone(),
            shutdown.clone(),
        );
        let (published, publisher) = Publisher::start(
            clients.clone(),
            people,
            publish::Options::default(),
            shutdown.clone(),
        );
        let limits = LoadLimits {
            users: 500,
            spawn_rate: 100,
            run_time_s: 1800,
            n: 40,
        };
        let stage = Self {
            simulator,
            published,
            publisher,
            commands: Commands::new(clients, settings, limits, Audit::new(telemetry.commands)),
            shutdown,
        };
        stage
            .wait("the panel is ready", || {
                stage.published.ready() && stage.published.snapshot(NAMESPACE).is_some()
            })
            .await;
        stage
    }

    fn actor() -> Actor {
        Actor {
            seat: Some("1".parse().unwrap()),
            client: None,
        }
    }

    fn snapshot(&self) -> Arc<Snapshot> {
        self.published.snapshot(NAMESPACE).unwrap()
    }

    async fn deploy(&self) {
        let snapshot = Some(self.snapshot());
        let deployed = self
            .commands
            .deploy(Self::actor(), NAMESPACE, snapshot, false);
        deployed.await.unwrap();
    }

    async fn wait(&self, what: &str, is: impl Fn() -> bool) {
        let reached = async {
            while !is() {
                sleep(Duration::from_millis(100)).await;
            }
        };
        let reached = timeout(PATIENCE, reached).await;
        let snapshot = self.published.snapshot(NAMESPACE);
        assert!(reached.is_ok(), "never happened: {what}; {snapshot:#?}");
    }

    async fn until(&self, what: &str, is: impl Fn(&Snapshot) -> bool) {
        self.wait(what, || is(&self.snapshot())).await;
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}

fn asked(snapshot: &Snapshot) -> u32 {
    snapshot.asked()
}

#[tokio::test(start_paused = true)]
async fn one_pod_becomes_ten_and_one_again() {
    let stage = Stage::new(|_| {}).await;
    assert_eq!(stage.snapshot().phase, Phase::NotStarted);
    stage.deploy().await;
    stage
        .until("the first CPU value", |s| s.phase == Phase::Ready)
        .await;
    assert!(matches!(
        stage.snapshot().explanation,
        Explanation::EnoughAtMinimum { replicas: 1, .. }
    ));

    let started =
        stage
            .commands
            .start_load(Stage::actor(), NAMESPACE, Some(stage.snapshot()), LOAD);
    started.await.unwrap();
    stage
        .until("users", |s| {
            s.load
                .as_ref()
                .is_some_and(|load| load.stage == LoadStage::Running)
        })
        .await;
    stage.until("ten pods", |s| s.ready() == 10).await;
    stage
        .until("the maximum", |s| s.phase == Phase::AtMaximum)
        .await;
    let load = stage.snapshot().load.clone().unwrap();
    assert_eq!(load.figures.unwrap().users, Some(LOAD.users));
    assert!(load.own);

    let stopped = stage.commands.stop_load(Stage::actor(), NAMESPACE, true);
    stopped.await.unwrap();
    stage
        .until("the window", |s| {
            matches!(s.explanation, Explanation::HeldByWindow { .. })
        })
        .await;
    let Explanation::HeldByWindow {
        until, window_s, ..
    } = stage.snapshot().explanation
    else {
        panic!("the explanation has just been that");
    };
    assert_eq!(window_s, Settings::default().window_s);
    stage
        .until("one pod", |s| s.phase == Phase::BackToOne)
        .await;
    // A sample with part of the load may leave a recommendation of its own, which ends a look later: 10, 2, 1.
    let history = stage.published.history(NAMESPACE).unwrap();
    let down = history.rescales.iter().find(|step| step.to < step.from);
    let off = down.unwrap().time.seconds_since(until.unwrap());
    assert!(
        off.abs() < 2.0,
        "{:?} came {off} s after what was foretold",
        history.rescales
    );
    let end = stage.snapshot().load.clone().unwrap().end.unwrap();
    assert!(
        matches!(end.outcome, LoadOutcome::Stopped { .. }),
        "{end:?}"
    );

    let steps = history.rescales.iter().map(|step| step.to);
    assert_eq!(steps.max(), Some(10));
    assert_eq!(history.rescales.last().map(|step| step.to), Some(1));
    assert_eq!(history.marks.len(), 2);
    assert!(history.load.len() > 20 && history.cpu.len() > 5);
    assert!(history.looks.len() > 4);
    let surprises = stage.snapshot().findings.clone();
    assert_eq!(surprises, []);
}

#[tokio::test(start_paused = true)]
async fn readers_are_told_the_same_as_the_routes() {
    let stage = Stage::new(|_| {}).await;
    let feed = stage.published.feed(NAMESPACE).unwrap();
    let mut reader = Box::pin(feed.reader(None));
    let first = reader.next().await.unwrap();
    assert!(first.bytes.starts_with(b"event: history\n"));
    stage.deploy().await;
    stage.until("one pod", |s| s.ready() == 1).await;
    let mut told = 0;
    loop {
        let frame = timeout(Duration::from_millis(1), reader.next()).await;
        let Ok(Some(frame)) = frame else { break };
        let text = std::str::from_utf8(&frame.bytes).unwrap();
        let data = text
            .lines()
            .find_map(|line| line.strip_prefix("data: "))
            .unwrap();
        let change: serde_json::Value = serde_json::from_str(data).unwrap();
        let ready = change["change"]["snapshot"]["pods"].as_array().unwrap();
        told = ready.iter().filter(|pod| pod["ready"] == true).count();
    }
    assert_eq!(told, 1);
    let rows = stage.published.overview();
    let rows: Vec<_> = rows
        .seats
        .iter()
        .map(|row| (row.namespace.as_str(), row.ready))
        .collect();
    assert_eq!(rows, [(NAMESPACE, 1), ("workshop-user-2", 0)]);
}

#[tokio::test(start_paused = true)]
async fn an_idle_namespace_is_told_nothing() {
    let stage = Stage::new(|_| {}).await;
    let other = stage.published.feed("workshop-user-2").unwrap();
    let mut reader = Box::pin(other.reader(None));
    reader.next().await.unwrap();
    stage.deploy().await;
    stage.until("one pod", |s| s.ready() == 1).await;
    sleep(Duration::from_secs(300)).await;
    let told = timeout(Duration::from_millis(1), reader.next()).await;
    assert!(told.is_err(), "{told:?}");
}

#[tokio::test(start_paused = true)]
async fn a_cluster_without_keda_is_ready_and_says_so() {
    let stage = Stage::new(|simulator| simulator.faults().set_keda_absent(true)).await;
    let snapshot = stage.snapshot();
    assert_eq!(snapshot.sources.keda, SourceState::Absent);
    assert_eq!(snapshot.sources.cluster, SourceState::Live);
    assert_eq!(snapshot.findings, [Finding::KedaAbsent]);
}

#[tokio::test(start_paused = true)]
async fn without_a_metrics_api_no_pod_has_a_sample_and_it_is_named() {
    let stage =
        Stage::new(|simulator| simulator.faults().set_metrics_api(MetricsApi::Absent)).await;
    stage
        .until("absent", |s| s.sources.metrics == SourceState::Absent)
        .await;
    stage.deploy().await;
    stage.until("one pod", |s| s.ready() == 1).await;
    sleep(Duration::from_secs(95)).await;
    let snapshot = stage.snapshot();
    assert_eq!(snapshot.findings.first(), Some(&Finding::MetricsAbsent));
    assert_eq!(snapshot.pods[0].cpu, None);
}

#[tokio::test(start_paused = true)]
async fn a_metrics_server_that_is_down_is_a_gap_and_comes_back() {
    let stage = Stage::new(|_| {}).await;
    stage.deploy().await;
    stage.until("ready", |s| s.phase == Phase::Ready).await;
    stage
        .simulator
        .faults()
        .set_metrics_api(MetricsApi::Unavailable);
    stage
        .until("the finding", |s| {
            matches!(s.findings.first(), Some(Finding::MetricsUnavailable { .. }))
        })
        .await;
    stage
        .simulator
        .faults()
        .set_metrics_api(MetricsApi::Serving);
    stage
        .until("live", |s| s.sources.metrics == SourceState::Live)
        .await;
    let observed = stage.published.history(NAMESPACE).unwrap().observed.metrics;
    assert_eq!(observed.len(), 2);
    assert!(observed[0].to.is_some() && observed[1].to.is_none());
}

#[tokio::test(start_paused = true)]
async fn while_the_api_server_is_away_the_last_state_stays() {
    let stage = Stage::new(|_| {}).await;
    stage.deploy().await;
    stage.until("ready", |s| s.phase == Phase::Ready).await;
    stage.simulator.faults().set_api_server_down(true);
    stage
        .until("lost", |s| {
            matches!(s.sources.cluster, SourceState::Lost { .. })
        })
        .await;
    assert!(matches!(
        stage.published.cluster(),
        SourceState::Lost { .. }
    ));
    assert_eq!(stage.snapshot().ready(), 1);
    assert!(stage.published.ready(), "what is known can still be shown");
    sleep(Duration::from_secs(60)).await;
    stage.simulator.faults().set_api_server_down(false);
    let back = stage.published.now();
    stage
        .until("live", |s| s.sources.cluster == SourceState::Live)
        .await;
    let after = stage.published.now().seconds_since(back);
    assert!(after < 5.0, "back after {after} s");
    let observed = stage.published.history(NAMESPACE).unwrap().observed.cluster;
    assert_eq!(observed.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn cut_and_expired_watches_go_on() {
    let stage = Stage::new(|_| {}).await;
    stage.simulator.faults().cut_watches();
    stage.deploy().await;
    stage.until("one pod", |s| s.ready() == 1).await;
    stage.simulator.faults().expire_versions_before(u64::MAX);
    stage.simulator.faults().cut_watches();
    sleep(Duration::from_secs(1)).await;
    stage.simulator.faults().expire_versions_before(0);
    let removed = stage.commands.clean_up(Stage::actor(), NAMESPACE);
    removed.await.unwrap();
    stage.until("clean", |s| s.phase == Phase::CleanedUp).await;
    assert_eq!(asked(&stage.snapshot()), 0);
}

#[tokio::test(start_paused = true)]
async fn the_publisher_ends_with_the_shutdown() {
    let mut stage = Stage::new(|_| {}).await;
    stage.shutdown.cancel();
    let ended = timeout(Duration::from_secs(5), &mut stage.publisher).await;
    assert!(matches!(ended, Ok(Ok(Ok(())))), "{ended:?}");
}

#[tokio::test(start_paused = true)]
async fn the_panel_has_the_clusters_time() {
    let stage = Stage::new(|_| {}).await;
    sleep(Duration::from_secs(60)).await;
    let off = stage.published.now().0 - stage.simulator.clock().now().as_millisecond();
    assert!(off.abs() <= 500, "{off} ms off");
}
