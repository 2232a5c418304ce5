//! Deploy: what is missing, what others changed, what others own.

use super::*;

#[tokio::test(start_paused = true)]
async fn deploy_twice_is_harmless() {
    let (world, attendee) = deployed().await;
    let before = deployments(&world).get("webapp").await.unwrap();
    ok(&attendee, "/api/deploy", "take_over=false").await;
    let after = deployments(&world).get("webapp").await.unwrap();
    assert_eq!(before.metadata.generation, after.metadata.generation);
    assert_eq!(names(&scaled_objects(&world)).await, ["webapp"]);
}

#[tokio::test(start_paused = true)]
async fn question_that_was_answered_without_javascript_is_not_asked_again() {
    let (_world, mut attendee) = deployed().await;
    let asks = "https://workshop.example.org/?confirm=clean_up";
    attendee
        .headers
        .insert("accept", "text/html".parse().unwrap());
    attendee.headers.insert("referer", asks.parse().unwrap());
    let question = "Remove the workshop from";
    assert!(
        attendee
            .get("/?confirm=clean_up")
            .await
            .body
            .contains(question)
    );
    let answer = attendee.post("/api/clean_up", "").await;
    // What leptos adds to an address that it redirects to is as it may be, but for the question.
    let location = answer.location().trim_end_matches('?');
    assert_eq!(location, "https://workshop.example.org/");
}

#[tokio::test(start_paused = true)]
async fn deploy_puts_back_what_is_missing() {
    let (world, attendee) = deployed().await;
    let namespace = &world.seats[0].namespace;
    let services: Api<Service> = Api::namespaced(world.admin(), namespace);
    services
        .delete("webapp", &DeleteParams::default())
        .await
        .unwrap();
    world
        .until("the Service is gone", |s| s.service.is_none())
        .await;
    ok(&attendee, "/api/deploy", "take_over=false").await;
    services.get("webapp").await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn changed_by_kubectl_is_told_and_taken_over_only_on_demand() {
    let (world, attendee) = deployed().await;
    let change = json!({
        "apiVersion": "keda.sh/v1alpha1",
        "kind": "ScaledObject",
        "metadata": { "name": "webapp" },
        "spec": { "maxReplicaCount": 3 },
    });
    let params = PatchParams::apply("kubectl").force();
    let api = scaled_objects(&world);
    api.patch("webapp", &params, &Patch::Apply(&change))
        .await
        .unwrap();
    let told = refused(&attendee, "/api/deploy", "take_over=false").await;
    assert!(
        told.contains("ScaledObject webapp was changed with kubectl"),
        "{told}"
    );
    ok(&attendee, "/api/deploy", "take_over=true").await;
    let object = api.get("webapp").await.unwrap();
    assert_eq!(object.data["spec"]["maxReplicaCount"], 10);
}

#[tokio::test(start_paused = true)]
async fn own_files_are_used_as_they_are() {
    let world = World::new(1).await;
    let attendee = world.attendee().await;
    apply_own_files(&world).await;
    ok(&attendee, "/api/deploy", "take_over=false").await;
    assert_eq!(names(&deployments(&world)).await, ["my-app"]);
    assert_eq!(names(&scaled_objects(&world)).await, ["webapp-scaler"]);
    // Only what was missing is made, and for the Deployment that is there.
    let services: Api<Service> = Api::namespaced(world.admin(), &world.seats[0].namespace);
    let service = services.get("webapp").await.unwrap();
    let selector = service.spec.unwrap().selector.unwrap();
    assert_eq!(selector["app"], "webapp");
}

#[tokio::test(start_paused = true)]
async fn own_files_are_replaced_on_demand() {
    let world = World::new(1).await;
    let attendee = world.attendee().await;
    apply_own_files(&world).await;
    ok(&attendee, "/api/deploy", "take_over=true").await;
    world::settle().await;
    world
        .until("the panel's own is there", |s| {
            s.scaled_object
                .as_ref()
                .is_some_and(|object| object.name == "webapp")
        })
        .await;
    assert_eq!(names(&deployments(&world)).await, ["webapp"]);
    assert_eq!(names(&scaled_objects(&world)).await, ["webapp"]);
}
