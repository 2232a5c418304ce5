//! `GET /load.log`: the whole log of the newest load's pod, asked for as the attendee. When the pod is gone, the lines
//! that the panel kept.

use std::fmt::Write as _;

use app::model::{LoadLogTail, LoadState, PodRole, Snapshot};
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use futures::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt, Stream};
use http::StatusCode;
use k8s_openapi::api::core::v1::Pod;
use kube::Api;
use kube::api::LogParams;

use super::AppState;
use super::downloads::{attachment, attendee};
use crate::call::TIME_LIMIT;
use crate::error::chain;

/// The most that is sent: a kubelet keeps 10 MiB of a container's log in its newest file (`containerLogMaxSize`).
const MOST_BYTES: u64 = 16 * 1024 * 1024;

/// Read at once on the way through.
const CHUNK: usize = 32 * 1024;

/// `GET /load.log`.
pub(super) async fn download(State(state): State<AppState>, request: Request) -> Response {
    let client = state.client(&request);
    let attendee = attendee(
        &state,
        request.headers(),
        client,
        "This is an attendee's log.\n",
    )
    .await;
    let (actor, namespace) = match attendee {
        Ok(attendee) => attendee,
        Err(response) => return response,
    };
    let namespace = namespace.as_str();
    let snapshot = state.published.snapshot(namespace);
    let load = snapshot.as_ref().and_then(|seen| seen.load.as_ref());
    let kept = state.published.history(namespace).unwrap_or_default().log;
    let (Some(snapshot), Some(load)) = (&snapshot, load) else {
        return (StatusCode::NOT_FOUND, "No load has run yet.\n").into_response();
    };
    let name = file_name(namespace, load);
    let Some(pod) = pod_of(snapshot, &kept) else {
        return text(&name, Body::from(kept_lines(&kept, Missing::Gone)));
    };
    let client = state.clients.attendee(namespace, actor.seat);
    let api: Api<Pod> = Api::namespaced(client, namespace);
    let params = LogParams {
        limit_bytes: i64::try_from(MOST_BYTES).ok(),
        ..LogParams::default()
    };
    let body = match tokio::time::timeout(TIME_LIMIT, api.log_stream(&pod, &params)).await {
        Ok(Ok(log)) => Body::from_stream(chunks(log)),
        // Gone meanwhile, or not begun.
        Ok(Err(kube::Error::Api(status))) if matches!(status.code, 400 | 404) => {
            Body::from(kept_lines(&kept, Missing::Gone))
        }
        Ok(Err(error)) => {
            let error = chain(&error);
            tracing::warn!(namespace, pod, error, "a load's log cannot be downloaded");
            Body::from(kept_lines(&kept, Missing::Unread))
        }
        Err(_elapsed) => {
            tracing::warn!(namespace, pod, "a load's log was not told in time");
            Body::from(kept_lines(&kept, Missing::Unread))
        }
    };
    text(&name, body)
}

/// Why the whole log is not there.
#[derive(Clone, Copy, Debug)]
enum Missing {
    /// Its pod is gone.
    Gone,
    /// The cluster did not tell it.
    Unread,
}

/// The pod that writes the newest load's log, if it is there.
fn pod_of(snapshot: &Snapshot, kept: &LoadLogTail) -> Option<String> {
    let mut pods = snapshot.pods.iter().rev();
    let of_load = |name: &str| kept.pod.is_empty() || kept.pod == name;
    let pod = pods.find(|pod| pod.role == PodRole::Load && of_load(&pod.name))?;
    Some(pod.name.clone())
}

/// What the panel kept, and in its first line why it is not all.
fn kept_lines(kept: &LoadLogTail, missing: Missing) -> String {
    let why = match missing {
        Missing::Gone => "The pod is gone, and its log with it.",
        Missing::Unread => "The cluster did not give the log.",
    };
    let (lines, left_out) = (kept.lines.len(), kept.left_out());
    let mut text = format!("# {why} The panel kept {lines} lines of it and left out {left_out}.\n");
    for line in &kept.lines {
        let cut = if line.cut { " … cut" } else { "" };
        // Writing to a string never fails.
        let _ = writeln!(text, "{}{cut}", line.text);
    }
    text
}

/// Names of Kubernetes: letters, digits, dashes and dots.
fn file_name(namespace: &str, load: &LoadState) -> String {
    format!("{namespace}-{}.log", load.job)
}

fn text(name: &str, body: Body) -> Response {
    attachment(name, "text/plain; charset=utf-8", body)
}

/// The log as it comes; it ends where it breaks, or stands still for too long.
fn chunks(log: impl AsyncBufRead + Send + 'static) -> impl Stream<Item = std::io::Result<Vec<u8>>> {
    let log = Box::pin(log.take(MOST_BYTES));
    futures::stream::try_unfold(log, |mut log| async move {
        let read = tokio::time::timeout(TIME_LIMIT, log.fill_buf()).await;
        let bytes = read.map_err(|_elapsed| std::io::ErrorKind::TimedOut)??;
        let chunk = bytes[..bytes.len().min(CHUNK)].to_vec();
        log.as_mut().consume(chunk.len());
        Ok((!chunk.is_empty()).then_some((chunk, log)))
    })
}

#[cfg(test)]
mod tests {
    use app::model::{LineKind, LogLine, TimeMs};

    use super::*;

    #[test]
    fn kept_lines_say_first_that_they_are_not_all() {
        let mut kept = LoadLogTail::of("9b0d", "locust-headless-x", "u1");
        kept.push(LogLine::new(3, TimeMs(1), LineKind::Said, "<b>one</b>"));
        kept.push(LogLine::new(
            4,
            TimeMs(2),
            LineKind::Said,
            &"x".repeat(9_999),
        ));
        let text = kept_lines(&kept, Missing::Gone);
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(
            lines[0],
            "# The pod is gone, and its log with it. The panel kept 2 lines of it and left out 2."
        );
        assert_eq!(lines[1], "<b>one</b>");
        assert!(lines[2].ends_with("x … cut"), "{}", lines[2]);
    }

    #[tokio::test(start_paused = true)]
    async fn log_comes_in_chunks_and_is_bounded() {
        use futures::StreamExt;
        let endless = futures::io::BufReader::new(futures::io::repeat(b'x'));
        let all = chunks(endless).fold(0, |sum, chunk| async move { sum + chunk.unwrap().len() });
        assert_eq!(all.await as u64, MOST_BYTES);
    }
}
