//! One class of two attendees and an instructor, from sign-in to clean-up.

use std::time::{Duration, Instant};

use app::model::{Explanation, LoadOutcome, LoadStage, Snapshot};

use crate::browser::{Browser, Events};
use crate::kubectl::{apply, kubectl};
use crate::panel::{Installed, Panel};
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

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a cluster: cargo xtask test-cluster"]
async fn a_class_deploys_loads_scales_and_cleans_up() {
    let _alone = crate::CLUSTER.lock().await;
    let installed = Installed::new(2);
    let panel = installed.start().await;
    let address = panel.address.clone();

    walls::hold(&installed, &address).await;
    let ((), ()) = tokio::join!(
        the_whole_story(&installed, panel),
        what_kubectl_does_is_shown(&installed, &address)
    );
    walls::audit_names_the_attendee(&installed);
}

/// 0 → 1 → 10 → 1 → 0, with the panel restarted in mid-load.
async fn the_whole_story(installed: &Installed, panel: Panel) {
    let seat = &installed.seats[0];
    let browser = Browser::sign_in(&panel.address, &seat.code).await;
    let mut events = browser.events().await;
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
    let mut seen = Vec::new();
    events
        .until("it scales up", 120, |s| tell(&mut seen, s) && s.asked() > 1)
        .await;

    // A panel that starts in mid-load knows all that matters from the cluster alone.
    drop(panel);
    let panel = installed.start().await;
    let browser = browser.at(&panel.address);
    let mut events = browser.events().await;
    events
        .until("the load still runs", 30, |s| users(s) && running(s))
        .await;
    events
        .until("ten pods are ready", 240, |s| {
            tell(&mut seen, s) && s.ready() == 10
        })
        .await;
    let maximum = |s: &Snapshot| matches!(s.explanation, Explanation::AtMaximum { .. });
    events
        .until("the maximum is explained", 60, |s| {
            tell(&mut seen, s) && maximum(s)
        })
        .await;

    let instructor = Browser::sign_in(&panel.address, &installed.instructor).await;
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
    events
        .until("the window holds it", 90, |s| tell(&mut seen, s) && held(s))
        .await;
    let back = events
        .until("it is back to one", 180, |s| {
            assert_ne!(s.asked(), 0, "CPU scaling never goes to 0");
            tell(&mut seen, s) && s.asked() == 1 && s.ready() == 1
        })
        .await;
    println!("told, in order:");
    for line in &seen {
        println!("  {line}");
    }
    let said = kubectl(&[
        "get",
        "events",
        "--field-selector=reason=SuccessfulRescale",
        n[0],
        n[1],
    ]);
    println!("the HPA's own events:\n{said}");
    let last = back
        .autoscaler
        .and_then(|a| a.last_rescale_message)
        .unwrap_or_default();
    assert_eq!(last, "New size: 1; reason: All metrics below target");

    browser.press("/api/clean_up", &[]).await;
    events
        .until("nothing is left", 90, |s| {
            s.explanation == Explanation::NothingDeployed
        })
        .await;
    let kinds = "deployments,services,jobs,scaledobjects,horizontalpodautoscalers";
    assert_eq!(kubectl(&["get", kinds, "-o", "name", n[0], n[1]]), "");
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

/// Notes each explanation that differs from the one before.
fn tell(seen: &mut Vec<String>, snapshot: &Snapshot) -> bool {
    let line = format!("{:?}", snapshot.explanation);
    if seen.last() != Some(&line) {
        seen.push(line);
    }
    true
}
