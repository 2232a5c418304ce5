//! The band of the pods: ready, asked for, wanted; minimum and maximum; rescales and the hold of the window.

use super::canvas::{Band, Canvas, Hang, apart};
use super::colours::{ASKED, AXIS, BOUND, GRID, HOLD, LABEL, READY, WANTED};
use super::pieces::{Piece, pieces};
use crate::model::{History, PodCounts, TimeMs};
use crate::words;

/// Marks closer than this are merged: `1→4→8`.
const MERGE_PX: i32 = 40;

pub(super) fn draw(canvas: &Canvas<'_>, top: i32, bottom: i32, history: &History) {
    let last = history.pods.last();
    let max = last.and_then(|p| p.max);
    let shown = history
        .pods
        .iter()
        .map(|p| p.ready.max(p.asked.unwrap_or(0)))
        .max()
        .unwrap_or(0);
    let most = f64::from(max.unwrap_or(10).max(shown) + 2);
    let band = Band { top, bottom, most };
    let left = canvas.plot.left - 6;
    canvas.horizontal(bottom, GRID);
    if last.and_then(|p| p.min) != Some(1) {
        canvas.text("0", (left, bottom), Hang::Right, AXIS);
    }
    if history.pods.is_empty() {
        let middle = (
            (canvas.plot.left + canvas.plot.right) / 2,
            (top + bottom) / 2,
        );
        canvas.text(words::NOTHING_IS_DEPLOYED, middle, Hang::Center, LABEL);
        return;
    }
    for (name, bound) in [("min", last.and_then(|p| p.min)), ("max", max)] {
        if let Some(bound) = bound {
            let y = band.y(f64::from(bound));
            canvas.horizontal(y, BOUND);
            canvas.text(bound.to_string(), (left, y), Hang::Right, AXIS);
            let at = (canvas.plot.right + 6, y);
            if !canvas.plot.narrow {
                canvas.text(format!("{name} {bound}"), at, Hang::Left, AXIS);
            }
        }
    }
    ready(canvas, band, history);
    hold(canvas, band, history);
    let wanted = state(canvas, history, |p| p.wanted);
    steps(canvas, band, &wanted, WANTED, 1);
    let asked = state(canvas, history, |p| p.asked);
    steps(canvas, band, &asked, ASKED, 2);
    ends(canvas, band, history);
    rescales(canvas, band, history);
}

/// A count as pieces, where it is known and observed.
fn state(
    canvas: &Canvas<'_>,
    history: &History,
    value: fn(&PodCounts) -> Option<u32>,
) -> Vec<Piece<u32>> {
    let view = canvas.view;
    let states = history.pods.iter().map(|p| (p.time, value(p)));
    pieces(states, &history.observed.cluster, view.from, view.now)
        .into_iter()
        .filter_map(|p| {
            Some(Piece {
                from: p.from,
                to: p.to,
                value: p.value?,
            })
        })
        .collect()
}

fn ready(canvas: &Canvas<'_>, band: Band, history: &History) {
    for piece in state(canvas, history, |p| Some(p.ready)) {
        let (x0, x1) = (canvas.x(piece.from), canvas.x(piece.to));
        let y = band.y(f64::from(piece.value));
        canvas.rect((x0, y), (x1, band.bottom), READY, 1.0);
    }
}

/// Level pieces, joined where one ends as the next begins.
fn steps(
    canvas: &Canvas<'_>,
    band: Band,
    pieces: &[Piece<u32>],
    colour: plotters::style::RGBColor,
    width: u32,
) {
    let mut points: Vec<(i32, i32)> = Vec::new();
    let mut ended: Option<TimeMs> = None;
    for piece in pieces {
        if ended.is_some_and(|ended| ended != piece.from) {
            canvas.line(std::mem::take(&mut points), colour, width);
        }
        let y = band.y(f64::from(piece.value));
        points.extend([(canvas.x(piece.from), y), (canvas.x(piece.to), y)]);
        ended = Some(piece.to);
    }
    canvas.line(points, colour, width);
}

/// Names at the ends of the lines; what is above the top is named with its number.
fn ends(canvas: &Canvas<'_>, band: Band, history: &History) {
    let Some(last) = history.pods.last() else {
        return;
    };
    let observed = history
        .observed
        .cluster
        .last()
        .is_some_and(|i| i.to.is_none());
    if !observed || canvas.plot.narrow {
        return;
    }
    let x = canvas.x(canvas.view.now) + 6;
    let mut labels = vec![(band.y(f64::from(last.ready)), "ready", ASKED)];
    if let Some(asked) = last.asked.filter(|asked| *asked != last.ready) {
        labels.push((band.y(f64::from(asked)), "asked for", ASKED));
    }
    let wanted = last.wanted.filter(|wanted| Some(*wanted) != last.asked);
    if let Some(wanted) = wanted {
        if f64::from(wanted) > band.most {
            canvas.text(
                format!("↑ {wanted} wanted"),
                (x, band.top + 6),
                Hang::Left,
                WANTED,
            );
        } else {
            labels.push((band.y(f64::from(wanted)), "wanted", WANTED));
        }
    }
    apart(&mut labels, band.bottom - 4);
    for (y, name, colour) in labels {
        canvas.text(name, (x, y), Hang::Left, colour);
    }
}

/// Hatched while the window keeps the pods.
fn hold(canvas: &Canvas<'_>, band: Band, history: &History) {
    let view = canvas.view;
    for (index, look) in history.looks.iter().enumerate().filter(|(_, l)| l.held) {
        let until = history
            .looks
            .get(index + 1)
            .map_or(view.now, |next| next.time);
        let (from, to) = (look.time.max(view.from), until.min(view.now));
        if from < to {
            let top = band.y(f64::from(look.desired));
            let (a, b) = ((canvas.x(from), top), (canvas.x(to), band.bottom));
            canvas.hatch(a, b, HOLD);
            if index == 0 || !history.looks[index - 1].held {
                canvas.text("hold", (a.0 + 6, top + 10), Hang::Left, LABEL);
            }
        }
    }
}

/// `▲ 1→4`; marks that are close become one: `▲ 1→4→8`.
fn rescales(canvas: &Canvas<'_>, band: Band, history: &History) {
    let view = canvas.view;
    let mut marks: Vec<(i32, String)> = Vec::new();
    for rescale in history
        .rescales
        .iter()
        .filter(|r| r.time >= view.from && r.time <= view.now)
    {
        let x = canvas.x(rescale.time);
        let sign = if rescale.to > rescale.from {
            "▲"
        } else {
            "▼"
        };
        match marks.last_mut() {
            Some((last, text)) if x - *last < MERGE_PX => {
                text.push_str(&format!("→{}", rescale.to))
            }
            _ => marks.push((x, format!("{sign} {}→{}", rescale.from, rescale.to))),
        }
    }
    for (x, text) in marks {
        // Before its line: what is wanted is named behind it.
        let (x, hang) = match x - canvas.plot.left > MERGE_PX * 2 {
            true => (x - 4, Hang::Right),
            false => (x + 4, Hang::Left),
        };
        canvas.text(text, (x, band.top + 6), hang, LABEL);
    }
}
