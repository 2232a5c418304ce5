//! `GET /events`, read from the answer's body in process.

use std::time::Duration;

use crate::world::World;
use http::StatusCode;
use http::header::{CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE};

#[tokio::test(start_paused = true)]
async fn stream_begins_with_the_history_and_a_sign_of_life() {
    let world = World::new(1).await;
    let mut events = world.attendee().await.events("/events").await;
    assert_eq!(events.headers[CONTENT_TYPE], "text/event-stream");
    assert_eq!(events.headers[CACHE_CONTROL], "no-cache, no-transform");
    assert_eq!(events.headers["x-accel-buffering"], "no");
    let first = events.next().await.unwrap();
    assert_eq!(first.name, "history");
    assert_eq!(first.data["snapshot"]["namespace"], "workshop-user-1");
    assert_eq!(first.data["build"], first.data["build"].as_str().unwrap());
    assert!(first.id.is_some());
    let second = events.next().await.unwrap();
    assert_eq!((second.name.as_str(), second.id), ("alive", None));
}

#[tokio::test(start_paused = true)]
async fn quiet_stream_shows_that_it_is_alive_every_five_seconds() {
    let world = World::new(1).await;
    let mut events = world.attendee().await.events("/events").await;
    let mut times = Vec::new();
    while times.len() < 4 {
        let event = events.next().await.unwrap();
        if event.name == "alive" {
            times.push(event.data["time"].as_i64().unwrap());
        }
    }
    let gaps: Vec<_> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(
        gaps.iter().all(|gap| (4_900..=5_200).contains(gap)),
        "{gaps:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn instructor_gets_the_table() {
    let world = World::new(3).await;
    let instructor = world.sign_in(&world.instructor).await;
    let first = instructor.events("/events").await.next().await.unwrap();
    assert_eq!(first.name, "overview");
    let seats = first.data["overview"]["seats"].as_array().unwrap();
    assert_eq!(seats.len(), 3);
}

#[tokio::test(start_paused = true)]
async fn change_follows_what_happens() {
    let world = World::new(1).await;
    let attendee = world.attendee().await;
    let mut events = attendee.events("/events").await;
    events.next().await.unwrap();
    let answer = attendee.post("/api/deploy", "take_over=false").await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    loop {
        let event = events.next().await.unwrap();
        if event.name == "change" && !event.data["snapshot"]["deployment"].is_null() {
            break;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn reader_goes_on_where_it_was() {
    let world = World::new(1).await;
    let attendee = world.attendee().await;
    let mut events = attendee.events("/events").await;
    let id = events.next().await.unwrap().id.unwrap();
    drop(events);
    attendee.post("/api/deploy", "take_over=false").await;
    world
        .until("it is deployed", |s| s.deployment.is_some())
        .await;
    let path = format!("/events?last_event_id={id}");
    let next = attendee.events(&path).await.next().await.unwrap();
    assert_eq!(next.name, "change");
    let stale = attendee.events("/events?last_event_id=other-7").await;
    assert_eq!({ stale }.next().await.unwrap().name, "history");
}

#[tokio::test(start_paused = true)]
async fn short_stream_ends_after_its_batch() {
    let world = World::new(1).await;
    let mut events = world.attendee().await.events("/events?short=1").await;
    let first = events.next().await.unwrap();
    assert_eq!(first.name, "history");
    assert_eq!(events.next().await.unwrap().name, "alive");
    assert_eq!(events.next().await, None);
}

#[tokio::test(start_paused = true)]
async fn short_stream_has_all_that_happened_since_the_last_one() {
    let world = World::new(1).await;
    let attendee = world.attendee().await;
    let id = attendee.events("/events").await.next().await.unwrap().id;
    attendee.post("/api/deploy", "take_over=false").await;
    world.until("a pod is ready", |s| s.ready() > 0).await;
    let path = format!("/events?short=1&last_event_id={}", id.unwrap());
    let mut events = attendee.events(&path).await;
    let (mut changes, mut last) = (0, None);
    while let Some(event) = events.next().await {
        if event.name == "change" {
            changes += 1;
            last = Some(event.data);
        }
    }
    assert!(changes > 1, "{changes}");
    let newest = serde_json::to_value(&*world.snapshot()).unwrap();
    assert_eq!(
        last.unwrap()["snapshot"]["deployment"],
        newest["deployment"]
    );
}

#[tokio::test(start_paused = true)]
async fn short_stream_with_nothing_new_ends_after_a_sign_of_life() {
    let world = World::new(1).await;
    let attendee = world.attendee().await;
    let mut events = attendee.events("/events").await;
    let mut id = None;
    // Nothing happens in an empty namespace: the newest frame is soon known.
    for _ in 0..5 {
        id = events.next().await.unwrap().id.or(id);
    }
    let path = format!("/events?short=1&last_event_id={}", id.unwrap());
    let mut events = attendee.events(&path).await;
    assert_eq!(events.next().await.unwrap().name, "alive");
    assert_eq!(events.next().await, None);
}

#[tokio::test(start_paused = true)]
async fn stream_ends_soon_after_sign_out_on_another_tab() {
    let world = World::new(1).await;
    let attendee = world.attendee().await;
    let mut events = attendee.events("/events").await;
    events.next().await.unwrap();
    attendee.post("/session/end", "").await;
    assert!(events.ends_within(Duration::from_secs(3)).await);
}

#[tokio::test(start_paused = true)]
async fn stream_ends_at_once_on_shutdown() {
    let world = World::new(1).await;
    let mut events = world.attendee().await.events("/events").await;
    events.next().await.unwrap();
    world.shutdown.cancel();
    assert!(events.ends_within(Duration::from_millis(100)).await);
}

#[tokio::test(start_paused = true)]
async fn shutdown_tells_each_reader_to_come_back_at_a_moment_of_its_own() {
    let world = World::new(5).await;
    let mut streams = Vec::new();
    for seat in &world.seats {
        let attendee = world.sign_in(&seat.code).await;
        for _ in 0..8 {
            streams.push(attendee.events("/events").await);
        }
    }
    world.shutdown.cancel();
    let mut moments = Vec::new();
    for mut events in streams {
        let last = loop {
            let event = events.next().await.unwrap();
            if event.name == "leaving" {
                break event;
            }
        };
        assert_eq!(last.id, None);
        assert_eq!(last.data["retry_ms"].as_u64(), last.retry.map(u64::from));
        assert_eq!(events.next().await, None);
        moments.extend(last.retry);
    }
    assert_eq!(moments.len(), 40);
    let in_bounds = moments.iter().all(|ms| (200..2_200).contains(ms));
    assert!(in_bounds, "{moments:?}");
    let spread = moments.iter().max().unwrap() - moments.iter().min().unwrap();
    assert!(spread > 1_000, "{moments:?}");
}

#[tokio::test(start_paused = true)]
async fn reader_that_missed_nothing_hears_so_at_once() {
    let world = World::new(1).await;
    let attendee = world.attendee().await;
    let mut events = attendee.events("/events").await;
    let mut id = None;
    for _ in 0..5 {
        id = events.next().await.unwrap().id.or(id);
    }
    let path = format!("/events?last_event_id={}", id.unwrap());
    let opened = tokio::time::Instant::now();
    let next = attendee.events(&path).await.next().await.unwrap();
    assert_eq!(next.name, "alive");
    assert!(opened.elapsed() < Duration::from_millis(100));
}

#[tokio::test(start_paused = true)]
async fn session_has_at_most_twelve_streams() {
    let world = World::new(1).await;
    let attendee = world.attendee().await;
    let mut open = Vec::new();
    for _ in 0..12 {
        open.push(attendee.events("/events").await);
    }
    let refused = attendee.get("/events").await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    open.pop();
    attendee.events("/events").await;
}

#[tokio::test(start_paused = true)]
async fn stream_is_never_compressed() {
    let world = World::new(1).await;
    let mut attendee = world.attendee().await;
    attendee
        .headers
        .insert("accept-encoding", "gzip, br".parse().unwrap());
    let events = attendee.events("/events").await;
    assert!(!events.headers.contains_key(CONTENT_ENCODING));
}
