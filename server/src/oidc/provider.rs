//! The identity provider: its discovery document and keys, where people are sent, and what their code is worth. All that
//! the OpenID Connect library does is called here.

use std::sync::Arc;

use app::model::TimeMs;
use chrono::DateTime;
use openidconnect::core::{
    CoreAuthDisplay, CoreAuthPrompt, CoreClaimName, CoreClaimType, CoreClientAuthMethod,
    CoreErrorResponseType, CoreGenderClaim, CoreGrantType, CoreJsonWebKey,
    CoreJweContentEncryptionAlgorithm, CoreJweKeyManagementAlgorithm, CoreJwsSigningAlgorithm,
    CoreResponseMode, CoreResponseType, CoreRevocableToken, CoreRevocationErrorResponse,
    CoreSubjectIdentifierType, CoreTokenIntrospectionResponse, CoreTokenType,
};
use openidconnect::{
    AdditionalClaims, AdditionalProviderMetadata, AuthType, AuthenticationFlow, AuthorizationCode,
    ClaimsVerificationError, Client, ClientId, ClientSecret, CsrfToken, EmptyExtraTokenFields,
    EndpointMaybeSet, EndpointNotSet, EndpointSet, IdTokenFields, IssuerUrl, Nonce,
    PkceCodeVerifier, ProviderMetadata, RedirectUrl, RequestTokenError, Scope,
    SignatureVerificationError, StandardErrorResponse, StandardTokenResponse, TokenResponse,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tokio::sync::Mutex;

use super::http::{Http, HttpError, Transport};
use super::{Claims, Flow};
use crate::budget::Budget;
use crate::error::chain;
use crate::loopback::is_loopback;

/// The discovery document is read again after this time.
const FRESH_MS: i64 = 60 * 60 * 1000;

/// After a failure nobody asks the provider for its document for so long: a class that waits must not become a flood.
const RETRY_MS: i64 = 5 * 1000;

/// What of the discovery document the library does not read itself.
#[derive(Clone, Debug, Deserialize, Serialize)]
struct More {
    /// Answers name their issuer: RFC 9207.
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}
impl AdditionalProviderMetadata for More {}

/// All claims that are no standard ones.
#[derive(Debug, Deserialize, Serialize)]
struct OtherClaims(Map<String, Value>);
impl AdditionalClaims for OtherClaims {}

type Metadata = ProviderMetadata<
    More,
    CoreAuthDisplay,
    CoreClientAuthMethod,
    CoreClaimName,
    CoreClaimType,
    CoreGrantType,
    CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm,
    CoreJsonWebKey,
    CoreResponseMode,
    CoreResponseType,
    CoreSubjectIdentifierType,
>;

type Tokens = StandardTokenResponse<
    IdTokenFields<
        OtherClaims,
        EmptyExtraTokenFields,
        CoreGenderClaim,
        CoreJweContentEncryptionAlgorithm,
        CoreJwsSigningAlgorithm,
    >,
    CoreTokenType,
>;

type OidcClient = Client<
    OtherClaims,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    StandardErrorResponse<CoreErrorResponseType>,
    Tokens,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// Why the provider's word is none.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("failed to read the discovery document or the keys of {issuer}: {cause}")]
    Discover { issuer: String, cause: String },
    /// Told once when it happened.
    #[error("the discovery document could not be read a moment ago")]
    JustFailed,
    #[error("the discovery document names an address that is neither https nor on this machine")]
    Address,
    #[error("the discovery document names no token endpoint")]
    NoTokenEndpoint,
    #[error("failed to ask the token endpoint")]
    Ask(#[source] HttpError),
    /// Its own words may hold anything, so they are not told.
    #[error("the token endpoint refused the code: {0}")]
    Refused(&'static str),
    #[error("the token endpoint's answer cannot be read: {0}")]
    Answer(String),
    #[error("the token endpoint gave no ID token")]
    NoIdToken,
    #[error("the ID token was refused")]
    IdToken(#[source] ClaimsVerificationError),
    #[error("the ID token was made for another client of the provider")]
    AnotherClient,
    #[error("the ID token's claims are no object")]
    Claims,
}

impl Error {
    /// The provider is away, rather than wrong.
    pub fn is_unreachable(&self) -> bool {
        matches!(
            self,
            Self::Discover { .. } | Self::JustFailed | Self::Ask(_)
        )
    }
}

/// The provider's document, and when it was read.
#[derive(Clone)]
enum Known {
    Nothing,
    Read(Arc<Metadata>, TimeMs),
    Failed(TimeMs),
}

/// What the panel has in common with its identity provider, and what it knows of it.
pub(super) struct Provider {
    issuer: IssuerUrl,
    client_id: ClientId,
    client_secret: Option<ClientSecret>,
    redirect: RedirectUrl,
    scopes: Vec<Scope>,
    http: Http,
    /// Locked while it is read, so that it is read once for all who wait.
    known: Mutex<Known>,
    /// Readings for the sake of a key that is not known: anybody could name such keys.
    new_keys: Budget,
}

/// Who the panel is at the provider.
pub(super) struct Registration {
    pub(super) issuer: IssuerUrl,
    pub(super) client_id: String,
    pub(super) client_secret: Option<String>,
    pub(super) redirect: RedirectUrl,
    pub(super) scopes: Vec<String>,
}

impl Provider {
    pub(super) fn new(registration: Registration, transport: Arc<dyn Transport>) -> Self {
        let scopes = registration.scopes.into_iter();
        Self {
            issuer: registration.issuer,
            client_id: ClientId::new(registration.client_id),
            client_secret: registration.client_secret.map(ClientSecret::new),
            redirect: registration.redirect,
            scopes: scopes.map(Scope::new).collect(),
            http: Http(transport),
            known: Mutex::new(Known::Nothing),
            new_keys: Budget::of_new_keys(),
        }
    }

    pub(super) fn issuer(&self) -> &str {
        self.issuer.as_str()
    }

    /// Where a person is sent to sign in.
    pub(super) async fn sign_in_url(&self, flow: &Flow, now: TimeMs) -> Result<String, Error> {
        let client = self.client(&*self.metadata(now).await?)?;
        let (state, nonce) = (flow.state.clone(), flow.nonce.clone());
        let request = client.authorize_url(
            AuthenticationFlow::<CoreResponseType>::AuthorizationCode,
            move || -> CsrfToken { state },
            move || -> Nonce { nonce },
        );
        let request = request.add_scopes(self.scopes.iter().cloned());
        let (url, ..) = request.set_pkce_challenge(flow.challenge()).url();
        let host = url.host_str().unwrap_or_default();
        if url.scheme() != "https" && !(url.scheme() == "http" && is_loopback(host)) {
            return Err(Error::Address);
        }
        Ok(url.into())
    }

    /// Whether an answer is this provider's, by the issuer that it names: RFC 9207, section 2.4. One that names none is,
    /// unless the provider says that it always names it.
    pub(super) async fn answered(&self, iss: Option<&str>, now: TimeMs) -> Result<bool, Error> {
        Ok(match iss {
            Some(iss) => iss == self.issuer.as_str(),
            None => {
                let metadata = self.metadata(now).await?;
                let more = metadata.additional_metadata();
                !more.authorization_response_iss_parameter_supported
            }
        })
    }

    /// What a code is worth: the claims of the ID token that the provider gives for it, once all is checked.
    pub(super) async fn redeem(
        &self,
        code: String,
        flow: Flow,
        now: TimeMs,
    ) -> Result<Claims, Error> {
        let metadata = self.metadata(now).await?;
        let client = self.client(&metadata)?;
        let tokens = self.exchange(&client, code, flow.verifier).await?;
        // The access token is of no use here, and forgotten with the rest.
        let id_token = tokens.id_token().ok_or(Error::NoIdToken)?;
        let verified = id_token.claims(&verifier(&client, now), &flow.nonce);
        let claims = match verified {
            Err(error) if is_unknown_key(&error) => {
                let metadata = self.metadata_with_new_keys(&metadata, now).await;
                let client = self.client(&*metadata.ok_or(Error::IdToken(error))??)?;
                let verified = id_token.claims(&verifier(&client, now), &flow.nonce);
                read(verified.map_err(Error::IdToken)?)?
            }
            verified => read(verified.map_err(Error::IdToken)?)?,
        };
        // The library leaves this one to its callers: OpenID Connect Core 1.0, section 3.1.3.7, step 5.
        match claims.get("azp") {
            Some(azp) if azp.as_str() != Some(self.client_id.as_str()) => Err(Error::AnotherClient),
            _ => Ok(Claims::new(claims)),
        }
    }

    async fn exchange(
        &self,
        client: &OidcClient,
        code: String,
        verifier: PkceCodeVerifier,
    ) -> Result<Tokens, Error> {
        let request = client.exchange_code(AuthorizationCode::new(code));
        let request = request.map_err(|_| Error::NoTokenEndpoint)?;
        let answer = request
            .set_pkce_verifier(verifier)
            .request_async(&self.http);
        answer.await.map_err(|error| match error {
            RequestTokenError::Request(error) => Error::Ask(error),
            RequestTokenError::ServerResponse(answer) => Error::Refused(refusal(answer.error())),
            RequestTokenError::Parse(error, _) => Error::Answer(error.path().to_string()),
            RequestTokenError::Other(_) => Error::Answer("it is empty".to_owned()),
        })
    }

    /// The provider's document, read if need be.
    async fn metadata(&self, now: TimeMs) -> Result<Arc<Metadata>, Error> {
        let mut known = self.known.lock().await;
        match &*known {
            Known::Read(metadata, at) if now.0 - at.0 < FRESH_MS => Ok(Arc::clone(metadata)),
            Known::Failed(at) if now.0 - at.0 < RETRY_MS => Err(Error::JustFailed),
            _ => match (self.discover(&mut known, now).await, &*known) {
                // It may be away for a moment; its keys change much more seldom.
                (Err(error), Known::Read(older, _)) => {
                    tracing::warn!(error = chain(&error), "an older discovery document is kept");
                    Ok(Arc::clone(older))
                }
                (read, _) => read,
            },
        }
    }

    /// Another document than `old`, for a key that is not in it; `None` if too many were asked for.
    async fn metadata_with_new_keys(
        &self,
        old: &Arc<Metadata>,
        now: TimeMs,
    ) -> Option<Result<Arc<Metadata>, Error>> {
        let mut known = self.known.lock().await;
        match &*known {
            // Somebody else has just read it.
            Known::Read(metadata, _) if !Arc::ptr_eq(metadata, old) => {
                Some(Ok(Arc::clone(metadata)))
            }
            _ => {
                self.new_keys.take(now).ok()?;
                Some(self.discover(&mut known, now).await)
            }
        }
    }

    /// Reads the document anew. One that was read before stays known if that fails, until the next try.
    async fn discover(&self, known: &mut Known, now: TimeMs) -> Result<Arc<Metadata>, Error> {
        match Metadata::discover_async(self.issuer.clone(), &self.http).await {
            Ok(metadata) => {
                let metadata = Arc::new(metadata);
                *known = Known::Read(Arc::clone(&metadata), now);
                Ok(metadata)
            }
            Err(error) => {
                *known = match std::mem::replace(known, Known::Nothing) {
                    Known::Read(older, _) => Known::Read(older, now.plus_ms(RETRY_MS - FRESH_MS)),
                    Known::Nothing | Known::Failed(_) => Known::Failed(now),
                };
                Err(Error::Discover {
                    issuer: self.issuer.to_string(),
                    cause: chain(&error),
                })
            }
        }
    }

    fn client(&self, metadata: &Metadata) -> Result<OidcClient, Error> {
        let metadata = metadata.clone();
        // `client_secret_basic` is what a document means that says nothing, and the only one that all must know.
        let methods = metadata.token_endpoint_auth_methods_supported();
        let only_in_the_body = methods.is_some_and(|methods| {
            methods.contains(&CoreClientAuthMethod::ClientSecretPost)
                && !methods.contains(&CoreClientAuthMethod::ClientSecretBasic)
        });
        let auth_type = match only_in_the_body {
            true => AuthType::RequestBody,
            false => AuthType::BasicAuth,
        };
        let (id, secret) = (self.client_id.clone(), self.client_secret.clone());
        let client = OidcClient::from_provider_metadata(metadata, id, secret);
        Ok(client
            .set_auth_type(auth_type)
            .set_redirect_uri(self.redirect.clone()))
    }
}

/// Checks signature, issuer, audience, expiry and nonce, by the panel's clock.
fn verifier(
    client: &OidcClient,
    now: TimeMs,
) -> openidconnect::IdTokenVerifier<'_, CoreJsonWebKey> {
    use CoreJwsSigningAlgorithm as Alg;
    let now = DateTime::from_timestamp_millis(now.0).unwrap_or(DateTime::UNIX_EPOCH);
    client
        .id_token_verifier()
        // Whatever the provider lists: nothing is signed with the client's secret, which has not the bits of a key.
        .set_allowed_algs([
            Alg::RsaSsaPkcs1V15Sha256,
            Alg::RsaSsaPkcs1V15Sha384,
            Alg::RsaSsaPkcs1V15Sha512,
            Alg::RsaSsaPssSha256,
            Alg::RsaSsaPssSha384,
            Alg::RsaSsaPssSha512,
            Alg::EcdsaP256Sha256,
            Alg::EcdsaP384Sha384,
            Alg::EdDsa,
        ])
        .set_time_fn(move || now)
}

fn is_unknown_key(error: &ClaimsVerificationError) -> bool {
    matches!(
        error,
        ClaimsVerificationError::SignatureVerification(SignatureVerificationError::NoMatchingKey)
    )
}

/// All claims of a token as one object, standard ones and others.
fn read(claims: &impl Serialize) -> Result<Map<String, Value>, Error> {
    match serde_json::to_value(claims) {
        Ok(Value::Object(claims)) => Ok(claims),
        _ => Err(Error::Claims),
    }
}

/// An error code of RFC 6749, section 5.2.
fn refusal(error: &CoreErrorResponseType) -> &'static str {
    match error {
        CoreErrorResponseType::InvalidClient => "invalid_client",
        CoreErrorResponseType::InvalidGrant => "invalid_grant",
        CoreErrorResponseType::InvalidRequest => "invalid_request",
        CoreErrorResponseType::InvalidScope => "invalid_scope",
        CoreErrorResponseType::UnauthorizedClient => "unauthorized_client",
        CoreErrorResponseType::UnsupportedGrantType => "unsupported_grant_type",
        CoreErrorResponseType::Extension(_) => "another error",
    }
}
