//! What the why panel says, remembered: a new entry when the situation changes, newer figures under the same time.

use app::model::{Evidence, Explanation, History, TimeMs, Told};

/// Samples are polled up to 5 s after the HPA could read them; until then an unexplained look may still be explained.
const SAMPLES_WITHIN_MS: i64 = 6_000;

/// What was told last of one namespace.
#[derive(Clone, Debug, Default)]
pub struct Telling {
    last: Option<Told>,
    /// The last one stays only until the samples of a newer look are there.
    waiting: bool,
}

impl Telling {
    /// Goes on from what was told before by this panel or by another.
    pub fn resume(&mut self, told: &History) {
        // What this panel told may be what another one had told before.
        if let Some(last) = told.told.last() {
            self.last = Some(last.clone());
        }
    }

    /// What is to be said of `explanation`: an unexplained look is said to be one only when its samples must have come,
    /// and the last sentence stays until then. The time is when that is.
    pub fn weigh(
        &mut self,
        explanation: Explanation,
        look: Option<TimeMs>,
        now: TimeMs,
    ) -> (Explanation, Option<TimeMs>) {
        self.waiting = false;
        let Explanation::NotReproducible { .. } = explanation else {
            return (explanation, None);
        };
        let due = look.map(|look| look.plus_ms(SAMPLES_WITHIN_MS));
        match (&self.last, due) {
            (Some(last), Some(due)) if now < due => {
                self.waiting = true;
                (last.explanation.clone(), Some(due))
            }
            _ => (explanation, None),
        }
    }

    /// Takes what is said now; returns the entry if it or its figures are new.
    ///
    /// NB: what stays for want of samples is no news, and `evidence` is of a look that it does not tell of.
    pub fn tell(
        &mut self,
        explanation: &Explanation,
        evidence: Evidence,
        now: TimeMs,
    ) -> Option<Told> {
        if self.waiting {
            return None;
        }
        let time = match &self.last {
            Some(last) if last.explanation.same_situation(explanation) => last.time,
            // Samples that came late correct what was said of a look.
            Some(last)
                if evidence.look.is_some()
                    && last.evidence.look == evidence.look
                    && last.explanation.is_of_look()
                    && explanation.is_of_look() =>
            {
                last.time
            }
            // A panel that has just started sees the status of a look that another panel told of.
            Some(last)
                if evidence.look.is_none()
                    && explanation.rescale().is_some()
                    && explanation.rescale() == last.explanation.rescale() =>
            {
                return None;
            }
            _ => now,
        };
        let told = Told {
            time,
            explanation: explanation.clone(),
            evidence,
        };
        if self.last.as_ref() == Some(&told) {
            return None;
        }
        self.last = Some(told.clone());
        Some(told)
    }
}

#[cfg(test)]
mod tests {
    use app::model::Counted;

    use super::*;

    fn enough(percent: u32) -> Explanation {
        Explanation::EnoughAtMinimum {
            replicas: 1,
            percent,
            target: 60,
            minimum: 1,
        }
    }

    fn unexplained() -> Explanation {
        Explanation::NotReproducible {
            asked: 8,
            formula: 7,
            percent: 98,
            target: 60,
        }
    }

    fn of(look_ms: i64) -> Evidence {
        Evidence {
            look: Some(TimeMs(look_ms)),
            ..Evidence::default()
        }
    }

    #[test]
    fn newer_figures_come_under_the_same_time() {
        let mut telling = Telling::default();
        let first = telling.tell(&enough(4), of(1_000), TimeMs(1_000));
        assert_eq!(first.map(|told| told.time), Some(TimeMs(1_000)));
        assert_eq!(telling.tell(&enough(4), of(1_000), TimeMs(2_000)), None);
        let newer = telling.tell(&enough(5), of(16_000), TimeMs(16_000));
        assert_eq!(newer.map(|told| told.time), Some(TimeMs(1_000)));
        let before = Explanation::SampleBeforeLoad { next_sample: None };
        let next = telling.tell(&before, of(16_000), TimeMs(17_000));
        assert_eq!(next.map(|told| told.time), Some(TimeMs(17_000)));
    }

    #[test]
    fn late_samples_correct_what_was_said_of_a_look() {
        let mut telling = Telling::default();
        telling.tell(&unexplained(), of(1_000), TimeMs(1_000));
        let settled = Explanation::Settled {
            replicas: 8,
            percent: 60,
            target: 60,
        };
        let told = telling.tell(&settled, of(1_000), TimeMs(4_000));
        assert_eq!(told.map(|told| told.time), Some(TimeMs(1_000)));
    }

    fn grown(at_ms: i64, from: u32) -> Explanation {
        Explanation::ScaledUp {
            at: TimeMs(at_ms),
            from,
            to: 8,
            percent: 98,
            target: 60,
            counted: Counted::default(),
            allowed: 8,
        }
    }

    #[test]
    fn what_stays_while_samples_are_awaited_is_not_overwritten_by_their_look() {
        let mut telling = Telling::default();
        let rescale = telling.tell(&grown(1_000, 4), of(1_000), TimeMs(1_000));
        assert!(rescale.is_some());
        let next = TimeMs(16_000);
        let (stays, _) = telling.weigh(unexplained(), Some(next), TimeMs(16_100));
        assert_eq!(telling.tell(&stays, of(16_000), TimeMs(16_100)), None);
        let (settled, _) = telling.weigh(enough(60), Some(next), TimeMs(18_000));
        let told = telling.tell(&settled, of(16_000), TimeMs(18_000));
        assert_eq!(told.map(|told| told.time), Some(TimeMs(18_000)));
    }

    #[test]
    fn a_rescale_that_another_panel_saw_is_not_told_again() {
        let mut telling = Telling::default();
        let found = grown(9_000, 4);
        let own = telling.tell(&found, Evidence::default(), TimeMs(9_000));
        assert!(own.is_some());
        let seen = Told {
            time: TimeMs(1_000),
            explanation: grown(1_000, 4),
            evidence: of(1_000),
        };
        let history = History {
            told: vec![seen],
            ..History::default()
        };
        telling.resume(&history);
        let again = telling.tell(&found, Evidence::default(), TimeMs(12_000));
        assert_eq!(again, None);
        let next = telling.tell(&grown(16_000, 5), of(16_000), TimeMs(16_000));
        assert_eq!(next.map(|told| told.time), Some(TimeMs(16_000)));
    }

    #[test]
    fn unexplained_look_waits_for_its_samples_and_is_told_then() {
        let mut telling = Telling::default();
        let look = Some(TimeMs(20_000));
        assert_eq!(
            telling.weigh(unexplained(), look, TimeMs(21_000)),
            (unexplained(), None),
            "there is nothing else to say"
        );
        telling.tell(&enough(4), of(5_000), TimeMs(5_000));
        assert_eq!(
            telling.weigh(unexplained(), look, TimeMs(21_000)),
            (enough(4), Some(TimeMs(26_000)))
        );
        assert_eq!(
            telling.weigh(unexplained(), look, TimeMs(26_000)),
            (unexplained(), None)
        );
        assert_eq!(
            telling.weigh(enough(5), look, TimeMs(21_000)),
            (enough(5), None)
        );
    }
}
