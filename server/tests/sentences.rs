//! A whole journey on the simulator, sentence by sentence, against what the HPA itself says in its events. Time is
//! tokio's, paused.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends")]

mod world;

use app::figures::Zone;
use app::model::{Explanation, History, Phase, Told};
use http::StatusCode;
use k8s_openapi::api::core::v1::Event;
use kube::Api;
use kube::api::ListParams;
use world::{Browser, World};

async fn post(browser: &Browser, path: &str, form: &str) {
    let answer = browser.post(path, form).await;
    assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.body);
}

/// Deploys, loads until ten pods are at the maximum, stops, and waits for one pod.
async fn journey() -> World {
    let world = World::new(1).await;
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
    world
}

/// The sizes that the HPA's own events tell of, in order of time.
async fn sizes_in_events(world: &World) -> Vec<u32> {
    let events: Api<Event> = Api::namespaced(world.admin(), &world.seats[0].namespace);
    let events = events.list(&ListParams::default()).await.unwrap().items;
    let mut sizes: Vec<_> = events
        .iter()
        .filter(|event| event.reason.as_deref() == Some("SuccessfulRescale"))
        .map(|event| {
            let message = event.message.as_ref().unwrap();
            let size = message.strip_prefix("New size: ").unwrap();
            let size = size.split(';').next().unwrap().parse::<u32>().unwrap();
            (event.last_timestamp.clone().unwrap().0, size)
        })
        .collect();
    sizes.sort_unstable();
    sizes.into_iter().map(|(_, size)| size).collect()
}

#[tokio::test(start_paused = true)]
async fn every_rescale_of_the_events_has_its_sentence() {
    let world = journey().await;
    let snapshot = world.snapshot();
    let namespace = &world.seats[0].namespace;
    let history = world.published.history(namespace).unwrap();
    let rescales = |told: &Told| Some((told.clone(), told.explanation.rescale()?));
    let told: Vec<_> = history.told.iter().filter_map(rescales).collect();
    let sizes: Vec<_> = told.iter().map(|(_, (_, to))| *to).collect();
    assert_eq!(sizes, sizes_in_events(&world).await);
    for (told, (from, to)) in &told {
        let why = app::words::explanation(&told.explanation, &snapshot, told.time, Zone::default());
        let sizes = format!("{from} → {to}");
        assert!(why.sentence.starts_with(&sizes), "{why:?}");
    }
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
async fn the_stages_of_a_scale_up_come_in_order_and_in_time() {
    let world = journey().await;
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
    let world = journey().await;
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
