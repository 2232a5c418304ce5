//! Paper and pens: px positions of times and values, and the few shapes that the bands draw.

use plotters::coord::Shift;
use plotters::drawing::DrawingArea;
use plotters::element::{Drawable, PointCollection};
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::backend::ChartBackend;
use super::{ChartView, Plot};
use crate::model::TimeMs;

/// The SVG backend writes a font's size divided by this: plotters-svg, `draw_text`.
const SVG_FONT_FACTOR: f64 = 1.24;

/// Size of all text in px.
pub(super) const FONT_PX: f64 = 12.0;

/// Where a label hangs at its point.
#[derive(Clone, Copy)]
pub(super) enum Hang {
    Left,
    Center,
    Right,
}

/// The picture, with its time axis.
pub(super) struct Canvas<'a> {
    root: DrawingArea<ChartBackend<'a>, Shift>,
    pub(super) plot: Plot,
    pub(super) view: &'a ChartView,
}

impl<'a> Canvas<'a> {
    pub(super) fn new(svg: &'a mut String, view: &'a ChartView, plot: Plot) -> Self {
        let backend = ChartBackend::new(svg, (view.width, plot.height));
        Self {
            root: backend.into_drawing_area(),
            plot,
            view,
        }
    }

    /// Px of a time, kept within the plot.
    pub(super) fn x(&self, time: TimeMs) -> i32 {
        self.plot.x(time, self.view)
    }

    // A string takes whatever is written, so drawing cannot fail.
    fn draw<E>(&self, element: &E)
    where
        for<'b> &'b E: PointCollection<'b, (i32, i32)>,
        E: Drawable<ChartBackend<'a>>,
    {
        let drawn = self.root.draw(element);
        debug_assert!(drawn.is_ok(), "drawing into a string failed");
    }

    pub(super) fn line(&self, points: Vec<(i32, i32)>, colour: RGBColor, width: u32) {
        if points.len() > 1 {
            self.draw(&PathElement::new(points, colour.stroke_width(width)));
        }
    }

    pub(super) fn horizontal(&self, y: i32, colour: RGBColor) {
        self.line(vec![(self.plot.left, y), (self.plot.right, y)], colour, 1);
    }

    pub(super) fn area(&self, points: Vec<(i32, i32)>, colour: RGBColor, alpha: f64) {
        self.draw(&Polygon::new(points, colour.mix(alpha)));
    }

    pub(super) fn rect(&self, a: (i32, i32), b: (i32, i32), colour: RGBColor, alpha: f64) {
        if a.0 < b.0 && a.1 < b.1 {
            self.draw(&Rectangle::new([a, b], colour.mix(alpha).filled()));
        }
    }

    pub(super) fn dot(&self, at: (i32, i32), radius: i32, colour: RGBColor, filled: bool) {
        let style = match filled {
            true => colour.filled(),
            false => colour.stroke_width(1),
        };
        self.draw(&Circle::new(at, radius, style));
    }

    /// Text whose middle stands at the height of `at`.
    pub(super) fn text(
        &self,
        text: impl Into<String>,
        at: (i32, i32),
        hang: Hang,
        colour: RGBColor,
    ) {
        let horizontal = match hang {
            Hang::Left => HPos::Left,
            Hang::Center => HPos::Center,
            Hang::Right => HPos::Right,
        };
        let style = TextStyle::from(("sans-serif", FONT_PX * SVG_FONT_FACTOR))
            .color(&colour)
            .pos(Pos::new(horizontal, VPos::Center));
        self.draw(&Text::new(text.into(), at, style));
    }

    /// Diagonal lines in a rectangle: a state without a colour of its own.
    pub(super) fn hatch(&self, a: (i32, i32), b: (i32, i32), colour: RGBColor) {
        let height = b.1 - a.1;
        let mut x = a.0 - height;
        while x < b.0 {
            // From (x, bottom) up to (x + height, top), cut at both sides.
            let from = x.max(a.0);
            let to = (x + height).min(b.0);
            if from < to {
                self.line(
                    vec![(from, b.1 - (from - x)), (to, b.1 - (to - x))],
                    colour,
                    1,
                );
            }
            x += 8;
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

/// Moves labels apart that would overlap, from top to bottom; the lowest stays within `bottom`.
pub(super) fn apart(labels: &mut [(i32, &'static str, RGBColor)], bottom: i32) {
    const LINE: i32 = 13;
    labels.sort_by_key(|label| label.0);
    for index in 1..labels.len() {
        labels[index].0 = labels[index].0.max(labels[index - 1].0 + LINE);
    }
    let mut lowest = bottom;
    for label in labels.iter_mut().rev() {
        label.0 = label.0.min(lowest);
        lowest = label.0 - LINE;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_do_not_overlap_and_stay_in_the_band() {
        let mut labels = [(90, "a", BLACK), (92, "b", BLACK), (91, "c", BLACK)];
        apart(&mut labels, 100);
        let at: Vec<_> = labels.iter().map(|l| l.0).collect();
        assert_eq!(at, [74, 87, 100]);
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
