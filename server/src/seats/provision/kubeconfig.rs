//! A kubeconfig for an attendee's own terminal: the account `attendee` of one namespace, with a token that ends with the
//! class. Called by `workshop seats create --kubeconfigs` and `workshop seats kubeconfigs`.

use k8s_openapi::ByteString;
use k8s_openapi::api::authentication::v1::{TokenRequest, TokenRequestSpec};
use k8s_openapi::api::core::v1::ServiceAccount;
use kube::api::PostParams;
use kube::{Api, Client, Config};
use serde_json::{Value, json};

use super::super::code::SeatNumber;
use crate::call::TIME_LIMIT;
use crate::error::{CallError, Error, Result};
use crate::names::ATTENDEE_ACCOUNT;

/// How attendees reach the API server. The same for all of a class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClusterAccess {
    server: String,
    /// Certificates in PEM.
    authority: Option<String>,
    tls_server_name: Option<String>,
    insecure: bool,
}

/// A token and when it ends, which the API server decides.
pub struct SeatToken {
    pub token: String,
    pub expires: jiff::Timestamp,
}

impl ClusterAccess {
    /// As the instructor reaches it, or at another address. With it come sentences that warn.
    ///
    /// # Errors
    /// A sentence: attendees cannot reach it so.
    pub fn new(config: &Config, server: Option<&str>) -> Result<(Self, Vec<String>), String> {
        let own = config.cluster_url.to_string();
        let own = own.trim_end_matches('/');
        let own_host = config.cluster_url.host().unwrap_or_default();
        if server.is_none() && own_host.ends_with(".svc") {
            return Err(format!(
                "the API server's address here is {own}, which only pods can reach; give the address for attendees \
                 with --kubeconfig-server"
            ));
        }
        let mut warnings = Vec::new();
        let loopback = own_host == "localhost" || own_host == "::1" || own_host.starts_with("127.");
        if server.is_none() && loopback {
            warnings.push(format!(
                "the kubeconfigs name {own}, which only this machine can reach; --kubeconfig-server gives another address"
            ));
        }
        if config.accept_invalid_certs {
            warnings.push(
                "your kubeconfig does not check who the API server is (insecure-skip-tls-verify), so the attendees' do \
                 not either: somebody in their network could read their tokens"
                    .to_owned(),
            );
        }
        if config.proxy_url.is_some() {
            warnings.push("the kubeconfigs do not use the proxy that yours uses".to_owned());
        }
        let access = Self {
            server: server.unwrap_or(own).trim_end_matches('/').to_owned(),
            authority: config.root_cert.as_deref().map(pem),
            tls_server_name: config.tls_server_name.clone(),
            insecure: config.accept_invalid_certs,
        };
        Ok((access, warnings))
    }

    fn cluster(&self) -> Value {
        let mut cluster = json!({ "server": self.server });
        if let Some(name) = &self.tls_server_name {
            cluster["tls-server-name"] = json!(name);
        }
        if self.insecure {
            // A certificate authority beside it would be an error of the file.
            cluster["insecure-skip-tls-verify"] = json!(true);
        } else if let Some(authority) = &self.authority {
            let bytes = ByteString(authority.clone().into_bytes());
            cluster["certificate-authority-data"] = json!(bytes);
        }
        cluster
    }
}

/// The kubeconfig of one seat: one context, which is set, with its namespace.
///
/// # Errors
/// Never for values of these types: they hold only what YAML can say.
pub fn kubeconfig(
    access: &ClusterAccess,
    namespace: &str,
    token: &str,
) -> Result<String, serde_saphyr::ser::Error> {
    serde_saphyr::to_string(&json!({
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{ "name": "workshop", "cluster": access.cluster() }],
        "users": [{ "name": ATTENDEE_ACCOUNT, "user": { "token": token } }],
        "contexts": [{ "name": namespace, "context": {
            "cluster": "workshop",
            "user": ATTENDEE_ACCOUNT,
            "namespace": namespace,
        } }],
        "current-context": namespace,
    }))
}

/// The file's name: `07-workshop-user-7.kubeconfig`.
pub fn file_name(number: SeatNumber, namespace: &str) -> String {
    format!("{number}-{namespace}.kubeconfig")
}

/// A token of the attendee's account for that many hours. The API server may give a shorter one.
///
/// # Errors
/// The API server refused it, or its answer has no token.
pub async fn token(client: &Client, namespace: &str, hours: u32) -> Result<SeatToken> {
    let accounts: Api<ServiceAccount> = Api::namespaced(client.clone(), namespace);
    let request = TokenRequest {
        spec: TokenRequestSpec {
            expiration_seconds: Some(i64::from(hours) * 3600),
            ..TokenRequestSpec::default()
        },
        ..TokenRequest::default()
    };
    let params = PostParams::default();
    let call = accounts.create_token_request(ATTENDEE_ACCOUNT, &params, &request);
    let failed = |source| Error::Call {
        verb: "create",
        kind: "token of ServiceAccount".to_owned(),
        name: format!("{ATTENDEE_ACCOUNT} in namespace {namespace}"),
        source,
    };
    let answer = match tokio::time::timeout(TIME_LIMIT, call).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(error)) => return Err(failed(CallError::Kube(Box::new(error)))),
        Err(_) => return Err(failed(CallError::TimedOut(TIME_LIMIT))),
    };
    let status = answer.status.ok_or_else(|| {
        failed(CallError::Kube(Box::new(kube::Error::SerdeError(
            serde::de::Error::missing_field("status"),
        ))))
    })?;
    Ok(SeatToken {
        token: status.token,
        expires: status.expiration_timestamp.0,
    })
}

/// Certificates as text: 64 signs of base64 a line. RFC 7468, section 2.
fn pem(certificates: &[Vec<u8>]) -> String {
    let mut text = String::new();
    for certificate in certificates {
        text.push_str("-----BEGIN CERTIFICATE-----\n");
        let encoded = json!(ByteString(certificate.clone()));
        let encoded = encoded.as_str().unwrap_or_default();
        for (index, sign) in encoded.chars().enumerate() {
            if index > 0 && index % 64 == 0 {
                text.push('\n');
            }
            text.push(sign);
        }
        text.push_str("\n-----END CERTIFICATE-----\n");
    }
    text
}

#[cfg(test)]
mod tests {
    use kube::config::{KubeConfigOptions, Kubeconfig};

    use super::*;

    fn mk_config(server: &str) -> Config {
        let mut config = Config::new(server.parse().unwrap());
        config.root_cert = Some(vec![vec![7; 60]]);
        config
    }

    #[test]
    fn kubeconfig_has_one_context_with_its_namespace() {
        let (access, warnings) =
            ClusterAccess::new(&mk_config("https://k8s.example.org:6443"), None).unwrap();
        assert_eq!(warnings, Vec::<String>::new());
        insta::assert_snapshot!(kubeconfig(&access, "workshop-user-7", "a.token.x").unwrap());
    }

    #[tokio::test]
    async fn kube_reads_it_as_kubectl_does() {
        let mut config = mk_config("https://10.0.0.1:6443");
        config.tls_server_name = Some("kubernetes".to_owned());
        let (access, _) = ClusterAccess::new(&config, Some("https://k8s.example.org/")).unwrap();
        let text = kubeconfig(&access, "workshop-user-7", "a.token.x").unwrap();
        let read = Kubeconfig::from_yaml(&text).unwrap();
        let options = KubeConfigOptions::default();
        let read = Config::from_custom_kubeconfig(read, &options)
            .await
            .unwrap();
        assert_eq!(read.cluster_url.to_string(), "https://k8s.example.org/");
        assert_eq!(read.default_namespace, "workshop-user-7");
        assert_eq!(read.root_cert, config.root_cert);
        assert_eq!(read.tls_server_name.as_deref(), Some("kubernetes"));
        assert!(!read.accept_invalid_certs);
    }

    #[test]
    fn insecure_and_local_servers_are_never_silent() {
        let mut config = mk_config("https://127.0.0.1:6443");
        config.accept_invalid_certs = true;
        let (access, warnings) = ClusterAccess::new(&config, None).unwrap();
        assert_eq!(warnings.len(), 2, "{warnings:?}");
        let text = kubeconfig(&access, "workshop-user-7", "t").unwrap();
        assert!(text.contains("insecure-skip-tls-verify: true"), "{text}");
        assert!(!text.contains("certificate-authority-data"), "{text}");
    }

    #[test]
    fn address_that_only_pods_reach_is_refused() {
        let config = mk_config("https://kubernetes.default.svc/");
        let error = ClusterAccess::new(&config, None).unwrap_err();
        assert!(error.contains("--kubeconfig-server"), "{error}");
        assert!(ClusterAccess::new(&config, Some("https://k8s.example.org")).is_ok());
    }
}
