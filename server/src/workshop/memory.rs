//! What is remembered of one namespace between two looks at its objects: the HPA's looks, the load, the history's end.
//!
//! The publisher keeps one for each seat and calls [`Memory::observe`] for each change.

use app::model::{
    AutoscalerState, Evidence, Explanation, Finding, History, LoadMark, LoadSample, LoadStage,
    Phase, PodRole, Snapshot, SourceState, Sources, TimeMs, Unwatched,
};
use autoscaling::replica_calculator::PodState as CountedPod;
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;

use super::diagnose::{self, Symptoms};
use super::explain::{self, Situation};
use super::history::Recorder;
use super::hot_pod::hot_pod;
use super::load::LoadMemory;
use super::locust_log::LocustLog;
use super::looks::Looks;
use super::objects::Objects;
use super::reactions::{self, Reactions};
use super::recognise::{Recognised, recognise};
use super::run::{self, Over, Run};
use super::snapshot::{self, Standing};
use super::told::Telling;
use super::{autoscaler, pod};

/// What is remembered of one namespace.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    looks: Looks,
    load: LoadMemory,
    recorder: Recorder,
    reactions: Reactions,
    telling: Telling,
    /// The app's pods at the last observation, as the HPA counts them.
    pods: Vec<CountedPod>,
    had_app: bool,
    came_down: bool,
    load_uid: Option<String>,
    was_live: bool,
}

/// The log of the load's pod: what it told, and what is new of it.
#[derive(Clone, Debug)]
pub struct LoadLog<'a> {
    pub pod_uid: &'a str,
    pub log: &'a LocustLog,
    pub new_samples: Vec<LoadSample>,
    /// Its stream is open.
    pub streaming: bool,
}

/// One observation.
#[derive(Clone, Debug)]
pub struct Observed {
    pub snapshot: Snapshot,
    /// What the history gains.
    pub appended: History,
    /// When the snapshot becomes another one by the time alone.
    pub recheck: Option<TimeMs>,
    /// Name and UID of the pod whose log is to be followed.
    pub follow: Option<(String, String)>,
    /// There is something besides the time that was not told before.
    pub gained: bool,
}

impl Memory {
    /// Takes the namespace's objects as they are now.
    ///
    /// `now` is the cluster's time, `keep_ms` how much history is kept.
    pub fn observe(
        &mut self,
        objects: &Objects,
        log: Option<LoadLog<'_>>,
        sources: &Sources,
        keep_ms: i64,
        now: TimeMs,
    ) -> Observed {
        if let SourceState::Unwatched { why } = sources.cluster {
            return self.unwatched(&objects.namespace, why, sources, keep_ms, now);
        }
        let found = recognise(objects);
        let deployment = found.deployment.as_deref().map(snapshot::deployment);
        let service = found.service.as_deref().map(snapshot::service);
        let scaled_object = found.scaled_object.as_deref().map(snapshot::scaled_object);
        let pods = snapshot::pods(&found, objects);
        let mut appended = History::default();

        let load_log = log.as_ref().map(|log| (log.pod_uid, log.log));
        appended.marks = self.observe_load(&found, load_log, now);
        let load = self.load.state();

        let rescale = self
            .recorder
            .asked(deployment.as_ref().map(|d| d.asked), now);
        appended.rescales.extend(rescale);
        let live = sources.cluster == SourceState::Live;
        let mut autoscaler = found
            .autoscaler
            .as_deref()
            .map(|hpa| autoscaler::state(hpa, objects));
        let hpa = found.autoscaler.as_deref().zip(autoscaler.as_ref());
        let look = self.looks.observe(
            hpa,
            if self.pods.is_empty() {
                counted(&found)
            } else {
                std::mem::take(&mut self.pods)
            }
            .as_slice(),
            self.recorder.rescales(),
            self.was_live && live,
            now,
        );
        appended.looks.extend(look);
        self.was_live = live;
        self.pods = counted(&found);
        if let Some(state) = &mut autoscaler {
            self.looks
                .calculate(state, &self.pods, &objects.samples, now);
            let newest = self.looks.newest().filter(|look| look.timed);
            state.last_look = newest.map(|look| look.time);
            state.next_look = self.looks.next(now);
        }
        if let Some(rescale) = rescale
            && let Some(autoscaler) = &autoscaler
            && rescale.to < rescale.from
            && rescale.to == autoscaler.min_replicas
        {
            self.came_down = true;
        }

        let app_ready =
            |pod: &&app::model::PodState| pod.role == PodRole::App && pod.ready && !pod.terminating;
        let ready = pods.iter().filter(app_ready).count() as u32;
        let counts = self
            .recorder
            .counts(ready, autoscaler.as_ref(), &self.looks, now);
        appended.pods.extend(counts);
        appended.cpu.extend(self.recorder.cpu(objects, &pods));
        let streaming = log.as_ref().is_some_and(|log| log.streaming);
        if let Some(log) = log {
            appended.load = self.recorder.load(log.new_samples);
        }
        let intervals = self.recorder.sources(sources, streaming, now);
        self.recorder.forget_before(now.plus_ms(-keep_ms));
        appended.observed = self.recorder.observed().clone();
        let seen = reactions::Seen {
            rescale,
            scaled: autoscaler.is_some(),
            load: load.as_ref(),
            pods: &pods,
            counted: &self.pods,
            samples: &objects.samples,
            look: self.looks.newest(),
            new_load_samples: &appended.load,
        };
        appended.reactions = self.reactions.observe(&seen, now);

        let users_on = load
            .as_ref()
            .filter(|load| load.stage == LoadStage::Running)
            .and_then(|load| load.first_users);
        let target = autoscaler.as_ref().and_then(|a| a.target_percent);
        let hot_pod = users_on
            .zip(target)
            .and_then(|(users_on, target)| hot_pod(&self.pods, &objects.samples, users_on, target));
        let situation = Situation {
            deployment: deployment.as_ref(),
            scaled_object: scaled_object.as_ref(),
            hpa: found.autoscaler.as_deref(),
            autoscaler: autoscaler.as_ref(),
            pods: &pods,
            load: load.as_ref(),
            looks: &self.looks,
            hot_pod,
            now,
        };
        let look = self.looks.newest().map(|look| look.read_at);
        let (explanation, weighed) = self.telling.weigh(explain::explain(&situation), look, now);
        let recheck = [
            weighed,
            explain::recheck(&situation),
            diagnose::recheck(sources, now),
            self.load.recheck(&found, now),
        ];
        let findings = diagnose::diagnose(&Symptoms {
            objects,
            found: &found,
            deployment: deployment.as_ref(),
            scaled_object: scaled_object.as_ref(),
            pods: &pods,
            load: load.as_ref(),
            explanation: &explanation,
            sources,
            now,
        });
        let phase = snapshot::phase(&Standing {
            deployment: deployment.as_ref(),
            service: service.as_ref(),
            scaled_object: scaled_object.as_ref(),
            autoscaler: autoscaler.as_ref(),
            pods: &pods,
            load: load.as_ref(),
            explanation: &explanation,
            had_app: self.had_app,
            came_down: self.came_down,
        });
        let evidence = evidence(
            found.autoscaler.as_deref(),
            autoscaler.as_ref(),
            &self.looks,
            objects,
        );
        appended
            .told
            .extend(self.telling.tell(&explanation, evidence, now));
        self.had_app |= deployment.is_some();
        if explanation == Explanation::NothingDeployed {
            self.came_down = false;
        }
        let gained = intervals
            || !(appended.is_empty()
                && appended.looks.is_empty()
                && appended.rescales.is_empty()
                && appended.marks.is_empty()
                && appended.told.is_empty()
                && appended.reactions.is_empty());
        let follow = self
            .load
            .pod_to_follow(&found)
            .and_then(|pod| Some((pod.metadata.name.clone()?, pod.metadata.uid.clone()?)));
        Observed {
            snapshot: Snapshot {
                namespace: objects.namespace.clone(),
                time: now,
                phase,
                deployment,
                service,
                scaled_object,
                autoscaler,
                pods,
                load,
                explanation,
                findings,
                sources: sources.clone(),
            },
            appended,
            recheck: recheck.into_iter().flatten().min(),
            follow,
            gained,
        }
    }

    /// Nothing is seen, which is no news of the app or the load: all that is remembered stays for when they are seen again.
    fn unwatched(
        &mut self,
        namespace: &str,
        why: Unwatched,
        sources: &Sources,
        keep_ms: i64,
        now: TimeMs,
    ) -> Observed {
        self.was_live = false;
        let gained = self.recorder.sources(sources, false, now);
        self.recorder.forget_before(now.plus_ms(-keep_ms));
        Observed {
            snapshot: Snapshot {
                namespace: namespace.to_owned(),
                time: now,
                phase: Phase::NotWatched,
                deployment: None,
                service: None,
                scaled_object: None,
                autoscaler: None,
                pods: Vec::new(),
                load: None,
                explanation: Explanation::NotWatched,
                findings: vec![Finding::NotWatched { why }],
                sources: sources.clone(),
            },
            appended: History {
                observed: self.recorder.observed().clone(),
                ..History::default()
            },
            recheck: None,
            follow: None,
            gained,
        }
    }

    /// Takes what records tell of the time before `now`, oldest run first. Returns the whole history if it is another
    /// than the one `told` so far.
    ///
    /// What this memory observed itself counts; a record fills its holes.
    pub fn resume(
        &mut self,
        runs: &[Run],
        told: &History,
        keep_ms: i64,
        now: TimeMs,
    ) -> Option<History> {
        let keep_from = now.plus_ms(-keep_ms);
        let mut history = told.clone();
        for run in runs.iter().filter(|run| run.until > keep_from) {
            history = run::merge(&history, &run.history_before(now));
            self.load.resume(run);
            if self.load_uid.is_none() && run.over == Some(Over::BackAtMinimum) {
                self.came_down = run.came_down();
            }
        }
        history.forget_before(keep_from);
        self.telling.resume(&history);
        self.reactions.resume(&mut history);
        self.recorder.resume(&history);
        self.recorder.forget_before(keep_from);
        history.observed.clone_from(self.recorder.observed());
        (history != *told).then_some(history)
    }

    /// The HPA's looks.
    pub fn looks(&self) -> &Looks {
        &self.looks
    }

    fn observe_load(
        &mut self,
        found: &Recognised,
        log: Option<(&str, &LocustLog)>,
        now: TimeMs,
    ) -> Vec<LoadMark> {
        let marks = self.load.observe(found, log, now);
        let load = self.load.state();
        let active = load.as_ref().filter(|load| load.stage != LoadStage::Ended);
        let uid = load.as_ref().map(|load| load.uid.clone());
        if active.is_some() && uid != self.load_uid {
            self.came_down = false;
            self.load_uid = uid;
        }
        marks
    }
}

/// What the newest look shows of itself.
fn evidence(
    hpa: Option<&HorizontalPodAutoscaler>,
    state: Option<&AutoscalerState>,
    looks: &Looks,
    objects: &Objects,
) -> Evidence {
    let look = looks.newest();
    Evidence {
        look: look.filter(|look| look.timed).map(|look| look.read_at),
        conditions: state
            .map(|state| state.conditions.clone())
            .unwrap_or_default(),
        event: hpa.and_then(|hpa| autoscaler::last_event(hpa, objects)),
        samples: look.map(|look| look.used.clone()).unwrap_or_default(),
    }
}

fn counted(found: &Recognised) -> Vec<CountedPod> {
    found.app_pods.iter().map(|pod| pod::counted(pod)).collect()
}
