//! kubectl, as someone beside the panel uses it, with the administrator's rights.

use std::io::Write;
use std::process::{Command, Output, Stdio};

/// Runs kubectl and returns what it prints. Panics with its error otherwise.
pub(crate) fn kubectl(arguments: &[&str]) -> String {
    let output = Command::new("kubectl")
        .args(arguments)
        .output()
        .expect("kubectl runs");
    succeeded(arguments, &output)
}

/// Deletes namespaces, and returns once they are gone. One that is not there is fine.
pub(crate) fn delete_namespaces(names: &[String]) {
    let mut arguments = vec![
        "delete",
        "namespace",
        "--ignore-not-found",
        "--timeout=120s",
    ];
    arguments.extend(names.iter().map(String::as_str));
    kubectl(&arguments);
}

/// Deletes the cluster-wide rights of the panel of this namespace.
pub(crate) fn delete_cluster_rights(panel_namespace: &str) {
    let name = format!("workshop-panel-{panel_namespace}");
    for kind in ["clusterrolebinding", "clusterrole"] {
        kubectl(&["delete", kind, &name, "--ignore-not-found"]);
    }
}

/// `kubectl apply -f -` with this manifest.
pub(crate) fn apply(namespace: &str, manifest: &str) -> String {
    with_input(&["apply", "-n", namespace, "-f", "-"], manifest)
}

/// `kubectl apply --server-side -f -` with objects that name their namespaces.
pub(crate) fn apply_server_side(manifest: &str) -> String {
    with_input(&["apply", "--server-side", "-f", "-"], manifest)
}

fn with_input(arguments: &[&str], input: &str) -> String {
    let mut child = Command::new("kubectl")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("kubectl runs");
    child
        .stdin
        .take()
        .expect("it has an input")
        .write_all(input.as_bytes())
        .expect("it reads");
    succeeded(arguments, &child.wait_with_output().expect("kubectl ends"))
}

/// What kubectl refuses, in its own words. Panics if it does not refuse.
pub(crate) fn refused(arguments: &[&str]) -> String {
    let output = Command::new("kubectl")
        .args(arguments)
        .output()
        .expect("kubectl runs");
    assert!(
        !output.status.success(),
        "kubectl {arguments:?} should have been refused"
    );
    String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout)
}

/// What a command printed. Panics with its error if it failed.
pub(crate) fn succeeded(arguments: &[&str], output: &Output) -> String {
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {error}");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}
