//! The main story: deploy, load, 1 to 10, stop, 10 to 1; and its variations.

use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::ConfigMap;
use serde_json::json;

use super::world::{IMAGE, Rescale, World, mk_job};

/// Deploys and waits as the recordings do; the load starts after 50 s.
async fn deployed(world: &World) {
    world.deploy(IMAGE);
    world.until(49.7).await;
    assert_eq!(world.ready(), 1);
}

fn sizes(rescales: &[Rescale]) -> Vec<i32> {
    rescales.iter().map(|(_, size, _)| *size).collect()
}

/// Rises to ten in up to four steps, each within the default policies: four pods or twice as many. Which way it is
/// hangs on the phase of the scrapes; the replays of recordings hold the ways to real ones.
fn is_a_way_up(sizes: &[i32]) -> bool {
    let steps = std::iter::once(&1).chain(sizes).zip(sizes);
    let mut steps = steps.map(|(from, to)| from < to && *to <= (2 * from).max(from + 4));
    sizes.len() <= 4 && sizes.last() == Some(&10) && steps.all(|within| within)
}

#[tokio::test(start_paused = true)]
async fn load_goes_from_one_pod_to_ten_and_back_in_every_phase() {
    for seed in 0..6 {
        World::run(seed, |world| async move {
            deployed(&world).await;
            world.start_load(false);
            let up = world.rescales(|world| world.ready() == 10, 240.0).await;
            assert!(is_a_way_up(&sizes(&up)), "seed {seed}: {up:?}");
            world.pass(40.0).await;
            let figures = world.figures();
            let utilization = world.utilization().unwrap();
            // Recorded: 155 to 166 % and 65 to 68 requests per second.
            assert!((140..=190).contains(&utilization), "{utilization}");
            let rps = figures["rps"].as_f64().unwrap();
            assert!((55.0..75.0).contains(&rps), "{figures}");
            assert_eq!(figures["failures"], 0);
            assert_eq!(
                world.condition("ScalingLimited").unwrap().1,
                "TooManyReplicas"
            );

            let stopped = world.time();
            world.stop_load();
            let gone = world
                .wait(5.0, "no load pod", |world| world.pods("locust").is_empty())
                .await;
            assert!(gone - stopped < 2.0, "{}", gone - stopped);
            let down = world
                .rescales(|world| world.pods("webapp").len() == 1, 200.0)
                .await;
            // A sample with part of the load leaves a recommendation of its own, which ends one look later.
            assert!(down.len() <= 2, "{down:?}");
            assert_eq!(down.last().unwrap().1, 1);
            // The window of 60 s after the last look that asked for more; recorded: 75.5 s after the stop.
            let after = down[0].0 - stopped;
            assert!((55.0..=95.0).contains(&after), "{after}");
            world.pass(60.0).await;
            assert_eq!((world.asked(), world.ready()), (1, 1));
        })
        .await;
    }
}

#[tokio::test(start_paused = true)]
async fn steps_up_are_those_of_the_recording_word_for_word() {
    World::run(1, |world| async move {
        deployed(&world).await;
        world.start_load(false);
        world.rescales(|world| world.ready() == 10, 240.0).await;
        let messages = world.messages("SuccessfulRescale");
        for message in &messages {
            assert!(
                message.ends_with(
                    "; reason: cpu resource utilization (percentage of request) above target"
                ),
                "{message}"
            );
        }
        assert!(
            messages
                .iter()
                .any(|message| message.starts_with("New size: 10;"))
        );
        // From the tenth on, messages of one reason are merged.
        let created = world.messages("SuccessfulCreate");
        let merged = created.iter().filter(|message| {
            message.starts_with("(combined from similar events): Created pod: webapp-")
        });
        assert_eq!(merged.count(), 1, "{created:?}");
    })
    .await;
}

/// Pods of the web app that use more than half of their limit.
fn hot_pods(world: &World) -> usize {
    let metrics = world.simulator.store().metrics();
    let pods = metrics.pods(Some(super::world::SEAT)).into_iter();
    pods.filter(|pod| {
        let labels = pod.metadata.labels.as_ref();
        let cpu = &pod.containers[0].usage["cpu"].0;
        labels.is_some_and(|labels| labels["app"] == "webapp")
            && autoscaling::CpuMillis::parse(cpu).unwrap().0 > 50
    })
    .count()
}

#[tokio::test(start_paused = true)]
async fn kept_connections_stay_with_one_hot_pod_until_it_resets_them() {
    let (mut stayed, mut went_on) = (0, 0);
    for seed in 0..6 {
        let (stays, up) = World::run(seed, |world| async move {
            deployed(&world).await;
            world.start_load(true);
            world.pass(62.0).await;
            // Recorded: at 4 from 25 to 130 s of load, one pod at 100m and three idle.
            let stays = (3..=5).contains(&world.asked()) && hot_pods(&world) == 1;
            world.pass(338.0).await;
            let failures = world.figures()["failures"].as_u64().unwrap();
            (stays, (world.asked(), failures))
        })
        .await;
        // Whoever was reset connects to another pod, so the load spreads; and nothing else spreads it.
        assert!(up.0 <= 5 || up.1 > 0, "seed {seed}: {up:?}");
        stayed += u32::from(stays);
        went_on += u32::from(up.0 == 10);
    }
    // Resets can come sooner.
    assert!(stayed >= 4, "{stayed} of 6 stayed with one pod");
    assert!(went_on >= 3, "{went_on} of 6 reached ten pods");
}

#[tokio::test(start_paused = true)]
async fn second_load_scales_up_again() {
    World::run(4, |world| async move {
        deployed(&world).await;
        for _ in 0..2 {
            world.start_load(false);
            world.rescales(|world| world.ready() == 10, 240.0).await;
            world.stop_load();
            world
                .rescales(|world| world.pods("webapp").len() == 1, 200.0)
                .await;
            world.pass(20.0).await;
        }
        assert_eq!(world.asked(), 1);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn locust_writes_what_locust_writes() {
    World::run(5, |world| async move {
        deployed(&world).await;
        world.start_load(false);
        world.pass(30.0).await;
        let log = world.load_log();
        assert!(
            log[0].ends_with("locust.main: Starting Locust 2.32.2"),
            "{}",
            log[0]
        );
        assert!(
            log[1].ends_with("locust.main: Run time limit set to 420 seconds"),
            "{}",
            log[1]
        );
        assert!(log[2].starts_with("Type     Name"));
        let says = |text: &str| log.iter().filter(|line| line.contains(text)).count();
        assert_eq!(
            says("locust.runners: Ramping to 150 users at a rate of 15.00 per second"),
            1
        );
        assert_eq!(
            says(r#"locust.runners: All users spawned: {"Visitor": 150} (150 total users)"#),
            1
        );
        // Every 2 s from the first line on.
        assert_eq!(says("Aggregated"), 15, "{log:#?}");
        assert_eq!(says("workshop_load"), 14);
        assert_eq!(world.figures()["users"], 150);
        world.stop_load();
        world.pass(0.2).await;
        let log = world.load_log();
        let says = |text: &str| log.iter().any(|line| line.contains(text));
        assert!(says("locust.main: Got SIGTERM signal"));
        assert!(says("locust.main: Shutting down (exit code 0)"));
        assert!(says("Response time percentiles (approximated)"));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn load_ends_by_itself_at_its_run_time() {
    World::run(6, |world| async move {
        deployed(&world).await;
        world.start_load(false);
        world.pass(425.0).await;
        let job = world
            .get::<k8s_openapi::api::batch::v1::Job>("locust-headless")
            .unwrap();
        let status = job.status.unwrap();
        assert_eq!(status.succeeded, Some(1));
        assert!(status.completion_time.is_some());
        let conditions: Vec<_> = status
            .conditions
            .unwrap()
            .into_iter()
            .map(|condition| condition.type_)
            .collect();
        assert_eq!(conditions, ["SuccessCriteriaMet", "Complete"]);
        assert!(
            world
                .load_log()
                .iter()
                .any(|line| line.contains("--run-time limit reached, shutting down"))
        );
    })
    .await;
}

const LOCUSTFILE: &str = r#"
from locust import HttpUser, task, constant
class Visitor(HttpUser):
    host = "http://webapp"
    wait_time = constant(1)
    @task
    def fib(self):
        self.client.get("/fib?n=26", name="/fib")
"#;

/// A Locust with this file and these arguments after `-f` and `--headless`, until it has ended: its log, and the exit
/// code.
async fn locust(
    world: &World,
    file: &str,
    arguments: &[&str],
    variables: serde_json::Value,
) -> (Vec<String>, i32) {
    world.create(
        json!({"metadata": {"name": "locustfile"}, "data": {"locustfile.py": file}}),
        Some::<ConfigMap>,
    );
    let mut job = mk_job();
    let container = &mut job["spec"]["template"]["spec"]["containers"][0];
    let own = ["-f", "/mnt/locust/locustfile.py", "--headless"];
    container["args"] = json!([&own, arguments].concat());
    container["env"] = variables;
    world.create(job, Some::<Job>);
    let code = |world: &World| {
        let pod = world.pods("locust").pop()?;
        let status = pod.status?.container_statuses?.pop()?;
        Some(status.state?.terminated?.exit_code)
    };
    world
        .wait(60.0, "Locust ends", |world| code(world).is_some())
        .await;
    (world.load_log(), code(world).unwrap())
}

#[tokio::test(start_paused = true)]
async fn nobody_behind_the_service_is_refused_and_fails_the_pod() {
    World::run(7, |world| async move {
        world.create(
            json!({"metadata": {"name": "webapp"}, "spec": {"selector": {"app": "webapp"}, "ports": [{"port": 80}]}}),
            Some::<k8s_openapi::api::core::v1::Service>,
        );
        world.pass(1.0).await;
        let (log, code) = locust(&world, LOCUSTFILE, &["-u", "4", "-r", "2", "-t", "7s"], json!([])).await;
        assert_eq!(code, 1);
        let says = |text: &str| log.iter().any(|line| line.contains(text));
        assert!(says("Run time limit set to 7 seconds"));
        assert!(says("--run-time limit reached, shutting down"));
        assert!(says("Shutting down (exit code 1)"));
        assert!(says("GET /fib: ConnectionRefusedError(111, 'Connection refused')"), "{log:#?}");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn wrong_host_is_no_name_and_the_exit_code_is_the_callers() {
    World::run(7, |world| async move {
        let arguments = [
            "-u",
            "4",
            "-r",
            "2",
            "--run-time",
            "7s",
            "-H",
            "http://nothere",
            "--exit-code-on-error",
            "5",
        ];
        let (log, code) = locust(&world, LOCUSTFILE, &arguments, json!([])).await;
        assert_eq!(code, 5);
        let error = log.iter().find(|line| line.contains("gaierror")).unwrap();
        assert!(
            error.contains("GET /fib: gaierror(-2, 'Name or service not known')"),
            "{error}"
        );
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn variables_say_what_arguments_do_not() {
    World::run(7, |world| async move {
        let variables = json!([
            {"name": "LOCUST_USERS", "value": "3"},
            {"name": "LOCUST_SPAWN_RATE", "value": "1.5"},
            {"name": "LOCUST_RUN_TIME", "value": "5"},
            {"name": "LOCUST_HOST", "value": "http://nothere"},
            {"name": "LOCUST_EXIT_CODE_ON_ERROR", "value": "0"},
        ]);
        let (log, code) = locust(&world, LOCUSTFILE, &[], variables).await;
        assert_eq!(code, 0);
        assert!(
            log.iter()
                .any(|line| line.ends_with("Ramping to 3 users at a rate of 1.50 per second")),
            "{log:#?}"
        );
        assert!(
            log.iter()
                .any(|line| line.ends_with(r#"All users spawned: {"Visitor": 3} (3 total users)"#))
        );
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn locust_that_cannot_start_says_why_and_ends() {
    let users: &[&str] = &["-u", "4", "-H", "http://webapp"];
    let cases = [
        (
            "import os",
            users,
            1,
            "/ERROR/locust.main: No User class found!",
        ),
        (
            LOCUSTFILE,
            &["-u", "many"],
            2,
            "__main__.py: error: argument -u/--users: invalid int value: 'many'",
        ),
        (
            LOCUSTFILE,
            &["-f", "/mnt/locust/other.py"],
            1,
            "Could not find '/mnt/locust/other.py'. Ensure your locustfile ends with '.py' or is a directory with locustfiles. See --help for available options.",
        ),
        (
            "class A(HttpUser):\n  @task\n  def x(self): self.client.get('/')",
            &["-u", "4"],
            2,
            "locust.exception.LocustError: You must specify the base host. Either in the host attribute in the User class, or on the command line using the --host option.",
        ),
        (
            "class A(HttpUser):\n  @task\n  def x(self): pass",
            users,
            1,
            "/ERROR/simulator: The simulator does not run Python, and finds no self.client.get(\"…\") in this locustfile.",
        ),
    ];
    for (file, arguments, code, last) in cases {
        World::run(7, |world| async move {
            let (log, ended) = locust(&world, file, arguments, json!([])).await;
            assert!(log.last().unwrap().ends_with(last), "{log:#?}");
            assert_eq!(ended, code, "{last}");
        })
        .await;
    }
}
