//! Answers: JSON, a Status, or a stream of lines; with the headers that every answer has.

use std::convert::Infallible;

use bytes::Bytes;
use futures::Stream;
use http::header::{CONTENT_TYPE, DATE, HeaderValue, RETRY_AFTER, WARNING};
use http::{Response, StatusCode};
use http_body::Frame;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use jiff::Timestamp;
use serde_json::Value;

use crate::faults::Refusal;
use crate::status::{Result, Status};

/// The body of an answer: whole, or a stream that may not end.
pub type Body = UnsyncBoxBody<Bytes, Infallible>;

/// A whole body with its code.
pub(super) fn json(code: StatusCode, value: &Value) -> Response<Body> {
    bytes(code, "application/json", value.to_string().into())
}

/// A whole body of text.
pub(super) fn text(code: StatusCode, text: impl Into<Bytes>) -> Response<Body> {
    bytes(code, "text/plain; charset=utf-8", text.into())
}

fn bytes(code: StatusCode, media: &'static str, body: Bytes) -> Response<Body> {
    let mut response = Response::new(Full::new(body).boxed_unsync());
    *response.status_mut() = code;
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static(media));
    response
}

/// A stream of pieces, sent as they come.
pub(super) fn stream(
    media: &'static str,
    pieces: impl Stream<Item = Bytes> + Send + 'static,
) -> Response<Body> {
    use futures::StreamExt as _;
    let frames = pieces.map(|piece| Ok(Frame::data(piece)));
    let mut response = Response::new(StreamBody::new(frames).boxed_unsync());
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static(media));
    response
}

/// A refusal.
pub(super) fn status(status: &Status) -> Response<Body> {
    let code = StatusCode::from_u16(status.code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    json(code, &status.to_json())
}

/// The answer to a request that the API server does not look at.
pub(super) fn refusal(refusal: Refusal) -> Result<Response<Body>> {
    match refusal {
        Refusal::Away => Err(Status::service_unavailable(
            "the server is currently unable to handle the request",
        )),
        // Upstream: `apiserver/pkg/server/filters/maxinflight.go`, `tooManyRequests`.
        Refusal::TooManyRequests => {
            let code = StatusCode::TOO_MANY_REQUESTS;
            let mut response = text(code, "Too many requests, please try again later.\n");
            let headers = response.headers_mut();
            headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
            Ok(response)
        }
        // What etcd says, passed on without a reason (`ErrorToAPIStatus`, `apiserver/…/responsewriters/status.go`).
        Refusal::Failed => Err(Status::new(500, "", "etcdserver: request timed out")),
    }
}

/// Adds a `Warning` header, which kubectl prints. RFC 7234 code 299, as upstream
/// (`apiserver/pkg/warning`, `apimachinery/pkg/util/net/http.go`, `NewWarningHeader`).
pub(super) fn warn(response: &mut Response<Body>, warning: &str) {
    let quoted = warning.replace('\\', "\\\\").replace('"', "\\\"");
    if let Ok(value) = HeaderValue::try_from(format!("299 - \"{quoted}\"")) {
        response.headers_mut().append(WARNING, value);
    }
}

/// Sets `Date` to the simulated time. Clients learn the cluster's clock from it.
pub(super) fn date(response: &mut Response<Body>, now: Timestamp) {
    let date = now.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    if let Ok(value) = HeaderValue::try_from(date) {
        response.headers_mut().insert(DATE, value);
    }
}
