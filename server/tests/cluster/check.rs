//! What an instructor does the day before, as the program itself: the check, and the pulling of the images.

use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::kubectl::kubectl;
use crate::panel::Installed;

/// What the check promises, whatever is broken.
const CHECKED_WITHIN: Duration = Duration::from_secs(20);

/// Small enough for one node that others use, too.
const SMALL: [&str; 6] = [
    "--max-replicas",
    "3",
    "--app-cpu-request",
    "10",
    "--load-cpu-request",
    "10",
];

#[tokio::test]
#[ignore = "needs a cluster: cargo xtask test-cluster"]
async fn class_is_checked_and_its_images_are_pulled() {
    let _alone = crate::CLUSTER.lock().await;
    let installed = Installed::new(1);
    instructor_is_told_that_all_is_ready();
    panels_account_is_told_what_it_may_not_read(&installed.kubeconfig);
    cluster_that_does_not_answer_is_no_verdict();
    images_are_pulled_and_missing_ones_named();
}

fn instructor_is_told_that_all_is_ready() {
    let (report, code) = check(&[], None);
    assert_eq!(code, Some(0), "{report:#}");
    assert_eq!(report["ready"], true, "{report:#}");
    assert_eq!((&report["seats"], &report["pods"]), (&1.into(), &3.into()));
    for name in [
        "KEDA",
        "KEDA webhook",
        "Metrics API",
        "Metrics samples",
        "Seats",
        "Panel's rights",
        "Acting as attendees",
        "Attendees' rights",
        "Panel's limits",
        "Quotas",
        "Node capacity",
    ] {
        assert_eq!(outcome(&report, name), "pass", "{name}: {report:#}");
    }
    let (report, code) = check(&["--count", "300"], None);
    assert_eq!(code, Some(1), "{report:#}");
    assert_eq!(outcome(&report, "Seats"), "fail");
}

/// As in the panel's pod.
fn panels_account_is_told_what_it_may_not_read(kubeconfig: &Path) {
    let (report, code) = check(&[], Some(kubeconfig));
    assert_eq!(code, Some(0), "{report:#}");
    for name in [
        "Panel's rights",
        "Attendees' rights",
        "Seats",
        "KEDA webhook",
    ] {
        assert_eq!(outcome(&report, name), "pass", "{name}: {report:#}");
    }
    assert_eq!(outcome(&report, "Node capacity"), "warn", "{report:#}");
}

fn cluster_that_does_not_answer_is_no_verdict() {
    let nothing = Path::new("no such kubeconfig");
    let (report, code) = check(&[], Some(nothing));
    assert_eq!(code, Some(2), "{report:#}");
}

fn images_are_pulled_and_missing_ones_named() {
    let output = workshop(&["prepull"], None);
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{output:?}");
    assert!(printed.starts_with("Both images are on "), "{printed}");

    let missing = ["prepull", "--load-image", "locustio/locust:no-such-tag"];
    let output = workshop(&missing, None);
    let printed = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{printed}");
    assert!(
        printed.contains("locustio/locust:no-such-tag  FAILED: "),
        "{printed}"
    );
    let left = kubectl(&["get", "pods", "-n", "workshop", "-o", "name"]);
    assert_eq!(left, "", "no pod stays");
}

fn check(options: &[&str], kubeconfig: Option<&Path>) -> (Value, Option<i32>) {
    let begun = Instant::now();
    let arguments = [&["check", "-o", "json"], &SMALL[..], options].concat();
    let output = workshop(&arguments, kubeconfig);
    let took = begun.elapsed();
    println!("checked in {took:?}");
    assert!(took < CHECKED_WITHIN, "checked in {took:?}");
    let report = serde_json::from_slice(&output.stdout);
    (
        report.expect("it prints one JSON object"),
        output.status.code(),
    )
}

fn outcome<'a>(report: &'a Value, name: &str) -> &'a str {
    let checks = report["checks"].as_array().expect("there are checks");
    let check = checks.iter().find(|check| check["name"] == name);
    check
        .and_then(|check| check["outcome"].as_str())
        .unwrap_or("absent")
}

fn workshop(arguments: &[&str], kubeconfig: Option<&Path>) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_workshop"));
    command.args(arguments);
    if let Some(kubeconfig) = kubeconfig {
        command.env("KUBECONFIG", kubeconfig);
    }
    command.output().expect("the program runs")
}
