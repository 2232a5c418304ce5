//! Who gets where: every route for everybody.

mod world;

use std::collections::BTreeSet;

use http::StatusCode;
use http::header::{CONTENT_SECURITY_POLICY, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS};
use leptos::server_fn::axum::server_fn_paths;
use world::{Browser, World};

/// A cookie of the right form for a seat that exists.
const FORGED: &str = "__Host-workshop=01.00000000000000000000000000000000";

/// Routes with the status and, after a redirect, the place for: nobody, an attendee, the instructor, a forged cookie.
const READS: &[(&str, [&str; 4])] = &[
    (
        "/",
        [
            "303 /sign-in",
            "200",
            "303 /seats",
            "303 /sign-in?reason=signed_out",
        ],
    ),
    (
        "/seats",
        [
            "303 /sign-in",
            "303 /",
            "200",
            "303 /sign-in?reason=signed_out",
        ],
    ),
    ("/sign-in", ["200", "303 /", "303 /", "200"]),
    ("/session", ["401", "200", "200", "401"]),
    ("/events?short=1", ["401", "200", "200", "401"]),
    ("/healthz", ["200"; 4]),
    ("/readyz", ["200"; 4]),
    ("/favicon.svg", ["404"; 4]),
    ("/robots.txt", ["404"; 4]),
    ("/pkg/dev/main.css", ["404"; 4]),
    ("/pkg/0123456789abcdef/main.css", ["404"; 4]),
    ("/nothing", ["404"; 4]),
    ("/session/end", ["405"; 4]),
    ("/api/deploy", ["405"; 4]),
];

const LOAD: &str = "users=10&spawn_rate=5&run_time_s=60&n=26";

/// Writes with their form and the status for nobody, an attendee, the instructor, a forged cookie.
const WRITES: &[(&str, &str, [u16; 4])] = &[
    ("/api/start_load", LOAD, [401, 409, 403, 401]),
    ("/api/deploy", "take_over=false", [401, 200, 403, 401]),
    ("/api/stop_load", "foreign=false", [401, 200, 403, 401]),
    ("/api/clean_up", "", [401, 200, 403, 401]),
    ("/api/stop_seat_load", "seat=01", [401, 403, 200, 401]),
    ("/api/stop_seat_load", "seat=99", [401, 403, 404, 401]),
    ("/api/stop_all_loads", "", [401, 403, 200, 401]),
    (
        "/api/start_load",
        "users=501&spawn_rate=5&run_time_s=60&n=26",
        [401, 422, 422, 401],
    ),
    ("/api/no_such_function", "", [404, 404, 404, 404]),
];

/// Nobody, an attendee, an instructor, and someone with a forged cookie: the columns of the tables.
async fn people(world: &World) -> [Browser; 4] {
    let mut forged = world.stranger();
    forged.cookie = Some(FORGED.to_owned());
    [
        world.stranger(),
        world.attendee().await,
        world.sign_in(&world.instructor).await,
        forged,
    ]
}

#[tokio::test(start_paused = true)]
async fn everybody_sees_what_is_theirs() {
    let world = World::new(1).await;
    let people = people(&world).await;
    for (path, expected) in READS {
        for (person, expected) in people.iter().zip(expected) {
            let answer = person.get(path).await;
            let told = format!("{} {}", answer.status.as_u16(), answer.location());
            assert_eq!(told.trim_end(), *expected, "{path}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn everybody_does_what_is_theirs() {
    let world = World::new(1).await;
    let people = people(&world).await;
    for (path, form, expected) in WRITES {
        for (person, expected) in people.iter().zip(expected) {
            let answer = person.post(path, form).await;
            assert_eq!(answer.status.as_u16(), *expected, "{path}: {}", answer.body);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn no_other_site_can_write() {
    let world = World::new(1).await;
    let mut lured = world.attendee().await;
    lured
        .headers
        .insert("origin", "https://evil.example.org".parse().unwrap());
    lured
        .headers
        .insert("sec-fetch-site", "cross-site".parse().unwrap());
    let writes = WRITES.iter().map(|(path, form, _)| (*path, *form));
    for (path, form) in writes.chain([("/session", "code=x"), ("/session/end", "")]) {
        let answer = lured.post(path, form).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path}");
    }
    assert_eq!(lured.get("/").await.status, StatusCode::OK);
}

#[tokio::test(start_paused = true)]
async fn attendee_acts_in_no_namespace_but_their_own() {
    let world = World::new(2).await;
    let other = world.sign_in(&world.seats[1].code).await;
    // A namespace in the form is not looked at.
    let form = "take_over=false&namespace=workshop-user-1";
    assert_eq!(other.post("/api/deploy", form).await.status, StatusCode::OK);
    let second = &world.seats[1].namespace;
    world::until("the second namespace has the app", || {
        let snapshot = world.published.snapshot(second);
        snapshot.is_some_and(|snapshot| snapshot.deployment.is_some())
    })
    .await;
    assert_eq!(world.snapshot().deployment, None);
}

#[tokio::test(start_paused = true)]
async fn every_answer_bears_the_security_headers() {
    let world = World::new(1).await;
    let attendee = world.attendee().await;
    for path in [
        "/",
        "/sign-in",
        "/session",
        "/events?short=1",
        "/nothing",
        "/healthz",
    ] {
        let headers = attendee.get(path).await.headers;
        let policy = headers[CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(
            policy.contains("frame-ancestors 'none'"),
            "{path}: {policy}"
        );
        assert!(!policy.contains("unsafe-inline"), "{path}: {policy}");
        assert_eq!(headers[REFERRER_POLICY], "same-origin", "{path}");
        assert_eq!(headers[X_CONTENT_TYPE_OPTIONS], "nosniff", "{path}");
    }
}

#[tokio::test(start_paused = true)]
async fn every_inline_script_bears_the_nonce_of_its_page() {
    let world = World::new(1).await;
    let attendee = world.attendee().await;
    let page = attendee.get("/").await;
    let policy = page.headers[CONTENT_SECURITY_POLICY].to_str().unwrap();
    let nonce = policy.split("'nonce-").nth(1).unwrap();
    let nonce = nonce.split('\'').next().unwrap();
    assert!(nonce.len() >= 16, "{policy}");
    let scripts: Vec<_> = page.body.match_indices("<script").collect();
    assert!(!scripts.is_empty());
    for (at, _) in scripts {
        let tag = page.body[at..].split('>').next().unwrap();
        assert!(tag.contains(&format!("nonce=\"{nonce}\"")), "{tag}");
    }
    let again = attendee.get("/").await;
    assert_ne!(again.headers[CONTENT_SECURITY_POLICY], policy);
    assert!(
        !page.body.contains(" style="),
        "an attribute that the policy forbids"
    );
}

#[tokio::test(start_paused = true)]
async fn form_without_script_returns_to_its_page() {
    let world = World::new(1).await;
    let mut attendee = world.attendee().await;
    attendee
        .headers
        .insert("accept", "text/html,application/xhtml+xml".parse().unwrap());
    attendee
        .headers
        .insert("referer", "https://workshop.example.org/".parse().unwrap());
    let answer = attendee.post("/api/deploy", "take_over=false").await;
    assert_eq!(answer.status, StatusCode::FOUND);
    assert!(
        answer
            .location()
            .starts_with("https://workshop.example.org/")
    );
    attendee.cookie = None;
    let answer = attendee.post("/api/deploy", "take_over=false").await;
    assert_eq!(answer.location(), "/sign-in");
}

#[tokio::test(start_paused = true)]
async fn too_large_a_form_is_refused() {
    let world = World::new(1).await;
    let form = format!("code={}", "x".repeat(65 * 1024));
    let answer = world.stranger().post("/session", &form).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[test]
fn table_has_the_paths_of_the_server_functions() {
    let functions: BTreeSet<_> = server_fn_paths().map(|(path, _)| path).collect();
    let routes: BTreeSet<_> = server::web::paths()
        .filter(|path| path.starts_with("/api/"))
        .collect();
    assert_eq!(functions, routes);
}
