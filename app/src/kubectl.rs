//! The kubectl command that does what a button does, for this namespace and its values. Pure. The files are the
//! handout's; the panel offers the same ones.

use crate::controls::Command;
use crate::model::{LoadSettings, Snapshot};
use crate::words;

const DEPLOYMENT: &str = "webapp-deployment.yaml";
const SERVICE: &str = "webapp-service.yaml";
const SCALED_OBJECT: &str = "keda-scaledobject.yaml";
const JOB: &str = "locust-job.yaml";

/// The load's Job of the handout.
const LOAD: &str = "locust-headless";

/// The equal of a press on the button now. `load` is what the form holds, if it can be started so.
pub fn equal(command: Command, snapshot: &Snapshot, load: Option<&LoadSettings>) -> String {
    let namespace = snapshot.namespace.as_str();
    match command {
        Command::Deploy => {
            format!("kubectl apply -n {namespace} -f {DEPLOYMENT} -f {SERVICE} -f {SCALED_OBJECT}")
        }
        // A Job's pods cannot be changed: an old one of this name has to go first.
        Command::StartLoad => {
            let values = load.map(words::values_of_the_file);
            let values = values.map(|values| format!("# {values}\n"));
            format!(
                "{}kubectl delete job {LOAD} -n {namespace} --ignore-not-found\nkubectl apply -n {namespace} -f {JOB}",
                values.unwrap_or_default()
            )
        }
        Command::StopLoad => {
            let running = snapshot.load.as_ref().filter(|load| load.end.is_none());
            let job = running.map_or(LOAD, |load| load.job.as_str());
            format!("kubectl delete job {job} -n {namespace} --ignore-not-found")
        }
        // The ScaledObject goes before what it scales.
        Command::CleanUp => format!(
            "kubectl delete -n {namespace} --ignore-not-found -f {JOB} -f {SCALED_OBJECT} -f {DEPLOYMENT} -f {SERVICE}"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::samples;

    #[test]
    fn every_button_has_its_command_with_namespace_and_files() {
        let (snapshot, _) = samples::mid_load();
        let say = |command| equal(command, &snapshot, Some(&LoadSettings::DEFAULT));
        assert_eq!(
            say(Command::Deploy),
            "kubectl apply -n workshop-user-7 -f webapp-deployment.yaml -f webapp-service.yaml -f keda-scaledobject.yaml"
        );
        assert_eq!(
            say(Command::StartLoad),
            "# in locust-job.yaml: -u 150 -r 15 --run-time 300s, and /fib?n=26\n\
             kubectl delete job locust-headless -n workshop-user-7 --ignore-not-found\n\
             kubectl apply -n workshop-user-7 -f locust-job.yaml"
        );
        assert_eq!(
            say(Command::StopLoad),
            "kubectl delete job locust-headless -n workshop-user-7 --ignore-not-found"
        );
        assert_eq!(
            say(Command::CleanUp),
            "kubectl delete -n workshop-user-7 --ignore-not-found -f locust-job.yaml -f keda-scaledobject.yaml \
             -f webapp-deployment.yaml -f webapp-service.yaml"
        );
    }

    #[test]
    fn stop_names_the_job_that_runs() {
        let (mut snapshot, _) = samples::mid_load();
        if let Some(load) = &mut snapshot.load {
            load.job = "my-load".to_owned();
        }
        let stop = equal(Command::StopLoad, &snapshot, None);
        assert!(
            stop.contains("delete job my-load -n workshop-user-7"),
            "{stop}"
        );
    }
}
