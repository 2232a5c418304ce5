//! Deleting.

use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::ConfigMap;
use kube::ResourceExt;
use kube::api::{DeleteParams, ListParams, Patch, PatchParams, PostParams, Preconditions};
use serde_json::{Value, json};

use super::raw::MERGE;
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

pub(crate) async fn delete_options_are_checked_before_the_object(place: Place) {
    let none = place.core("configmaps/none");
    let unsupported = "propagationPolicy: Unsupported value: \"Foo\": supported values: \"Foreground\", \"Background\", \"Orphan\", \"nil\"";
    let both = json!({"propagationPolicy": "Background", "orphanDependents": true});
    for (answer, error) in [
        (
            place.delete(&format!("{none}?propagationPolicy=Foo")).await,
            unsupported,
        ),
        (
            place
                .delete_with(&none, &json!({"propagationPolicy": "Foo"}))
                .await,
            unsupported,
        ),
        (
            place
                .delete_with(
                    &place.core("configmaps"),
                    &json!({"propagationPolicy": "Foo"}),
                )
                .await,
            unsupported,
        ),
        (
            place.delete_with(&none, &both).await,
            "propagationPolicy: Invalid value: \"Background\": orphanDependents and deletionPropagation cannot be both set",
        ),
        (
            place.delete_with(&none, &json!({"dryRun": ["Foo"]})).await,
            "dryRun: Unsupported value: [\"Foo\"]: supported values: \"All\"",
        ),
    ] {
        let message = format!("DeleteOptions.meta.k8s.io \"\" is invalid: {error}");
        answer.refused(422, "Invalid", &message);
    }
    place.delete_with(&none, &json!({"kind": "Foo", "apiVersion": "v1"})).await.refused(
        400,
        "BadRequest",
        "no kind \"Foo\" is registered for version \"v1\" in scheme \"pkg/runtime/scheme.go:111\"",
    );
    place
        .delete(&format!("{none}?gracePeriodSeconds=abc"))
        .await
        .refused(
            400,
            "BadRequest",
            "strconv.ParseInt: parsing \"abc\": invalid syntax",
        );
    place
        .delete(&none)
        .await
        .refused(404, "NotFound", "configmaps \"none\" not found");
    let broken = place.ask(
        http::Method::DELETE,
        &none,
        &[("content-type", "application/json")],
        "{",
    );
    broken.await.refused(
        400,
        "BadRequest",
        "couldn't get version/kind; json parse error: unexpected end of JSON input",
    );
}

pub(crate) async fn delete_options_come_in_the_body_or_the_query(place: Place) {
    let maps = place.core("configmaps");
    for name in ["a", "b", "c"] {
        let map = json!({"metadata": {"name": name, "finalizers": ["example.com/hold"]}});
        place.post(&maps, &map).await.object();
    }
    let query = place
        .delete(&format!("{maps}/a?propagationPolicy=Foreground"))
        .await
        .object();
    assert_eq!(
        query["metadata"]["finalizers"],
        json!(["example.com/hold", "foregroundDeletion"])
    );
    let body = json!({"kind": "DeleteOptions", "apiVersion": "v1", "propagationPolicy": "Orphan"});
    let orphaned = place
        .delete_with(&format!("{maps}/b"), &body)
        .await
        .object();
    assert_eq!(
        orphaned["metadata"]["finalizers"],
        json!(["example.com/hold", "orphan"])
    );
    let background = json!({"propagationPolicy": "Background"});
    let both = place
        .delete_with(
            &format!("{maps}/c?propagationPolicy=Foreground"),
            &background,
        )
        .await
        .object();
    assert_eq!(
        both["metadata"]["finalizers"],
        json!(["example.com/hold"]),
        "the body wins"
    );
    for name in ["a", "b", "c"] {
        let free = json!({"metadata": {"finalizers": null}});
        place
            .patch(&format!("{maps}/{name}"), MERGE, &free)
            .await
            .object();
    }
}

pub(crate) async fn precondition_can_be_a_version(place: Place) {
    let maps = place.core("configmaps");
    let made = place
        .post(&maps, &json!({"metadata": {"name": "a"}}))
        .await
        .object();
    let version = made["metadata"]["resourceVersion"].as_str().unwrap();
    let guarded = |version: &str| json!({"preconditions": {"resourceVersion": version}});
    place.delete_with(&format!("{maps}/a"), &guarded("1")).await.refused(
        409,
        "Conflict",
        &format!("Operation cannot be fulfilled on ConfigMap \"a\": the ResourceVersion in the precondition (1) does not match the ResourceVersion in record ({version}). The object might have been modified"),
    );
    let deleted = place
        .delete_with(&format!("{maps}/a"), &guarded(version))
        .await
        .object();
    assert_eq!(
        deleted,
        json!({
            "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success",
            "details": {"name": "a", "kind": "configmaps", "uid": made["metadata"]["uid"]},
        })
    );
}

/// A ConfigMap `owner`, and `owned` that it owns.
async fn create_family(place: &Place, blocks: bool, finalizers: &Value) {
    let maps = place.core("configmaps");
    let owner = place
        .post(&maps, &json!({"metadata": {"name": "owner"}}))
        .await
        .object();
    let owned = json!({"metadata": {"name": "owned", "finalizers": finalizers, "ownerReferences": [{
        "apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": owner["metadata"]["uid"], "blockOwnerDeletion": blocks,
    }]}});
    place.post(&maps, &owned).await.object();
}

/// Reads until the answer is as wanted.
async fn until(place: &Place, path: &str, wanted: impl Fn(u16, &Value) -> bool) -> Value {
    loop {
        let answer = place.get(path).await;
        let object = answer.json();
        if wanted(answer.code, &object) {
            return object;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
}

pub(crate) async fn foreground_deletion_waits_for_what_blocks_it(place: Place) {
    create_family(&place, true, &json!(["example.com/hold"])).await;
    let (owner, owned) = (
        place.core("configmaps/owner"),
        place.core("configmaps/owned"),
    );
    let marked = place
        .delete(&format!("{owner}?propagationPolicy=Foreground"))
        .await
        .object();
    assert_eq!(
        marked["metadata"]["finalizers"],
        json!(["foregroundDeletion"])
    );
    until(&place, &owned, |_, object| {
        object["metadata"]["deletionTimestamp"].is_string()
    })
    .await;
    assert_eq!(place.get(&owner).await.code, 200, "its dependent blocks it");
    let free = json!({"metadata": {"finalizers": null}});
    place.patch(&owned, MERGE, &free).await.object();
    until(&place, &owner, |code, _| code == 404).await;
    assert_eq!(place.get(&owned).await.code, 404);
}

pub(crate) async fn background_deletion_takes_dependents_afterwards(place: Place) {
    create_family(&place, true, &Value::Null).await;
    let deleted = place
        .delete(&place.core("configmaps/owner?propagationPolicy=Background"))
        .await;
    assert_eq!(deleted.object()["kind"], "Status");
    assert_eq!(place.get(&place.core("configmaps/owner")).await.code, 404);
    until(&place, &place.core("configmaps/owned"), |code, _| {
        code == 404
    })
    .await;
}

pub(crate) async fn orphans_lose_their_owner(place: Place) {
    create_family(&place, true, &Value::Null).await;
    let owner = place.core("configmaps/owner");
    let marked = place
        .delete(&format!("{owner}?propagationPolicy=Orphan"))
        .await
        .object();
    assert_eq!(marked["metadata"]["finalizers"], json!(["orphan"]));
    until(&place, &owner, |code, _| code == 404).await;
    let orphan = place.get(&place.core("configmaps/owned")).await.object();
    assert_eq!(orphan["metadata"]["ownerReferences"], Value::Null);
}

pub(crate) async fn terminating_namespace_takes_nothing_new(place: Place) {
    let name = format!("{}-ending", place.namespace);
    let made = place
        .post("/api/v1/namespaces", &json!({"metadata": {"name": name}}))
        .await
        .object();
    assert_eq!(made["spec"]["finalizers"], json!(["kubernetes"]));
    let maps = format!("/api/v1/namespaces/{name}/configmaps");
    let hold = json!({"metadata": {"name": "a", "finalizers": ["example.com/hold"]}});
    place.post(&maps, &hold).await.object();
    let ending = place
        .delete(&format!("/api/v1/namespaces/{name}"))
        .await
        .object();
    assert_eq!(ending["status"]["phase"], "Terminating");
    let refused = place.post(&maps, &json!({"metadata": {"name": "b"}})).await;
    refused.refused(
        403,
        "Forbidden",
        &format!("configmaps \"b\" is forbidden: unable to create new content in namespace {name} because it is being terminated"),
    );
    assert_eq!(
        refused.json()["details"]["causes"][0],
        json!({"reason": "NamespaceTerminating", "message": format!("namespace {name} is being terminated"), "field": "metadata.namespace"})
    );
    let free = json!({"metadata": {"finalizers": null}});
    until(&place, &format!("{maps}/a"), |_, object| {
        object["metadata"]["deletionTimestamp"].is_string()
    })
    .await;
    place
        .patch(&format!("{maps}/a"), MERGE, &free)
        .await
        .object();
    place
        .post(
            "/api/v1/namespaces/none-such/configmaps",
            &json!({"metadata": {"name": "b"}}),
        )
        .await
        .refused(404, "NotFound", "namespaces \"none-such\" not found");
}
