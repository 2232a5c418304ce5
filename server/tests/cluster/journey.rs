//! One class of two attendees and an instructor, from sign-in to clean-up.

use std::time::{Duration, Instant};

use app::model::{Explanation, History, LoadOutcome, LoadStage, Snapshot};
use http::StatusCode;

use crate::browser::{Browser, Events};
use crate::kubectl::{apply, kubectl};
use crate::panel::{Installed, NAMESPACE};
use crate::release::{Release, replicas};
use crate::sentences::{self, Sentences};
use crate::walls;

/// What the panel promises: what kubectl does is on the page within a second.
const SHOWN_WITHIN: Duration = Duration::from_secs(1);

/// An attendee's own file, under a name of their own.
const OWN_SCALED_OBJECT: &str = "
apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata: {name: webapp-scaler}
spec:
  scaleTargetRef: {name: webapp}
  minReplicaCount: 1
  maxReplicaCount: 3
  triggers: [{type: cpu, metricType: Utilization, metadata: {value: '60'}}]
";

/// No chart may have a longer hole when a replica goes away, and no page hear nothing for longer.
const HOLE: Duration = Duration::from_secs(5);
/// A replica that has just started reads every 5 s what those before it recorded.
const WHOLE_WITHIN: Duration = Duration::from_secs(40);

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a cluster: cargo xtask test-cluster"]
async fn a_class_deploys_loads_scales_and_cleans_up() {
    let _alone = crate::CLUSTER.lock().await;
    let release = Release::install(2);
    release.test();
    crate::rights::are_those_of_the_document();
    let installed = &release.installed;

    walls::hold(installed, release.address()).await;
    let ((), ()) = tokio::join!(
        the_whole_story(&release),
        what_kubectl_does_is_shown(installed, release.address())
    );
    walls::audit_names_the_attendee(installed);
    what_is_left_after_uninstall(&release);
}

/// 0 → 1 → 10 → 1 → 0, with a replica lost in mid-load, and both replaced later.
async fn the_whole_story(release: &Release) {
    let installed = &release.installed;
    let seat = &installed.seats[0];
    let browser = Browser::sign_in(release.address(), &seat.code).await;
    let sentences = Sentences::of(&browser, &seat.namespace).await;
    let mut events = browser.follow().await;
    events
        .until("nothing is there", 10, |s| {
            s.explanation == Explanation::NothingDeployed
        })
        .await;

    browser
        .press("/api/deploy", &[("take_over", "false")])
        .await;
    events
        .until("one pod is ready", 60, |s| s.ready() == 1)
        .await;
    // Pressed twice is pressed once.
    browser
        .press("/api/deploy", &[("take_over", "false")])
        .await;
    events.until("the HPA has a value", 120, has_value).await;
    let trigger = "jsonpath={.spec.triggers[0].metricType}";
    let n = ["-n", seat.namespace.as_str()];
    assert_eq!(
        kubectl(&["get", "scaledobject", "webapp", "-o", trigger, n[0], n[1]]),
        "Utilization"
    );

    let load = [
        ("users", "150"),
        ("spawn_rate", "15"),
        ("run_time_s", "300"),
        ("n", "26"),
    ];
    browser.press("/api/start_load", &load).await;
    let running = |s: &Snapshot| {
        s.load
            .as_ref()
            .is_some_and(|l| l.stage == LoadStage::Running)
    };
    events.until("the load runs", 60, running).await;
    let users = |s: &Snapshot| figures(s).is_some_and(|users| users == 150);
    events
        .until("Locust tells of its 150 users", 60, users)
        .await;
    events.until("it scales up", 120, |s| s.asked() > 1).await;

    a_replica_goes_away(release, &browser).await;
    events
        .until("the load still runs", 30, |s| users(s) && running(s))
        .await;
    events
        .until("ten pods are ready", 240, |s| s.ready() == 10)
        .await;
    let maximum = |s: &Snapshot| matches!(s.explanation, Explanation::AtMaximum { .. });
    events.until("the maximum is explained", 60, maximum).await;

    both_replicas_are_replaced(release, &browser).await;

    let instructor = Browser::sign_in(release.address(), &installed.instructor).await;
    let mut overview = instructor.events().await;
    overview
        .until_overview("the instructor sees it", 20, |o| {
            o.seats
                .iter()
                .any(|row| row.namespace == seat.namespace && row.ready == 10 && row.load)
        })
        .await;

    // The attendee and the instructor at the same time: both are answered, and the load goes once.
    let (foreign, seat_number) = ([("foreign", "false")], [("seat", "01")]);
    tokio::join!(
        browser.press("/api/stop_load", &foreign),
        instructor.press("/api/stop_seat_load", &seat_number)
    );
    let stopped = |s: &Snapshot| {
        let end = s.load.as_ref().and_then(|l| l.end.as_ref());
        end.is_some_and(|end| matches!(end.outcome, LoadOutcome::Stopped { .. }))
    };
    events.until("no load pod is left", 40, stopped).await;
    assert_eq!(
        kubectl(&["get", "pods", "-l", "job-name", "-o", "name", n[0], n[1]]),
        ""
    );
    let held = |s: &Snapshot| matches!(s.explanation, Explanation::HeldByWindow { .. });
    events.until("the window holds it", 90, held).await;
    let back = events
        .until("it is back to one", 180, |s| {
            assert_ne!(s.asked(), 0, "CPU scaling never goes to 0");
            s.asked() == 1 && s.ready() == 1
        })
        .await;
    let last = back
        .autoscaler
        .and_then(|a| a.last_rescale_message)
        .unwrap_or_default();
    assert_eq!(last, "New size: 1; reason: All metrics below target");
    sentences.are_those_of_the_hpa(&browser).await;
    sentences::first_paint_says_it(&browser).await;

    browser.press("/api/clean_up", &[]).await;
    events
        .until("nothing is left", 90, |s| {
            s.explanation == Explanation::NothingDeployed
        })
        .await;
    let kinds = "deployments,services,jobs,scaledobjects,horizontalpodautoscalers";
    assert_eq!(kubectl(&["get", kinds, "-o", "name", n[0], n[1]]), "");
}

/// As when its node is drained: sessions stay, streams come back, and the other replica has seen it all.
async fn a_replica_goes_away(release: &Release, browser: &Browser) {
    // The Service spreads connections by chance: pages are opened until each replica has two.
    let mut pages: Vec<Events> = Vec::new();
    let with = |pages: &[Events], boot: &str| pages.iter().filter(|p| p.boot() == boot).count();
    for _ in 0..100 {
        let mut page = browser.follow().await;
        page.history().await;
        if with(&pages, page.boot()) < 2 {
            pages.push(page);
        }
        if pages.len() == 4 {
            break;
        }
    }
    assert_eq!(pages.len(), 4, "both replicas answer");
    release.delete_a_replica();
    let watched = pages.iter_mut().map(|page| page.reopens(2 * HOLE));
    let cut = futures::future::join_all(watched).await;
    let cut = cut.into_iter().filter(|reopened| *reopened).count();
    let silence = pages
        .iter()
        .map(|page| page.silence)
        .max()
        .unwrap_or_default();
    assert!(
        cut > 0,
        "none of the streams was with the replica that went away"
    );
    // Between two signs of life there may be 5 s on any day.
    assert!(
        silence < HOLE + HOLE,
        "a page heard nothing for {silence:?}"
    );
    println!(
        "a replica went away: {cut} of {} streams were opened again, the longest silence was {silence:?}",
        pages.len()
    );
    no_hole_is_left("after a replica went away", browser).await;
}

/// An upgrade with a changed value, and back: a page may miss some seconds, and nobody signs in again.
async fn both_replicas_are_replaced(release: &Release, browser: &Browser) {
    let too_many = [
        ("users", "400"),
        ("spawn_rate", "15"),
        ("run_time_s", "300"),
        ("n", "26"),
    ];
    let before = replicas();
    let took = release.upgrade("config.max-users=300");
    let after = replicas();
    assert!(
        after.iter().all(|pod| !before.contains(pod)),
        "{before:?}, then {after:?}"
    );
    println!("helm upgrade: {took:?}");
    no_hole_is_left("after the upgrade", browser).await;
    let refused = browser.form("/api/start_load", &too_many).await;
    assert!(
        refused.1.contains("300"),
        "the new limit holds: {refused:?}"
    );
    let took = release.roll_back();
    println!("helm rollback: {took:?}");
    assert_eq!(browser.status("GET", "/session").await, StatusCode::OK);
}

/// The chart of either replica is whole, at the latest when the newest has read what the old ones recorded as they went.
async fn no_hole_is_left(when: &str, browser: &Browser) {
    let began = Instant::now();
    let mut longest = Duration::ZERO;
    let mut whole = std::collections::BTreeSet::new();
    while whole.len() < 2 {
        let mut page = browser.follow().await;
        let hole = hole(&page.history().await);
        longest = longest.max(hole);
        if hole <= HOLE {
            whole.insert(page.boot().to_owned());
        }
        let waited = began.elapsed();
        assert!(waited < WHOLE_WITHIN, "{when} a hole of {hole:?} is left");
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    println!(
        "{when}: the longest hole at first {longest:?}, both charts whole after {:?}",
        began.elapsed()
    );
}

/// The longest time between two that were observed.
fn hole(history: &History) -> Duration {
    let gaps = history.observed.cluster.windows(2).map(|two| {
        let to = two[0].to.unwrap_or(two[1].from);
        (two[1].from.0 - to.0).max(0).unsigned_abs()
    });
    Duration::from_millis(gaps.max().unwrap_or_default())
}

/// Attendees' namespaces, seats and the records of loads are the class's, not the chart's.
fn what_is_left_after_uninstall(release: &Release) {
    let secrets = [
        "get",
        "secrets",
        "-n",
        NAMESPACE,
        "-l",
        "autoscaling-workshop/seat",
        "-o",
        "name",
    ];
    let before = kubectl(&secrets);
    release.uninstall();
    assert_eq!(kubectl(&secrets), before);
    for seat in &release.installed.seats {
        kubectl(&["get", "namespace", &seat.namespace]);
    }
    let left = kubectl(&["get", "clusterroles,clusterrolebindings", "-o", "name"]);
    let left: Vec<_> = left
        .lines()
        .filter(|name| name.contains("workshop"))
        .collect();
    assert_eq!(left, [""; 0], "nothing of the cluster's is left");
}

/// A terminal beside the panel, on the other seat.
async fn what_kubectl_does_is_shown(installed: &Installed, address: &str) {
    let seat = &installed.seats[1];
    let n = ["-n", seat.namespace.as_str()];
    let browser = Browser::sign_in(address, &seat.code).await;
    let mut events = browser.events().await;
    browser
        .press("/api/deploy", &[("take_over", "false")])
        .await;
    events
        .until("one pod is ready", 60, |s| s.ready() == 1)
        .await;

    let deleted = Instant::now();
    kubectl(&["delete", "service", "webapp", n[0], n[1]]);
    shown(&mut events, deleted, |s| s.service.is_none()).await;

    kubectl(&["delete", "scaledobject", "webapp", n[0], n[1]]);
    events
        .until("the ScaledObject is gone", 20, |s| {
            s.scaled_object.is_none()
        })
        .await;
    let applied = Instant::now();
    apply(&seat.namespace, OWN_SCALED_OBJECT);
    let own = |s: &Snapshot| {
        s.scaled_object
            .as_ref()
            .is_some_and(|o| o.name == "webapp-scaler" && !o.owner.own)
    };
    shown(&mut events, applied, own).await;
    let three = |s: &Snapshot| s.autoscaler.as_ref().is_some_and(|a| a.max_replicas == 3);
    events.until("its HPA is found", 20, three).await;

    browser.press("/api/clean_up", &[]).await;
    events
        .until("nothing is left", 90, |s| {
            s.explanation == Explanation::NothingDeployed
        })
        .await;
}

/// It is on the page within a second of kubectl's answer.
async fn shown(events: &mut Events, since: Instant, wanted: impl FnMut(&Snapshot) -> bool) {
    // kubectl's own start and call are part of the time; only what comes after its answer counts.
    let answered = Instant::now();
    events.until("it is shown", 10, wanted).await;
    let took = answered.elapsed();
    println!(
        "shown {took:?} after kubectl's answer, {:?} after its start",
        since.elapsed()
    );
    assert!(took < SHOWN_WITHIN, "shown only after {took:?}");
}

fn has_value(snapshot: &Snapshot) -> bool {
    snapshot
        .autoscaler
        .as_ref()
        .is_some_and(|a| a.utilization_percent.is_some())
}

fn figures(snapshot: &Snapshot) -> Option<u32> {
    snapshot.load.as_ref()?.figures?.users
}
