//! The six steps of the workshop, each with its check. Pure: the server calls [`see`] with each observation and keeps
//! what is done in the history; the page asks [`progress`] what is done, what is next, and what to do for it.

use crate::model::{History, Phase, Snapshot, StepTimes, TimeMs};

/// One step. "At the maximum" is none: a good run settles below it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    Deployed,
    FirstCpu,
    LoadOn,
    FirstScaleUp,
    BackToMinimum,
    CleanedUp,
}

impl Step {
    /// In their order.
    pub const ALL: [Self; 6] = [
        Self::Deployed,
        Self::FirstCpu,
        Self::LoadOn,
        Self::FirstScaleUp,
        Self::BackToMinimum,
        Self::CleanedUp,
    ];

    /// When the step is seen to be done in this observation; `done` are those that were done before.
    fn check(self, snapshot: &Snapshot, newer: &History, done: &StepTimes) -> Option<TimeMs> {
        let autoscaler = snapshot.autoscaler.as_ref();
        let before = |step: Self| done[step as usize].is_some();
        match self {
            Self::Deployed => (snapshot.ready() > 0).then_some(snapshot.time),
            Self::FirstCpu => autoscaler?.utilization_percent.map(|_| snapshot.time),
            Self::LoadOn => snapshot.load.as_ref()?.first_users,
            // A start of the app alone may ask for more pods, too: only what comes of a load counts.
            Self::FirstScaleUp if before(Self::LoadOn) => {
                let mut rescales = newer.rescales.iter();
                rescales.find(|r| r.to > r.from).map(|r| r.time)
            }
            Self::BackToMinimum if before(Self::FirstScaleUp) => {
                let minimum = autoscaler.map_or(1, |a| a.min_replicas);
                let mut rescales = newer.rescales.iter();
                let down = rescales.find(|r| r.to < r.from && r.to <= minimum)?;
                Some(down.time)
            }
            Self::CleanedUp if before(Self::Deployed) => {
                (snapshot.phase == Phase::CleanedUp).then_some(snapshot.time)
            }
            Self::FirstScaleUp | Self::BackToMinimum | Self::CleanedUp => None,
        }
    }
}

/// Takes one observation, and what the history gains by it; returns what is done by it and was not before.
pub fn see(done: &mut StepTimes, snapshot: &Snapshot, newer: &History) -> StepTimes {
    let mut gained = StepTimes::default();
    for step in Step::ALL {
        let index = step as usize;
        if done[index].is_none() {
            gained[index] = step.check(snapshot, newer, done);
            done[index] = gained[index];
        }
    }
    gained
}

/// What is done, and since when.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    done: StepTimes,
}

/// How far a namespace is. A step is done, too, if one that cannot be without it is.
pub fn progress(done: &StepTimes) -> Progress {
    let mut done = *done;
    for index in (0..Step::BackToMinimum as usize).rev() {
        done[index] = done[index].or(done[index + 1]);
    }
    Progress { done }
}

impl Progress {
    /// When the step was done, or a later one that shows it.
    pub fn done(self, step: Step) -> Option<TimeMs> {
        self.done[step as usize]
    }

    /// The first step that is not done; `None` after the last.
    pub fn next(self) -> Option<Step> {
        let mut all = Step::ALL.into_iter();
        all.find(|step| self.done(*step).is_none())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Rescale;
    use crate::model::samples::{self, at};

    /// Observations one after another; the steps that each one brought.
    fn story(observations: &[(Snapshot, Vec<Rescale>)]) -> (Vec<Vec<Step>>, StepTimes) {
        let mut done = StepTimes::default();
        let gained = observations.iter().map(|(snapshot, rescales)| {
            let newer = History {
                rescales: rescales.clone(),
                ..History::default()
            };
            let gained = see(&mut done, snapshot, &newer);
            let mut all = Step::ALL.to_vec();
            all.retain(|step| gained[*step as usize].is_some());
            all
        });
        (gained.collect(), done)
    }

    fn rescale(seconds: f64, from: u32, to: u32) -> Rescale {
        Rescale {
            time: at(seconds),
            from,
            to,
        }
    }

    fn waiting() -> Snapshot {
        let mut snapshot = samples::idle();
        if let Some(autoscaler) = &mut snapshot.autoscaler {
            autoscaler.utilization_percent = None;
        }
        snapshot
    }

    fn cleaned_up() -> Snapshot {
        Snapshot {
            phase: Phase::CleanedUp,
            time: at(500.0),
            ..samples::nothing()
        }
    }

    #[test]
    fn each_step_is_done_by_its_own_check() {
        let (loaded, _) = samples::mid_load();
        let (gained, done) = story(&[
            (samples::nothing(), vec![]),
            (waiting(), vec![]),
            (samples::idle(), vec![]),
            (loaded.clone(), vec![]),
            (loaded, vec![rescale(75.8, 1, 4)]),
            (samples::idle(), vec![rescale(260.0, 10, 2)]),
            (samples::idle(), vec![rescale(275.0, 2, 1)]),
            (cleaned_up(), vec![]),
        ]);
        let expected: [&[Step]; 8] = [
            &[],
            &[Step::Deployed],
            &[Step::FirstCpu],
            &[Step::LoadOn],
            &[Step::FirstScaleUp],
            &[],
            &[Step::BackToMinimum],
            &[Step::CleanedUp],
        ];
        assert_eq!(gained, expected);
        assert_eq!(done[2], Some(at(50.8)));
        assert_eq!(done[3], Some(at(75.8)));
        assert_eq!(progress(&done).next(), None);
    }

    #[test]
    fn done_stays_done_after_a_clean_up() {
        let (gained, done) = story(&[
            (samples::idle(), vec![]),
            (cleaned_up(), vec![]),
            (samples::nothing(), vec![]),
        ]);
        assert!(gained[2].is_empty());
        let progress = progress(&done);
        assert!(progress.done(Step::Deployed).is_some());
        assert!(progress.done(Step::CleanedUp).is_some());
        assert_eq!(progress.next(), Some(Step::LoadOn));
    }

    #[test]
    fn more_pods_without_a_load_are_no_step() {
        let (gained, _) = story(&[(samples::idle(), vec![rescale(10.0, 1, 2)])]);
        assert_eq!(gained, [[Step::Deployed, Step::FirstCpu]]);
    }

    #[test]
    fn a_namespace_that_was_never_used_is_not_cleaned_up() {
        let (gained, done) = story(&[(cleaned_up(), vec![])]);
        assert!(gained[0].is_empty());
        assert_eq!(progress(&done).next(), Some(Step::Deployed));
    }

    #[test]
    fn a_later_step_shows_the_earlier_ones() {
        let mut done = StepTimes::default();
        done[Step::FirstScaleUp as usize] = Some(at(75.8));
        let progress = progress(&done);
        assert_eq!(progress.done(Step::Deployed), Some(at(75.8)));
        assert_eq!(progress.next(), Some(Step::BackToMinimum));
    }

    #[test]
    fn history_keeps_what_is_done_when_it_forgets_the_rest() {
        let (_, mut history) = samples::mid_load();
        let mut newer = History::default();
        newer.steps[0] = Some(at(4.4));
        history.append(newer, at(0.0));
        let mut later = History::default();
        later.steps[0] = Some(at(4_000.0));
        later.steps[5] = Some(at(4_001.0));
        history.append(later, at(9_000.0));
        assert!(history.load.is_empty());
        assert_eq!(history.steps[0], Some(at(4.4)), "the first time counts");
        assert_eq!(history.steps[5], Some(at(4_001.0)));
    }
}
