//! The four buttons, their reasons, and the status line.

use crate::controls::{Command, Reason};
use crate::figures::{self, Zone, clock, count, minutes};
use crate::model::{LoadEnd, LoadOutcome, LoadSettings, LoadState, Owner, TimeMs};

pub const DEPLOY: &str = "Deploy";
pub const START_LOAD: &str = "Start load";
pub const STOP_LOAD: &str = "Stop load";
pub const CLEAN_UP: &str = "Clean up";
pub const CHANGE: &str = "Change";
pub const MORE: &str = "More";
pub const MORE_SIGN: &str = "⋯";

pub const CONTROLS: &str = "Controls";

pub const CLASS_IS_OVER: &str = "The class is over.";
pub const YOU_CAN_LOOK: &str = "The class is over: you can look, but not change anything.";
pub const NO_CONNECTION: &str = "No connection to the panel.";
pub const DEPLOY_FIRST: &str = "Deploy first.";
pub const NO_LOAD: &str = "No load is running.";
pub const NOTHING_TO_REMOVE: &str = "Nothing to remove.";
pub const NOTHING_DEPLOYED: &str = "Nothing is deployed yet.";
pub const NOT_READY_YET: &str = "The app is not ready yet.";
pub const ALREADY_DEPLOYED: &str = "Already deployed. Change values under Settings.";
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

pub fn finding_node(seconds: i64) -> String {
    format!("Waiting for a node, {seconds} s")
}

/// The app does not come up.
pub fn deploy_hangs(cause: &str) -> String {
    format!("The app does not start: {cause}.")
}

/// What is left of the usual time may be over: then the value is due.
pub fn first_cpu_in(seconds: i64) -> String {
    match seconds {
        1.. => format!("Ready. First CPU value in about {seconds} s; you may start now."),
        _ => "Ready. The first CPU value is due; you may start now.".to_owned(),
    }
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

/// `Still 1 load pod after 31 s: locust-headless-rjdcm is Terminating.`, with what the kubelet says of it.
pub fn still_stopping(
    pods: u32,
    seconds: i64,
    name: &str,
    state: &str,
    message: Option<&str>,
) -> String {
    let pods = count(pods, "load pod", "load pods");
    let line = format!("Still {pods} after {seconds} s: {name} is {state}.");
    match message {
        Some(message) => format!("{line} {message}"),
        None => line,
    }
}

/// How the last load ended.
pub fn load_ended(load: &LoadState, end: &LoadEnd) -> String {
    match &end.outcome {
        LoadOutcome::Stopped { after_ms } => {
            // Not "after": that is how long a load was on.
            let within_s = ((after_ms + 999) / 1000).max(1);
            format!("Stopped within {within_s} s. No load pod is left.")
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
            format!(
                "Load failed: {}",
                error.as_deref().unwrap_or(failed_job(reason))
            )
        }
    }
}

/// The reasons of a failed Job (`pkg/apis/batch/types.go`) in words.
fn failed_job(reason: &str) -> &str {
    match reason {
        "BackoffLimitExceeded" => "Locust ended with an error.",
        "DeadlineExceeded" => "it ran past its time, so its Job ended it.",
        "" => "its Job does not tell why.",
        other => other,
    }
}

pub fn not_ready_because(cause: &str) -> String {
    format!("The app is not ready: {cause}.")
}

/// `Deploy first: Service is missing.`
pub fn deploy_first_missing(missing: &[&str]) -> String {
    let are = if missing.len() == 1 { "is" } else { "are" };
    format!("Deploy first: {} {are} missing.", missing.join(" and "))
}

pub fn parts_missing(missing: &[&str]) -> String {
    format!(
        "Parts are missing: {}. Deploy puts them back.",
        missing.join(" and ")
    )
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

/// `Start load, Stop load: No load is running.`; a reason of all buttons needs no names.
pub fn reason(reason: &Reason) -> String {
    if reason.commands.len() == Command::ALL.len() {
        return reason.text.clone();
    }
    let names: Vec<_> = reason.commands.iter().map(|c| c.label()).collect();
    format!("{}: {}", names.join(", "), reason.text)
}

pub const KUBECTL: &str = "kubectl";
pub const COPY: &str = "Copy";
pub const COPIED: &str = "Copied";
pub const NOT_COPIED: &str = "Marked: copy it by keyboard";

/// The name of the details that show a button's command.
pub fn same_as_button(command: Command) -> String {
    format!("kubectl instead of {}", command.label())
}

/// What of the load stands in the files, `# in locust-job.yaml: …`.
pub fn values_of_the_file(load: &LoadSettings) -> String {
    let LoadSettings {
        users,
        spawn_rate,
        run_time_s,
        n,
        ..
    } = load;
    format!(
        "in locust-job.yaml: -u {users} -r {spawn_rate} --run-time {run_time_s}s, and /fib?n={n}"
    )
}
