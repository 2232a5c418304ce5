//! The band of the CPU: the mean of the pods as level pieces, what the HPA read, target, tolerance and limit.

use super::canvas::{Band, Canvas, Hang};
use super::colours::{AXIS, CPU, GRID, LABEL, LIMIT, TARGET, TOLERANCE};
use super::pieces::gaps;
use crate::figures;
use crate::model::{History, Interval, TimeMs};
use crate::words;

/// From this share of the limit on a pod is held back by it.
const AT_LIMIT: f64 = 0.95;

/// A gap longer than this tells its reason.
const GAP_MS: i64 = 30_000;

/// Room for that reason, in px.
const GAP_LABEL_PX: i32 = 96;

pub(super) fn draw(canvas: &Canvas<'_>, top: i32, bottom: i32, history: &History) {
    let view = canvas.view;
    let limit = history.cpu.iter().rev().find_map(|s| s.limit_percent);
    let highest = history.cpu.iter().map(|s| s.percent).fold(0.0, f64::max);
    let most = limit.unwrap_or(200.0).max(highest) * 1.12;
    let band = Band { top, bottom, most };
    let (left, right) = (canvas.plot.left, canvas.plot.right);
    canvas.horizontal(bottom, GRID);
    canvas.text("0 %", (left - 6, bottom), Hang::Right, AXIS);

    let target = history.looks.iter().rev().find_map(|l| l.target_percent);
    if let Some(target) = target {
        reference_target(canvas, band, target);
    }
    if let Some(limit) = limit {
        let y = band.y(limit);
        canvas.horizontal(y, LIMIT);
        canvas.text(format!("{limit:.0}"), (left - 6, y), Hang::Right, AXIS);
        if !canvas.plot.narrow {
            let label = words::limit_means(view.limit_m, limit);
            canvas.text(label, (left + 6, y - 8), Hang::Left, LABEL);
        }
    }
    if history.cpu.is_empty() {
        let text = match history.pods.is_empty() {
            true => words::NOTHING_IS_DEPLOYED,
            false => words::NO_SAMPLE_YET,
        };
        let middle = ((left + right) / 2, (top + bottom) / 2 - 8);
        canvas.text(text, middle, Hang::Center, LABEL);
        return;
    }
    samples(canvas, band, history);
    unobserved(canvas, band, &history.observed.metrics);
    looks(canvas, band, history);
    if let (Some(limit), Some(last)) = (limit, history.cpu.last())
        && last.percent >= limit * AT_LIMIT
        && last.time >= view.from
        && !canvas.plot.narrow
    {
        let at = (right - 6, band.y(limit) - 8);
        canvas.text(words::AT_THE_LIMIT, at, Hang::Right, LABEL);
    }
}

fn reference_target(canvas: &Canvas<'_>, band: Band, target: u32) {
    let (least, most) = words::tolerated(target);
    let (left, right) = (canvas.plot.left, canvas.plot.right);
    let (high, low) = (band.y(f64::from(most)), band.y(f64::from(least)));
    canvas.rect((left, high), (right, low.max(high + 1)), TOLERANCE, 1.0);
    let y = band.y(f64::from(target));
    canvas.horizontal(y, TARGET);
    canvas.text(target.to_string(), (left - 6, y), Hang::Right, AXIS);
    let label = match canvas.plot.narrow {
        true => format!("target {target}"),
        false => format!("target {target}, no change {least}–{most}"),
    };
    canvas.text(label, (right - 6, high - 8), Hang::Right, LABEL);
}

/// Each sample is as long as its window: level, never slanted.
fn samples(canvas: &Canvas<'_>, band: Band, history: &History) {
    let view = canvas.view;
    for sample in &history.cpu {
        let from = sample.time.plus_ms(-sample.window_ms).max(view.from);
        let to = sample.time.min(view.to);
        if from < to {
            let y = band.y(sample.percent);
            canvas.line(vec![(canvas.x(from), y), (canvas.x(to), y)], CPU, 3);
        }
    }
    let newest = history.cpu.last().filter(|s| s.time >= view.from);
    if let Some(last) = newest.filter(|_| !canvas.plot.narrow) {
        let x = canvas.x(last.time) + 8;
        canvas.text("CPU", (x, band.y(last.percent)), Hang::Left, CPU);
    }
}

/// What the HPA read, at its look.
fn looks(canvas: &Canvas<'_>, band: Band, history: &History) {
    let view = canvas.view;
    for look in history
        .looks
        .iter()
        .filter(|l| l.time >= view.from && l.time <= view.now)
    {
        if let Some(percent) = look.utilization_percent {
            let (x, y) = (canvas.x(look.time), band.y(f64::from(percent)));
            canvas.area(
                vec![(x, y - 5), (x + 5, y), (x, y + 5), (x - 5, y)],
                CPU,
                1.0,
            );
        }
    }
}

fn unobserved(canvas: &Canvas<'_>, band: Band, observed: &[Interval]) {
    let view = canvas.view;
    let first = observed.first().map_or(view.now, |i| i.from);
    for (from, to) in gaps(observed, first.max(view.from), view.now) {
        let (x0, x1) = (canvas.x(from), canvas.x(to));
        if to.0 - from.0 > GAP_MS && x1 - x0 > GAP_LABEL_PX {
            let middle = ((x0 + x1) / 2, (band.top + band.bottom) / 2);
            canvas.text(words::NO_CPU_VALUES, middle, Hang::Center, LABEL);
        }
    }
}

/// The mean of the newest sample that covers a time, as the readout shows it.
pub(super) fn percent_at(history: &History, at: TimeMs) -> Option<u32> {
    let covers = |s: &&crate::model::CpuSample| s.time >= at && s.time.plus_ms(-s.window_ms) <= at;
    let sample = history.cpu.iter().rev().find(covers)?;
    Some(sample.percent as u32)
}

/// The newest sample not after a time, while it is not too old to hold.
pub(super) fn latest(history: &History, at: TimeMs) -> Option<u32> {
    let sample = history.cpu.iter().rev().find(|s| s.time <= at)?;
    let fresh = figures::seconds_between(sample.time, at) <= 3 * sample.window_ms / 1000;
    fresh.then_some(sample.percent as u32)
}
