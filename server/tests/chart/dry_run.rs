//! The API server's own opinion of the rendered objects, in a namespace with Pod Security `restricted` and a quota.

use serde_json::{Value, json};

use crate::helm::{CHART, LEAST, MOST, NAMESPACED, Rendered, printed, run};

const PLACE: &str = "chart-dry-run";

/// Kinds that a cluster has only with somebody's definitions.
const OPTIONAL: [&str; 2] = ["HTTPRoute", "ServiceMonitor"];

/// A namespace as a careful operator makes it; deleted when dropped.
struct Namespace;

impl Namespace {
    fn new() -> Self {
        drop(Self);
        let labels = json!({
            "pod-security.kubernetes.io/enforce": "restricted",
            "pod-security.kubernetes.io/warn": "restricted",
        });
        let quota = json!({
            "requests.cpu": "2", "requests.memory": "2Gi", "limits.cpu": "4", "limits.memory": "4Gi", "pods": "10",
        });
        for object in [
            json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": PLACE, "labels": labels } }),
            json!({
                "apiVersion": "v1", "kind": "ResourceQuota",
                "metadata": { "name": "quota", "namespace": PLACE }, "spec": { "hard": quota },
            }),
            // A pod that names an account needs it; in a dry run nothing of the release is there.
            json!({ "apiVersion": "v1", "kind": "ServiceAccount", "metadata": { "name": "panel", "namespace": PLACE } }),
        ] {
            kubectl(&["create", "-f", "-"], &object);
        }
        Self
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        let delete = ["delete", "namespace", PLACE, "--ignore-not-found"];
        let output = run("kubectl", &delete, "");
        assert!(output.status.success() || std::thread::panicking());
    }
}

/// What kubectl warns of. Panics if it fails.
fn kubectl(arguments: &[&str], object: &Value) -> String {
    let output = run("kubectl", arguments, &object.to_string());
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}\n{object:#}");
    said
}

fn dry_run(object: &Value) {
    let mut object = object.clone();
    if object["metadata"]["namespace"].is_string() {
        object["metadata"]["namespace"] = PLACE.into();
    }
    let apply = [
        "apply",
        "--server-side",
        "--force-conflicts",
        "--dry-run=server",
        "-f",
        "-",
    ];
    assert_eq!(kubectl(&apply, &object), "", "{object:#}");
}

#[test]
#[ignore = "needs a cluster: cargo xtask test-cluster"]
fn api_server_takes_every_object_without_a_warning() {
    let _namespace = Namespace::new();
    for values in [LEAST, &MOST.replace("priorityClassName: high", "")] {
        let rendered = Rendered::new(values);
        let known = rendered
            .0
            .iter()
            .filter(|object| !OPTIONAL.contains(&object["kind"].as_str().unwrap()));
        known.for_each(dry_run);
    }
    // Admission asks quota and Pod Security of pods, not of Deployments.
    let rendered = Rendered::new(LEAST);
    let template = &rendered.get("Deployment", "panel")["spec"]["template"];
    dry_run(&json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": { "name": "panel", "namespace": PLACE, "labels": template["metadata"]["labels"] },
        "spec": template["spec"],
    }));
}

#[test]
#[ignore = "needs a cluster: cargo xtask test-cluster"]
fn notes_say_what_comes_next() {
    let open = NAMESPACED.replace('}', ", ingress: { enabled: true } }");
    // A dry run needs no namespace.
    let install = [
        "install",
        "workshop",
        CHART,
        "-n",
        "chart-notes",
        "-f",
        "-",
        "--dry-run=server",
    ];
    for (name, values) in [("least", LEAST), ("open", &open)] {
        let printed = printed("helm", &install, values);
        let (_, notes) = printed.split_once("NOTES:\n").unwrap();
        insta::assert_snapshot!(name, notes);
    }
}
