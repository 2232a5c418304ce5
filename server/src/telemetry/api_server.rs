//! Calls to the API server: every request of a client that was made by [`ApiServer::measured`], by verb and outcome.

use std::time::Instant;

use http::{Request, StatusCode};
use kube::Client;
use kube::client::Body;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use super::http::class;
use super::latencies;

/// No answer came: the connection failed, or whoever asked gave up.
const UNANSWERED: &str = "unanswered";

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Labels {
    verb: &'static str,
    outcome: &'static str,
}

/// How long the API server takes until it begins to answer.
#[derive(Clone, Debug)]
pub struct ApiServer {
    duration: Family<Labels, Histogram, fn() -> Histogram>,
}

impl ApiServer {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let duration = Family::new_with_constructor(latencies as fn() -> Histogram);
        registry.register_with_unit(
            "api_request_duration",
            "Time until the API server begins to answer",
            Unit::Seconds,
            Family::clone(&duration),
        );
        Self { duration }
    }

    /// A client over the connections of `client`, whose requests are measured: the panel's and, through it, those of the
    /// accounts that it impersonates.
    pub fn measured(&self, client: Client) -> Client {
        let namespace = client.default_namespace().to_owned();
        let measured = self.clone();
        let service = tower::service_fn(move |request: Request<Body>| {
            let client = client.clone();
            let mut call = measured.begin(verb(&request));
            async move {
                let answer = client.send(request).await?;
                call.answered(answer.status());
                Ok::<_, tower::BoxError>(answer)
            }
        });
        Client::new(service, namespace)
    }

    fn begin(&self, verb: &'static str) -> Call {
        let outcome = UNANSWERED;
        Call {
            duration: self.duration.clone(),
            labels: Labels { verb, outcome },
            begun: Instant::now(),
        }
    }
}

/// A call under way. It is measured when it is dropped, so that one that was given up counts, too.
struct Call {
    duration: Family<Labels, Histogram, fn() -> Histogram>,
    labels: Labels,
    begun: Instant,
}

impl Call {
    fn answered(&mut self, status: StatusCode) {
        self.labels.outcome = class(status);
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        let took = self.begun.elapsed().as_secs_f64();
        self.duration.get_or_create(&self.labels).observe(took);
    }
}

/// Kubernetes' word for what is asked. kube names each request of an `Api` in an extension, for its own tracing
/// (`kube-client/src/api/core_methods.rs`); the rest are plain reads such as `/version`.
fn verb(request: &Request<Body>) -> &'static str {
    let name = request.extensions().get::<&'static str>();
    let name = name.copied().unwrap_or_default();
    match name.split('_').next().unwrap_or_default() {
        "get" => "get",
        "list" => "list",
        "watch" => "watch",
        "create" => "create",
        "patch" => "patch",
        "replace" => "update",
        "delete" => "delete",
        "log" | "logs" => "log",
        _ => "other",
    }
}
