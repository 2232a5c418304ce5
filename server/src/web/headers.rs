//! What every answer carries, and what every request must pass.

use std::borrow::Cow;

use axum::response::{IntoResponse, Response};
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, REFERRER_POLICY,
    STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderValue, Request, StatusCode};
use tower_http::compression::predicate::{And, Predicate, SizeAbove};
use tower_http::compression::{CompressionLayer, CompressionLevel};
use tower_http::csrf::{CsrfLayer, ProtectionError};
use tower_http::set_header::SetResponseHeaderLayer;

use super::PublicUrl;

const COOP: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
const CORP: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// A year. Not for subdomains: the panel may stand at the top of a domain whose others are not its business.
const ONLY_HTTPS: HeaderValue = HeaderValue::from_static("max-age=31536000");

/// Browsers that came by https once come by nothing else.
pub(super) fn only_https(url: &PublicUrl) -> SetResponseHeaderLayer<Option<HeaderValue>> {
    let policy = url.is_https().then_some(ONLY_HTTPS);
    SetResponseHeaderLayer::overriding(STRICT_TRANSPORT_SECURITY, policy)
}

/// Answers that are no page run no script at all.
const POLICY: &str = "default-src 'none'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/// Content-Security-Policy of a page whose inline scripts bear `nonce`.
///
/// `style-src 'self'` forbids every `style=` attribute; views use classes and data attributes.
pub(super) fn page_policy(nonce: &str) -> String {
    format!(
        "default-src 'none'; script-src 'self' 'nonce-{nonce}' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data:; \
         connect-src 'self'; font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
}

/// Adds what the answer has not set itself.
pub(super) async fn secure(mut response: Response) -> Response {
    let headers = response.headers_mut();
    let mut default = |name: HeaderName, value: &'static str| {
        headers
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    };
    default(CONTENT_SECURITY_POLICY, POLICY);
    // Forms without JavaScript return to where they came from, so the page's own address must be told to the panel.
    default(REFERRER_POLICY, "same-origin");
    default(X_CONTENT_TYPE_OPTIONS, "nosniff");
    // No other site's page holds a window of ours, or embeds what we answer.
    default(COOP, "same-origin");
    default(CORP, "same-origin");
    // Pages and answers are one person's and of one moment.
    default(CACHE_CONTROL, "no-store");
    response
}

/// What [`csrf`] answers with.
type CsrfRefusal = fn(ProtectionError) -> Response;

/// Refuses writes that another site's page asks for.
pub(super) fn csrf(url: &PublicUrl) -> CsrfLayer<CsrfRefusal> {
    let layer = CsrfLayer::new();
    // Without it the layer still compares `Origin` with `Host`; a name that cannot be an origin only costs the help
    // against proxies that rewrite `Host`.
    let layer = layer
        .add_trusted_origin(url.origin())
        .unwrap_or_else(|error| {
            tracing::warn!(%error, "the public URL is no trusted origin");
            CsrfLayer::new()
        });
    layer.with_rejection_response(refuse as CsrfRefusal)
}

fn refuse(_error: ProtectionError) -> Response {
    (
        StatusCode::FORBIDDEN,
        "This form was sent by another site.\n",
    )
        .into_response()
}

/// As of gzip and brotli: a twelfth smaller than the crate's own choice, for half a millisecond more a page.
const QUALITY: CompressionLevel = CompressionLevel::Precise(6);

/// Compresses pages and JSON. Never the stream, whose frames must leave at once; built files are compressed already.
pub(super) fn compression() -> CompressionLayer<And<SizeAbove, PagesAndJson>> {
    CompressionLayer::new()
        .quality(QUALITY)
        .compress_when(SizeAbove::new(1024).and(PagesAndJson))
}

/// HTML and JSON.
#[derive(Clone, Copy, Debug)]
pub(super) struct PagesAndJson;

impl Predicate for PagesAndJson {
    fn should_compress<B: http_body::Body>(&self, response: &http::Response<B>) -> bool {
        // One of a flood: compressing it costs more than all else about it (`cargo xtask bench sign-in`).
        if response.status() == StatusCode::TOO_MANY_REQUESTS {
            return false;
        }
        let content_type = response.headers().get(CONTENT_TYPE);
        let content_type = content_type.map_or(Cow::Borrowed(""), |value| {
            String::from_utf8_lossy(value.as_bytes())
        });
        content_type.starts_with("text/html") || content_type.starts_with("application/json")
    }
}

/// The span of one request: method and path, never the query or a header.
pub(super) fn request_span<B>(request: &Request<B>) -> tracing::Span {
    tracing::debug_span!("request", method = %request.method(), path = request.uri().path())
}
