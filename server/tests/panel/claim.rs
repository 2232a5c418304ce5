//! Free seats taken with the class's code and a name.

use crate::world::{self, Answer, Browser, World};
use http::StatusCode;
use http::header::SET_COOKIE;
use server::names::PANEL_NAMESPACE;
use server::seats::SeatStore;

fn store(world: &World) -> SeatStore {
    SeatStore::new(world.admin(), PANEL_NAMESPACE.to_owned())
}

/// A world whose free seats may be taken, and with what code.
async fn open(seats: u16) -> (World, String) {
    let world = World::new(seats).await;
    let code = store(&world).open_free_seats().await.unwrap().to_string();
    world::settle().await;
    (world, code)
}

async fn claim(browser: &Browser, code: &str, name: &str) -> Answer {
    let form = format!("code={code}&name={name}");
    browser.post("/session", &form).await
}

/// The seat's own code, as the page shows it.
fn shown_code(answer: &Answer) -> String {
    let (_, rest) = answer.body.split_once("class=\"code\"").unwrap();
    let (_, rest) = rest.split_once('>').unwrap();
    rest.split('<').next().unwrap().to_owned()
}

#[tokio::test(start_paused = true)]
async fn without_the_instructors_will_nobody_takes_a_seat() {
    let world = World::new(1).await;
    let answer = claim(&world.stranger(), "C-KQ2M-9DXA", "Ana").await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    let (world, code) = open(1).await;
    store(&world).close_free_seats().await.unwrap();
    world::settle().await;
    let answer = claim(&world.stranger(), &code, "Ana").await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test(start_paused = true)]
async fn code_of_the_class_asks_for_a_name_then_gives_a_seat() {
    let (world, code) = open(2).await;
    let mut browser = world.stranger();
    let asked = browser.post("/session", &format!("code={code}")).await;
    assert_eq!(asked.status, StatusCode::OK);
    assert!(asked.body.contains("Your name"));
    assert!(!asked.headers.contains_key(SET_COOKIE));
    let claimed = claim(&browser, &code, "Ana+M%C3%BCller").await;
    assert_eq!(claimed.status, StatusCode::OK, "{}", claimed.body);
    let cookie = claimed.headers[SET_COOKIE].to_str().unwrap();
    browser.cookie = Some(cookie.split(';').next().unwrap().to_owned());
    let page = browser.get("/").await;
    assert!(page.body.contains("Ana Müller"));
    // On the phone, too.
    let phone = world.sign_in(&shown_code(&claimed)).await;
    let (one, two) = (browser.get("/session").await, phone.get("/session").await);
    assert_eq!(one.json()["namespace"], two.json()["namespace"]);
    // The printed card of that seat is void.
    let namespace = one.json()["namespace"].as_str().unwrap().to_owned();
    let card = world.seats.iter().find(|seat| seat.namespace == namespace);
    let form = format!("code={}", card.unwrap().code);
    let old = world.stranger().post("/session", &form).await;
    assert_eq!(old.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test(start_paused = true)]
async fn name_alone_opens_nobodys_seat() {
    let (world, code) = open(3).await;
    let first = claim(&world.stranger(), &code, "Ana").await;
    assert_eq!(first.status, StatusCode::OK);
    let second = claim(&world.stranger(), &code, "ana").await;
    assert_eq!(second.status, StatusCode::CONFLICT);
    assert!(!second.headers.contains_key(SET_COOKIE));
    let unreadable = claim(&world.stranger(), &code, "%1b%5b31m").await;
    assert_eq!(unreadable.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test(start_paused = true)]
async fn only_free_seats_are_given_and_none_twice() {
    let (world, code) = open(12).await;
    // Somebody's, though nobody is signed in there now.
    world.attendee().await.post("/session/end", "").await;
    let claims = (0..20).map(|n| {
        let (browser, code) = (world.stranger(), code.clone());
        async move { claim(&browser, &code, &format!("Person+{n}")).await }
    });
    let answers = futures::future::join_all(claims).await;
    let (given, refused): (Vec<_>, Vec<_>) = answers
        .iter()
        .partition(|answer| answer.status == StatusCode::OK);
    assert_eq!((given.len(), refused.len()), (11, 9));
    assert!(refused.iter().all(|answer| {
        answer.status == StatusCode::CONFLICT && answer.body.contains("Every seat is taken.")
    }));
    let seats: std::collections::HashSet<_> = given
        .iter()
        .map(|answer| shown_code(answer)[..2].to_owned())
        .collect();
    assert_eq!(seats.len(), 11);
    assert!(!seats.contains("01"), "it has an owner");
}
