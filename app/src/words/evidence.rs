//! What stands behind `Why`: what the HPA read and said, and the command that shows the same. Part of [`super`].

use super::why::Scene;
use crate::figures::{UNKNOWN, Zone, clock, cpu, percent, span};
use crate::model::{Counts, Explanation, RunRecord, SaidEvent, Snapshot, TimeMs, Told, UsedSample};

pub const SAME_BY_KUBECTL: &str = "The same in a terminal:";
pub const COPY_COMMAND: &str = "Copy the command";
pub const COMMAND_COPIED: &str = "Copied.";
pub const HPA_CONDITIONS: &str = "The HPA's conditions, word for word:";
pub const HPA_EVENT: &str = "Its newest event, word for word:";
pub const SAMPLES_USED: &str = "The samples that it can have read, by pod:";
pub const SAMPLE_COLUMNS: [&str; 5] = ["pod", "CPU", "of request", "age", "counted"];

/// When the HPA looked.
pub fn looked_at(look: TimeMs, zone: Zone) -> String {
    format!("The HPA looked at {}.", clock(look, zone))
}

/// `SuccessfulRescale: New size: 8; reason: … (14:02:26)`.
pub fn said_event(event: &SaidEvent, zone: Zone) -> String {
    let time = event.time.map(|time| format!(" ({})", clock(time, zone)));
    format!(
        "{}: {}{}",
        event.reason,
        event.message,
        time.unwrap_or_default()
    )
}

/// One row under [`SAMPLE_COLUMNS`].
pub fn used_sample(used: &UsedSample) -> [String; 5] {
    let unknown = || UNKNOWN.to_owned();
    [
        used.pod.clone(),
        used.usage_m.map_or_else(|| "no sample".to_owned(), cpu),
        used.percent.map_or_else(unknown, percent),
        used.age_ms
            .map_or_else(unknown, |age| span(age.div_euclid(1000))),
        match used.counts {
            Counts::Sample => "yes",
            Counts::Zero => "no: counts as 0 %",
            Counts::Full => "no: counts as 100 %",
            Counts::Not => "no",
        }
        .to_owned(),
    ]
}

/// The command that shows an explanation's ground.
pub fn explanation_command(explanation: &Explanation, snapshot: &Snapshot) -> String {
    command(explanation, snapshot.into())
}

/// The same for a run that is looked back at.
pub fn explanation_command_in_run(told: &Told, run: &RunRecord) -> String {
    command(&told.explanation, run.into())
}

fn command(explanation: &Explanation, scene: Scene<'_>) -> String {
    let namespace = scene.namespace;
    match explanation {
        Explanation::NotWatched | Explanation::NothingDeployed => everything(namespace),
        Explanation::Deploying => format!("kubectl get deployments,pods -n {namespace}"),
        Explanation::SampleBeforeLoad { .. }
        | Explanation::NewPodsCountAsZero { .. }
        | Explanation::OneHotPod { .. } => format!("kubectl top pods -n {namespace}"),
        Explanation::Disabled => format!("kubectl get deployments -n {namespace}"),
        Explanation::NoAutoscaler => format!("kubectl get scaledobject,hpa -n {namespace}"),
        Explanation::NoCpuYet
        | Explanation::NoCpuValue { .. }
        | Explanation::EnoughAtMinimum { .. }
        | Explanation::ScaledUp { .. }
        | Explanation::ScaledUpLimited { .. }
        | Explanation::RateUsedUp { .. }
        | Explanation::AtMaximum { .. }
        | Explanation::Settled { .. }
        | Explanation::HeldByWindow { .. }
        | Explanation::ScaledDown { .. }
        | Explanation::NotReproducible { .. } => describe_hpa(scene),
    }
}

fn describe_hpa(scene: Scene<'_>) -> String {
    let namespace = scene.namespace;
    match scene.autoscaler {
        Some(hpa) => format!("kubectl describe hpa {} -n {namespace}", hpa.name),
        None => everything(namespace),
    }
}

fn everything(namespace: &str) -> String {
    format!("kubectl get deploy,hpa,scaledobject,job,pod -n {namespace}")
}
