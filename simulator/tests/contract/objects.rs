//! Creating, reading, replacing, listing.

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::ConfigMap;
use kube::ResourceExt;
use kube::api::{ListParams, Patch, PatchParams, PostParams};
use serde_json::json;

use super::{Place, from_json, mk_config_map, refusal};

/// A Deployment that starts no pod.
pub(crate) fn mk_deployment(name: &str) -> Deployment {
    from_json(json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": name, "labels": {"app": name}},
        "spec": {
            "replicas": 0,
            "selector": {"matchLabels": {"app": name}},
            "template": {
                "metadata": {"labels": {"app": name}},
                "spec": {"containers": [{
                    "name": "webapp", "image": "registry.invalid/webapp:1",
                    "ports": [{"containerPort": 80}],
                    "resources": {"requests": {"cpu": "50m"}, "limits": {"cpu": "100m"}},
                }]},
            },
        },
    }))
}

pub(crate) async fn created_object_is_completed(place: Place) {
    let created = place
        .api()
        .create(&PostParams::default(), &mk_deployment("webapp"))
        .await
        .unwrap();
    assert_eq!(created.metadata.generation, Some(1));
    assert_eq!(created.uid().unwrap().len(), 36);
    let spec = serde_json::to_value(created.spec.unwrap()).unwrap();
    assert_eq!(
        spec["strategy"],
        json!({"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"}})
    );
    assert_eq!(spec["progressDeadlineSeconds"], 600);
    let pod = &spec["template"]["spec"];
    assert_eq!(pod["terminationGracePeriodSeconds"], 30);
    assert_eq!(pod["restartPolicy"], "Always");
    assert_eq!(pod["containers"][0]["ports"][0]["protocol"], "TCP");
    assert_eq!(pod["containers"][0]["imagePullPolicy"], "IfNotPresent");
}

pub(crate) async fn generation_counts_changes_of_the_spec(place: Place) {
    let api = place.api::<Deployment>();
    api.create(&PostParams::default(), &mk_deployment("webapp"))
        .await
        .unwrap();
    let merge = |patch| Patch::Merge(patch);
    let params = PatchParams::default();
    let labelled = json!({"metadata": {"labels": {"a": "b"}}});
    let labelled = api
        .patch("webapp", &params, &merge(labelled))
        .await
        .unwrap();
    assert_eq!(labelled.metadata.generation, Some(1));
    let paused = json!({"spec": {"paused": true}});
    let paused = api.patch("webapp", &params, &merge(paused)).await.unwrap();
    assert_eq!(paused.metadata.generation, Some(2));
}

pub(crate) async fn name_can_be_generated(place: Place) {
    let map: ConfigMap = from_json(json!({"metadata": {"generateName": "run-"}}));
    let created = place
        .api::<ConfigMap>()
        .create(&PostParams::default(), &map)
        .await
        .unwrap();
    let name = created.name_any();
    assert!(name.starts_with("run-") && name.len() == 9, "{name}");
}

pub(crate) async fn same_name_twice_is_refused(place: Place) {
    let api = place.api();
    api.create(&PostParams::default(), &mk_config_map("a", "1"))
        .await
        .unwrap();
    let status = refusal(
        api.create(&PostParams::default(), &mk_config_map("a", "1"))
            .await,
    );
    assert_eq!(
        (status.code, status.reason.as_str()),
        (409, "AlreadyExists")
    );
    assert_eq!(status.message, "configmaps \"a\" already exists");
}

pub(crate) async fn missing_object_is_not_found(place: Place) {
    let status = refusal(place.api::<Deployment>().get("none").await);
    assert_eq!((status.code, status.reason.as_str()), (404, "NotFound"));
    assert_eq!(status.message, "deployments.apps \"none\" not found");
    let details = status.details.unwrap();
    assert_eq!(
        (
            details.name.as_str(),
            details.group.as_str(),
            details.kind.as_str()
        ),
        ("none", "apps", "deployments")
    );
}

pub(crate) async fn stale_replace_conflicts(place: Place) {
    let api = place.api();
    let first = api
        .create(&PostParams::default(), &mk_config_map("a", "1"))
        .await
        .unwrap();
    let mut second = first.clone();
    second.data = mk_config_map("a", "2").data;
    api.replace("a", &PostParams::default(), &second)
        .await
        .unwrap();
    let status = refusal(api.replace("a", &PostParams::default(), &first).await);
    assert_eq!((status.code, status.reason.as_str()), (409, "Conflict"));
    assert_eq!(
        status.message,
        "Operation cannot be fulfilled on configmaps \"a\": the object has been modified; please apply your changes to the latest version and try again"
    );
}

pub(crate) async fn unchanged_patch_keeps_the_version(place: Place) {
    let api = place.api();
    let created = api
        .create(&PostParams::default(), &mk_config_map("a", "1"))
        .await
        .unwrap();
    let patch = Patch::Merge(json!({"data": {"key": "1"}}));
    let patched = api
        .patch("a", &PatchParams::default(), &patch)
        .await
        .unwrap();
    assert_eq!(created.resource_version(), patched.resource_version());
}

pub(crate) async fn lists_come_in_pages(place: Place) {
    let api = place.api::<ConfigMap>();
    for name in ["page-a", "page-b", "page-c"] {
        let mut map = mk_config_map(name, "1");
        map.labels_mut()
            .insert("paged".to_owned(), "yes".to_owned());
        api.create(&PostParams::default(), &map).await.unwrap();
    }
    let params = ListParams::default().labels("paged=yes").limit(2);
    let first = api.list(&params).await.unwrap();
    let names = |list: &kube::api::ObjectList<ConfigMap>| -> Vec<String> {
        list.iter().map(ResourceExt::name_any).collect()
    };
    assert_eq!(names(&first), ["page-a", "page-b"]);
    let token = first.metadata.continue_.clone().unwrap();
    let second = api.list(&params.continue_token(&token)).await.unwrap();
    assert_eq!(names(&second), ["page-c"]);
    assert!(second.metadata.continue_.unwrap_or_default().is_empty());
}

pub(crate) async fn selectors_select(place: Place) {
    let api = place.api::<Deployment>();
    for name in ["webapp", "locust"] {
        api.create(&PostParams::default(), &mk_deployment(name))
            .await
            .unwrap();
    }
    for (params, wanted) in [
        (
            ListParams::default().labels("app in (webapp),app!=locust"),
            1,
        ),
        (ListParams::default().labels("!app"), 0),
        (ListParams::default().fields("metadata.name=locust"), 1),
        (ListParams::default().fields("metadata.name!=locust"), 1),
    ] {
        assert_eq!(
            api.list(&params).await.unwrap().items.len(),
            wanted,
            "{params:?}"
        );
    }
}

pub(crate) async fn scale_is_a_view_of_the_deployment(place: Place) {
    let api = place.api::<Deployment>();
    api.create(&PostParams::default(), &mk_deployment("webapp"))
        .await
        .unwrap();
    let patch = Patch::Merge(json!({"spec": {"paused": true}}));
    api.patch("webapp", &PatchParams::default(), &patch)
        .await
        .unwrap();
    let patch = Patch::Merge(json!({"spec": {"replicas": 0}}));
    let scale = api
        .patch_scale("webapp", &PatchParams::default(), &patch)
        .await
        .unwrap();
    assert_eq!(scale.spec.unwrap().replicas.unwrap_or(0), 0);
    assert_eq!(scale.status.unwrap().selector.unwrap(), "app=webapp");
}

pub(crate) async fn quantities_are_canonical(place: Place) {
    let mut deployment = serde_json::to_value(mk_deployment("webapp")).unwrap();
    deployment["spec"]["template"]["spec"]["containers"][0]["resources"] =
        json!({"requests": {"cpu": "0.5", "memory": "1024Mi"}, "limits": {"cpu": "1000m"}});
    let deployment: Deployment = from_json(deployment);
    let created = place
        .api()
        .create(&PostParams::default(), &deployment)
        .await
        .unwrap();
    let spec = serde_json::to_value(created.spec).unwrap();
    assert_eq!(
        spec["template"]["spec"]["containers"][0]["resources"],
        json!({"requests": {"cpu": "500m", "memory": "1Gi"}, "limits": {"cpu": "1"}})
    );
}
