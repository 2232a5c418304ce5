//! The panel without any cluster-wide right: each seat's namespace is watched by itself. On the simulator, whose RBAC is
//! real, with tokio's paused clock.

use std::collections::BTreeMap;
use std::time::Duration;

use app::model::{Finding, Phase, SourceState, Unwatched};
use http::StatusCode;
use server::cluster::{Clients, MOST_NAMESPACES, Watching};
use server::names::{PANEL_ACCOUNT, PANEL_NAMESPACE};
use server::publish::{self, Publisher};
use server::seats::provision::{self, Extras, SeatMaker};
use server::seats::{SeatNumber, SeatStore, Seats};
use server::workshop::manifests::Settings;
use simulator::{AuditEvent, Identity, Simulator};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::world::{World, until};

const PANEL: &str = "system:serviceaccount:workshop:panel";

const LOAD: &str = "users=200&spawn_rate=100&run_time_s=300&n=30";

/// Kinds that are watched in each seat's namespace.
const KINDS: usize = 9;

/// Makes seats 1 to `count`, as `workshop seats create` does with or without `--namespaced`.
async fn make(simulator: &Simulator, count: u16, watching: Watching) {
    let admin = simulator.client(Identity::admin());
    let wanted = provision::Options {
        count,
        prefix: "workshop-user-".to_owned(),
        panel_namespace: PANEL_NAMESPACE.to_owned(),
    };
    let extras = Extras {
        watching,
        ..Extras::default()
    };
    let settings = Settings::default();
    let maker = SeatMaker::look(&admin, &wanted, &settings, extras).await;
    let maker = maker.unwrap();
    maker.begin().await.unwrap();
    let stop = CancellationToken::new();
    maker.create(&stop, |_, seat| drop(seat.unwrap())).await;
}

fn namespace(number: usize) -> String {
    format!("workshop-user-{number}")
}

/// What the panel's own account asked for, but not what it asked as an attendee.
fn of_panel(world: &World) -> Vec<AuditEvent> {
    let events = world.simulator.audit().events().into_iter();
    events
        .filter(|event| event.user == PANEL && event.impersonated_user.is_none())
        .collect()
}

/// How often each namespace was asked for something.
fn census(events: &[AuditEvent], verb: &str) -> BTreeMap<String, usize> {
    let mut census = BTreeMap::new();
    for event in events.iter().filter(|event| event.verb == verb) {
        *census.entry(event.namespace.clone()).or_default() += 1;
    }
    census
}

fn is_unwatched(world: &World, namespace: &str, wanted: Unwatched) -> bool {
    let snapshot = world.published.snapshot(namespace);
    snapshot
        .is_some_and(|snapshot| snapshot.sources.cluster == SourceState::Unwatched { why: wanted })
}

fn is_live(world: &World, namespace: &str) -> bool {
    let snapshot = world.published.snapshot(namespace);
    snapshot.is_some_and(|snapshot| snapshot.sources.cluster == SourceState::Live)
}

#[tokio::test(start_paused = true)]
async fn attendees_page_and_buttons_work_without_a_cluster_wide_request() {
    let world = World::namespaced(2).await;
    let attendee = world.attendee().await;
    let page = attendee.get("/").await;
    assert_eq!(page.status, StatusCode::OK);
    let deployed = attendee.post("/api/deploy", "take_over=false").await;
    assert_eq!(deployed.status, StatusCode::OK, "{}", deployed.body);
    world.until("ready", |s| s.phase == Phase::Ready).await;
    let started = attendee.post("/api/start_load", LOAD).await;
    assert_eq!(started.status, StatusCode::OK, "{}", started.body);
    world
        .until("scaled up, by CPU values of its own", |s| {
            s.ready() > 1 && s.pods.iter().any(|pod| pod.cpu.is_some())
        })
        .await;
    let snapshot = world.snapshot();
    assert_eq!(snapshot.sources.metrics, SourceState::Live);
    assert_eq!(snapshot.findings, []);

    let instructor = world.sign_in(&world.instructor).await;
    assert_eq!(instructor.get("/seats").await.status, StatusCode::OK);
    assert_eq!(world.published.overview().seats.len(), 2);

    let events = of_panel(&world);
    let wide: Vec<_> = events
        .iter()
        .filter(|event| event.namespace.is_empty() && event.resource != "/version")
        .collect();
    assert!(wide.is_empty(), "{wide:?}");
    // The record of a run is not there before it is written for the first time.
    let refused = events.iter().filter(|event| {
        event.code >= 400 && !(event.code == 404 && event.name.starts_with("run-"))
    });
    let refused: Vec<_> = refused.collect();
    assert!(refused.is_empty(), "{refused:?}");
    let asked: Vec<_> = census(&events, "list").into_keys().collect();
    assert_eq!(
        asked,
        [PANEL_NAMESPACE, "workshop-user-1", "workshop-user-2"]
    );
}

#[tokio::test(start_paused = true)]
async fn new_seat_is_watched_and_a_deleted_one_is_let_go() {
    let world = World::namespaced(2).await;
    make(&world.simulator, 3, Watching::Namespaces).await;
    let third = namespace(3);
    until("the third seat is live", || is_live(&world, &third)).await;
    until("the instructor sees it", || {
        world.published.overview().seats.len() == 3
    })
    .await;

    let store = SeatStore::new(world.admin(), PANEL_NAMESPACE.to_owned());
    store.delete(SeatNumber(3)).await.unwrap();
    until("the third seat is gone", || {
        world.published.snapshot(&third).is_none()
    })
    .await;
    // A watch lasts a minute; one that was not let go would come again.
    world.simulator.audit().clear();
    tokio::time::sleep(Duration::from_secs(150)).await;
    let events = of_panel(&world);
    let watched = census(&events, "watch");
    assert!(watched[&namespace(1)] >= KINDS && watched[&namespace(2)] >= KINDS);
    let of_third: Vec<_> = events.iter().filter(|e| e.namespace == third).collect();
    assert!(of_third.is_empty(), "{of_third:?}");
}

#[tokio::test(start_paused = true)]
async fn seat_without_the_role_is_unknown_with_its_cure_while_others_live() {
    let world = World::namespaced(1).await;
    // As before the change to --namespaced: the Role lets the panel act as the attendee, and read nothing.
    make(&world.simulator, 2, Watching::Cluster).await;
    make(&world.simulator, 1, Watching::Namespaces).await;
    let second = namespace(2);
    until("the second seat is unknown", || {
        is_unwatched(&world, &second, Unwatched::NoRole)
    })
    .await;
    let snapshot = world.published.snapshot(&second).unwrap();
    assert_eq!(snapshot.phase, Phase::NotWatched);
    let why = Unwatched::NoRole;
    assert_eq!(snapshot.findings, [Finding::NotWatched { why }]);
    let history = world.published.history(&second).unwrap();
    assert!(history.observed.cluster.iter().all(|i| i.to.is_some()));
    until("the instructor sees the cure", || {
        let overview = world.published.overview();
        let row = overview.seats.iter().find(|row| row.namespace == second);
        let help = row.and_then(|row| row.help.as_deref());
        help.is_some_and(|help| help.contains("seats create --namespaced"))
    })
    .await;

    // The first seat is another's business.
    assert!(is_live(&world, &namespace(1)));
    let history = world.published.history(&namespace(1)).unwrap();
    let open: Vec<_> = history
        .observed
        .cluster
        .iter()
        .filter(|i| i.to.is_none())
        .collect();
    assert_eq!(open.len(), 1);
    assert_eq!(world.published.cluster(), SourceState::Live);
    // A panel that starts now becomes ready, too.
    world.replica().await;

    make(&world.simulator, 2, Watching::Namespaces).await;
    until("the second seat is live", || is_live(&world, &second)).await;
    assert_eq!(world.published.snapshot(&second).unwrap().findings, []);
}

#[tokio::test(start_paused = true)]
async fn right_that_is_taken_away_ends_what_was_observed_and_is_no_news_of_the_load() {
    let world = World::namespaced(2).await;
    let (first, second) = (namespace(1), namespace(2));
    let attendee = world.attendee().await;
    attendee.post("/api/deploy", "take_over=false").await;
    world.until("ready", |s| s.phase == Phase::Ready).await;
    attendee.post("/api/start_load", LOAD).await;
    world.until("loaded", |s| s.phase == Phase::LoadOn).await;
    // As `workshop seats create` without `--namespaced`. A running watch goes on until it ends; the next one is refused.
    make(&world.simulator, 1, Watching::Cluster).await;
    until("unwatched", || {
        is_unwatched(&world, &first, Unwatched::NoRole)
    })
    .await;
    let history = world.published.history(&first).unwrap();
    assert_eq!(history.observed.cluster.len(), 1);
    assert!(history.observed.cluster[0].to.is_some());
    assert!(history.pods.last().unwrap().ready > 0, "no fall to 0");
    let marks = history.marks.len();

    make(&world.simulator, 2, Watching::Namespaces).await;
    until("live", || is_live(&world, &first)).await;
    let history = world.published.history(&first).unwrap();
    assert_eq!(history.observed.cluster.len(), 2);
    assert_eq!(history.marks.len(), marks, "{:?}", history.marks);
    assert!(world.snapshot().load.is_some());

    let history = world.published.history(&second).unwrap();
    assert_eq!(history.observed.cluster.len(), 1);
    assert!(history.observed.cluster[0].to.is_none());
}

#[tokio::test(start_paused = true)]
async fn fifty_one_seats_are_refused_at_the_start() {
    let shutdown = CancellationToken::new();
    let simulator = Simulator::new(simulator::Options::default()).unwrap();
    let admin = simulator.client(Identity::admin());
    let watching = Watching::Namespaces;
    provision::apply_panel_rights(&admin, PANEL_NAMESPACE, watching)
        .await
        .unwrap();
    make(&simulator, 51, Watching::Cluster).await;
    let client = simulator.client(Identity::service_account(PANEL_NAMESPACE, PANEL_ACCOUNT));
    let namespace = PANEL_NAMESPACE.to_owned();
    let options = publish::Options {
        watching,
        ..publish::Options::default()
    };
    let watches = options.telemetry.watches.clone();
    let (seats, _watch) = Seats::start(client.clone(), namespace, watches, shutdown.clone());
    let (_, publisher) = Publisher::start(Clients::new(client), seats, options, shutdown.clone());
    let ended = timeout(Duration::from_secs(60), publisher).await.unwrap();
    let error = ended.unwrap().unwrap_err().to_string();
    assert!(
        error.contains("at most 50") && error.contains("this class has 51 seats"),
        "{error}"
    );
    assert!(shutdown.is_cancelled(), "nothing runs on");
    let events = simulator.audit().events();
    let watched = census(&events, "watch");
    assert_eq!(watched.keys().collect::<Vec<_>>(), [PANEL_NAMESPACE]);
}

#[tokio::test(start_paused = true)]
async fn seat_too_many_in_a_running_class_is_told_and_the_others_live() {
    let most = u16::try_from(MOST_NAMESPACES).unwrap();
    let world = World::namespaced(most).await;
    let store = SeatStore::new(world.admin(), PANEL_NAMESPACE.to_owned());
    let last = namespace(51);
    store
        .create(SeatNumber(51), Some(&last), None)
        .await
        .unwrap();
    let why = Unwatched::TooMany { most: 50 };
    until("the last seat is told", || is_unwatched(&world, &last, why)).await;
    let snapshot = world.published.snapshot(&last).unwrap();
    assert_eq!(snapshot.findings, [Finding::NotWatched { why }]);
    assert!((1..=50).all(|number| is_live(&world, &namespace(number))));

    // A place that becomes free is taken.
    store.delete(SeatNumber(7)).await.unwrap();
    until("the last seat is read, and may not be", || {
        is_unwatched(&world, &last, Unwatched::NoRole)
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn fifty_one_seats_are_not_made_for_such_a_panel() {
    let simulator = Simulator::new(simulator::Options::default()).unwrap();
    let admin = simulator.client(Identity::admin());
    let wanted = provision::Options {
        count: 51,
        prefix: "workshop-user-".to_owned(),
        panel_namespace: PANEL_NAMESPACE.to_owned(),
    };
    let extras = Extras {
        watching: Watching::Namespaces,
        ..Extras::default()
    };
    let looked = SeatMaker::look(&admin, &wanted, &Settings::default(), extras).await;
    let error = looked.err().unwrap().to_string();
    assert!(error.contains("at most 50"), "{error}");
}
