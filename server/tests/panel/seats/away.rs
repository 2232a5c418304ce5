//! Seats taken away, with namespaces of their own and with namespaces that were there before.

use std::collections::BTreeMap;

use http::StatusCode;
use k8s_openapi::api::core::v1::{LimitRange, Namespace, ResourceQuota, ServiceAccount};
use k8s_openapi::api::rbac::v1::{Role, RoleBinding};
use kube::Api;
use kube::api::{Patch, PatchParams};
use serde_json::json;
use server::names::{ADOPTED_ANNOTATION, PANEL_LABEL, PANEL_NAMESPACE, SEAT_LABEL};
use server::seats::SeatNumber;
use server::seats::provision::{self, Deleted, Extras};

use super::cluster::{Cluster, apply, look, make};
use crate::world::{self, World};

#[tokio::test(start_paused = true)]
async fn adopted_namespace_keeps_its_own_limits_and_outlives_its_seat() {
    let cluster = Cluster::new();
    let admin = cluster.admin();
    cluster
        .theirs("workshop-user-1", json!({ "team": "blue" }))
        .await;
    make(&admin, 2, Extras::default()).await;

    let adopted = cluster.namespace("workshop-user-1").await.unwrap().metadata;
    let labels = adopted.labels.unwrap();
    assert_eq!([&labels["team"], &labels[SEAT_LABEL]], ["blue", "01"]);
    assert_eq!(adopted.annotations.unwrap()[ADOPTED_ANNOTATION], "rights");
    assert!(!labels.contains_key("pod-security.kubernetes.io/enforce"));
    assert_eq!(
        cluster.names::<ResourceQuota>("workshop-user-1").await,
        [""; 0]
    );
    assert_eq!(
        cluster.names::<LimitRange>("workshop-user-1").await,
        [""; 0]
    );
    assert_eq!(
        cluster.names::<ResourceQuota>("workshop-user-2").await,
        ["workshop"]
    );
    assert_eq!(
        cluster.names::<LimitRange>("workshop-user-2").await,
        ["workshop"]
    );

    let quota_for_adopted = true;
    let extras = Extras {
        quota_for_adopted,
        ..Extras::default()
    };
    make(&admin, 2, extras).await;
    assert_eq!(
        cluster.names::<ResourceQuota>("workshop-user-1").await,
        ["workshop"]
    );
    // Remembered: running it again without the option takes nothing away.
    make(&admin, 2, Extras::default()).await;
    let labels = cluster
        .namespace("workshop-user-1")
        .await
        .unwrap()
        .metadata
        .labels
        .unwrap();
    assert_eq!(labels["pod-security.kubernetes.io/enforce"], "baseline");

    let doomed = provision::doomed(&admin, PANEL_NAMESPACE).await.unwrap();
    let mut became = Vec::new();
    for seat in &doomed {
        became.push(
            provision::delete(&admin, PANEL_NAMESPACE, seat)
                .await
                .unwrap(),
        );
    }
    assert_eq!(became, [Deleted::Kept, Deleted::Gone, Deleted::None]);
    let kept = cluster.namespace("workshop-user-1").await.unwrap().metadata;
    let labels = kept.labels.unwrap();
    assert_eq!(labels["team"], "blue");
    assert!(
        !labels
            .keys()
            .any(|key| key.contains("workshop/") || key.contains("pod-security")),
        "{labels:?}"
    );
    assert_eq!(kept.annotations.unwrap_or_default(), BTreeMap::new());
    assert_eq!(
        cluster.names::<ServiceAccount>("workshop-user-1").await,
        [""; 0]
    );
    assert_eq!(cluster.names::<Role>("workshop-user-1").await, [""; 0]);
    assert_eq!(
        cluster.names::<RoleBinding>("workshop-user-1").await,
        [""; 0]
    );
    assert_eq!(
        cluster.names::<ResourceQuota>("workshop-user-1").await,
        [""; 0]
    );
    assert!(cluster.namespace("workshop-user-2").await.is_none());
    assert_eq!(cluster.store().list().await.unwrap().len(), 0);
}

#[tokio::test(start_paused = true)]
async fn deleted_seat_takes_its_scaled_objects_first_and_others_stay() {
    let world = World::new(2).await;
    let attendee = world.attendee().await;
    assert_eq!(
        attendee.post("/api/deploy", "take_over=false").await.status,
        StatusCode::OK
    );
    world
        .until("KEDA has made its HPA", |snapshot| {
            snapshot.autoscaler.is_some()
        })
        .await;
    let admin = world.admin();
    let doomed = provision::doomed(&admin, PANEL_NAMESPACE).await.unwrap();
    let deleted = provision::delete(&admin, PANEL_NAMESPACE, &doomed[0])
        .await
        .unwrap();
    assert_eq!(deleted, Deleted::Gone);
    let namespaces: Api<Namespace> = Api::all(admin.clone());
    assert!(
        namespaces
            .get_opt("workshop-user-1")
            .await
            .unwrap()
            .is_none()
    );
    assert!(
        namespaces
            .get_opt("workshop-user-2")
            .await
            .unwrap()
            .is_some()
    );
    world::settle().await;
    let told = attendee.get("/session").await;
    assert_eq!(told.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test(start_paused = true)]
async fn namespace_that_is_another_seats_is_not_deleted() {
    let cluster = Cluster::new();
    let admin = cluster.admin();
    make(&admin, 1, Extras::default()).await;
    let api: Api<Namespace> = Api::all(admin.clone());
    let patch = Patch::Merge(json!({ "metadata": { "labels": { PANEL_LABEL: "workshop-b" } } }));
    api.patch("workshop-user-1", &PatchParams::default(), &patch)
        .await
        .unwrap();
    let doomed = provision::doomed(&admin, PANEL_NAMESPACE).await.unwrap();
    let deleted = provision::delete(&admin, PANEL_NAMESPACE, &doomed[0])
        .await
        .unwrap();
    assert_eq!(deleted, Deleted::NotOurs);
    assert!(cluster.namespace("workshop-user-1").await.is_some());
}

#[tokio::test(start_paused = true)]
async fn seat_that_was_never_finished_is_deleted_too() {
    let cluster = Cluster::new();
    // The namespace is there, its Secret is not.
    let admin = cluster.admin();
    let maker = look(&admin, 1, Extras::default()).await;
    for object in maker.objects(SeatNumber(1)).await.unwrap() {
        apply(&admin, &object).await;
    }
    let doomed = provision::doomed(&admin, PANEL_NAMESPACE).await.unwrap();
    assert_eq!(doomed.len(), 1);
    provision::delete(&admin, PANEL_NAMESPACE, &doomed[0])
        .await
        .unwrap();
    assert!(cluster.namespace("workshop-user-1").await.is_none());
}
