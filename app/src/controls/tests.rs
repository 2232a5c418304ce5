//! One test a row of the button table: who is enabled, which one is filled, the exact texts.

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
fn ready_without_cpu_lets_the_load_start() {
    let mut snapshot = samples::idle();
    snapshot.phase = Phase::WaitingForCpu;
    if let Some(autoscaler) = &mut snapshot.autoscaler {
        autoscaler.utilization_percent = None;
    }
    let (states, reasons, line) = row(&snapshot, now(10.7));
    assert_eq!(states, [Disabled, Filled, Disabled, On]);
    assert_eq!(
        reasons,
        [
            "Already deployed. Change values under Settings.",
            "No load is running."
        ]
    );
    assert_eq!(
        line,
        "Ready. First CPU value in about 20 s; you may start now."
    );
    assert_eq!(
        row(&snapshot, now(40.0)).2,
        "Ready. The first CPU value is due; you may start now."
    );
}

#[test]
fn ready_tells_how_idle_it_is() {
    let (states, _, line) = row(&samples::idle(), now(45.0));
    assert_eq!(states, [Disabled, Filled, Disabled, On]);
    assert_eq!(line, "Ready. Idle: 4 % CPU.");
}

#[test]
fn starting_load_can_be_stopped() {
    let (states, _, line) = row(&loaded(LoadStage::Starting), now(53.7));
    assert_eq!(states, [Disabled, Busy, Filled, On]);
    assert_eq!(line, "Starting Locust, 4 s");
}

#[test]
fn start_that_waits_tells_what_for_and_can_be_broken_off() {
    let mut snapshot = samples::idle();
    let moment = Moment {
        pending: Some(Command::StartLoad),
        ..now(400.0)
    };
    let mut after = |outcome: Option<LoadOutcome>| {
        snapshot.load = outcome.map(|outcome| LoadState {
            stage: LoadStage::Ended,
            end: Some(LoadEnd {
                time: at(350.0),
                outcome,
            }),
            ..samples::load()
        });
        let (states, _, line) = row(&snapshot, moment);
        assert_eq!(states, [Disabled, Busy, Filled, On]);
        line
    };
    let removing = "Removing the last load's Job";
    assert_eq!(after(Some(LoadOutcome::Finished)), removing);
    let (reason, error) = (String::new(), None);
    assert_eq!(after(Some(LoadOutcome::Failed { reason, error })), removing);
    // A load that was stopped has left no Job.
    let stopped = LoadOutcome::Stopped { after_ms: 2_300 };
    assert_eq!(after(Some(stopped)), "Starting Locust, 0 s");
    assert_eq!(after(None), "Starting Locust, 0 s");
}

#[test]
fn users_are_counted_while_they_come() {
    let mut snapshot = loaded(LoadStage::Running);
    let figures = snapshot.load.as_mut().and_then(|l| l.figures.as_mut());
    let figures: &mut LoadFigures = figures.expect("the sample has figures");
    figures.users = Some(45);
    let (states, _, line) = row(&snapshot, now(53.0));
    assert_eq!(states, [Disabled, Busy, Filled, On]);
    assert_eq!(line, "45 of 150 users");
    // All could have come for long: this is no start any more.
    let (states, reasons, line) = row(&snapshot, now(111.8));
    assert_eq!(states, [Disabled, Disabled, Filled, On]);
    assert_eq!(reasons[1], "A load is running: 3:59 left.");
    assert_eq!(line, "Load is on: 45 users, 3:59 left.");
}

#[test]
fn load_on_tells_what_is_left() {
    let (states, reasons, line) = row(&loaded(LoadStage::Running), now(111.8));
    assert_eq!(states, [Disabled, Disabled, Filled, On]);
    assert_eq!(
        reasons,
        [
            "Already deployed. Change values under Settings.",
            "A load is running: 3:59 left."
        ]
    );
    assert_eq!(line, "Load is on: 150 users, 3:59 left.");
}

#[test]
fn stopping_goes_from_the_job_to_the_last_pod() {
    let mut snapshot = loaded(LoadStage::Stopping);
    if let Some(load) = &mut snapshot.load {
        load.deleted = Some(at(165.5));
    }
    let (states, reasons, line) = row(&snapshot, now(170.0));
    assert_eq!(states, [Disabled, Disabled, Busy, On]);
    assert_eq!(reasons[1], "The last load is still stopping.");
    assert_eq!(line, "Locust is ending: 1 pod left");

    if let Some(pod) = snapshot.pods.last_mut() {
        pod.status = "Terminating".to_owned();
    }
    let still = "Still 1 load pod after 31 s: locust-headless-rjdcm is Terminating.";
    assert_eq!(row(&snapshot, now(197.0)).2, still);
    if let Some(pod) = snapshot.pods.last_mut() {
        pod.message = Some("The node was low on resource: memory.".to_owned());
    }
    assert_eq!(
        row(&snapshot, now(197.0)).2,
        format!("{still} The node was low on resource: memory.")
    );
    if let Some(load) = &mut snapshot.load {
        load.pods = 0;
    }
    assert_eq!(row(&snapshot, now(170.0)).2, "Deleting the Job");
}

#[test]
fn stop_that_was_pressed_deletes_the_job() {
    let moment = Moment {
        pending: Some(Command::StopLoad),
        ..now(112.0)
    };
    let (states, reasons, line) = row(&loaded(LoadStage::Running), moment);
    assert_eq!(states, [Disabled, Disabled, Busy, On]);
    assert_eq!(reasons[1], "The last load is still stopping.");
    assert_eq!(line, "Deleting the Job");
}

#[test]
fn the_end_of_a_load_is_told_and_then_forgotten() {
    let mut snapshot = samples::idle();
    let mut load = samples::load();
    load.stage = LoadStage::Ended;
    let mut ended = |outcome| {
        load.end = Some(LoadEnd {
            time: at(166.0),
            outcome,
        });
        snapshot.load = Some(load.clone());
        snapshot.clone()
    };
    let stopped = ended(LoadOutcome::Stopped { after_ms: 2_300 });
    let (states, reasons, line) = row(&stopped, now(170.0));
    assert_eq!(states, [Disabled, Filled, Disabled, On]);
    assert_eq!(reasons[1], "No load is running.");
    assert_eq!(line, "Stopped within 3 s. No load pod is left.");
    assert_eq!(row(&stopped, now(400.0)).2, "Ready. Idle: 4 % CPU.");

    let finished = ended(LoadOutcome::Finished);
    assert_eq!(
        row(&finished, now(170.0)).2,
        "Load finished: 1,036 requests, 0 failed."
    );
    let failed = ended(LoadOutcome::Failed {
        reason: "BackoffLimitExceeded".to_owned(),
        error: Some("No locustfile found".to_owned()),
    });
    assert_eq!(
        row(&failed, now(170.0)).2,
        "Load failed: No locustfile found"
    );
    let silent = ended(LoadOutcome::Failed {
        reason: "BackoffLimitExceeded".to_owned(),
        error: None,
    });
    assert_eq!(
        row(&silent, now(170.0)).2,
        "Load failed: Locust ended with an error."
    );
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
