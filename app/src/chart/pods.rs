//! The band of the pods: ready, asked for, wanted, the guess; minimum and maximum; rescales and the hold of the window.

use super::axis::tops_from;
use super::canvas::{Band, Canvas, EndName, Hang};
use super::load::MARKS_PX;
use super::marks::{self, Mark};
use super::path::Path;
use super::pieces::{Piece, gaps, pieces};
use crate::figures::clock;
use crate::model::{History, PodCounts, TimeMs};
use crate::words;

/// The top where there is no HPA.
const NO_MAXIMUM_TOP: u32 = 10;

/// One of the counts, where it is known.
type Count = fn(&PodCounts) -> Option<u32>;

pub(super) fn draw(canvas: &mut Canvas<'_>, history: &History) {
    let view = canvas.view;
    let (top, bottom) = (
        canvas.plot.pods.0 + canvas.plot.px(MARKS_PX),
        canvas.plot.pods.1,
    );
    let band = Band {
        top,
        bottom,
        most: most(history, view.from, view.now),
    };
    canvas.level("grid", bottom);
    let known = |p: &PodCounts| p.time <= view.now && (p.asked.is_some() || p.ready > 0);
    if !history.pods.iter().any(known) {
        let left = canvas.plot.left - canvas.plot.px(6);
        canvas.text("axis", (left, bottom), Hang::Right, "0");
        let x = (canvas.plot.left, canvas.plot.right);
        canvas.note(x, (top, bottom), words::NOTHING_IS_DEPLOYED);
        return;
    }
    bounds(canvas, band, history);
    ready(canvas, band, history);
    hold(canvas, band, history);
    guess(canvas, band);
    let wanted = state(canvas, history, |p| p.wanted);
    steps(canvas, band, &wanted, "wanted");
    let asked = state(canvas, history, |p| p.asked);
    steps(canvas, band, &asked, "asked");
    above_the_top(canvas, band, &wanted);
    ends(canvas, band, history);
    rescales(canvas, history);
    let first = history
        .observed
        .cluster
        .first()
        .map_or(view.now, |i| i.from);
    for gap in gaps(&history.observed.cluster, first.max(view.from), view.seen()) {
        canvas.reason(gap, (top, bottom), words::NOT_SEEN);
    }
}

/// One more than the maximum, or than the most that there were in this run.
fn most(history: &History, from: TimeMs, now: TimeMs) -> f64 {
    let since = tops_from(history, from, now);
    let before = history.pods.partition_point(|p| p.time <= since);
    let of_run = history.pods.get(before.saturating_sub(1)..);
    let of_run = of_run.unwrap_or_default().iter();
    let highest = of_run.filter(|p| p.time <= now).map(|p| {
        let maximum = p.max.unwrap_or(0);
        maximum.max(p.ready).max(p.asked.unwrap_or(0))
    });
    let highest = highest.max().filter(|most| *most > 0);
    f64::from(highest.unwrap_or(NO_MAXIMUM_TOP) + 1)
}

/// A count as pieces, where it is known and observed.
fn state(canvas: &Canvas<'_>, history: &History, value: Count) -> Vec<Piece<u32>> {
    let view = canvas.view;
    let states = history.pods.iter().map(|p| (p.time, value(p)));
    pieces(states, &history.observed.cluster, view.from, view.seen())
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

/// Minimum and maximum, as they were; what holds now reaches through the future.
fn bounds(canvas: &mut Canvas<'_>, band: Band, history: &History) {
    let (view, gap) = (canvas.view, canvas.plot.px(6));
    let all: [(Count, &str); 2] = [(|p| p.min, words::MIN), (|p| p.max, words::MAX)];
    let mut zero = true;
    for (value, name) in all {
        let mut pieces = state(canvas, history, value);
        let Some(last) = pieces.last_mut() else {
            continue;
        };
        let now = last.to >= view.seen();
        if now {
            last.to = view.to;
        }
        let (bound, y) = (last.value, band.y(f64::from(last.value)));
        steps(canvas, band, &pieces, "bound");
        if now {
            zero &= band.bottom - y >= canvas.plot.px(10);
            let (left, right) = (canvas.plot.left - gap, canvas.plot.right + gap);
            canvas.text("axis", (left, y), Hang::Right, &bound.to_string());
            if !canvas.plot.narrow {
                canvas.text("axis", (right, y), Hang::Left, &format!("{name} {bound}"));
            }
        }
    }
    if zero {
        let at = (canvas.plot.left - gap, band.bottom);
        canvas.text("axis", at, Hang::Right, "0");
    }
}

fn ready(canvas: &mut Canvas<'_>, band: Band, history: &History) {
    let mut area = Path::default();
    for piece in state(canvas, history, |p| Some(p.ready)) {
        let (x0, x1) = (canvas.x(piece.from), canvas.x(piece.to));
        let y = band.y(f64::from(piece.value));
        if x0 < x1 && y < band.bottom {
            area.through(&[(x0, band.bottom), (x0, y), (x1, y), (x1, band.bottom)]);
            area.close();
        }
    }
    canvas.path("ready", area);
}

/// Level pieces, joined where one ends as the next begins.
fn steps(canvas: &mut Canvas<'_>, band: Band, pieces: &[Piece<u32>], class: &str) {
    let (mut path, mut ended) = (Path::default(), None::<TimeMs>);
    for piece in pieces {
        let y = band.y(f64::from(piece.value));
        let (from, to) = ((canvas.x(piece.from), y), (canvas.x(piece.to), y));
        match ended == Some(piece.from) {
            true => path.line_to(from),
            false => path.move_to(from),
        }
        path.line_to(to);
        ended = Some(piece.to);
    }
    canvas.path(class, path);
}

/// The attendee's guess for the load that is on, from its first users on.
fn guess(canvas: &mut Canvas<'_>, band: Band) {
    let view = canvas.view;
    let Some((since, guess)) = view.guess else {
        return;
    };
    let from = canvas.x(since.max(view.from));
    let y = band.y(f64::from(guess));
    canvas.line("guess", (from, y), (canvas.plot.right, y));
    let label = words::your_guess(guess, f64::from(guess) > band.most);
    let above = y - canvas.plot.px(7);
    let y = match above > band.top {
        true => above,
        false => y + canvas.plot.px(7),
    };
    let at = (canvas.plot.right - canvas.plot.px(6), y);
    canvas.text("label", at, Hang::Right, &label);
}

/// `↑ 26` where more is wanted than the band can show; below the line of the maximum, where no line crosses it.
fn above_the_top(canvas: &mut Canvas<'_>, band: Band, wanted: &[Piece<u32>]) {
    let (y, mut free) = (band.y(band.most - 1.0) + canvas.plot.px(8), i32::MIN);
    for piece in wanted.iter().filter(|p| f64::from(p.value) > band.most) {
        let text = format!("↑ {}", piece.value);
        let (x, wide) = (canvas.x(piece.from) + 2, canvas.text_width(&text));
        // The newest is named at its end.
        if x >= free && piece.to < canvas.view.seen() && x + wide <= canvas.x(piece.to) + wide / 2 {
            canvas.text("wanted", (x, y), Hang::Left, &text);
            free = x + wide + canvas.plot.px(4);
        }
    }
}

/// Names at the ends of the lines; what is above the top is named with its number.
fn ends(canvas: &mut Canvas<'_>, band: Band, history: &History) {
    let seen = canvas.view.seen();
    let mut observed = history.observed.cluster.iter();
    let last = history.pods.iter().rev().find(|p| p.time <= seen);
    let observed = observed.any(|i| i.from <= seen && i.to.is_none_or(|to| to >= seen));
    let Some(last) = last.filter(|_| observed) else {
        return;
    };
    let name = |count: u32, class, text: String| EndName {
        y: band.y(f64::from(count)),
        class,
        text,
    };
    let mut names = vec![name(last.ready, "asked", words::READY_LINE.to_owned())];
    if let Some(asked) = last.asked.filter(|asked| *asked != last.ready) {
        names.push(name(asked, "asked", words::ASKED_LINE.to_owned()));
    }
    if let Some(wanted) = last.wanted.filter(|wanted| Some(*wanted) != last.asked) {
        let text = words::wanted_line(wanted, f64::from(wanted) > band.most);
        names.push(name(wanted, "wanted", text));
    }
    canvas.ends(seen, names, (band.top, band.bottom));
}

/// Hatched while the window keeps the pods.
fn hold(canvas: &mut Canvas<'_>, band: Band, history: &History) {
    let (view, gap) = (canvas.view, canvas.plot.px(6));
    let looks = &history.looks;
    let mut begun: Option<TimeMs> = None;
    for (index, look) in looks.iter().enumerate() {
        if !look.held {
            begun = None;
            continue;
        }
        let next = looks.get(index + 1).map_or(view.seen(), |next| next.time);
        let (from, to) = (look.time.max(view.from), next.min(view.seen()));
        if from >= to {
            continue;
        }
        let (x0, x1) = (canvas.x(from), canvas.x(to));
        let top = band.y(f64::from(look.desired));
        canvas.hatch("hold", (x0, top), (x1, band.bottom));
        if begun.is_none() {
            begun = Some(look.time);
            let remembered = view.remembered.filter(|(time, _)| *time <= look.time);
            let text = match remembered.filter(|_| !canvas.plot.narrow) {
                Some((time, size)) => words::held_by(size, &clock(time, view.zone)),
                None => words::HOLD.to_owned(),
            };
            let y = (top + band.bottom) / 2;
            canvas.text("label", (x0 + gap, y), Hang::Left, &text);
        }
    }
}

/// `▲ 1→4` in the row above the band.
fn rescales(canvas: &mut Canvas<'_>, history: &History) {
    let y = canvas.plot.pods.0 + canvas.plot.px(MARKS_PX / 2);
    let shown = history.rescales.iter().filter(|r| canvas.shows(r.time));
    let all: Vec<_> = shown
        .map(|r| Mark {
            x: canvas.x(r.time),
            from: r.from,
            to: r.to,
        })
        .collect();
    for label in marks::merged(&all, canvas.plot.px(marks::MERGE_PX)) {
        let wide = canvas.text_width(&label.text);
        let text = match label
            .room
            .is_none_or(|room| wide + canvas.plot.px(10) <= room)
        {
            true => &label.text,
            // What is left out is in the readout.
            false => label.sign,
        };
        let before = canvas.plot.px(5);
        // At the end of a run it would stand on the name of the maximum.
        let most = canvas.plot.right - canvas.text_width(text);
        let x = (label.x - before).min(most);
        canvas.text("label", (x, y), Hang::Left, text);
    }
}
