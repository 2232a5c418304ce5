//! The chart's pods: what they may do to their node, where they run, how they begin and end.

use serde_json::{Value, json};
use server::names::PANEL_ACCOUNT;

use crate::helm::{LEAST, MOST, Rendered};

/// The panel's and the test's.
fn pods(rendered: &Rendered) -> [&Value; 2] {
    let deployment = rendered.get("Deployment", "panel");
    [
        &deployment["spec"]["template"]["spec"],
        &rendered.get("Pod", "panel-test")["spec"],
    ]
}

/// <https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted>
#[test]
#[ignore = "needs helm: cargo xtask test-cluster"]
fn pods_are_restricted() {
    for values in [LEAST, MOST] {
        let rendered = Rendered::new(values);
        for pod in pods(&rendered) {
            let security = &pod["securityContext"];
            assert_eq!(security["runAsNonRoot"], true);
            assert_eq!(security["seccompProfile"]["type"], "RuntimeDefault");
            for absent in ["hostNetwork", "hostPID", "hostIPC", "initContainers"] {
                assert_eq!(pod[absent], Value::Null, "{absent}");
            }
            let container = &pod["containers"][0];
            assert_eq!(
                container["securityContext"],
                json!({
                    "allowPrivilegeEscalation": false,
                    "readOnlyRootFilesystem": true,
                    "capabilities": { "drop": ["ALL"] },
                })
            );
            // A quota may ask for all of them.
            for (kind, resource) in [
                ("requests", "cpu"),
                ("requests", "memory"),
                ("limits", "memory"),
            ] {
                assert!(
                    container["resources"][kind][resource].is_string(),
                    "{kind} {resource}"
                );
            }
            for port in container["ports"].as_array().into_iter().flatten() {
                assert_eq!(port["hostPort"], Value::Null);
            }
            for volume in pod["volumes"].as_array().into_iter().flatten() {
                assert_eq!(volume["hostPath"], Value::Null);
            }
        }
    }
}

#[test]
#[ignore = "needs helm: cargo xtask test-cluster"]
fn panel_alone_has_a_token() {
    let rendered = Rendered::new(LEAST);
    let [panel, test] = pods(&rendered);
    assert_eq!(panel["serviceAccountName"], PANEL_ACCOUNT);
    assert_eq!(panel["automountServiceAccountToken"], true);
    assert_eq!(test["serviceAccountName"], Value::Null);
    assert_eq!(test["automountServiceAccountToken"], false);
    let account = rendered.get("ServiceAccount", PANEL_ACCOUNT);
    assert_eq!(account["automountServiceAccountToken"], false);
}

/// A selector can never be changed: an upgrade to other ones would be refused.
#[test]
#[ignore = "needs helm: cargo xtask test-cluster"]
fn selectors_find_the_panel_and_not_the_test() {
    let rendered = Rendered::new(MOST);
    let selector = json!({
        "app.kubernetes.io/name": "workshop",
        "app.kubernetes.io/instance": "release-name",
        "app.kubernetes.io/component": "panel",
    });
    let spec = |kind| &rendered.get(kind, "panel")["spec"];
    let spread = &spec("Deployment")["template"]["spec"]["topologySpreadConstraints"][0];
    for found in [
        &spec("Deployment")["selector"]["matchLabels"],
        &spec("Service")["selector"],
        &spec("PodDisruptionBudget")["selector"]["matchLabels"],
        &spec("NetworkPolicy")["podSelector"]["matchLabels"],
        &spec("ServiceMonitor")["selector"]["matchLabels"],
        &spread["labelSelector"]["matchLabels"],
    ] {
        assert_eq!(*found, selector);
    }
    let chosen = |object: &Value| {
        let labels = &object["metadata"]["labels"];
        let mut wanted = selector.as_object().unwrap().iter();
        wanted.all(|(label, value)| labels[label] == *value)
    };
    assert!(chosen(&spec("Deployment")["template"]));
    assert!(chosen(rendered.get("Service", "panel")));
    assert!(!chosen(rendered.get("Pod", "panel-test")));
}

#[test]
#[ignore = "needs helm: cargo xtask test-cluster"]
fn rollout_takes_no_replica_away_and_lets_streams_end() {
    for seconds in [0, 5, 60] {
        let rendered = Rendered::new(&format!("{LEAST}\npreStopSeconds: {seconds}"));
        let spec = &rendered.get("Deployment", "panel")["spec"];
        assert_eq!(
            spec["strategy"]["rollingUpdate"],
            json!({ "maxUnavailable": 0, "maxSurge": 1 })
        );
        let pod = &spec["template"]["spec"];
        // The panel's own ten seconds, and some for the records of runs.
        let grace = pod["terminationGracePeriodSeconds"].as_u64().unwrap();
        assert!(grace >= seconds + 20, "{grace}");
        let sleep = &pod["containers"][0]["lifecycle"]["preStop"]["sleep"]["seconds"];
        assert_eq!(sleep.as_u64(), (seconds > 0).then_some(seconds));
    }
}

#[test]
#[ignore = "needs helm: cargo xtask test-cluster"]
fn image_is_named_by_digest_before_tag() {
    let image = |values: &str| {
        let rendered = Rendered::new(&format!("{LEAST}\n{values}"));
        let [panel, test] = pods(&rendered);
        let image = panel["containers"][0]["image"].clone();
        assert_eq!(image, test["containers"][0]["image"]);
        image
    };
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(image(""), format!("workshop:{version}"));
    assert_eq!(
        image("image: { registry: r.example.org/, tag: '1.10' }"),
        "r.example.org/workshop:1.10"
    );
    let digest = format!("sha256:{}", "0".repeat(64));
    assert_eq!(
        image(&format!("image: {{ tag: a, digest: '{digest}' }}")),
        format!("workshop@{digest}")
    );
}

#[test]
#[ignore = "needs helm: cargo xtask test-cluster"]
fn client_secret_is_a_file_and_no_variable() {
    let rendered = Rendered::new(MOST);
    let [panel, _] = pods(&rendered);
    assert_eq!(
        panel["containers"][0]["env"],
        json!([{ "name": "WORKSHOP_CONFIG", "value": "/etc/workshop/config.yaml" }])
    );
    assert_eq!(
        panel["volumes"][0]["projected"]["sources"][1]["secret"],
        json!({ "name": "oidc", "items": [{ "key": "client-secret", "path": "oidc/client-secret" }] })
    );
    assert_eq!(
        panel["volumes"][0]["projected"]["sources"][2]["configMap"],
        json!({ "name": "authorities", "items": [{ "key": "ca.crt", "path": "oidc/ca.crt" }] })
    );
    assert_eq!(
        panel["containers"][0]["volumeMounts"][0]["mountPath"],
        "/etc/workshop"
    );
    assert!(
        rendered
            .config()
            .contains("oidc-client-secret-file: /etc/workshop/oidc/client-secret")
    );
}
