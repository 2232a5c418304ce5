//! Follows the log of a Job's pod to its end.

use futures::{AsyncBufReadExt, TryStreamExt};
use k8s_openapi::api::core::v1::Pod;
use kube::api::{Api, LogParams};

use super::notes::Notes;
use crate::line::Entry;

/// Writes down every line as it comes.
pub(super) async fn follow(api: Api<Pod>, pod: String, notes: Notes) {
    let message = copy(&api, &pod, &notes).await.err();
    notes.add(Entry::LogEnd { pod, message });
}

async fn copy(api: &Api<Pod>, pod: &str, notes: &Notes) -> Result<(), String> {
    let parameters = LogParams {
        follow: true,
        timestamps: true,
        ..LogParams::default()
    };
    let log = api.log_stream(pod, &parameters).await;
    let mut lines = log.map_err(|error| error.to_string())?.lines();
    while let Some(line) = lines.try_next().await.map_err(|error| error.to_string())? {
        notes.add(Entry::Log {
            pod: pod.to_owned(),
            line,
        });
    }
    Ok(())
}
