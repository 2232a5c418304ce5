//! Records of runs on the simulator: what a panel that is started anew shows, what two replicas write, and what happens
//! when they may not. Time is tokio's, paused.

use std::time::Duration;

use crate::world::presses::{deploy, ended, start, wait};
use crate::world::{Replica, World, until};
use app::model::{History, LoadOutcome, TimeMs};
use http::StatusCode;
use k8s_openapi::api::core::v1::ConfigMap;
use kube::api::{DeleteParams, ListParams, Patch, PatchParams};
use kube::{Api, ResourceExt};
use server::names::{PANEL_ACCOUNT, PANEL_NAMESPACE};
use server::seats::provision;
use server::workshop::Run;
use server::workshop::run::decode;

const RUN_TIME_S: u32 = 300;

fn records(world: &World) -> Api<ConfigMap> {
    Api::namespaced(world.admin(), PANEL_NAMESPACE)
}

async fn runs(world: &World) -> Vec<Run> {
    let of_seats = ListParams::default().labels("autoscaling-workshop/seat");
    let listed = records(world).list(&of_seats).await.unwrap();
    let runs = listed.items.into_iter().map(|record| {
        let data = record.binary_data.unwrap();
        decode(&data["run.json.gz"].0).unwrap()
    });
    runs.collect()
}

/// The first of the states that a chart draws, and whether all is observed from then to the end.
fn observed_without_hole(history: &History, from: TimeMs, most_ms: i64) {
    let mut seen = from;
    for interval in &history.observed.cluster {
        assert!(
            interval.from.0 - seen.0 <= most_ms,
            "a hole before {interval:?} in {history:#?}"
        );
        seen = interval.to.unwrap_or(TimeMs(i64::MAX));
    }
    assert_eq!(seen, TimeMs(i64::MAX), "it is observed now");
}

fn assert_in_order_and_once(history: &History) {
    // Two lines may be of the same millisecond, but none comes twice.
    let load = &history.load;
    assert!(load.is_sorted_by(|a, b| a.time <= b.time && a != b));
    assert!(history.cpu.is_sorted_by(|a, b| b.time.0 - a.time.0 > 7_500));
    assert!(history.pods.is_sorted_by_key(|state| state.time));
    assert!(history.looks.is_sorted_by_key(|look| look.time));
}

/// Ends a panel as SIGTERM does.
async fn terminate(panel: Replica) {
    panel.shutdown.cancel();
    panel.runs.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn run_of_two_replicas_is_recorded_once() {
    let world = World::new(1).await;
    let other = world.replica().await;
    let browser = deploy(&world).await;
    start(&browser, RUN_TIME_S).await;
    world.until("ten pods", |s| s.ready() == 10).await;
    world.until("the end", ended).await;
    world
        .until("one pod again", |s| s.asked() == 1 && s.ready() == 1)
        .await;
    wait(120).await;
    let runs = runs(&world).await;
    let [run] = &runs[..] else {
        panic!("{} records", runs.len())
    };
    assert!(run.over.is_some());
    assert_eq!(run.load.users_wanted, Some(150));
    let steps: Vec<_> = run.history.rescales.iter().map(|step| step.to).collect();
    assert_eq!(
        (steps.iter().max(), steps.last()),
        (Some(&10), Some(&1)),
        "{steps:?}"
    );
    assert!(run.history.load.len() > 100 && run.history.marks.len() == 2);
    assert_in_order_and_once(&run.history);
    let record = &records(&world)
        .list(&ListParams::default())
        .await
        .unwrap()
        .items[0];
    let version = record.resource_version();
    // And nobody writes it again.
    terminate(other).await;
    wait(600).await;
    let record = records(&world).get(&record.name_any()).await.unwrap();
    assert_eq!(record.resource_version(), version);
    let bytes = record.binary_data.unwrap()["run.json.gz"].0.len();
    assert!(bytes < 64 * 1024, "{bytes}");
}

#[tokio::test(start_paused = true)]
async fn panel_that_replaces_one_in_mid_load_shows_what_was_before() {
    let world = World::new(1).await;
    let old = world.replica().await;
    let browser = deploy(&world).await;
    start(&old.serves(&browser), RUN_TIME_S).await;
    world.until("ten pods", |s| s.ready() == 10).await;
    let namespace = world.seats[0].namespace.clone();
    let before = old.published.history(&namespace).unwrap();
    world.end_first_panel().await;
    terminate(old).await;
    let [run] = &runs(&world).await[..] else {
        panic!("one record")
    };
    assert!(run.over.is_none());
    let new = world.replica().await;
    let history = new.published.history(&namespace).unwrap();
    // Two panels saw each step some milliseconds apart; one of them tells.
    let steps = |history: &History| -> Vec<_> {
        history
            .rescales
            .iter()
            .map(|step| (step.from, step.to))
            .collect()
    };
    assert_eq!(steps(&history), steps(&before));
    observed_without_hole(
        &history,
        run.from.max(before.observed.cluster[0].from),
        5_000,
    );
    until("the load's log is read", || {
        let load = new.published.history(&namespace).unwrap().load;
        load.last().unwrap().time > before.load.last().unwrap().time
    })
    .await;
    wait(60).await;
    let history = new.published.history(&namespace).unwrap();
    assert_in_order_and_once(&history);
    assert!(
        history
            .load
            .starts_with(&before.load[..before.load.len() - 2])
    );
    assert_eq!(history.marks, before.marks);
}

#[tokio::test(start_paused = true)]
async fn panel_that_comes_before_the_old_one_goes_gets_its_last_moments() {
    let world = World::new(1).await;
    let old = world.replica().await;
    let browser = deploy(&world).await;
    world.end_first_panel().await;
    start(&old.serves(&browser), RUN_TIME_S).await;
    // The record has the first 2 minutes, the new panel starts after 3.
    wait(180).await;
    let new = world.replica().await;
    let namespace = world.seats[0].namespace.clone();
    wait(3).await;
    terminate(old).await;
    wait(15).await;
    let history = new.published.history(&namespace).unwrap();
    let created = new
        .published
        .snapshot(&namespace)
        .unwrap()
        .load
        .clone()
        .unwrap()
        .created;
    observed_without_hole(&history, created, 0);
    assert_in_order_and_once(&history);
}

#[tokio::test(start_paused = true)]
async fn load_that_ended_before_the_panel_started_is_still_known() {
    let world = World::new(1).await;
    let browser = deploy(&world).await;
    start(&browser, RUN_TIME_S).await;
    wait(60).await;
    let stopped = browser.post("/api/stop_load", "foreign=false").await;
    assert_eq!(stopped.status, StatusCode::OK, "{}", stopped.body);
    world.until("the end", ended).await;
    wait(5).await;
    let before = world.snapshot().load.clone().unwrap();
    world.end_first_panel().await;
    let new = world.replica().await;
    let namespace = &world.seats[0].namespace;
    let load = new
        .published
        .snapshot(namespace)
        .unwrap()
        .load
        .clone()
        .unwrap();
    assert_eq!((&load.uid, &load.end), (&before.uid, &before.end));
    assert!(matches!(
        load.end.unwrap().outcome,
        LoadOutcome::Stopped { .. }
    ));
    assert_eq!(new.published.history(namespace).unwrap().marks.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn ten_runs_of_a_seat_are_kept_and_go_with_the_seat() {
    let world = World::new(1).await;
    let browser = deploy(&world).await;
    let mut uids = Vec::new();
    for _ in 0..11 {
        start(&browser, 20).await;
        let known = uids.last().cloned();
        world
            .until("the load ended", |s| {
                ended(s) && s.load.as_ref().map(|l| l.uid.clone()) != known
            })
            .await;
        uids.push(world.snapshot().load.clone().unwrap().uid);
        wait(90).await;
    }
    let mut kept: Vec<_> = runs(&world)
        .await
        .into_iter()
        .map(|run| run.load.uid)
        .collect();
    kept.sort();
    let mut newest = uids[1..].to_vec();
    newest.sort();
    assert_eq!(kept, newest);
    for seat in provision::doomed(&world.admin(), PANEL_NAMESPACE)
        .await
        .unwrap()
    {
        provision::delete(&world.admin(), PANEL_NAMESPACE, &seat)
            .await
            .unwrap();
    }
    assert_eq!(runs(&world).await, []);
}

#[tokio::test(start_paused = true)]
async fn panel_that_may_not_keep_runs_works_without() {
    let world = World::new(1).await;
    let roles: Api<k8s_openapi::api::rbac::v1::Role> =
        Api::namespaced(world.admin(), PANEL_NAMESPACE);
    let rules = serde_json::json!({ "rules": [{
        "apiGroups": [""], "resources": ["secrets"], "verbs": ["get", "list", "watch", "patch"],
    }] });
    let patch = Patch::Merge(&rules);
    roles
        .patch(PANEL_ACCOUNT, &PatchParams::default(), &patch)
        .await
        .unwrap();
    let began = tokio::time::Instant::now();
    let panel = world.replica().await;
    assert!(
        began.elapsed() < Duration::from_secs(2),
        "{:?}",
        began.elapsed()
    );
    let browser = deploy(&world).await;
    start(&panel.serves(&browser), 60).await;
    world.until("the end", ended).await;
    wait(60).await;
    assert_eq!(runs(&world).await, []);
    terminate(panel).await;
}

#[tokio::test(start_paused = true)]
async fn record_of_another_version_is_left_alone_and_a_broken_one_harms_nobody() {
    let world = World::new(1).await;
    let browser = deploy(&world).await;
    start(&browser, RUN_TIME_S).await;
    wait(130).await;
    let name = records(&world)
        .list(&ListParams::default())
        .await
        .unwrap()
        .items[0]
        .name_any();
    let newer = gzip(br#"{"version":2}"#);
    let patch = serde_json::json!({ "binaryData": { "run.json.gz": newer } });
    let patch = Patch::Merge(&patch);
    records(&world)
        .patch(&name, &PatchParams::default(), &patch)
        .await
        .unwrap();
    let left = records(&world).get(&name).await.unwrap();
    let panel = world.replica().await;
    wait(300).await;
    assert_eq!(records(&world).get(&name).await.unwrap(), left);
    terminate(panel).await;
    records(&world)
        .delete(&name, &DeleteParams::default())
        .await
        .unwrap();
    let patch = serde_json::json!({
        "metadata": { "name": "run-broken", "labels": left.metadata.labels, "annotations": left.metadata.annotations },
        "binaryData": { "run.json.gz": k8s_openapi::ByteString(b"broken".to_vec()) },
    });
    let broken: ConfigMap = serde_json::from_value(patch).unwrap();
    records(&world)
        .create(&Default::default(), &broken)
        .await
        .unwrap();
    let panel = world.replica().await;
    assert!(panel.published.ready());
}

fn gzip(text: &[u8]) -> k8s_openapi::ByteString {
    use std::io::Write;
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(text).unwrap();
    k8s_openapi::ByteString(gzip.finish().unwrap())
}
