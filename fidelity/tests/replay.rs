//! A scenario that is played on the simulator, and its lines.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;

use fidelity::course::Course;
use fidelity::replay::Replay;
use fidelity::{Entry, Line, Recording, Scenario};

fn mk_replay() -> (Replay, Recording) {
    let folder = Path::new("../simulator/tests/recordings/deploy-idle");
    let recording = Recording::read(folder).unwrap();
    let scenario = Scenario::read(folder).unwrap();
    (Replay::new(scenario, &recording).unwrap(), recording)
}

/// The seconds of the minute in which samples were taken, by the phase of a quarter of it.
fn phases(lines: &[Line]) -> Vec<i64> {
    let mut phases: Vec<_> = lines
        .iter()
        .filter_map(|line| match &line.entry {
            Entry::PodMetrics { object } => {
                let time: jiff::Timestamp = object["timestamp"].as_str()?.parse().ok()?;
                Some(time.as_second().rem_euclid(15))
            }
            _ => None,
        })
        .collect();
    phases.sort_unstable();
    phases.dedup();
    phases
}

#[tokio::test(start_paused = true)]
async fn same_seed_takes_the_same_course() {
    let (replay, _) = mk_replay();
    let once = Course::of(&replay.play(7).await.unwrap());
    let again = Course::of(&replay.play(7).await.unwrap());
    assert_eq!(format!("{once:?}"), format!("{again:?}"));
    assert!(!once.events.is_empty() && !once.conditions.is_empty());
}

#[tokio::test(start_paused = true)]
async fn scrapes_come_in_the_phase_of_the_recording() {
    let (replay, recording) = mk_replay();
    let real = phases(&recording.lines);
    for seed in 1..4 {
        assert_eq!(
            phases(&replay.play(seed).await.unwrap()),
            real,
            "seed {seed}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn replay_begins_when_the_recording_began_and_takes_each_step() {
    let (replay, recording) = mk_replay();
    let lines = replay.play(1).await.unwrap();
    let Entry::Start(start) = &lines[0].entry else {
        unreachable!("{:?}", lines[0]);
    };
    assert_eq!(start.time, recording.start.time);
    assert_eq!(start.namespace, recording.start.namespace);
    let steps = |lines: &[Line]| -> Vec<String> {
        let steps = Course::of(lines).steps.into_iter();
        steps
            .map(|step| format!("{} {}", step.text, step.result))
            .collect()
    };
    assert_eq!(steps(&lines), steps(&recording.lines));
}
