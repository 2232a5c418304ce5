//! One seat on two devices, and kubectl beside the panel.

use super::*;

/// The same person on two devices: two sessions of one seat.
async fn two_devices() -> (World, Browser, Browser) {
    let world = World::new(1).await;
    let (laptop, phone) = (world.attendee().await, world.attendee().await);
    assert_ne!(laptop.cookie, phone.cookie);
    (world, laptop, phone)
}

#[tokio::test(start_paused = true)]
async fn two_devices_deploy_at_once_and_make_one_app() {
    let (world, laptop, phone) = two_devices().await;
    tokio::join!(
        ok(&laptop, "/api/deploy", "take_over=false"),
        ok(&phone, "/api/deploy", "take_over=false"),
    );
    world.until("one pod is ready", |s| s.ready() == 1).await;
    let webapp = deployments(&world).get("webapp").await.unwrap();
    assert_eq!(webapp.metadata.generation, Some(1));
    assert_eq!(names(&scaled_objects(&world)).await, ["webapp"]);
}

#[tokio::test(start_paused = true)]
async fn two_devices_start_at_once_and_make_one_load_with_its_own_values() {
    let (world, laptop, phone) = two_devices().await;
    ok(&laptop, "/api/deploy", "take_over=false").await;
    world.until("one pod is ready", |s| s.ready() == 1).await;
    let other = "users=30&spawn_rate=10&run_time_s=120&n=20";
    let (first, second) = tokio::join!(
        laptop.post("/api/start_load", LOAD),
        phone.post("/api/start_load", other),
    );
    let (started, refused) = match first.status {
        StatusCode::OK => ("26", second),
        _ => ("20", first),
    };
    assert_eq!(refused.status, StatusCode::CONFLICT, "{}", refused.body);
    assert_eq!(
        refused.refusal().1["message"],
        "A load is running. Stop it before you start another."
    );
    assert_eq!(names(&jobs(&world)).await, ["locust-headless"]);
    // The file is that of the load that runs, not of the one that was refused.
    let namespace = &world.seats[0].namespace;
    let maps: Api<ConfigMap> = Api::namespaced(world.admin(), namespace);
    let file = maps.get("locustfile").await.unwrap().data.unwrap();
    assert!(file["locustfile.py"].contains(&format!("/fib?n={started}")));
}

#[tokio::test(start_paused = true)]
async fn two_devices_stop_and_clean_up_at_once() {
    let (world, laptop, phone) = two_devices().await;
    ok(&laptop, "/api/deploy", "take_over=false").await;
    world.until("one pod is ready", |s| s.ready() == 1).await;
    ok(&laptop, "/api/start_load", LOAD).await;
    tokio::join!(
        ok(&laptop, "/api/stop_load", "foreign=false"),
        ok(&phone, "/api/stop_load", "foreign=false"),
    );
    ok(&phone, "/api/stop_load", "foreign=false").await;
    assert_eq!(names(&jobs(&world)).await, Vec::<String>::new());
    tokio::join!(
        ok(&laptop, "/api/clean_up", ""),
        ok(&phone, "/api/clean_up", ""),
    );
    tokio::time::sleep(std::time::Duration::from_secs(60)).await;
    assert_eq!(everything(&world).await, Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn kubectl_beside_the_panel_is_harmless() {
    let (world, attendee) = deployed().await;
    apply(
        &world,
        ApiResource::erase::<Job>(&()),
        load_job("locust-headless"),
    )
    .await;
    let told = refused(&attendee, "/api/start_load", LOAD).await;
    assert_eq!(
        told,
        "Job locust-headless, which kubectl started, is running. Stop it before you start another."
    );
    let now = DeleteParams::background();
    drop(jobs(&world).delete("locust-headless", &now).await.unwrap());
    ok(&attendee, "/api/stop_load", "foreign=false").await;
    world
        .until("the load is gone", |s| {
            s.load.as_ref().is_none_or(|l| l.end.is_some())
        })
        .await;
    ok(&attendee, "/api/start_load", LOAD).await;
}
