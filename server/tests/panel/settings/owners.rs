//! Fields that others own or changed meanwhile: told, kept, and taken over only on demand.

use super::*;

#[tokio::test(start_paused = true)]
async fn second_deploy_keeps_what_was_changed_and_says_so() {
    let (world, attendee) = deployed().await;
    change(&attendee, &[("maximum", "4"), ("cpu_request_m", "80")]).await;
    for take_over in ["false", "true"] {
        let form = format!("take_over={take_over}");
        let answer = attendee.post("/api/deploy", &form).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        let kept = &answer.json()["kept"];
        assert_eq!(*kept, json!([["maximum", 4], ["cpu_request", 80]]));
        let object = scaled_objects(&world).get("webapp").await.unwrap();
        assert_eq!(object.data["spec"]["maxReplicaCount"], 4);
        world::settle().await;
    }
    // A new beginning is the class's again.
    attendee.post("/api/clean_up", "").await;
    world
        .until("it is clean", |s| {
            s.deployment.is_none() && s.scaled_object.is_none()
        })
        .await;
    let answer = attendee.post("/api/deploy", "take_over=false").await;
    assert_eq!(answer.json()["kept"], json!([]));
    let object = scaled_objects(&world).get("webapp").await.unwrap();
    assert_eq!(object.data["spec"]["maxReplicaCount"], 10);
}

#[tokio::test(start_paused = true)]
async fn kubectls_change_is_told_with_its_owner_and_taken_over_only_on_demand() {
    let (world, attendee) = deployed().await;
    let theirs = scaled_object("webapp", &json!({ "maxReplicaCount": 3 }));
    kubectl(&scaled_objects(&world), &theirs).await;
    world
        .until("the HPA has it", |s| {
            s.autoscaler
                .as_ref()
                .is_some_and(|hpa| hpa.max_replicas == 3)
        })
        .await;
    let wanted = form("60,1,3,80,50,100,64,256", &[("maximum", "6")]);
    let answer = attendee.post(PATH, &wanted).await;
    assert_eq!(answer.status, StatusCode::CONFLICT, "{}", answer.body);
    let (told, refused) = answer.refusal();
    let refused = opened(&refused["refused"]);
    assert_eq!(told, "settings");
    assert_eq!(refused["typed"][2], "6", "nothing typed is lost");
    assert_eq!(
        refused["why"]["owned"]["fields"],
        json!([{ "object": "ScaledObject webapp", "owner": "kubectl", "field": ".spec.maxReplicaCount" }])
    );
    let api = scaled_objects(&world);
    let object = api.get("webapp").await.unwrap();
    assert_eq!(object.data["spec"]["maxReplicaCount"], 3);

    let answer = attendee
        .post(PATH, &format!("{wanted}&take_over=true"))
        .await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    let object = api.get("webapp").await.unwrap();
    assert_eq!(object.data["spec"]["maxReplicaCount"], 6);
}

#[tokio::test(start_paused = true)]
async fn form_filled_in_before_kubectls_change_does_not_undo_it() {
    let (world, attendee) = deployed().await;
    let theirs = scaled_object("webapp", &json!({ "maxReplicaCount": 3 }));
    kubectl(&scaled_objects(&world), &theirs).await;
    // The form still says 10.
    let done = change(&attendee, &[("target", "40")]).await;
    assert_eq!(done["set"], json!([["target", 40]]));
    let object = scaled_objects(&world).get("webapp").await.unwrap();
    assert_eq!(object.data["spec"]["maxReplicaCount"], 3);
    assert_eq!(
        object.data["spec"]["triggers"][0]["metadata"]["value"],
        "40"
    );
}

#[tokio::test(start_paused = true)]
async fn two_devices_at_once_lose_nothing() {
    let (world, attendee) = deployed().await;
    let (one, two) = (attendee.clone(), attendee.clone());
    tokio::join!(
        change(&one, &[("maximum", "7")]),
        change(&two, &[("target", "45")]),
        change(&attendee, &[("window_s", "50")]),
    );
    let spec = &scaled_objects(&world).get("webapp").await.unwrap().data["spec"];
    assert_eq!(spec["maxReplicaCount"], 7);
    assert_eq!(spec["triggers"][0]["metadata"]["value"], "45");
    let behavior = &spec["advanced"]["horizontalPodAutoscalerConfig"]["behavior"];
    assert_eq!(behavior["scaleDown"]["stabilizationWindowSeconds"], 50);
}

#[tokio::test(start_paused = true)]
async fn own_files_are_changed_where_they_are_and_stay_their_owners() {
    let world = World::new(1).await;
    let attendee = world.attendee().await;
    own_files(&world).await;
    let were = "70,1,3,300,60,120,64,256";
    let wanted = form(were, &[("target", "40"), ("cpu_request_m", "80")]);
    let answer = attendee.post(PATH, &wanted).await;
    assert_eq!(answer.status, StatusCode::CONFLICT, "{}", answer.body);
    let owned = opened(&answer.refusal().1["refused"])["why"]["owned"]["fields"].clone();
    assert_eq!(owned[0]["object"], "ScaledObject shop-scaler");
    assert_eq!(owned[0]["field"], ".spec.triggers");
    assert_eq!(owned[1]["object"], "Deployment shop", "all at once");
    assert_eq!(
        owned[1]["field"],
        ".spec.template.spec.containers[name=\"web\"].resources.requests.cpu"
    );

    let answer = attendee
        .post(PATH, &format!("{wanted}&take_over=true"))
        .await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    let app = deployments(&world).get("shop").await.unwrap();
    let container = &app.data["spec"]["template"]["spec"]["containers"][0];
    assert_eq!(
        container["resources"],
        json!({ "requests": { "cpu": "80m", "memory": "64Mi" }, "limits": { "cpu": "120m", "memory": "256Mi" } })
    );
    // What nobody owned needs no taking over.
    let answer = attendee
        .post(
            PATH,
            &form("40,1,3,300,80,120,64,256", &[("window_s", "45")]),
        )
        .await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    let spec = &scaled_objects(&world)
        .get("shop-scaler")
        .await
        .unwrap()
        .data["spec"];
    assert_eq!(spec["maxReplicaCount"], 3);
    assert_eq!(spec["triggers"][0]["metadata"]["value"], "40");

    // The owner writes again, now after the panel: still theirs, and Deploy leaves it alone.
    tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    let theirs = scaled_object("shop-scaler", &own_spec(5));
    kubectl(&scaled_objects(&world), &theirs).await;
    world
        .until("it is seen", |s| {
            s.autoscaler
                .as_ref()
                .is_some_and(|hpa| hpa.max_replicas == 5)
        })
        .await;
    let snapshot = world.snapshot();
    let owner = &snapshot.scaled_object.as_ref().unwrap().owner;
    assert_eq!((owner.manager.as_str(), owner.own), ("kubectl", false));
    let answer = attendee.post("/api/deploy", "take_over=false").await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    assert_eq!(
        scaled_objects(&world).get_opt("webapp").await.unwrap(),
        None
    );
}
