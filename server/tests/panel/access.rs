//! Who gets where: every route for everybody.

use std::collections::BTreeSet;

use crate::world::{Browser, World};
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY,
    X_CONTENT_TYPE_OPTIONS,
};
use http::{Method, StatusCode};
use leptos::server_fn::axum::server_fn_paths;

/// A cookie of the right form for a seat that exists.
const FORGED: &str = "__Host-workshop=01.00000000000000000000000000000000";

/// The columns of [`TABLE`]: nobody, the attendee of seat 1, the one of seat 2, one whose seat was revoked, the
/// instructor, somebody with a forged cookie, and the attendee of seat 1 lured to a page of another site.
const PEOPLE: usize = 7;

#[derive(Clone, Copy, PartialEq)]
enum Verb {
    Get,
    Post,
}

/// One request, and for each person the status with, after a redirect, the place.
#[derive(Clone, Copy)]
struct Case {
    /// As the server's own table names it.
    route: &'static str,
    verb: Verb,
    path: &'static str,
    form: &'static str,
    expected: [&'static str; PEOPLE],
}

const fn get(path: &'static str, expected: [&'static str; PEOPLE]) -> Case {
    Case {
        route: path,
        verb: Verb::Get,
        path,
        form: "",
        expected,
    }
}

const fn post(path: &'static str, form: &'static str, expected: [&'static str; PEOPLE]) -> Case {
    Case {
        route: path,
        verb: Verb::Post,
        path,
        form,
        expected,
    }
}

const fn at(route: &'static str, case: Case) -> Case {
    Case { route, ..case }
}

const SIGN_IN: &str = "303 /sign-in";
const SIGNED_OUT: &str = "303 /sign-in?reason=signed_out";
const REVOKED: &str = "303 /sign-in?reason=revoked";
const LOAD: &str = "users=10&spawn_rate=5&run_time_s=60&n=26";
const SETTINGS: &str = "were=%2C%2C10&maximum=4";
const TOO_MUCH: &str = "users=501&spawn_rate=5&run_time_s=60&n=26";

/// What an attendee may do to their own namespace, and nobody else.
const ATTENDEES: [&str; PEOPLE] = ["401", "200", "200", "401", "403", "401", "403"];
/// What only an instructor may do.
const INSTRUCTORS: [&str; PEOPLE] = ["401", "403", "403", "401", "200", "401", "403"];
/// What is not there; a form of another site is refused before that is known.
const NOWHERE: [&str; PEOPLE] = ["404", "404", "404", "404", "404", "404", "403"];
/// What needs a session and changes nothing.
const SIGNED_IN: [&str; PEOPLE] = ["401", "200", "200", "401", "200", "401", "200"];

/// Every route for everybody.
#[rustfmt::skip]
const TABLE: &[Case] = &[
    get("/", [SIGN_IN, "200", "200", REVOKED, "303 /seats", SIGNED_OUT, "200"]),
    get("/seats", [SIGN_IN, "303 /", "303 /", REVOKED, "200", SIGNED_OUT, "303 /"]),
    get("/runs", [SIGN_IN, "200", "200", REVOKED, "303 /seats", SIGNED_OUT, "200"]),
    at("/runs/{run}", get("/runs/4b0e", [SIGN_IN, "404", "404", REVOKED, "303 /seats", SIGNED_OUT, "404"])),
    at("/runs/{run}", get("/runs/4b0e.csv", ["401", "404", "404", "401", "403", "401", "404"])),
    at("/runs/{run}", get("/runs/..%2fsecrets.csv", ["401", "404", "404", "401", "403", "401", "404"])),
    get("/load.log", ["401", "404", "404", "401", "403", "401", "404"]),
    get("/sign-in", ["200", "303 /", "303 /", "200", "303 /", "200", "303 /"]),
    get("/join", ["200"; PEOPLE]),
    get("/session", SIGNED_IN),
    post("/session", "code=01-0000-0000", ["401", "401", "401", "401", "401", "401", "403"]),
    post("/session/end", "", [SIGN_IN, SIGN_IN, SIGN_IN, SIGN_IN, SIGN_IN, SIGN_IN, "403"]),
    // Nobody set up single sign-on here; `single_sign_on/` does.
    get("/oidc/start", ["404"; PEOPLE]),
    get("/oidc/callback", ["404"; PEOPLE]),
    at("/events", get("/events?short=1", SIGNED_IN)),
    post("/api/deploy", "take_over=false", ATTENDEES),
    post("/api/start_load", LOAD, ["401", "409", "409", "401", "403", "401", "403"]),
    post("/api/start_load", TOO_MUCH, ["401", "422", "422", "401", "422", "401", "403"]),
    post("/api/stop_load", "foreign=false", ATTENDEES),
    post("/api/clean_up", "", ATTENDEES),
    post("/api/list_runs", "", ATTENDEES),
    post("/api/open_run", "uid=4b0e", ["401", "404", "404", "401", "403", "401", "403"]),
    post("/api/open_run", "uid=..%2Fsecrets", ["401", "404", "404", "401", "403", "401", "403"]),
    // Nothing is deployed there.
    post("/api/change_settings", SETTINGS, ["401", "409", "409", "401", "403", "401", "403"]),
    post("/api/change_settings", "maximum=many", ["401", "422", "422", "401", "403", "401", "403"]),
    post("/api/read_files", "", ATTENDEES),
    at("/manifests/{file}", get("/manifests/workshop.yaml", [SIGN_IN, "200", "200", REVOKED, "403", SIGNED_OUT, "200"])),
    at("/manifests/{file}", get("/manifests/passwd", ["404"; PEOPLE])),
    post("/api/stop_seat_load", "seat=01", INSTRUCTORS),
    post("/api/stop_seat_load", "seat=99", ["401", "403", "403", "401", "404", "401", "403"]),
    post("/api/stop_all_loads", "", INSTRUCTORS),
    post("/api/renew_seat", "seat=01", INSTRUCTORS),
    post("/api/renew_seat", "seat=00", ["401", "403", "403", "401", "404", "401", "403"]),
    post("/api/renew_seat", "seat=..%2F01", ["401", "403", "403", "401", "404", "401", "403"]),
    post("/api/revoke_seat", "seat=01", INSTRUCTORS),
    post("/api/revoke_seat", "seat=00", ["401", "403", "403", "401", "404", "401", "403"]),
    post("/api/sign_out_seat", "seat=01", INSTRUCTORS),
    post("/api/sign_out_seat", "seat=00", ["401", "403", "403", "401", "404", "401", "403"]),
    post("/api/sign_out_all", "", INSTRUCTORS),
    post("/api/set_class_phase", "phase=read_only", INSTRUCTORS),
    post("/api/set_class_phase", "phase=never", ["401", "422", "422", "401", "422", "401", "403"]),
    // Only a demo has these: `DEMO`.
    get("/faults", ["404"; PEOPLE]),
    post("/api/set_fault", "fault=keda-absent&on=true", NOWHERE),
    post("/api/end_faults", "", NOWHERE),
    post("/api/break_seat", "seat=01&sentinel=quota-full", NOWHERE),
    post("/api/mend_seat", "seat=01", NOWHERE),
    at("/pkg/{build}/{*file}", get("/pkg/dev/main.css", ["404"; PEOPLE])),
    at("/pkg/{build}/{*file}", get("/pkg/..%2f..%2fetc/passwd", ["404"; PEOPLE])),
    get("/favicon.svg", ["404"; PEOPLE]),
    get("/robots.txt", ["404"; PEOPLE]),
    get("/healthz", ["200"; PEOPLE]),
    get("/readyz", ["200"; PEOPLE]),
];

/// What a demo has more.
#[rustfmt::skip]
const DEMO: &[Case] = &[
    get("/faults", [SIGN_IN, "303 /", "303 /", REVOKED, "200", SIGNED_OUT, "303 /"]),
    post("/api/set_fault", "fault=keda-absent&on=true", INSTRUCTORS),
    post("/api/set_fault", "fault=api-server-away&on=false", INSTRUCTORS),
    post("/api/set_fault", "fault=clock-skew&on=true&value=-60", INSTRUCTORS),
    post("/api/set_fault", "fault=clock-skew&on=true&value=9999", ["401", "403", "403", "401", "422", "401", "403"]),
    post("/api/set_fault", "fault=keda-absent&on=true&value=1", ["401", "403", "403", "401", "422", "401", "403"]),
    post("/api/set_fault", "fault=everything&on=true", ["401", "422", "422", "401", "422", "401", "403"]),
    post("/api/end_faults", "", INSTRUCTORS),
    post("/api/break_seat", "seat=01&sentinel=quota-full", INSTRUCTORS),
    // Nothing is deployed there.
    post("/api/break_seat", "seat=01&sentinel=crash-loop", ["401", "403", "403", "401", "409", "401", "403"]),
    post("/api/break_seat", "seat=00&sentinel=quota-full", ["401", "403", "403", "401", "404", "401", "403"]),
    post("/api/mend_seat", "seat=01", INSTRUCTORS),
    post("/api/mend_seat", "seat=..%2F01", ["401", "403", "403", "401", "404", "401", "403"]),
];

/// The person of a column, in a world of their own.
async fn person(world: &World, column: usize) -> Browser {
    match column {
        0 => world.stranger(),
        1 => world.attendee().await,
        2 => world.sign_in(&world.seats[1].code).await,
        3 => {
            let revoked = world.attendee().await;
            let instructor = world.sign_in(&world.instructor).await;
            let answer = instructor.post("/api/revoke_seat", "seat=01").await;
            assert_eq!(answer.status, StatusCode::OK);
            revoked
        }
        4 => world.sign_in(&world.instructor).await,
        5 => {
            let mut forged = world.stranger();
            forged.cookie = Some(FORGED.to_owned());
            forged
        }
        _ => {
            let mut lured = world.attendee().await;
            let origin = "https://evil.example.org".parse().unwrap();
            lured.headers.insert("origin", origin);
            let site = "cross-site".parse().unwrap();
            lured.headers.insert("sec-fetch-site", site);
            lured
        }
    }
}

#[tokio::test(start_paused = true)]
async fn everybody_gets_what_is_theirs() {
    for (case, in_demo) in cases() {
        for (column, expected) in case.expected.iter().enumerate() {
            let world = match in_demo {
                true => World::demo(2).await,
                false => World::new(2).await,
            };
            let person = person(&world, column).await;
            let answer = match case.verb {
                Verb::Get => person.get(case.path).await,
                Verb::Post => person.post(case.path, case.form).await,
            };
            let told = format!("{} {}", answer.status.as_u16(), answer.location());
            let (path, form) = (case.path, case.form);
            assert_eq!(
                told.trim_end(),
                *expected,
                "{path} {form} by person {column}: {}",
                answer.body
            );
        }
    }
}

/// Both tables.
fn cases() -> impl Iterator<Item = (&'static Case, bool)> {
    let usual = TABLE.iter().map(|case| (case, false));
    usual.chain(DEMO.iter().map(|case| (case, true)))
}

#[tokio::test(start_paused = true)]
async fn class_that_is_closed_has_faults_for_its_instructor_alone() {
    let world = World::demo(1).await;
    let attendee = world.attendee().await;
    let instructor = world.sign_in(&world.instructor).await;
    let closed = instructor
        .post("/api/set_class_phase", "phase=closed")
        .await;
    assert_eq!(closed.status, StatusCode::OK);
    for case in DEMO {
        let answer = match case.verb {
            Verb::Get => attendee.get(case.path).await,
            Verb::Post => attendee.post(case.path, case.form).await,
        };
        let (status, path) = (answer.status, case.path);
        match case.verb {
            Verb::Get => assert_eq!(answer.location(), "/sign-in?reason=class_closed", "{path}"),
            Verb::Post => assert_eq!(status, StatusCode::UNAUTHORIZED, "{path}"),
        }
    }
    assert_eq!(instructor.get("/faults").await.status, StatusCode::OK);
}

#[tokio::test(start_paused = true)]
async fn attendees_pages_say_nothing_of_faults() {
    let world = World::demo(1).await;
    let instructor = world.sign_in(&world.instructor).await;
    let link = "href=\"/faults\"";
    assert!(instructor.get("/seats").await.body.contains(link));
    assert!(!world.attendee().await.get("/").await.body.contains(link));
    let elsewhere = World::new(1).await;
    let instructor = elsewhere.sign_in(&elsewhere.instructor).await;
    assert!(!instructor.get("/seats").await.body.contains(link));
}

#[test]
fn table_has_every_route() {
    let known: BTreeSet<_> = TABLE.iter().map(|case| case.route).collect();
    let routes: BTreeSet<_> = server::web::paths().collect();
    assert_eq!(known, routes);
}

#[tokio::test(start_paused = true)]
async fn no_route_answers_another_method() {
    let world = World::new(1).await;
    let attendee = world.attendee().await;
    for case in TABLE {
        let answers = |verb| {
            let mut same = TABLE.iter().filter(|other| other.route == case.route);
            same.any(|other| other.verb == verb)
        };
        for (method, known) in [
            (Method::GET, answers(Verb::Get)),
            (Method::POST, answers(Verb::Post)),
            (Method::PUT, false),
            (Method::PATCH, false),
            (Method::DELETE, false),
            (Method::TRACE, false),
        ] {
            if known {
                continue;
            }
            let answer = attendee.ask_with(method.clone(), case.path).await;
            let expected = StatusCode::METHOD_NOT_ALLOWED;
            assert_eq!(answer.status, expected, "{method} {}", case.path);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_no_form_is_refused_and_breaks_nothing() {
    let json = "application/json";
    let form = "application/x-www-form-urlencoded";
    for case in TABLE.iter().filter(|case| case.verb == Verb::Post) {
        // A world each: signing out needs no form, and would leave nobody for the rest.
        let world = World::new(1).await;
        let instructor = world.sign_in(&world.instructor).await;
        let attendee = world.attendee().await;
        for (content_type, body) in [
            (json, &b"{\"seat\":\"01\"}"[..]),
            (form, &b"\xff\xfe=\x00&&&=%"[..]),
            (form, &b"seat[]=01&seat[a][b]=01&take_over[0]=true"[..]),
            ("multipart/form-data; boundary=x", &b"--x"[..]),
            ("", &b"seat=01"[..]),
        ] {
            for person in [&instructor, &attendee] {
                let answer = person.post_raw(case.path, content_type, body).await;
                let status = answer.status;
                assert!(
                    !status.is_server_error(),
                    "{} {content_type}: {status} {}",
                    case.path,
                    answer.body
                );
            }
        }
        assert_eq!(world.stranger().get("/readyz").await.status, StatusCode::OK);
    }
}

#[tokio::test(start_paused = true)]
async fn too_large_a_form_is_refused_everywhere() {
    let world = World::new(1).await;
    let attendee = world.attendee().await;
    let form = format!("code={}", "x".repeat(65 * 1024));
    for case in TABLE.iter().filter(|case| case.verb == Verb::Post) {
        // Sign-out reads no body at all, nor does what is not there.
        if case.path == "/session/end" || case.expected == NOWHERE {
            continue;
        }
        let answer = attendee.post(case.path, &form).await;
        assert_eq!(
            answer.status,
            StatusCode::PAYLOAD_TOO_LARGE,
            "{}",
            case.path
        );
    }
}

#[tokio::test(start_paused = true)]
async fn another_seats_namespace_in_every_field_is_not_looked_at() {
    let world = World::new(2).await;
    let attendee = world.attendee().await;
    let (own, other) = (&world.seats[0].namespace, &world.seats[1].namespace);
    let fields = ["namespace", "ns", "seat", "name", "user"];
    let everywhere: String = fields
        .iter()
        .map(|field| format!("&{field}={other}"))
        .collect();
    let query = everywhere.replacen('&', "?", 1);
    let told = attendee.get(&format!("/session{query}")).await.json();
    assert_eq!(told["namespace"], own.as_str());
    let mut events = attendee.events(&format!("/events{query}")).await;
    let first = events.next().await.unwrap();
    assert_eq!(first.data["snapshot"]["namespace"], own.as_str());
    let page = attendee.get(&format!("/{query}")).await;
    assert!(page.body.contains(own) && !page.body.contains(other));
    let path = format!("/api/deploy{query}");
    let form = format!("take_over=false{everywhere}");
    assert_eq!(attendee.post(&path, &form).await.status, StatusCode::OK);
    world
        .until("the app is where it belongs", |s| s.deployment.is_some())
        .await;
    let neighbour = world.published.snapshot(other).unwrap();
    assert_eq!(neighbour.deployment, None);
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
        for name in ["cross-origin-opener-policy", "cross-origin-resource-policy"] {
            assert_eq!(headers[name], "same-origin", "{path}");
        }
        let lasts = &headers[STRICT_TRANSPORT_SECURITY];
        assert_eq!(lasts, "max-age=31536000", "{path}");
        let cache = headers[CACHE_CONTROL].to_str().unwrap();
        assert!(cache.starts_with("no-"), "{path}: {cache}");
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

#[test]
fn table_has_the_paths_of_the_server_functions() {
    let functions: BTreeSet<_> = server_fn_paths().map(|(path, _)| path).collect();
    let routes: BTreeSet<_> = server::web::paths()
        .filter(|path| path.starts_with("/api/"))
        .collect();
    assert_eq!(functions, routes);
}
