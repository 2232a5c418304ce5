//! The process's figures: each counts what it says, none tells of a seat, and docs/metrics.md lists them all.

use std::collections::BTreeSet;

use crate::world::{World, until};
use server::telemetry::Telemetry;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

/// The figure of one series, such as `workshop_streams_open{kind="attendee"}`; 0 if there is none.
fn figure(telemetry: &Telemetry, series: &str) -> f64 {
    let text = telemetry.text().unwrap();
    let mut lines = text.lines();
    let figure = lines.find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    figure.map_or(0.0, |figure| figure.parse().unwrap())
}

#[tokio::test(start_paused = true)]
async fn open_streams_are_counted_until_they_end() {
    let world = World::new(1).await;
    let open = || figure(&world.telemetry, "workshop_streams_open{kind=\"attendee\"}");
    let sent = || {
        figure(
            &world.telemetry,
            "workshop_stream_frames_total{kind=\"attendee\"}",
        )
    };
    let attendee = world.attendee().await;
    let mut first = attendee.events("/events").await;
    let second = attendee.events("/events").await;
    let instructor = world
        .sign_in(&world.instructor)
        .await
        .events("/events")
        .await;
    assert_eq!(open(), 2.0);
    assert_eq!(
        figure(
            &world.telemetry,
            "workshop_streams_open{kind=\"instructor\"}"
        ),
        1.0
    );
    assert_eq!(sent(), 0.0, "nobody has read anything");
    first.next().await.unwrap();
    assert_eq!(sent(), 1.0);
    assert!(
        figure(
            &world.telemetry,
            "workshop_stream_bytes_total{kind=\"attendee\"}"
        ) > 100.0
    );
    drop((first, second, instructor));
    assert_eq!(open(), 0.0);
    assert_eq!(
        figure(
            &world.telemetry,
            "workshop_streams_open{kind=\"instructor\"}"
        ),
        0.0
    );
}

#[tokio::test(start_paused = true)]
async fn sign_ins_are_counted_by_what_came_of_them() {
    let world = World::new(1).await;
    let of = |outcome: &str| {
        figure(
            &world.telemetry,
            &format!("workshop_sign_ins_total{{outcome=\"{outcome}\"}}"),
        )
    };
    world.attendee().await;
    assert_eq!((of("done"), of("wrong_code")), (1.0, 0.0));
    let stranger = world.stranger();
    // More than the budget of wrong codes: the audit writes fewer lines than there are guesses, the figures miss none.
    for _ in 0..60 {
        stranger.post("/session", "code=01-AAAA-AAAA").await;
    }
    assert_eq!(of("done"), 1.0);
    assert_eq!(of("wrong_code") + of("too_many_wrong_codes"), 60.0);
    assert!(of("too_many_wrong_codes") > 0.0);
}

#[tokio::test(start_paused = true)]
async fn commands_are_counted_in_the_audits_words() {
    let world = World::new(1).await;
    let attendee = world.attendee().await;
    attendee.post("/api/deploy", "take_over=false").await;
    world
        .until("the app is deployed", |snapshot| {
            snapshot.autoscaler.is_some()
        })
        .await;
    let series = "workshop_commands_total{verb=\"deploy\",outcome=\"done\"}";
    assert_eq!(figure(&world.telemetry, series), 1.0);
    let applied = "workshop_api_request_duration_seconds_count{verb=\"patch\",outcome=\"2xx\"}";
    assert!(
        figure(&world.telemetry, applied) > 1.0,
        "the attendee's calls are measured, too"
    );
    let asked = "workshop_http_requests_total{route=\"/api/deploy\",status=\"2xx\"}";
    assert_eq!(figure(&world.telemetry, asked), 1.0);
}

#[tokio::test(start_paused = true)]
async fn broken_watch_is_counted_and_told_as_lost_until_it_is_back() {
    let world = World::new(1).await;
    let restarts = || {
        figure(
            &world.telemetry,
            "workshop_watch_restarts_total{kind=\"Pod\"}",
        )
    };
    let live = || figure(&world.telemetry, "workshop_watch_live{kind=\"Pod\"}");
    assert_eq!((restarts(), live()), (0.0, 1.0));
    let faults = world.simulator.faults();
    faults.set_api_server_down(true);
    until("the watch is lost", || live() == 0.0).await;
    assert!(restarts() >= 1.0);
    let refused = "workshop_api_request_duration_seconds_count{verb=\"list\",outcome=\"5xx\"}";
    until("a list is refused", || {
        figure(&world.telemetry, refused) >= 1.0
    })
    .await;
    faults.set_api_server_down(false);
    until("the watch is back", || live() == 1.0).await;
    assert!(
        figure(
            &world.telemetry,
            "workshop_watch_heard_timestamp_seconds{kind=\"Pod\"}"
        ) > 0.0
    );
}

/// What is left of the text without figures.
fn series(telemetry: &Telemetry) -> BTreeSet<String> {
    let text = telemetry.text().unwrap();
    let series = text
        .lines()
        .filter_map(|line| Some(line.rsplit_once(' ')?.0.to_owned()));
    series.collect()
}

#[tokio::test(start_paused = true)]
async fn series_tell_of_no_seat_and_do_not_grow_with_the_class() {
    let mut before = None;
    for seats in [1, 5] {
        let world = World::new(seats).await;
        for seat in &world.seats {
            let attendee = world.sign_in(&seat.code).await;
            attendee.events("/events").await.next().await.unwrap();
            attendee.post("/api/deploy", "take_over=false").await;
            attendee
                .get(&format!("/no-such-page-of-{}", seat.namespace))
                .await;
        }
        let instructor = world.sign_in(&world.instructor).await;
        instructor.post("/api/renew_seat", "seat=01").await;
        let text = world.telemetry.text().unwrap();
        assert_eq!(figure(&world.telemetry, "workshop_seats"), f64::from(seats));
        for seat in &world.seats {
            assert!(!text.contains(&seat.namespace), "{text}");
            assert!(!text.contains(&seat.code), "{text}");
        }
        let series = series(&world.telemetry);
        // Which calls were given up is a matter of time.
        let series = series
            .into_iter()
            .filter(|series| !series.contains("unanswered"));
        let series: BTreeSet<_> = series.collect();
        let before = before.get_or_insert_with(|| series.clone());
        let other: Vec<_> = series.symmetric_difference(before).collect();
        assert!(other.is_empty(), "{other:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn documented_metrics_are_those_of_the_registry() {
    // A metric without any series is not told, so each needs one.
    let world = World::new(1).await;
    let attendee = world.attendee().await;
    let _stream = attendee.events("/events").await;
    attendee.post("/api/deploy", "take_over=false").await;
    let text = world.telemetry.text().unwrap();
    let told = text.lines().filter_map(|line| {
        let (name, kind) = line.strip_prefix("# TYPE ")?.split_once(' ')?;
        Some(match kind {
            "counter" => (format!("{name}_total"), kind),
            "info" => (format!("{name}_info"), kind),
            _ => (name.to_owned(), kind),
        })
    });
    let told: BTreeSet<_> = told.collect();
    let docs = include_str!("../../../docs/metrics.md");
    let documented = docs.lines().filter_map(|line| {
        let mut cells = line.strip_prefix("| `")?.split(" | ");
        Some((
            cells.next()?.trim_end_matches('`').to_owned(),
            cells.next()?,
        ))
    });
    assert_eq!(documented.collect::<BTreeSet<_>>(), told);
}

#[tokio::test]
async fn port_of_the_figures_answers_nothing_else() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let shutdown = CancellationToken::new();
    let served = server::telemetry::serve(listener, Telemetry::default(), shutdown.clone());
    let served = tokio::spawn(served);
    let ask = async |request: &str| {
        let mut connection = TcpStream::connect(address).await.unwrap();
        let request = format!("{request} HTTP/1.1\r\nhost: panel\r\nconnection: close\r\n\r\n");
        connection.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        connection.read_to_string(&mut answer).await.unwrap();
        answer
    };
    let figures = ask("GET /metrics").await;
    assert!(figures.starts_with("HTTP/1.1 200"), "{figures}");
    assert!(
        figures.contains("application/openmetrics-text"),
        "{figures}"
    );
    assert!(
        figures.contains("process_resident_memory_bytes"),
        "{figures}"
    );
    assert!(figures.ends_with("# EOF\n"), "{figures}");
    assert!(ask("POST /metrics").await.starts_with("HTTP/1.1 405"));
    assert!(ask("GET /").await.starts_with("HTTP/1.1 404"));
    assert!(ask("GET /seats").await.starts_with("HTTP/1.1 404"));
    shutdown.cancel();
    served.await.unwrap().unwrap();
}
