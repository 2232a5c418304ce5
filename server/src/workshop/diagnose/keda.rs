//! KEDA: away, not looking here, or not content with the ScaledObject.

use app::model::{Finding, SourceState};

use super::Symptoms;
use super::patience::Patience;
use crate::workshop::objects::ScaledObject;
use crate::workshop::snapshot::pause_annotation;
use crate::workshop::time::time_ms;

/// KEDA touches a new ScaledObject within 0.3 s (recorded), a deleted one likewise.
const TOUCHED_WITHIN_MS: i64 = 15_000;

/// Files that are applied one after the other; a Deployment that is replaced.
const TARGET_WITHIN_MS: i64 = 15_000;

/// KEDA's hold on a ScaledObject (`controllers/keda/scaledobject_finalizer.go`).
const FINALIZER: &str = "finalizer.keda.sh";

impl Symptoms<'_> {
    pub(super) fn of_keda(&self, patience: &mut Patience) -> Vec<Finding> {
        if self.sources.keda == SourceState::Absent {
            return vec![Finding::KedaAbsent];
        }
        let mut findings = Vec::new();
        findings.extend(self.ignored(patience));
        findings.extend(self.finalizer_hangs(patience));
        findings.extend(self.target_missing(patience));
        findings.extend(self.paused());
        if findings.is_empty() {
            findings.extend(self.not_accepted());
        }
        findings
    }

    fn ignored(&self, patience: &mut Patience) -> Option<Finding> {
        let so = self.found.scaled_object.as_deref()?;
        if so.metadata.deletion_timestamp.is_some() || touched(so) {
            return None;
        }
        let state = self.scaled_object?;
        patience
            .from(state.created.plus_ms(TOUCHED_WITHIN_MS))
            .then(|| Finding::KedaIgnores {
                name: state.name.clone(),
                since: state.created,
            })
    }

    fn finalizer_hangs(&self, patience: &mut Patience) -> Option<Finding> {
        self.objects.scaled_objects.iter().find_map(|so| {
            let since = time_ms(so.metadata.deletion_timestamp.as_ref()?);
            let mut finalizers = so.metadata.finalizers.iter().flatten();
            let held = finalizers.any(|finalizer| finalizer == FINALIZER);
            (held && patience.from(since.plus_ms(TOUCHED_WITHIN_MS))).then(|| {
                Finding::FinalizerHangs {
                    name: so.metadata.name.clone().unwrap_or_default(),
                    since,
                }
            })
        })
    }

    fn target_missing(&self, patience: &mut Patience) -> Option<Finding> {
        let there = |name: &str| {
            let mut all = self.objects.deployments.iter();
            all.any(|deployment| deployment.metadata.name.as_deref() == Some(name))
        };
        let mut staying = self.objects.scaled_objects.iter();
        let (so, target) = staying.find_map(|so| {
            let target = so.deployment().filter(|target| !there(target))?;
            let stays = so.metadata.deletion_timestamp.is_none();
            stays.then_some((so, target))
        })?;
        patience.lasts("target missing", TARGET_WITHIN_MS)?;
        Some(Finding::TargetMissing {
            name: so.metadata.name.clone().unwrap_or_default(),
            target: target.to_owned(),
        })
    }

    fn paused(&self) -> Option<Finding> {
        let so = self.found.scaled_object.as_deref()?;
        let annotation = pause_annotation(so)?;
        Some(Finding::ScaledObjectPaused {
            name: so.metadata.name.clone().unwrap_or_default(),
            annotation: annotation.to_owned(),
        })
    }

    fn not_accepted(&self) -> Option<Finding> {
        let so = self
            .scaled_object
            .filter(|so| so.ready == Some(false) && !so.terminating)?;
        // KEDA refuses a ScaledObject without its Deployment; then the missing Deployment is the trouble.
        self.deployment?;
        Some(Finding::ScaledObjectNotReady {
            name: so.name.clone(),
            message: so.message.clone().unwrap_or_default(),
        })
    }
}

/// KEDA's operator has seen it: its finalizer, a condition, or the name of its HPA is there.
fn touched(so: &ScaledObject) -> bool {
    let finalizers = so.metadata.finalizers.as_deref().unwrap_or_default();
    let status = so.status.as_ref();
    !finalizers.is_empty()
        || status.is_some_and(|status| {
            status.hpa_name.is_some() || status.conditions.as_ref().is_some_and(|c| !c.is_empty())
        })
}
