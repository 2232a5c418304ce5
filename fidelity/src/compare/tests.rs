//! A right course holds, and every wrong one is found out by the check that is there for it.

use std::collections::BTreeMap;

use crate::course::{
    ConditionChange, Course, ObjectEvents, Phase, Plateau, PodStart, Reason, Replicas, Rescale,
    Role, StepSpan,
};

use super::{Check, Verdict, compare, count};

fn mk_role(kind: &str, part: &str) -> Role {
    Role {
        kind: kind.to_owned(),
        part: part.to_owned(),
    }
}

fn mk_rescale(t: f64, from: i64, to: i64) -> Rescale {
    Rescale {
        t,
        hpa: "hpa".to_owned(),
        from: Some(from),
        to,
        reason: "cpu above target".to_owned(),
        utilization: Some(200),
    }
}

fn mk_change(status: &str, reason: &str) -> ConditionChange {
    ConditionChange {
        t: 1.0,
        status: status.to_owned(),
        reason: reason.to_owned(),
        message: format!("{reason} in words"),
    }
}

fn mk_events(reasons: &[&str]) -> ObjectEvents {
    let sequence = reasons.iter().map(|reason| Reason {
        reason: (*reason).to_owned(),
        combined: false,
    });
    let texts = reasons
        .iter()
        .map(|reason| (format!("Normal {reason}: text"), 1.0));
    ObjectEvents {
        reporters: [(
            "kubelet".to_owned(),
            BTreeMap::from([(sequence.collect(), 1)]),
        )]
        .into(),
        texts: texts.collect(),
    }
}

fn mk_course() -> Course {
    let replicas = |t, wanted| Replicas {
        t,
        wanted: Some(wanted),
        present: wanted,
        ready: wanted,
        updated: wanted,
    };
    let pod = mk_role("Pod", "pod of webapp #1");
    Course {
        steps: vec![StepSpan {
            text: "until replicas=1 for 5 max 9".to_owned(),
            began: 0.0,
            ended: Some(7.0),
            result: "held".to_owned(),
        }],
        replicas: [(
            "webapp".to_owned(),
            vec![replicas(0.0, 1), replicas(60.0, 4), replicas(90.0, 10)],
        )]
        .into(),
        rescales: vec![mk_rescale(60.0, 1, 4), mk_rescale(90.0, 4, 10)],
        conditions: [(
            mk_role("HorizontalPodAutoscaler", "hpa"),
            [(
                "AbleToScale".to_owned(),
                vec![
                    mk_change("True", "SucceededGetScale"),
                    mk_change("True", "SucceededRescale"),
                ],
            )]
            .into(),
        )]
        .into(),
        events: [(pod.clone(), mk_events(&["Pulled", "Started"]))].into(),
        pods: vec![PodStart {
            role: pod,
            created: 1.0,
            started: Some(2.0),
            ready: Some(5.0),
            sampled: Some(20.0),
            window_s: Some(15.0),
            cpu_millis: Some(2.0),
            deleting: None,
            gone: None,
        }],
        plateaus: vec![Plateau {
            deployment: "webapp".to_owned(),
            phase: Phase::Loaded,
            ready: 4,
            from: 100.0,
            to: 150.0,
            cpu_millis: Some(80.0),
            requests_per_s: Some(30.0),
            mean_ms: Some(500.0),
        }],
        ..Course::default()
    }
}

fn checks(real: &Course, seeds: &[Course]) -> Vec<Check> {
    compare(real, seeds)
        .into_iter()
        .flat_map(|section| section.checks)
        .collect()
}

/// Names of the checks that fail when all seeds took this course.
fn failures(wrong: &Course) -> Vec<String> {
    let checks = checks(&mk_course(), &[wrong.clone(), wrong.clone(), wrong.clone()]);
    let failing = checks
        .into_iter()
        .filter(|check| check.verdict == Verdict::Fails);
    failing.map(|check| check.name).collect()
}

#[test]
fn same_course_holds() {
    let real = mk_course();
    let sections = compare(&real, &[real.clone(), real.clone()]);
    let (hold, checks) = count(&sections);
    assert_eq!(hold, checks, "{sections:#?}");
    assert!(checks >= 10, "{sections:#?}");
}

#[test]
fn wrong_sizes_and_reasons_are_found_out() {
    let mut wrong = mk_course();
    wrong.rescales[0].to = 5;
    assert_eq!(failures(&wrong), ["rescales and their reasons"]);
    let mut wrong = mk_course();
    wrong.rescales[1].reason = "All metrics below target".to_owned();
    assert_eq!(failures(&wrong), ["rescales and their reasons"]);
    let mut wrong = mk_course();
    wrong.replicas.get_mut("webapp").unwrap()[1].wanted = Some(5);
    assert_eq!(failures(&wrong), ["replica counts of webapp"]);
    let mut wrong = mk_course();
    wrong.rescales.pop();
    assert_eq!(
        failures(&wrong),
        ["rescales and their reasons", "time of 4 → 10"]
    );
}

#[test]
fn rescale_more_than_one_sync_late_is_found_out() {
    let mut late = mk_course();
    late.rescales[1].t += 14.0;
    assert!(failures(&late).is_empty());
    late.rescales[1].t += 2.0;
    assert_eq!(failures(&late), ["time of 4 → 10"]);
}

#[test]
fn median_seed_decides_on_the_time_and_not_the_best_one() {
    let real = mk_course();
    let mut late = mk_course();
    late.rescales[1].t += 30.0;
    let time = |seeds: &[Course]| {
        let checks = checks(&real, seeds).into_iter();
        checks
            .filter(|check| check.name == "time of 4 → 10")
            .map(|check| check.verdict)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        time(&[real.clone(), real.clone(), late.clone()]),
        [Verdict::Holds]
    );
    assert_eq!(
        time(&[real.clone(), late.clone(), late.clone()]),
        [Verdict::Fails]
    );
}

#[test]
fn rare_course_holds_with_a_mark() {
    let real = mk_course();
    let mut other = mk_course();
    other.rescales[0].to = 5;
    let checks = checks(&real, &[real.clone(), other.clone(), other]);
    let rescales = checks
        .iter()
        .find(|check| check.name == "rescales and their reasons")
        .unwrap();
    assert_eq!(rescales.verdict, Verdict::Seldom);
    assert!(rescales.replayed.contains("same in 1 of 3"), "{rescales:?}");
}

#[test]
fn wrong_conditions_are_found_out() {
    let hpa = mk_role("HorizontalPodAutoscaler", "hpa");
    let able = "HorizontalPodAutoscaler hpa: AbleToScale";
    let mut wrong = mk_course();
    wrong
        .conditions
        .get_mut(&hpa)
        .unwrap()
        .get_mut("AbleToScale")
        .unwrap()
        .reverse();
    assert_eq!(failures(&wrong), [able]);
    let mut wrong = mk_course();
    wrong.conditions.clear();
    assert_eq!(failures(&wrong), [able, "texts of conditions"]);
    let mut wrong = mk_course();
    let types = wrong.conditions.get_mut(&hpa).unwrap();
    types.insert(
        "ScalingActive".to_owned(),
        vec![mk_change("False", "Invented")],
    );
    assert_eq!(
        failures(&wrong),
        [
            "HorizontalPodAutoscaler hpa: ScalingActive",
            "texts of conditions"
        ]
    );
}

#[test]
fn wrong_events_are_found_out() {
    let pod = mk_role("Pod", "pod of webapp #1");
    let with = |reasons: &[&str]| {
        let mut wrong = mk_course();
        wrong.events.insert(pod.clone(), mk_events(reasons));
        failures(&wrong)
    };
    assert_eq!(with(&["Started", "Pulled"]), ["pod of webapp #1, kubelet"]);
    assert_eq!(
        with(&["Pulled"]),
        ["pod of webapp #1, kubelet", "texts of events"]
    );
    let mut wrong = mk_course();
    let events = wrong.events.get_mut(&pod).unwrap();
    events.texts = [
        ("Normal Pulled: other words".to_owned(), 1.0),
        ("Normal Started: text".to_owned(), 1.0),
    ]
    .into();
    assert_eq!(failures(&wrong), ["texts of events"]);
    let mut wrong = mk_course();
    wrong
        .events
        .insert(mk_role("Job", "invented"), mk_events(&["Pulled"]));
    assert_eq!(failures(&wrong), ["Job invented", "texts of events"]);
}

#[test]
fn wrong_figures_are_found_out() {
    let mut wrong = mk_course();
    wrong.plateaus[0].cpu_millis = Some(80.0 * 1.16);
    assert_eq!(failures(&wrong), ["webapp under load, 4 ready: CPU"]);
    wrong.plateaus[0].cpu_millis = Some(80.0 * 1.14);
    assert!(failures(&wrong).is_empty());
    wrong.plateaus[0].requests_per_s = Some(30.0 * 0.84);
    assert_eq!(failures(&wrong), ["webapp under load, 4 ready: answers"]);
    wrong.plateaus.clear();
    assert_eq!(failures(&wrong).len(), 2);
    let mut slow = mk_course();
    slow.pods[0].ready = Some(9.0);
    slow.pods[0].sampled = Some(30.0);
    assert_eq!(
        failures(&slow),
        [
            "pod of webapp #1: until ready",
            "pod of webapp #1: from start to first sample"
        ]
    );
}

#[test]
fn wait_that_ends_otherwise_is_found_out() {
    let mut wrong = mk_course();
    wrong.steps[0].result = "not reached in time".to_owned();
    assert_eq!(failures(&wrong), ["until replicas=1 for 5 max 9"]);
}
