//! The end of a namespace.

use k8s_openapi::api::core::v1::{ConfigMap, Namespace};
use kube::ResourceExt;
use kube::api::{Api, DeleteParams, PostParams};
use kube::runtime::wait::await_condition;
use serde_json::json;

use super::life::{condition, merge};
use super::{Place, from_json, mk_config_map};

pub(crate) async fn namespace_that_cannot_be_emptied_says_why(place: Place) {
    let namespaces: Api<Namespace> = Api::all(place.client.clone());
    let wanted: Namespace = from_json(json!({"metadata": {"generateName": "contract-"}}));
    let made = namespaces
        .create(&PostParams::default(), &wanted)
        .await
        .unwrap();
    let name = made.name_any();
    let maps: Api<ConfigMap> = Api::namespaced(place.client.clone(), &name);
    let mut map = mk_config_map("a", "1");
    map.metadata.finalizers = Some(vec!["example.com/hold".to_owned()]);
    maps.create(&PostParams::default(), &map).await.unwrap();
    namespaces
        .delete(&name, &DeleteParams::background())
        .await
        .unwrap();
    let told = await_condition(
        namespaces.clone(),
        &name,
        |namespace: Option<&Namespace>| {
            namespace.is_some_and(|namespace| {
                condition(namespace, "NamespaceContentRemaining").is_some()
            })
        },
    );
    let stuck = tokio::time::timeout(std::time::Duration::from_secs(40), told)
        .await
        .unwrap()
        .unwrap()
        .unwrap();
    assert_eq!(
        stuck.status.as_ref().unwrap().phase.as_deref(),
        Some("Terminating")
    );
    assert_eq!(
        condition(&stuck, "NamespaceContentRemaining").unwrap(),
        [
            "True",
            "SomeResourcesRemain",
            "Some resources are remaining: configmaps. has 1 resource instances"
        ]
    );
    assert_eq!(
        condition(&stuck, "NamespaceFinalizersRemaining").unwrap(),
        [
            "True",
            "SomeFinalizersRemain",
            "Some content in the namespace has finalizers remaining: example.com/hold in 1 resource instances"
        ]
    );
    merge(&maps, "a", &json!({"metadata": {"finalizers": null}})).await;
    let gone = await_condition(namespaces, &name, |namespace: Option<&Namespace>| {
        namespace.is_none()
    });
    tokio::time::timeout(std::time::Duration::from_secs(30), gone)
        .await
        .unwrap()
        .unwrap();
}
