//! Stop load, by the attendee and the instructor.

use super::*;

#[tokio::test(start_paused = true)]
async fn stop_breaks_off_a_start_that_waits() {
    let (world, attendee) = deployed().await;
    ok(&attendee, "/api/start_load", LOAD).await;
    // Whoever writes within the second of the creation may come first in managedFields.
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    let params = PatchParams::default();
    let hold = Patch::Merge(json!({ "metadata": { "finalizers": ["test/hold"] } }));
    jobs(&world)
        .patch("locust-headless", &params, &hold)
        .await
        .unwrap();
    ok(&attendee, "/api/stop_load", "foreign=false").await;
    ok(&attendee, "/api/start_load", LOAD).await;
    ok(&attendee, "/api/stop_load", "foreign=false").await;
    let free = Patch::Merge(json!({ "metadata": { "finalizers": null } }));
    jobs(&world)
        .patch("locust-headless", &params, &free)
        .await
        .unwrap();
    tokio::time::sleep(std::time::Duration::from_secs(60)).await;
    assert_eq!(names(&jobs(&world)).await, Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn foreign_load_is_stopped_only_on_demand() {
    let (world, attendee) = deployed().await;
    apply(&world, ApiResource::erase::<Job>(&()), load_job("my-load")).await;
    world.until("it is seen", |s| s.load.is_some()).await;
    let told = refused(&attendee, "/api/stop_load", "foreign=false").await;
    assert!(
        told.contains("Job my-load, which kubectl started"),
        "{told}"
    );
    ok(&attendee, "/api/stop_load", "foreign=true").await;
    assert_eq!(names(&jobs(&world)).await, Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn pods_orphaned_by_kubectl_are_stopped() {
    let (world, attendee) = deployed().await;
    ok(&attendee, "/api/start_load", LOAD).await;
    let pods: Api<Pod> = Api::namespaced(world.admin(), &world.seats[0].namespace);
    let load_pods = || {
        let params = kube::api::ListParams::default().labels("app=locust");
        let pods = pods.clone();
        async move { pods.list(&params).await.unwrap().items.len() }
    };
    world
        .until("Locust runs", |s| {
            s.load.as_ref().is_some_and(|load| load.pods > 0)
        })
        .await;
    jobs(&world)
        .delete("locust-headless", &DeleteParams::orphan())
        .await
        .unwrap();
    world::settle().await;
    assert_eq!(load_pods().await, 1);
    ok(&attendee, "/api/stop_load", "foreign=false").await;
    tokio::time::sleep(std::time::Duration::from_secs(40)).await;
    assert_eq!(load_pods().await, 0);
}

#[tokio::test(start_paused = true)]
async fn instructor_stops_every_load() {
    let world = World::new(2).await;
    for seat in &world.seats {
        let attendee = world.sign_in(&seat.code).await;
        ok(&attendee, "/api/deploy", "take_over=false").await;
        world::until("it is deployed", || {
            let snapshot = world.published.snapshot(&seat.namespace);
            snapshot.is_some_and(|snapshot| snapshot.deployment.is_some())
        })
        .await;
        ok(&attendee, "/api/start_load", LOAD).await;
    }
    world::until("both loads are on", || {
        world.published.overview().seats.iter().all(|row| row.load)
    })
    .await;
    let instructor = world.sign_in(&world.instructor).await;
    let answer = instructor.post("/api/stop_all_loads", "").await;
    assert_eq!((answer.status, answer.body.as_str()), (StatusCode::OK, "2"));
    assert_eq!(
        names(&Api::<Job>::all(world.admin())).await,
        Vec::<String>::new()
    );
}
