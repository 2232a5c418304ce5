//! The band of the load: users as an area, requests per second, response times on the right axis, failures.

use super::axis::nice_top;
use super::canvas::{Band, Canvas, Hang, apart};
use super::colours::{AXIS, FAILURE, GRID, LABEL, MARK, P50, P95, RPS, USERS};
use super::pieces::lines;
use crate::figures;
use crate::model::{History, LoadSample};
use crate::words;

/// The number of users is written where their area is at least this wide, in px.
const USERS_LABEL_PX: i32 = 64;

/// Share of the band that the most users fill.
const USERS_SHARE: f64 = 0.85;

pub(super) fn draw(canvas: &Canvas<'_>, top: i32, bottom: i32, history: &History) {
    let view = canvas.view;
    let shown = |s: &&LoadSample| s.time >= view.from && s.time <= view.to;
    let samples: Vec<_> = history.load.iter().filter(shown).copied().collect();
    let most = |value: fn(&LoadSample) -> f64| samples.iter().map(value).fold(0.0, f64::max);

    let rps = Band {
        top,
        bottom,
        most: nice_top(most(|s| s.rps), 10.0),
    };
    let slowest = most(|s| s.p95_ms.map_or(0.0, seconds));
    let latency = Band {
        top,
        bottom,
        most: nice_top(slowest, 0.5),
    };
    axes(canvas, rps, latency, !samples.is_empty());
    if samples.is_empty() {
        let middle = (
            (canvas.plot.left + canvas.plot.right) / 2,
            (top + bottom) / 2,
        );
        canvas.text(words::NO_LOAD_HAS_RUN, middle, Hang::Center, LABEL);
        return;
    }
    users(canvas, top, bottom, &samples);

    let mut ends = Vec::new();
    let mut series = |value: fn(&LoadSample) -> Option<f64>, band: Band, colour, width, name| {
        for line in lines(&samples, value, view.from, view.to) {
            let points: Vec<_> = line
                .iter()
                .map(|(t, v)| (canvas.x(*t), band.y(*v)))
                .collect();
            match points[..] {
                [only] => canvas.dot(only, 1, colour, true),
                _ => canvas.line(points, colour, width),
            }
        }
        if let Some(value) = samples.last().and_then(value) {
            ends.push((band.y(value), name, colour));
        }
    };
    series(|s| Some(s.rps), rps, RPS, 1, "req/s");
    series(|s| s.p50_ms.map(seconds), latency, P50, 1, "p50");
    series(|s| s.p95_ms.map(seconds), latency, P95, 2, "p95");

    if let Some(last) = samples.last() {
        apart(&mut ends, bottom - 4);
        let x = canvas.x(last.time) + 6;
        for (y, name, colour) in ends {
            canvas.text(name, (x, y), Hang::Left, colour);
        }
    }
    for failed in samples.iter().filter(|s| s.failures_per_s > 0.0) {
        canvas.text("✕", (canvas.x(failed.time), top + 6), Hang::Center, FAILURE);
    }
}

fn seconds(ms: u32) -> f64 {
    f64::from(ms) / 1000.0
}

fn axes(canvas: &Canvas<'_>, rps: Band, latency: Band, right: bool) {
    let (left, right_x) = (canvas.plot.left - 6, canvas.plot.right + 6);
    canvas.horizontal(rps.bottom, GRID);
    canvas.text("0", (left, rps.bottom), Hang::Right, AXIS);
    canvas.text(
        figures::rate(rps.most),
        (left, rps.top + 5),
        Hang::Right,
        AXIS,
    );
    if canvas.plot.narrow {
        return;
    }
    canvas.text(
        "req/s",
        (left, (rps.top + rps.bottom) / 2),
        Hang::Right,
        AXIS,
    );
    if right {
        let most = figures::response((latency.most * 1000.0) as u32);
        let most = most.replace(".0 s", " s");
        canvas.text(most, (right_x, latency.top + 5), Hang::Left, AXIS);
        canvas.text("0 s", (right_x, latency.bottom), Hang::Left, AXIS);
    }
}

/// Users have no axis: their area carries its number.
fn users(canvas: &Canvas<'_>, top: i32, bottom: i32, samples: &[LoadSample]) {
    let most = samples
        .iter()
        .filter_map(|s| s.users)
        .max()
        .unwrap_or(0)
        .max(1);
    let band = Band {
        top,
        bottom,
        most: f64::from(most) / USERS_SHARE,
    };
    let view = canvas.view;
    for line in lines(samples, |s| s.users.map(f64::from), view.from, view.to) {
        let (Some(first), Some(last)) = (line.first(), line.last()) else {
            continue;
        };
        let (from, to) = (canvas.x(first.0), canvas.x(last.0));
        let mut points: Vec<_> = line
            .iter()
            .map(|(t, v)| (canvas.x(*t), band.y(*v)))
            .collect();
        points.extend([(to, bottom), (from, bottom)]);
        canvas.area(points, USERS, 0.16);
        if to - from >= USERS_LABEL_PX {
            let label = figures::count(last.1 as u32, "user", "users");
            canvas.text(label, (to - 6, band.y(last.1) + 9), Hang::Right, LABEL);
        }
    }
}

/// Load on, load off: over all bands, named in this one.
pub(super) fn marks(canvas: &Canvas<'_>, top: i32, bottom: i32, history: &History) {
    let view = canvas.view;
    for mark in history
        .marks
        .iter()
        .filter(|m| m.time >= view.from && m.time <= view.now)
    {
        let x = canvas.x(mark.time);
        canvas.line(vec![(x, top), (x, bottom)], MARK, 1);
        let (sign, hang, dx) = match mark.on {
            true => ("▶ load on", Hang::Right, -4),
            false => ("■ load off", Hang::Left, 4),
        };
        let fits = x + dx - canvas.plot.left > 64;
        match hang {
            Hang::Right if !fits => canvas.text(sign, (x + 4, top + 6), Hang::Left, LABEL),
            _ => canvas.text(sign, (x + dx, top + 6), hang, LABEL),
        }
    }
}
