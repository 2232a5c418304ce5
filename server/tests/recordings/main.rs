//! Plays recordings of a real cluster (Kubernetes 1.35, KEDA 2.20, Locust 2.32) through the pure code, and compares
//! what the page would say at each moment. The recordings in `fixtures/` are trimmed to the fields that are read.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends")]

mod play;

use std::fmt::Write as _;

use app::model::{Counts, Explanation, Finding, LoadStage, Phase, TimeMs};
use serde_json::Value;

use self::play::{Moment, play};

/// The explanations in order, each when it first came, with the times relative to the recording's start.
fn sentences(moments: &[Moment]) -> String {
    let start = moments[0].snapshot.time.0 - (moments[0].t * 1000.0) as i64;
    let mut before = None;
    let mut text = String::new();
    for moment in moments {
        let snapshot = &moment.snapshot;
        if before == Some(&snapshot.explanation) {
            continue;
        }
        before = Some(&snapshot.explanation);
        let mut explanation = serde_json::to_value(&snapshot.explanation).unwrap();
        let content = match &mut explanation {
            Value::Object(told) => told.values_mut().next().and_then(Value::as_object_mut),
            _ => None,
        };
        for (key, value) in content.into_iter().flatten() {
            if matches!(
                key.as_str(),
                "at" | "until" | "highest_at" | "next_sample" | "since"
            ) && let Some(ms) = value.as_i64()
            {
                *value = Value::from(format!("{:.1} s", (ms - start) as f64 / 1000.0));
            }
        }
        writeln!(text, "{:6.1} {:?} {explanation}", moment.t, snapshot.phase).unwrap();
    }
    text
}

const LOAD_AND_STOP: &str = include_str!("../fixtures/load-and-stop.jsonl");
const QUOTA: &str = include_str!("../fixtures/quota.jsonl");
/// The first four minutes: a locustfile that keeps its connections.
const KEEP_ALIVE: &str = include_str!("../fixtures/keep-alive.jsonl");

#[test]
fn a_whole_run_is_explained_look_by_look() {
    let (moments, _) = play(LOAD_AND_STOP);
    insta::assert_snapshot!(sentences(&moments));
}

#[test]
fn a_run_under_a_quota_is_explained_look_by_look() {
    let (moments, _) = play(QUOTA);
    insta::assert_snapshot!(sentences(&moments));
}

#[test]
fn every_look_of_a_real_run_can_be_reproduced() {
    for (name, recording) in [
        ("load-and-stop", LOAD_AND_STOP),
        ("quota", QUOTA),
        ("keep-alive", KEEP_ALIVE),
    ] {
        for moment in play(recording).0 {
            let explanation = &moment.snapshot.explanation;
            let surprising = matches!(explanation, Explanation::NotReproducible { .. });
            assert!(!surprising, "{name} {:.1}: {explanation:?}", moment.t);
        }
    }
}

#[test]
fn a_healthy_run_has_no_finding() {
    for moment in play(LOAD_AND_STOP).0 {
        assert_eq!(moment.snapshot.findings, [], "at {:.1}", moment.t);
    }
}

#[test]
fn a_full_quota_is_a_finding_with_the_real_numbers() {
    let (moments, _) = play(QUOTA);
    let refused = moments
        .iter()
        .find_map(|moment| match moment.snapshot.findings.first()? {
            Finding::PodsRefused {
                existing, message, ..
            } => Some((*existing, message.clone())),
            _ => None,
        });
    let (existing, message) = refused.unwrap();
    assert_eq!(existing, 4);
    assert!(message.contains("exceeded quota: workshop"), "{message}");
}

#[test]
fn the_next_look_is_foretold_within_a_second() {
    let (moments, history) = play(LOAD_AND_STOP);
    let mut foretold = 0;
    for look in &history.looks {
        let before = moments
            .iter()
            .rev()
            .find(|moment| moment.snapshot.time < look.time);
        let next = before.and_then(|moment| moment.snapshot.autoscaler.as_ref()?.next_look);
        let Some(next) = next else { continue };
        foretold += 1;
        // A look that changed nothing was not seen: the one foretold last may be a later one.
        let off = (next.0 - look.time.0).rem_euclid(15_000);
        assert!(
            off.min(15_000 - off) < 1_000,
            "{off} ms off at {:?}",
            look.time
        );
    }
    assert!(foretold >= 10, "only {foretold}");
}

#[test]
fn the_history_holds_the_whole_run() {
    let (moments, history) = play(LOAD_AND_STOP);
    let steps: Vec<_> = history
        .rescales
        .iter()
        .map(|step| (step.from, step.to))
        .collect();
    assert_eq!(steps, [(1, 4), (4, 8), (8, 10), (10, 1)]);
    let marks: Vec<_> = history.marks.iter().map(|mark| mark.on).collect();
    assert_eq!(marks, [true, false]);
    assert!(history.load.len() > 40, "{}", history.load.len());
    assert_eq!(history.cpu.len(), 17);
    assert!(
        history
            .cpu
            .iter()
            .all(|sample| sample.limit_percent == Some(200.0))
    );
    let times = |times: Vec<TimeMs>| assert!(times.is_sorted(), "{times:?}");
    times(history.pods.iter().map(|counts| counts.time).collect());
    times(history.cpu.iter().map(|sample| sample.time).collect());
    times(history.looks.iter().map(|look| look.time).collect());
    times(history.load.iter().map(|sample| sample.time).collect());
    let last = &moments.last().unwrap().snapshot;
    assert_eq!(
        (last.phase, last.ready(), last.asked()),
        (Phase::BackToOne, 1, 1)
    );
}

#[test]
fn the_load_is_followed_from_its_job_to_its_last_pod() {
    let (moments, _) = play(LOAD_AND_STOP);
    let mut stages = Vec::new();
    for load in moments
        .iter()
        .filter_map(|moment| moment.snapshot.load.as_ref())
    {
        if stages.last() != Some(&load.stage) {
            stages.push(load.stage);
        }
    }
    assert_eq!(
        stages,
        [
            LoadStage::Starting,
            LoadStage::Running,
            LoadStage::Stopping,
            LoadStage::Ended
        ]
    );
    let load = moments.last().unwrap().snapshot.load.clone().unwrap();
    assert_eq!((load.users_wanted, load.run_time_s), (Some(150), Some(420)));
    assert_eq!(load.figures.unwrap().requests, 4370);
    insta::assert_debug_snapshot!(load.end.unwrap().outcome);
}

#[test]
fn the_wait_for_scale_down_ends_at_the_foretold_look() {
    let (moments, history) = play(LOAD_AND_STOP);
    let until = moments
        .iter()
        .find_map(|moment| match moment.snapshot.explanation {
            Explanation::HeldByWindow { until, .. } => until,
            _ => None,
        });
    let down = history.rescales.last().unwrap().time;
    assert!(down.seconds_since(until.unwrap()).abs() < 1.0);
}

/// A recording of `simulator/tests/recordings`, in the form of the fixtures.
fn recorded(name: &str) -> String {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../simulator/tests/recordings");
    let file = std::fs::File::open(format!("{folder}/{name}/events.jsonl.gz")).unwrap();
    let text = std::io::read_to_string(flate2::read::GzDecoder::new(file)).unwrap();
    let mut lines = Vec::new();
    for line in text.lines() {
        let mut event: Value = serde_json::from_str(line).unwrap();
        match event["kind"].as_str().unwrap() {
            "Step" | "StepEnd" | "LogEnd" | "Trouble" | "End" => continue,
            "PodMetrics" => {
                let object = event["object"].take();
                event["pod"] = object["metadata"]["name"].clone();
                event["cpu"] = object["containers"][0]["usage"]["cpu"].clone();
                event["timestamp"] = object["timestamp"].clone();
                event["window"] = object["window"].clone();
            }
            _ => {}
        }
        lines.push(event.to_string());
    }
    lines.join("\n")
}

#[test]
fn nothing_is_found_in_a_healthy_recording_and_one_trouble_in_the_others() {
    type Is = fn(&Finding) -> bool;
    let none: Is = |_| false;
    let image: Is = |f| matches!(f, Finding::ImagePull { .. });
    let refused: Is = |f| matches!(f, Finding::PodsRefused { .. });
    let hot: Is = |f| matches!(f, Finding::OneHotPod { .. });
    for (name, expected) in [
        ("deploy-idle", none),
        ("load-and-stop", none),
        ("rolling-update", none),
        ("scale-up-policies", none),
        ("settles-below-maximum", none),
        ("keep-alive", hot),
        ("bad-image", image),
        ("quota", refused),
    ] {
        let mut found = 0;
        for moment in play(&recorded(name)).0 {
            for finding in &moment.snapshot.findings {
                assert!(expected(finding), "{name} at {:.1}: {finding:?}", moment.t);
                found += 1;
            }
        }
        let is_healthy = [
            "deploy-idle",
            "load-and-stop",
            "rolling-update",
            "scale-up-policies",
            "settles-below-maximum",
        ];
        assert_eq!(found == 0, is_healthy.contains(&name), "{name}: {found}");
    }
}

#[test]
fn events_of_a_real_run_are_told_once_each_and_its_warnings_are_normal() {
    for recording in [recorded("load-and-stop"), recorded("deploy-idle")] {
        let (_, history) = play(&recording);
        assert!(history.events.len() > 8);
        let mut uids: Vec<_> = history.events.iter().map(|event| &event.uid).collect();
        uids.sort();
        uids.dedup();
        assert_eq!(uids.len(), history.events.len());
        for event in history.events.iter().filter(|event| event.warning) {
            assert!(event.normal.is_some(), "{event:?}");
        }
    }
}

#[test]
fn a_run_with_kept_connections_is_explained_look_by_look() {
    let (moments, _) = play(KEEP_ALIVE);
    insta::assert_snapshot!(sentences(&moments));
}

#[test]
fn kept_connections_are_told_as_one_hot_pod_when_two_samples_show_it() {
    let is_hot = |moment: &Moment| match moment.snapshot.explanation {
        Explanation::OneHotPod { idle, .. } => Some((moment.t, idle)),
        _ => None,
    };
    let hot: Vec<_> = play(KEEP_ALIVE).0.iter().filter_map(is_hot).collect();
    // The new pods' first whole sample comes at 105 s, the second at 120 s; at 180 s they work, too.
    let times: Vec<_> = hot.iter().map(|(t, _)| *t).collect();
    assert!((119.0..126.0).contains(&times[0]), "{times:?}");
    assert!(times.iter().all(|t| *t < 181.0), "{times:?}");
    assert!(hot.iter().all(|(_, idle)| *idle == 3), "{hot:?}");
    for recording in [LOAD_AND_STOP, QUOTA] {
        assert_eq!(play(recording).0.iter().find_map(is_hot), None);
    }
}

#[test]
fn every_rescale_has_its_sentence_and_the_last_ones_are_kept() {
    for recording in [LOAD_AND_STOP, QUOTA, KEEP_ALIVE] {
        let (moments, history) = play(recording);
        let told = history.told.iter();
        let told: Vec<_> = told.filter_map(|told| told.explanation.rescale()).collect();
        let rescales = history.rescales.iter();
        let rescales: Vec<_> = rescales.map(|step| (step.from, step.to)).collect();
        assert_eq!(told, rescales);
        assert!(history.told.is_sorted_by(|a, b| a.time < b.time));
        let last = history.told.last().unwrap();
        assert_eq!(
            last.explanation,
            moments.last().unwrap().snapshot.explanation
        );
    }
}

#[test]
fn a_sentence_comes_with_the_samples_and_the_words_that_show_it() {
    let (_, history) = play(LOAD_AND_STOP);
    let told = |is: fn(&Explanation) -> bool| {
        let mut all = history.told.iter();
        all.find(|told| is(&told.explanation)).unwrap()
    };
    let new = told(|e| matches!(e, Explanation::NewPodsCountAsZero { .. }));
    let counts: Vec<_> = new
        .evidence
        .samples
        .iter()
        .map(|used| used.counts)
        .collect();
    assert_eq!(
        counts,
        [Counts::Sample, Counts::Zero, Counts::Zero, Counts::Zero]
    );
    assert_eq!(new.evidence.samples[0].percent, Some(200));
    let limited = told(|e| matches!(e, Explanation::ScaledUpLimited { .. }));
    let conditions = &limited.evidence.conditions;
    let reason = |type_: &str| {
        let found = conditions.iter().find(|condition| condition.type_ == type_);
        found.unwrap().reason.as_str()
    };
    assert_eq!(reason("ScalingLimited"), "ScaleUpLimit");
    assert_eq!(limited.evidence.look, Some(limited.time));
    let held = told(|e| matches!(e, Explanation::HeldByWindow { .. }));
    let event = held.evidence.event.as_ref().unwrap();
    assert_eq!(event.reason, "SuccessfulRescale");
    assert!(event.message.starts_with("New size: 10;"), "{event:?}");
}

#[test]
fn the_stages_of_each_scale_up_are_timed() {
    let (_, history) = play(LOAD_AND_STOP);
    let reactions = &history.reactions;
    let steps: Vec<_> = reactions.iter().map(|r| (r.from, r.to)).collect();
    assert_eq!(steps, [(1, 4), (4, 8), (8, 10)]);
    for reaction in reactions {
        let stages = [
            reaction.users_on,
            Some(reaction.decision),
            reaction.ready,
            reaction.first_sample,
            reaction.counted,
        ];
        let stages: Vec<_> = stages.into_iter().map(Option::unwrap).collect();
        assert!(stages.is_sorted(), "{reaction:?}");
        let took: Vec<_> = stages
            .windows(2)
            .map(|w| w[1].seconds_since(w[0]))
            .collect();
        assert!((2.0..8.0).contains(&took[1]), "ready after {} s", took[1]);
        assert!(
            (12.0..31.0).contains(&took[2]),
            "sampled after {} s",
            took[2]
        );
        assert!(took[3] < 16.0, "counted after {} s", took[3]);
    }
    let first = reactions[0];
    let decided = first.decision.seconds_since(first.users_on.unwrap());
    assert!((24.0..26.0).contains(&decided), "{decided}");
    assert!(reactions.iter().all(|reaction| reaction.over));
}
