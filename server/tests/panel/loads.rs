//! The load's log and the runs as their attendee gets them, and nobody else: on the simulator, time paused.

use crate::world::presses::{deploy, ended, start, wait};
use crate::world::{Browser, World};
use app::model::{History, LineKind, LoadOutcome, RunRecord, RunSummary};
use http::StatusCode;
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::ConfigMap;
use kube::Api;
use kube::api::{Patch, PatchParams};
use serde_json::json;

async fn has_ended(world: &World) {
    world.until("the load ended", ended).await;
}

async fn stop(world: &World, browser: &Browser) {
    let stopped = browser.post("/api/stop_load", "foreign=false").await;
    assert_eq!(stopped.status, StatusCode::OK, "{}", stopped.body);
    has_ended(world).await;
}

fn history(world: &World) -> History {
    let namespace = &world.seats[0].namespace;
    world.published.history(namespace).unwrap()
}

async fn answered(world: &World) {
    let many = |s: &app::model::Snapshot| {
        let load = s.load.as_ref();
        load.is_some_and(|load| load.figures.is_some_and(|figures| figures.requests > 300))
    };
    world.until("requests were answered", many).await;
}

/// A Job of an attendee's own, with these arguments and this locustfile.
async fn apply_own_load(world: &World, args: &[&str], locustfile: &str) {
    let namespace = &world.seats[0].namespace;
    let params = PatchParams::apply("kubectl");
    let map = json!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": { "name": "own" }, "data": { "locustfile.py": locustfile },
    });
    let maps: Api<ConfigMap> = Api::namespaced(world.admin(), namespace);
    maps.patch("own", &params, &Patch::Apply(&map))
        .await
        .unwrap();
    let container = json!({
        "name": "locust",
        "image": "locustio/locust:2.32.2",
        "args": args,
        "volumeMounts": [{ "name": "code", "mountPath": "/mnt/locust" }],
        "resources": {
            "requests": { "cpu": "50m", "memory": "64Mi" },
            "limits": { "cpu": "200m", "memory": "128Mi" },
        },
    });
    let spec = json!({
        "restartPolicy": "Never",
        "containers": [container],
        "volumes": [{ "name": "code", "configMap": { "name": "own" } }],
    });
    let job = json!({
        "apiVersion": "batch/v1", "kind": "Job", "metadata": { "name": "my-load" },
        "spec": { "backoffLimit": 0, "template": { "spec": spec } },
    });
    let jobs: Api<Job> = Api::namespaced(world.admin(), namespace);
    jobs.patch("my-load", &params, &Patch::Apply(&job))
        .await
        .unwrap();
}

const OWN: &str = r#"
from locust import HttpUser, constant, task

class Own(HttpUser):
    host = "http://webapp"
    wait_time = constant(1)

    @task
    def fib(self):
        self.client.get("/fib?n=20", name="/fib")
"#;

#[tokio::test(start_paused = true)]
async fn log_is_downloaded_whole_and_from_what_is_kept_when_the_pod_is_gone() {
    let world = World::new(2).await;
    let browser = deploy(&world).await;
    let none = browser.get("/load.log").await;
    assert_eq!(
        (none.status, none.body.as_str()),
        (StatusCode::NOT_FOUND, "No load has run yet.\n")
    );
    start(&browser, 300).await;
    answered(&world).await;
    let whole = browser.get("/load.log").await;
    assert_eq!(whole.status, StatusCode::OK);
    assert_eq!(whole.headers[CONTENT_TYPE], "text/plain; charset=utf-8");
    assert_eq!(whole.headers[X_CONTENT_TYPE_OPTIONS], "nosniff");
    let name = "attachment; filename=\"workshop-user-1-locust-headless.log\"";
    assert_eq!(whole.headers[CONTENT_DISPOSITION], name);
    assert!(
        whole
            .body
            .lines()
            .next()
            .unwrap()
            .ends_with("Starting Locust 2.32.2")
    );
    let kept = history(&world).log;
    assert!(whole.body.lines().count() as u64 >= kept.lines.last().unwrap().n);

    stop(&world, &browser).await;
    let kept = browser.get("/load.log").await;
    let mut lines = kept.body.lines();
    let first = lines.next().unwrap();
    assert!(
        first.starts_with("# The pod is gone, and its log with it."),
        "{first}"
    );
    assert!(lines.next().unwrap().ends_with("Starting Locust 2.32.2"));
    assert!(kept.body.contains("Got SIGTERM signal"));
    assert!(
        kept.body
            .contains("Response time percentiles (approximated)")
    );

    let other = world.sign_in(&world.seats[1].code).await;
    assert_eq!(other.get("/load.log").await.status, StatusCode::NOT_FOUND);
    let instructor = world.sign_in(&world.instructor).await;
    assert_eq!(
        instructor.get("/load.log").await.status,
        StatusCode::FORBIDDEN
    );
}

#[tokio::test(start_paused = true)]
async fn the_log_is_asked_for_as_the_attendee() {
    let world = World::new(1).await;
    let browser = deploy(&world).await;
    start(&browser, 300).await;
    answered(&world).await;
    let before = world.simulator.audit().events().len();
    assert_eq!(browser.get("/load.log").await.status, StatusCode::OK);
    let account = format!(
        "system:serviceaccount:{}:attendee",
        world.seats[0].namespace
    );
    let events = world.simulator.audit().events();
    let asked = events[before..].iter().any(|event| {
        event.verb == "get" && event.impersonated_user.as_deref() == Some(account.as_str())
    });
    assert!(asked, "{:?}", &events[before..]);
}

#[tokio::test(start_paused = true)]
async fn frames_carry_new_lines_only_and_tables_stay_when_the_pod_is_gone() {
    let world = World::new(1).await;
    let browser = deploy(&world).await;
    let mut events = browser.events("/events").await;
    // Read as it comes, so that nothing is told anew to a reader that is behind.
    let reading = tokio::spawn(async move {
        let mut numbers = Vec::new();
        loop {
            let event = events.next().await.unwrap();
            let log = match event.name.as_str() {
                "history" => &event.data["history"]["log"],
                "change" => &event.data["appended"]["log"],
                _ => continue,
            };
            let lines = log["lines"].as_array().into_iter().flatten();
            numbers.extend(lines.map(|line| line["n"].as_u64().unwrap()));
            if let Some(tables) = log.get("tables") {
                return (numbers, tables.clone());
            }
        }
    });
    start(&browser, 300).await;
    answered(&world).await;
    stop(&world, &browser).await;
    let (numbers, tables) = reading.await.unwrap();
    assert!(!numbers.is_empty());
    assert!(numbers.is_sorted_by(|a, b| a < b), "{numbers:?}");
    assert!(
        tables["statistics"]
            .as_str()
            .unwrap()
            .contains("Aggregated")
    );
    assert!(tables["percentiles"].as_str().unwrap().contains("99.9%"));

    // A page that is opened now has them, too.
    let page = browser.get("/").await.body;
    for text in [
        "Stopped after ",
        "Got SIGTERM signal",
        "Response time percentiles",
        "Aggregated",
    ] {
        assert!(page.contains(text), "{text} is missing");
    }
    // And another panel, from the record.
    wait(5).await;
    let log = history(&world).log;
    world.end_first_panel().await;
    let new = world.replica().await;
    let again = new
        .published
        .history(&world.seats[0].namespace)
        .unwrap()
        .log;
    assert_eq!(again.tables, log.tables);
    assert_eq!(again.lines, log.lines);
}

#[tokio::test(start_paused = true)]
async fn panel_started_anew_reads_the_log_of_a_running_load_once() {
    let world = World::new(1).await;
    let browser = deploy(&world).await;
    start(&browser, 300).await;
    answered(&world).await;
    world.end_first_panel().await;
    let new = world.replica().await;
    wait(20).await;
    let log = new
        .published
        .history(&world.seats[0].namespace)
        .unwrap()
        .log;
    let numbers: Vec<_> = log.lines.iter().map(|line| line.n).collect();
    assert!(numbers.is_sorted_by(|a, b| a < b), "{numbers:?}");
    assert_eq!(numbers[0], 1);
    let said = log.lines.iter().filter(|line| line.kind == LineKind::Said);
    let starts = said.filter(|line| line.text.contains("Starting Locust"));
    assert_eq!(starts.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn own_locustfile_has_figures_and_tables() {
    let world = World::new(1).await;
    let browser = deploy(&world).await;
    let args = [
        "-f",
        "/mnt/locust/locustfile.py",
        "--headless",
        "-u",
        "5",
        "-r",
        "5",
        "-t",
        "40s",
    ];
    apply_own_load(&world, &args, OWN).await;
    has_ended(&world).await;
    wait(5).await;
    let load = world.snapshot().load.clone().unwrap();
    assert_eq!(load.end.unwrap().outcome, LoadOutcome::Finished);
    assert!(load.figures.unwrap().requests > 50);
    let log = history(&world).log;
    assert!(log.lines.iter().all(|line| line.kind != LineKind::Figures));
    assert!(
        log.tables
            .unwrap()
            .percentiles
            .unwrap()
            .contains("Aggregated")
    );
    let runs: Vec<RunSummary> =
        serde_json::from_str(&browser.post("/api/list_runs", "").await.body).unwrap();
    assert_eq!((runs.len(), runs[0].load.own), (1, false));
}

#[tokio::test(start_paused = true)]
async fn argument_that_locust_refuses_is_told_as_text() {
    let world = World::new(1).await;
    let browser = deploy(&world).await;
    let args = [
        "-f",
        "/mnt/locust/locustfile.py",
        "--headless",
        "-u",
        "<img/src=x>",
    ];
    apply_own_load(&world, &args, OWN).await;
    has_ended(&world).await;
    wait(5).await;
    let load = world.snapshot().load.clone().unwrap();
    let LoadOutcome::Failed { reason, error } = load.end.unwrap().outcome else {
        panic!("it has not failed")
    };
    assert_eq!(reason, "exit code 2");
    let told = "argument -u/--users: invalid int value: '<img/src=x>'";
    assert_eq!(error.as_deref(), Some(told));
    let page = browser.get("/").await.body;
    assert!(page.contains("Failed: Locust does not understand its arguments"));
    assert!(page.contains("&lt;img/src=x") && !page.contains("<img/src=x"));
}

#[tokio::test(start_paused = true)]
async fn runs_are_listed_opened_and_downloaded_by_their_own_seat() {
    let world = World::new(2).await;
    let browser = deploy(&world).await;
    let list = async || -> Vec<RunSummary> {
        let listed = browser.post("/api/list_runs", "").await;
        assert_eq!(listed.status, StatusCode::OK, "{}", listed.body);
        serde_json::from_str(&listed.body).unwrap()
    };
    assert_eq!(list().await, []);
    assert!(
        browser
            .get("/runs")
            .await
            .body
            .contains("No load has run yet.")
    );
    start(&browser, 60).await;
    answered(&world).await;
    let under_way = list().await;
    assert_eq!(under_way.len(), 1);
    assert_eq!(under_way[0].load.end, None);
    has_ended(&world).await;
    wait(200).await;
    start(&browser, 30).await;
    world
        .until("the second load ended", |s| {
            let load = s.load.as_ref();
            load.is_some_and(|load| load.uid != under_way[0].load.uid && load.end.is_some())
        })
        .await;
    let cleaned = browser.post("/api/clean_up", "").await;
    assert_eq!(cleaned.status, StatusCode::OK);
    wait(100).await;

    let runs = list().await;
    assert_eq!(runs.len(), 2);
    assert!(
        runs[0].load.created > runs[1].load.created,
        "the newest is first"
    );
    let first = &runs[1];
    assert_eq!(first.load.uid, under_way[0].load.uid);
    assert!(first.most_pods.unwrap() > 1, "{first:?}");
    assert!(first.scaled_up_after_ms.unwrap() > 0);
    assert!(first.p95_before_ms.is_some() && first.p95_last_ms.is_some());
    let lasted = first.lasted_ms(first.load.created).unwrap();
    assert!((55_000..70_000).contains(&lasted), "{lasted}");

    let uid = &first.load.uid;
    let opened = browser.post("/api/open_run", &format!("uid={uid}")).await;
    let run: RunRecord = serde_json::from_str(&opened.body).unwrap();
    assert_eq!(run.summary, *first);
    assert!(run.history.log.tables.is_some() && run.history.rescales.len() > 1);
    let page = browser.get(&format!("/runs/{uid}")).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.body.contains("<svg") && page.body.contains("Finished: "));

    let csv = browser.get(&format!("/runs/{uid}.csv")).await;
    assert_eq!(csv.status, StatusCode::OK);
    assert_eq!(csv.headers[CONTENT_TYPE], "text/csv; charset=utf-8");
    let disposition = csv.headers[CONTENT_DISPOSITION].to_str().unwrap();
    assert!(disposition.starts_with("attachment; filename=\"workshop-user-1-run-2026"));
    assert!(disposition.ends_with("Z.csv\""), "{disposition}");
    let mut rows = csv.body.split("\r\n");
    let head = "time (UTC),since first users (s),users,requests/s,failures/s,p50 (ms),p95 (ms),CPU (% of request),wanted (pods),asked for (pods),ready (pods)";
    assert_eq!(rows.next(), Some(head));
    let rows: Vec<Vec<&str>> = rows
        .filter(|row| !row.is_empty())
        .map(|row| row.split(',').collect())
        .collect();
    assert!(rows.len() > 30, "{}", rows.len());
    for row in &rows {
        assert_eq!(row.len(), 11);
        row[0].parse::<jiff::Timestamp>().unwrap();
        let is_number = |cell: &&str| cell.is_empty() || cell.parse::<f64>().is_ok();
        assert!(row[1..].iter().all(is_number), "{row:?}");
    }
    assert!(rows.iter().any(|row| row[2] == "150" && !row[6].is_empty()));

    let other = world.sign_in(&world.seats[1].code).await;
    for path in [format!("/runs/{uid}"), format!("/runs/{uid}.csv")] {
        assert_eq!(
            other.get(&path).await.status,
            StatusCode::NOT_FOUND,
            "{path}"
        );
    }
    let opened = other.post("/api/open_run", &format!("uid={uid}")).await;
    assert_eq!(opened.status, StatusCode::NOT_FOUND);
    let instructor = world.sign_in(&world.instructor).await;
    let opened = instructor
        .post("/api/open_run", &format!("uid={uid}"))
        .await;
    assert_eq!(opened.status, StatusCode::FORBIDDEN);
    let csv = instructor.get(&format!("/runs/{uid}.csv")).await;
    assert_eq!(csv.status, StatusCode::FORBIDDEN);
}

#[tokio::test(start_paused = true)]
async fn what_is_no_uid_is_no_run() {
    let world = World::new(1).await;
    let browser = world.attendee().await;
    let long = "a".repeat(300);
    for uid in [
        "",
        ".",
        "..%2F..%2Fsecrets%2Fx",
        "a%00b",
        "%C3%BC",
        "A%20B",
        long.as_str(),
    ] {
        let csv = browser.get(&format!("/runs/{uid}.csv")).await;
        assert_eq!(csv.status, StatusCode::NOT_FOUND, "{uid}");
        let opened = browser.post("/api/open_run", &format!("uid={uid}")).await;
        assert_eq!(opened.status, StatusCode::NOT_FOUND, "{uid}");
    }
}
