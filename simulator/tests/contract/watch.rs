//! Watching.

use futures::{StreamExt, TryStreamExt, pin_mut};
use k8s_openapi::api::core::v1::ConfigMap;
use kube::ResourceExt;
use kube::api::{
    Api, DeleteParams, ListParams, Patch, PatchParams, PostParams, WatchEvent, WatchParams,
};
use serde_json::json;

use super::{Place, mk_config_map};

/// The next `count` events as their type and name.
async fn events(
    api: &Api<ConfigMap>,
    params: &WatchParams,
    version: &str,
    count: usize,
) -> Vec<String> {
    let stream = api.watch(params, version).await.unwrap();
    pin_mut!(stream);
    let mut seen = Vec::new();
    while seen.len() < count {
        seen.push(match stream.try_next().await.unwrap() {
            Some(WatchEvent::Added(map)) => format!("ADDED {}", map.name_any()),
            Some(WatchEvent::Modified(map)) => format!("MODIFIED {}", map.name_any()),
            Some(WatchEvent::Deleted(map)) => format!("DELETED {}", map.name_any()),
            Some(WatchEvent::Bookmark(_)) => continue,
            Some(WatchEvent::Error(status)) => format!("ERROR {} {}", status.code, status.reason),
            None => "END".to_owned(),
        });
    }
    seen
}

async fn version(api: &Api<ConfigMap>) -> String {
    let list = api.list(&ListParams::default()).await.unwrap();
    list.metadata.resource_version.unwrap()
}

pub(crate) async fn watch_tells_changes_in_order(place: Place) {
    let api = place.api::<ConfigMap>();
    let start = version(&api).await;
    api.create(&PostParams::default(), &mk_config_map("a", "1"))
        .await
        .unwrap();
    let patch = Patch::Merge(json!({"data": {"key": "2"}}));
    api.patch("a", &PatchParams::default(), &patch)
        .await
        .unwrap();
    api.delete("a", &DeleteParams::default()).await.unwrap();
    api.create(&PostParams::default(), &mk_config_map("b", "1"))
        .await
        .unwrap();
    let mine = WatchParams::default().fields("metadata.name!=kube-root-ca.crt");
    assert_eq!(
        events(&api, &mine, &start, 4).await,
        ["ADDED a", "MODIFIED a", "DELETED a", "ADDED b"]
    );
}

pub(crate) async fn selector_turns_changes_into_additions_and_deletions(place: Place) {
    let api = place.api::<ConfigMap>();
    api.create(&PostParams::default(), &mk_config_map("a", "1"))
        .await
        .unwrap();
    let start = version(&api).await;
    for value in [json!("yes"), json!("no")] {
        let patch = Patch::Merge(json!({"metadata": {"labels": {"shown": value}}}));
        api.patch("a", &PatchParams::default(), &patch)
            .await
            .unwrap();
    }
    let shown = WatchParams::default().labels("shown=yes");
    assert_eq!(
        events(&api, &shown, &start, 2).await,
        ["ADDED a", "DELETED a"]
    );
}

pub(crate) async fn expired_version_is_gone(place: Place) {
    let api = place.api::<ConfigMap>();
    let stream = api.watch(&WatchParams::default(), "1").await;
    // The refusal is the answer itself, or the first event of the stream.
    let code = match stream {
        Err(kube::Error::Api(status)) => status.code,
        Err(other) => panic!("no answer of the API: {other}"),
        Ok(stream) => {
            pin_mut!(stream);
            match stream.next().await {
                Some(Ok(WatchEvent::Error(status))) => status.code,
                other => panic!("no error: {other:?}"),
            }
        }
    };
    assert_eq!(code, 410);
}
