//! Asks the API server for its version every few seconds: is it there, and what time is it there?

use std::sync::Arc;
use std::time::Duration;

use http::{Request, header};
use kube::Client;
use kube::client::Body;
use serde::Deserialize;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::clock::ClockSync;
use super::reach::Reach;

/// How often the API server is asked while it answers, and while it does not.
const INTERVAL: Duration = Duration::from_secs(10);
const INTERVAL_LOST: Duration = Duration::from_secs(2);
const LIMIT: Duration = Duration::from_secs(5);

/// Why the API server counts as away.
#[derive(Debug, thiserror::Error)]
enum Error {
    #[error("failed to get /version")]
    Get(#[source] kube::Error),
    #[error("/version was answered with status {0}")]
    Status(http::StatusCode),
    #[error("/version was not answered within {} s", LIMIT.as_secs())]
    TimedOut,
}

/// `GET /version` (`k8s.io/apimachinery/pkg/version`), as far as it is read.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Version {
    git_version: String,
}

/// Asks until `shutdown`; returns the task's name.
pub(super) async fn run(
    client: Client,
    clock: Arc<ClockSync>,
    reach: Arc<Reach>,
    shutdown: CancellationToken,
) -> &'static str {
    let probing = async {
        loop {
            let asked = timeout(LIMIT, ask(&client, &clock)).await;
            let wait = match asked.unwrap_or(Err(Error::TimedOut)) {
                Ok(version) => {
                    reach.reached(version);
                    INTERVAL
                }
                Err(error) => {
                    reach.unreached(&error);
                    INTERVAL_LOST
                }
            };
            tokio::select! {
                () = sleep(wait) => {}
                // A broken watch is looked into soon, but not in a tight loop.
                () = reach.doubted() => sleep(Duration::from_millis(200)).await,
            }
        }
    };
    shutdown.run_until_cancelled(probing).await.unwrap_or(());
    "probe"
}

/// The version, if the answer tells it. Any answer below 500 shows that the API server is there.
async fn ask(client: &Client, clock: &ClockSync) -> Result<Option<String>, Error> {
    let request = Request::get("/version")
        .body(Body::empty())
        .map_err(|error| Error::Get(kube::Error::HttpError(error)))?;
    let sent = Instant::now();
    let answer = client.send(request).await.map_err(Error::Get)?;
    observe_date(&answer, clock, sent);
    if answer.status().is_server_error() {
        return Err(Error::Status(answer.status()));
    }
    let body = answer
        .into_body()
        .collect_bytes()
        .await
        .map_err(Error::Get)?;
    let version = serde_json::from_slice::<Version>(&body).ok();
    Ok(version.map(|version| version.git_version))
}

fn observe_date(answer: &http::Response<Body>, clock: &ClockSync, sent: Instant) {
    let date = answer.headers().get(header::DATE);
    if let Some(date) = date.and_then(|date| date.to_str().ok()) {
        clock.observe(date, sent, Instant::now());
    }
}
