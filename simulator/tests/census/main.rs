//! The census: every kind of request that the panel, its commands and the handout's kubectl send, as a real API server
//! answered them. The simulator serves each of them, and says 501 to what nobody asks for.
//!
//! `census.json` is made from a recording: start `cargo run -p simulator --example record_requests -- LOG`, run the panel
//! and its commands against the address that it prints, and kubectl against one that was started with an attendee's
//! token; then `CENSUS_LOG=LOG cargo test -p simulator --test census -- --ignored`.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod reduction;

use std::path::Path;

use http::Request;
use http_body_util::BodyExt;
use kube::client::Body;
use serde_json::{Value, json};
use simulator::{Identity, Options, Simulator};
use tower::ServiceExt;

use reduction::{Entry, Kind, Recorded, census};

fn file() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/census/census.json")
}

fn read() -> Vec<Entry> {
    let text = std::fs::read_to_string(file()).unwrap();
    serde_json::from_str(&text).unwrap()
}

#[test]
#[ignore = "writes census.json from the recording that CENSUS_LOG names"]
fn census_is_made_from_a_recording() {
    let path = std::env::var("CENSUS_LOG").expect("CENSUS_LOG names no file");
    let text = std::fs::read_to_string(path).unwrap();
    let recording: Vec<Recorded> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let mut census = serde_json::to_string_pretty(&census(&recording)).unwrap();
    census.push('\n');
    std::fs::write(file(), census).unwrap();
}

/// An answer of the simulator: its code, and its Status if it is one.
async fn ask(simulator: &Simulator, kind: &Kind) -> (u16, Value) {
    let path = kind
        .path
        .replace("{namespace}", "ws")
        .replace("{name}", "webapp");
    let query: Vec<_> = kind
        .query
        .iter()
        .map(|name| format!("{name}={}", parameter(name)))
        .collect();
    let mut request = Request::builder()
        .method(kind.method.as_str())
        .uri(format!("{path}?{}", query.join("&")));
    if !kind.content_type.is_empty() {
        request = request.header("content-type", &kind.content_type);
    }
    if !kind.shape.is_empty() {
        let accept = format!(
            "application/json;as={};v=v1;g=meta.k8s.io,application/json",
            kind.shape
        );
        request = request.header("accept", accept);
    }
    let body = match kind.content_type.as_str() {
        "" => "",
        "application/json-patch+json" => "[]",
        _ => "{}",
    };
    let request = request.body(Body::from(body.as_bytes().to_vec())).unwrap();
    let service = simulator.service(Identity::admin());
    let response = service.oneshot(request).await.unwrap();
    let code = response.status().as_u16();
    if code < 400 {
        // A watch would not end.
        return (code, Value::Null);
    }
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    (code, serde_json::from_slice(&bytes).unwrap_or_default())
}

/// A value that the parameter can have. What is not here has not been thought of.
fn parameter(name: &str) -> &'static str {
    match name {
        "allowWatchBookmarks" | "follow" | "force" | "timestamps" | "watch" => "true",
        "container" | "fieldManager" => "webapp",
        "continue" => "",
        "dryRun" => "All",
        "includeObject" => "Object",
        "fieldSelector" => "metadata.name%3Dwebapp",
        "fieldValidation" => "Strict",
        "labelSelector" => "app%3Dwebapp",
        "propagationPolicy" => "Background",
        "resourceVersion" => "0",
        "sendInitialEvents" => "false",
        "hash" | "limit" | "sinceSeconds" | "tailLines" | "timeoutSeconds" => "30",
        "sinceTime" => "2026-01-01T00:00:00Z",
        "timeout" => "32s",
        other => panic!("the census has a parameter {other} that this test does not know"),
    }
}

/// Whether a refusal is about the objects and bodies of this test, not about the kind of request.
fn is_served(code: u16, status: &Value) -> bool {
    match code {
        404 => status["details"]["name"].is_string(),
        405 | 406 | 415 | 500.. => false,
        _ => true,
    }
}

#[tokio::test(start_paused = true)]
async fn every_kind_of_request_in_the_census_is_served() {
    let simulator = Simulator::new(Options::default()).unwrap();
    let mut refused = Vec::new();
    for Entry {
        kind,
        agents,
        codes,
    } in read()
    {
        let (code, status) = ask(&simulator, &kind).await;
        // What the real server does not serve either is no loss.
        let real = codes.iter().all(|code| matches!(code, 404 | 405 | 415));
        if !real && !is_served(code, &status) && !is_known_gap(&kind) {
            refused.push(format!("{agents:?} {kind:?}: {code} {}", status["message"]));
        }
    }
    assert!(refused.is_empty(), "{}", refused.join("\n"));
}

/// What kubectl asks for beside what the handout needs, and docs/simulator.md says is not there.
fn is_known_gap(kind: &Kind) -> bool {
    let protobuf = kind.content_type == "application/vnd.kubernetes.protobuf";
    // `kubectl get all` asks for every kind of the category; the simulator's discovery names only those that it has.
    let absent = [
        "replicationcontrollers",
        "daemonsets",
        "statefulsets",
        "cronjobs",
    ];
    // Asked for where `/openapi/v3` has no schema; kubectl goes on without.
    let old_schema = kind.path == "/openapi/v2";
    protobuf || old_schema || absent.iter().any(|plural| kind.path.ends_with(plural))
}

#[tokio::test(start_paused = true)]
async fn what_nobody_asks_for_is_not_implemented_and_documented() {
    let simulator = Simulator::new(Options::default()).unwrap();
    let document = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/simulator.md");
    let document = std::fs::read_to_string(document).unwrap();
    for (method, path, word) in [
        ("POST", "/api/v1/namespaces/ws/pods/webapp/exec", "exec"),
        ("POST", "/api/v1/namespaces/ws/pods/webapp/attach", "attach"),
        (
            "POST",
            "/api/v1/namespaces/ws/pods/webapp/portforward",
            "port-forward",
        ),
        (
            "POST",
            "/api/v1/namespaces/ws/pods/webapp/eviction",
            "eviction",
        ),
        (
            "GET",
            "/api/v1/namespaces/ws/services/webapp/proxy",
            "proxy",
        ),
        ("GET", "/api/v1/namespaces/ws/endpoints", "Endpoints"),
        ("GET", "/api/v1/persistentvolumes", "PersistentVolume"),
        ("GET", "/apis/apps/v1/statefulsets", "StatefulSet"),
        ("GET", "/apis/apps/v1/daemonsets", "DaemonSet"),
        ("GET", "/apis/batch/v1/cronjobs", "CronJob"),
        ("GET", "/apis/networking.k8s.io/v1/ingresses", "Ingress"),
        (
            "GET",
            "/apis/policy/v1/poddisruptionbudgets",
            "PodDisruptionBudget",
        ),
        ("GET", "/apis/keda.sh/v1alpha1/scaledjobs", "ScaledJob"),
        (
            "POST",
            "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
            "CustomResourceDefinition",
        ),
        (
            "DELETE",
            "/apis/apiregistration.k8s.io/v1/apiservices/x",
            "APIService",
        ),
    ] {
        let kind = Kind {
            method: method.to_owned(),
            path: path.to_owned(),
            query: std::collections::BTreeSet::new(),
            shape: String::new(),
            content_type: "application/json".to_owned(),
        };
        let (code, status) = ask(&simulator, &kind).await;
        assert_eq!(code, 501, "{method} {path}: {status}");
        assert_eq!(
            (&status["kind"], &status["reason"]),
            (&json!("Status"), &json!("NotImplemented"))
        );
        let message = status["message"].as_str().unwrap();
        assert!(message.starts_with("the simulator does not "), "{message}");
        let section = document.split("## What it does not do").nth(1).unwrap();
        assert!(
            section.contains(word),
            "docs/simulator.md does not name {word}"
        );
    }
}
