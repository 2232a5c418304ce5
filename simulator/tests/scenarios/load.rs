//! The main story: deploy, load, 1 to 10, stop, 10 to 1; and its variations.

use super::world::{IMAGE, Rescale, World};

/// Deploys and waits as the recordings do; the load starts after 50 s.
async fn deployed(world: &World) {
    world.deploy(IMAGE);
    world.until(49.7).await;
    assert_eq!(world.ready(), 1);
}

fn sizes(rescales: &[Rescale]) -> Vec<i32> {
    rescales.iter().map(|(_, size, _)| *size).collect()
}

/// The sequences that a real cluster showed, by the phase of its scrapes (`recordings/README.md`), with the
/// neighbours that the same arithmetic allows.
const WAYS_UP: [&[i32]; 8] = [
    &[4, 8, 10],
    &[2, 4, 8, 10],
    &[2, 4, 6, 10],
    &[2, 4, 7, 10],
    &[3, 4, 8, 10],
    &[3, 7, 10],
    &[3, 6, 10],
    &[2, 4, 5, 10],
];

#[tokio::test(start_paused = true)]
async fn load_goes_from_one_pod_to_ten_and_back_in_every_phase() {
    for seed in 0..6 {
        World::run(seed, |world| async move {
            deployed(&world).await;
            world.start_load(false);
            let up = world.rescales(|world| world.ready() == 10, 240.0).await;
            assert!(
                WAYS_UP.contains(&sizes(&up).as_slice()),
                "seed {seed}: {up:?}"
            );
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
    let mut went_on = 0;
    for seed in 0..6 {
        let up = World::run(seed, |world| async move {
            deployed(&world).await;
            world.start_load(true);
            world.pass(62.0).await;
            // Recorded: at 4 from 25 to 130 s of load, one pod at 100m and three idle.
            assert!((3..=5).contains(&world.asked()), "seed {seed}");
            assert_eq!(hot_pods(&world), 1, "seed {seed}");
            world.pass(338.0).await;
            let failures = world.figures()["failures"].as_u64().unwrap();
            (world.asked(), failures)
        })
        .await;
        // Whoever was reset connects to another pod, so the load spreads; and nothing else spreads it.
        assert!(up.0 <= 5 || up.1 > 0, "seed {seed}: {up:?}");
        went_on += u32::from(up.0 == 10);
    }
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
