//! The rows of a load: from its start to what is said of its end.

use super::*;

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
