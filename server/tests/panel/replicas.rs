//! Two replicas of one cluster, also of different builds, as during a rolling update. No browser: what a page needs of
//! either replica to come through is shown here, that it does in `end2end/specs/rolling_update.spec.ts`.

use std::path::PathBuf;

use crate::world::{Browser, Events, Options, Replica, World};
use http::StatusCode;
use http::header::{ACCEPT, CACHE_CONTROL};

/// Folders of built pages, gone with the test.
struct Sites {
    folder: PathBuf,
}

impl Sites {
    fn new(test: &str) -> Self {
        let name = format!("workshop-{test}-{}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        Self { folder }
    }

    /// A panel with the built pages `build`.
    fn of(&self, build: &str) -> Options {
        let site = self.folder.join(build);
        let assets = site.join("pkg").join(build);
        std::fs::create_dir_all(&assets).unwrap();
        std::fs::write(site.join("build"), build).unwrap();
        std::fs::write(assets.join("main.css"), format!("/* {build} */")).unwrap();
        Options {
            site,
            ..Options::default()
        }
    }
}

impl Drop for Sites {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// The same person, served by the one replica and the other by turns.
struct Balanced {
    replicas: [Browser; 2],
    asked: usize,
}

impl Balanced {
    fn next(&mut self) -> &Browser {
        self.asked += 1;
        &self.replicas[self.asked % 2]
    }
}

/// A signed-in attendee behind a proxy, in front of replicas of the builds `old1` and `new2`.
async fn rolling(sites: &Sites) -> (World, Replica, Balanced) {
    let world = World::with(1, sites.of("old1")).await;
    let replica = world.replica_with(sites.of("new2")).await;
    let here = world.attendee().await;
    let there = replica.serves(&here);
    let balanced = Balanced {
        replicas: [here, there],
        asked: 0,
    };
    (world, replica, balanced)
}

/// Where a page has its style sheet.
fn style(page: &str) -> String {
    let (_, rest) = page.split_once("<link rel=\"stylesheet\" href=\"").unwrap();
    rest.split_once('"').unwrap().0.to_owned()
}

/// Reads on to an event of this name.
async fn until_event(events: &mut Events, name: &str) -> serde_json::Value {
    loop {
        let event = events.next().await.unwrap();
        if event.name == name {
            return event.data;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn asset_of_the_other_build_is_missing_for_now_and_kept_by_nobody() {
    let sites = Sites::new("assets");
    let (_world, _replica, mut balanced) = rolling(&sites).await;
    // Four pages, two of each build; each asks both replicas for its style.
    for _ in 0..4 {
        let page = balanced.next().get("/").await;
        let style = style(&page.body);
        let other = balanced.next().get(&style).await;
        assert_eq!(other.status, StatusCode::NOT_FOUND, "{style}");
        assert_eq!(other.headers[CACHE_CONTROL], "no-store");
        let own = balanced.next().get(&style).await;
        assert_eq!(own.status, StatusCode::OK, "{style}");
        let kept = own.headers[CACHE_CONTROL].to_str().unwrap();
        assert!(kept.contains("immutable"), "{kept}");
        balanced.next();
    }
}

#[tokio::test(start_paused = true)]
async fn page_brings_the_script_that_recovers_it_before_anything_that_may_be_missing() {
    let sites = Sites::new("recovery");
    let (world, ..) = rolling(&sites).await;
    for path in ["/sign-in", "/join"] {
        let page = world.stranger().get(path).await.body;
        let script = page.find("addEventListener(\"unhandledrejection\"");
        let first = page.find("/pkg/old1/").unwrap();
        assert!(script.unwrap() < first, "{path}");
        // As it was written: escaped, it would not run.
        assert!(
            page.contains("if (loaded && hydrated && !failed)"),
            "{path}"
        );
        assert!(page.contains(app::words::BEING_UPDATED), "{path}");
    }
}

#[tokio::test(start_paused = true)]
async fn stream_of_the_other_replica_tells_its_build_and_serves_the_page_all_the_same() {
    let sites = Sites::new("streams");
    let (_world, _replica, balanced) = rolling(&sites).await;
    let [here, there] = &balanced.replicas;
    let page = here.get("/").await;
    assert_eq!(style(&page.body), "/pkg/old1/main.css");
    let mut events = there.events("/events").await;
    let first = events.next().await.unwrap();
    assert_eq!(first.name, "history");
    assert_eq!(first.data["build"], "new2");
    assert_eq!(until_event(&mut events, "alive").await["build"], "new2");
}

#[tokio::test(start_paused = true)]
async fn command_on_one_replica_is_shown_by_the_other() {
    let world = World::new(1).await;
    let replica = world.replica().await;
    let here = world.attendee().await;
    let there = replica.serves(&here);
    let mut events = there.events("/events").await;
    let answer = here.post("/api/deploy", "take_over=false").await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    while until_event(&mut events, "change").await["snapshot"]["deployment"].is_null() {}
    // Its page, too, not only its stream.
    world
        .until("it is deployed", |s| s.deployment.is_some())
        .await;
    let (one, other) = (here.get("/").await, there.get("/").await);
    assert_eq!((one.status, other.status), (StatusCode::OK, StatusCode::OK));
    // And the next command may go to the other.
    let answer = there.post("/api/clean_up", "").await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    world.until("it is gone", |s| s.deployment.is_none()).await;
}

#[tokio::test(start_paused = true)]
async fn id_of_another_replica_gets_the_whole_history() {
    let world = World::new(1).await;
    let replica = world.replica().await;
    let here = world.attendee().await;
    let id = here.events("/events").await.next().await.unwrap().id;
    let path = format!("/events?last_event_id={}", id.unwrap());
    let there = replica.serves(&here);
    let first = there.events(&path).await.next().await.unwrap();
    assert_eq!(first.name, "history");
}

#[tokio::test(start_paused = true)]
async fn replica_that_stops_sends_its_readers_to_the_one_that_stays() {
    let world = World::new(1).await;
    let replica = world.replica().await;
    let here = world.attendee().await;
    let there = replica.serves(&here);
    let mut events = there.events("/events").await;
    events.next().await.unwrap();
    replica.shutdown.cancel();
    until_event(&mut events, "leaving").await;
    assert_eq!(events.next().await, None);
    let mut events = here.events("/events").await;
    assert_eq!(events.next().await.unwrap().name, "history");
}

#[tokio::test(start_paused = true)]
async fn function_of_another_build_is_told_apart_from_what_is_not_there() {
    let world = World::new(1).await;
    let mut attendee = world.attendee().await;
    let answer = attendee.post("/api/of_the_next_build", "").await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    assert_eq!(answer.body, "\"other_build\"");
    attendee
        .headers
        .insert(ACCEPT, "text/html,*/*".parse().unwrap());
    let answer = attendee.post("/api/of_the_next_build", "").await;
    assert_eq!(answer.body, app::words::error(&app::Error::OtherBuild));
    let elsewhere = attendee.get("/nothing").await;
    assert_eq!(elsewhere.body, "There is nothing here.\n");
}
