//! What the instructor does to seats and to the class, and what attendees notice of it, streams included.

use std::time::Duration;

use crate::world::{Browser, Events, World};
use http::StatusCode;
use http::header::{CACHE_CONTROL, SET_COOKIE};

/// What an instructor's act may take until an open stream has ended.
const AT_ONCE: Duration = Duration::from_millis(200);

/// Reads a stream to its end; returns the reason that it told.
async fn told_at_the_end(mut events: Events, within: Duration) -> String {
    let read = async {
        let mut last = None;
        while let Some(event) = events.next().await {
            last = Some(event);
        }
        last.expect("a stream says something")
    };
    let last = tokio::time::timeout(within, read).await;
    let last = last.expect("the stream ends in time");
    assert_eq!(last.name, "ended");
    assert_eq!(last.id, None);
    last.data["end"].as_str().unwrap().to_owned()
}

/// An attendee with an open stream, and the instructor.
async fn scene(world: &World) -> (Browser, Events, Browser) {
    let attendee = world.attendee().await;
    let mut events = attendee.events("/events").await;
    events.next().await.unwrap();
    let instructor = world.sign_in(&world.instructor).await;
    (attendee, events, instructor)
}

/// The act ends the attendee's stream at once, with this reason on the stream and on the next request.
async fn ends(act: &str, form: &str, reason: &str) -> (World, Browser) {
    let world = World::new(2).await;
    let (attendee, events, instructor) = scene(&world).await;
    let neighbour = world.sign_in(&world.seats[1].code).await;
    let answer = instructor.post(act, form).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    assert_eq!(told_at_the_end(events, AT_ONCE).await, reason);
    let told = attendee.get("/session").await;
    assert_eq!(told.status, StatusCode::UNAUTHORIZED);
    assert_eq!(told.json()["reason"], reason);
    let page = attendee.get("/").await;
    assert_eq!(page.location(), format!("/sign-in?reason={reason}"));
    let removed = page.headers.get(SET_COOKIE);
    let removed = removed.is_some_and(|cookie| cookie.to_str().unwrap().contains("Max-Age=0"));
    // A class that opens again takes its people back.
    assert_eq!(removed, reason != "class_closed");
    assert_eq!(instructor.get("/session").await.status, StatusCode::OK);
    (world, neighbour)
}

#[tokio::test(start_paused = true)]
async fn new_code_ends_the_old_one_and_its_streams() {
    let world = World::new(2).await;
    let (attendee, events, instructor) = scene(&world).await;
    let answer = instructor.post("/api/renew_seat", "seat=01").await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    assert_eq!(answer.headers[CACHE_CONTROL], "no-store");
    let card = answer.json();
    assert_eq!(card["namespace"], "workshop-user-1");
    assert_eq!(card["address"], "https://workshop.example.org");
    assert!(card["qr"]["path"].as_str().unwrap().starts_with('M'));
    assert_eq!(told_at_the_end(events, AT_ONCE).await, "new_code");
    let told = attendee.get("/session").await;
    assert_eq!(told.json()["reason"], "new_code");
    let form = format!("code={}", world.seats[0].code);
    let old = world.stranger().post("/session", &form).await;
    assert_eq!(old.status, StatusCode::UNAUTHORIZED);
    let again = world.sign_in(card["code"].as_str().unwrap()).await;
    assert_eq!(again.get("/session").await.status, StatusCode::OK);
}

#[tokio::test(start_paused = true)]
async fn closed_seat_lets_nobody_in_until_it_gets_a_new_code() {
    let (world, neighbour) = ends("/api/revoke_seat", "seat=01", "revoked").await;
    assert_eq!(neighbour.get("/session").await.status, StatusCode::OK);
    let form = format!("code={}", world.seats[0].code);
    let refused = world.stranger().post("/session", &form).await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
    let instructor = world.sign_in(&world.instructor).await;
    let card = instructor.post("/api/renew_seat", "seat=01").await.json();
    world.sign_in(card["code"].as_str().unwrap()).await;
}

#[tokio::test(start_paused = true)]
async fn signed_out_seat_opens_again_with_its_code() {
    let reason = "signed_out_by_instructor";
    let (world, neighbour) = ends("/api/sign_out_seat", "seat=01", reason).await;
    assert_eq!(neighbour.get("/session").await.status, StatusCode::OK);
    let again = world.attendee().await;
    assert_eq!(again.get("/session").await.status, StatusCode::OK);
}

#[tokio::test(start_paused = true)]
async fn all_are_signed_out_but_the_instructor() {
    let reason = "signed_out_by_instructor";
    let (_world, neighbour) = ends("/api/sign_out_all", "", reason).await;
    let told = neighbour.get("/session").await;
    assert_eq!(told.json()["reason"], reason);
}

#[tokio::test(start_paused = true)]
async fn closed_class_lets_only_the_instructor_in() {
    let (world, inside) = ends("/api/set_class_phase", "phase=closed", "class_closed").await;
    let form = format!("code={}", world.seats[0].code);
    let refused = world.stranger().post("/session", &form).await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
    assert!(
        refused.body.contains("The class is over."),
        "{}",
        refused.body
    );
    let instructor = world.sign_in(&world.instructor).await;
    let answer = instructor
        .post("/api/set_class_phase", "phase=running")
        .await;
    assert_eq!(answer.status, StatusCode::OK);
    world.attendee().await;
    assert_eq!(inside.get("/session").await.status, StatusCode::OK);
}

#[tokio::test(start_paused = true)]
async fn read_only_class_is_looked_at_and_not_changed() {
    let world = World::new(1).await;
    let (attendee, mut events, instructor) = scene(&world).await;
    let answer = attendee.post("/api/deploy", "take_over=false").await;
    assert_eq!(answer.status, StatusCode::OK);
    let answer = instructor
        .post("/api/set_class_phase", "phase=read_only")
        .await;
    assert_eq!(answer.status, StatusCode::OK);
    // Open pages learn it at once.
    loop {
        let event = events.next().await.unwrap();
        if event.name == "alive" && event.data["class"] == "read_only" {
            break;
        }
    }
    for (path, form) in [
        ("/api/deploy", "take_over=true"),
        (
            "/api/start_load",
            "users=10&spawn_rate=5&run_time_s=60&n=26",
        ),
        ("/api/clean_up", ""),
    ] {
        let answer = attendee.post(path, form).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path}");
        assert_eq!(answer.refusal().0, "class_over", "{path}");
    }
    let stopped = attendee.post("/api/stop_load", "foreign=false").await;
    assert_eq!(stopped.status, StatusCode::OK);
    let there = |snapshot: &app::model::Snapshot| snapshot.deployment.is_some();
    world.until("the app is there", there).await;
    let page = world.attendee().await.get("/").await;
    assert!(page.body.contains("The class is over: you can look"));
}

#[tokio::test(start_paused = true)]
async fn removed_seat_ends_its_streams() {
    let world = World::new(1).await;
    let (attendee, events, _instructor) = scene(&world).await;
    let store = server::seats::SeatStore::new(world.admin(), "workshop".to_owned());
    store.delete("1".parse().unwrap()).await.unwrap();
    let within = Duration::from_secs(2);
    assert_eq!(told_at_the_end(events, within).await, "revoked");
    let told = attendee.get("/session").await;
    assert_eq!(told.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test(start_paused = true)]
async fn change_by_another_replica_ends_streams_within_two_seconds() {
    let world = World::new(1).await;
    let (_attendee, events, _instructor) = scene(&world).await;
    let store = server::seats::SeatStore::new(world.admin(), "workshop".to_owned());
    store.revoke("1".parse().unwrap()).await.unwrap();
    let within = Duration::from_secs(2);
    assert_eq!(told_at_the_end(events, within).await, "revoked");
}

#[tokio::test(start_paused = true)]
async fn every_replica_knows_every_session_and_every_end() {
    let world = World::new(2).await;
    let replica = world.replica().await;
    // Signed in here, served there with the very next request.
    let here = world.attendee().await;
    let there = replica.serves(&here);
    assert_eq!(there.get("/session").await.status, StatusCode::OK);
    let mut events = there.events("/events").await;
    events.next().await.unwrap();
    let neighbour = replica.serves(&world.sign_in(&world.seats[1].code).await);
    let signed_out = here.post("/session/end", "").await;
    assert_eq!(signed_out.status, StatusCode::SEE_OTHER);
    let within = Duration::from_secs(2);
    assert_eq!(told_at_the_end(events, within).await, "signed_out");

    let mut events = neighbour.events("/events").await;
    events.next().await.unwrap();
    let instructor = world.sign_in(&world.instructor).await;
    let card = instructor.post("/api/renew_seat", "seat=02").await.json();
    assert_eq!(told_at_the_end(events, within).await, "new_code");
    // The new code opens the seat on the replica that did not make it.
    let form = format!("code={}", card["code"].as_str().unwrap());
    let opened = replica
        .serves(&world.stranger())
        .post("/session", &form)
        .await;
    assert_eq!(opened.status, StatusCode::SEE_OTHER);
}

#[tokio::test(start_paused = true)]
async fn stream_ends_when_its_session_expires() {
    let world = World::new(1).await;
    let attendee = world.attendee().await;
    let events = attendee.events("/events").await;
    // A stream in use keeps its session; only what nobody may write any more expires.
    world.simulator.faults().set_api_server_down(true);
    let thirteen_hours = Duration::from_secs(13 * 3600);
    let started = tokio::time::Instant::now();
    assert_eq!(told_at_the_end(events, thirteen_hours).await, "expired");
    let lasted = started.elapsed();
    assert!(lasted >= Duration::from_secs(12 * 3600 - 1), "{lasted:?}");
    assert!(lasted <= Duration::from_secs(12 * 3600 + 3), "{lasted:?}");
}

#[tokio::test(start_paused = true)]
async fn instructor_sees_who_is_there() {
    let world = World::new(2).await;
    let (_attendee, _events, instructor) = scene(&world).await;
    world.attendee().await;
    instructor.post("/api/revoke_seat", "seat=02").await;
    let mut events = instructor.events("/events").await;
    loop {
        let event = events.next().await.unwrap();
        let seats = &event.data["overview"]["seats"];
        if seats[0]["sessions"] == 2 && seats[1]["revoked"] == true {
            break;
        }
    }
}
