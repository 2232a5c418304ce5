//! The four buttons, their reasons, and the status line.

use crate::figures::{self, Zone, clock, count, minutes};
use crate::model::{LoadEnd, LoadOutcome, LoadState, Owner, TimeMs};

pub const DEPLOY: &str = "Deploy";
pub const START_LOAD: &str = "Start load";
pub const STOP_LOAD: &str = "Stop load";
pub const CLEAN_UP: &str = "Clean up";
pub const CHANGE: &str = "Change";
pub const MORE: &str = "More";

pub const CONTROLS: &str = "Controls";

pub const CLASS_IS_OVER: &str = "The class is over.";
pub const YOU_CAN_LOOK: &str = "The class is over: you can look, but not change anything.";
pub const NO_CONNECTION: &str = "No connection to the panel.";
pub const DEPLOY_FIRST: &str = "Deploy first.";
pub const NO_LOAD: &str = "No load is running.";
pub const NOTHING_TO_REMOVE: &str = "Nothing to remove.";
pub const NOTHING_DEPLOYED: &str = "Nothing is deployed yet.";
pub const NOT_READY_YET: &str = "The app is not ready yet.";
pub const ALREADY_DEPLOYED: &str = "Already deployed.";
pub const STILL_STOPPING: &str = "The last load is still stopping.";
pub const BEING_REMOVED: &str = "Being removed.";
pub const DEPLOY_AGAIN: &str = "Deploy again with the same values.";
pub const REMOVING_LAST_JOB: &str = "Removing the last load's Job";
pub const DELETING_JOB: &str = "Deleting the Job";
pub const REMOVING_SCALED_OBJECT: &str = "Removing the ScaledObject";
pub const REMOVING_DEPLOYMENT: &str = "Removing the Deployment and Service";
pub const READY: &str = "Ready.";

/// While the API server is away.
pub fn cluster_away(since: TimeMs, zone: Zone) -> String {
    format!("Cluster not reachable since {}.", clock(since, zone))
}

pub fn created(objects: usize) -> String {
    format!("Created {objects} of 4 objects")
}

pub fn pulling(seconds: i64) -> String {
    format!("Pulling the image, {seconds} s")
}

pub fn starting_pod(seconds: i64) -> String {
    format!("Starting the pod, {seconds} s")
}

pub fn first_cpu_in(seconds: i64) -> String {
    format!("Ready. First CPU value in about {seconds} s; you may start now.")
}

/// `Ready. Idle: 4 % CPU.`; without the word where it is not.
pub fn ready(percent: Option<u32>, target: Option<u32>) -> String {
    match percent {
        None => READY.to_owned(),
        Some(percent) if percent * 3 < target.unwrap_or(60) => {
            format!("Ready. Idle: {percent} % CPU.")
        }
        Some(percent) => format!("Ready. CPU is {percent} % of the request."),
    }
}

pub fn starting_locust(seconds: i64) -> String {
    format!("Starting Locust, {seconds} s")
}

pub fn users_of(users: u32, wanted: u32) -> String {
    format!("{users} of {wanted} users")
}

/// `A load is running: 3:59 left.`
pub fn load_is_running(left_s: Option<i64>) -> String {
    match left_s {
        Some(left) => format!("A load is running: {} left.", minutes(left)),
        None => "A load is running.".to_owned(),
    }
}

/// `Load is on: 150 users, 3:59 left.`
pub fn load_is_on(users: Option<u32>, left_s: Option<i64>) -> String {
    let users = users.map(|n| count(n, "user", "users"));
    let left = left_s.map(|left| format!("{} left", minutes(left)));
    let parts: Vec<_> = users.into_iter().chain(left).collect();
    match parts.is_empty() {
        true => "Load is on.".to_owned(),
        false => format!("Load is on: {}.", parts.join(", ")),
    }
}

pub fn locust_is_ending(pods: u32) -> String {
    format!("Locust is ending: {} left", count(pods, "pod", "pods"))
}

/// `Still 1 load pod after 31 s: locust-headless-rjdcm is Terminating.`
pub fn still_stopping(pods: u32, seconds: i64, name: &str, state: &str) -> String {
    let pods = count(pods, "load pod", "load pods");
    format!("Still {pods} after {seconds} s: {name} is {state}.")
}

/// How the last load ended.
pub fn load_ended(load: &LoadState, end: &LoadEnd) -> String {
    match &end.outcome {
        LoadOutcome::Stopped { after_ms } => {
            format!("Stopped after {} s. No load pod is left.", after_ms / 1000)
        }
        LoadOutcome::Finished => match load.figures {
            Some(f) => {
                let (requests, failures) = (
                    figures::thousands(f.requests),
                    figures::thousands(f.failures),
                );
                format!("Load finished: {requests} requests, {failures} failed.")
            }
            None => "Load finished.".to_owned(),
        },
        LoadOutcome::Failed { reason, error } => {
            format!("Load failed: {}", error.as_deref().unwrap_or(reason))
        }
    }
}

pub fn not_ready_because(cause: &str) -> String {
    format!("The app is not ready: {cause}.")
}

pub fn deploy_first_missing(missing: &str) -> String {
    format!("Deploy first: {missing} is missing.")
}

pub fn parts_missing(missing: &str) -> String {
    format!("Parts are missing: {missing}. Deploy puts them back.")
}

/// `Found your own ScaledObject webapp-scaler, applied with kubectl.`
pub fn found_your_own(object: &str, owner: &Owner) -> String {
    format!("Found your own {object}, applied with {}.", owner.manager)
}

pub fn pods_are_ending(pods: u32) -> String {
    match pods {
        1 => "1 pod is ending".to_owned(),
        _ => format!("{pods} pods are ending"),
    }
}

pub fn clean(namespace: &str) -> String {
    format!("Clean. Nothing of the workshop is left in {namespace}.")
}
