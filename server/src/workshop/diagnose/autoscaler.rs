//! The HPA is turned off, has a rival, or somebody else sets the replicas.

use app::model::{Finding, TimeMs};

use super::Symptoms;
use super::patience::Patience;
use crate::workshop::autoscaler::has_reason;
use crate::workshop::recognise::{newest_writer, target};
use crate::workshop::snapshot::pause_annotation;

/// An HPA that is replaced by another stands beside it for a moment.
const TWO_FOR_MS: i64 = 5_000;

/// The HPA writes its status right after the Deployment's scale (`pkg/controller/podautoscaler/horizontal.go`).
const STATUS_WITHIN_MS: i64 = 3_000;

/// Times of writers are whole seconds, cut.
const WRITTEN_WITHIN_MS: i64 = 3_000;

/// As long as the page tells of it: the HPA acts again at its next look.
const SET_BACK_TOLD_MS: i64 = 90_000;

impl Symptoms<'_> {
    pub(super) fn of_autoscaler(&self, patience: &mut Patience) -> Option<Finding> {
        self.scaled_to_zero().or_else(|| self.two(patience))
    }

    fn scaled_to_zero(&self) -> Option<Finding> {
        let deployment = self
            .deployment
            .filter(|deployment| deployment.asked == 0 && !deployment.terminating)?;
        // KEDA did it, as an annotation told it to: that is a finding of its own.
        let paused = self
            .found
            .scaled_object
            .as_deref()
            .and_then(pause_annotation);
        paused.is_none().then(|| Finding::ScaledToZero {
            name: deployment.name.clone(),
        })
    }

    fn two(&self, patience: &mut Patience) -> Option<Finding> {
        let app = self.deployment?;
        let on_app = self.objects.autoscalers.iter().filter(|hpa| {
            target(hpa) == Some(&app.name) && hpa.metadata.deletion_timestamp.is_none()
        });
        let names: Vec<String> = on_app.filter_map(|hpa| hpa.metadata.name.clone()).collect();
        if names.len() < 2 {
            return None;
        }
        let said = |hpa| has_reason(hpa, "ScalingActive", "AmbiguousSelector");
        let told =
            self.autoscaler.is_some_and(said) || patience.lasts("two HPAs", TWO_FOR_MS).is_some();
        told.then(|| Finding::TwoAutoscalers {
            names,
            target: app.name.clone(),
        })
    }
}

/// Replicas that were taken away, and not by the HPA.
#[derive(Clone, Debug, Default)]
pub(super) struct SetBack {
    asked: Option<u32>,
    /// The HPA's `lastScaleTime`, as long as nothing is suspected.
    scaled: Option<TimeMs>,
    suspected: Option<Change>,
    told: Option<(Change, String)>,
}

#[derive(Clone, Copy, Debug)]
struct Change {
    at: TimeMs,
    from: u32,
    to: u32,
}

impl SetBack {
    pub(super) fn observe(
        &mut self,
        symptoms: &Symptoms<'_>,
        patience: &mut Patience,
    ) -> Option<Finding> {
        let Some((deployment, hpa)) = symptoms.deployment.zip(symptoms.autoscaler) else {
            *self = Self::default();
            return None;
        };
        let before = self.asked.replace(deployment.asked);
        let change = before.map(|from| Change {
            at: symptoms.now,
            from,
            to: deployment.asked,
        });
        let change = change.filter(|change| change.to < change.from && change.to > 0);
        self.suspected = change.or(self.suspected);
        match self.suspected {
            None => self.scaled = hpa.last_scale_time,
            Some(_) if hpa.last_scale_time != self.scaled => {
                // The HPA did it.
                self.suspected = None;
                self.scaled = hpa.last_scale_time;
            }
            Some(change) if patience.from(change.at.plus_ms(STATUS_WITHIN_MS)) => {
                self.suspected = None;
                // A write of the subresource scale, as of `kubectl scale`, is not among the writers that are kept.
                let object = symptoms.found.deployment.as_ref();
                let by = object.and_then(|object| newest_writer(&object.metadata));
                let by = by.filter(|(_, time)| time.0 >= change.at.0 - WRITTEN_WITHIN_MS);
                let by = by.map_or_else(|| "somebody".to_owned(), |(name, _)| name);
                self.told = Some((change, by));
            }
            Some(_) => {}
        }
        let (change, by) = self.told.as_ref()?;
        if !patience.until(change.at.plus_ms(SET_BACK_TOLD_MS)) {
            self.told = None;
            return None;
        }
        Some(Finding::SetBack {
            name: deployment.name.clone(),
            from: change.from,
            to: change.to,
            at: change.at,
            by: by.clone(),
        })
    }
}
