//! The files and the commands: what each part of a file is for, and what the last button did.

use super::settings::list;
use crate::model::{Act, Done, FileName, Stands, Verb};

pub const FILES: &str = "Files";
pub const FILES_LEAD: &str = "The YAML as it stands in your namespace, without what Kubernetes added by itself. Each file works with kubectl apply -f.";
pub const READ_AGAIN: &str = "Read again";
pub const READING: &str = "Reading from the cluster.";
pub const COPY: &str = "Copy";
pub const COPIED: &str = "Copied.";
pub const SELECTED: &str = "Selected: copy it with Ctrl+C.";
pub const OPEN: &str = "Open";
pub const DOWNLOAD: &str = "Download";
pub const ALL_FILES: &str = "All in one file";
pub const ALL_FILES_HINT: &str =
    "It has the load, too: applied as a whole, it deploys and starts the load at once.";
pub const FILES_WITHOUT_SCRIPTS: &str = "Open shows a file as plain text.";
pub const COMMANDS: &str = "The same with kubectl";
pub const LAST_COMMAND: &str = "What the last button did";
pub const NO_LAST_COMMAND: &str = "No button was pressed in this browser yet.";
pub const NOTHING_WRITTEN: &str = "Nothing had to be written.";
pub const GOES_ON: &str = "It still goes on; more may follow.";
pub const BY_HAND: &str = "The same by hand:";

/// Whether a file is there.
pub fn stands(stands: Stands) -> &'static str {
    match stands {
        Stands::There => "as it stands in your namespace",
        Stands::Partly => {
            "a part of it stands in your namespace, the rest as the panel would make it"
        }
        Stands::NotYet => "not there yet: as the panel would make it",
    }
}

/// `also called locust-deployment.yaml in the commands`, where the two names differ.
pub fn other_name(file: FileName) -> Option<String> {
    let other = file.name_in_commands();
    (other != file.name()).then(|| format!("In the handout's commands it is called {other}."))
}

/// One part of a file: the text of the line it begins at, the kind of document it is in, and what is said of it.
pub struct Note {
    pub kind: &'static str,
    /// The line without its indentation begins so.
    pub line: &'static str,
    pub says: &'static str,
}

const fn note(kind: &'static str, line: &'static str, says: &'static str) -> Note {
    Note { kind, line, says }
}

/// What is said of the files, in the order of the topics of the handout.
pub const NOTES: &[Note] = &[
    note(
        "ConfigMap",
        "main.py",
        "Why a ConfigMap: the code is mounted as a file into a ready-made image, so nobody has to build and push one. FastAPI keeps the app small, and the naive recursion is there to burn CPU.",
    ),
    note(
        "Deployment",
        "spec:",
        "No replicas here: their number is the autoscaler's. A file that has it would set the pods back with each apply.",
    ),
    note(
        "Deployment",
        "requests:",
        "Why requests: the HPA's percentage is of the request. 50m used of 50m requested is 100 %, and without a CPU request there is no percentage and no scaling. The request is also what the scheduler sets aside on a node.",
    ),
    note(
        "Deployment",
        "limits:",
        "Why limits: a pod cannot use more CPU than its limit; it gets slower instead. With a limit of twice the request a pod shows 200 % at most. Above the memory limit it is killed.",
    ),
    note(
        "Deployment",
        "volumeMounts:",
        "The file from the ConfigMap becomes /app/main.py. Mounted by subPath it is never updated in a running pod, so the checksum above makes new pods when the code changes.",
    ),
    note(
        "Service",
        "spec:",
        "Why a Service: pods come and go, the name webapp stays. Connections to it are spread over the ready pods: connections, not requests.",
    ),
    note(
        "ScaledObject",
        "spec:",
        "What KEDA makes of it: an HPA of the name keda-hpa-…, which it owns and restores when somebody changes it. CPU does not pass through KEDA: metrics-server measures it, and the HPA reads it and scales.",
    ),
    note(
        "ScaledObject",
        "stabilizationWindowSeconds",
        "What the wait before a scale-down is: for so long the HPA keeps its highest recommendation. Without this line it is 300 s.",
    ),
    note(
        "ScaledObject",
        "cooldownPeriod",
        "No effect here: KEDA waits so long before it goes from 1 to 0, and CPU scaling never goes to 0.",
    ),
    note(
        "ScaledObject",
        "maxReplicaCount",
        "The HPA's maximum: whatever the formula asks for, there are no more pods.",
    ),
    note(
        "ScaledObject",
        "minReplicaCount",
        "Why not to zero: CPU exists only while a pod runs. With none there is nothing to measure, and nothing would ever start one again. KEDA refuses a minimum of 0 for a CPU trigger.",
    ),
    note(
        "ScaledObject",
        "pollingInterval",
        "No effect here: it is how often KEDA itself asks a source. CPU is read by the HPA, every 15 s.",
    ),
    note(
        "ScaledObject",
        "triggers:",
        "Metric-driven: the app's own CPU decides. Event-driven triggers, such as the length of a queue, ask a source outside the app; that can be asked while no pod runs, so those can start from 0.",
    ),
    note(
        "ConfigMap",
        "locustfile.py",
        "The users of the load: each sends a request, waits for the answer, waits a second, and sends the next. So 150 users are far from 150 requests a second when answers are slow.",
    ),
    note(
        "ConfigMap",
        "# A Service balances",
        "Why “Connection: close”: a connection that stays open keeps its user on the pod it began with. New pods would get no work, and scaling would help nobody.",
    ),
    note(
        "Job",
        "activeDeadlineSeconds",
        "The load ends by itself after its run time; this is the last line of defence, should Locust hang.",
    ),
    note(
        "Job",
        "backoffLimit",
        "Why backoffLimit 0: a load that failed must not start again by itself, with its figures from zero, while you look at the first one.",
    ),
    note(
        "Job",
        "- args:",
        "Locust without its web page: -u users in all, -r users started a second, --run-time the length of the load.",
    ),
    note(
        "Job",
        "env:",
        "The namespace is a part of the Service's address: the load goes to your own webapp and to no other.",
    ),
];

/// One command with what it is for.
pub fn commands(namespace: &str) -> [(&'static str, String); 6] {
    let files = [
        FileName::Deployment,
        FileName::Service,
        FileName::ScaledObject,
    ];
    let apply: Vec<_> = files
        .iter()
        .map(|file| format!("kubectl apply -f {} -n {namespace}", file.name()))
        .collect();
    // In the reverse order of the start; the ScaledObject goes before what it scales.
    let delete = [
        FileName::Job,
        FileName::ScaledObject,
        FileName::Deployment,
        FileName::Service,
    ]
    .map(|file| {
        format!(
            "kubectl delete -f {} -n {namespace} --ignore-not-found",
            file.name()
        )
    });
    [
        ("Deploy", apply.join("\n")),
        (
            "Watch",
            format!(
                "kubectl get pods -n {namespace} -l app=webapp -w\nkubectl get hpa -n {namespace} -w\nwatch -n2 'kubectl top pods -n {namespace} --no-headers | sort -k2 -hr'"
            ),
        ),
        (
            "Start the load",
            format!(
                "kubectl delete job locust-headless -n {namespace} --ignore-not-found\nkubectl apply -f {} -n {namespace}",
                FileName::Job.name()
            ),
        ),
        (
            "See its log",
            format!("kubectl logs -f job/locust-headless -n {namespace}"),
        ),
        (
            "Find out why a pod hangs",
            format!("kubectl get events -n {namespace} --sort-by=.lastTimestamp | tail -n 50"),
        ),
        ("Stop and clean up", delete.join("\n")),
    ]
}

/// `applied ScaledObject webapp as workshop-panel`.
pub fn act(act: &Act) -> String {
    let verb = match act.verb {
        Verb::Apply => "applied",
        Verb::Create => "created",
        Verb::Delete => "deleted",
    };
    match &act.manager {
        Some(manager) => format!("{verb} {} {} as {manager}", act.kind, act.name),
        None => format!("{verb} {} {}", act.kind, act.name),
    }
}

/// The commands that do the same, one a line and each once.
pub fn same_by_hand(done: &Done, namespace: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    for act in &done.acts {
        let line = match (&act.command, FileName::with(&act.kind, &act.name), act.verb) {
            (Some(command), ..) => command.clone(),
            (None, _, Verb::Delete) => format!(
                "kubectl delete {} {} -n {namespace}",
                act.kind.to_ascii_lowercase(),
                act.name
            ),
            (None, Some(file), Verb::Apply | Verb::Create) => {
                format!("kubectl apply -f {} -n {namespace}", file.name())
            }
            (None, None, _) => continue,
        };
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    lines.join("\n")
}

/// What a Deploy left as it was.
pub fn kept(done: &Done) -> Option<String> {
    (!done.kept.is_empty()).then(|| {
        format!(
            "Kept as you set it under Settings: {}. Clean up and deploy for the class's values.",
            list(&done.kept)
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mk_act(verb: Verb, kind: &str, name: &str) -> Act {
        Act {
            verb,
            kind: kind.to_owned(),
            name: name.to_owned(),
            manager: (verb != Verb::Delete).then(|| "workshop-panel".to_owned()),
            command: None,
        }
    }

    #[test]
    fn same_file_is_applied_once_by_hand() {
        let done = Done {
            acts: vec![
                mk_act(Verb::Delete, "Job", "locust-headless"),
                mk_act(Verb::Apply, "ConfigMap", "locustfile"),
                mk_act(Verb::Create, "Job", "locust-headless"),
            ],
            ..Done::default()
        };
        assert_eq!(
            same_by_hand(&done, "workshop-user-7"),
            "kubectl delete job locust-headless -n workshop-user-7\nkubectl apply -f locust-job.yaml -n workshop-user-7"
        );
        assert_eq!(
            act(&done.acts[2]),
            "created Job locust-headless as workshop-panel"
        );
    }

    #[test]
    fn clean_up_by_hand_begins_with_what_scales() {
        let [.., (_, delete)] = commands("workshop-user-7");
        let at = |file: FileName| delete.find(file.name()).unwrap();
        assert!(at(FileName::ScaledObject) < at(FileName::Deployment));
    }
}
