//! What the log holds of people: one line for each act, nothing secret, and nobody's text as a line of its own.
//!
//! A program of its own: what other tests log elsewhere decides, for all of a process, what is written at all.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends")]

mod world;

use std::io::Write;
use std::sync::Arc;

use parking_lot::Mutex;
use serde_json::Value;
use server::audit::{Actor, Outcome, record};
use server::names::PANEL_NAMESPACE;
use server::seats::SeatStore;
use tracing_subscriber::fmt::MakeWriter;
use world::World;

/// What was logged.
#[derive(Clone, Default)]
struct Log {
    bytes: Arc<Mutex<Vec<u8>>>,
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.bytes.lock().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

impl Log {
    fn text(&self) -> String {
        String::from_utf8(self.bytes.lock().clone()).unwrap()
    }

    /// The audit's lines as `seat verb object outcome`.
    fn acts(&self) -> Vec<String> {
        let text = self.text();
        let lines = text.lines().map(|line| serde_json::from_str(line).unwrap());
        let audit = lines.filter(|line: &Value| line["target"] == "audit");
        audit
            .map(|line| {
                let field = |name: &str| line[name].as_str().unwrap_or("-").to_owned();
                let fields = ["seat", "verb", "object", "outcome"].map(field);
                fields.join(" ").trim_end().to_owned()
            })
            .collect()
    }
}

/// A log as `--log-format json` writes it, of everything down to debug.
fn json(log: &Log) -> tracing::subscriber::DefaultGuard {
    let subscriber = tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_max_level(tracing::Level::DEBUG)
        .with_writer(log.clone());
    tracing::subscriber::set_default(subscriber.finish())
}

#[tokio::test(start_paused = true)]
async fn every_act_is_one_line() {
    let log = Log::default();
    let _guard = json(&log);
    let world = World::new(2).await;
    let stranger = world.stranger();
    stranger.post("/session", "code=01-0000-0000").await;
    stranger.get("/session").await;
    let attendee = world.attendee().await;
    attendee.post("/api/deploy", "take_over=false").await;
    attendee.post("/api/stop_all_loads", "").await;
    let mut lured = world.sign_in(&world.seats[1].code).await;
    let origin = "https://evil.example.org".parse().unwrap();
    lured.headers.insert("origin", origin);
    lured.post("/api/deploy", "take_over=false").await;
    let instructor = world.sign_in(&world.instructor).await;
    instructor.post("/api/stop_seat_load", "seat=01").await;
    instructor.post("/api/renew_seat", "seat=02").await;
    instructor.post("/api/sign_out_seat", "seat=02").await;
    instructor.post("/api/revoke_seat", "seat=02").await;
    instructor.post("/api/sign_out_all", "").await;
    instructor
        .post("/api/set_class_phase", "phase=read_only")
        .await;
    instructor.post("/session/end", "").await;
    assert_eq!(
        log.acts(),
        [
            "- sign_in  refused",
            "- GET /session refused",
            "01 sign_in workshop-user-1 done",
            "01 deploy workshop-user-1 done",
            "01 POST /api/stop_all_loads refused",
            "02 sign_in workshop-user-2 done",
            "- POST /api/deploy refused",
            "00 sign_in all seats done",
            "00 stop_load workshop-user-1 done",
            "00 renew_seat 02 done",
            "00 sign_out_seat 02 done",
            "00 revoke_seat 02 done",
            "00 sign_out_all all seats done",
            "00 set_class_phase Read-only done",
            "00 sign_out all seats done",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn every_fault_is_one_line() {
    let log = Log::default();
    let _guard = json(&log);
    let world = World::demo(1).await;
    let instructor = world.sign_in(&world.instructor).await;
    for (path, form) in [
        ("/api/set_fault", "fault=clock-skew&on=true&value=60"),
        ("/api/set_fault", "fault=clock-skew&on=true&value=99999"),
        ("/api/set_fault", "fault=clock-skew&on=false"),
        ("/api/break_seat", "seat=01&sentinel=quota-full"),
        ("/api/break_seat", "seat=01&sentinel=quota-full"),
        ("/api/mend_seat", "seat=01"),
        ("/api/end_faults", ""),
    ] {
        instructor.post(path, form).await;
    }
    assert_eq!(
        log.acts(),
        [
            "00 sign_in all seats done",
            "00 set_fault clock-skew=60 done",
            "00 set_fault clock-skew=99999 refused",
            "00 set_fault clock-skew off done",
            "00 break_seat 01 quota-full done",
            "00 break_seat 01 quota-full refused",
            "00 mend_seat 01 done",
            "00 end_faults all faults done",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn nothing_secret_is_logged() {
    let log = Log::default();
    let _guard = json(&log);
    let world = World::new(2).await;
    let attendee = world.attendee().await;
    let instructor = world.sign_in(&world.instructor).await;
    let card = instructor.post("/api/renew_seat", "seat=02").await.json();
    let new_code = card["code"].as_str().unwrap().to_owned();
    let renewed = world.sign_in(&new_code).await;
    // A person who mistypes one sign of a right code must not leave the rest of it in the log.
    let mistyped = format!("{}Z", &world.seats[0].code[..11]);
    let form = format!("code={mistyped}");
    world.stranger().post("/session", &form).await;
    let store = SeatStore::new(world.admin(), PANEL_NAMESPACE.to_owned());
    let class_code = store.open_free_seats().await.unwrap().to_string();
    world::settle().await;
    let form = format!("code={class_code}&name=Anastasia");
    let claimed = world.stranger().post("/session", &form).await;
    // Seat 2 was renewed, and somebody sits on it: there is no free one, and no code to be shown.
    assert!(claimed.body.contains("Every seat is taken."));
    attendee.get(&format!("/join?code={new_code}")).await;
    attendee.post("/session/end", "").await;

    let text = log.text();
    assert!(text.contains("\"sign_in\""), "something is logged");
    assert!(!text.contains("Anastasia"), "a name is in the log");
    let mut secrets = vec![world.seats[0].code.clone(), mistyped, new_code, class_code];
    secrets.push(world.instructor.clone());
    for browser in [&attendee, &instructor, &renewed] {
        let cookie = browser.cookie.as_deref().unwrap();
        secrets.push(cookie.split('.').next_back().unwrap().to_owned());
    }
    for secret in secrets {
        // A code's symbols without its seat's number, in every spelling.
        let bare = secret.replace('-', "");
        let bare = bare.get(2..).filter(|_| secret.contains('-'));
        for needle in [Some(secret.as_str()), bare].into_iter().flatten() {
            assert!(!text.contains(needle), "a secret is in the log");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn text_from_outside_cannot_pass_for_a_line() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_ansi(false)
        .with_max_level(tracing::Level::DEBUG)
        .with_writer(log.clone());
    let _guard = tracing::subscriber::set_default(subscriber.finish());
    let world = World::new(1).await;
    let evil = "%0a2026-01-01T00:00:00Z%20%20INFO%20audit:%20seat=%2200%22%0d%1b%5b2J%3Cscript%3E";
    let mut stranger = world.stranger();
    let agent = "x\t<script>alert(1)</script>".parse().unwrap();
    stranger.headers.insert("user-agent", agent);
    let forwarded = "1.2.3.4, <script>".parse().unwrap();
    stranger.headers.insert("x-forwarded-for", forwarded);
    stranger.post("/session", &format!("code={evil}")).await;
    stranger.get(&format!("/nothing/{evil}")).await;
    stranger.get(&format!("/events?last_event_id={evil}")).await;
    let store = SeatStore::new(world.admin(), PANEL_NAMESPACE.to_owned());
    let code = store.open_free_seats().await.unwrap();
    world::settle().await;
    let form = format!("code={code}&name={evil}");
    stranger.post("/session", &form).await;
    let instructor = world.sign_in(&world.instructor).await;
    for act in ["renew_seat", "revoke_seat", "stop_seat_load"] {
        let form = format!("seat=01{evil}");
        instructor.post(&format!("/api/{act}"), &form).await;
    }
    let attendee = world.attendee().await;
    attendee.post("/api/deploy", "take_over=false").await;

    // Should such a text ever reach a line, it stays inside its quotes.
    let evil = "x\n2026-01-01T00:00:00Z  INFO audit: seat=\"00\"\r\u{1b}[2J";
    record(Actor::default(), evil, evil, Outcome::Failed(evil));

    let text = log.text();
    assert!(text.contains("sign_in"), "something is logged");
    assert!(text.contains("x\\n2026-01-01T00:00:00Z"), "escaped");
    assert!(!text.contains('\u{1b}') && !text.contains('\r'));
    for line in text.lines() {
        let levels = [" INFO ", " WARN ", "DEBUG ", "ERROR "];
        let has_a_level = levels.iter().any(|level| line.contains(level));
        assert!(line.starts_with("20") && has_a_level, "{line}");
        let is_forged = line.starts_with("2026-01-01");
        assert!(!is_forged, "{line}");
    }
    assert!(!text.contains("<script>"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn flood_of_strangers_does_not_fill_the_log() {
    let log = Log::default();
    let _guard = json(&log);
    let world = World::new(1).await;
    let stranger = world.stranger();
    let mut forger = world.stranger();
    for n in 0..500 {
        stranger.get("/session").await;
        stranger.post("/session", "code=01-0000-0000").await;
        forger.cookie = Some(format!("__Host-workshop=01.{n:032x}"));
        forger.get("/session").await;
    }
    let lines = log.acts().len();
    assert!((100..200).contains(&lines), "{lines} lines of the audit");
    // As it is by default, without debug.
    let text = log.text();
    let lines = text.lines().filter(|line| !line.contains("\"DEBUG\""));
    let lines = lines.count();
    assert!(lines < 300, "{lines} lines in all");
    // Who is signed in is always written.
    let attendee = world.attendee().await;
    attendee.post("/api/stop_all_loads", "").await;
    let acts = log.acts();
    let last = acts.last().map(String::as_str);
    assert_eq!(last, Some("01 POST /api/stop_all_loads refused"));
}
