//! Start load: its values, its guess, and the load before it.

use super::*;

#[tokio::test(start_paused = true)]
async fn guess_is_kept_at_the_job_and_seen_by_every_device() {
    let (world, attendee) = deployed().await;
    world
        .until("the HPA is there", |s| s.autoscaler.is_some())
        .await;
    for (guess, sentence) in [
        (
            "11",
            "Your guess must be between 1 and 10, or empty, not 11.",
        ),
        ("0", "Your guess must be between 1 and 10, or empty, not 0."),
        (
            "many",
            "Your guess must be a whole number between 1 and 10, or empty, not “many”.",
        ),
    ] {
        let answer = attendee
            .post("/api/start_load", &format!("{LOAD}&guess={guess}"))
            .await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(answer.refusal().1["message"], sentence);
    }
    ok(&attendee, "/api/start_load", &format!("{LOAD}&guess=6")).await;
    world.until("the load is seen", |s| s.load.is_some()).await;
    assert_eq!(world.snapshot().load.as_ref().unwrap().guess, Some(6));
    // Another replica reads it from the Job, too.
    let replica = world.replica().await;
    let namespace = &world.seats[0].namespace;
    let load = replica.published.snapshot(namespace).unwrap().load.clone();
    assert_eq!(load.unwrap().guess, Some(6));

    ok(&attendee, "/api/stop_load", "foreign=false").await;
    world
        .until("it has ended", |s| {
            s.load.as_ref().is_some_and(|l| l.end.is_some())
        })
        .await;
    assert_eq!(world.snapshot().load.as_ref().unwrap().guess, Some(6));
    ok(&attendee, "/api/start_load", LOAD).await;
    world
        .until("the next load is seen", |s| {
            s.load.as_ref().is_some_and(|l| l.end.is_none())
        })
        .await;
    assert_eq!(world.snapshot().load.as_ref().unwrap().guess, None);
}

#[tokio::test(start_paused = true)]
async fn bad_values_are_told_in_a_sentence_and_nothing_typed_is_lost() {
    let (world, mut attendee) = deployed().await;
    let form = |users: &str| format!("users={users}&spawn_rate=10&run_time_s=120&n=26");
    for (users, sentence) in [
        (
            "",
            "Users must be a whole number between 1 and 500: the field is empty.",
        ),
        (
            "abc",
            "Users must be a whole number between 1 and 500, not “abc”.",
        ),
        (
            "2.5",
            "Users must be a whole number between 1 and 500, not “2.5”.",
        ),
        (
            "%3Cb%3E5",
            "Users must be a whole number between 1 and 500, not “<b>5”.",
        ),
        ("-5", "Users must be between 1 and 500, not -5."),
        (
            "99999999999999",
            "Users must be between 1 and 500, not 99999999999999.",
        ),
    ] {
        let answer = attendee.post("/api/start_load", &form(users)).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{users}");
        assert_eq!(answer.refusal().1["message"], sentence);
    }
    assert_eq!(names(&jobs(&world)).await, Vec::<String>::new());

    // Without JavaScript the page comes back with the sentence, and with what was typed.
    let page = "https://workshop.example.org/";
    attendee
        .headers
        .insert("accept", "text/html".parse().unwrap());
    attendee.headers.insert("referer", page.parse().unwrap());
    let answer = attendee.post("/api/start_load", &form("%3Cb%3E5")).await;
    assert_eq!(answer.status, StatusCode::FOUND);
    let path = answer.location().strip_prefix(page).unwrap();
    let html = attendee.get(&format!("/{path}")).await.body;
    assert!(html.contains("not “&lt;b&gt;5”."), "the sentence");
    assert!(html.contains("value=\"&lt;b&gt;5\""), "what was typed");
    assert!(html.contains("value=\"120\""), "the other fields");

    // The longest that a form may hold does not make an address that nobody takes.
    let answer = attendee
        .post("/api/start_load", &form(&"9".repeat(60_000)))
        .await;
    assert!(
        answer.location().len() < 2_000,
        "{}",
        answer.location().len()
    );
}

#[tokio::test(start_paused = true)]
async fn start_is_refused_before_deploy_and_while_a_load_runs() {
    let world = World::new(1).await;
    let attendee = world.attendee().await;
    let told = refused(&attendee, "/api/start_load", LOAD).await;
    assert_eq!(told, "Nothing is deployed yet. Deploy first.");
    ok(&attendee, "/api/deploy", "take_over=false").await;
    world
        .until("it is deployed", |s| s.deployment.is_some())
        .await;
    ok(&attendee, "/api/start_load", LOAD).await;
    let told = refused(&attendee, "/api/start_load", LOAD).await;
    assert_eq!(told, "A load is running. Stop it before you start another.");
}

#[tokio::test(start_paused = true)]
async fn start_waits_for_the_old_job_that_is_still_terminating() {
    let (world, attendee) = deployed().await;
    ok(&attendee, "/api/start_load", LOAD).await;
    let first = jobs(&world).get("locust-headless").await.unwrap();
    // Whoever writes within the second of the creation may come first in managedFields.
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    // Held by a finalizer, as foreground deletion would.
    let hold = json!({ "metadata": { "finalizers": ["test/hold"] } });
    let params = PatchParams::default();
    let patch = |value: Value| Patch::Merge(value);
    jobs(&world)
        .patch("locust-headless", &params, &patch(hold))
        .await
        .unwrap();
    ok(&attendee, "/api/stop_load", "foreign=false").await;

    // The answer comes before the old Job is gone; the start goes on by itself.
    ok(&attendee, "/api/start_load", LOAD).await;
    let held = jobs(&world).get("locust-headless").await.unwrap();
    assert_eq!(held.uid(), first.uid());
    let free = json!({ "metadata": { "finalizers": null } });
    jobs(&world)
        .patch("locust-headless", &params, &patch(free))
        .await
        .unwrap();
    world
        .until("the second load is there", |s| {
            s.load
                .as_ref()
                .is_some_and(|load| Some(&load.uid) != first.uid().as_ref())
        })
        .await;
}
