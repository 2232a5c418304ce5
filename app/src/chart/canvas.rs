//! Paper and pens: px positions of times and values, and the few shapes that the bands draw.

use plotters::coord::Shift;
use plotters::drawing::DrawingArea;
use plotters::element::{Drawable, PathElement, PointCollection, Polygon, Rectangle, Text};
use plotters::prelude::{Color, IntoDrawingArea};
use plotters::style::TextStyle;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::path::Path;
use super::svg::{Sheet, Svg, pen};
use super::{ChartView, Plot};
use crate::model::TimeMs;

/// Mean advance of a figure or letter in parts of the font's size: of system fonts 0.5 to 0.6. A rule instead of a
/// measurement: the server has no fonts, and the picture must be the same on both sides.
pub(super) const ADVANCE: f64 = 0.56;

/// Size of all text in px for a root font of 16 px: `.picture text` in style/chart.css.
const FONT_PX: i32 = 12;

/// From one line of text to the next.
const LINE_PX: i32 = 14;

/// What is unknown for longer than this is blank with a reason.
const GAP_MS: i64 = 30_000;

/// Which end of a label stands at its point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hang {
    Left,
    Center,
    Right,
}

/// The picture, with its time axis.
pub(super) struct Canvas<'a> {
    root: DrawingArea<Svg, Shift>,
    sheet: Sheet,
    pub(super) plot: Plot,
    pub(super) view: &'a ChartView,
}

impl<'a> Canvas<'a> {
    pub(super) fn new(view: &'a ChartView, plot: Plot) -> Self {
        let (svg, sheet) = Svg::new((plot.width as u32, plot.height as u32));
        Self {
            root: svg.into_drawing_area(),
            sheet,
            plot,
            view,
        }
    }

    /// The whole picture, as SVG.
    pub(super) fn finish(self) -> String {
        drop(self.root);
        self.sheet.take()
    }

    // A string takes whatever is written, so drawing cannot fail.
    fn draw<E>(&self, element: &E)
    where
        for<'b> &'b E: PointCollection<'b, (i32, i32)>,
        E: Drawable<Svg>,
    {
        let drawn = self.root.draw(element);
        debug_assert!(drawn.is_ok(), "drawing into a string failed");
    }

    /// Draws a path; nothing if it has no point.
    pub(super) fn path(&mut self, class: &str, path: Path) {
        let pen = pen(class);
        for piece in path.pieces {
            match piece.closed {
                true => self.draw(&Polygon::new(piece.points, pen.filled())),
                false => self.draw(&PathElement::new(piece.points, pen.stroke_width(1))),
            }
        }
    }

    pub(super) fn rect(&mut self, class: &str, a: (i32, i32), b: (i32, i32)) {
        if a.0 < b.0 && a.1 < b.1 {
            self.draw(&Rectangle::new([a, b], pen(class).filled()));
        }
    }

    /// Px of a time, kept within the plot.
    pub(super) fn x(&self, time: TimeMs) -> i32 {
        self.plot.x(time, self.view)
    }

    /// Whether a time is shown and not ahead.
    pub(super) fn shows(&self, time: TimeMs) -> bool {
        time >= self.view.from && time <= self.view.now
    }

    pub(super) fn line(&mut self, class: &str, from: (i32, i32), to: (i32, i32)) {
        let mut path = Path::default();
        path.stroke(from, to);
        self.path(class, path);
    }

    /// A line through the whole plot.
    pub(super) fn level(&mut self, class: &str, y: i32) {
        self.line(class, (self.plot.left, y), (self.plot.right, y));
    }

    /// Px that a text takes.
    pub(super) fn text_width(&self, text: &str) -> i32 {
        let font = f64::from(self.plot.px(FONT_PX));
        (text.chars().count() as f64 * font * ADVANCE).ceil() as i32
    }

    /// Text whose middle stands at the height of `at`; it is moved to the side where it would be cut.
    pub(super) fn text(&mut self, class: &str, at: (i32, i32), hang: Hang, text: &str) {
        let (wide, edge) = (self.text_width(text), self.plot.width - 1);
        let x = match hang {
            Hang::Left => at.0.min(edge - wide).max(1),
            Hang::Center => at.0.min(edge - wide / 2).max(1 + wide / 2),
            Hang::Right => at.0.max(1 + wide).min(edge),
        };
        // Figures and capitals reach 0.7 of the font's size above the line of writing.
        let writing = at.1 + self.plot.px(FONT_PX) * 7 / 20;
        let anchor = match hang {
            Hang::Left => HPos::Left,
            Hang::Center => HPos::Center,
            Hang::Right => HPos::Right,
        };
        let pen = pen(class);
        let style = TextStyle::from(("sans-serif", f64::from(self.plot.px(FONT_PX))))
            .color(&pen)
            .pos(Pos::new(anchor, VPos::Bottom));
        self.draw(&Text::new(text.to_owned(), (x, writing), style));
    }

    /// Text in the middle of a stretch of the plot, on as many lines as it needs.
    pub(super) fn note(&mut self, x: (i32, i32), rows: (i32, i32), text: &str) {
        let lines = self.broken(text, x.1 - x.0 - self.plot.px(8));
        let line = self.plot.px(LINE_PX);
        let first = (rows.0 + rows.1) / 2 - line * (lines.len() as i32 - 1) / 2;
        for (index, text) in lines.iter().enumerate() {
            let at = ((x.0 + x.1) / 2, first + line * index as i32);
            self.text("label", at, Hang::Center, text);
        }
    }

    /// Why a stretch of time is blank, if it is long enough to be asked about and there is room to tell.
    pub(super) fn reason(&mut self, gap: (TimeMs, TimeMs), rows: (i32, i32), text: &str) {
        let x = (self.x(gap.0), self.x(gap.1));
        let longest = text.split(' ').map(|word| self.text_width(word)).max();
        let room = x.1 - x.0 - self.plot.px(8);
        if gap.1.0 - gap.0.0 > GAP_MS && room >= longest.unwrap_or(0) {
            self.note(x, rows, text);
        }
    }

    /// A text as lines that are no wider than `most` px, if its words allow it.
    fn broken(&self, text: &str, most: i32) -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        for word in text.split(' ') {
            match lines.last_mut() {
                Some(line) if self.text_width(line) + self.text_width(word) < most => {
                    line.push(' ');
                    line.push_str(word);
                }
                _ => lines.push(word.to_owned()),
            }
        }
        lines
    }

    /// Diagonal lines in a rectangle: a state without a colour of its own.
    pub(super) fn hatch(&mut self, class: &str, a: (i32, i32), b: (i32, i32)) {
        let (height, mut path) = (b.1 - a.1, Path::default());
        // On a grid of the picture, so that the lines of two rectangles meet and none moves as one grows.
        let mut x = (a.0 - height).div_euclid(8) * 8;
        while x < b.0 {
            // From (x, bottom) up to (x + height, top), cut at both sides.
            let (from, to) = (x.max(a.0), (x + height).min(b.0));
            if from < to {
                path.stroke((from, b.1 - (from - x)), (to, b.1 - (to - x)));
            }
            x += 8;
        }
        self.path(class, path);
    }

    /// Names beside the points where lines end at `time`: right of it where they fit, else over their lines.
    pub(super) fn ends(&mut self, time: TimeMs, mut names: Vec<EndName>, rows: (i32, i32)) {
        let line = self.plot.px(LINE_PX - 1);
        apart(&mut names, line, (rows.0 + line / 2, rows.1 - line / 2));
        let x = self.x(time);
        let widest = names.iter().map(|name| self.text_width(&name.text)).max();
        let room = self.plot.width - x - self.plot.px(8);
        let (x, hang) = match widest.unwrap_or(0) <= room {
            true => (x + self.plot.px(6), Hang::Left),
            false => (x - self.plot.px(4), Hang::Right),
        };
        for EndName { y, class, text } in names {
            self.text(class, (x, y), hang, &text);
        }
    }
}

/// A band: its px and its scale of values.
#[derive(Clone, Copy)]
pub(super) struct Band {
    pub(super) top: i32,
    pub(super) bottom: i32,
    /// The value at the top; 0 is at the bottom.
    pub(super) most: f64,
}

impl Band {
    /// Px of a value, kept within the band.
    pub(super) fn y(&self, value: f64) -> i32 {
        let share = (value / self.most).clamp(0.0, 1.0);
        self.bottom - (share * f64::from(self.bottom - self.top)).round() as i32
    }
}

/// The name of a line, where the line ends.
pub(super) struct EndName {
    pub(super) y: i32,
    pub(super) class: &'static str,
    pub(super) text: String,
}

/// Moves names apart that would overlap, and keeps them between `rows`.
fn apart(names: &mut [EndName], line: i32, rows: (i32, i32)) {
    names.sort_by_key(|name| name.y);
    let mut highest = rows.0;
    for name in names.iter_mut() {
        name.y = name.y.max(highest);
        highest = name.y + line;
    }
    let mut lowest = rows.1;
    for name in names.iter_mut().rev() {
        name.y = name.y.min(lowest);
        lowest = name.y - line;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_do_not_overlap_and_stay_in_the_band() {
        let name = |y| EndName {
            y,
            class: "label",
            text: String::new(),
        };
        let at = |ys: [i32; 3]| {
            let mut names = ys.map(name);
            apart(&mut names, 13, (10, 100));
            names.map(|name| name.y)
        };
        assert_eq!(at([90, 92, 91]), [74, 87, 100]);
        assert_eq!(at([3, 3, 3]), [10, 23, 36]);
        assert_eq!(at([20, 50, 80]), [20, 50, 80]);
    }

    #[test]
    fn values_above_the_top_stay_in_the_band() {
        let band = Band {
            top: 10,
            bottom: 110,
            most: 200.0,
        };
        assert_eq!((band.y(0.0), band.y(100.0), band.y(900.0)), (110, 60, 10));
    }
}
