//! What a request for a container's log may say, and what it gets while there is none.

use serde_json::json;

use super::Place;

/// A pod whose image cannot be pulled.
async fn create_pod(place: &Place) {
    let pod = json!({"metadata": {"name": "pull"}, "spec": {
        "terminationGracePeriodSeconds": 0,
        "containers": [
            {"name": "one", "image": "registry.invalid/webapp:1"},
            {"name": "two", "image": "registry.invalid/webapp:1"},
        ],
    }});
    place.post(&place.core("pods"), &pod).await.object();
}

pub(crate) async fn log_options_are_checked(place: Place) {
    let log = place.core("pods/none/log");
    for (query, error) in [
        (
            "tailLines=-1",
            "tailLines: Invalid value: -1: must be greater than or equal to 0",
        ),
        (
            "limitBytes=0",
            "limitBytes: Invalid value: 0: must be greater than 0",
        ),
        (
            "sinceSeconds=-5",
            "sinceSeconds: Invalid value: -5: must be greater than 0",
        ),
        (
            "sinceSeconds=1&sinceTime=2026-01-01T00:00:00Z",
            "[]: Forbidden: at most one of `sinceTime` or `sinceSeconds` may be specified",
        ),
        (
            "tailLines=1&limitBytes=0&sinceSeconds=0",
            "[limitBytes: Invalid value: 0: must be greater than 0, sinceSeconds: Invalid value: 0: must be greater than 0]",
        ),
    ] {
        let message = format!("PodLogOptions \"none\" is invalid: {error}");
        place
            .get(&format!("{log}?{query}"))
            .await
            .refused(422, "Invalid", &message);
    }
    place.get(&format!("{log}?tailLines=x")).await.refused(
        400,
        "BadRequest",
        "strconv.ParseInt: parsing \"x\": invalid syntax",
    );
    place.get(&format!("{log}?sinceTime=yesterday")).await.refused(
        400,
        "BadRequest",
        "parsing time \"yesterday\" as \"2006-01-02T15:04:05Z07:00\": cannot parse \"yesterday\" as \"2006\"",
    );
    place
        .get(&log)
        .await
        .refused(404, "NotFound", "pods \"none\" not found");
}

pub(crate) async fn container_without_a_log_says_why(place: Place) {
    create_pod(&place).await;
    let log = place.core("pods/pull/log");
    place.get(&log).await.refused(
        400,
        "BadRequest",
        "a container name must be specified for pod pull, choose one of: [one two]",
    );
    place.get(&format!("{log}?container=none")).await.refused(
        400,
        "BadRequest",
        "container none is not valid for pod pull",
    );
    // The kubelet first makes the container, then finds that it cannot.
    let prefix = "container \"one\" in pod \"pull\" is waiting to start: ";
    let failed = loop {
        let answer = place.get(&format!("{log}?container=one")).await;
        // Without a node there is nobody to ask, and the kubelet may not have heard of the pod yet.
        if !matches!(answer.code, 200 | 204 | 404) {
            let message = answer.message();
            // Between the two the kubelet may have no state to tell.
            let early = message.ends_with(" is not available")
                || message.strip_prefix(prefix) == Some("ContainerCreating");
            if !early {
                break answer;
            }
        }
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    };
    failed.refused(400, "BadRequest", &format!("{prefix}image can't be pulled"));
    for follow in ["", "&follow=true"] {
        let previous = place
            .get(&format!("{log}?container=one&previous=true{follow}"))
            .await;
        previous.refused(
            400,
            "BadRequest",
            "previous terminated container \"one\" in pod \"pull\" not found",
        );
    }
    place.delete(&place.core("pods/pull")).await.object();
}
