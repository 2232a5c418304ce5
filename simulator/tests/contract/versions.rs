//! resourceVersion in reads: which state is shown, from where a watch begins, how a list goes on.

use std::time::Duration;

use serde_json::{Value, json};

use super::Place;
use super::raw::{Answer, MERGE};

/// A version that no cluster of a test reaches.
const FUTURE: &str = "99999999999";

async fn create(place: &Place, name: &str) -> u64 {
    let map = json!({"metadata": {"name": name, "labels": {"paged": "yes"}}, "data": {"key": "1"}});
    version(&place.post(&place.core("configmaps"), &map).await.object()["metadata"])
}

fn version(metadata: &Value) -> u64 {
    let text = metadata["resourceVersion"].as_str().unwrap();
    text.parse().unwrap()
}

fn refused_options(answer: &Answer, errors: &str) {
    let message = format!("ListOptions.meta.k8s.io \"\" is invalid: {errors}");
    answer.refused(422, "Invalid", &message);
    assert_eq!(answer.json()["details"]["kind"], "ListOptions");
    assert_eq!(answer.json()["details"]["group"], "meta.k8s.io");
}

pub(crate) async fn read_may_ask_for_no_version_of_the_future(place: Place) {
    let made = create(&place, "a").await;
    let path = place.core("configmaps/a");
    // Version 0 is whatever the server's cache holds. Asked for a version, it first waits for that one.
    place
        .get(&format!("{path}?resourceVersion={made}"))
        .await
        .object();
    let shown = place.get(&format!("{path}?resourceVersion=0")).await;
    assert_eq!(shown.object()["data"]["key"], "1");
    place
        .get(&format!("{path}?resourceVersion=abc"))
        .await
        .refused(
            500,
            "",
            "resourceVersion: Invalid value: \"abc\": strconv.ParseUint: parsing \"abc\": invalid syntax",
        );
    let list = place.core("configmaps");
    place
        .get(&format!("{list}?resourceVersion=abc"))
        .await
        .refused(
            400,
            "BadRequest",
            "invalid resource version: resourceVersion: Invalid value: \"abc\": strconv.ParseUint: parsing \"abc\": invalid syntax",
        );
    for path in [path, list] {
        let early = place.get(&format!("{path}?resourceVersion={FUTURE}")).await;
        assert_eq!(early.code, 504, "{early:?}");
        let wanted = format!("Timeout: Too large resource version: {FUTURE}, current: ");
        assert!(early.message().starts_with(&wanted), "{early:?}");
        let details = &early.json()["details"];
        assert_eq!(details["causes"][0]["reason"], "ResourceVersionTooLarge");
        assert_eq!(details["retryAfterSeconds"], 1);
    }
}

pub(crate) async fn list_shows_the_state_of_an_exact_version(place: Place) {
    let first = create(&place, "a").await;
    create(&place, "b").await;
    let change = json!({"data": {"key": "2"}});
    place
        .patch(&place.core("configmaps/a"), MERGE, &change)
        .await
        .object();
    let list = |version: u64, rule: &str| {
        place.core(&format!(
            "configmaps?labelSelector=paged&resourceVersion={version}&resourceVersionMatch={rule}"
        ))
    };
    let exact = place.get(&list(first, "Exact")).await;
    assert_eq!(exact.names(), ["a"]);
    let exact = exact.object();
    assert_eq!(version(&exact["metadata"]), first);
    assert_eq!(exact["items"][0]["data"]["key"], "1");
    let newer = place.get(&list(first, "NotOlderThan")).await;
    assert_eq!(newer.names(), ["a", "b"]);
    assert!(version(&newer.object()["metadata"]) > first);
}

pub(crate) async fn version_rules_of_lists_exclude_each_other(place: Place) {
    let list = place.core("configmaps");
    for (query, errors) in [
        (
            "resourceVersionMatch=Exact",
            "resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided",
        ),
        (
            "resourceVersion=0&resourceVersionMatch=Exact",
            "resourceVersionMatch: Forbidden: resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\"",
        ),
        (
            "resourceVersion=1&resourceVersionMatch=Foo",
            "resourceVersionMatch: Unsupported value: \"Foo\": supported values: \"Exact\", \"NotOlderThan\", \"\"",
        ),
        (
            "sendInitialEvents=true",
            "sendInitialEvents: Forbidden: sendInitialEvents is forbidden for list",
        ),
        (
            "watch=1&sendInitialEvents=true",
            "resourceVersionMatch: Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan",
        ),
        (
            "watch=1&resourceVersionMatch=NotOlderThan",
            "resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided",
        ),
        (
            "watch=1&sendInitialEvents=true&resourceVersionMatch=Exact",
            "[resourceVersionMatch: Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan, resourceVersionMatch: Unsupported value: \"Exact\": supported values: \"NotOlderThan\"]",
        ),
    ] {
        refused_options(&place.get(&format!("{list}?{query}")).await, errors);
    }
}

pub(crate) async fn watch_can_begin_with_what_is_there(place: Place) {
    create(&place, "a").await;
    let only = "fieldSelector=metadata.name%3Da&timeoutSeconds=1&watch=1";
    let list = place.core("configmaps");
    let seen = place
        .get(&format!(
            "{list}?{only}&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true"
        ))
        .await
        .lines();
    assert_eq!(seen[0]["type"], "ADDED");
    assert_eq!(seen[0]["object"]["metadata"]["name"], "a");
    let bookmark = &seen[1];
    assert_eq!(bookmark["type"], "BOOKMARK");
    assert_eq!(bookmark["object"]["kind"], "ConfigMap");
    assert_eq!(
        bookmark["object"]["metadata"]["annotations"],
        json!({"k8s.io/initial-events-end": "true"})
    );
    let added = version(&seen[0]["object"]["metadata"]);
    assert!(version(&bookmark["object"]["metadata"]) >= added);
    // Without a version a watch with bookmarks is the same, since the server's version of streaming lists.
    let seen = place
        .get(&format!("{list}?{only}&allowWatchBookmarks=true"))
        .await
        .lines();
    assert_eq!(
        (&seen[0]["type"], &seen[1]["type"]),
        (&json!("ADDED"), &json!("BOOKMARK"))
    );
    // From a version there is nothing until something happens.
    let seen = place
        .get(&format!("{list}?{only}&resourceVersion={added}"))
        .await
        .lines();
    assert_eq!(seen, Vec::<Value>::new());
}

pub(crate) async fn watch_needs_a_readable_version(place: Place) {
    let watch = place.core("configmaps?watch=1&timeoutSeconds=1");
    place
        .get(&format!("{watch}&resourceVersion=abc"))
        .await
        .refused(
            500,
            "",
            "resourceVersion: Invalid value: \"abc\": strconv.ParseUint: parsing \"abc\": invalid syntax",
        );
    let future = place
        .get(&format!("{watch}&resourceVersion={FUTURE}"))
        .await;
    assert_eq!(
        future.lines(),
        Vec::<Value>::new(),
        "it waits for its version"
    );
    place
        .get(&place.core("configmaps?watch=1&timeoutSeconds=abc"))
        .await
        .refused(
            400,
            "BadRequest",
            "strconv.ParseInt: parsing \"abc\": invalid syntax",
        );
    // One object is read, whatever `watch` says.
    create(&place, "a").await;
    let one = place.get(&place.core("configmaps/a?watch=1")).await;
    assert_eq!(one.object()["kind"], "ConfigMap");
}

pub(crate) async fn pages_show_the_state_of_the_first(place: Place) {
    for name in ["a", "b", "c"] {
        create(&place, name).await;
    }
    let page = place.core("configmaps?labelSelector=paged&limit=1");
    let first = place.get(&page).await;
    assert_eq!(first.names(), ["a"]);
    let metadata = first.object()["metadata"].clone();
    // A list by selector does not know how many are left.
    assert_eq!(metadata["remainingItemCount"], Value::Null);
    let token = metadata["continue"].as_str().unwrap();
    place.delete(&place.core("configmaps/b")).await.object();
    create(&place, "d").await;
    let second = place.get(&format!("{page}&continue={token}")).await;
    assert_eq!(second.names(), ["b"], "it was there at the first page");
    assert_eq!(
        second.object()["metadata"]["resourceVersion"],
        metadata["resourceVersion"]
    );
    let rest = place
        .get(&place.core(&format!("configmaps?labelSelector=paged&continue={token}")))
        .await;
    assert_eq!(rest.names(), ["b", "c"]);
    place
        .get(&format!("{page}&resourceVersion=1&continue={token}"))
        .await
        .refused(
            400,
            "BadRequest",
            "specifying resource version is not allowed when using continue",
        );
}

pub(crate) async fn page_without_selector_counts_the_rest(place: Place) {
    for name in ["a", "b", "c"] {
        let account = json!({"metadata": {"name": name}, "spec": {"hard": {}}});
        place
            .post(&place.core("resourcequotas"), &account)
            .await
            .object();
    }
    let first = place
        .get(&place.core("resourcequotas?limit=1"))
        .await
        .object();
    assert_eq!(first["metadata"]["remainingItemCount"], 2);
    let all = place
        .get(&place.core("resourcequotas?limit=1&resourceVersion=0"))
        .await;
    assert_eq!(
        all.names(),
        ["a", "b", "c"],
        "any version is the cache's, which has no pages"
    );
}

pub(crate) async fn continue_token_must_be_the_servers(place: Place) {
    let page = place.core("configmaps?limit=1&continue=");
    let broken = place.get(&format!("{page}abc")).await;
    assert_eq!(broken.code, 400);
    assert!(
        broken
            .message()
            .starts_with("invalid continue token: continue key is not valid: "),
        "{broken:?}"
    );
    let list = place.core("configmaps");
    place.get(&format!("{list}?limit=x")).await.refused(
        400,
        "BadRequest",
        "strconv.ParseInt: parsing \"x\": invalid syntax",
    );
}

/// The first version of a cluster. A real one forgets it five to ten minutes after its start
/// (`apiserver/pkg/storage/etcd3/compact.go`: what was newest at one compaction goes at the next), so a young one is waited for.
pub(crate) async fn old_version_is_expired(place: Place) {
    let list = place.core("configmaps");
    let path = format!("{list}?resourceVersion=1&resourceVersionMatch=Exact");
    let forgets = async {
        loop {
            let answer = place.get(&path).await;
            if answer.code != 200 {
                return answer;
            }
            tokio::time::sleep(Duration::from_secs(5)).await;
        }
    };
    let answer = tokio::time::timeout(Duration::from_secs(660), forgets).await;
    answer
        .expect("the first version is known for ever")
        .refused(
            410,
            "Expired",
            "The resourceVersion for the provided list is too old.",
        );
    // Watches are answered from the server's cache. That of its own kinds may go back to the first version; that of a
    // CRD begins with the CRD.
    let later = place.group("keda.sh/v1alpha1", "scaledobjects");
    let seen = place
        .get(&format!(
            "{later}?watch=1&resourceVersion=1&timeoutSeconds=5"
        ))
        .await
        .lines();
    let error = &seen[0];
    assert_eq!((error["type"].as_str(), seen.len()), (Some("ERROR"), 1));
    assert_eq!(error["object"]["code"], 410);
    assert_eq!(error["object"]["reason"], "Expired");
    let message = error["object"]["message"].as_str().unwrap();
    assert!(
        message.starts_with("too old resource version: 1 ("),
        "{message}"
    );
}
