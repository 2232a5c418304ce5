//! Helm as an operator types it, and the objects that it renders.

use std::io::Write;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

pub(crate) const CHART: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../deploy/chart");
pub(crate) const NAMESPACE: &str = "class";

/// The least that an operator gives.
pub(crate) const LEAST: &str = "publicUrl: https://workshop.example.org";

/// Everything that can be asked for.
pub(crate) const MOST: &str = include_str!("most.yaml");

/// Without a right beyond namespaces.
pub(crate) const NAMESPACED: &str =
    "{ publicUrl: 'https://workshop.example.org', namespaced: true }";

/// Runs a program with `input` at its stdin.
pub(crate) fn run(program: &str, arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{program} does not run, is it on PATH? {error}"));
    // It may have ended already, and say so itself.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

/// What a program printed. Panics with its error otherwise.
pub(crate) fn printed(program: &str, arguments: &[&str], input: &str) -> String {
    let output = run(program, arguments, input);
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "{program} {arguments:?}: {error}{}",
        String::from_utf8_lossy(&output.stdout)
    );
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// NB: a Helm that was built by hand takes itself for one of Kubernetes 1.20.
fn arguments(command: &'static str) -> Vec<&'static str> {
    let all = [CHART, "--namespace", NAMESPACE, "--values", "-"];
    [&[command][..], &all, &["--kube-version", "1.35.0"]].concat()
}

/// The manifest as text.
pub(crate) fn template(values: &str) -> String {
    printed("helm", &arguments("template"), values)
}

pub(crate) fn lint(values: &str) -> String {
    let arguments = [&arguments("lint")[..], &["--strict"]].concat();
    printed("helm", &arguments, values)
}

/// What Helm says of values that it does not take.
pub(crate) fn refused(values: &str) -> String {
    let output = run("helm", &arguments("template"), values);
    assert!(!output.status.success(), "taken: {values}");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// All objects of a release.
pub(crate) struct Rendered(pub(crate) Vec<Value>);

impl Rendered {
    pub(crate) fn new(values: &str) -> Self {
        Self(serde_saphyr::from_multiple(&template(values)).unwrap())
    }

    /// Kind and name of each, sorted.
    pub(crate) fn names(&self) -> Vec<String> {
        let mut names: Vec<_> = self.0.iter().map(name).collect();
        names.sort();
        names
    }

    /// The object of this kind and name.
    pub(crate) fn get(&self, kind: &str, named: &str) -> &Value {
        let wanted = format!("{kind}/{named}");
        let found = self.0.iter().find(|object| name(object) == wanted);
        found.unwrap_or_else(|| panic!("no {wanted} among {:?}", self.names()))
    }

    pub(crate) fn of_kind<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Value> {
        self.0.iter().filter(move |object| object["kind"] == kind)
    }

    /// The file that the panel reads.
    pub(crate) fn config(&self) -> &str {
        let data = &self.get("ConfigMap", "panel-config")["data"];
        data["config.yaml"].as_str().unwrap()
    }
}

fn name(object: &Value) -> String {
    let kind = object["kind"].as_str().unwrap();
    let name = object["metadata"]["name"].as_str().unwrap();
    format!("{kind}/{name}")
}
