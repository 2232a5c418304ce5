//! Asks the API server what it is and what it serves: its version and clock, API groups, KEDA's CRD, the metrics API.

use http::{Request, header};
use jiff::Timestamp;
use jiff::fmt::rfc2822;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, Time};
use kube::ResourceExt;
use kube::client::Body;
use serde::Deserialize;
use serde_json::Value;

use super::ask::Reader;
use crate::check::observed::{Metrics, Reading, Sample, Unread};
use crate::workshop::time::duration_ms;

/// Groups that every cluster has, in the versions that the workshop's objects and the panel's watches have.
const APIS: [&str; 3] = ["apps/v1", "batch/v1", "autoscaling/v2"];

/// What the API server says of itself.
pub(super) struct Server {
    pub(super) version: Option<String>,
    /// Its time when it answered.
    pub(super) time: Timestamp,
    pub(super) ahead_ms: Option<i64>,
}

/// `GET /version` (`k8s.io/apimachinery/pkg/version`), as far as it is read.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Version {
    git_version: String,
}

/// Asks for the version and reads the clock.
///
/// # Errors
/// A sentence: nobody answers, or this account is not known there.
pub(super) async fn server(
    reader: &Reader,
    machine_clock: impl Fn() -> Timestamp,
) -> Result<Server, String> {
    let sentence = |unread| match unread {
        Unread::Failed(cause) => cause,
        Unread::Absent | Unread::Forbidden => "it refused to tell its version".to_owned(),
    };
    let request = Request::get("/version").body(Body::empty());
    let request = request.map_err(|error| error.to_string())?;
    let sent = machine_clock();
    let answer = reader.ask(reader.client().send(request)).await;
    let answer = answer.map_err(sentence)?;
    let received = machine_clock();
    if answer.status() == http::StatusCode::UNAUTHORIZED {
        return Err("the API server does not accept these credentials".to_owned());
    }
    if answer.status().is_server_error() {
        return Err(format!("the API server answers {}", answer.status()));
    }
    let date = answer.headers().get(header::DATE);
    let date = date.and_then(|date| {
        let parser = rfc2822::DateTimeParser::new();
        parser.parse_timestamp(date.to_str().ok()?).ok()
    });
    let body = reader.ask(answer.into_body().collect_bytes()).await;
    let version = serde_json::from_slice::<Version>(&body.map_err(sentence)?);
    Ok(Server {
        version: version.ok().map(|version| version.git_version),
        time: date.unwrap_or(received),
        ahead_ms: date.map(|date| ahead_ms(date, sent, received)),
    })
}

/// How far this machine's clock is ahead of a `Date` header, which is cut to whole seconds: the least that explains it.
fn ahead_ms(date: Timestamp, sent: Timestamp, received: Timestamp) -> i64 {
    let date = date.as_millisecond();
    let least = sent.as_millisecond() - (date + 999);
    let most = received.as_millisecond() - date;
    if least > 0 { least } else { most.min(0) }
}

/// Whether a group is served in a version, `apps/v1`.
pub(super) async fn served(reader: &Reader, group_version: &str) -> Reading<()> {
    let list = reader.get::<Value>(&format!("/apis/{group_version}")).await;
    list.map(|_| ())
}

pub(super) async fn apis(reader: &Reader) -> Vec<(&'static str, Reading<()>)> {
    let asked = APIS.map(|api| async move { (api, served(reader, api).await) });
    futures::future::join_all(asked).await
}

/// KEDA's version as the labels of its CRD tell it; its chart and its release's manifest set them.
pub(super) async fn keda_version(reader: &Reader) -> Reading<Option<String>> {
    let definitions = reader.all::<CustomResourceDefinition>();
    let definition = reader.ask(definitions.get_metadata("scaledobjects.keda.sh"));
    let definition = definition.await?;
    let version = definition.labels().get("app.kubernetes.io/version");
    Ok(version.cloned())
}

#[derive(Deserialize)]
struct List {
    items: Vec<Metric>,
}

/// metrics.k8s.io/v1beta1 `PodMetrics` and `NodeMetrics`, as far as they are read.
#[derive(Deserialize)]
struct Metric {
    metadata: ObjectMeta,
    timestamp: Time,
    #[serde(default)]
    window: String,
}

pub(super) async fn metrics(reader: &Reader) -> Metrics {
    let (api, unavailable, nodes, pods) = tokio::join!(
        served(reader, "metrics.k8s.io/v1beta1"),
        unavailable(reader),
        samples(reader, "nodes"),
        samples(reader, "pods"),
    );
    Metrics {
        api,
        unavailable,
        nodes,
        pods,
    }
}

async fn samples(reader: &Reader, plural: &str) -> Reading<Vec<Sample>> {
    let path = format!("/apis/metrics.k8s.io/v1beta1/{plural}");
    let list = reader.get::<List>(&path).await?;
    let sample = |metric: Metric| Sample {
        name: metric.metadata.name.unwrap_or_default(),
        time: metric.timestamp.0,
        window_ms: duration_ms(&metric.window),
    };
    Ok(list.items.into_iter().map(sample).collect())
}

/// What the API server says why it cannot reach metrics-server.
async fn unavailable(reader: &Reader) -> Reading<Option<String>> {
    let path = "/apis/apiregistration.k8s.io/v1/apiservices/v1beta1.metrics.k8s.io";
    let service = reader.get::<Value>(path).await?;
    let conditions = service["status"]["conditions"].as_array();
    let available = conditions
        .into_iter()
        .flatten()
        .find(|condition| condition["type"] == "Available");
    Ok(match available {
        Some(condition) if condition["status"] == "True" => None,
        Some(condition) => {
            let message = condition["message"].as_str();
            Some(message.unwrap_or("no reason is given").to_owned())
        }
        None => Some("its state is not known yet".to_owned()),
    })
}

#[cfg(test)]
mod tests {
    use super::ahead_ms;

    #[test]
    fn skew_is_the_least_that_explains_the_date() {
        let at = |text: &str| text.parse().unwrap();
        let ahead = |sent, received| ahead_ms(at("2026-11-24T09:00:00Z"), at(sent), at(received));
        assert_eq!(ahead("2026-11-24T09:00:00.2Z", "2026-11-24T09:00:00.3Z"), 0);
        assert_eq!(ahead("2026-11-24T09:00:10Z", "2026-11-24T09:00:11Z"), 9001);
        assert_eq!(ahead("2026-11-24T08:59:50Z", "2026-11-24T08:59:51Z"), -9000);
    }
}
