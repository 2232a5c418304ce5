//! A load that does not do what it was started for.

use app::model::{Explanation, Finding, LoadFigures, LoadOutcome, LoadStage, LoadState};

use super::Symptoms;
use super::patience::Patience;
use crate::workshop::load::belongs;

/// So many answers tell that it is no accident.
const ENOUGH: u64 = 20;
/// An app that is just replaced refuses some requests.
const FAILS_FOR_MS: i64 = 6_000;
/// A deleted Job's pods get their own deletion within a second.
const ORPHAN_FOR_MS: i64 = 10_000;
/// Locust ends within a second of its run time; its log may be late.
const OVERDUE_MS: i64 = 30_000;
/// How long the end of a load is told of.
const END_TOLD_MS: i64 = 180_000;

impl Symptoms<'_> {
    /// `serves`: nothing else keeps the app from answering.
    pub(super) fn of_load(&self, serves: bool, patience: &mut Patience) -> Vec<Finding> {
        let mut findings = Vec::new();
        findings.extend(self.orphan(patience));
        let Some(load) = self.load else {
            return findings;
        };
        // The Job that is told of is still there.
        let is_there = self.found.load_jobs.iter().any(|job| {
            job.metadata.uid.as_deref() == Some(&load.uid)
                && job.metadata.deletion_timestamp.is_none()
        });
        if is_there {
            let all_fails = self.all_fails(load, serves, patience);
            let ended = if all_fails.is_none() {
                self.ended_badly(load, patience)
            } else {
                None
            };
            findings.extend(all_fails);
            findings.extend(ended);
            findings.extend(past_time(load, patience));
        }
        findings.extend(self.one_hot_pod());
        findings
    }

    fn orphan(&self, patience: &mut Patience) -> Option<Finding> {
        let runs = self
            .pods
            .iter()
            .filter(|pod| !pod.terminating && pod.started.is_some() && pod.status == "Running");
        let mut loads = self.found.load_pods.iter().filter(|pod| {
            let mut owners = pod.metadata.owner_references.iter().flatten();
            // A Locust of a Deployment is somebody's own, and not left behind.
            if owners.any(|owner| owner.controller == Some(true) && owner.kind != "Job") {
                return false;
            }
            let mut jobs = self.objects.jobs.iter();
            !jobs.any(|job| {
                job.metadata
                    .uid
                    .as_ref()
                    .is_some_and(|uid| belongs(pod, uid))
            })
        });
        let orphan = loads.find_map(|orphan| {
            let name = orphan.metadata.name.as_deref()?;
            runs.clone().find(|pod| pod.name == name)
        })?;
        patience.lasts("orphan", ORPHAN_FOR_MS)?;
        Some(Finding::LoadOrphaned {
            pod: orphan.name.clone(),
        })
    }

    fn all_fails(
        &self,
        load: &LoadState,
        serves: bool,
        patience: &mut Patience,
    ) -> Option<Finding> {
        let figures = load.figures.filter(fails)?;
        let told = match &load.end {
            // A pod trouble has its own finding, and this is what follows from it.
            None => {
                load.stage == LoadStage::Running
                    && serves
                    && patience.lasts("all fails", FAILS_FOR_MS).is_some()
            }
            Some(end) => {
                figures.requests == figures.failures
                    && patience.until(end.time.plus_ms(END_TOLD_MS))
            }
        };
        told.then(|| Finding::LoadAllFails {
            job: load.job.clone(),
            requests: figures.failures,
            error: self.load_error.map(str::to_owned),
        })
    }

    fn ended_badly(&self, load: &LoadState, patience: &mut Patience) -> Option<Finding> {
        let end = load.end.as_ref()?;
        let LoadOutcome::Failed { reason, error } = &end.outcome else {
            return None;
        };
        if !patience.until(end.time.plus_ms(END_TOLD_MS)) {
            return None;
        }
        let figures = load.figures.filter(|figures| figures.requests > 0);
        Some(match figures {
            Some(figures) => Finding::LoadFailedAfterRun {
                job: load.job.clone(),
                reason: reason.clone(),
                requests: figures.requests,
                failures: figures.failures,
            },
            None => {
                let error = error.clone().or_else(|| self.load_error.map(str::to_owned));
                let service_link = error.as_ref().is_some_and(|error| is_service_link(error));
                Finding::LoadCannotStart {
                    job: load.job.clone(),
                    error,
                    service_link,
                }
            }
        })
    }

    /// Kept connections stay on the pods that were there when they were made: `hot_pod.rs` tells by two samples of each.
    fn one_hot_pod(&self) -> Option<Finding> {
        let Explanation::OneHotPod { idle, percent, .. } = self.explanation else {
            return None;
        };
        let sampled = self.app().filter(|pod| !pod.terminating);
        let hot = sampled.max_by_key(|pod| pod.cpu.map(|sample| sample.usage_m))?;
        Some(Finding::OneHotPod {
            pod: hot.name.clone(),
            percent: *percent,
            idle: *idle,
        })
    }
}

/// Hardly a request of the last seconds was answered, or none at all.
fn fails(figures: &LoadFigures) -> bool {
    let none = figures.requests >= ENOUGH && figures.failures == figures.requests;
    let hardly = figures.failures >= ENOUGH
        && figures.failures_per_s > 0.0
        && figures.failures_per_s >= figures.rps * 0.95;
    none || hardly
}

fn past_time(load: &LoadState, patience: &mut Patience) -> Option<Finding> {
    let ends = load.ends.filter(|_| load.stage == LoadStage::Running)?;
    patience
        .from(ends.plus_ms(OVERDUE_MS))
        .then(|| Finding::LoadPastTime {
            job: load.job.clone(),
            ends,
        })
}

/// argparse met `tcp://…`: Kubernetes' variable for a Service that is called as an option of Locust is
/// (<https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables>).
fn is_service_link(error: &str) -> bool {
    error.contains("value: 'tcp://")
}
