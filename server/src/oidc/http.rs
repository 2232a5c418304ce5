//! How requests reach the identity provider: over TLS, without following redirects, within limits of time and size.

use std::error::Error as StdError;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::FutureExt;
use futures::future::BoxFuture;
use http::uri::Scheme;
use http_body_util::{BodyExt, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use openidconnect::{AsyncHttpClient, HttpRequest, HttpResponse};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};

use crate::loopback::is_loopback;

/// For one request with its whole answer. A sign-in needs up to three, and its own request has 30 s.
const TIME_LIMIT: Duration = Duration::from_secs(8);

/// The largest answer: a provider with many keys has some 20 KiB of them, and a token with 200 groups 10 KiB.
const BODY_LIMIT: usize = 256 * 1024;

/// Why a request got no answer.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// An issuer's documents may name any address; nothing secret goes over plain http.
    #[error("{host} is asked for by plain http, which is for this machine only")]
    PlainHttp { host: String },
    #[error("no answer within {} s", TIME_LIMIT.as_secs())]
    TimedOut,
    #[error("the connection failed")]
    Connect(#[source] hyper_util::client::legacy::Error),
    #[error("the answer could not be read, or is larger than {} KiB", BODY_LIMIT / 1024)]
    Body(#[source] Box<dyn StdError + Send + Sync>),
}

/// Why there is no TLS to the identity provider.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    #[error("failed to read certificates from {file}")]
    ReadCertificates {
        file: String,
        #[source]
        source: rustls::pki_types::pem::Error,
    },
    #[error("{file} holds no certificate")]
    NoCertificate { file: String },
    #[error("failed to take a certificate of {file}")]
    TakeCertificate {
        file: String,
        #[source]
        source: rustls::Error,
    },
    #[error("failed to set up TLS")]
    SetUp(#[source] rustls::Error),
}

/// Sends one request. A test's provider stands behind it in process.
pub trait Transport: Send + Sync {
    fn call(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, HttpError>>;
}

/// The client that the OpenID Connect library asks.
#[derive(Clone)]
pub(super) struct Http(pub(super) Arc<dyn Transport>);

impl<'c> AsyncHttpClient<'c> for Http {
    type Error = HttpError;
    type Future = BoxFuture<'c, Result<HttpResponse, HttpError>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        let answer = async move {
            let uri = request.uri();
            let host = uri.host().unwrap_or_default();
            if uri.scheme() != Some(&Scheme::HTTPS) && !is_loopback(host) {
                let host = host.to_owned();
                return Err(HttpError::PlainHttp { host });
            }
            let answer = tokio::time::timeout(TIME_LIMIT, self.0.call(request));
            answer.await.unwrap_or(Err(HttpError::TimedOut))
        };
        answer.boxed()
    }
}

/// hyper over rustls, as kube has it for the API server: no redirect is followed, no cookie kept, no proxy asked.
pub struct HyperTransport {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
}

impl HyperTransport {
    /// Trusts the system's certificate authorities (`SSL_CERT_FILE` names others) and those of `ca_file`.
    ///
    /// # Errors
    /// The file holds no certificate that can be used.
    pub fn new(ca_file: Option<&Path>) -> Result<Self, TlsError> {
        let mut roots = RootCertStore::empty();
        let system = rustls_native_certs::load_native_certs();
        for error in &system.errors {
            tracing::warn!(%error, "some of the system's certificate authorities could not be read");
        }
        roots.add_parsable_certificates(system.certs);
        if let Some(path) = ca_file {
            add(&mut roots, path)?;
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(TlsError::SetUp)?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(config)
            // Plain http to loopback only: see `Http::call`.
            .https_or_http()
            .enable_http1()
            .build();
        Ok(Self {
            client: Client::builder(TokioExecutor::new()).build(connector),
        })
    }
}

/// Takes the certificates of a PEM file in.
fn add(roots: &mut RootCertStore, path: &Path) -> Result<(), TlsError> {
    let file = || path.display().to_string();
    let unreadable = |source| TlsError::ReadCertificates {
        file: file(),
        source,
    };
    let certificates = CertificateDer::pem_file_iter(path).map_err(unreadable)?;
    let mut taken = 0;
    for certificate in certificates {
        let certificate = certificate.map_err(unreadable)?;
        let added = roots.add(certificate);
        added.map_err(|source| TlsError::TakeCertificate {
            file: file(),
            source,
        })?;
        taken += 1;
    }
    match taken {
        0 => Err(TlsError::NoCertificate { file: file() }),
        _ => Ok(()),
    }
}

impl Transport for HyperTransport {
    fn call(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, HttpError>> {
        let answer = async move {
            let request = request.map(|body| Full::new(Bytes::from(body)));
            let answer = self.client.request(request).await;
            let (parts, body) = answer.map_err(HttpError::Connect)?.into_parts();
            let body = Limited::new(body, BODY_LIMIT).collect().await;
            let body = body.map_err(HttpError::Body)?.to_bytes().to_vec();
            Ok(HttpResponse::from_parts(parts, body))
        };
        answer.boxed()
    }
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::response::Redirect;
    use axum::routing::get;
    use tokio::net::TcpListener;

    use super::*;

    /// What a provider on this machine answers at `path`.
    async fn answer(path: &str) -> Result<HttpResponse, HttpError> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let routes = Router::new()
            .route("/elsewhere", get(|| async { Redirect::to("/") }))
            .route("/much", get(|| async { vec![0; BODY_LIMIT] }))
            .route("/too-much", get(|| async { vec![0; BODY_LIMIT + 1] }));
        let served = tokio::spawn(async move { axum::serve(listener, routes).await });
        let http = Http(Arc::new(HyperTransport::new(None).unwrap()));
        let request = http::Request::get(format!("http://{address}{path}"));
        let answer = http.call(request.body(Vec::new()).unwrap()).await;
        served.abort();
        answer
    }

    #[tokio::test]
    async fn redirect_is_not_followed() {
        let answer = answer("/elsewhere").await.unwrap();
        assert_eq!(answer.status(), http::StatusCode::SEE_OTHER);
    }

    #[tokio::test]
    async fn answer_is_read_up_to_its_limit() {
        assert_eq!(answer("/much").await.unwrap().body().len(), BODY_LIMIT);
        let too_much = answer("/too-much").await;
        assert!(matches!(too_much, Err(HttpError::Body(_))));
    }

    /// Never answers.
    struct Silent;

    impl Transport for Silent {
        fn call(&self, _request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, HttpError>> {
            std::future::pending().boxed()
        }
    }

    async fn ask_silent(url: &str) -> HttpError {
        let request = http::Request::get(url).body(Vec::new()).unwrap();
        Http(Arc::new(Silent)).call(request).await.unwrap_err()
    }

    #[tokio::test(start_paused = true)]
    async fn silence_is_waited_for_no_longer_than_its_limit() {
        let error = ask_silent("https://id.example.org/").await;
        assert!(matches!(error, HttpError::TimedOut));
    }

    #[tokio::test(start_paused = true)]
    async fn plain_http_does_not_leave_this_machine() {
        for url in ["http://id.example.org/", "http://127.0.0.1.example.org/"] {
            let error = ask_silent(url).await;
            assert!(matches!(error, HttpError::PlainHttp { .. }), "{url}");
        }
        let error = ask_silent("http://127.0.0.1:4000/").await;
        assert!(matches!(error, HttpError::TimedOut));
    }

    #[test]
    fn file_without_a_certificate_is_refused() {
        let path = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"));
        let refused = HyperTransport::new(Some(path)).err();
        assert!(matches!(refused, Some(TlsError::NoCertificate { .. })));
        let refused = HyperTransport::new(Some(Path::new("/nowhere"))).err();
        assert!(matches!(refused, Some(TlsError::ReadCertificates { .. })));
    }
}
