//! Clean up, whatever is there.

use super::*;

#[tokio::test(start_paused = true)]
async fn clean_up_works_in_every_half_made_state() {
    for missing in 0..4 {
        let (world, attendee) = deployed().await;
        let namespace = &world.seats[0].namespace;
        let now = DeleteParams::background();
        let client = world.admin();
        match missing {
            0 => drop(deployments(&world).delete("webapp", &now).await.unwrap()),
            1 => drop(scaled_objects(&world).delete("webapp", &now).await.unwrap()),
            2 => {
                let services: Api<Service> = Api::namespaced(client, namespace);
                drop(services.delete("webapp", &now).await.unwrap());
            }
            _ => {
                let maps: Api<ConfigMap> = Api::namespaced(client, namespace);
                drop(maps.delete("webapp-code", &now).await.unwrap());
            }
        }
        ok(&attendee, "/api/clean_up", "").await;
        tokio::time::sleep(std::time::Duration::from_secs(60)).await;
        assert_eq!(
            everything(&world).await,
            Vec::<String>::new(),
            "without part {missing}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn clean_up_removes_own_files_and_leaves_what_is_not_the_workshops() {
    let world = World::new(1).await;
    let attendee = world.attendee().await;
    apply_own_files(&world).await;
    let namespace = &world.seats[0].namespace;
    let maps: Api<ConfigMap> = Api::namespaced(world.admin(), namespace);
    let notes = serde_json::from_value(json!({ "metadata": { "name": "notes" } })).unwrap();
    maps.create(&PostParams::default(), &notes).await.unwrap();
    ok(&attendee, "/api/clean_up", "").await;
    tokio::time::sleep(std::time::Duration::from_secs(60)).await;
    assert_eq!(everything(&world).await, ["notes"]);
}

#[tokio::test(start_paused = true)]
async fn clean_up_of_nothing_is_harmless() {
    let world = World::new(1).await;
    ok(&world.attendee().await, "/api/clean_up", "").await;
}
