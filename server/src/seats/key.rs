//! The key under which codes are hashed: a Secret of the panel's namespace that is no seat's.

use std::collections::BTreeMap;

use hmac::{Hmac, Mac};
use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use kube::{Api, Client};
use serde_json::json;
use sha2::Sha256;

use super::code::Code;
use crate::call::Calls;
use crate::error::{Error, Result};
use crate::names::{PART_OF, PART_OF_LABEL};

/// The Secret with the key, and the key's key.
const SECRET: &str = "workshop-code-key";
const KEY: &str = "key";

/// The key under which codes are hashed. It has no `Debug`.
#[derive(Clone)]
pub(super) struct CodeKey(Vec<u8>);

impl CodeKey {
    pub(super) fn new(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// HMAC-SHA-256 of the code's canonical spelling.
    ///
    /// No slow hash: the code has 40 random bits, and who reads the Secrets of the panel reads the key as well.
    pub(super) fn hash(&self, code: &Code) -> Vec<u8> {
        self.mac(code).finalize().into_bytes().to_vec()
    }

    /// Compares in constant time.
    pub(super) fn verify(&self, code: &Code, hash: &[u8]) -> bool {
        self.mac(code).verify_slice(hash).is_ok()
    }

    fn mac(&self, code: &Code) -> Hmac<Sha256> {
        #[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("a key of any length");
        mac.update(&code.canonical());
        mac
    }
}

/// The key as it is.
///
/// # Errors
/// It is not there (no seat was made yet), or the API server did not answer.
pub(super) async fn read(client: &Client, namespace: &str) -> Result<CodeKey> {
    let secret = secrets(client, namespace).get(SECRET).await?;
    let bytes = secret.and_then(|mut secret| Some(secret.data.as_mut()?.remove(KEY)?.0));
    bytes.map(CodeKey::new).ok_or_else(|| Error::ReadSecret {
        name: SECRET.to_owned(),
        what: "it has no key; make the seats with `workshop seats create`",
    })
}

/// The key, made if it is not there.
///
/// # Errors
/// As [`read`]; the operating system gave no random bytes.
pub(super) async fn make(client: &Client, namespace: &str) -> Result<CodeKey> {
    let secrets = secrets(client, namespace);
    let found = secrets.get(SECRET).await?;
    let has_key = |secret: &Secret| secret.data.as_ref().is_some_and(|d| d.contains_key(KEY));
    if !found.as_ref().is_some_and(has_key) {
        let mut bytes = vec![0; 32];
        getrandom::fill(&mut bytes).map_err(Error::Random)?;
        let data = BTreeMap::from([(KEY.to_owned(), ByteString(bytes))]);
        match found {
            // An administrator made the Secret. Only the first to come fills it.
            Some(empty) => {
                let version = empty.metadata.resource_version;
                let patch = json!({ "metadata": { "resourceVersion": version }, "data": data });
                match secrets.merge(SECRET, &patch).await {
                    Err(error) if !error.is_conflict() => return Err(error),
                    Ok(_) | Err(_) => {}
                }
            }
            None => {
                let mut secret = without_key();
                secret.data = Some(data);
                secrets.create_new(SECRET, &secret).await?;
            }
        }
    }
    // Read back, in case somebody else made it at the same moment.
    read(client, namespace).await
}

/// The Secret before it holds a key.
pub(super) fn without_key() -> Secret {
    let mut secret = Secret {
        type_: Some("Opaque".to_owned()),
        ..Secret::default()
    };
    secret.metadata.name = Some(SECRET.to_owned());
    secret.metadata.labels = Some([(PART_OF_LABEL.to_owned(), PART_OF.to_owned())].into());
    secret
}

fn secrets(client: &Client, namespace: &str) -> Calls<Secret> {
    Calls::new(Api::namespaced(client.clone(), namespace))
}
