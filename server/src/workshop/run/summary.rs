//! A run in figures, for the list: how long, how many pods, how soon, how slow.

use app::model::{RunRecord, RunSummary, TimeMs};

use super::Run;

impl Run {
    /// The run in figures.
    pub fn summary(&self) -> RunSummary {
        let (users_on, users_off) = self.marks();
        let history = &self.history;
        let of_load = |time: TimeMs| time >= self.load.created;
        let ready = history.pods.iter().filter(|state| of_load(state.time));
        // One state holds when the load begins.
        let before = history.pods.iter().rev().find(|state| !of_load(state.time));
        let most_pods = ready.chain(before).map(|state| state.ready).max();
        let mut rescales = history.rescales.iter();
        let first_up = rescales.find(|rescale| {
            rescale.to > rescale.from && users_on.is_some_and(|on| rescale.time >= on)
        });
        let answered = || {
            let samples = history.load.iter().rev();
            samples.filter(|sample| of_load(sample.time) && sample.p95_ms.is_some())
        };
        let before_up = first_up.and_then(|up| answered().find(|sample| sample.time <= up.time));
        RunSummary {
            load: self.load.clone(),
            users_on,
            users_off,
            most_pods,
            scaled_up_after_ms: first_up.zip(users_on).map(|(up, on)| up.time.0 - on.0),
            p95_before_ms: before_up.and_then(|sample| sample.p95_ms),
            p95_last_ms: answered().next().and_then(|sample| sample.p95_ms),
        }
    }

    /// The run with all that is known of it.
    pub fn record(&self) -> RunRecord {
        RunRecord {
            namespace: self.namespace.clone(),
            summary: self.summary(),
            from: self.from,
            until: self.until,
            cpu_limit_m: self.cpu_limit_m,
            autoscaler: self.autoscaler.clone(),
            history: self.history.clone(),
        }
    }
}
