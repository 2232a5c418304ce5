//! Which objects there are, and what they are called.

use serde_json::Value;

use crate::helm::{LEAST, MOST, NAMESPACE, Rendered, lint, template};

#[test]
#[ignore = "needs helm: cargo xtask test-cluster"]
fn lint_finds_nothing() {
    for values in [LEAST, MOST, crate::helm::NAMESPACED] {
        let said = lint(values);
        assert!(
            !said.contains("[WARNING]") && !said.contains("[ERROR]"),
            "{said}"
        );
    }
}

#[test]
#[ignore = "needs helm: cargo xtask test-cluster"]
fn least_is_a_panel_and_nothing_optional() {
    assert_eq!(
        Rendered::new(LEAST).names(),
        [
            "ClusterRole/workshop-panel-class",
            "ClusterRoleBinding/workshop-panel-class",
            "ConfigMap/panel-config",
            "Deployment/panel",
            "Pod/panel-test",
            "PodDisruptionBudget/panel",
            "Role/panel",
            "RoleBinding/panel",
            "Service/panel",
            "ServiceAccount/panel",
        ]
    );
}

#[test]
#[ignore = "needs helm: cargo xtask test-cluster"]
fn each_optional_object_is_asked_for() {
    let names = Rendered::new(MOST).names();
    let optional: Vec<_> = names
        .iter()
        .filter(|name| !Rendered::new(LEAST).names().contains(name))
        .collect();
    assert_eq!(
        optional,
        [
            "ConfigMap/panel-dashboard",
            "HTTPRoute/panel",
            "Ingress/panel",
            "NetworkPolicy/panel",
            "ServiceMonitor/panel",
        ]
    );
}

#[test]
#[ignore = "needs helm: cargo xtask test-cluster"]
fn one_replica_has_no_disruption_budget() {
    let rendered = Rendered::new(&format!("{LEAST}\nreplicas: 1"));
    assert_eq!(rendered.of_kind("PodDisruptionBudget").count(), 0);
}

#[test]
#[ignore = "needs helm: cargo xtask test-cluster"]
fn every_object_is_labelled_and_has_its_place() {
    for object in &Rendered::new(MOST).0 {
        let kind = object["kind"].as_str().unwrap();
        let metadata = &object["metadata"];
        if kind.starts_with("ClusterRole") {
            assert_eq!(metadata["namespace"], Value::Null, "{kind}");
            assert!(metadata["name"].as_str().unwrap().ends_with(NAMESPACE));
        } else {
            assert_eq!(metadata["namespace"], NAMESPACE, "{kind}");
        }
        for label in ["name", "instance", "version", "part-of", "managed-by"] {
            let label = format!("app.kubernetes.io/{label}");
            assert!(metadata["labels"][&label].is_string(), "{kind} {label}");
        }
        assert!(metadata["labels"]["helm.sh/chart"].is_string(), "{kind}");
    }
}

/// Seats, sessions and runs live in objects that the panel makes: an upgrade, a rollback or the end of a release must
/// not touch them.
#[test]
#[ignore = "needs helm: cargo xtask test-cluster"]
fn release_owns_no_secret_and_no_data() {
    let rendered = Rendered::new(MOST);
    assert_eq!(rendered.of_kind("Secret").count(), 0);
    assert_eq!(rendered.of_kind("ConfigMap").count(), 2);
    assert_eq!(rendered.of_kind("Namespace").count(), 0);
}

#[test]
#[ignore = "needs helm: cargo xtask test-cluster"]
fn rendering_is_as_it_was() {
    // The dashboard is long, and looked at elsewhere.
    let text = template(&MOST.replace("dashboard: { enabled: true }", "dashboard: {}"));
    // The checksum tells no more than the file itself.
    let lines = text
        .lines()
        .filter(|line| !line.contains("checksum/config:"));
    insta::assert_snapshot!(lines.collect::<Vec<_>>().join("\n"));
}
