//! The store's promises to controllers.

use jiff::Timestamp;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{ConfigMap, Namespace, Pod};
use serde_json::json;

use super::*;

fn mk_store() -> Arc<Store> {
    let store = Store::new(
        Clock::new("2026-01-01T09:00:00Z".parse::<Timestamp>().unwrap()),
        1,
    );
    let namespace: Namespace = serde_json::from_value(json!({"metadata": {"name": "ws"}})).unwrap();
    store.create(&namespace).unwrap();
    store
}

fn mk_config_map(name: &str) -> ConfigMap {
    serde_json::from_value(json!({"metadata": {"name": name, "namespace": "ws"}})).unwrap()
}

fn mk_deployment() -> Deployment {
    serde_json::from_value(json!({
        "metadata": {"name": "webapp", "namespace": "ws"},
        "spec": {"selector": {"matchLabels": {"app": "webapp"}}, "template": {
            "metadata": {"labels": {"app": "webapp"}},
            "spec": {"containers": [{"name": "webapp", "image": "webapp"}]},
        }},
    }))
    .unwrap()
}

fn mk_pod(phase: &str) -> Pod {
    serde_json::from_value(json!({
        "metadata": {"generateName": "webapp-", "namespace": "ws"},
        "spec": {"nodeName": "node-1", "containers": [{"name": "webapp", "image": "webapp"}]},
        "status": {"phase": phase},
    }))
    .unwrap()
}

#[tokio::test(start_paused = true)]
async fn created_object_has_what_the_api_server_adds() {
    let store = mk_store();
    let pod = store.create(&mk_pod("Running")).unwrap();
    let meta = pod.metadata;
    assert!(meta.name.unwrap().starts_with("webapp-"));
    assert_eq!(meta.uid.unwrap().len(), 36);
    assert_eq!(meta.generation, Some(1));
    assert_eq!(
        json!(meta.creation_timestamp.unwrap()),
        json!("2026-01-01T09:00:00Z")
    );
}

#[tokio::test(start_paused = true)]
async fn same_name_twice_is_refused() {
    let store = mk_store();
    store.create(&mk_config_map("a")).unwrap();
    let status = store.create(&mk_config_map("a")).unwrap_err();
    assert_eq!((status.code, status.reason), (409, "AlreadyExists"));
    assert_eq!(status.message, "configmaps \"a\" already exists");
}

#[tokio::test(start_paused = true)]
async fn namespace_must_exist() {
    let store = mk_store();
    let mut map = mk_config_map("a");
    map.metadata.namespace = Some("nowhere".to_owned());
    let status = store.create(&map).unwrap_err();
    assert_eq!(status.message, "namespaces \"nowhere\" not found");
}

#[tokio::test(start_paused = true)]
async fn stale_update_conflicts() {
    let store = mk_store();
    let first = store.create(&mk_config_map("a")).unwrap();
    let mut second = first.clone();
    second.data = Some(BTreeMap::from([("k".to_owned(), "v".to_owned())]));
    store.update(&second).unwrap();
    let status = store.update(&first).unwrap_err();
    assert_eq!((status.code, status.reason), (409, "Conflict"));
    assert!(
        status
            .message
            .starts_with("Operation cannot be fulfilled on configmaps \"a\": ")
    );
}

#[tokio::test(start_paused = true)]
async fn generation_counts_changes_of_the_spec_alone() {
    let store = mk_store();
    store.create(&mk_deployment()).unwrap();
    let read = |store: &Store| store.get::<Deployment>("ws", "webapp").unwrap().metadata;
    let version = store.resource_version();
    store.modify::<Deployment>("ws", "webapp", |_| {}).unwrap();
    assert_eq!(
        store.resource_version(),
        version,
        "no change, no new version"
    );
    store
        .modify::<Deployment>("ws", "webapp", |d| {
            d.status.get_or_insert_default().replicas = Some(1)
        })
        .unwrap();
    assert_eq!(read(&store).generation, Some(1));
    store
        .modify::<Deployment>("ws", "webapp", |d| {
            d.spec.get_or_insert_default().replicas = Some(3)
        })
        .unwrap();
    assert_eq!(read(&store).generation, Some(2));
}

#[tokio::test(start_paused = true)]
async fn missing_object_is_no_error_for_modify() {
    let store = mk_store();
    assert!(store.modify::<Pod>("ws", "none", |_| {}).unwrap().is_none());
}

#[tokio::test(start_paused = true)]
async fn running_pod_is_deleted_with_grace() {
    let store = mk_store();
    let pod = store.create(&mk_pod("Running")).unwrap();
    let name = pod.metadata.name.unwrap();
    store
        .modify::<Pod>("ws", &name, |p| {
            p.status.get_or_insert_default().phase = Some("Running".to_owned())
        })
        .unwrap();
    store
        .delete::<Pod>("ws", &name, &DeleteOptions::background())
        .unwrap();
    let marked = store.get::<Pod>("ws", &name).unwrap();
    assert_eq!(marked.metadata.deletion_grace_period_seconds, Some(30));
    assert_eq!(
        json!(marked.metadata.deletion_timestamp.unwrap()),
        json!("2026-01-01T09:00:30Z")
    );
    store
        .delete::<Pod>("ws", &name, &DeleteOptions::now())
        .unwrap();
    assert!(store.get::<Pod>("ws", &name).is_none());
}

#[tokio::test(start_paused = true)]
async fn finalizer_holds_an_object_until_it_is_taken_off() {
    let store = mk_store();
    let mut map = mk_config_map("a");
    map.metadata.finalizers = Some(vec!["example.com/hold".to_owned()]);
    store.create(&map).unwrap();
    let deleted = store
        .delete::<ConfigMap>("ws", "a", &DeleteOptions::default())
        .unwrap();
    assert!(matches!(deleted, Deleted::Marked(_)));
    let status = store.create(&mk_config_map("a")).unwrap_err();
    assert_eq!(
        status.message,
        "object is being deleted: configmaps \"a\" already exists"
    );
    store
        .modify::<ConfigMap>("ws", "a", |map| map.metadata.finalizers = None)
        .unwrap();
    assert!(store.get::<ConfigMap>("ws", "a").is_none());
}

#[tokio::test(start_paused = true)]
async fn subscription_sees_every_change_in_order() {
    let store = mk_store();
    let mut changes = store.subscribe();
    store.create(&mk_config_map("a")).unwrap();
    store
        .modify::<ConfigMap>("ws", "a", |map| map.immutable = Some(false))
        .unwrap();
    store
        .delete::<ConfigMap>("ws", "a", &DeleteOptions::default())
        .unwrap();
    let seen: Vec<_> = changes
        .next()
        .await
        .iter()
        .map(|change| change.change_type)
        .collect();
    assert_eq!(
        seen,
        [ChangeType::Added, ChangeType::Modified, ChangeType::Deleted]
    );
    assert!(changes.drain().is_empty());
}

#[tokio::test(start_paused = true)]
async fn scale_is_owned_by_who_scaled() {
    let store = mk_store();
    store.create(&mk_deployment()).unwrap();
    store
        .scale::<Deployment>("ws", "webapp", 4, "kube-controller-manager")
        .unwrap();
    let stored = store
        .get_value(&resource::DEPLOYMENTS, "ws", "webapp")
        .unwrap();
    assert_eq!(stored["spec"]["replicas"], 4);
    let entry = &stored["metadata"]["managedFields"][0];
    assert_eq!(entry["subresource"], "scale");
    assert_eq!(entry["fieldsV1"], json!({"f:spec": {"f:replicas": {}}}));
}
