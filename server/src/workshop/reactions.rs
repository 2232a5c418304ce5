//! How long each scale-up took: users on, decision, the last new pod ready, its first sample, counted by the HPA.
//! Told from what `memory.rs` sees anyway.

use std::collections::{BTreeMap, BTreeSet};

use app::model::{
    Counts, History, LoadSample, LoadStage, LoadState, PodRole, PodState, Reaction, Rescale, TimeMs,
};
use autoscaling::replica_calculator::PodState as CountedPod;

use super::looks::SeenLook;
use super::objects::PodSamples;

/// p95 is compared with this long after the last new pod was ready: Locust's is of about 10 s, and the queue that
/// stood before must be worked off.
const AFTER_MS: i64 = 30_000;

/// A figure of the load this old is none of now.
const FRESH_MS: i64 = 10_000;

/// Later than this nothing is waited for.
const PATIENCE_MS: i64 = 5 * 60_000;

/// What is remembered of a namespace's scale-ups.
#[derive(Clone, Debug, Default)]
pub struct Reactions {
    /// The app's pods that were seen, so that a new one is known as new.
    pods: BTreeSet<String>,
    /// Those under way, oldest first.
    open: Vec<Open>,
    /// The newest sample of the load that has a p95.
    p95: Option<(TimeMs, u32)>,
}

#[derive(Clone, Debug)]
struct Open {
    told: Reaction,
    /// The pods that it made, as they appear, with the end of their first valid sample.
    new: BTreeMap<String, Option<TimeMs>>,
}

/// What is seen now.
#[derive(Clone, Copy)]
pub struct Seen<'a> {
    /// The Deployment was just asked for another number.
    pub rescale: Option<Rescale>,
    /// There is an autoscaler.
    pub scaled: bool,
    pub load: Option<&'a LoadState>,
    pub pods: &'a [PodState],
    /// The app's as the HPA counts them.
    pub counted: &'a [CountedPod],
    pub samples: &'a BTreeMap<String, PodSamples>,
    pub look: Option<&'a SeenLook>,
    pub new_load_samples: &'a [LoadSample],
}

impl Reactions {
    /// Takes what another panel told: it is not gone on with, as what was between was not seen.
    pub fn resume(&self, told: &mut History) {
        for reaction in &mut told.reactions {
            let own = self
                .open
                .iter()
                .any(|open| open.told.decision == reaction.decision);
            reaction.over |= !own;
        }
    }

    /// Takes what is seen now; returns the scale-ups that are new or have reached a stage.
    pub fn observe(&mut self, seen: &Seen<'_>, now: TimeMs) -> Vec<Reaction> {
        let mut newest = seen.new_load_samples.iter().rev();
        let p95_before = self.p95;
        if let Some(sample) = newest.find_map(|sample| Some((sample.time, sample.p95_ms?))) {
            self.p95 = Some(sample);
        }
        let mut before: Vec<_> = self.open.iter().map(|open| open.told).collect();
        if let Some(rescale) = seen.rescale {
            self.rescaled(rescale, seen, p95_before.or(self.p95));
        }
        self.adopt(seen.pods);
        for open in &mut self.open {
            open.observe(seen, self.p95, now);
        }
        let mut changed = Vec::new();
        for open in &self.open {
            let known = before
                .iter()
                .position(|told| told.decision == open.told.decision);
            let known = known.map(|index| before.swap_remove(index));
            if known != Some(open.told) {
                changed.push(open.told);
            }
        }
        self.open.retain(|open| !open.told.over);
        changed
    }

    fn rescaled(&mut self, rescale: Rescale, seen: &Seen<'_>, p95: Option<(TimeMs, u32)>) {
        if rescale.to < rescale.from {
            // Pods go: what has not come by now does not come.
            for open in &mut self.open {
                open.told.over = true;
            }
            return;
        }
        if !seen.scaled {
            return;
        }
        let load = seen.load.filter(|load| load.stage == LoadStage::Running);
        let fresh = p95.filter(|(time, _)| rescale.time.0 - time.0 <= FRESH_MS);
        self.open.push(Open {
            told: Reaction {
                from: rescale.from,
                to: rescale.to,
                users_on: load.and_then(|load| load.first_users),
                decision: rescale.time,
                ready: None,
                first_sample: None,
                counted: None,
                p95_before_ms: load.and(fresh).map(|(_, p95)| p95),
                p95_after_ms: None,
                over: false,
            },
            new: BTreeMap::new(),
        });
    }

    /// A pod that was not there before belongs to the newest scale-up.
    fn adopt(&mut self, pods: &[PodState]) {
        let app = pods.iter().filter(|pod| pod.role == PodRole::App);
        let names: BTreeSet<_> = app.map(|pod| pod.name.clone()).collect();
        let open = self.open.last_mut();
        if let Some(open) = open {
            let wanted = (open.told.to - open.told.from) as usize;
            for name in names.difference(&self.pods) {
                if open.new.len() < wanted {
                    open.new.insert(name.clone(), None);
                }
            }
        }
        self.pods = names;
    }
}

impl Open {
    fn observe(&mut self, seen: &Seen<'_>, p95: Option<(TimeMs, u32)>, now: TimeMs) {
        let told = &mut self.told;
        if told.over {
            return;
        }
        let all = self.new.len() == (told.to - told.from) as usize;
        let exist = |name: &String| seen.pods.iter().any(|pod| pod.name == *name);
        // A pod that went will reach no stage; a late one may still come.
        if now.0 - told.decision.0 >= PATIENCE_MS || !self.new.keys().all(exist) {
            told.over = true;
            return;
        }
        if all && told.ready.is_none() {
            let ready = |name: &String| seen.pods.iter().any(|pod| pod.name == *name && pod.ready);
            told.ready = self.new.keys().all(ready).then_some(now);
        }
        for (name, first) in &mut self.new {
            if first.is_none() {
                *first = first_valid(name, seen);
            }
        }
        if told.ready.is_some() && told.first_sample.is_none() {
            let times: Option<Vec<_>> = self.new.values().copied().collect();
            told.first_sample = times.and_then(|times| times.into_iter().max());
        }
        if let (Some(sample), Some(look), None) = (told.first_sample, seen.look, told.counted) {
            let counts = |name: &String| {
                let used = look.used.iter().find(|used| used.pod == *name);
                used.is_some_and(|used| used.counts == Counts::Sample)
            };
            let counted = look.read_at >= sample && self.new.keys().all(counts);
            told.counted = counted.then_some(look.read_at);
        }
        if let (Some(ready), Some((time, p95)), None) = (told.ready, p95, told.p95_after_ms) {
            let after = time.0 - ready.0 >= AFTER_MS;
            told.p95_after_ms = after.then_some(p95);
        }
        let ended = seen
            .load
            .is_none_or(|load| load.stage != LoadStage::Running);
        told.over = told.counted.is_some() && (told.p95_after_ms.is_some() || ended);
    }
}

/// The end of a pod's first sample that the HPA would take: a whole window after the pod was ready.
fn first_valid(name: &str, seen: &Seen<'_>) -> Option<TimeMs> {
    let pod = seen.counted.iter().find(|pod| pod.name == name)?;
    let ready = pod.ready.filter(|ready| ready.ready)?;
    let known = seen.samples.get(name)?;
    let all = [known.before, Some(known.newest)];
    let mut valid = all
        .into_iter()
        .flatten()
        .filter(|sample| sample.time.0 >= ready.since + sample.window_ms);
    valid.next().map(|sample| sample.time)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mk_pod(name: &str, ready: bool) -> PodState {
        PodState {
            last_end: None,
            name: name.to_owned(),
            role: PodRole::App,
            status: "Running".to_owned(),
            ready,
            terminating: false,
            restarts: 0,
            created: TimeMs(0),
            started: None,
            node: None,
            cpu_request_m: Some(50),
            cpu_limit_m: Some(100),
            cpu: None,
            message: None,
        }
    }

    fn observe(
        reactions: &mut Reactions,
        rescale: Option<(u32, u32)>,
        pods: &[PodState],
        p95_ms: Option<u32>,
        seconds: i64,
    ) -> Vec<Reaction> {
        let now = TimeMs(seconds * 1000);
        let sample = LoadSample {
            time: now,
            users: None,
            rps: 1.0,
            failures_per_s: 0.0,
            p50_ms: None,
            p95_ms,
        };
        let seen = Seen {
            rescale: rescale.map(|(from, to)| Rescale {
                time: now,
                from,
                to,
            }),
            scaled: true,
            load: None,
            pods,
            counted: &[],
            samples: &BTreeMap::new(),
            look: None,
            new_load_samples: &[sample],
        };
        reactions.observe(&seen, now)
    }

    #[test]
    fn what_is_not_seen_stays_open_until_it_can_not_come_any_more() {
        let mut reactions = Reactions::default();
        let one = [mk_pod("a", true)];
        assert_eq!(observe(&mut reactions, None, &one, None, 0), []);
        let started = observe(&mut reactions, Some((1, 3)), &one, None, 10);
        assert_eq!(started.len(), 1);
        assert_eq!(
            (
                started[0].users_on,
                started[0].p95_before_ms,
                started[0].ready
            ),
            (None, None, None),
            "no load is on"
        );
        // A quota lets only one of both be made.
        let two = [mk_pod("a", true), mk_pod("b", true)];
        assert_eq!(observe(&mut reactions, None, &two, None, 12), []);
        let down = observe(&mut reactions, Some((3, 1)), &two, None, 60);
        assert!(down[0].over && down[0].ready.is_none());
        assert_eq!(observe(&mut reactions, None, &two, None, 70), []);
    }

    #[test]
    fn ready_is_when_the_last_new_pod_is_and_p95_is_read_half_a_minute_later() {
        let mut reactions = Reactions::default();
        let pods = |b, c| [mk_pod("a", true), mk_pod("b", b), mk_pod("c", c)];
        observe(&mut reactions, None, &[mk_pod("a", true)], Some(9_000), 0);
        observe(&mut reactions, Some((1, 3)), &[mk_pod("a", true)], None, 5);
        assert_eq!(
            observe(&mut reactions, None, &pods(true, false), None, 9),
            []
        );
        let ready = observe(&mut reactions, None, &pods(true, true), None, 11);
        assert_eq!(ready[0].ready, Some(TimeMs(11_000)));
        assert_eq!(
            observe(&mut reactions, None, &pods(true, true), Some(5_000), 40),
            []
        );
        let after = observe(&mut reactions, None, &pods(true, true), Some(2_000), 41);
        assert_eq!(after[0].p95_after_ms, Some(2_000));
        assert!(!after[0].over, "no sample of the new pods was seen yet");
    }

    #[test]
    fn what_another_panel_told_is_not_gone_on_with() {
        let mut reactions = Reactions::default();
        let started = observe(&mut reactions, Some((1, 2)), &[], None, 10);
        let foreign = Reaction {
            decision: TimeMs(1),
            ..started[0]
        };
        let mut history = History {
            reactions: vec![foreign, started[0]],
            ..History::default()
        };
        reactions.resume(&mut history);
        let over: Vec<_> = history.reactions.iter().map(|r| r.over).collect();
        assert_eq!(over, [true, false]);
    }
}
