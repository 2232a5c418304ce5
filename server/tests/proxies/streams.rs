//! Event streams pass as they happen, and as long as people look.

use std::time::Duration;

use tokio::time::Instant;

use super::curl::{Lines, curl};
use super::nginx::Nginx;
use super::world::{Browser, World};

/// A person's stream through the proxy.
fn stream(nginx: &Nginx, person: &Browser) -> Lines {
    let mut command = curl(nginx, "/events");
    let cookie = person.cookie.as_deref().unwrap();
    command.args(["--header", &format!("Cookie: {cookie}")]);
    Lines::of(command)
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs nginx"]
async fn events_pass_an_untuned_nginx_as_they_happen() {
    let world = World::new(1).await;
    let nginx = Nginx::start(&[world.listens().await], "").await;
    let attendee = world.attendee().await;
    let asked = Instant::now();
    let mut events = stream(&nginx, &attendee);
    let (first, name) = events.next("event: ").await;
    assert_eq!(name, "history");
    println!("first event after {:?}", first - asked);
    assert!(first - asked < Duration::from_secs(2));
    events.next("event: alive").await;

    let pressed = Instant::now();
    attendee.post("/api/deploy", "take_over=false").await;
    let (change, _) = events.next("event: change").await;
    println!("first change {:?} after the button", change - pressed);
    assert!(change - pressed < Duration::from_secs(2));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs nginx"]
async fn stream_outlives_the_time_that_a_proxy_waits_for_an_answer() {
    let world = World::new(1).await;
    // A tenth of nginx' own minute; a sign of life comes every five seconds.
    let nginx = Nginx::start(&[world.listens().await], "proxy_read_timeout 6s;").await;
    let opened = Instant::now();
    let mut events = stream(&nginx, &world.attendee().await);
    let mut last = events.next("event: alive").await.0;
    while last - opened < Duration::from_secs(13) {
        last = events.next("event: alive").await.0;
    }
}
