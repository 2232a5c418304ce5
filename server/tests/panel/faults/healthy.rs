//! No false alarm: in a healthy class nothing is ever found, not for one frame.

use std::sync::Arc;

use app::model::{LoadStage, NormalWarning, Phase};
use parking_lot::Mutex;
use serde_json::Value;

use super::{Class, LOAD};

/// Reads every frame of the attendee's stream, and keeps what was found in any.
async fn alarms(class: &Class) -> Arc<Mutex<Vec<Value>>> {
    let alarms = Arc::<Mutex<Vec<Value>>>::default();
    let mut events = class.attendee.events("/events").await;
    let kept = Arc::clone(&alarms);
    tokio::spawn(async move {
        while let Some(event) = events.next().await {
            let found = event.data["snapshot"]["findings"].as_array();
            kept.lock().extend(found.into_iter().flatten().cloned());
        }
    });
    alarms
}

#[tokio::test(start_paused = true)]
async fn healthy_class_is_never_alarmed() {
    let class = Class::new().await;
    let alarms = alarms(&class).await;
    class.press("/api/deploy", "take_over=false").await;
    tokio::time::sleep(std::time::Duration::from_secs(120)).await;
    assert_eq!(class.snapshot().phase, Phase::Ready);
    class.press("/api/start_load", LOAD).await;
    class.within(240, "ten pods", |s| s.ready() == 10).await;
    tokio::time::sleep(std::time::Duration::from_secs(60)).await;
    class.press("/api/stop_load", "foreign=false").await;
    class
        .within(300, "one pod", |s| s.phase == Phase::BackToOne)
        .await;
    class
        .press(
            "/api/start_load",
            "users=10&spawn_rate=5&run_time_s=60&n=22",
        )
        .await;
    class
        .within(240, "it ends by itself", |s| {
            s.load
                .as_ref()
                .is_some_and(|load| load.stage == LoadStage::Ended)
        })
        .await;
    tokio::time::sleep(std::time::Duration::from_secs(120)).await;
    class.press("/api/clean_up", "").await;
    class
        .within(90, "clean", |s| s.phase == Phase::CleanedUp)
        .await;
    tokio::time::sleep(std::time::Duration::from_secs(60)).await;
    class.press("/api/deploy", "take_over=false").await;
    class
        .within(120, "again", |s| s.phase == Phase::Ready)
        .await;
    assert_eq!(*alarms.lock(), Vec::<Value>::new());
}

#[tokio::test(start_paused = true)]
async fn warnings_of_a_healthy_class_are_marked_as_normal() {
    let class = Class::deployed().await;
    class.press("/api/clean_up", "").await;
    class
        .within(90, "clean", |s| s.phase == Phase::CleanedUp)
        .await;
    let events = class
        .world
        .published
        .history(class.namespace())
        .unwrap()
        .events;
    assert!(events.len() > 8, "{events:#?}");
    assert!(events.is_sorted_by_key(|event| event.time));
    let warnings: Vec<_> = events.iter().filter(|event| event.warning).collect();
    assert!(
        warnings.iter().all(|event| event.normal.is_some()),
        "{warnings:#?}"
    );
    let at_start = warnings
        .iter()
        .filter(|event| event.normal == Some(NormalWarning::AtStart));
    assert!(
        at_start.count() >= 2,
        "the HPA writes two in every healthy start"
    );
}

#[tokio::test(start_paused = true)]
async fn change_carries_new_and_repeated_events_only() {
    let class = Class::new().await;
    let mut stream = class.attendee.events("/events").await;
    stream.next().await.unwrap();
    class.press("/api/deploy", "take_over=false").await;
    let mut told = std::collections::HashSet::new();
    let mut repeats = 0;
    while repeats == 0 {
        let event = stream.next().await.unwrap();
        let lines = event.data["appended"]["events"].as_array().cloned();
        for line in lines.into_iter().flatten() {
            let key = (
                line["uid"].to_string(),
                line["time"].to_string(),
                line["count"].to_string(),
            );
            assert!(told.insert(key), "told twice: {line}");
            repeats += usize::from(line["count"].as_u64() > Some(1));
        }
    }
}
