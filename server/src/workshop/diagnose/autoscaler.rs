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
        let (asked, desired) = (deployment.asked, hpa.desired_replicas);
        if let Some(change) = self.taken(asked, desired, symptoms.now, patience) {
            // A write of the subresource scale, as of `kubectl scale`, is not among the writers that are kept.
            let object = symptoms.found.deployment.as_ref();
            let by = object.and_then(|object| newest_writer(&object.metadata));
            let by = by.filter(|(_, time)| time.0 >= change.at.0 - WRITTEN_WITHIN_MS);
            let by = by.map_or_else(|| "somebody".to_owned(), |(name, _)| name);
            self.told = Some((change, by));
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

    /// A change that the HPA's `desiredReplicas` does not own up to in time, once. Deployment and HPA are watched apart,
    /// so the HPA's own change may be seen in either first.
    fn taken(
        &mut self,
        asked: u32,
        desired: u32,
        now: TimeMs,
        patience: &mut Patience,
    ) -> Option<Change> {
        let from = self.asked.replace(asked)?;
        if asked < from && asked > 0 {
            self.suspected = Some(Change {
                at: now,
                from,
                to: asked,
            });
        }
        let change = self.suspected?;
        if change.to == desired {
            self.suspected = None;
            return None;
        }
        let waited = patience.from(change.at.plus_ms(STATUS_WITHIN_MS));
        self.suspected.take_if(|_| waited)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is told of these moments: seconds, asked for, the HPA's `desiredReplicas`.
    fn told(moments: &[(i64, u32, u32)]) -> Vec<(u32, u32)> {
        let (mut set_back, mut patience) = (SetBack::default(), Patience::default());
        let mut changes = Vec::new();
        for &(at, asked, desired) in moments {
            let now = TimeMs(at * 1_000);
            patience.begin(now);
            changes.extend(set_back.taken(asked, desired, now, &mut patience));
            patience.end();
        }
        changes
            .into_iter()
            .map(|change| (change.from, change.to))
            .collect()
    }

    #[test]
    fn hpas_own_step_is_none_whichever_object_is_seen_first() {
        assert_eq!(told(&[(0, 10, 10), (1, 5, 10), (2, 5, 5), (9, 5, 5)]), []);
        assert_eq!(told(&[(0, 10, 10), (1, 10, 5), (2, 5, 5), (9, 5, 5)]), []);
        assert_eq!(told(&[(0, 10, 10), (1, 5, 5), (16, 1, 1), (30, 1, 1)]), []);
    }

    #[test]
    fn step_of_somebody_else_is_told_once_even_if_the_hpa_acts_at_once() {
        let kubectls = [(0, 10, 10), (1, 2, 10), (4, 2, 10), (9, 2, 10)];
        assert_eq!(told(&kubectls), [(10, 2)]);
        assert_eq!(
            told(&[(0, 10, 10), (1, 2, 10), (2, 6, 6), (4, 6, 6)]),
            [(10, 2)]
        );
        assert_eq!(
            told(&[(0, 10, 10), (1, 2, 10), (3, 2, 10)]),
            [],
            "the HPA's status may still come"
        );
    }

    #[test]
    fn more_pods_and_none_are_no_step_back() {
        assert_eq!(told(&[(0, 1, 1), (1, 4, 1), (9, 4, 1)]), []);
        assert_eq!(told(&[(0, 4, 4), (1, 0, 4), (9, 0, 4)]), []);
    }
}
