//! Histories of the same namespace as one: what one of them observed counts, the other only fills its holes. States
//! have the time at which a panel saw them, so the same change is told twice by two panels, some milliseconds apart:
//! they are taken by stretches of time, never one by one.

use std::mem::discriminant;

use app::model::{EventLine, History, LoadLogTail, Observed, PodCounts, TimeMs, Told};

use super::super::history::SAME_SCRAPE_MS;
use super::stretches::{Stretch, clip, intervals, minus, stretches, union};

/// The same change as seen by two panels: watches bring it within this time.
const SAME_CHANGE_MS: i64 = 2_000;

/// The same mark: without its log a load's start is told from its container, whose start is told in whole seconds, and
/// Locust starts its users a second after that.
const SAME_MARK_MS: i64 = 3_000;

/// The status of a rescale stays until the HPA's next look, 15 s later; a panel sees either of them a little later.
const STATUS_STAYS_MS: i64 = 15_000 + SAME_CHANGE_MS;

/// What belongs to the time from `from` to `until`; the state that holds at its start is told there.
pub(super) fn cut(history: &History, from: TimeMs, until: TimeMs) -> History {
    let clipped = |observed: &_| intervals(&clip(&stretches(observed), from, until));
    let within = |time: TimeMs| time >= from && time <= until;
    let mut pods = Vec::new();
    // The end belongs to it: a run's last change is what ends it.
    push_states(
        &mut pods,
        &history.pods,
        (from.0, until.0.saturating_add(1)),
    );
    History {
        pods,
        cpu: kept(&history.cpu, |sample| within(sample.time)),
        looks: kept(&history.looks, |look| within(look.time)),
        rescales: kept(&history.rescales, |rescale| within(rescale.time)),
        load: kept(&history.load, |sample| within(sample.time)),
        marks: kept(&history.marks, |mark| within(mark.time)),
        log: history.log.clone(),
        events: history
            .events
            .iter()
            .filter(|event| within(event.time))
            .cloned()
            .collect(),
        told: kept(&history.told, |told| within(told.time)),
        reactions: kept(&history.reactions, |reaction| within(reaction.decision)),
        observed: Observed {
            cluster: clipped(&history.observed.cluster),
            metrics: clipped(&history.observed.metrics),
            load: clipped(&history.observed.load),
        },
        // Those of before, too: none may be asked for again.
        steps: history.steps.map(|time| time.filter(|time| *time <= until)),
    }
}

/// Adds to `base` what `other` observed while it did not.
pub fn merge(base: &History, other: &History) -> History {
    let seen = stretches(&base.observed.cluster);
    let more = minus(&stretches(&other.observed.cluster), &seen);
    let is_more = |time: TimeMs| more.iter().any(|(from, to)| (*from..*to).contains(&time.0));
    let both = |base: &_, other: &_| intervals(&union(&stretches(base), &stretches(other)));
    let looks = kept(&other.looks, |look| is_more(look.time));
    let rescales = kept(&other.rescales, |rescale| is_more(rescale.time));
    let told = kept(&other.told, |told| is_more(told.time));
    let reactions = kept(&other.reactions, |reaction| is_more(reaction.decision));
    History {
        pods: states(base, &seen, other, &more),
        cpu: add(
            &base.cpu,
            &other.cpu,
            |s| s.time,
            SAME_SCRAPE_MS,
            |_, _| true,
        ),
        looks: add(
            &base.looks,
            &looks,
            |l| l.time,
            SAME_CHANGE_MS,
            |a, b| (a.utilization_percent, a.desired) == (b.utilization_percent, b.desired),
        ),
        rescales: add(
            &base.rescales,
            &rescales,
            |r| r.time,
            SAME_CHANGE_MS,
            |a, b| (a.from, a.to) == (b.from, b.to),
        ),
        // By the log line's own time.
        load: add(&base.load, &other.load, |s| s.time, 0, |_, _| true),
        marks: add(
            &base.marks,
            &other.marks,
            |m| m.time,
            SAME_MARK_MS,
            |a, b| a.on == b.on,
        ),
        log: newer(&base.log, &other.log).clone(),
        events: events(&base.events, &other.events),
        told: once(add(
            &base.told,
            &told,
            |t| t.time,
            SAME_CHANGE_MS,
            |a, b| discriminant(&a.explanation) == discriminant(&b.explanation),
        )),
        reactions: add(
            &base.reactions,
            &reactions,
            |r| r.decision,
            SAME_CHANGE_MS,
            |a, b| (a.from, a.to) == (b.from, b.to),
        ),
        observed: Observed {
            cluster: both(&base.observed.cluster, &other.observed.cluster),
            metrics: both(&base.observed.metrics, &other.observed.metrics),
            load: both(&base.observed.load, &other.observed.load),
        },
        steps: std::array::from_fn(|step| {
            let both = [base.steps[step], other.steps[step]];
            both.into_iter().flatten().min()
        }),
    }
}

/// Both tell of the same rescale, and `told` by a panel that came later: it found the status that was written then.
fn is_found_after(told: &Told, seen: &Told) -> bool {
    let rescale = told.explanation.rescale();
    let later = told.time.0 - seen.time.0;
    told.evidence.look.is_none()
        && rescale.is_some()
        && rescale == seen.explanation.rescale()
        && later <= STATUS_STAYS_MS
}

/// Each situation once: a panel that has just come finds what another one saw happen, and tells of it under its own
/// start.
fn once(all: Vec<Told>) -> Vec<Told> {
    let mut once: Vec<Told> = Vec::new();
    for told in all {
        match once.last_mut() {
            Some(last) if is_found_after(&told, last) => {}
            Some(last) if last.explanation.same_situation(&told.explanation) => {
                let time = last.time;
                *last = Told { time, ..told };
            }
            _ => once.push(told),
        }
    }
    once
}

/// The log that was read further: each is the end of one log, so they are not put together.
pub(super) fn newer<'a>(one: &'a LoadLogTail, other: &'a LoadLogTail) -> &'a LoadLogTail {
    let read = |log: &LoadLogTail| (log.end().0, log.tables.is_some(), log.lines.len());
    if read(other) > read(one) { other } else { one }
}

/// By their UIDs; of two tellings of one event the one that counted more.
fn events(base: &[EventLine], other: &[EventLine]) -> Vec<EventLine> {
    let mut all = base.to_vec();
    for event in other {
        match all.iter_mut().find(|known| known.uid == event.uid) {
            Some(known) if known.time < event.time => known.clone_from(event),
            Some(_) => {}
            None => all.push(event.clone()),
        }
    }
    all.sort_by_key(|event| event.time);
    all
}

fn states(base: &History, seen: &[Stretch], other: &History, more: &[Stretch]) -> Vec<PodCounts> {
    if more.is_empty() {
        return base.pods.clone();
    }
    let of_base = seen.iter().map(|stretch| (*stretch, &base.pods));
    let of_other = more.iter().map(|stretch| (*stretch, &other.pods));
    let mut all: Vec<_> = of_base.chain(of_other).collect();
    all.sort_by_key(|(stretch, _)| *stretch);
    let mut states = Vec::new();
    for (stretch, source) in all {
        push_states(&mut states, source, stretch);
    }
    states
}

/// Adds the states of a stretch, with the one that holds at its start, unless it holds already.
fn push_states(states: &mut Vec<PodCounts>, source: &[PodCounts], (from, to): Stretch) {
    let inside = source.partition_point(|state| state.time.0 <= from);
    let holds = source[..inside].last().map(|state| PodCounts {
        time: TimeMs(from),
        ..*state
    });
    let inside = source[inside..]
        .iter()
        .take_while(|state| state.time.0 < to);
    for state in holds.into_iter().chain(inside.copied()) {
        let same = |last: &PodCounts| {
            PodCounts {
                time: state.time,
                ..*last
            } == state
        };
        if !states.last().is_some_and(same) {
            states.push(state);
        }
    }
}

fn kept<T: Clone>(all: &[T], keep: impl Fn(&T) -> bool) -> Vec<T> {
    all.iter().filter(|item| keep(item)).cloned().collect()
}

/// Adds what `base` does not have: nothing of it within `within_ms` is the `same`.
fn add<T: Clone>(
    base: &[T],
    other: &[T],
    time: fn(&T) -> TimeMs,
    within_ms: i64,
    same: fn(&T, &T) -> bool,
) -> Vec<T> {
    let has = |item: &T| {
        let at = time(item).0;
        let near = base.partition_point(|known| time(known).0 < at - within_ms);
        let near = base[near..]
            .iter()
            .take_while(|known| time(known).0 <= at + within_ms);
        near.into_iter().any(|known| same(known, item))
    };
    let mut all = base.to_vec();
    all.extend(other.iter().filter(|item| !has(item)).cloned());
    // Stable: what has the same time stays in its order.
    all.sort_by_key(time);
    all
}
