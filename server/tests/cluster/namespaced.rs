//! A panel that was granted nothing cluster-wide: two seats, an app in one of them, and the account's rights as the API
//! server tells them.

use app::model::{Phase, SourceState};

use crate::browser::Browser;
use crate::kubectl::{delete_namespaces, kubectl};
use crate::panel::{codes, create_seats, kubeconfig, serve};

/// Apart from those of the other tests, whose `ClusterRole` would be this panel's, too.
const PANEL: &str = "namespaced-workshop";
const PREFIX: &str = "namespaced-user-";

/// Deleted when dropped.
struct Namespaces;

impl Namespaces {
    fn names() -> [String; 3] {
        [PANEL.to_owned(), format!("{PREFIX}1"), format!("{PREFIX}2")]
    }
}

impl Drop for Namespaces {
    fn drop(&mut self) {
        delete_namespaces(&Self::names());
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a cluster: cargo xtask test-cluster"]
async fn class_is_held_without_any_cluster_wide_right() {
    let _alone = crate::CLUSTER.lock().await;
    delete_namespaces(&Namespaces::names());
    let _deleted = Namespaces;
    let mut create = vec![
        "--count",
        "2",
        "--prefix",
        PREFIX,
        "--panel-namespace",
        PANEL,
    ];
    create.extend(["--panel-rights", "--namespaced"]);
    let (seats, instructor) = codes(&create_seats(&create));
    account_has_the_rights_of_nobody();

    let options = ["--namespaced", "--panel-namespace", PANEL];
    let panel = serve(&kubeconfig(PANEL), &options).await;
    let attendee = Browser::sign_in(&panel.address, &seats[0].code).await;
    let mut events = attendee.events().await;
    events
        .until("all is read", 30, |s| {
            s.sources.cluster == SourceState::Live && s.sources.metrics == SourceState::Live
        })
        .await;
    attendee
        .press("/api/deploy", &[("take_over", "false")])
        .await;
    events
        .until("one pod is ready", 60, |s| s.ready() == 1)
        .await;
    let instructor = Browser::sign_in(&panel.address, &instructor).await;
    let mut events = instructor.events().await;
    events
        .until_overview("both seats are told", 30, |overview| {
            let stands = |seat: usize| overview.seats.get(seat).map(|row| (row.ready, row.phase));
            stands(0).is_some_and(|(ready, _)| ready == 1)
                && stands(1) == Some((0, Phase::NotStarted))
        })
        .await;
}

/// Where the panel has no Role it may do what every account may: ask about itself, and read what the API offers.
fn account_has_the_rights_of_nobody() {
    let listed = |account: &str| {
        let user = format!("--as=system:serviceaccount:{PANEL}:{account}");
        let all = "--as-group=system:serviceaccounts";
        let group = format!("--as-group=system:serviceaccounts:{PANEL}");
        let authenticated = "--as-group=system:authenticated";
        let list = ["auth", "can-i", "--list", "-n", "default"];
        let who = [user.as_str(), all, &group, authenticated];
        let printed = kubectl(&[&list[..], &who[..]].concat());
        let mut lines: Vec<_> = printed.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    let panel = listed("panel");
    assert_eq!(panel, listed("nobody"));
    assert!(
        !panel.iter().any(|line| line.starts_with("pods")),
        "{panel:?}"
    );
}
