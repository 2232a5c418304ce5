//! A whole journey on the simulator, sentence by sentence, against what the HPA itself says in its events. Time is
//! tokio's, paused.

use crate::rescales::{Account, Witness, objections, pairs};
use crate::world::{self, Browser, World};
use app::model::{Explanation, History, Phase, Snapshot, Told};
use http::StatusCode;
use k8s_openapi::api::core::v1::Event;

async fn post(browser: &Browser, path: &str, form: &str) {
    let answer = browser.post(path, form).await;
    assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.body);
}

/// Deploys, loads until ten pods are at the maximum, stops, and waits for one pod.
async fn journey() -> (World, Account) {
    let world = World::new(1).await;
    let witness = Witness::of(world.admin(), &world.seats[0].namespace);
    let browser = world.attendee().await;
    post(&browser, "/api/deploy", "take_over=false").await;
    world.until("idle", |s| s.phase == Phase::Ready).await;
    let form = "users=150&spawn_rate=15&run_time_s=600&n=26";
    post(&browser, "/api/start_load", form).await;
    world
        .until("the maximum", |s| s.phase == Phase::AtMaximum)
        .await;
    tokio::time::sleep(std::time::Duration::from_secs(60)).await;
    post(&browser, "/api/stop_load", "foreign=false").await;
    world
        .until("one pod", |s| s.phase == Phase::BackToOne)
        .await;
    world::settle().await;
    (world, witness.account())
}

#[tokio::test(start_paused = true)]
async fn every_rescale_of_the_events_has_its_sentence() {
    let (world, account) = journey().await;
    let snapshot = world.snapshot();
    let history = world.published.history(&world.seats[0].namespace).unwrap();
    let pairs = pairs(&account, &history.told, &snapshot).unwrap();
    assert!(pairs.len() >= 4, "{pairs:#?}");
    let objections = objections(&account, &pairs, &history.told);
    assert!(objections.is_empty(), "{}", objections.join("\n"));
    let is = |is: fn(&Explanation) -> bool| history.told.iter().any(|told| is(&told.explanation));
    assert!(is(|e| matches!(e, Explanation::Deploying)));
    assert!(is(|e| matches!(e, Explanation::NoCpuYet)));
    assert!(is(|e| matches!(e, Explanation::EnoughAtMinimum { .. })));
    assert!(is(|e| matches!(
        e,
        Explanation::AtMaximum { from: None, .. }
    )));
    assert!(is(|e| matches!(e, Explanation::HeldByWindow { .. })));
    assert!(
        !is(|e| matches!(
            e,
            Explanation::NotReproducible { .. } | Explanation::OneHotPod { .. }
        )),
        "{:#?}",
        history.told
    );
}

#[tokio::test(start_paused = true)]
async fn a_comparison_finds_what_does_not_fit() {
    let (world, account) = journey().await;
    let snapshot = world.snapshot();
    let history = world.published.history(&world.seats[0].namespace).unwrap();
    let told = history.told;
    let first = told.iter().position(|t| t.explanation.rescale().is_some());
    let first = first.unwrap();
    let finds = |account: &Account, told: &[Told]| match pairs(account, told, &snapshot) {
        Ok(pairs) => objections(account, &pairs, told),
        Err(error) => vec![error],
    };
    let changed = |change: &dyn Fn(&mut Vec<Told>)| {
        let mut told = told.clone();
        change(&mut told);
        finds(&account, &told)
    };
    assert_eq!(finds(&account, &told), [""; 0]);
    let left_out = changed(&|told| drop(told.remove(first)));
    assert!(left_out[0].contains("the HPA made"), "{left_out:?}");
    let twice = changed(&|told| told.insert(first, told[first].clone()));
    assert!(twice[0].contains("the HPA made"), "{twice:?}");
    let late = changed(&|told| told[first].time = told[first].time.plus_ms(18_000));
    assert!(late[0].contains("after the event"), "{late:?}");
    let other = changed(&|told| told[first].evidence = told[first + 1].evidence.clone());
    assert!(other[0].contains("no status of the HPA"), "{other:?}");
    let figure = changed(&|told| match &mut told[first].explanation {
        Explanation::ScaledUp { percent, .. } | Explanation::ScaledUpLimited { percent, .. } => {
            *percent += 1;
        }
        other => panic!("the first one is a scale-up: {other:?}"),
    });
    assert!(figure[0].contains("the status said"), "{figure:?}");
    let size = changed(&|told| match &mut told[first].explanation {
        Explanation::ScaledUp { from, .. } | Explanation::ScaledUpLimited { from, .. } => {
            *from += 1;
        }
        other => panic!("the first one is a scale-up: {other:?}"),
    });
    assert!(size[0].contains("made (1, "), "{size:?}");
    assert!(size[1].contains("it does not begin with"), "{size:?}");

    let mut otherwise = account.clone();
    otherwise.rescales[0].reason = "All metrics below target".to_owned();
    let reason = finds(&otherwise, &told);
    assert!(reason[0].contains("ScalingLimited is"), "{reason:?}");
}

#[test]
fn a_repeated_event_is_as_many_rescales() {
    let event = |count: i32, second: i32| -> Event {
        serde_json::from_value(serde_json::json!({
            "metadata": { "name": "keda-hpa-webapp.1", "namespace": "w", "uid": "a" },
            "involvedObject": { "kind": "HorizontalPodAutoscaler", "name": "keda-hpa-webapp" },
            "reason": "SuccessfulRescale",
            "message": "New size: 4; reason: All metrics below target",
            "count": count,
            "lastTimestamp": format!("2026-11-23T09:00:{second}Z"),
        }))
        .unwrap()
    };
    let mut account = Account::default();
    // A watch that begins anew tells the same once more.
    for event in [event(1, 10), event(1, 10), event(2, 55)] {
        account.hear(&event);
    }
    let times: Vec<_> = account.rescales.iter().map(|r| r.time.0 % 60_000).collect();
    assert_eq!(times, [10_000, 55_000]);
    assert!(account.rescales.iter().all(|rescale| rescale.to == 4));
}

#[tokio::test(start_paused = true)]
async fn the_stages_of_a_scale_up_come_in_order_and_in_time() {
    let (world, _) = journey().await;
    let namespace = &world.seats[0].namespace;
    let history = world.published.history(namespace).unwrap();
    let ups = history.rescales.iter().filter(|step| step.to > step.from);
    let ups: Vec<_> = ups.map(|step| (step.from, step.to)).collect();
    let told: Vec<_> = history.reactions.iter().map(|r| (r.from, r.to)).collect();
    assert_eq!(told, ups);
    let first = history.reactions[0];
    let decided = first.decision.seconds_since(first.users_on.unwrap());
    assert!((5.0..45.0).contains(&decided), "decided after {decided} s");
    for reaction in &history.reactions {
        let ready = reaction.ready.unwrap();
        let took = ready.seconds_since(reaction.decision);
        assert!((0.5..15.0).contains(&took), "ready after {took} s");
        let sample = reaction.first_sample.unwrap();
        let took = sample.seconds_since(ready);
        assert!((10.0..35.0).contains(&took), "sampled after {took} s");
        let counted = reaction.counted.unwrap();
        let took = counted.seconds_since(sample);
        assert!((0.0..31.0).contains(&took), "counted after {took} s");
        assert!(reaction.p95_before_ms.is_some() && reaction.p95_after_ms.is_some());
        assert!(reaction.over);
    }
}

#[tokio::test(start_paused = true)]
async fn a_panel_that_has_just_started_tells_the_same() {
    let (world, _) = journey().await;
    // Until the run is over and its record holds all of it.
    tokio::time::sleep(std::time::Duration::from_secs(120)).await;
    let namespace = &world.seats[0].namespace;
    let told = |history: &History| -> Vec<_> {
        let told = history.told.iter();
        told.filter_map(|told| Some((told.time, told.explanation.rescale()?)))
            .collect()
    };
    let before = world.published.history(namespace).unwrap();
    let replica = world.replica().await;
    let after = replica.published.history(namespace).unwrap();
    assert!(told(&before).len() >= 4);
    assert_eq!(told(&after), told(&before));
    assert_eq!(after.reactions, before.reactions);
    // What began after the run is said anew.
    assert_eq!(
        after.told.last().unwrap().explanation,
        replica.published.snapshot(namespace).unwrap().explanation
    );
}

/// Of a look's samples some began before the load, and which depends on when it comes.
#[tokio::test(start_paused = true)]
async fn a_load_is_told_of_rightly_whenever_it_starts() {
    for delay_s in [0, 3, 6, 9, 12] {
        let world = World::new(1).await;
        let namespace = &world.seats[0].namespace;
        let witness = Witness::of(world.admin(), namespace);
        let browser = world.attendee().await;
        post(&browser, "/api/deploy", "take_over=false").await;
        world.until("idle", |s| s.phase == Phase::Ready).await;
        tokio::time::sleep(std::time::Duration::from_secs(delay_s)).await;
        let form = "users=150&spawn_rate=15&run_time_s=600&n=26";
        post(&browser, "/api/start_load", form).await;
        let maximum = |s: &Snapshot| s.phase == Phase::AtMaximum;
        world.until("the maximum", maximum).await;
        world::settle().await;
        let account = witness.account();
        let told = world.published.history(namespace).unwrap().told;
        let pairs = pairs(&account, &told, &world.snapshot()).unwrap();
        let objections = objections(&account, &pairs, &told);
        assert!(objections.is_empty(), "{delay_s} s: {objections:#?}");
        world.shutdown.cancel();
    }
}

/// No record holds the rescale yet, and the HPA has not looked again.
#[tokio::test(start_paused = true)]
async fn a_replica_that_comes_just_after_a_rescale_tells_it_once() {
    let world = World::new(1).await;
    let namespace = &world.seats[0].namespace;
    let witness = Witness::of(world.admin(), namespace);
    let browser = world.attendee().await;
    post(&browser, "/api/deploy", "take_over=false").await;
    world.until("idle", |s| s.phase == Phase::Ready).await;
    let form = "users=150&spawn_rate=15&run_time_s=600&n=26";
    post(&browser, "/api/start_load", form).await;
    let grown = |s: &Snapshot| s.explanation.rescale().is_some();
    world.until("a rescale", grown).await;
    tokio::time::sleep(std::time::Duration::from_secs(3)).await;
    let replica = world.replica().await;
    world.end_first_panel().await;
    // It asks every 5 s for what the other wrote as it went.
    tokio::time::sleep(std::time::Duration::from_secs(20)).await;
    let account = witness.account();
    let history = replica.published.history(namespace).unwrap();
    let snapshot = replica.published.snapshot(namespace).unwrap();
    let pairs = pairs(&account, &history.told, &snapshot).unwrap();
    assert!(!pairs.is_empty());
    let objections = objections(&account, &pairs, &history.told);
    assert!(objections.is_empty(), "{}", objections.join("\n"));
}
