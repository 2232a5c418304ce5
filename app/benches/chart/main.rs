//! How long the chart takes to be drawn anew, for an hour of data: `cargo xtask bench chart`.
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a benchmark ends where it cannot go on"
)]

mod hour;

use std::hint::black_box;
use std::time::{Duration, Instant};

use app::chart::{ChartView, render};
use app::figures::Zone;
use app::model::{self, TimeMs};

/// A redraw that the class does not feel, also on a machine a few times slower than this one.
const LIMIT: Duration = Duration::from_millis(5);

const ROUNDS: usize = 200;

fn main() {
    let t0 = TimeMs(1_772_460_000_000);
    let history = hour::hour(t0);
    println!(
        "an hour of data: {} samples of the load, {} of the CPU, {} looks, {} states of the pods",
        history.load.len(),
        history.cpu.len(),
        history.looks.len(),
        history.pods.len()
    );
    for (name, width, minutes) in [
        ("1440 px, 60 min", 958, 60),
        ("1440 px, 15 min", 958, 15),
        ("phone, 60 min", 372, 60),
    ] {
        let now = t0.plus_ms(3_600_000);
        let view = ChartView {
            width,
            rem: 16,
            from: now.plus_ms(-minutes * 60_000),
            to: now.plus_ms(60_000),
            now,
            heard: None,
            zone: Zone::default(),
            next_look: Some(now.plus_ms(9_000)),
            limit_m: Some(100),
            scale_down: None,
            remembered: None,
            guess: Some((t0, 6)),
            each_pod: Vec::new(),
        };
        let mut times: Vec<_> = (0..ROUNDS)
            .map(|_| {
                let started = Instant::now();
                black_box(render(black_box(&history), black_box(&view)));
                started.elapsed()
            })
            .collect();
        times.sort_unstable();
        let size = render(&history, &view).len();
        if size < 5_000 {
            panic!("the picture is empty: {size} bytes");
        }
        let at = |percent: usize| times.get(ROUNDS * percent / 100).expect("rounds were run");
        println!(
            "{name}: median {:.2} ms, p95 {:.2} ms (limit {} ms), {} KB of SVG",
            ms(*at(50)),
            ms(*at(95)),
            LIMIT.as_millis(),
            size / 1000
        );
    }
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
