//! Who reaches which port.

use serde_json::{Value, json};

use crate::helm::{LEAST, MOST, Rendered};

#[test]
#[ignore = "needs helm: cargo xtask test-cluster"]
fn ingress_leads_to_the_pages_alone_and_needs_no_annotation() {
    let asked = "ingress: { enabled: true, tls: { secretName: workshop-tls } }";
    let rendered = Rendered::new(&format!("{LEAST}\n{asked}"));
    let ingress = rendered.get("Ingress", "panel");
    assert_eq!(ingress["metadata"]["annotations"], Value::Null);
    assert_eq!(
        ingress["spec"],
        json!({
            "tls": [{ "hosts": ["workshop.example.org"], "secretName": "workshop-tls" }],
            "rules": [{ "host": "workshop.example.org", "http": { "paths": [{
                "path": "/",
                "pathType": "Prefix",
                "backend": { "service": { "name": "panel", "port": { "name": "http" } } },
            }] } }],
        })
    );
}

#[test]
#[ignore = "needs helm: cargo xtask test-cluster"]
fn ingress_without_tls_is_possible_behind_something_that_ends_it() {
    for values in [
        "{ publicUrl: 'https://a.example.org', ingress: { enabled: true, tls: { enabled: false } } }",
        "{ publicUrl: 'http://a.example.org', insecureHttp: true, ingress: { enabled: true } }",
    ] {
        let rendered = Rendered::new(values);
        assert_eq!(
            rendered.get("Ingress", "panel")["spec"]["tls"],
            Value::Null,
            "{values}"
        );
    }
}

#[test]
#[ignore = "needs helm: cargo xtask test-cluster"]
fn route_does_not_cut_streams() {
    let rendered = Rendered::new(MOST);
    let spec = &rendered.get("HTTPRoute", "panel")["spec"];
    assert_eq!(spec["hostnames"], json!(["workshop.example.org"]));
    let backend = json!([{ "name": "panel", "port": 3000 }]);
    assert_eq!(
        spec["rules"],
        json!([
            {
                "matches": [{ "path": { "type": "Exact", "value": "/events" } }],
                "timeouts": { "request": "0s" },
                "backendRefs": backend,
            },
            {
                "matches": [{ "path": { "type": "PathPrefix", "value": "/" } }],
                "backendRefs": backend,
            },
        ])
    );
    let without = MOST.replace("parentRefs:", "streamTimeout: ''\n  parentRefs:");
    let rendered = Rendered::new(&without);
    let rules = &rendered.get("HTTPRoute", "panel")["spec"]["rules"];
    assert_eq!(rules[0]["timeouts"], Value::Null);
}

#[test]
#[ignore = "needs helm: cargo xtask test-cluster"]
fn metrics_are_on_a_port_of_their_own_or_nowhere() {
    let ports = |values: &str| {
        let rendered = Rendered::new(&format!("{LEAST}\n{values}"));
        let ports = &rendered.get("Service", "panel")["spec"]["ports"];
        let listening = rendered.config().contains("metrics-listen");
        let ports = ports.as_array().unwrap().iter();
        (
            ports
                .map(|port| port["port"].as_u64().unwrap())
                .collect::<Vec<_>>(),
            listening,
        )
    };
    assert_eq!(ports(""), (vec![3000, 9090], true));
    assert_eq!(ports("metrics: { enabled: false }"), (vec![3000], false));
}

#[test]
#[ignore = "needs helm: cargo xtask test-cluster"]
fn network_policy_admits_whom_it_names() {
    let rendered = Rendered::new(&format!("{LEAST}\nnetworkPolicy: {{ enabled: true }}"));
    let open = &rendered.get("NetworkPolicy", "panel")["spec"];
    // Everybody to the pages, nobody to the metrics.
    assert_eq!(open["ingress"], json!([{ "ports": [{ "port": "http" }] }]));
    let rendered = Rendered::new(MOST);
    let named = &rendered.get("NetworkPolicy", "panel")["spec"];
    let namespace = |name: &str| json!({ "namespaceSelector": { "matchLabels": { "kubernetes.io/metadata.name": name } } });
    let test = json!({ "podSelector": { "matchLabels": {
        "app.kubernetes.io/instance": "release-name",
        "app.kubernetes.io/component": "test",
    } } });
    assert_eq!(
        named["ingress"],
        json!([
            { "ports": [{ "port": "http" }], "from": [namespace("traefik"), test] },
            { "ports": [{ "port": "metrics" }], "from": [namespace("monitoring")] },
        ])
    );
    assert_eq!(
        named["egress"],
        json!([
            { "ports": [{ "port": 53, "protocol": "UDP" }, { "port": 53, "protocol": "TCP" }] },
            {
                "ports": [{ "port": 443 }, { "port": 6443 }],
                "to": [{ "ipBlock": { "cidr": "10.0.0.1/32" } }],
            },
            // The port of oidc.issuer.
            { "ports": [{ "port": 8443 }] },
        ])
    );
}
