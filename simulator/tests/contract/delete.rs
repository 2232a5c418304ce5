//! Deleting.

use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::ConfigMap;
use kube::ResourceExt;
use kube::api::{DeleteParams, ListParams, Patch, PatchParams, PostParams, Preconditions};
use serde_json::json;

use super::{Place, from_json, mk_config_map, refusal};

/// A Job that starts no pod.
pub(crate) fn mk_job(name: &str) -> Job {
    from_json(json!({
        "metadata": {"name": name},
        "spec": {"suspend": true, "template": {"spec": {
            "restartPolicy": "Never",
            "containers": [{"name": "locust", "image": "registry.invalid/locust:1"}],
        }}},
    }))
}

pub(crate) async fn job_without_policy_is_orphaned(place: Place) {
    let api = place.api::<Job>();
    let mut job = mk_job("load");
    // A finalizer of our own keeps the object, so that the one of the policy can be seen.
    job.metadata.finalizers = Some(vec!["example.com/hold".to_owned()]);
    api.create(&PostParams::default(), &job).await.unwrap();
    let deleted = api.delete("load", &DeleteParams::default()).await.unwrap();
    let marked = deleted.left().expect("the object waits for its finalizers");
    assert!(marked.metadata.deletion_timestamp.is_some());
    assert!(
        marked.finalizers().iter().any(|f| f == "orphan"),
        "{:?}",
        marked.finalizers()
    );
    let free = Patch::Merge(json!({"metadata": {"finalizers": null}}));
    api.patch("load", &PatchParams::default(), &free)
        .await
        .unwrap();
}

pub(crate) async fn deleting_object_keeps_its_name(place: Place) {
    let api = place.api::<ConfigMap>();
    let mut map = mk_config_map("a", "1");
    map.metadata.finalizers = Some(vec!["example.com/hold".to_owned()]);
    api.create(&PostParams::default(), &map).await.unwrap();
    api.delete("a", &DeleteParams::default()).await.unwrap();
    let status = refusal(
        api.create(&PostParams::default(), &mk_config_map("a", "2"))
            .await,
    );
    assert_eq!(
        (status.code, status.reason.as_str()),
        (409, "AlreadyExists")
    );
    assert_eq!(
        status.message,
        "object is being deleted: configmaps \"a\" already exists"
    );
    let free = Patch::Merge(json!({"metadata": {"finalizers": null}}));
    api.patch("a", &PatchParams::default(), &free)
        .await
        .unwrap();
    assert_eq!(refusal(api.get("a").await).code, 404);
}

pub(crate) async fn precondition_guards_a_deletion(place: Place) {
    let api = place.api::<ConfigMap>();
    let created = api
        .create(&PostParams::default(), &mk_config_map("a", "1"))
        .await
        .unwrap();
    let other = "00000000-0000-4000-8000-000000000000";
    let guarded = |uid: &str| {
        DeleteParams::default().preconditions(Preconditions {
            uid: Some(uid.to_owned()),
            ..Preconditions::default()
        })
    };
    let status = refusal(api.delete("a", &guarded(other)).await);
    assert_eq!((status.code, status.reason.as_str()), (409, "Conflict"));
    let uid = created.uid().unwrap();
    assert_eq!(
        status.message,
        format!(
            "Operation cannot be fulfilled on ConfigMap \"a\": the UID in the precondition ({other}) does not match the UID in record ({uid}). The object might have been deleted and then recreated"
        )
    );
    api.delete("a", &guarded(&uid)).await.unwrap();
}

pub(crate) async fn collection_is_deleted_by_selector(place: Place) {
    let api = place.api::<ConfigMap>();
    for (name, group) in [("a", "one"), ("b", "one"), ("c", "two")] {
        let mut map = mk_config_map(name, "1");
        map.labels_mut()
            .insert("group".to_owned(), group.to_owned());
        api.create(&PostParams::default(), &map).await.unwrap();
    }
    let one = ListParams::default().labels("group=one");
    api.delete_collection(&DeleteParams::default(), &one)
        .await
        .unwrap();
    let left = api
        .list(&ListParams::default().labels("group"))
        .await
        .unwrap();
    let names: Vec<_> = left.iter().map(ResourceExt::name_any).collect();
    assert_eq!(names, ["c"]);
}
