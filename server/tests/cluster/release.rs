//! The panel as an operator installs it: the image, the chart, two replicas in a namespace of their own that forbids much,
//! seats made through the panel's pod, and nginx in front.

use std::process::Command;
use std::time::{Duration, Instant};

use crate::front::{Front, free_address};
use crate::kubectl::{apply, delete_namespaces, kubectl, succeeded};
use crate::panel::{Installed, NAMESPACE, PREFIX};

const CHART: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../deploy/chart");

/// The release's name.
const NAME: &str = "panel";

/// The image, as the cluster's nodes know it.
const IMAGE: &str = "WORKSHOP_TEST_IMAGE";

/// The strictest Pod Security, and a quota that refuses pods without requests and limits. Room for three replicas, as a
/// rolling update needs one more, and for the test pod.
const WALLS: &str = r#"
apiVersion: v1
kind: Namespace
metadata:
  name: workshop
  labels:
    pod-security.kubernetes.io/enforce: restricted
    pod-security.kubernetes.io/enforce-version: latest
---
apiVersion: v1
kind: ResourceQuota
metadata: {name: small, namespace: workshop}
spec:
  hard: {pods: "4", requests.cpu: "1", requests.memory: 1Gi, limits.cpu: "8", limits.memory: 4Gi}
"#;

/// A release with its seats; all deleted when dropped.
pub(crate) struct Release {
    pub(crate) installed: Installed,
    front: Front,
}

impl Release {
    /// Installs, makes seats, and opens the way through nginx.
    pub(crate) fn install(seats: u32) -> Self {
        uninstall_whatever_is_there(seats);
        let address = free_address();
        apply(NAMESPACE, WALLS);
        let started = Instant::now();
        let url = format!("publicUrl=http://{address}");
        let [repository, tag] = image();
        helm(&[
            "install",
            NAME,
            CHART,
            "--set",
            &url,
            "--set",
            &repository,
            "--set",
            &tag,
            "--wait",
            "--timeout",
            "120s",
        ]);
        println!("helm install, two replicas ready: {:?}", started.elapsed());

        // By kubectl alone: the administrator applies what the panel's own program prints, and the panel gives the codes.
        let count = seats.to_string();
        let create = ["seats", "create", "--count", &count, "--prefix", PREFIX];
        let review = workshop(&[&create[..], &["-o", "yaml"]].concat());
        crate::kubectl::apply_server_side(&review);
        let printed = workshop(&[&create[..], &["--secrets-only"]].concat());
        let installed = Installed::found(seats, &printed);
        let front = Front::start(
            &format!("panel.{NAMESPACE}.svc.cluster.local:3000"),
            address,
        );
        Self { installed, front }
    }

    /// Of nginx, from here: `127.0.0.1:PORT`.
    pub(crate) fn address(&self) -> &str {
        &self.front.address
    }

    /// Deletes the replica that was there first, as a drained node would.
    pub(crate) fn delete_a_replica(&self) {
        let pods = replicas();
        assert_eq!(pods.len(), 2, "two replicas: {pods:?}");
        kubectl(&["delete", &pods[0], "-n", NAMESPACE, "--wait=false"]);
    }

    /// Changes a value of the release; returns once all replicas are others.
    pub(crate) fn upgrade(&self, value: &str) -> Duration {
        replaced(&["upgrade", NAME, CHART, "--reuse-values", "--set", value])
    }

    /// Goes back to the values before; returns once all replicas are others.
    pub(crate) fn roll_back(&self) -> Duration {
        replaced(&["rollback", NAME])
    }

    /// The chart's own test.
    pub(crate) fn test(&self) {
        helm(&["test", NAME, "--timeout", "60s"]);
    }

    /// Uninstalls; what is left is what attendees and the class made.
    pub(crate) fn uninstall(&self) {
        helm(&["uninstall", NAME, "--wait", "--timeout", "60s"]);
    }
}

impl Drop for Release {
    fn drop(&mut self) {
        uninstall_whatever_is_there(0);
    }
}

/// Runs helm; returns how long it took until the replicas of before were gone.
fn replaced(arguments: &[&str]) -> Duration {
    let before = replicas();
    let started = Instant::now();
    helm(&[arguments, &["--wait", "--timeout", "180s"]].concat());
    // Helm waits for the new replicas, not for the end of the old.
    let gone = ["wait", "--for=delete", "--timeout=60s", "-n", NAMESPACE];
    let before = before.iter().map(String::as_str);
    kubectl(&gone.into_iter().chain(before).collect::<Vec<_>>());
    started.elapsed()
}

/// The replicas' names, `pod/…`, the oldest first.
pub(crate) fn replicas() -> Vec<String> {
    let pods = kubectl(&[
        "get",
        "pods",
        "-n",
        NAMESPACE,
        "-l",
        "app.kubernetes.io/name=workshop",
        "--field-selector=status.phase=Running",
        "--sort-by=.metadata.creationTimestamp",
        "-o",
        "name",
    ]);
    pods.lines().map(str::to_owned).collect()
}

/// The program in the panel's pod.
pub(crate) fn workshop(arguments: &[&str]) -> String {
    let exec = [
        "exec",
        "-n",
        NAMESPACE,
        "deployment/panel",
        "--",
        "workshop",
    ];
    kubectl(&[&exec[..], arguments].concat())
}

/// `helm` in the panel's namespace. Panics with its error.
fn helm(arguments: &[&str]) -> String {
    let output = Command::new("helm")
        .args(arguments)
        .args(["--namespace", NAMESPACE])
        .output()
        .expect("helm runs");
    succeeded(arguments, &output)
}

/// The values that name the image of `WORKSHOP_TEST_IMAGE`.
fn image() -> [String; 2] {
    let image = std::env::var(IMAGE).expect("cargo xtask test-cluster asks for it");
    let (name, tag) = image.rsplit_once(':').expect("it has a tag");
    let (registry, repository) = name.split_once('/').expect("it names its registry");
    [
        format!("image.registry={registry},image.repository={repository}"),
        format!("image.tag={tag}"),
    ]
}

fn uninstall_whatever_is_there(seats: u32) {
    helm(&["uninstall", NAME, "--ignore-not-found", "--wait"]);
    let mut names = vec![NAMESPACE.to_owned()];
    names.extend((1..=seats).map(|n| format!("{PREFIX}{n}")));
    delete_namespaces(&names);
}
