//! What was observed and told until the look that went from 4 to 8.

use super::events::events;
use super::load::load_log;
use super::snapshot::{autoscaler, limited_scale_up};
use super::{at, counted};
use crate::model::*;

/// What the why panel said until the look that went from 4 to 8, newest last.
fn told() -> Vec<Told> {
    let used = |pod: &str, usage_m: Option<i64>, counts| UsedSample {
        pod: format!("webapp-d5b46ffdb-{pod}"),
        usage_m,
        percent: usage_m.map(|usage| usage as u32 * 2),
        age_ms: usage_m.map(|_| 8_100),
        counts,
    };
    let told = |t, explanation, conditions: &[Condition], samples| {
        Told {
        time: at(t),
        explanation,
        evidence: Evidence {
            look: Some(at(t)),
            conditions: conditions.to_vec(),
            event: Some(SaidEvent {
                time: Some(at(t)),
                reason: "SuccessfulRescale".to_owned(),
                message: "New size: 8; reason: cpu resource utilization (percentage of request) above target".to_owned(),
            }),
            samples,
        },
    }
    };
    let idle = autoscaler().conditions;
    let mut limited = idle.clone();
    limited[2].status = "True".to_owned();
    limited[2].reason = "ScaleUpLimit".to_owned();
    limited[2].message =
        "the desired replica count is increasing faster than the maximum scale rate".to_owned();
    vec![
        told(
            30.8,
            Explanation::EnoughAtMinimum {
                replicas: 1,
                percent: 4,
                target: 60,
                minimum: 1,
            },
            &idle,
            vec![used("cfzw8", Some(2), Counts::Sample)],
        ),
        told(
            75.8,
            Explanation::ScaledUp {
                at: at(75.8),
                from: 1,
                to: 4,
                percent: 200,
                target: 60,
                counted: counted(1, 0, 200),
                allowed: 5,
            },
            &idle,
            vec![used("cfzw8", Some(100), Counts::Sample)],
        ),
        told(
            90.8,
            Explanation::NewPodsCountAsZero {
                replicas: 4,
                percent: 200,
                target: 60,
                counted: counted(4, 3, 50),
            },
            &idle,
            vec![
                used("cfzw8", Some(100), Counts::Sample),
                used("ld6f4", None, Counts::Zero),
                used("gpz5k", None, Counts::Zero),
                used("2kzxw", None, Counts::Zero),
            ],
        ),
        told(
            105.8,
            limited_scale_up(),
            &limited,
            vec![
                used("cfzw8", Some(100), Counts::Sample),
                used("ld6f4", Some(81), Counts::Sample),
                used("gpz5k", Some(93), Counts::Sample),
                used("2kzxw", Some(86), Counts::Sample),
            ],
        ),
    ]
}

/// The scale-ups of the same run; the second one is under way.
fn reactions() -> Vec<Reaction> {
    let reaction = |from, to, decision| Reaction {
        from,
        to,
        users_on: Some(at(50.8)),
        decision: at(decision),
        ready: None,
        first_sample: None,
        counted: None,
        p95_before_ms: Some(12_000),
        p95_after_ms: None,
        over: false,
    };
    vec![
        Reaction {
            ready: Some(at(80.9)),
            first_sample: Some(at(97.7)),
            counted: Some(at(105.8)),
            p95_after_ms: Some(5_100),
            over: true,
            ..reaction(1, 4, 75.8)
        },
        reaction(4, 8, 105.8),
    ]
}

pub(crate) fn history_with_one_sample() -> History {
    History {
        load: vec![LoadSample {
            time: at(30.0),
            users: Some(1),
            rps: 1.0,
            failures_per_s: 0.0,
            p50_ms: None,
            p95_ms: None,
        }],
        ..History::default()
    }
}

/// What was observed until the look that went from 4 to 8.
pub(super) fn history() -> History {
    let pods = |t, asked, ready, wanted| PodCounts {
        time: at(t),
        asked: Some(asked),
        ready,
        wanted: Some(wanted),
        min: Some(1),
        max: Some(10),
    };
    let cpu = |t, pods, percent: f64| CpuSample {
        time: at(t),
        window_ms: 15_000,
        pods,
        percent,
        highest_percent: percent + 6.0,
        limit_percent: Some(200.0),
    };
    let look = |t, percent, current, desired| Look {
        time: at(t),
        utilization_percent: percent,
        target_percent: Some(60),
        current: Some(current),
        desired,
        held: false,
    };
    let load = (0..31).map(|step| {
        let t = 51.0 + f64::from(step) * 2.0;
        let users = ((f64::from(step) * 2.0 + 1.0) * 15.0).min(150.0) as u32;
        let pods = if t < 80.5 { 1.0 } else { 4.0 };
        let rps = 7.4 * pods;
        let p95_ms = (f64::from(users) / rps * 780.0).min(12_000.0) as u32;
        LoadSample {
            time: at(t),
            users: Some(users),
            rps,
            failures_per_s: 0.0,
            p50_ms: (step > 0).then_some(p95_ms / 2),
            p95_ms: (step > 0).then_some(p95_ms),
        }
    });
    let always = |from| {
        vec![Interval {
            from: at(from),
            to: None,
        }]
    };
    History {
        pods: vec![
            pods(0.2, 1, 0, 1),
            pods(4.4, 1, 1, 1),
            pods(75.8, 4, 1, 4),
            pods(80.4, 4, 4, 4),
            pods(105.8, 8, 4, 13),
            pods(110.4, 8, 6, 13),
        ],
        cpu: vec![
            cpu(22.7, 1, 4.0),
            cpu(37.7, 1, 4.0),
            cpu(52.7, 1, 32.0),
            cpu(67.7, 1, 200.0),
            cpu(82.7, 1, 200.0),
            cpu(97.7, 4, 181.0),
        ],
        looks: vec![
            look(15.7, None, 1, 0),
            look(30.8, Some(4), 1, 1),
            look(60.8, Some(32), 1, 1),
            look(75.8, Some(200), 1, 4),
            look(90.8, Some(200), 4, 4),
            look(105.8, Some(181), 4, 8),
        ],
        rescales: vec![
            Rescale {
                time: at(75.8),
                from: 1,
                to: 4,
            },
            Rescale {
                time: at(105.8),
                from: 4,
                to: 8,
            },
        ],
        load: load.collect(),
        marks: vec![LoadMark {
            time: at(50.8),
            on: true,
        }],
        log: load_log(),
        events: events(),
        told: told(),
        reactions: reactions(),
        observed: Observed {
            cluster: always(0.0),
            metrics: always(0.0),
            load: always(50.0),
        },
        steps: [
            Some(at(4.4)),
            Some(at(30.8)),
            Some(at(50.8)),
            Some(at(75.8)),
            None,
            None,
        ],
    }
}
