//! What an attendee presses, and what comes of it. Shared by the tests of loads and of their records.

use std::time::Duration;

use app::model::Snapshot;
use http::StatusCode;

use super::{Browser, World};

/// Lets the world's time go on.
pub(crate) async fn wait(seconds: u64) {
    tokio::time::sleep(Duration::from_secs(seconds)).await;
}

/// Deploys as the first seat's attendee, and waits for the app.
pub(crate) async fn deploy(world: &World) -> Browser {
    let browser = world.attendee().await;
    let deployed = browser.post("/api/deploy", "take_over=false").await;
    assert_eq!(deployed.status, StatusCode::OK, "{}", deployed.body);
    world.until("one pod", |s| s.ready() == 1).await;
    browser
}

/// Starts the usual load.
pub(crate) async fn start(browser: &Browser, run_time_s: u32) {
    let form = format!("users=150&spawn_rate=15&run_time_s={run_time_s}&n=26");
    let started = browser.post("/api/start_load", &form).await;
    assert_eq!(started.status, StatusCode::OK, "{}", started.body);
}

/// The newest load is over.
pub(crate) fn ended(snapshot: &Snapshot) -> bool {
    snapshot
        .load
        .as_ref()
        .is_some_and(|load| load.end.is_some())
}
