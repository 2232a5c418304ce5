//! `workshop seats …` as an instructor types it, and the handout's kubectl commands as an attendee types them.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use app::model::LoadSettings;
use server::workshop::manifests::{self, APP, Settings, to_yaml};

use crate::attendee::Attendee;
use crate::kubectl::{delete_cluster_rights, delete_namespaces, kubectl, refused, succeeded};
use crate::panel::kubeconfig;

/// The panel's namespace and the seats' prefix, apart from the journey's.
const PANEL: &str = "workshop-seats";
const PREFIX: &str = "seats-test-";
const SEATS: u32 = 3;

/// A pod that asks for nothing: the quota would refuse it, were there no defaults.
const WITHOUT_REQUESTS: &str = r#"
apiVersion: apps/v1
kind: Deployment
metadata: {name: plain}
spec:
  selector: {matchLabels: {app: plain}}
  template:
    metadata: {labels: {app: plain}}
    spec:
      terminationGracePeriodSeconds: 0
      containers:
        - name: plain
          image: tiangolo/uvicorn-gunicorn-fastapi:python3.11
          imagePullPolicy: IfNotPresent
          command: [python3, -c, "import time; time.sleep(600)"]
"#;

/// What the tests make; taken away when dropped.
struct Class {
    folder: PathBuf,
}

impl Class {
    fn new() -> Self {
        remove();
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("seats");
        // It may be there from the last run.
        let _ = std::fs::remove_dir_all(&folder);
        Self { folder }
    }

    /// kubectl as the attendee of a seat, with nothing but the file that was handed out.
    fn attendee(&self, seat: u32) -> Attendee {
        let file = format!("{seat:02}-{PREFIX}{seat}.kubeconfig");
        Attendee {
            kubeconfig: self.folder.join(file),
        }
    }
}

impl Drop for Class {
    fn drop(&mut self) {
        remove();
    }
}

fn remove() {
    let mut names = vec![PANEL.to_owned()];
    names.extend((1..=SEATS).map(|seat| format!("{PREFIX}{seat}")));
    delete_namespaces(&names);
    delete_cluster_rights(PANEL);
}

/// `workshop` with these arguments, about the seats of this test.
fn workshop(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_workshop"))
        .args(arguments)
        .env("WORKSHOP_PANEL_NAMESPACE", PANEL)
        .output()
        .expect("the program runs")
}

fn create(arguments: &[&str]) -> Output {
    let count = SEATS.to_string();
    let all = ["seats", "create", "--count", &count, "--prefix", PREFIX];
    workshop(&[&all, arguments].concat())
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a cluster: cargo xtask test-cluster"]
async fn seats_are_made_used_with_kubectl_and_taken_away() {
    let _alone = crate::CLUSTER.lock().await;
    let class = Class::new();
    let theirs = format!("{PREFIX}3");
    kubectl(&["create", "namespace", &theirs]);

    let began = Instant::now();
    let folder = class.folder.to_str().expect("it is UTF-8");
    let made = create(&["--panel-rights", "--kubeconfigs", folder]);
    let printed = succeeded(&["seats create"], &made);
    println!("{SEATS} seats took {:?}", began.elapsed());
    assert_eq!(printed.lines().count(), 4, "{printed}");
    let again = succeeded(&["seats create"], &create(&[]));
    assert!(
        again.lines().all(|line| line.ends_with(" exists")),
        "{again}"
    );
    let plan = succeeded(&["--dry-run"], &create(&["--dry-run", "--panel-rights"]));
    assert!(
        plan.lines().all(|line| line.ends_with(": exists")),
        "{plan}"
    );
    applies_as_yaml();

    let attendee = class.attendee(1);
    the_handouts_commands_work(&attendee);
    everything_else_is_refused(&attendee);
    the_panels_account_changes_seats_and_makes_none();

    // The app and its ScaledObject are still there.
    let deleted = workshop(&["seats", "delete", "--all", "--yes"]);
    println!("{}", String::from_utf8_lossy(&deleted.stderr));
    succeeded(&["seats delete"], &deleted);
    refused(&["get", "namespace", &format!("{PREFIX}1")]);
    kubectl(&["get", "namespace", &theirs]);
    let left = "roles,rolebindings,resourcequotas,limitranges";
    assert_eq!(kubectl(&["get", left, "-n", &theirs, "-o", "name"]), "");
    refused(&["get", "serviceaccount", "attendee", "-n", &theirs]);
    // The account is gone, and its token with it.
    let token = class.attendee(3).command(&["get", "pods"]).status();
    assert!(!token.expect("kubectl runs").success());
    assert_eq!(
        kubectl(&[
            "get",
            "secrets",
            "-n",
            PANEL,
            "-l",
            "autoscaling-workshop/seat",
            "-o",
            "name"
        ]),
        ""
    );
}

/// What `-o yaml` prints goes through kubectl, and changes nothing where all is made.
fn applies_as_yaml() {
    let yaml = succeeded(&["-o yaml"], &create(&["-o", "yaml", "--panel-rights"]));
    // The Secret of the codes' key, and nothing that is secret: neither that key nor a seat that has its code.
    assert_eq!(yaml.matches("kind: Secret").count(), 1, "{yaml}");
    assert!(!yaml.contains("\ndata:"), "{yaml}");
    let mut child = Command::new("kubectl")
        .args(["apply", "--server-side", "--dry-run=server", "-f", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("kubectl runs");
    let mut input = child.stdin.take().expect("it has an input");
    input.write_all(yaml.as_bytes()).expect("it reads");
    drop(input);
    succeeded(&["apply"], &child.wait_with_output().expect("kubectl ends"));
}

/// In the handout's order: apply, watch, load, log, stop, clean up.
fn the_handouts_commands_work(attendee: &Attendee) {
    let settings = Settings::default();
    let yaml = |object| to_yaml(&object).expect("it is YAML");
    let code = yaml(manifests::webapp_code());
    let deployment = yaml(manifests::deployment(&settings));
    let service = yaml(manifests::service([("app", APP)]));
    let scaled_object = yaml(manifests::scaled_object(&settings, APP));
    let locustfile = yaml(manifests::locustfile(APP, 24));
    let load = LoadSettings {
        users: 5,
        spawn_rate: 5,
        run_time_s: 10,
        n: 24,
        guess: None,
    };
    let job = yaml(manifests::job(&settings, &load));

    let watch = ["get", "pods", "-l", "app=webapp", "-w", "--no-headers"];
    let line = attendee.first_line_of(&watch, || {
        attendee.with_file("apply", &format!("{code}---\n{deployment}"));
    });
    assert!(line.starts_with("webapp-"), "{line}");
    attendee.with_file("apply", &service);
    attendee.run(&["scale", "deployment/webapp", "--replicas=2"]);
    attendee.run(&[
        "wait",
        "--for=condition=Available",
        "deployment/webapp",
        "--timeout=120s",
    ]);
    attendee.run(&["rollout", "status", "deployment/webapp", "--timeout=60s"]);
    let watch = ["get", "hpa", "-w", "--no-headers"];
    let line = attendee.first_line_of(&watch, || attendee.with_file("apply", &scaled_object));
    assert!(line.starts_with("keda-hpa-webapp"), "{line}");
    attendee.run(&[
        "wait",
        "--for=condition=Ready",
        "scaledobject/webapp",
        "--timeout=60s",
    ]);

    attendee.with_file("apply", &format!("{locustfile}---\n{job}"));
    attendee.run(&[
        "wait",
        "--for=condition=Ready",
        "pod",
        "-l",
        "job-name=locust-headless",
        "--timeout=60s",
    ]);
    let first = "jsonpath={.items[0].metadata.name}";
    let pod = attendee.run(&["get", "pod", "-l", "job-name=locust-headless", "-o", first]);
    // Ends with the load.
    let log = attendee.run(&["logs", "-f", &pod]);
    assert!(log.contains("users"), "{log}");
    top_pods(attendee);
    let kinds =
        "pods,deployments,replicasets,services,configmaps,jobs,hpa,scaledobjects,quota,limitranges";
    let all = attendee.run(&["get", kinds, "-o", "name"]);
    for name in [
        "deployment.apps/webapp",
        "resourcequota/workshop",
        "limitrange/workshop",
    ] {
        assert!(all.contains(name), "{all}");
    }
    attendee.run(&["describe", "hpa", "keda-hpa-webapp"]);
    let events = attendee.run(&["get", "events", "--sort-by=.lastTimestamp"]);
    assert!(events.contains("Scheduled"), "{events}");
    attendee.run(&["delete", "job", "locust-headless", "--ignore-not-found"]);
    attendee.with_file("apply", WITHOUT_REQUESTS);
    attendee.run(&[
        "wait",
        "--for=condition=Available",
        "deployment/plain",
        "--timeout=60s",
    ]);
    attendee.with_file("delete", WITHOUT_REQUESTS);
    for file in [&scaled_object, &deployment, &service] {
        attendee.with_file("delete", file);
    }
    // For the deletion of the seat: KEDA's finalizer is on it.
    attendee.with_file("apply", &deployment);
    attendee.with_file("apply", &scaled_object);
    attendee.run(&[
        "wait",
        "--for=condition=Ready",
        "scaledobject/webapp",
        "--timeout=60s",
    ]);
}

/// metrics-server knows a pod some seconds after it runs.
fn top_pods(attendee: &Attendee) {
    let until = Instant::now() + Duration::from_secs(90);
    loop {
        let arguments = ["top", "pods", "--no-headers"];
        let output = attendee.command(&arguments).output().expect("kubectl runs");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        if output.status.success() && text.contains("webapp-") {
            return;
        }
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!error.contains("forbidden"), "{error}");
        assert!(Instant::now() < until, "{text}{error}");
    }
}

fn everything_else_is_refused(attendee: &Attendee) {
    let other = format!("{PREFIX}2");
    for arguments in [
        &["get", "pods", "-n", &other][..],
        &["delete", "job", "locust-headless", "-n", &other],
        &["get", "pods", "-n", "kube-system"],
        &["get", "secrets"],
        &["get", "secrets", "-n", PANEL],
        &["create", "secret", "generic", "mine"],
        &["get", "roles"],
        &["get", "serviceaccounts"],
        &["create", "token", "attendee"],
        &["create", "token", "panel", "-n", PANEL],
        &["get", "namespaces"],
        &["get", "nodes"],
        &["get", "pods", "--all-namespaces"],
        &["top", "nodes"],
        &["exec", "deployment/webapp", "--", "true"],
        &["delete", "resourcequota", "workshop"],
        &["delete", "limitrange", "workshop"],
        &["create", "namespace", "seats-test-4"],
    ] {
        attendee.refused(arguments);
    }
}

/// As `kubectl exec deploy/panel -- workshop seats …` does.
fn the_panels_account_changes_seats_and_makes_none() {
    let file = kubeconfig(PANEL);
    let file = file.to_str().expect("it is UTF-8");
    let in_pod = |arguments: &[&str]| workshop(&[arguments, &["--kubeconfig", file]].concat());
    let renewed = succeeded(&["renew"], &in_pod(&["seats", "renew", "1"]));
    assert!(
        renewed.starts_with(&format!("seat {PREFIX}1 01-")),
        "{renewed}"
    );
    succeeded(&["rename"], &in_pod(&["seats", "rename", "1", "Ana"]));
    succeeded(&["sign-out"], &in_pod(&["seats", "sign-out", "--all"]));
    succeeded(&["revoke"], &in_pod(&["seats", "revoke", "2-3"]));
    succeeded(&["class"], &in_pod(&["class", "read-only"]));
    let opened = succeeded(&["open"], &in_pod(&["seats", "open"]));
    assert!(opened.starts_with("class C-"), "{opened}");
    succeeded(&["close"], &in_pod(&["seats", "close"]));
    let listed = succeeded(&["list"], &in_pod(&["seats", "list", "-o", "json"]));
    let listed: serde_json::Value = serde_json::from_str(&listed).expect("it is JSON");
    assert_eq!(listed[1]["name"], "Ana");
    assert_eq!(listed[2]["revoked"], true);
    assert_eq!(listed[1]["namespace_trouble"], serde_json::Value::Null);

    let refused = in_pod(&["seats", "create", "--count", "4", "--prefix", PREFIX]);
    assert!(!refused.status.success());
    let error = String::from_utf8_lossy(&refused.stderr);
    assert!(
        error.contains("the rights of a cluster administrator"),
        "{error}"
    );
}
