//! The load, its pods and where its requests go.

use super::Trouble;
use crate::figures::{Zone, clock, percent, thousands};
use crate::model::{Finding, Snapshot};

pub(super) fn of_load(finding: &Finding, snapshot: &Snapshot, zone: Zone) -> Trouble {
    let namespace = snapshot.namespace.as_str();
    let logs = |job: &str| format!("kubectl logs job/{job} -n {namespace}");
    match finding {
        Finding::LoadCannotStart { job, error, service_link } => {
            let (cause, cure) = if *service_link {
                (
                    "Locust does not start: it takes a variable that Kubernetes made for a Service for an option of its own.",
                    "Set enableServiceLinks: false in the Job's pod template, or give the Service a name that does not begin with locust.",
                )
            } else {
                (
                    "Locust ended before it sent a request.",
                    "Correct what its log says, and start the load again.",
                )
            };
            Trouble::new(cause.to_owned(), error.as_deref().unwrap_or_default(), cure)
                .of("Job", job, namespace)
                .command(logs(job))
        }
        Finding::LoadAllFails { job, requests, error } => {
            let all = format!("All {} requests of the load failed", thousands(*requests));
            let said = error.as_deref().unwrap_or_default();
            let (why, cure) = if said.contains("Name or service not known") || said.contains("gaierror") {
                ("no Service has the name that Locust asks for", "Correct the locustfile's host, or apply the Service.")
            } else if snapshot.service.is_none() {
                ("no Service leads to the app", "Apply the Service, or make its selector fit the pods' labels.")
            } else if snapshot.ready() == 0 {
                ("no pod of the app is ready", "Bring the app up first.")
            } else if said.contains("Connection refused") {
                ("the connections were refused", "Check the Service's selector and targetPort.")
            } else {
                ("the app answers none of them", "Check the locustfile's host and path, and the Service's targetPort.")
            };
            Trouble::new(format!("{all}: {why}."), said, cure)
                .of("Job", job, namespace)
                .command(logs(job))
        }
        Finding::LoadFailedAfterRun { job, reason, requests, failures } => {
            let figures = format!("{} requests, {} failed", thousands(*requests), thousands(*failures));
            let (cause, cure) = if reason == "DeadlineExceeded" {
                (
                    format!("The load ran, but Job {job} was cut off at its activeDeadlineSeconds."),
                    "Make activeDeadlineSeconds longer than the run time.",
                )
            } else {
                (
                    format!("The load ran, but Job {job} counts as failed: Locust ends with 1 if a single request failed."),
                    "Set LOCUST_EXIT_CODE_ON_ERROR to 0, and backoffLimit to 0 so that it does not run again.",
                )
            };
            Trouble::new(cause, &format!("{reason}: {figures}."), cure).of("Job", job, namespace)
        }
        Finding::LoadOrphaned { pod } => Trouble::new(
            format!("Load pod {pod} runs without a Job."),
            "",
            "Stop load ends it. A Job is deleted with its pods by kubectl, not by a bare DELETE of the API.",
        )
        .of("Pod", pod, namespace)
        .command(format!("kubectl delete pod {pod} -n {namespace}")),
        Finding::LoadPastTime { job, ends } => Trouble::new(
            format!("The load goes on past its end at {}.", clock(*ends, zone)),
            "",
            "Press Stop load.",
        )
        .of("Job", job, namespace)
        .command(format!("kubectl delete job {job} -n {namespace}")),
        Finding::OneHotPod { pod, percent: hot, idle } => {
            let pods = if *idle == 1 { "1 is idle".to_owned() } else { format!("{idle} are idle") };
            Trouble::new(
                format!("One pod works, {pods}: connections stay on the first pod."),
                &format!("{pod} has {}.", percent(*hot)),
                "Send \"Connection: close\" in the locustfile: the Service spreads connections, not requests.",
            )
            .of("Pod", pod, namespace)
            .command(format!("kubectl top pods -n {namespace}"))
        }
        _ => Trouble::default(),
    }
}
