//! Values that the chart does not take, and what it says.

use crate::helm::{LEAST, refused};

/// Values beside [`LEAST`], and words of the refusal.
const REFUSED: &[(&str, &str)] = &[
    (
        "publicUrl: ''",
        "publicUrl is missing: the address in people's browsers",
    ),
    (
        "publicUrl: workshop.example.org",
        "must be http:// or https:// and a host",
    ),
    (
        "publicUrl: https://example.org/workshop",
        "cannot live under a path",
    ),
    (
        "publicUrl: https://user@example.org",
        "and a host, and nothing more",
    ),
    (
        "publicUrl: http://workshop.example.org",
        "would send codes and cookies readable",
    ),
    (
        "{ publicUrl: 'http://localhost:3000', ingress: { enabled: true } }",
        "has no host name that an Ingress or HTTPRoute could have",
    ),
    (
        "{ publicUrl: 'https://10.0.0.1', gateway: { enabled: true, parentRefs: [{ name: a }] } }",
        "has no host name that an Ingress or HTTPRoute could have",
    ),
    (
        "{ publicUrl: 'http://a.example.org', insecureHttp: true, ingress: { enabled: true, tls: { secretName: a } } }",
        "ingress.tls.secretName is set, but publicUrl http://a.example.org is http",
    ),
    (
        "ingress: { enabled: true, tls: { enabled: false, secretName: a } }",
        "ingress.tls.enabled is false",
    ),
    (
        "gateway: { enabled: true }",
        "gateway.parentRefs is empty: name the Gateway",
    ),
    (
        "oidc: { enabled: true, issuer: 'https://login.example.org', clientId: a }",
        "oidc.rules is missing",
    ),
    (
        "oidc: { issuer: 'http://login.example.org' }",
        "/oidc/issuer",
    ),
    (
        "metrics: { enabled: false, serviceMonitor: { enabled: true } }",
        "metrics.serviceMonitor needs metrics.enabled",
    ),
    (
        "config: { public-url: 'https://a' }",
        "config.public-url is set by another value: use publicUrl",
    ),
    (
        "config: { listen: '0.0.0.0:80' }",
        "config.listen is the chart's own",
    ),
    ("config: { max-users: { most: 1 } }", "/config/max-users"),
    (
        "podLabels: { app.kubernetes.io/name: a }",
        "podLabels.app.kubernetes.io/name is the chart's own",
    ),
    ("replicas: 0", "/replicas"),
    ("replica: 2", "additional properties 'replica' not allowed"),
    ("image: { digest: latest }", "/image/digest"),
    (
        "image: { pullPolicy: Sometimes }",
        "'Always', 'IfNotPresent', 'Never'",
    ),
    ("trustedProxies: [10.0.0.1]", "/trustedProxies/0"),
    (
        "podDisruptionBudget: { minAvailable: 0 }",
        "/podDisruptionBudget/minAvailable",
    ),
    (
        "networkPolicy: { apiServer: { ports: [] } }",
        "/networkPolicy/apiServer/ports",
    ),
];

#[test]
#[ignore = "needs helm: cargo xtask test-cluster"]
fn bad_values_are_refused_with_a_sentence() {
    for (values, words) in REFUSED {
        let all = if values.contains("publicUrl") {
            (*values).to_owned()
        } else {
            format!("{LEAST}\n{values}")
        };
        let said = refused(&all);
        assert!(said.contains(words), "{values}: {said}");
    }
}
