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
    #[error("the provider does not answer")]
    Down,
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
