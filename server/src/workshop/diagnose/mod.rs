//! Troubles, each with what the words need, most important first. No alarm for what a healthy start or a healthy run
//! shows, and one finding for a trouble and what follows from it. Called for each snapshot by `memory.rs`; pure.

mod autoscaler;
mod keda;
mod load;
mod metrics;
mod notices;
mod patience;
mod pods;

use app::model::{
    AutoscalerState, DeploymentState, Explanation, Finding, LoadState, PodRole, PodState,
    ScaledObjectState, SourceState, Sources, TimeMs,
};

use super::objects::Objects;
use super::recognise::Recognised;
use autoscaler::SetBack;
use patience::Patience;

pub use notices::notices;

/// Files that are applied one after the other: the ScaledObject that makes a Deployment the app may come later.
const APPLIED_WITHIN_MS: i64 = 15_000;

/// What the findings are made of.
#[derive(Clone, Copy)]
pub struct Symptoms<'a> {
    pub objects: &'a Objects,
    pub found: &'a Recognised,
    pub deployment: Option<&'a DeploymentState>,
    pub scaled_object: Option<&'a ScaledObjectState>,
    pub autoscaler: Option<&'a AutoscalerState>,
    pub pods: &'a [PodState],
    pub load: Option<&'a LoadState>,
    /// The last error that the load's log told.
    pub load_error: Option<&'a str>,
    pub explanation: &'a Explanation,
    pub sources: &'a Sources,
    pub now: TimeMs,
}

/// What is remembered between two looks at one namespace.
#[derive(Clone, Debug, Default)]
pub struct Troubles {
    patience: Patience,
    set_back: SetBack,
}

impl Troubles {
    /// All findings, most important first.
    pub fn observe(&mut self, symptoms: &Symptoms<'_>) -> Vec<Finding> {
        let patience = &mut self.patience;
        patience.begin(symptoms.now);
        if let SourceState::Lost { since } = symptoms.sources.cluster {
            // All else is as old as this.
            return vec![Finding::ClusterUnreachable { since }];
        }
        let set_back = self.set_back.observe(symptoms, patience);
        let mut findings = symptoms.of_pods(patience);
        findings.extend(symptoms.not_recognised(patience));
        findings.extend(symptoms.of_keda(patience));
        findings.extend(symptoms.of_autoscaler(patience));
        findings.extend(set_back);
        let has_autoscaler_trouble = findings.iter().any(stops_autoscaler);
        findings.extend(symptoms.of_metrics(has_autoscaler_trouble, patience));
        // With no pod ready, failed requests are what follows from another trouble.
        let serves = findings.is_empty() || symptoms.is_ready();
        findings.extend(symptoms.of_load(serves, patience));
        patience.end();
        findings
    }

    /// When a finding comes or goes by the time alone.
    pub fn recheck(&self) -> Option<TimeMs> {
        self.patience.due()
    }
}

/// A missing CPU value is no second trouble beside these.
fn stops_autoscaler(finding: &Finding) -> bool {
    matches!(
        finding,
        Finding::TwoAutoscalers { .. }
            | Finding::ScaledToZero { .. }
            | Finding::ScaledObjectPaused { .. }
            | Finding::KedaAbsent
    )
}

impl Symptoms<'_> {
    fn app(&self) -> impl Iterator<Item = &PodState> {
        self.pods.iter().filter(|pod| pod.role == PodRole::App)
    }

    /// A pod of the app can serve.
    fn is_ready(&self) -> bool {
        self.app().any(|pod| pod.ready && !pod.terminating)
    }

    /// There are Deployments, and none is the app: an attendee's own file without the label.
    fn not_recognised(&self, patience: &mut Patience) -> Option<Finding> {
        if self.deployment.is_some() || self.scaled_object.is_some() {
            return None;
        }
        let there = self.objects.deployments.iter();
        let there = there.filter(|d| d.metadata.deletion_timestamp.is_none());
        let deployments = notices::some_of(there.map(|d| &d.metadata));
        if deployments.is_empty() {
            return None;
        }
        patience.lasts("not recognised", APPLIED_WITHIN_MS)?;
        Some(Finding::NotRecognised { deployments })
    }
}
