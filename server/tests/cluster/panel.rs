//! The panel as a process: its account and seats on the cluster, and the program itself.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use http::StatusCode;
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};

use crate::browser::Browser;
use crate::kubectl::{delete_cluster_rights, delete_namespaces, kubectl};

/// The panel's own namespace, and the prefix of the seats', apart from those of a class on the same cluster.
pub(crate) const NAMESPACE: &str = "workshop";
pub(crate) const PREFIX: &str = "workshop-test-";

/// Everything that the panel needs on the cluster; deleted when dropped.
pub(crate) struct Installed {
    pub(crate) seats: Vec<Seat>,
    pub(crate) instructor: String,
    /// Of the panel's own account.
    pub(crate) kubeconfig: PathBuf,
}

/// One seat and its code.
pub(crate) struct Seat {
    pub(crate) namespace: String,
    pub(crate) code: String,
}

impl Installed {
    /// Makes the panel's account, seats and a kubeconfig that holds nothing but that account's token.
    pub(crate) fn new(seats: u32) -> Self {
        remove(seats);
        let count = seats.to_string();
        let printed = create_seats(&["--count", &count, "--prefix", PREFIX, "--panel-rights"]);
        Self::found(seats, &printed)
    }

    /// Seats that were just made, from what `workshop seats create` printed.
    pub(crate) fn found(seats: u32, printed: &str) -> Self {
        let (made, instructor) = codes(printed);
        assert_eq!(made.len(), seats as usize, "{printed}");
        Self {
            seats: made,
            instructor,
            kubeconfig: kubeconfig(NAMESPACE),
        }
    }

    /// A client that is nobody but the panel.
    pub(crate) async fn client(&self) -> Client {
        let file = Kubeconfig::read_from(&self.kubeconfig).expect("it was written before");
        let options = KubeConfigOptions::default();
        let config = Config::from_custom_kubeconfig(file, &options)
            .await
            .expect("it is a kubeconfig");
        Client::try_from(config).expect("it makes a client")
    }
}

/// Makes seats; returns what is printed.
pub(crate) fn create_seats(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_workshop"))
        .args(["seats", "create"])
        .args(arguments)
        .output()
        .expect("the program runs");
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "seats create failed: {error}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The attendees' seats and the instructor's code, from what `workshop seats create` printed.
pub(crate) fn codes(printed: &str) -> (Vec<Seat>, String) {
    let (mut seats, mut instructor) = (Vec::new(), String::new());
    for line in printed.lines() {
        match line.split_whitespace().collect::<Vec<_>>()[..] {
            ["seat", namespace, code] => seats.push(Seat {
                namespace: namespace.to_owned(),
                code: code.to_owned(),
            }),
            ["instructor", code] => code.clone_into(&mut instructor),
            _ => {}
        }
    }
    (seats, instructor)
}

/// Starts a panel with the account of `kubeconfig`; returns once it is ready.
pub(crate) async fn serve(kubeconfig: &Path, arguments: &[&str]) -> Panel {
    let mut process = Command::new(env!("CARGO_BIN_EXE_workshop"))
        .args(["serve", "--listen", "127.0.0.1:0"])
        .args(arguments)
        .env("KUBECONFIG", kubeconfig)
        .stdout(Stdio::piped())
        .spawn()
        .expect("the panel starts");
    let output = process.stdout.take().expect("its output is ours");
    let address = BufReader::new(output)
        .lines()
        .map_while(Result::ok)
        .find_map(|line| line.strip_prefix("open http://").map(str::to_owned))
        .expect("it tells its address");
    let anyone = Browser::anonymous(&address);
    while anyone.status("GET", "/readyz").await != StatusCode::OK {
        // A kubelet asks again and again, too.
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Panel { process, address }
}

impl Drop for Installed {
    fn drop(&mut self) {
        remove(u32::try_from(self.seats.len()).unwrap_or(u32::MAX));
    }
}

/// A running panel, ended when dropped.
pub(crate) struct Panel {
    process: Child,
    /// `127.0.0.1:PORT`
    pub(crate) address: String,
}

impl Drop for Panel {
    fn drop(&mut self) {
        // It may have ended by itself; the test says so elsewhere.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn remove(seats: u32) {
    let mut names = vec![NAMESPACE.to_owned()];
    names.extend((1..=seats).map(|n| format!("{PREFIX}{n}")));
    delete_namespaces(&names);
    delete_cluster_rights(NAMESPACE);
}

/// A kubeconfig with the token of the panel's account, and nothing of the administrator's.
pub(crate) fn kubeconfig(namespace: &str) -> PathBuf {
    let token = kubectl(&["create", "token", "panel", "-n", namespace, "--duration=2h"]);
    let cluster = |path: &str| kubectl(&["config", "view", "--raw", "--minify", "-o", path]);
    let config = serde_json::json!({
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "panel",
        "contexts": [{ "name": "panel", "context": { "cluster": "test", "user": "panel" } }],
        "users": [{ "name": "panel", "user": { "token": token } }],
        "clusters": [{ "name": "test", "cluster": {
            "server": cluster("jsonpath={.clusters[0].cluster.server}"),
            "certificate-authority-data":
                cluster("jsonpath={.clusters[0].cluster.certificate-authority-data}"),
        }}],
    });
    let file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{namespace}.kubeconfig"));
    std::fs::write(&file, config.to_string()).expect("the folder can be written to");
    file
}
