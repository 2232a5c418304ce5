//! The band of the load: users as an area, requests per second, response times on the right axis, failures.

use super::axis::{nice_top, tops_from};
use super::canvas::{Band, Canvas, EndName, Hang};
use super::path::Path;
use super::pieces::{gaps, lines, unknown};
use super::thin::thin;
use crate::figures;
use crate::model::{History, Interval, LoadSample, TimeMs};
use crate::words;

/// The number of users is written where their area is at least this wide, in px.
const USERS_LABEL_PX: i32 = 70;

/// Share of the band that the most users fill.
const USERS_SHARE: f64 = 0.85;

/// The row of the marks at the top of the band, in px.
pub(super) const MARKS_PX: i32 = 13;

/// Failures closer than this are one mark.
const FAILURES_APART_PX: i32 = 12;

/// The scales of the band.
#[derive(Clone, Copy)]
struct Scales {
    rps: Band,
    latency: Band,
    users: Band,
}

pub(super) fn draw(canvas: &mut Canvas<'_>, history: &History) {
    let view = canvas.view;
    let (top, bottom) = (
        canvas.plot.load.0 + canvas.plot.px(MARKS_PX),
        canvas.plot.load.1,
    );
    let since = tops_from(history, view.from, view.now);
    let of_run: Vec<_> = between(&history.load, since, view.now);
    let band = |most| Band { top, bottom, most };
    let most = |value: fn(&LoadSample) -> f64| of_run.iter().map(value).fold(0.0, f64::max);
    let scales = Scales {
        rps: band(nice_top(most(|s| s.rps), 10.0)),
        latency: band(nice_top(most(|s| s.p95_ms.map_or(0.0, seconds)), 0.5)),
        users: band(most(|s| f64::from(s.users.unwrap_or(0))).max(1.0) / USERS_SHARE),
    };
    axes(canvas, scales, !of_run.is_empty());
    let samples = between(&history.load, view.from, view.seen());
    if samples.is_empty() {
        let has_run = history.marks.iter().any(|m| m.on && m.time <= view.now);
        if !has_run {
            let x = (canvas.plot.left, canvas.plot.right);
            canvas.note(x, (top, bottom), words::NO_LOAD_HAS_RUN);
        }
    } else {
        let all = lines(&samples, |s| s.users.map(f64::from));
        users(canvas, scales.users, &all);
        series(canvas, scales, &samples);
        users_names(canvas, scales.users, &all);
        failures(canvas, top, &samples);
    }
    reasons(canvas, (top, bottom), history, &samples);
}

fn between(samples: &[LoadSample], from: TimeMs, to: TimeMs) -> Vec<LoadSample> {
    let first = samples.partition_point(|s| s.time < from);
    let end = samples.partition_point(|s| s.time <= to);
    samples.get(first..end).unwrap_or_default().to_vec()
}

fn seconds(ms: u32) -> f64 {
    f64::from(ms) / 1000.0
}

fn axes(canvas: &mut Canvas<'_>, scales: Scales, right: bool) {
    let gap = canvas.plot.px(6);
    let (left, right_x) = (canvas.plot.left - gap, canvas.plot.right + gap);
    let Band { top, bottom, most } = scales.rps;
    canvas.level("grid", bottom);
    canvas.text("axis", (left, bottom), Hang::Right, "0");
    canvas.text("axis", (left, top), Hang::Right, &figures::rate(most));
    if canvas.plot.narrow {
        return;
    }
    let middle = (top + bottom) / 2;
    canvas.text("axis", (left, middle), Hang::Right, words::REQUESTS_UNIT);
    if right {
        let most = words::seconds_of_axis(scales.latency.most);
        canvas.text("axis", (right_x, top), Hang::Left, &most);
        let least = words::seconds_of_axis(0.0);
        canvas.text("axis", (right_x, bottom), Hang::Left, &least);
    }
}

fn users(canvas: &mut Canvas<'_>, band: Band, lines: &[Vec<(TimeMs, f64)>]) {
    for line in lines {
        let px = line.iter().map(|(t, v)| (canvas.x(*t), band.y(*v)));
        let mut points = thin(px);
        let (Some(first), Some(last)) = (points.first().copied(), points.last().copied()) else {
            continue;
        };
        points.extend([(last.0, band.bottom), (first.0, band.bottom)]);
        let mut area = Path::default();
        area.through(&points);
        area.close();
        canvas.path("users", area);
    }
}

/// Users have no axis: their area carries its number, above the lines that cross it.
fn users_names(canvas: &mut Canvas<'_>, band: Band, lines: &[Vec<(TimeMs, f64)>]) {
    for line in lines {
        let (Some(first), Some(last)) = (line.first(), line.last()) else {
            continue;
        };
        let (begin, end, y) = (canvas.x(first.0), canvas.x(last.0), band.y(last.1));
        let number = last.1 as u32;
        if end - begin >= canvas.plot.px(USERS_LABEL_PX) {
            let gap = canvas.plot.px(8);
            let label = figures::count(number, "user", "users");
            canvas.text("label", (end - gap, y + gap), Hang::Right, &label);
        }
    }
}

type Value = fn(&LoadSample) -> Option<f64>;

fn series(canvas: &mut Canvas<'_>, scales: Scales, samples: &[LoadSample]) {
    let all: [(Value, Band, &str, &str); 3] = [
        (|s| Some(s.rps), scales.rps, "rps", words::RPS_LINE),
        (
            |s| s.p50_ms.map(seconds),
            scales.latency,
            "p50",
            words::P50_LINE,
        ),
        (
            |s| s.p95_ms.map(seconds),
            scales.latency,
            "p95",
            words::P95_LINE,
        ),
    ];
    let mut names = Vec::new();
    for (value, band, class, name) in all {
        let mut path = Path::default();
        for line in lines(samples, value) {
            let px = line.iter().map(|(t, v)| (canvas.x(*t), band.y(*v)));
            path.through(&thin(px));
        }
        canvas.path(class, path);
        if let Some(value) = samples.last().and_then(value) {
            names.push(EndName {
                y: band.y(value),
                class,
                text: name.to_owned(),
            });
        }
    }
    if let Some(last) = samples.last() {
        canvas.ends(last.time, names, (scales.rps.top, scales.rps.bottom));
    }
}

fn failures(canvas: &mut Canvas<'_>, top: i32, samples: &[LoadSample]) {
    let (apart, y) = (canvas.plot.px(FAILURES_APART_PX), top + canvas.plot.px(6));
    let mut free = i32::MIN;
    for failed in samples.iter().filter(|s| s.failures_per_s > 0.0) {
        let x = canvas.x(failed.time);
        if x >= free {
            canvas.text("fail", (x, y), Hang::Center, "✕");
            free = x + apart;
        }
    }
}

/// Why there is nothing to see in a long gap of a load that is on.
fn reasons(canvas: &mut Canvas<'_>, rows: (i32, i32), history: &History, samples: &[LoadSample]) {
    let view = canvas.view;
    let unanswered = unknown(samples, |s| s.p95_ms.is_some());
    for (from, to) in unanswered {
        canvas.reason((from, to), rows, words::NO_ANSWERS);
    }
    for (from, to) in on(history, view.from, view.seen()) {
        let figures: Vec<_> = samples
            .iter()
            .map(|s| Interval {
                from: s.time,
                to: Some(s.time),
            })
            .collect();
        for gap in gaps(&figures, from, to) {
            canvas.reason(gap, rows, words::NO_FIGURES);
        }
    }
}

/// Stretches in which a load was on, as far as the panel saw the cluster.
fn on(history: &History, from: TimeMs, to: TimeMs) -> Vec<(TimeMs, TimeMs)> {
    let mut stretches = Vec::new();
    for (index, mark) in history.marks.iter().enumerate().filter(|(_, m)| m.on) {
        let end = history.marks.get(index + 1).map_or(to, |next| next.time);
        for seen in &history.observed.cluster {
            let (a, b) = (
                mark.time.max(from).max(seen.from),
                end.min(to).min(seen.to.unwrap_or(to)),
            );
            if a < b {
                stretches.push((a, b));
            }
        }
    }
    stretches
}
