//! What was observed, as the chart needs it: states, samples and the intervals in which each source was read.

use app::model::{
    AutoscalerState, CpuSample, History, Interval, LoadLogTail, LoadSample, Observed, PodCounts,
    PodRole, PodState, Rescale, SourceState, Sources, TimeMs,
};

use super::looks::Looks;
use super::objects::Objects;

/// Rescales that are remembered for the HPA's rate limit.
const RESCALES_KEPT: usize = 16;

/// Samples of one scrape have nearly the same timestamp.
pub(super) const SAME_SCRAPE_MS: i64 = 7_500;

/// Remembers what was told, so that only changes are told.
#[derive(Clone, Debug, Default)]
pub struct Recorder {
    counts: Option<PodCounts>,
    asked: Option<u32>,
    /// The end of the newest scrape that was told.
    scrape: Option<TimeMs>,
    observed: Observed,
    rescales: Vec<Rescale>,
    /// The newest sample of a load's log that was told.
    load: Option<TimeMs>,
    /// The pod whose log was told, and the time and number of the last line.
    log: Option<(String, (TimeMs, u64))>,
}

impl Recorder {
    /// The last rescales, oldest first.
    pub fn rescales(&self) -> &[Rescale] {
        &self.rescales
    }

    /// Takes what was told before, by this panel or by another, so that nothing is told twice.
    pub fn resume(&mut self, told: &History) {
        self.observed.clone_from(&told.observed);
        self.scrape = self.scrape.max(told.cpu.last().map(|sample| sample.time));
        self.load = self.load.max(told.load.last().map(|sample| sample.time));
        if !told.log.is_empty() {
            self.log = Some((told.log.pod_uid.clone(), told.log.end()));
        }
        if self.rescales.is_empty() {
            let newest = told.rescales.len().saturating_sub(RESCALES_KEPT);
            self.rescales = told.rescales[newest..].to_vec();
        }
    }

    /// The intervals so far.
    pub fn observed(&self) -> &Observed {
        &self.observed
    }

    /// Takes the Deployment's `spec.replicas`; returns the rescale if it changed.
    pub fn asked(&mut self, asked: Option<u32>, now: TimeMs) -> Option<Rescale> {
        let before = std::mem::replace(&mut self.asked, asked);
        let (from, to) = before.zip(asked).filter(|(from, to)| from != to)?;
        let rescale = Rescale {
            time: now,
            from,
            to,
        };
        if self.rescales.len() == RESCALES_KEPT {
            self.rescales.remove(0);
        }
        self.rescales.push(rescale);
        Some(rescale)
    }

    /// Takes the counts; returns them if any changed.
    pub fn counts(
        &mut self,
        ready: u32,
        autoscaler: Option<&AutoscalerState>,
        looks: &Looks,
        now: TimeMs,
    ) -> Option<PodCounts> {
        let calculation = looks.newest().and_then(|look| look.calculation);
        let counts = PodCounts {
            time: now,
            asked: self.asked,
            ready,
            wanted: calculation.map(|calculation| calculation.wanted),
            min: autoscaler.map(|autoscaler| autoscaler.min_replicas),
            max: autoscaler.map(|autoscaler| autoscaler.max_replicas),
        };
        let same = |before: &PodCounts| {
            PodCounts {
                time: now,
                ..*before
            } == counts
        };
        if self.counts.as_ref().is_some_and(same) {
            return None;
        }
        self.counts = Some(counts);
        Some(counts)
    }

    /// Takes the pods' samples; returns the mean of a scrape that is newer than the last one.
    pub fn cpu(&mut self, objects: &Objects, pods: &[PodState]) -> Option<CpuSample> {
        let app = pods.iter().filter(|pod| pod.role == PodRole::App);
        let sampled = app.filter_map(|pod| {
            let sample = objects.samples.get(&pod.name)?.newest;
            Some((
                pod,
                sample,
                pod.cpu_request_m.filter(|request| *request > 0)?,
            ))
        });
        let sampled: Vec<_> = sampled.collect();
        let newest = sampled.iter().map(|(_, sample, _)| sample.time).max()?;
        if self
            .scrape
            .is_some_and(|told| newest.0 - told.0 < SAME_SCRAPE_MS)
        {
            return None;
        }
        self.scrape = Some(newest);
        let scrape: Vec<_> = sampled
            .into_iter()
            .filter(|(_, sample, _)| newest.0 - sample.time.0 < SAME_SCRAPE_MS)
            .collect();
        let usage: i64 = scrape.iter().map(|(_, sample, _)| sample.usage_m).sum();
        let request: i64 = scrape.iter().map(|(_, _, request)| request).sum();
        let limit: Option<i64> = scrape.iter().map(|(pod, _, _)| pod.cpu_limit_m).sum();
        let percent = |part: i64, whole: i64| part as f64 * 100.0 / whole as f64;
        let each = scrape
            .iter()
            .map(|(_, sample, request)| percent(sample.usage_m, *request));
        Some(CpuSample {
            time: newest,
            window_ms: scrape.iter().map(|(_, sample, _)| sample.window_ms).max()?,
            pods: scrape.len() as u32,
            percent: percent(usage, request),
            highest_percent: each.fold(0.0, f64::max),
            limit_percent: limit.map(|limit| percent(limit, request)),
        })
    }

    /// Takes samples of a load's log; returns those that are newer than all before. A log is read anew by a panel that
    /// has just started.
    pub fn load(&mut self, mut samples: Vec<LoadSample>) -> Vec<LoadSample> {
        samples.retain(|sample| self.load.is_none_or(|told| sample.time > told));
        self.load = self.load.max(samples.last().map(|sample| sample.time));
        samples
    }

    /// Takes lines of a load's log; keeps those that were not told.
    pub fn log(&mut self, mut lines: LoadLogTail) -> LoadLogTail {
        let told = self.log.as_ref().filter(|(pod, _)| *pod == lines.pod_uid);
        if let Some((_, told)) = told {
            lines.lines.retain(|line| (line.time, line.n) > *told);
        }
        if !lines.lines.is_empty() {
            self.log = Some((lines.pod_uid.clone(), lines.end()));
        }
        lines
    }

    /// Opens and closes the observed intervals. Returns true if any changed.
    pub fn sources(&mut self, sources: &Sources, load: bool, now: TimeMs) -> bool {
        let live = |state: SourceState| state == SourceState::Live;
        let lost_at = |state: SourceState| match state {
            SourceState::Lost { since } => since,
            SourceState::Live | SourceState::Absent | SourceState::Unwatched { .. } => now,
        };
        let Observed {
            cluster,
            metrics,
            load: loads,
        } = &mut self.observed;
        let mut changed = keep(
            cluster,
            live(sources.cluster),
            now,
            lost_at(sources.cluster),
        );
        changed |= keep(
            metrics,
            live(sources.metrics),
            now,
            lost_at(sources.metrics),
        );
        changed |= keep(loads, load, now, now);
        changed
    }

    /// Forgets intervals that ended before `keep_from`.
    pub fn forget_before(&mut self, keep_from: TimeMs) {
        for intervals in [
            &mut self.observed.cluster,
            &mut self.observed.metrics,
            &mut self.observed.load,
        ] {
            intervals.retain(|interval| interval.to.is_none_or(|to| to >= keep_from));
        }
    }
}

/// Opens an interval at `now`, or closes the open one at `until`.
fn keep(intervals: &mut Vec<Interval>, observed: bool, now: TimeMs, until: TimeMs) -> bool {
    let open = intervals
        .last_mut()
        .filter(|interval| interval.to.is_none());
    match open {
        None if observed => intervals.push(Interval {
            from: now,
            to: None,
        }),
        Some(interval) if !observed => interval.to = Some(until.max(interval.from)),
        _ => return false,
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sources(cluster: SourceState) -> Sources {
        Sources {
            cluster,
            metrics: SourceState::Absent,
            keda: SourceState::Live,
        }
    }

    #[test]
    fn an_interval_ends_when_the_source_was_lost_not_when_that_was_noticed() {
        let mut recorder = Recorder::default();
        assert!(recorder.sources(&sources(SourceState::Live), false, TimeMs(1_000)));
        assert!(!recorder.sources(&sources(SourceState::Live), false, TimeMs(2_000)));
        let lost = SourceState::Lost {
            since: TimeMs(3_000),
        };
        assert!(recorder.sources(&sources(lost), false, TimeMs(4_000)));
        recorder.sources(&sources(SourceState::Live), false, TimeMs(9_000));
        assert_eq!(
            recorder.observed().cluster,
            [
                Interval {
                    from: TimeMs(1_000),
                    to: Some(TimeMs(3_000))
                },
                Interval {
                    from: TimeMs(9_000),
                    to: None
                },
            ]
        );
        assert!(recorder.observed().metrics.is_empty());
    }

    #[test]
    fn a_rescale_is_told_once() {
        let mut recorder = Recorder::default();
        assert_eq!(recorder.asked(Some(1), TimeMs(1)), None);
        let rescale = Rescale {
            time: TimeMs(2),
            from: 1,
            to: 4,
        };
        assert_eq!(recorder.asked(Some(4), TimeMs(2)), Some(rescale));
        assert_eq!(recorder.asked(Some(4), TimeMs(3)), None);
        assert_eq!(recorder.asked(None, TimeMs(4)), None);
        assert_eq!(recorder.asked(Some(1), TimeMs(5)), None);
    }
}
