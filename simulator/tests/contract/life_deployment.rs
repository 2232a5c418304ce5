//! The life of a Deployment and its ReplicaSets.

use k8s_openapi::api::apps::v1::{Deployment, ReplicaSet};
use k8s_openapi::api::core::v1::Pod;
use kube::ResourceExt;
use kube::api::{DeleteParams, ListParams, PostParams};
use kube::runtime::watcher;
use serde_json::json;

use super::life::{
    UNREACHABLE, becomes, condition, first, gone, merge, messages, mk_sleeper, says, set_image,
    told,
};
use super::{Place, from_json};

fn is_complete(deployment: &Deployment, replicas: i32) -> bool {
    let status = deployment.status.clone().unwrap_or_default();
    status.observed_generation == deployment.metadata.generation
        && [
            status.replicas,
            status.updated_replicas,
            status.available_replicas,
        ] == [Some(replicas); 3]
        && says(deployment, "Progressing", "True", "NewReplicaSetAvailable")
}

async fn deploy(place: &Place, deployment: &Deployment) -> Deployment {
    let api = place.api::<Deployment>();
    let made = api
        .create(&PostParams::default(), deployment)
        .await
        .unwrap();
    let replicas = made.spec.unwrap().replicas.unwrap();
    becomes(place, "webapp", 50, "a complete rollout", |d| {
        is_complete(d, replicas)
    })
    .await
}

fn annotation(set: &ReplicaSet, name: &str) -> String {
    let key = format!("deployment.kubernetes.io/{name}");
    set.annotations().get(&key).cloned().unwrap_or_default()
}

fn size(set: &ReplicaSet) -> i32 {
    set.spec.as_ref().unwrap().replicas.unwrap()
}

/// By revision.
async fn replica_sets(place: &Place) -> Vec<ReplicaSet> {
    let api = place.api::<ReplicaSet>();
    let mut sets = api.list(&ListParams::default()).await.unwrap().items;
    sets.sort_by_key(|set| annotation(set, "revision").parse::<i32>().unwrap());
    sets
}

async fn pods(place: &Place) -> Vec<Pod> {
    let list = place.api::<Pod>().list(&ListParams::default()).await;
    list.unwrap().items
}

pub(crate) async fn deployment_becomes_available(place: Place) {
    let mut deployment = mk_sleeper(2, &json!({}));
    deployment
        .annotations_mut()
        .insert("note".to_owned(), "x".to_owned());
    let deployment = deploy(&place, &deployment).await;
    let [set] = &replica_sets(&place).await[..] else {
        panic!("one ReplicaSet");
    };
    let name = set.name_any();
    let told = |kind| condition(&deployment, kind).unwrap();
    assert_eq!(
        told("Progressing")[2],
        format!("ReplicaSet \"{name}\" has successfully progressed.")
    );
    assert_eq!(
        told("Available"),
        [
            "True",
            "MinimumReplicasAvailable",
            "Deployment has minimum availability."
        ]
    );
    let status = deployment.status.clone().unwrap();
    assert_eq!(status.unavailable_replicas, None);
    assert_eq!(status.terminating_replicas, Some(0));
    assert_eq!(
        deployment.annotations()["deployment.kubernetes.io/revision"],
        "1"
    );
    assert_eq!(
        ["revision", "desired-replicas", "max-replicas"].map(|name| annotation(set, name)),
        ["1", "2", "3"]
    );
    assert_eq!(set.annotations()["note"], "x");
    assert_eq!(
        messages(&place, "ScalingReplicaSet").await,
        [format!("Scaled up replica set {name} from 0 to 2")]
    );
    assert_eq!(messages(&place, "SuccessfulCreate").await.len(), 2);
}

pub(crate) async fn new_template_is_rolled_out_and_back(place: Place) {
    deploy(&place, &mk_sleeper(2, &json!({}))).await;
    let api = place.api::<Deployment>();
    let with = |value: &str| json!({"spec": {"template": {"metadata": {"annotations": {"version": value}}}}});
    merge(&api, "webapp", &with("2")).await;
    becomes(
        &place,
        "webapp",
        50,
        "a second rollout",
        |d: &Deployment| {
            is_complete(d, 2) && d.annotations()["deployment.kubernetes.io/revision"] == "2"
        },
    )
    .await;
    let [old, new] = &replica_sets(&place).await[..] else {
        panic!("two ReplicaSets");
    };
    assert_eq!((size(old), size(new)), (0, 2));
    // 25 % of 2 are one more pod and none less.
    let (old, new) = (old.name_any(), new.name_any());
    let scaled = messages(&place, "ScalingReplicaSet").await;
    assert_eq!(
        scaled,
        [
            format!("Scaled up replica set {old} from 0 to 2"),
            format!("Scaled up replica set {new} from 0 to 1"),
            format!("Scaled down replica set {old} from 2 to 1"),
            format!("Scaled up replica set {new} from 1 to 2"),
            format!("Scaled down replica set {old} from 1 to 0"),
        ]
    );
    let back = json!({"spec": {"template": {"metadata": {"annotations": null}}}});
    merge(&api, "webapp", &back).await;
    becomes(&place, "webapp", 50, "the way back", |d: &Deployment| {
        is_complete(d, 2) && d.annotations()["deployment.kubernetes.io/revision"] == "3"
    })
    .await;
    let sets = replica_sets(&place).await;
    assert_eq!(sets.len(), 2, "the old one is used again");
    assert_eq!(sets[1].name_any(), old);
    assert_eq!(annotation(&sets[1], "revision"), "3");
    assert_eq!(annotation(&sets[1], "revision-history"), "1");
}

pub(crate) async fn rollout_without_progress_misses_its_deadline(place: Place) {
    deploy(
        &place,
        &mk_sleeper(2, &json!({"progressDeadlineSeconds": 5})),
    )
    .await;
    let api = place.api::<Deployment>();
    set_image(&api, UNREACHABLE).await;
    let stuck = becomes(
        &place,
        "webapp",
        30,
        "a missed deadline",
        |d: &Deployment| says(d, "Progressing", "False", "ProgressDeadlineExceeded"),
    )
    .await;
    let sets = replica_sets(&place).await;
    assert_eq!(
        condition(&stuck, "Progressing").unwrap()[2],
        format!(
            "ReplicaSet \"{}\" has timed out progressing.",
            sets[1].name_any()
        )
    );
    assert!(says(
        &stuck,
        "Available",
        "True",
        "MinimumReplicasAvailable"
    ));
    assert_eq!(sets.iter().map(size).collect::<Vec<_>>(), [2, 1]);
}

pub(crate) async fn scaling_in_a_rollout_is_shared_out(place: Place) {
    deploy(&place, &mk_sleeper(4, &json!({}))).await;
    let api = place.api::<Deployment>();
    set_image(&api, UNREACHABLE).await;
    let config = watcher::Config::default();
    first(
        place.api(),
        config,
        20,
        "a stuck rollout",
        |set: &ReplicaSet| {
            annotation(set, "revision") == "2"
                && set
                    .status
                    .as_ref()
                    .is_some_and(|status| status.replicas == 2)
        },
    )
    .await;
    merge(&api, "webapp", &json!({"spec": {"replicas": 8}})).await;
    told(
        &place,
        20,
        ("Deployment", "webapp"),
        "ScalingReplicaSet",
        "from 2 to 4",
    )
    .await;
    let sets = replica_sets(&place).await;
    assert_eq!(sets.iter().map(size).collect::<Vec<_>>(), [6, 4]);
    assert_eq!(annotation(&sets[0], "max-replicas"), "10");
}

pub(crate) async fn paused_deployment_is_sized_but_not_rolled(place: Place) {
    let api = place.api::<Deployment>();
    let paused = mk_sleeper(1, &json!({"paused": true}));
    api.create(&PostParams::default(), &paused).await.unwrap();
    let waits = becomes(&place, "webapp", 20, "a status", |d: &Deployment| {
        condition(d, "Available").is_some()
    })
    .await;
    assert_eq!(
        condition(&waits, "Progressing").unwrap(),
        ["Unknown", "DeploymentPaused", "Deployment is paused"]
    );
    assert!(replica_sets(&place).await.is_empty());
    merge(&api, "webapp", &json!({"spec": {"paused": false}})).await;
    becomes(&place, "webapp", 50, "a pod", |d: &Deployment| {
        is_complete(d, 1)
    })
    .await;
    let patch = json!({"spec": {"paused": true, "replicas": 2,
        "template": {"metadata": {"annotations": {"version": "2"}}}}});
    merge(&api, "webapp", &patch).await;
    let sized = becomes(&place, "webapp", 50, "two pods", |d: &Deployment| {
        d.status.as_ref().unwrap().available_replicas == Some(2)
    })
    .await;
    assert!(says(&sized, "Progressing", "Unknown", "DeploymentPaused"));
    assert_eq!(sized.status.unwrap().updated_replicas, None);
    let sets = replica_sets(&place).await;
    assert_eq!(sets.iter().map(size).collect::<Vec<_>>(), [2]);
}

pub(crate) async fn recreate_waits_for_the_old_pods(place: Place) {
    let more = json!({"strategy": {"type": "Recreate"}, "revisionHistoryLimit": 0});
    deploy(&place, &mk_sleeper(1, &more)).await;
    let old = pods(&place).await[0].name_any();
    let patch = json!({"spec": {"template": {"metadata": {"annotations": {"version": "2"}}}}});
    merge(&place.api::<Deployment>(), "webapp", &patch).await;
    let config = watcher::Config::default();
    first(place.api(), config, 30, "a new pod", |pod: &Pod| {
        pod.name_any() != old
    })
    .await;
    // A pod that has ended may still be there.
    let ended = |pod: &Pod| {
        let phase = pod.status.as_ref().and_then(|status| status.phase.clone());
        phase.as_deref() == Some("Failed")
    };
    let left = pods(&place).await;
    assert!(left.iter().all(|pod| pod.name_any() != old || ended(pod)));
    becomes(
        &place,
        "webapp",
        30,
        "a complete rollout",
        |d: &Deployment| is_complete(d, 1),
    )
    .await;
    let scaled = messages(&place, "ScalingReplicaSet").await;
    let steps: Vec<&str> = scaled
        .iter()
        .map(|message| &message[message.find(" from").unwrap()..])
        .collect();
    assert_eq!(steps, [" from 0 to 1", " from 1 to 0", " from 0 to 1"]);
    // The history limit leaves no old ReplicaSet.
    let first_set = scaled[0].split(' ').nth(4).unwrap().to_owned();
    gone::<ReplicaSet>(&place, &first_set, 20).await;
}

pub(crate) async fn cheapest_pod_goes_first(place: Place) {
    deploy(&place, &mk_sleeper(3, &json!({}))).await;
    let victim = pods(&place).await[1].name_any();
    let cost =
        json!({"metadata": {"annotations": {"controller.kubernetes.io/pod-deletion-cost": "-10"}}});
    merge(&place.api::<Pod>(), &victim, &cost).await;
    merge(
        &place.api::<Deployment>(),
        "webapp",
        &json!({"spec": {"replicas": 2}}),
    )
    .await;
    let message = format!("Deleted pod: {victim}");
    told(
        &place,
        20,
        ("ReplicaSet", "webapp-"),
        "SuccessfulDelete",
        &message,
    )
    .await;
    gone::<Pod>(&place, &victim, 20).await;
    assert_eq!(pods(&place).await.len(), 2);
}

pub(crate) async fn relabelled_pod_is_released_and_taken_back(place: Place) {
    deploy(&place, &mk_sleeper(1, &json!({}))).await;
    let api = place.api::<Pod>();
    let mut pod = pods(&place).await.remove(0);
    let name = pod.name_any();
    let hash = pod.labels_mut().remove("pod-template-hash").unwrap();
    let relabel =
        |value: Option<&str>| json!({"metadata": {"labels": {"pod-template-hash": value}}});
    merge(&api, &name, &relabel(None)).await;
    becomes(&place, &name, 20, "a free pod", |pod: &Pod| {
        pod.owner_references().is_empty()
    })
    .await;
    let config = watcher::Config::default().labels(&format!("pod-template-hash={hash}"));
    let heir = first(place.api(), config, 20, "its heir", |pod: &Pod| {
        pod.name_any() != name
    })
    .await;
    merge(&api, &name, &relabel(Some(&hash))).await;
    let back = becomes(&place, &name, 20, "an owned pod", |pod: &Pod| {
        !pod.owner_references().is_empty()
    })
    .await;
    assert_eq!(back.owner_references()[0].controller, Some(true));
    assert_eq!(back.owner_references()[0].kind, "ReplicaSet");
    // One too many: the younger, or the one that is not ready, goes.
    gone::<Pod>(&place, &heir.name_any(), 20).await;
}

pub(crate) async fn full_quota_shows_on_replica_set_and_deployment(place: Place) {
    let quota: k8s_openapi::api::core::v1::ResourceQuota = from_json(json!({
        "metadata": {"name": "workshop"}, "spec": {"hard": {"requests.cpu": "7m"}}}));
    place
        .api()
        .create(&PostParams::default(), &quota)
        .await
        .unwrap();
    becomes(
        &place,
        "workshop",
        20,
        "a counted quota",
        |quota: &k8s_openapi::api::core::v1::ResourceQuota| {
            quota
                .status
                .as_ref()
                .is_some_and(|status| status.used.is_some())
        },
    )
    .await;
    let api = place.api::<Deployment>();
    api.create(&PostParams::default(), &mk_sleeper(2, &json!({})))
        .await
        .unwrap();
    let denial = "is forbidden: exceeded quota: workshop, requested: requests.cpu=5m, used: requests.cpu=5m, limited: requests.cpu=7m";
    let event = told(
        &place,
        20,
        ("ReplicaSet", "webapp-"),
        "FailedCreate",
        denial,
    )
    .await;
    let message = event.message.unwrap();
    assert!(
        message.starts_with("Error creating: pods \"webapp-")
            || message
                .starts_with("(combined from similar events): Error creating: pods \"webapp-"),
        "{message}"
    );
    assert_eq!(event.type_.as_deref(), Some("Warning"));
    let refused = becomes(&place, "webapp", 20, "ReplicaFailure", |d: &Deployment| {
        says(d, "ReplicaFailure", "True", "FailedCreate")
    })
    .await;
    let [_, _, why] = condition(&refused, "ReplicaFailure").unwrap();
    assert!(
        why.starts_with("pods \"webapp-") && why.ends_with(denial),
        "{why}"
    );
    let set = replica_sets(&place).await.remove(0);
    assert!(says(&set, "ReplicaFailure", "True", "FailedCreate"));
    // With room the failure goes, from both.
    let room = json!({"spec": {"hard": {"requests.cpu": "20m"}}});
    merge(
        &place.api::<k8s_openapi::api::core::v1::ResourceQuota>(),
        "workshop",
        &room,
    )
    .await;
    let healed = becomes(&place, "webapp", 50, "two pods", |d: &Deployment| {
        is_complete(d, 2)
    })
    .await;
    assert_eq!(condition(&healed, "ReplicaFailure"), None);
}

pub(crate) async fn foreground_deletion_waits_for_the_dependents(place: Place) {
    deploy(&place, &mk_sleeper(1, &json!({}))).await;
    let mut pod = pods(&place).await.remove(0);
    let hold = json!({"metadata": {"finalizers": ["example.com/hold"]}});
    pod = merge(&place.api::<Pod>(), &pod.name_any(), &hold).await;
    let api = place.api::<Deployment>();
    api.delete("webapp", &DeleteParams::foreground())
        .await
        .unwrap();
    becomes(&place, &pod.name_any(), 20, "a deleted pod", |pod: &Pod| {
        pod.metadata.deletion_timestamp.is_some()
    })
    .await;
    let marked = api.get("webapp").await.unwrap();
    assert_eq!(marked.finalizers(), ["foregroundDeletion"]);
    assert_eq!(
        replica_sets(&place).await[0].finalizers(),
        ["foregroundDeletion"]
    );
    let free = json!({"metadata": {"finalizers": null}});
    merge(&place.api::<Pod>(), &pod.name_any(), &free).await;
    gone::<Deployment>(&place, "webapp", 30).await;
    assert!(replica_sets(&place).await.is_empty());
}

pub(crate) async fn orphaned_replica_set_is_adopted_again(place: Place) {
    let deployment = mk_sleeper(1, &json!({}));
    deploy(&place, &deployment).await;
    let api = place.api::<Deployment>();
    let before = replica_sets(&place).await.remove(0);
    api.delete("webapp", &DeleteParams::orphan()).await.unwrap();
    gone::<Deployment>(&place, "webapp", 20).await;
    let orphan = replica_sets(&place).await.remove(0);
    assert_eq!(orphan.uid(), before.uid());
    assert!(orphan.owner_references().is_empty());
    let again = deploy(&place, &deployment).await;
    let adopted = replica_sets(&place).await;
    assert_eq!(adopted.len(), 1);
    assert_eq!(adopted[0].uid(), before.uid());
    assert_eq!(
        Some(&adopted[0].owner_references()[0].uid),
        again.uid().as_ref()
    );
}
