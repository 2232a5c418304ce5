//! Sign-in and sign-out, right and wrong.

use crate::world::{self, World};
use http::StatusCode;
use http::header::{RETRY_AFTER, SET_COOKIE};
use k8s_openapi::api::core::v1::Secret;
use kube::Api;
use kube::api::{Patch, PatchParams};
use serde_json::json;
use server::names::PANEL_NAMESPACE;

#[tokio::test(start_paused = true)]
async fn code_opens_its_own_seat_however_typed() {
    let world = World::new(2).await;
    let typed = world.seats[1].code.to_lowercase().replace('-', "+");
    let browser = world.sign_in(&typed).await;
    let told = browser.get("/session").await.json();
    assert_eq!(
        told,
        json!({ "role": "attendee", "namespace": "workshop-user-2" })
    );
    let instructor = world.sign_in(&world.instructor).await;
    let told = instructor.get("/session").await.json();
    assert_eq!(told["role"], "instructor");
}

#[tokio::test(start_paused = true)]
async fn cookie_is_for_https_this_host_and_no_script() {
    let world = World::new(1).await;
    let form = format!("code={}", world.seats[0].code);
    let answer = world.stranger().post("/session", &form).await;
    assert_eq!(answer.location(), "/");
    let cookie = answer.headers[SET_COOKIE].to_str().unwrap();
    assert!(cookie.starts_with("__Host-workshop=01."), "{cookie}");
    for flag in ["Path=/", "HttpOnly", "SameSite=Lax", "Secure"] {
        assert!(cookie.contains(flag), "{cookie}");
    }
}

#[tokio::test(start_paused = true)]
async fn wrong_code_and_unknown_seat_are_told_alike() {
    let world = World::new(1).await;
    let mut bodies = Vec::new();
    for code in ["01-0000-0000", "77-0000-0000", "nonsense"] {
        let answer = world
            .stranger()
            .post("/session", &format!("code={code}"))
            .await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{code}");
        assert!(!answer.headers.contains_key(SET_COOKIE), "{code}");
        assert!(answer.body.contains("This code is not known."), "{code}");
        bodies.push(answer.body.contains(code));
    }
    // The field keeps its text.
    assert_eq!(bodies, [true; 3]);
}

#[tokio::test(start_paused = true)]
async fn flood_of_wrong_codes_never_keeps_a_right_one_out() {
    let world = World::new(1).await;
    let stranger = world.stranger();
    let mut refused = None;
    for _ in 0..60 {
        let answer = stranger.post("/session", "code=01-0000-0000").await;
        if answer.status == StatusCode::TOO_MANY_REQUESTS {
            refused = Some(answer);
            break;
        }
    }
    let refused = refused.expect("the budget has an end");
    assert!(refused.body.contains("Too many wrong codes are coming in."));
    assert!(refused.headers.contains_key(RETRY_AFTER));
    world.attendee().await;
}

#[tokio::test(start_paused = true)]
async fn sign_out_ends_the_session_for_good() {
    let world = World::new(1).await;
    let here = world.attendee().await;
    let elsewhere = world.attendee().await;
    let answer = here.post("/session/end", "").await;
    assert_eq!(
        (answer.status, answer.location()),
        (StatusCode::SEE_OTHER, "/sign-in")
    );
    let told = here.get("/session").await;
    assert_eq!(told.status, StatusCode::UNAUTHORIZED);
    assert_eq!(told.json()["reason"], "signed_out");
    assert_eq!(elsewhere.get("/session").await.status, StatusCode::OK);
}

#[tokio::test(start_paused = true)]
async fn new_code_ends_the_sessions_of_the_old_one() {
    let world = World::new(1).await;
    let browser = world.attendee().await;
    let secrets: Api<Secret> = Api::namespaced(world.admin(), PANEL_NAMESPACE);
    let patch = Patch::Merge(json!({ "stringData": null, "data": { "code": "AAAA" } }));
    let params = PatchParams::default();
    secrets.patch("seat-01", &params, &patch).await.unwrap();
    world::settle().await;
    let told = browser.get("/session").await;
    assert_eq!(told.status, StatusCode::UNAUTHORIZED);
    assert_eq!(told.json()["reason"], "new_code");
}

#[tokio::test(start_paused = true)]
async fn unused_session_ends_after_twelve_hours_and_a_used_one_does_not() {
    let world = World::new(1).await;
    let idle = world.attendee().await;
    let used = world.attendee().await;
    for _ in 0..13 {
        tokio::time::sleep(std::time::Duration::from_secs(3600)).await;
        assert_eq!(used.get("/session").await.status, StatusCode::OK);
    }
    assert_eq!(idle.get("/session").await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test(start_paused = true)]
async fn oldest_of_too_many_sessions_gives_way() {
    let world = World::new(1).await;
    let first = world.attendee().await;
    for _ in 0..20 {
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        world.attendee().await;
    }
    world::settle().await;
    assert_eq!(first.get("/session").await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test(start_paused = true)]
async fn code_that_another_replica_made_a_moment_ago_opens_its_seat() {
    let world = World::new(1).await;
    // The watch is behind: it comes back after a pause.
    world.simulator.faults().cut_watches();
    let store = server::seats::SeatStore::new(world.admin(), PANEL_NAMESPACE.to_owned());
    let seat = "1".parse().unwrap();
    let (_, code) = store.renew(seat).await.unwrap();
    let browser = world.sign_in(&code.to_string()).await;
    assert_eq!(browser.get("/session").await.status, StatusCode::OK);
    store.revoke(seat).await.unwrap();
    world::settle().await;
    world.simulator.faults().cut_watches();
    let (_, code) = store.renew(seat).await.unwrap();
    world.sign_in(&code.to_string()).await;
}

#[tokio::test(start_paused = true)]
async fn second_code_in_a_browser_ends_the_first_session() {
    let world = World::new(2).await;
    let first = world.attendee().await;
    let form = format!("code={}", world.seats[1].code);
    let answer = first.post("/session", &form).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    let told = first.get("/session").await;
    assert_eq!(told.status, StatusCode::UNAUTHORIZED);
    assert_eq!(told.json()["reason"], "signed_out");
}

#[tokio::test(start_paused = true)]
async fn while_the_cluster_is_away_nobody_gets_in_and_nobody_is_thrown_out() {
    let world = World::new(2).await;
    let inside = world.attendee().await;
    let mut events = inside.events("/events").await;
    world.simulator.faults().set_api_server_down(true);
    let form = format!("code={}", world.seats[1].code);
    let answer = world.stranger().post("/session", &form).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(!answer.headers.contains_key(SET_COOKIE));
    assert!(answer.body.contains("could not be checked"));
    // Who has no session is not told that it ended: it may have begun on another replica.
    let mut unknown = world.stranger();
    let cookie = "__Host-workshop=01.00000000000000000000000000000000";
    unknown.cookie = Some(cookie.to_owned());
    let told = unknown.get("/session").await;
    assert_eq!(told.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(inside.get("/session").await.status, StatusCode::OK);
    let minute = std::time::Duration::from_secs(60);
    assert!(!events.ends_within(minute).await);
    world.simulator.faults().set_api_server_down(false);
    assert_eq!(inside.get("/session").await.status, StatusCode::OK);
}

#[tokio::test(start_paused = true)]
async fn secrets_hold_neither_code_nor_session() {
    let world = World::new(1).await;
    let browser = world.attendee().await;
    let cookie = browser.cookie.as_deref().unwrap();
    let id = cookie.split('.').next_back().unwrap();
    let secrets: Api<Secret> = Api::namespaced(world.admin(), PANEL_NAMESPACE);
    let secret = secrets.get("seat-01").await.unwrap();
    let symbols = world.seats[0].code.replace('-', "");
    for (key, value) in secret.data.unwrap() {
        let text = String::from_utf8_lossy(&value.0).into_owned();
        assert!(!key.contains(id) && !text.contains(id), "{key}");
        assert!(!text.contains(&symbols[2..]), "{key}");
    }
}

#[tokio::test(start_paused = true)]
async fn seats_made_again_keep_their_codes() {
    use server::seats::provision::{self, Extras};
    let world = World::new(1).await;
    let wanted = provision::Options {
        count: 2,
        prefix: "workshop-user-".to_owned(),
        panel_namespace: PANEL_NAMESPACE.to_owned(),
    };
    let settings = server::workshop::manifests::Settings::default();
    let again = provision::create(&world.admin(), &wanted, &settings, Extras::default())
        .await
        .unwrap();
    let made: Vec<_> = again.iter().map(|seat| seat.code.is_some()).collect();
    assert_eq!(made, [false, true, false]);
    world.attendee().await;
}
