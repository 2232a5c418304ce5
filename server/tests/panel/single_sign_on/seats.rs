//! Which seat somebody gets, keeps and loses.

use super::*;

#[tokio::test(start_paused = true)]
async fn verified_address_opens_the_seat_of_its_rule() {
    let (world, provider) = panel(2).await;
    let mut browser = world.stranger();
    let ada = json!({
        "sub": "ada", "email": "ada@example.org", "email_verified": true, "name": "Ada Lovelace",
    });
    sign_in(&mut browser, &provider, ada).await;
    assert_eq!(namespace(&browser).await, world.seats[0].namespace);
    assert!(browser.get("/").await.body.contains("Ada Lovelace"));
    let mut browser = world.stranger();
    let mallory = json!({ "sub": "mallory", "email": "ada@example.org", "email_verified": false });
    let answer = sign_in(&mut browser, &provider, mallory).await;
    assert_refused(
        &answer,
        &browser,
        StatusCode::FORBIDDEN,
        "Ask Grace, room 7.",
    );
}

#[tokio::test(start_paused = true)]
async fn free_seat_is_the_same_again_everywhere() {
    let (world, provider) = panel(4).await;
    let mut laptop = world.stranger();
    sign_in(&mut laptop, &provider, mk_member("ben")).await;
    let seat = namespace(&laptop).await;
    // Signed out, in another browser, at once on a replica that has not heard of it.
    laptop.post("/session/end", "").await;
    let replica = world.replica().await;
    let mut phone = replica.serves(&world.stranger());
    sign_in(&mut phone, &provider, mk_member("ben")).await;
    assert_eq!(namespace(&phone).await, seat);
    // Another person gets another one.
    let mut other = world.stranger();
    sign_in(&mut other, &provider, mk_member("cleo")).await;
    assert_ne!(namespace(&other).await, seat);
}

#[tokio::test(start_paused = true)]
async fn two_browsers_of_one_person_at_once_get_one_seat() {
    let (world, provider) = panel(12).await;
    let replica = world.replica().await;
    let mut paths = Vec::new();
    for index in 0..6 {
        let mut browser = world.stranger();
        let url = begin(&mut browser).await;
        let path = provider.sign_in(&url, mk_member("ben"));
        if index % 2 == 1 {
            browser = replica.serves(&browser);
        }
        paths.push((browser, path));
    }
    let returns = paths.into_iter().map(|(mut browser, path)| async move {
        return_to(&mut browser, &path).await;
        namespace(&browser).await
    });
    let seats = futures::future::join_all(returns).await;
    assert!(seats.iter().all(|seat| *seat == seats[0]), "{seats:?}");
}

#[tokio::test(start_paused = true)]
async fn every_free_seat_is_given_once_and_a_reserved_one_never() {
    let (world, provider) = panel(9).await;
    let mut returns = Vec::new();
    for index in 0..12 {
        let mut browser = world.stranger();
        let url = begin(&mut browser).await;
        let path = provider.sign_in(&url, mk_member(&format!("person {index}")));
        returns.push(async move { (return_to(&mut browser, &path).await, browser) });
    }
    let mut seats = std::collections::BTreeSet::new();
    let mut without = 0;
    for (answer, browser) in futures::future::join_all(returns).await {
        if answer.status == StatusCode::SEE_OTHER {
            assert!(seats.insert(namespace(&browser).await), "given twice");
        } else {
            let text = "Every seat is taken. Ask Grace, room 7.";
            assert_refused(&answer, &browser, StatusCode::CONFLICT, text);
            without += 1;
        }
    }
    assert_eq!((seats.len(), without), (8, 4));
    assert!(
        !seats.contains(&world.seats[0].namespace),
        "a rule gives it to Ada"
    );
}

#[tokio::test(start_paused = true)]
async fn taken_seat_is_bound_by_a_hash_and_its_card_is_void() {
    let (world, provider) = panel(2).await;
    let mut browser = world.stranger();
    let mut member = mk_member("ben-the-subject");
    member["email"] = json!("ben@example.org");
    sign_in(&mut browser, &provider, member).await;
    assert_eq!(namespace(&browser).await, world.seats[1].namespace);
    let secrets: Api<Secret> = Api::namespaced(world.admin(), PANEL_NAMESPACE);
    let secret = secrets.get(&SeatNumber(2).secret_name()).await.unwrap();
    let data = secret.data.unwrap();
    assert_eq!(data["identity"].0.len(), 64);
    for value in data.values() {
        let text = String::from_utf8_lossy(&value.0);
        assert!(!text.contains("ben-the-subject") && !text.contains("example.org"));
    }
    let form = format!("code={}", world.seats[1].code);
    let card = world.stranger().post("/session", &form).await;
    assert_eq!(card.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test(start_paused = true)]
async fn renewed_seat_stays_its_owners_and_a_closed_one_lets_nobody_in() {
    let (world, provider) = panel(3).await;
    let mut browser = world.stranger();
    sign_in(&mut browser, &provider, mk_member("ben")).await;
    let seat = namespace(&browser).await;
    let number = world
        .seats
        .iter()
        .position(|one| one.namespace == seat)
        .unwrap()
        + 1;
    let form = format!("seat={number:02}");
    let instructor = world.sign_in(&world.instructor).await;

    instructor.post("/api/renew_seat", &form).await;
    assert_eq!(
        browser.get("/session").await.status,
        StatusCode::UNAUTHORIZED
    );
    sign_in(&mut browser, &provider, mk_member("ben")).await;
    assert_eq!(namespace(&browser).await, seat);

    instructor.post("/api/revoke_seat", &form).await;
    let mut browser = world.stranger();
    let answer = sign_in(&mut browser, &provider, mk_member("ben")).await;
    let text = "Your instructor closed this seat.";
    assert_refused(&answer, &browser, StatusCode::UNAUTHORIZED, text);

    instructor.post("/api/renew_seat", &form).await;
    sign_in(&mut browser, &provider, mk_member("ben")).await;
    assert_eq!(namespace(&browser).await, seat);

    // Only one that is gone is forgotten.
    let store = SeatStore::new(world.admin(), PANEL_NAMESPACE.to_owned());
    store.delete(seat_number(number)).await.unwrap();
    world::settle().await;
    let mut browser = world.stranger();
    sign_in(&mut browser, &provider, mk_member("ben")).await;
    assert_ne!(namespace(&browser).await, seat);
}

fn seat_number(number: usize) -> SeatNumber {
    SeatNumber(u16::try_from(number).unwrap())
}

#[tokio::test(start_paused = true)]
async fn after_the_class_only_the_instructor_gets_in() {
    let (world, provider) = panel(2).await;
    let instructor = world.sign_in(&world.instructor).await;
    instructor
        .post("/api/set_class_phase", "phase=closed")
        .await;
    let mut browser = world.stranger();
    let answer = sign_in(&mut browser, &provider, mk_member("ben")).await;
    assert_refused(
        &answer,
        &browser,
        StatusCode::UNAUTHORIZED,
        "The class is over.",
    );
    let teacher = json!({ "sub": "grace", "groups": "teachers" });
    sign_in(&mut browser, &provider, teacher).await;
    assert_eq!(namespace(&browser).await, "all");
}

#[tokio::test(start_paused = true)]
async fn link_moves_nobody_to_another_seat() {
    let (world, _provider) = panel(2).await;
    let attendee = world.attendee().await;
    let answer = attendee.get("/oidc/start").await;
    assert_eq!(
        (answer.status, answer.location()),
        (StatusCode::SEE_OTHER, "/")
    );
    assert!(!answer.headers.contains_key(SET_COOKIE));
}
