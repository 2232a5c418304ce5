//! One test a row of the button table: who is enabled, which one is filled, the exact texts.

mod load;

use super::*;
use crate::model::samples::{self, at};
use crate::model::{Explanation, LoadEnd, LoadFigures, LoadOutcome, Unwatched};
use ControlState::{Busy, Disabled, Filled, On};

fn now(seconds: f64) -> Moment {
    Moment {
        connection: Connection::Live,
        now: at(seconds),
        ..Moment::default()
    }
}

/// States in the order of the buttons, the reasons of those that have one, and the line.
fn row(snapshot: &Snapshot, moment: Moment) -> ([ControlState; 4], Vec<String>, String) {
    let c = controls(snapshot, moment);
    let all = [&c.deploy, &c.start_load, &c.stop_load, &c.clean_up];
    for control in all {
        let explained = control.state != Disabled || control.reason.is_some();
        assert!(explained, "a disabled button has a reason: {c:?}");
    }
    if moment.connection == Connection::Live {
        let next = all.iter().filter(|c| c.state == Filled).count();
        let busy = all.iter().filter(|c| c.state == Busy).count();
        assert!(
            next == 1 || (next == 0 && busy > 0),
            "exactly one is filled, or one works: {c:?}"
        );
    }
    let reasons = all.iter().filter_map(|c| c.reason.clone()).collect();
    (all.map(|c| c.state), reasons, c.line.clone())
}

fn loaded(stage: LoadStage) -> Snapshot {
    let (mut snapshot, _) = samples::mid_load();
    if let Some(load) = &mut snapshot.load {
        load.stage = stage;
    }
    snapshot
}

fn deploying() -> Snapshot {
    let mut snapshot = samples::idle();
    snapshot.phase = Phase::Deploying;
    snapshot.explanation = Explanation::Deploying;
    snapshot.pods[0].ready = false;
    snapshot
}

#[test]
fn after_the_class_only_a_load_can_be_stopped() {
    let moment = Moment {
        class: ClassPhase::ReadOnly,
        ..now(0.0)
    };
    for snapshot in [samples::nothing(), samples::idle()] {
        let all = controls(&snapshot, moment);
        for control in [&all.deploy, &all.start_load, &all.clean_up] {
            assert_eq!(control.reason.as_deref(), Some(words::CLASS_IS_OVER));
        }
    }
    assert_eq!(controls(&samples::idle(), moment).line, words::YOU_CAN_LOOK);
    let all = controls(&loaded(LoadStage::Running), moment);
    assert!(all.stop_load.enabled());
    assert!(all.line.starts_with("Load is on"), "{}", all.line);
    assert!(!all.start_load.enabled());
}

#[test]
fn nothing_there_asks_for_deploy() {
    let (states, reasons, line) = row(&samples::nothing(), now(0.0));
    assert_eq!(states, [Filled, Disabled, Disabled, Disabled]);
    assert_eq!(
        reasons,
        ["Deploy first.", "No load is running.", "Nothing to remove."]
    );
    assert_eq!(line, "Nothing is deployed yet.");
}

#[test]
fn deploying_names_its_stage() {
    let mut snapshot = deploying();
    let (states, reasons, line) = row(&snapshot, now(6.7));
    assert_eq!(states, [Busy, Disabled, Disabled, On]);
    assert_eq!(
        reasons,
        ["The app is not ready yet.", "No load is running."]
    );
    assert_eq!(line, "Starting the pod, 6 s");
    snapshot.pods[0].started = None;
    assert_eq!(row(&snapshot, now(20.2)).2, "Pulling the image, 20 s");
    snapshot.pods[0].node = None;
    assert_eq!(row(&snapshot, now(3.2)).2, "Waiting for a node, 3 s");
    snapshot.pods.clear();
    assert_eq!(row(&snapshot, now(1.0)).2, "Created 4 of 4 objects");
}

#[test]
fn deploy_in_flight_counts_its_objects() {
    let mut snapshot = samples::idle();
    snapshot.scaled_object = None;
    let moment = Moment {
        pending: Some(Command::Deploy),
        ..now(1.0)
    };
    let (states, _, line) = row(&snapshot, moment);
    assert_eq!(states, [Busy, Disabled, Disabled, On]);
    assert_eq!(line, "Created 3 of 4 objects");

    let (states, reasons, line) = row(&samples::nothing(), moment);
    assert_eq!(states, [Busy, Disabled, Disabled, On]);
    assert_eq!(
        reasons,
        ["The app is not ready yet.", "No load is running."]
    );
    assert_eq!(line, "Created 0 of 4 objects");
}

#[test]
fn ready_tells_how_idle_it_is() {
    let (states, _, line) = row(&samples::idle(), now(45.0));
    assert_eq!(states, [Disabled, Filled, Disabled, On]);
    assert_eq!(line, "Ready. Idle: 4 % CPU.");
}

#[test]
fn hanging_deploy_can_be_repeated() {
    let mut snapshot = deploying();
    snapshot.findings = vec![Finding::ImagePull {
        pod: "webapp-1".to_owned(),
        image: "nowhere/webapp".to_owned(),
        message: "ErrImagePull".to_owned(),
    }];
    let (states, reasons, line) = row(&snapshot, now(80.0));
    assert_eq!(line, "The app does not start: its image cannot be pulled.");
    assert_eq!(states, [Filled, Disabled, Disabled, On]);
    assert_eq!(
        reasons,
        [
            "Deploy again with the same values.",
            "The app is not ready: its image cannot be pulled.",
            "No load is running."
        ]
    );
}

#[test]
fn half_made_names_what_is_missing() {
    let mut snapshot = samples::idle();
    snapshot.service = None;
    let (states, reasons, line) = row(&snapshot, now(45.0));
    assert_eq!(states, [Filled, Disabled, Disabled, On]);
    assert_eq!(reasons[0], "Deploy first: Service is missing.");
    assert_eq!(line, "Parts are missing: Service. Deploy puts them back.");
    snapshot.scaled_object = None;
    let (_, reasons, line) = row(&snapshot, now(45.0));
    assert_eq!(
        reasons[0],
        "Deploy first: Service and ScaledObject are missing."
    );
    assert_eq!(
        line,
        "Parts are missing: Service and ScaledObject. Deploy puts them back."
    );
}

#[test]
fn deployment_that_kubectl_deleted_alone_is_half_made_and_no_removal() {
    let mut snapshot = samples::idle();
    snapshot.phase = Phase::Removing;
    snapshot.deployment = None;
    // Its pods still end.
    assert_eq!(
        row(&snapshot, now(45.0)).0,
        [Disabled, Disabled, Disabled, Busy]
    );
    snapshot.pods.clear();
    let (states, _, line) = row(&snapshot, now(50.0));
    assert_eq!(states, [Filled, Disabled, Disabled, On]);
    assert_eq!(
        line,
        "Parts are missing: Deployment. Deploy puts them back."
    );
}

#[test]
fn stop_works_in_a_half_made_namespace() {
    let mut snapshot = loaded(LoadStage::Running);
    snapshot.scaled_object = None;
    assert_eq!(row(&snapshot, now(112.0)).0, [On, Disabled, Filled, On]);
}

#[test]
fn own_files_are_recognised_and_left_alone() {
    let mut snapshot = samples::idle();
    if let Some(scaled_object) = &mut snapshot.scaled_object {
        scaled_object.name = "webapp-scaler".to_owned();
        scaled_object.owner = Owner {
            manager: "kubectl".to_owned(),
            own: false,
        };
    }
    let (states, _, line) = row(&snapshot, now(45.0));
    assert_eq!(states, [On, Filled, Disabled, On]);
    assert_eq!(
        line,
        "Found your own ScaledObject webapp-scaler, applied with kubectl."
    );

    // How a load ended is news here, too.
    snapshot.load = Some(LoadState {
        stage: LoadStage::Ended,
        end: Some(LoadEnd {
            time: at(166.0),
            outcome: LoadOutcome::Stopped { after_ms: 2_300 },
        }),
        ..samples::load()
    });
    assert_eq!(
        row(&snapshot, now(170.0)).2,
        "Stopped within 3 s. No load pod is left."
    );

    let mut starts = snapshot;
    starts.load = None;
    starts.pods[0].ready = false;
    assert_eq!(
        row(&starts, now(4.0)).0,
        [Filled, Disabled, Disabled, On],
        "the choice is the next step"
    );
}

#[test]
fn removing_goes_from_the_scaled_object_to_the_pods() {
    let mut snapshot = samples::idle();
    snapshot.phase = Phase::Removing;
    let (states, reasons, line) = row(&snapshot, now(45.0));
    assert_eq!(states, [Disabled, Disabled, Disabled, Busy]);
    assert_eq!(
        reasons,
        ["Being removed.", "Being removed.", "Being removed."]
    );
    assert_eq!(line, "Removing the ScaledObject");
    snapshot.scaled_object = None;
    assert_eq!(
        row(&snapshot, now(45.0)).2,
        "Removing the Deployment and Service"
    );
    snapshot.deployment = None;
    snapshot.service = None;
    assert_eq!(row(&snapshot, now(45.0)).2, "1 pod is ending");
}

#[test]
fn removal_is_seen_by_the_object_that_ends_and_by_the_press() {
    let mut snapshot = samples::idle();
    if let Some(scaled_object) = &mut snapshot.scaled_object {
        scaled_object.terminating = true;
    }
    let (states, _, line) = row(&snapshot, now(45.0));
    assert_eq!(states, [Disabled, Disabled, Disabled, Busy]);
    assert_eq!(line, "Removing the ScaledObject");

    let moment = Moment {
        pending: Some(Command::CleanUp),
        ..now(45.0)
    };
    assert_eq!(row(&samples::idle(), moment).2, "Removing the ScaledObject");
    let gone = row(&samples::nothing(), moment);
    assert_eq!(
        gone.2,
        "Clean. Nothing of the workshop is left in workshop-user-7."
    );
    // A load that still runs can be stopped meanwhile.
    let (states, ..) = row(&loaded(LoadStage::Running), moment);
    assert_eq!(states, [Disabled, Disabled, On, Busy]);
}

#[test]
fn a_reason_of_several_buttons_is_told_once() {
    let lost = Moment {
        connection: Connection::Lost,
        ..now(45.0)
    };
    let told = |snapshot: &Snapshot, moment| {
        let reasons = controls(snapshot, moment).reasons();
        reasons.iter().map(words::reason).collect::<Vec<_>>()
    };
    assert_eq!(
        told(&samples::idle(), lost),
        ["No connection to the panel."]
    );
    let mut snapshot = samples::idle();
    snapshot.phase = Phase::Removing;
    assert_eq!(
        told(&snapshot, now(45.0)),
        ["Deploy, Start load, Stop load: Being removed."]
    );
}

#[test]
fn a_phone_shows_the_one_sensible_button() {
    let sensible = |snapshot: &Snapshot, moment| controls(snapshot, moment).sensible();
    assert_eq!(sensible(&samples::nothing(), now(0.0)), Command::Deploy);
    assert_eq!(sensible(&deploying(), now(6.0)), Command::Deploy);
    assert_eq!(sensible(&samples::idle(), now(45.0)), Command::StartLoad);
    for stage in [LoadStage::Starting, LoadStage::Running, LoadStage::Stopping] {
        assert_eq!(sensible(&loaded(stage), now(112.0)), Command::StopLoad);
    }
    let mut removing = samples::idle();
    removing.phase = Phase::Removing;
    assert_eq!(sensible(&removing, now(45.0)), Command::CleanUp);
}

#[test]
fn cleaned_up_says_so() {
    let mut snapshot = samples::nothing();
    snapshot.phase = Phase::CleanedUp;
    let (states, _, line) = row(&snapshot, now(45.0));
    assert_eq!(states, [Filled, Disabled, Disabled, Disabled]);
    assert_eq!(
        line,
        "Clean. Nothing of the workshop is left in workshop-user-7."
    );
}

#[test]
fn without_connection_nothing_can_be_pressed() {
    let moment = Moment {
        connection: Connection::Lost,
        ..now(112.0)
    };
    let (states, reasons, line) = row(&loaded(LoadStage::Running), moment);
    assert_eq!(states, [Disabled; 4]);
    assert_eq!(reasons[0], "No connection to the panel.");
    assert_eq!(line, "Showing the last known state.");
}

#[test]
fn without_cluster_nothing_can_be_pressed() {
    let mut snapshot = samples::idle();
    snapshot.sources.cluster = SourceState::Lost { since: at(40.0) };
    let c = controls(&snapshot, now(60.0));
    assert!(!c.deploy.enabled() && !c.start_load.enabled() && !c.stop_load.enabled());
    assert_eq!(
        c.clean_up.reason.as_deref(),
        Some("Cluster not reachable since 14:00:40.")
    );
}

#[test]
fn what_is_not_seen_cannot_be_pressed() {
    let mut snapshot = loaded(LoadStage::Running);
    let why = Unwatched::NoRole;
    snapshot.sources.cluster = SourceState::Unwatched { why };
    let c = controls(&snapshot, now(60.0));
    for control in [&c.deploy, &c.start_load, &c.stop_load, &c.clean_up] {
        assert!(!control.enabled());
        assert_eq!(
            control.reason.as_deref(),
            Some("The panel does not see this namespace.")
        );
    }
    assert_eq!(c.line, "kubectl works as before.");
}
