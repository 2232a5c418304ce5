//! Runs of made-up histories. What is compared is what a chart can draw: the state at each time, the samples, the marks.

use std::io::Write;

use app::model::{
    Counted, CpuSample, Evidence, Explanation, Interval, LoadMark, LoadSample, LoadStage,
    LoadState, Observed, PodCounts, Rescale, Told,
};

use super::record::{MOST_BYTES, encode_within};
use super::*;

fn at(seconds: i64) -> TimeMs {
    TimeMs(1_772_460_000_000 + seconds * 1000)
}

fn mk_load(uid: &str, created: i64) -> LoadState {
    LoadState {
        job: "locust-headless".to_owned(),
        uid: uid.to_owned(),
        stage: LoadStage::Running,
        manager: "workshop-panel".to_owned(),
        own: true,
        created: at(created),
        users_wanted: Some(150),
        guess: None,
        deleted: None,
        spawn_rate: Some(15),
        run_time_s: Some(300),
        first_users: Some(at(created + 1)),
        ends: Some(at(created + 301)),
        figures: None,
        pods: 1,
        end: None,
    }
}

fn mk_counts(time: i64, asked: u32) -> PodCounts {
    PodCounts {
        time: at(time),
        asked: Some(asked),
        ready: asked,
        wanted: None,
        min: Some(1),
        max: Some(10),
    }
}

/// What really was: one pod, at 150 s four, at 180 s ten; a load from 100 s on.
fn seen_by(observed: &[(i64, Option<i64>)], delay_ms: i64) -> History {
    let intervals: Vec<_> = observed
        .iter()
        .map(|(from, to)| Interval {
            from: at(*from),
            to: to.map(at),
        })
        .collect();
    let is_seen = |time: i64| {
        let end = |to: &Option<i64>| to.unwrap_or(i64::MAX);
        observed
            .iter()
            .any(|(from, to)| (*from..end(to)).contains(&time))
    };
    let truth = |time: i64| match time {
        ..150 => 1,
        150..180 => 4,
        _ => 10,
    };
    let late = |time: i64| at(time).plus_ms(delay_ms);
    let mut history = History::default();
    for (from, _) in observed {
        if history.pods.last().and_then(|last| last.asked) != Some(truth(*from)) {
            history.pods.push(mk_counts(*from, truth(*from)));
        }
        for (time, before, after) in [(150, 1, 4), (180, 4, 10)] {
            let next = observed.iter().map(|o| o.0).find(|next| next > from);
            if is_seen(time) && time > *from && next.is_none_or(|next| time < next) {
                history.pods.push(PodCounts {
                    time: late(time),
                    ..mk_counts(0, after)
                });
                history.rescales.push(Rescale {
                    time: late(time),
                    from: before,
                    to: after,
                });
            }
        }
    }
    let until = observed
        .iter()
        .filter_map(|(_, to)| *to)
        .max()
        .unwrap_or(300);
    let samples = (100..until).step_by(2).filter(|time| is_seen(*time));
    history.load = samples
        .map(|time| LoadSample {
            time: at(time),
            users: Some(150),
            rps: time as f64,
            failures_per_s: 0.0,
            p50_ms: Some(10),
            p95_ms: Some(20),
        })
        .collect();
    let scrapes = (0..until).step_by(15).filter(|time| is_seen(*time));
    history.cpu = scrapes
        .map(|time| CpuSample {
            time: late(time),
            window_ms: 15_000,
            pods: 1,
            percent: time as f64,
            highest_percent: time as f64,
            limit_percent: Some(200.0),
        })
        .collect();
    if is_seen(101) {
        history.marks.push(LoadMark {
            time: at(101),
            on: true,
        });
    }
    history.observed = Observed {
        cluster: intervals.clone(),
        metrics: intervals.clone(),
        load: intervals,
    };
    history
}

fn mk_run(observed: &[(i64, Option<i64>)], delay_ms: i64, until: i64) -> Run {
    Run {
        namespace: "workshop-user-7".to_owned(),
        load: mk_load("9b0d", 100),
        cpu_request_m: Some(50),
        cpu_limit_m: Some(100),
        autoscaler: None,
        from: at(40),
        until: at(until),
        over: None,
        history: merge::cut(&seen_by(observed, delay_ms), at(40), at(until)),
    }
}

/// The state that a chart draws at a time: none where nobody observed.
fn drawn(history: &History, time: TimeMs) -> Option<u32> {
    let open = |interval: &Interval| interval.to.is_none_or(|to| time < to);
    let seen = history
        .observed
        .cluster
        .iter()
        .any(|i| i.from <= time && open(i));
    let holds = history.pods.iter().rev().find(|state| state.time <= time);
    holds.filter(|_| seen).and_then(|state| state.asked)
}

fn assert_in_order(history: &History) {
    assert!(history.pods.is_sorted_by_key(|p| p.time));
    assert!(history.cpu.is_sorted_by_key(|s| s.time));
    assert!(history.load.is_sorted_by_key(|s| s.time));
    assert!(history.rescales.is_sorted_by_key(|r| r.time));
}

#[test]
fn record_brings_back_the_chart_between_its_ends() {
    for observed in [
        vec![(0, None)],
        vec![(70, None)],
        vec![(0, Some(120)), (140, None)],
        vec![(0, Some(160)), (200, None)],
    ] {
        let history = seen_by(&observed, 0);
        let run = mk_run(&observed, 0, 250);
        let read = decode(&encode(&run).unwrap()).unwrap();
        assert_eq!(read, run);
        let back = merge(&History::default(), &read.history_before(at(900)));
        for second in 40..250 {
            let time = at(second).plus_ms(500);
            assert_eq!(
                drawn(&back, time),
                drawn(&history, time),
                "{observed:?} at {second}"
            );
        }
        assert_eq!(drawn(&back, at(39)), None);
        assert_eq!(
            drawn(&back, at(251)),
            None,
            "nobody observed after the record"
        );
        let within = |time: TimeMs| time >= at(40) && time <= at(250);
        assert_eq!(back.load, super::merge::cut(&history, at(40), at(250)).load);
        assert!(back.cpu.iter().all(|sample| within(sample.time)));
    }
}

#[test]
fn two_replicas_tell_each_change_once() {
    let (one, other) = (mk_run(&[(0, None)], 3, 250), mk_run(&[(0, None)], 90, 250));
    let both = one.merge(&other);
    assert_eq!(both.history.rescales.len(), 2);
    assert_eq!(both.history, one.history);
    assert!(one.holds(&other, 0) && other.holds(&one, 0));
}

#[test]
fn replica_that_saw_the_tail_adds_it_and_takes_nothing_away() {
    let (first, tail) = (
        mk_run(&[(0, None)], 0, 160),
        mk_run(&[(155, None)], 40, 250),
    );
    assert!(!first.holds(&tail, SLACK) && !tail.holds(&first, SLACK));
    for both in [first.merge(&tail), tail.merge(&first)] {
        assert_in_order(&both.history);
        let whole = seen_by(&[(0, None)], 0);
        for second in 40..250 {
            let time = at(second).plus_ms(500);
            assert_eq!(
                drawn(&both.history, time),
                drawn(&whole, time),
                "at {second}"
            );
        }
        assert_eq!(both.history.rescales.len(), 2);
        assert_eq!(both.history.load, merge::cut(&whole, at(40), at(250)).load);
        assert!(both.holds(&first, 0) && both.holds(&tail, 0));
        assert!(!both.has_hole());
    }
}

fn mk_told(time: i64, explanation: Explanation, seen: bool) -> Told {
    let look = seen.then_some(at(time));
    Told {
        time: at(time),
        explanation,
        evidence: Evidence {
            look,
            ..Evidence::default()
        },
    }
}

fn mk_grown(time: i64) -> Explanation {
    Explanation::ScaledUp {
        at: at(time),
        from: 1,
        to: 4,
        percent: 181,
        target: 60,
        counted: Counted::default(),
        allowed: 4,
    }
}

fn mk_held(percent: u32) -> Explanation {
    Explanation::HeldByWindow {
        replicas: 4,
        percent,
        target: 60,
        would_do: 1,
        window_s: 60,
        highest_at: None,
        highest: None,
        until: None,
    }
}

#[test]
fn what_a_panel_finds_when_it_comes_is_told_by_who_saw_it() {
    let mut before = seen_by(&[(0, Some(158))], 0);
    let mut after = seen_by(&[(155, None)], 40);
    before.told = vec![mk_told(150, mk_grown(150), true)];
    after.told = vec![
        mk_told(155, mk_grown(155), false),
        mk_told(165, mk_held(4), true),
    ];
    let whole = [before.told[0].clone(), after.told[1].clone()];
    assert_eq!(merge(&after, &before).told, whole);
    assert_eq!(merge(&before, &after).told, whole);

    // So long after, it is another one.
    after.told[0].time = at(168);
    after.told.truncate(1);
    assert_eq!(merge(&after, &before).told.len(), 2);

    before.told = vec![mk_told(150, mk_held(4), true)];
    after.told = vec![mk_told(155, mk_held(5), false)];
    let newer = Told {
        time: at(150),
        ..after.told[0].clone()
    };
    assert_eq!(merge(&after, &before).told, [newer]);
}

const SLACK: i64 = 2_000;

#[test]
fn hole_is_filled_by_whoever_saw_it() {
    let with_hole = mk_run(&[(0, Some(140)), (190, None)], 0, 250);
    let whole = mk_run(&[(0, None)], 60, 250);
    assert!(with_hole.has_hole() && !whole.has_hole());
    let live = seen_by(&[(0, Some(140)), (190, None)], 0);
    let filled = merge(&live, &whole.history);
    assert_in_order(&filled);
    assert_eq!(drawn(&filled, at(150).plus_ms(500)), Some(4));
    assert_eq!(drawn(&filled, at(185)), Some(10));
    assert_eq!(drawn(&filled, at(280)), Some(10), "what goes on goes on");
    assert_eq!(filled.observed.cluster.last().unwrap().to, None);
    assert_eq!(filled.rescales.len(), 2);
    assert_eq!(filled.marks.len(), 1);
}

#[test]
fn ended_run_is_not_made_longer() {
    let mut over = mk_run(&[(0, None)], 0, 200);
    over.over = Some(Over::BackAtMinimum);
    let longer = mk_run(&[(0, None)], 0, 250);
    assert!(over.holds(&longer, 0) && !longer.holds(&over, 0));
    let both = longer.merge(&over);
    assert_eq!((both.over, both.until), (over.over, over.until));
    assert_eq!(
        both.history.observed.cluster.last().unwrap().to,
        Some(at(200))
    );
}

fn gzip(text: &str) -> Vec<u8> {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(text.as_bytes()).unwrap();
    gzip.finish().unwrap()
}

#[test]
fn newer_version_is_told_from_a_broken_record() {
    let newer = decode(&gzip(r#"{"version":2,"run":"another form"}"#));
    assert!(matches!(newer, Err(RecordError::Newer(2))), "{newer:?}");
    let broken = decode(&gzip(r#"{"version":1,"run":"#));
    assert!(matches!(broken, Err(RecordError::Json(_))), "{broken:?}");
    assert!(matches!(decode(b"no gzip"), Err(RecordError::Gzip(_))));
    assert!(decode(&[]).is_err());
}

#[test]
fn record_of_version_1_is_read_for_ever() {
    let run = decode(&gzip(include_str!("version_1.json"))).unwrap();
    assert_eq!(run, mk_run(&[(0, None)], 0, 130));
}

#[test]
fn thinned_record_fits_and_keeps_the_changes() {
    let run = mk_run(&[(0, None)], 0, 250);
    let whole = encode(&run).unwrap().len();
    assert!(whole < MOST_BYTES);
    let most = whole * 2 / 3;
    let bytes = encode_within(&run, most).unwrap();
    assert!(bytes.len() <= most);
    let thin = decode(&bytes).unwrap();
    assert_eq!(thin.history.pods, run.history.pods);
    assert_eq!(thin.history.rescales, run.history.rescales);
    assert!(thin.history.load.len() < run.history.load.len());
    assert_eq!(thin.history.load.first(), run.history.load.first());
    assert_eq!(thin.history.load.last(), run.history.load.last());
    assert!(matches!(
        encode_within(&run, 10),
        Err(RecordError::TooLarge(_))
    ));
}
