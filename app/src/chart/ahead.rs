//! The time axis: minutes, looks that were seen and looks that are expected, the earliest scale-down, and what was lost.

use super::axis::{label_step_ms, steps};
use super::canvas::{Canvas, Hang};
use super::load::MARKS_PX;
use super::path::Path;
use super::pieces::observed_at;
use super::{LOOK_MS, marks};
use crate::figures::clock_minute;
use crate::model::{History, TimeMs};
use crate::words;

/// Labels of the time axis are this far apart at least, in px.
const LABELS_APART_PX: i32 = 72;

/// Hairlines closer than this would be a grey surface.
const HAIRLINES_APART_PX: i32 = 8;

/// Ticks closer than this cannot be told apart: then only the looks that were seen are drawn.
const TICKS_APART_PX: i32 = 6;

const MINUTE_MS: i64 = 60_000;

/// The future's tint, the hairlines of the minutes, and the labels of the time axis. Drawn below all else.
pub(super) fn frame(canvas: &mut Canvas<'_>) {
    let (plot, view) = (canvas.plot, canvas.view);
    let now = canvas.x(view.now);
    for (top, bottom) in plot.bands() {
        canvas.rect("ahead", (now, top), (plot.right, bottom));
    }
    let width = plot.right - plot.left;
    let label_ms = label_step_ms(view.from, view.to, width, plot.px(LABELS_APART_PX));
    let minute_px = width as i64 * MINUTE_MS / (view.to.0 - view.from.0).max(1);
    let hair_ms = match minute_px >= i64::from(HAIRLINES_APART_PX) {
        true => MINUTE_MS,
        false => label_ms,
    };
    let mut hairlines = Path::default();
    for tick in steps(view.from, view.to, hair_ms, view.zone) {
        vertical(canvas, &mut hairlines, tick);
    }
    canvas.path("grid", hairlines);
    let y = plot.bottom() + plot.px(plot.label_gap());
    for tick in steps(view.from, view.to, label_ms, view.zone) {
        let label = clock_minute(tick, view.zone);
        canvas.text("axis", (canvas.x(tick), y), Hang::Center, &label);
    }
}

/// A line through each band, not through what is between them.
fn vertical(canvas: &Canvas<'_>, path: &mut Path, time: TimeMs) {
    let x = canvas.x(time);
    for (top, bottom) in canvas.plot.bands() {
        path.stroke((x, top), (x, bottom));
    }
}

pub(super) fn now(canvas: &mut Canvas<'_>) {
    let mut path = Path::default();
    vertical(canvas, &mut path, canvas.view.now);
    canvas.path("now", path);
}

/// Ticks under the pods: solid where a look was seen, hollow where one is expected.
pub(super) fn looks(canvas: &mut Canvas<'_>, history: &History) {
    let y = canvas.plot.pods.1 + canvas.plot.px(6);
    let mut solid = Path::default();
    for look in history.looks.iter().filter(|l| canvas.shows(l.time)) {
        let x = canvas.x(look.time);
        solid.stroke((x, y - canvas.plot.px(3)), (x, y + canvas.plot.px(4)));
    }
    canvas.path("look", solid);

    let mut hollow = Path::default();
    for time in expected(history, canvas) {
        hollow.diamond((canvas.x(time), y), canvas.plot.px(3));
    }
    canvas.path("due", hollow);
}

/// Looks that must have been there without a change of the HPA's status, and those ahead.
fn expected(history: &History, canvas: &Canvas<'_>) -> Vec<TimeMs> {
    let view = canvas.view;
    let step_px =
        (canvas.plot.right - canvas.plot.left) as i64 * LOOK_MS / (view.to.0 - view.from.0).max(1);
    let Some(next) = view.next_look else {
        return Vec::new();
    };
    let mut times = Vec::new();
    if step_px >= i64::from(TICKS_APART_PX) {
        let seen: Vec<_> = history.looks.iter().map(|l| l.time).collect();
        for (index, look) in seen.iter().enumerate() {
            let end = seen.get(index + 1).copied().unwrap_or(view.seen());
            let mut time = look.plus_ms(LOOK_MS);
            while time.plus_ms(LOOK_MS / 2) < end {
                if canvas.shows(time) && observed_at(&history.observed.cluster, time) {
                    times.push(time);
                }
                time = time.plus_ms(LOOK_MS);
            }
        }
    }
    // What the snapshot expected may have passed since then.
    let passed = (view.now.0 - next.0).max(0) / LOOK_MS;
    let mut time = next.plus_ms(passed * LOOK_MS);
    while time <= view.to {
        if time > view.now && time >= view.from {
            times.push(time);
        }
        time = time.plus_ms(LOOK_MS);
    }
    times
}

/// The earliest look that may scale down.
pub(super) fn scale_down(canvas: &mut Canvas<'_>) {
    let (plot, view) = (canvas.plot, canvas.view);
    let ahead = |time: &TimeMs| *time > view.now && *time <= view.to;
    if let Some(time) = view.scale_down.filter(ahead) {
        let x = canvas.x(time);
        let (top, bottom) = plot.pods;
        canvas.line("bound", (x, top + plot.px(MARKS_PX)), (x, bottom));
        let at = (x, top + plot.px(MARKS_PX / 2));
        canvas.text("label", at, Hang::Center, words::EARLIEST);
    }
}

/// ▶ and ■ over all bands, named in the row above the load.
pub(super) fn load_marks(canvas: &mut Canvas<'_>, history: &History) {
    let plot = canvas.plot;
    let (top, bottom) = (plot.load.0.min(plot.cpu.0), plot.bottom());
    let y = plot.load.0 + plot.px(MARKS_PX / 2);
    let shown: Vec<_> = history
        .marks
        .iter()
        .filter(|m| canvas.shows(m.time))
        .map(|m| (canvas.x(m.time), m.on))
        .collect();
    let mut path = Path::default();
    for (x, _) in &shown {
        path.stroke((*x, top), (*x, bottom));
    }
    canvas.path("mark", path);
    for (index, (x, on)) in shown.iter().enumerate() {
        let (sign, text) = words::load_mark(*on);
        let room = shown.get(index + 1).map(|(next, _)| next - x);
        let wide = canvas.text_width(text) + plot.px(marks::MERGE_PX / 4);
        let text = match room.is_none_or(|room| room >= wide) {
            true => text,
            false => sign,
        };
        canvas.text("label", (x - plot.px(5), y), Hang::Left, text);
    }
}

/// A hatched line where the page heard nothing: what happened there comes with the stream.
pub(super) fn lost(canvas: &mut Canvas<'_>) {
    let (plot, view) = (canvas.plot, canvas.view);
    let (from, to) = (canvas.x(view.seen().max(view.from)), canvas.x(view.now));
    if from >= to {
        return;
    }
    for (top, bottom) in plot.bands() {
        let y = (top + bottom) / 2;
        let half = plot.px(4);
        canvas.hatch("lost", (from, y - half), (to, y + half));
    }
    let gap = (view.seen(), view.now);
    let (top, bottom) = plot.cpu;
    let above = (top, (top + bottom) / 2 - plot.px(4));
    canvas.reason(gap, above, words::NO_CONNECTION_GAP);
}
