//! The band of the CPU: the mean of the pods as level pieces, what the HPA read, target, tolerance and limit.

use super::axis::{nice_top, tops_from};
use super::canvas::{Band, Canvas, EndName, Hang};
use super::path::Path;
use super::pieces::gaps;
use crate::model::{CpuSample, History, Interval, TimeMs};
use crate::words;

/// From this share of the limit on a pod is held back by it.
const AT_LIMIT: f64 = 0.95;

/// The top where no limit is known, in percent of the request.
const NO_LIMIT_TOP: f64 = 200.0;

/// The part of the band above the limit: room for its name, and for a sample that is a little above it.
const HEADROOM: f64 = 1.12;

/// How long a sample holds in the readout, in windows.
const HOLDS_WINDOWS: i64 = 3;

/// The window of one pod's sample: metrics-server's resolution, its default.
const POD_WINDOW_MS: i64 = 15_000;

pub(super) fn draw(canvas: &mut Canvas<'_>, history: &History) {
    let view = canvas.view;
    let (top, bottom) = canvas.plot.cpu;
    let limit = newest(history, view.now).and_then(|s| s.limit_percent);
    let band = Band {
        top,
        bottom,
        most: most(history, view.from, view.now, limit),
    };
    let left = canvas.plot.left - canvas.plot.px(6);
    canvas.level("grid", bottom);
    canvas.text("axis", (left, bottom), Hang::Right, "0 %");
    let looks = history.looks.iter().rev();
    let target = looks
        .filter(|l| l.time <= view.now)
        .find_map(|l| l.target_percent);
    if let Some(target) = target {
        tolerance(canvas, band, target);
        target_name(canvas, band, target);
    }
    let held_back = limit.filter(|limit| {
        let newest = newest(history, view.now).filter(|s| s.time >= view.from);
        newest.is_some_and(|s| s.percent >= limit * AT_LIMIT)
    });
    if let Some(limit) = limit {
        limit_line(canvas, band, limit);
        // A narrow plot has room for one of the two.
        if held_back.is_none() || !canvas.plot.narrow {
            limit_name(canvas, band, limit);
        }
    }
    if newest(history, view.now).is_none() {
        let nothing = history
            .pods
            .iter()
            .all(|p| p.asked.is_none() && p.ready == 0);
        let text = match nothing {
            true => words::NOTHING_IS_DEPLOYED,
            false => words::NO_SAMPLE_YET,
        };
        canvas.note((canvas.plot.left, canvas.plot.right), (top, bottom), text);
        return;
    }
    each_pod(canvas, band);
    samples(canvas, band, history);
    reasons(canvas, band, history);
    looks_read(canvas, band, history);
    if let Some(limit) = held_back {
        at_the_limit(canvas, band, limit);
    }
}

/// The newest sample not after a time.
fn newest(history: &History, at: TimeMs) -> Option<&CpuSample> {
    history.cpu.iter().rev().find(|s| s.time <= at)
}

/// The value at the top: the limit, and more in nice steps only where a run went far above it.
fn most(history: &History, from: TimeMs, now: TimeMs, limit: Option<f64>) -> f64 {
    let since = tops_from(history, from, now);
    let of_run = history
        .cpu
        .iter()
        .filter(|s| s.time >= since && s.time <= now);
    let highest = of_run.map(|s| s.percent).fold(0.0, f64::max);
    let usual = limit.unwrap_or(NO_LIMIT_TOP) * HEADROOM;
    match highest <= usual {
        true => usual,
        false => nice_top(highest, usual),
    }
}

fn tolerance(canvas: &mut Canvas<'_>, band: Band, target: u32) {
    let (least, most) = words::tolerated(target);
    let (left, right) = (canvas.plot.left, canvas.plot.right);
    let (high, low) = (band.y(f64::from(most)), band.y(f64::from(least)));
    canvas.rect("tol", (left, high), (right, low.max(high + 1)));
    let y = band.y(f64::from(target));
    canvas.level("target", y);
    let gap = canvas.plot.px(6);
    canvas.text("axis", (left - gap, y), Hang::Right, &target.to_string());
}

/// Below the tolerated values and at the right, where samples are not yet.
fn target_name(canvas: &mut Canvas<'_>, band: Band, target: u32) {
    let y = band.y(f64::from(words::tolerated(target).0)) + canvas.plot.px(8);
    let at = (canvas.plot.right - canvas.plot.px(6), y);
    canvas.text("label", at, Hang::Right, &words::target_means(target));
}

fn limit_line(canvas: &mut Canvas<'_>, band: Band, limit: f64) {
    let (y, left, gap) = (band.y(limit), canvas.plot.left, canvas.plot.px(6));
    canvas.level("limit", y);
    canvas.text("axis", (left - gap, y), Hang::Right, &format!("{limit:.0}"));
}

fn limit_name(canvas: &mut Canvas<'_>, band: Band, limit: f64) {
    let (left, gap) = (canvas.plot.left, canvas.plot.px(6));
    let label = words::limit_means(canvas.view.limit_m, limit);
    let at = (left + gap, band.y(limit) - canvas.plot.px(7));
    canvas.text("label", at, Hang::Left, &label);
}

/// Beside the limit's name, or in its place where there is no room.
fn at_the_limit(canvas: &mut Canvas<'_>, band: Band, limit: f64) {
    let (left, right, gap) = (canvas.plot.left, canvas.plot.right, canvas.plot.px(6));
    let y = band.y(limit) - canvas.plot.px(7);
    let (x, hang) = match canvas.plot.narrow {
        true => (left + gap, Hang::Left),
        false => (right - gap, Hang::Right),
    };
    canvas.text("label", (x, y), hang, words::AT_THE_LIMIT);
}

/// Each sample is as long as its window: level, never slanted.
fn samples(canvas: &mut Canvas<'_>, band: Band, history: &History) {
    let (view, mut path) = (canvas.view, Path::default());
    for sample in &history.cpu {
        let from = sample.time.plus_ms(-sample.window_ms).max(view.from);
        let to = sample.time.min(view.seen());
        if from < to {
            let y = band.y(sample.percent);
            path.stroke((canvas.x(from), y), (canvas.x(to), y));
        }
    }
    canvas.path("cpu", path);
    if let Some(last) = newest(history, view.seen()).filter(|s| s.time >= view.from) {
        let name = EndName {
            y: band.y(last.percent),
            class: "cpu",
            text: words::CPU_LINE.to_owned(),
        };
        // Beside what the HPA read of it, too.
        let fresh = view.seen().0 - last.time.0 <= HOLDS_WINDOWS * last.window_ms;
        let end = if fresh { view.seen() } else { last.time };
        canvas.ends(end, vec![name], (band.top, band.bottom));
    }
}

/// One thin line a pod, where they are asked for: level as the mean is.
fn each_pod(canvas: &mut Canvas<'_>, band: Band) {
    let (view, mut path) = (canvas.view, Path::default());
    for line in &view.each_pod {
        let mut ended: Option<TimeMs> = None;
        for (time, percent) in line.iter().filter(|(time, _)| canvas.shows(*time)) {
            let joins = ended.filter(|ended| time.0 - ended.0 < 2 * POD_WINDOW_MS);
            let from = joins.unwrap_or(time.plus_ms(-POD_WINDOW_MS));
            let y = band.y(f64::from(*percent));
            let from = (canvas.x(from), y);
            match joins {
                Some(_) => path.line_to(from),
                None => path.move_to(from),
            }
            path.line_to((canvas.x(*time), y));
            ended = Some(*time);
        }
    }
    canvas.path("pod", path);
}

/// What the HPA read, at its look.
fn looks_read(canvas: &mut Canvas<'_>, band: Band, history: &History) {
    let mut path = Path::default();
    for look in history.looks.iter().filter(|l| canvas.shows(l.time)) {
        if let Some(percent) = look.utilization_percent {
            let at = (canvas.x(look.time), band.y(f64::from(percent)));
            path.diamond(at, canvas.plot.px(5));
        }
    }
    canvas.path("read", path);
}

fn reasons(canvas: &mut Canvas<'_>, band: Band, history: &History) {
    let view = canvas.view;
    let rows = (band.top, band.bottom);
    let first = history
        .observed
        .metrics
        .first()
        .map_or(view.now, |i| i.from);
    let unread = gaps(&history.observed.metrics, first.max(view.from), view.seen());
    for gap in &unread {
        canvas.reason(*gap, rows, words::NO_CPU_VALUES);
    }
    // metrics-server was there and had none: before the first one, after the app was removed, or of pods that are stuck.
    let mut covered: Vec<Interval> = history
        .cpu
        .iter()
        .map(|s| Interval {
            from: s.time.plus_ms(-s.window_ms),
            to: Some(s.time.plus_ms(s.window_ms * HOLDS_WINDOWS)),
        })
        .collect();
    covered.extend(unread.iter().map(|(from, to)| Interval {
        from: *from,
        to: Some(*to),
    }));
    covered.sort_by_key(|interval| interval.from);
    let since = history.pods.iter().find(|p| p.asked.is_some());
    let Some(since) = since.map(|p| p.time.max(view.from).max(first)) else {
        return;
    };
    for gap in gaps(&covered, since, view.seen()) {
        canvas.reason(gap, rows, words::NO_CPU_SAMPLE);
    }
}

/// The mean that holds at a time, as the readout shows it: of the newest sample that covers it, else of the last one
/// before, while that is not too old.
pub(super) fn percent_at(history: &History, at: TimeMs) -> Option<u32> {
    let covers = |s: &&CpuSample| s.time >= at && s.time.plus_ms(-s.window_ms) <= at;
    let covering = history.cpu.iter().rev().find(covers);
    let fresh = |s: &&CpuSample| at.0 - s.time.0 <= HOLDS_WINDOWS * s.window_ms;
    let sample = covering.or_else(|| newest(history, at).filter(fresh))?;
    Some(sample.percent as u32)
}
