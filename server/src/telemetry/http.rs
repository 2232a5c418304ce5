//! Requests of browsers, by route. Counted by a middleware of `web/`.

use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::StatusCode;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use super::latencies;

/// The route of an address that there is not.
const NO_ROUTE: &str = "none";

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answered {
    route: String,
    status: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Route {
    route: String,
}

/// Requests by route, and how long their answers took.
#[derive(Clone, Debug)]
pub struct Http {
    requests: Family<Answered, Counter>,
    duration: Family<Route, Histogram, fn() -> Histogram>,
}

impl Http {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let requests = Family::default();
        let duration = Family::new_with_constructor(latencies as fn() -> Histogram);
        registry.register(
            "http_requests",
            "Answers by route and class of status",
            Family::clone(&requests),
        );
        registry.register_with_unit(
            "http_request_duration",
            "Time until an answer begins",
            Unit::Seconds,
            Family::clone(&duration),
        );
        Self { requests, duration }
    }

    /// The middleware. A label holds the route's pattern, never the address that was asked for.
    pub async fn measure(State(http): State<Self>, request: Request, next: Next) -> Response {
        let route = request.extensions().get::<MatchedPath>();
        let route = route.map_or(NO_ROUTE, MatchedPath::as_str).to_owned();
        let begun = Instant::now();
        let response = next.run(request).await;
        let took = begun.elapsed().as_secs_f64();
        let status = class(response.status());
        http.duration
            .get_or_create(&Route {
                route: route.clone(),
            })
            .observe(took);
        http.requests
            .get_or_create(&Answered { route, status })
            .inc();
        response
    }
}

/// `2xx`
pub(super) fn class(status: StatusCode) -> &'static str {
    match status.as_u16() / 100 {
        1 => "1xx",
        2 => "2xx",
        3 => "3xx",
        4 => "4xx",
        _ => "5xx",
    }
}
