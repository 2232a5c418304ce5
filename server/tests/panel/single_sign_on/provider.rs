//! An identity provider in process, behind the panel's HTTP client. It does what it should, and on demand what it should
//! not.

use std::collections::HashMap;
use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use futures::FutureExt;
use futures::future::BoxFuture;
use hmac::{Hmac, Mac};
use http::StatusCode;
use http::header::AUTHORIZATION;
use openidconnect::core::{CoreEdDsaPrivateSigningKey, CoreJwsSigningAlgorithm};
use openidconnect::url::{Url, form_urlencoded};
use openidconnect::{JsonWebKeyId, PrivateSigningKey};
use parking_lot::Mutex;
use serde_json::{Map, Value, json};
use server::oidc::{HttpError, HttpRequest, HttpResponse, Transport};
use sha2::{Digest, Sha256};

pub(crate) const ISSUER: &str = "https://id.example.org/realms/school";
pub(crate) const CLIENT_ID: &str = "workshop";
pub(crate) const CLIENT_SECRET: &str = "a secret of the client";

/// The moment at which every test's world begins.
pub(crate) const NOW_S: i64 = 1_795_424_400;

/// One provider; clones are the same one.
#[derive(Clone)]
pub(crate) struct Provider(Arc<Mutex<State>>);

pub(crate) struct State {
    /// Answers at all.
    pub(crate) up: bool,
    /// The key that signs, and the keys that the document names.
    pub(crate) signs: u8,
    pub(crate) published: Vec<u8>,
    /// Laid over the discovery document.
    pub(crate) document: Value,
    /// Laid over the claims of each ID token.
    pub(crate) claims: Value,
    /// The whole answer of the token endpoint, if it is to be another one.
    pub(crate) answer: Option<(StatusCode, Value)>,
    /// A signature that is none.
    pub(crate) forges: bool,
    /// Proves tokens by this algorithm instead of its key: `none`, or `HS256` with the client's secret.
    pub(crate) weak: Option<&'static str>,
    codes: HashMap<String, Issued>,
    /// Paths that were asked for.
    pub(crate) asked: Vec<String>,
}

/// What a code stands for.
struct Issued {
    nonce: String,
    challenge: String,
    claims: Value,
}

impl Provider {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Mutex::new(State {
            up: true,
            signs: 1,
            published: vec![1],
            document: json!({}),
            claims: json!({}),
            answer: None,
            forges: false,
            weak: None,
            codes: HashMap::new(),
            asked: Vec::new(),
        })))
    }

    /// Changes what it does from now on.
    pub(crate) fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.0.lock());
    }

    /// How often a path was asked for.
    pub(crate) fn asked(&self, path: &str) -> usize {
        self.0
            .lock()
            .asked
            .iter()
            .filter(|one| *one == path)
            .count()
    }

    /// Somebody with these claims signs in at the address to which the panel sent the browser; returns where the browser
    /// goes then.
    pub(crate) fn sign_in(&self, url: &str, claims: Value) -> String {
        let url: Url = url.parse().unwrap();
        assert_eq!(url.path(), "/realms/school/auth");
        let asked: HashMap<_, _> = url.query_pairs().into_owned().collect();
        assert_eq!(asked["response_type"], "code");
        assert_eq!(asked["client_id"], CLIENT_ID);
        assert_eq!(
            asked["redirect_uri"],
            "https://workshop.example.org/oidc/callback"
        );
        assert_eq!(asked["code_challenge_method"], "S256");
        assert_eq!(asked["scope"], "openid profile");
        let mut state = self.0.lock();
        let code = format!("code-{}", state.codes.len());
        let issued = Issued {
            nonce: asked["nonce"].clone(),
            challenge: asked["code_challenge"].clone(),
            claims,
        };
        state.codes.insert(code.clone(), issued);
        callback(&[("code", &code), ("state", &asked["state"]), ("iss", ISSUER)])
    }
}

/// The address to which a provider sends a browser back.
pub(crate) fn callback(answer: &[(&str, &str)]) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(answer);
    format!("/oidc/callback?{}", query.finish())
}

/// `state` of an address to which a panel sent a browser.
pub(crate) fn state_of(url: &str) -> String {
    let url: Url = url.parse().unwrap();
    let state = url.query_pairs().find(|(name, _)| name == "state");
    state.unwrap().1.into_owned()
}

impl Transport for Provider {
    fn call(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, HttpError>> {
        let answer = self.0.lock().answer(&request);
        async move { answer }.boxed()
    }
}

impl State {
    fn answer(&mut self, request: &HttpRequest) -> Result<HttpResponse, HttpError> {
        if !self.up {
            return Err(HttpError::TimedOut);
        }
        assert_eq!(request.uri().host(), Some("id.example.org"));
        let path = request.uri().path().trim_start_matches("/realms/school");
        self.asked.push(path.to_owned());
        let (status, body) = match path {
            "/.well-known/openid-configuration" => (StatusCode::OK, self.discovery()),
            "/keys" => (StatusCode::OK, self.keys()),
            "/token" => self.tokens(request),
            _ => (StatusCode::NOT_FOUND, json!({})),
        };
        let answer = http::Response::builder().status(status);
        let answer = answer.header("content-type", "application/json");
        Ok(answer.body(body.to_string().into_bytes()).unwrap())
    }

    fn discovery(&self) -> Value {
        let at = |path: &str| format!("{ISSUER}/{path}");
        let document = json!({
            "issuer": ISSUER,
            "authorization_endpoint": at("auth"),
            "token_endpoint": at("token"),
            "jwks_uri": at("keys"),
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256", "EdDSA", "HS256", "none"],
            "authorization_response_iss_parameter_supported": true,
        });
        laid_over(document, &self.document)
    }

    fn keys(&self) -> Value {
        let keys = self.published.iter().map(|seed| {
            let key = mk_key(*seed).as_verification_key();
            serde_json::to_value(key).unwrap()
        });
        json!({ "keys": keys.collect::<Vec<_>>() })
    }

    fn tokens(&mut self, request: &HttpRequest) -> (StatusCode, Value) {
        if let Some(answer) = self.answer.clone() {
            return answer;
        }
        let form: HashMap<_, _> = form_urlencoded::parse(request.body())
            .into_owned()
            .collect();
        let refuse = |error| (StatusCode::BAD_REQUEST, json!({ "error": error }));
        let encode =
            |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
        let known = format!("{}:{}", encode(CLIENT_ID), encode(CLIENT_SECRET));
        let known = format!("Basic {}", BASE64_STANDARD.encode(known));
        if request.headers()[AUTHORIZATION] != known.as_str() {
            return refuse("invalid_client");
        }
        // A code is worth something once.
        let Some(issued) = self.codes.remove(&form["code"]) else {
            return refuse("invalid_grant");
        };
        let proof = Sha256::digest(&form["code_verifier"]);
        if BASE64_URL_SAFE_NO_PAD.encode(proof) != issued.challenge {
            return refuse("invalid_grant");
        }
        let claims = json!({
            "iss": ISSUER,
            "aud": CLIENT_ID,
            "iat": NOW_S,
            "exp": NOW_S + 300,
            "nonce": issued.nonce,
        });
        let claims = laid_over(laid_over(claims, &issued.claims), &self.claims);
        let tokens = json!({
            "access_token": "an access token",
            "token_type": "Bearer",
            "id_token": self.sign(&claims),
        });
        (StatusCode::OK, tokens)
    }

    fn sign(&self, claims: &Value) -> String {
        let algorithm = self.weak.unwrap_or("EdDSA");
        let header = json!({ "alg": algorithm, "kid": kid(self.signs) });
        let encode = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", encode(&header), encode(claims));
        match self.weak {
            Some("none") => return format!("{signed}."),
            Some(_) => {
                let mut mac = Hmac::<Sha256>::new_from_slice(CLIENT_SECRET.as_bytes()).unwrap();
                mac.update(signed.as_bytes());
                let mac = mac.finalize().into_bytes();
                return format!("{signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(mac));
            }
            None => {}
        }
        let signs = mk_key(self.signs);
        let mut signature = signs
            .sign(&CoreJwsSigningAlgorithm::EdDsa, signed.as_bytes())
            .unwrap();
        if self.forges {
            signature[0] ^= 1;
        }
        format!("{signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature))
    }
}

fn kid(seed: u8) -> String {
    format!("key-{seed}")
}

/// The Ed25519 key of a seed. RFC 8410, section 7.
fn mk_key(seed: u8) -> CoreEdDsaPrivateSigningKey {
    let mut der = vec![
        0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20,
    ];
    der.extend([seed; 32]);
    let text = BASE64_STANDARD.encode(der);
    let pem = format!("-----BEGIN PRIVATE KEY-----\n{text}\n-----END PRIVATE KEY-----\n");
    CoreEdDsaPrivateSigningKey::from_ed25519_pem(&pem, Some(JsonWebKeyId::new(kid(seed)))).unwrap()
}

/// `below` with the members of `over`; one that is null there is not there.
fn laid_over(below: Value, over: &Value) -> Value {
    let object = |value: Value| value.as_object().cloned().unwrap();
    let mut all: Map<_, _> = object(below);
    for (name, value) in object(over.clone()) {
        match value {
            Value::Null => all.remove(&name),
            value => all.insert(name, value),
        };
    }
    all.into()
}
