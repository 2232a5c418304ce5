//! Waits before something is called a trouble, and when to look again. Used by the diagnoses of one namespace.

use std::collections::BTreeMap;

use app::model::TimeMs;

/// Since when each symptom holds.
#[derive(Clone, Debug, Default)]
pub(super) struct Patience {
    /// By the symptom's name, and whether it was seen at this look.
    since: BTreeMap<&'static str, (TimeMs, bool)>,
    now: TimeMs,
    due: Option<TimeMs>,
}

impl Patience {
    /// A look begins.
    pub(super) fn begin(&mut self, now: TimeMs) {
        self.now = now;
        self.due = None;
        for (_, seen) in self.since.values_mut() {
            *seen = false;
        }
    }

    /// The look is over: what was not seen begins anew.
    pub(super) fn end(&mut self) {
        self.since.retain(|_, (_, seen)| *seen);
    }

    /// True from that time on.
    pub(super) fn from(&mut self, at: TimeMs) -> bool {
        if at > self.now {
            self.look_again(at);
        }
        at <= self.now
    }

    /// True until that time.
    pub(super) fn until(&mut self, at: TimeMs) -> bool {
        !self.from(at)
    }

    /// True once the symptom has held for so long, look after look. Returns since when it holds.
    pub(super) fn lasts(&mut self, symptom: &'static str, ms: i64) -> Option<TimeMs> {
        let (since, seen) = self.since.entry(symptom).or_insert((self.now, true));
        *seen = true;
        let since = *since;
        self.from(since.plus_ms(ms)).then_some(since)
    }

    /// The earliest time that matters after now.
    pub(super) fn due(&self) -> Option<TimeMs> {
        self.due
    }

    fn look_again(&mut self, at: TimeMs) {
        self.due = Some(self.due.map_or(at, |due| due.min(at)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn symptom_has_to_hold_all_the_time() {
        let mut patience = Patience::default();
        let mut look = |at: i64, holds: bool| {
            patience.begin(TimeMs(at));
            let told = holds && patience.lasts("it", 5_000).is_some();
            patience.end();
            (told, patience.due())
        };
        assert_eq!(look(1_000, true), (false, Some(TimeMs(6_000))));
        assert_eq!(look(6_000, true), (true, None));
        assert_eq!(look(7_000, false), (false, None));
        assert_eq!(look(8_000, true), (false, Some(TimeMs(13_000))));
    }

    #[test]
    fn nearest_time_is_looked_at_again() {
        let mut patience = Patience::default();
        patience.begin(TimeMs(0));
        assert!(!patience.from(TimeMs(90)));
        assert!(patience.until(TimeMs(30)));
        assert!(patience.from(TimeMs(0)));
        assert_eq!(patience.due(), Some(TimeMs(30)));
    }
}
