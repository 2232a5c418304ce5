//! Single sign-on: who gets in, and everybody who does not. `end2end/specs/single_sign_on.spec.ts` does the same in a
//! browser, with a provider that others wrote.

mod provider;
mod seats;

use std::sync::Arc;

use self::provider::{CLIENT_ID, CLIENT_SECRET, ISSUER, Provider, callback, state_of};
use crate::world::{self, Answer, Browser, World};
use http::StatusCode;
use http::header::{RETRY_AFTER, SET_COOKIE};
use k8s_openapi::api::core::v1::Secret;
use kube::Api;
use serde_json::{Value, json};
use server::names::PANEL_NAMESPACE;
use server::oidc::Settings;
use server::seats::{SeatNumber, SeatStore};

const FLOW: &str = "__Host-workshop-oidc=";
const SESSION: &str = "__Host-workshop=";

/// A panel whose operator lets teachers, Ada and class A in.
async fn panel(seats: u16) -> (World, Provider) {
    let provider = Provider::new();
    let rules = [
        "groups=teachers -> instructor",
        "email=ada@example.org -> seat 1",
        "groups=class-a -> free seat",
        "groups=lost -> seat 99",
    ];
    let settings = Settings {
        issuer: ISSUER.parse().unwrap(),
        client_id: CLIENT_ID.to_owned(),
        client_secret: Some(CLIENT_SECRET.to_owned()),
        scopes: vec!["profile".to_owned()],
        rules: rules.iter().map(|rule| rule.parse().unwrap()).collect(),
        contact: "Grace, room 7".to_owned(),
    };
    let transport = Arc::new(provider.clone());
    (
        World::with_single_sign_on(seats, settings, transport).await,
        provider,
    )
}

fn mk_member(subject: &str) -> Value {
    json!({ "sub": subject, "groups": ["class-a"] })
}

/// Keeps the cookies that an answer sets, as browsers do.
fn keep(browser: &mut Browser, answer: &Answer) {
    let before = browser.cookie.take().unwrap_or_default();
    let mut cookies: Vec<_> = before.split("; ").map(str::to_owned).collect();
    for line in answer.headers.get_all(SET_COOKIE) {
        let pair = line.to_str().unwrap().split(';').next().unwrap();
        let (name, value) = pair.split_once('=').unwrap();
        cookies.retain(|cookie| !cookie.starts_with(&format!("{name}=")));
        if !value.is_empty() {
            cookies.push(pair.to_owned());
        }
    }
    cookies.retain(|cookie| !cookie.is_empty());
    browser.cookie = (!cookies.is_empty()).then(|| cookies.join("; "));
}

fn has_cookie(browser: &Browser, name: &str) -> bool {
    browser.cookie.as_deref().unwrap_or_default().contains(name)
}

/// Begins a sign-in; returns where the panel sends the browser.
async fn begin(browser: &mut Browser) -> String {
    let answer = browser.get("/oidc/start").await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    keep(browser, &answer);
    answer.location().to_owned()
}

/// Comes back from the provider.
async fn return_to(browser: &mut Browser, path: &str) -> Answer {
    let answer = browser.get(path).await;
    keep(browser, &answer);
    answer
}

/// The whole way.
async fn sign_in(browser: &mut Browser, provider: &Provider, claims: Value) -> Answer {
    let url = begin(browser).await;
    let path = provider.sign_in(&url, claims);
    return_to(browser, &path).await
}

async fn namespace(browser: &Browser) -> String {
    let told = browser.get("/session").await;
    assert_eq!(told.status, StatusCode::OK, "{}", told.body);
    told.json()["namespace"]
        .as_str()
        .unwrap_or("all")
        .to_owned()
}

/// Nobody is signed in, and the page says why.
fn assert_refused(answer: &Answer, browser: &Browser, status: StatusCode, text: &str) {
    assert_eq!(answer.status, status, "{}", answer.body);
    assert!(answer.body.contains(text), "{text} in {}", answer.body);
    assert!(!has_cookie(browser, SESSION) && !has_cookie(browser, FLOW));
}

const NOT_BEGUN_HERE: &str = "it was begun in another tab or browser";
const UNPROVEN: &str = "could not be checked";
const AWAY: &str = "does not answer";

#[tokio::test(start_paused = true)]
async fn teacher_becomes_the_instructor() {
    let (world, provider) = panel(1).await;
    let mut browser = world.stranger();
    let teacher = json!({ "sub": "grace", "groups": ["staff", "teachers"], "name": "Grace" });
    let answer = sign_in(&mut browser, &provider, teacher).await;
    assert_eq!(
        (answer.status, answer.location()),
        (StatusCode::SEE_OTHER, "/")
    );
    assert!(!has_cookie(&browser, FLOW), "it is over");
    assert_eq!(browser.get("/seats").await.status, StatusCode::OK);
}

#[tokio::test(start_paused = true)]
async fn unknown_person_is_told_whom_to_ask() {
    let (world, provider) = panel(2).await;
    let mut browser = world.stranger();
    let answer = sign_in(&mut browser, &provider, json!({ "sub": "eve" })).await;
    let text = "Your account is right, but this class has no seat for it. Ask Grace, room 7.";
    assert_refused(&answer, &browser, StatusCode::FORBIDDEN, text);
    let lost = json!({ "sub": "lost", "groups": ["lost"] });
    let answer = sign_in(&mut browser, &provider, lost).await;
    let text = "The seat for your account is not there yet. Ask Grace, room 7.";
    assert_refused(&answer, &browser, StatusCode::FORBIDDEN, text);
}

#[tokio::test(start_paused = true)]
async fn answer_counts_only_in_the_browser_that_asked() {
    let (world, provider) = panel(2).await;
    let mut begun = world.stranger();
    let url = begin(&mut begun).await;
    let path = provider.sign_in(&url, mk_member("ben"));

    let mut other = world.stranger();
    let answer = return_to(&mut other, &path).await;
    assert_refused(&answer, &other, StatusCode::UNAUTHORIZED, NOT_BEGUN_HERE);
    // One that has begun a sign-in of its own.
    begin(&mut other).await;
    let answer = return_to(&mut other, &path).await;
    assert_refused(&answer, &other, StatusCode::UNAUTHORIZED, NOT_BEGUN_HERE);
    // A state that nobody made, twice, or none at all.
    for forged in [
        callback(&[("code", "code-0"), ("state", "AAAAAAAAAAAAAAAAAAAAAA")]),
        format!("{path}&state=AAAAAAAAAAAAAAAAAAAAAA"),
        callback(&[("code", "code-0")]),
        "/oidc/callback".to_owned(),
    ] {
        let mut victim = begun.clone();
        let answer = return_to(&mut victim, &forged).await;
        assert_refused(&answer, &victim, StatusCode::UNAUTHORIZED, NOT_BEGUN_HERE);
    }
    assert_eq!(provider.asked("/token"), 0, "none of it costs a question");
    return_to(&mut begun, &path).await;
    assert!(has_cookie(&begun, SESSION));
}

#[tokio::test(start_paused = true)]
async fn answer_is_taken_once() {
    let (world, provider) = panel(2).await;
    let mut browser = world.stranger();
    let url = begin(&mut browser).await;
    let before = browser.clone();
    let path = provider.sign_in(&url, mk_member("ben"));
    return_to(&mut browser, &path).await;
    assert!(has_cookie(&browser, SESSION));
    // The browser has forgotten it.
    browser.cookie = None;
    let answer = return_to(&mut browser, &path).await;
    assert_refused(&answer, &browser, StatusCode::UNAUTHORIZED, NOT_BEGUN_HERE);
    // One that kept its cookie all the same is refused by the provider.
    let mut browser = before;
    let answer = return_to(&mut browser, &path).await;
    assert_refused(&answer, &browser, StatusCode::UNAUTHORIZED, UNPROVEN);
}

#[tokio::test(start_paused = true)]
async fn code_of_another_sign_in_is_worth_nothing() {
    let (world, provider) = panel(2).await;
    let mut mallory = world.stranger();
    let stolen = provider.sign_in(&begin(&mut mallory).await, mk_member("mallory"));
    let code = stolen.split(['=', '&']).nth(1).unwrap();
    let mut browser = world.stranger();
    let state = state_of(&begin(&mut browser).await);
    let path = callback(&[("code", code), ("state", &state), ("iss", ISSUER)]);
    let answer = return_to(&mut browser, &path).await;
    assert_refused(&answer, &browser, StatusCode::UNAUTHORIZED, UNPROVEN);
}

#[tokio::test(start_paused = true)]
async fn token_that_proves_nothing_opens_nothing() {
    for (what, claims) in [
        (
            "another nonce",
            json!({ "nonce": "AAAAAAAAAAAAAAAAAAAAAA" }),
        ),
        ("no nonce", json!({ "nonce": null })),
        ("expired", json!({ "exp": 1_795_424_000 })),
        ("no expiry", json!({ "exp": null })),
        ("another audience", json!({ "aud": "another" })),
        (
            "one audience more",
            json!({ "aud": [CLIENT_ID, "another"] }),
        ),
        ("no audience", json!({ "aud": null })),
        ("another authorised party", json!({ "azp": "another" })),
        ("another issuer", json!({ "iss": "https://id.example.net" })),
        ("no issuer", json!({ "iss": null })),
        ("nobody", json!({ "sub": null })),
    ] {
        let (world, provider) = panel(2).await;
        provider.change(|state| state.claims = claims);
        let mut browser = world.stranger();
        let answer = sign_in(&mut browser, &provider, mk_member("ben")).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{what}");
        assert_refused(&answer, &browser, StatusCode::UNAUTHORIZED, UNPROVEN);
    }
}

#[tokio::test(start_paused = true)]
async fn forged_signature_opens_nothing() {
    let (world, provider) = panel(2).await;
    provider.change(|state| state.forges = true);
    let mut browser = world.stranger();
    let answer = sign_in(&mut browser, &provider, mk_member("ben")).await;
    assert_refused(&answer, &browser, StatusCode::UNAUTHORIZED, UNPROVEN);
}

#[tokio::test(start_paused = true)]
async fn token_without_a_signature_of_the_providers_key_opens_nothing() {
    let (world, provider) = panel(2).await;
    for algorithm in ["none", "HS256"] {
        provider.change(|state| state.weak = Some(algorithm));
        let mut browser = world.stranger();
        let answer = sign_in(&mut browser, &provider, mk_member("ben")).await;
        assert_refused(&answer, &browser, StatusCode::UNAUTHORIZED, UNPROVEN);
    }
}

#[tokio::test(start_paused = true)]
async fn provider_whose_document_is_broken_for_a_moment_still_lets_people_in() {
    let (world, provider) = panel(2).await;
    sign_in(&mut world.stranger(), &provider, mk_member("ben")).await;
    // The document is read again after an hour.
    tokio::time::sleep(std::time::Duration::from_secs(61 * 60)).await;
    provider.change(|state| {
        state.document = json!({ "issuer": "https://id.example.net" });
        state.claims = json!({ "exp": provider::NOW_S + 2 * 60 * 60 });
    });
    let mut browser = world.stranger();
    let answer = sign_in(&mut browser, &provider, mk_member("ben")).await;
    assert!(has_cookie(&browser, SESSION), "{}", answer.body);
    assert_eq!(provider.asked("/.well-known/openid-configuration"), 2);
}

#[tokio::test(start_paused = true)]
async fn new_key_is_learnt_and_an_unknown_one_asked_for_seldom() {
    let (world, provider) = panel(2).await;
    let mut browser = world.stranger();
    sign_in(&mut browser, &provider, mk_member("ben")).await;
    provider.change(|state| {
        state.signs = 2;
        state.published = vec![1, 2];
    });
    browser.cookie = None;
    let answer = sign_in(&mut browser, &provider, mk_member("ben")).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    assert_eq!(provider.asked("/keys"), 2);
    provider.change(|state| state.signs = 3);
    for _ in 0..10 {
        let mut browser = world.stranger();
        let answer = sign_in(&mut browser, &provider, mk_member("ben")).await;
        assert_refused(&answer, &browser, StatusCode::UNAUTHORIZED, UNPROVEN);
    }
    assert_eq!(provider.asked("/keys"), 4);
}

#[tokio::test(start_paused = true)]
async fn answer_of_another_issuer_is_not_redeemed() {
    let (world, provider) = panel(2).await;
    for iss in [Some("https://id.example.net"), None] {
        let mut browser = world.stranger();
        let state = state_of(&begin(&mut browser).await);
        let mut answer = vec![("code", "code-0"), ("state", state.as_str())];
        answer.extend(iss.map(|iss| ("iss", iss)));
        let answer = return_to(&mut browser, &callback(&answer)).await;
        assert_refused(&answer, &browser, StatusCode::UNAUTHORIZED, UNPROVEN);
    }
    assert_eq!(provider.asked("/token"), 0);
    // A provider that does not know RFC 9207 names none.
    let (world, provider) = panel(2).await;
    provider.change(|state| {
        state.document = json!({ "authorization_response_iss_parameter_supported": null });
    });
    let mut browser = world.stranger();
    let path = provider.sign_in(&begin(&mut browser).await, mk_member("ben"));
    let path = path.split("&iss=").next().unwrap();
    return_to(&mut browser, path).await;
    assert!(has_cookie(&browser, SESSION));
}

#[tokio::test(start_paused = true)]
async fn providers_refusal_is_told_in_the_panels_words() {
    let (world, _provider) = panel(2).await;
    let mut browser = world.stranger();
    for (error, status, text) in [
        (
            "access_denied",
            StatusCode::UNAUTHORIZED,
            "Your account was not signed in.",
        ),
        (
            "temporarily_unavailable",
            StatusCode::SERVICE_UNAVAILABLE,
            AWAY,
        ),
        (
            "<script>alert(1)</script>",
            StatusCode::UNAUTHORIZED,
            UNPROVEN,
        ),
    ] {
        let state = state_of(&begin(&mut browser).await);
        let described = "<b>Call 0900-FORGED</b>";
        let path = callback(&[
            ("error", error),
            ("error_description", described),
            ("state", &state),
        ]);
        let answer = return_to(&mut browser, &path).await;
        assert_refused(&answer, &browser, status, text);
        assert!(!answer.body.contains("FORGED") && !answer.body.contains("alert(1)"));
    }
}

#[tokio::test(start_paused = true)]
async fn token_endpoints_nonsense_opens_nothing() {
    for (status, body, text, expected) in [
        (
            StatusCode::OK,
            json!({}),
            UNPROVEN,
            StatusCode::UNAUTHORIZED,
        ),
        (
            StatusCode::OK,
            json!({ "access_token": "a", "token_type": "Bearer" }),
            UNPROVEN,
            StatusCode::UNAUTHORIZED,
        ),
        (
            StatusCode::OK,
            json!({ "access_token": "a", "token_type": "Bearer", "id_token": "e30.e30." }),
            UNPROVEN,
            StatusCode::UNAUTHORIZED,
        ),
        (
            StatusCode::UNAUTHORIZED,
            json!({ "error": "invalid_client", "error_description": "FORGED" }),
            UNPROVEN,
            StatusCode::UNAUTHORIZED,
        ),
        (
            StatusCode::FOUND,
            json!({}),
            UNPROVEN,
            StatusCode::UNAUTHORIZED,
        ),
    ] {
        let (world, provider) = panel(2).await;
        provider.change(|state| state.answer = Some((status, body)));
        let mut browser = world.stranger();
        let answer = sign_in(&mut browser, &provider, mk_member("ben")).await;
        assert_refused(&answer, &browser, expected, text);
        assert!(!answer.body.contains("FORGED"));
    }
}

#[tokio::test(start_paused = true)]
async fn panel_is_ready_without_its_provider_and_asks_again_later() {
    let (world, provider) = panel(2).await;
    provider.change(|state| state.up = false);
    let mut browser = world.stranger();
    assert_eq!(browser.get("/readyz").await.status, StatusCode::OK);
    for _ in 0..3 {
        let answer = browser.get("/oidc/start").await;
        assert_refused(&answer, &browser, StatusCode::SERVICE_UNAVAILABLE, AWAY);
    }
    // Codes work all the same.
    world.attendee().await;
    provider.change(|state| state.up = true);
    // Nobody hammers a provider that comes back.
    let answer = browser.get("/oidc/start").await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(provider.asked("/.well-known/openid-configuration"), 0);
    tokio::time::sleep(std::time::Duration::from_secs(6)).await;
    sign_in(&mut browser, &provider, mk_member("ben")).await;
    assert!(has_cookie(&browser, SESSION));
    assert_eq!(provider.asked("/.well-known/openid-configuration"), 1);
}

#[tokio::test(start_paused = true)]
async fn document_of_another_issuer_or_without_https_is_not_followed() {
    for document in [
        json!({ "issuer": "https://id.example.net" }),
        json!({ "authorization_endpoint": "http://id.example.org/auth" }),
        json!({ "authorization_endpoint": "javascript:alert(1)" }),
        json!({ "jwks_uri": "http://id.example.org/keys" }),
    ] {
        let (world, provider) = panel(1).await;
        provider.change(|state| state.document = document.clone());
        let answer = world.stranger().get("/oidc/start").await;
        assert!(
            !answer.status.is_redirection(),
            "{document}: {}",
            answer.location()
        );
        assert!(!answer.headers.contains_key(SET_COOKIE));
    }
}

#[tokio::test(start_paused = true)]
async fn sign_in_begun_before_another_one_ends_the_other() {
    let (world, provider) = panel(2).await;
    let mut browser = world.stranger();
    let url = begin(&mut browser).await;
    let path = provider.sign_in(&url, mk_member("ben"));
    // In another tab somebody uses a card.
    let with_card = world.attendee().await;
    let both = [browser.cookie.take(), with_card.cookie.clone()];
    browser.cookie = Some(both.map(Option::unwrap).join("; "));
    return_to(&mut browser, &path).await;
    assert_eq!(namespace(&browser).await, world.seats[1].namespace);
    assert_eq!(
        with_card.get("/session").await.status,
        StatusCode::UNAUTHORIZED
    );
}

#[tokio::test(start_paused = true)]
async fn flood_of_answers_is_not_passed_on() {
    let (world, provider) = panel(2).await;
    let mut browser = world.stranger();
    let state = state_of(&begin(&mut browser).await);
    let path = callback(&[("code", "guessed"), ("state", &state), ("iss", ISSUER)]);
    for _ in 0..300 {
        assert_eq!(browser.get(&path).await.status, StatusCode::UNAUTHORIZED);
    }
    let answer = browser.get(&path).await;
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(answer.headers[RETRY_AFTER], "1");
    assert_eq!(provider.asked("/token"), 300);
    // Codes work all the same.
    world.attendee().await;
}
