//! An hour of a class as the chart sees it: four loads on up to ten pods. For the benchmark and for the chart's tests.

use super::model::{
    CpuSample, History, Interval, LoadMark, LoadSample, Look, Observed, PodCounts, Rescale, TimeMs,
};

/// Seconds of one load and of the calm before the next.
const CYCLE_S: i64 = 900;

/// Seconds of a load within its cycle.
const LOAD_S: i64 = 600;

/// A sample of the load each 2 s, of the CPU and a look of the HPA each 15 s, from `t0` on.
pub(super) fn hour(t0: TimeMs) -> History {
    let at = |seconds: i64| t0.plus_ms(seconds * 1000);
    let mut history = History {
        observed: Observed {
            cluster: vec![since(t0)],
            metrics: vec![since(t0)],
            load: vec![since(t0)],
        },
        ..History::default()
    };
    let mut asked = 1;
    for second in 0..3600 {
        let (time, into) = (at(second), second % CYCLE_S);
        let on = into < LOAD_S;
        if into == 0 || into == LOAD_S {
            history.marks.push(LoadMark { time, on });
        }
        let noise = f64::from(noise(second)) / 1000.0;
        if second % 2 == 0 && on {
            let ms = (60_000.0 / f64::from(asked) * (0.8 + 0.4 * noise)) as u32;
            history.load.push(LoadSample {
                time,
                users: Some((into * 15).min(150) as u32),
                rps: f64::from(asked) * (6.0 + 3.0 * noise),
                failures_per_s: if into == 300 { 0.4 } else { 0.0 },
                p50_ms: Some(ms / 4),
                p95_ms: Some(ms / 3),
            });
        }
        let percent = match on {
            true => 60.0 + 1_400.0 / f64::from(asked) * 0.1 + 40.0 * noise,
            false => 4.0,
        };
        if second % 15 == 8 {
            history.cpu.push(CpuSample {
                time,
                window_ms: 15_000,
                pods: asked,
                percent,
                highest_percent: percent + 6.0,
                limit_percent: Some(200.0),
            });
        }
        if second % 15 == 0 {
            let wanted = ((f64::from(asked) * percent / 60.0).ceil() as u32).max(1);
            let held = !on && into < LOAD_S + 90;
            let to = match (on, held) {
                (true, _) => wanted.clamp(asked, (asked * 2).max(asked + 4)).min(10),
                (false, true) => asked,
                (false, false) => 1,
            };
            history.looks.push(Look {
                time,
                utilization_percent: Some(percent as u32),
                target_percent: Some(60),
                current: Some(asked),
                desired: to,
                held,
            });
            if to != asked {
                history.rescales.push(Rescale {
                    time,
                    from: asked,
                    to,
                });
            }
            for (delay_ms, ready) in [(0, asked), (4_600, to)] {
                history.pods.push(PodCounts {
                    time: time.plus_ms(delay_ms),
                    asked: Some(to),
                    ready,
                    wanted: Some(wanted),
                    min: Some(1),
                    max: Some(10),
                });
            }
            asked = to;
        }
    }
    history
}

fn since(from: TimeMs) -> Interval {
    Interval { from, to: None }
}

/// 0 to 999, the same each time.
fn noise(seed: i64) -> u32 {
    let mixed = (seed as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    ((mixed >> 33) % 1000) as u32
}
